package dynamo_test

import (
	"fmt"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/dynamo"
	"trueup/internal/storetest"
)

// A process that knows no commit yet learns of those whose rows it meets late
// in a list.
func TestListingByANewProcess(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.New(client, table, dynamo.PageSize(2))
	for _, name := range []string{"A", "B"} {
		r := rows{}
		for i := range 20 {
			r[fmt.Sprintf("%s %02d", name, i)] = []string{fmt.Sprintf("%s%d", name, i)}
		}
		apply(t, s, name+".csv", "", r)
	}
	cold := dynamo.New(client, table, dynamo.PageSize(2))
	equal(t, "agreements", len(names(t, cold, agreement.Query{Limit: 200})), 40)
	all, err := find(cold).List(t.Context(), agreement.Query{Limit: 200})
	must(t, err)
	for _, a := range all.Items {
		equal(t, "pairs of "+a.Name, len(pairs(t, cold, a.ID)), a.PairCount)
	}
}
