package dynamo_test

import (
	"fmt"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/dynamo"
	"trueup/internal/storetest"
)

// A listing that was begun before an agreement got more pairs, time after
// time, shows the count of its moment.
func TestCountOfTheListingsMoment(t *testing.T) {
	t.Parallel()
	s := open(t)
	apply(t, s, "0.csv", "", rows{"Alpha": {"1"}, "Office": {"100"}})
	extend := func(from, to int) {
		for i := from; i < to; i++ {
			apply(t, s, fmt.Sprintf("%d.csv", i), "", rows{"Office": {fmt.Sprint(100 + i)}})
		}
	}
	extend(1, 5)
	first, err := s.Agreements(t.Context(), agreement.Query{Limit: 1})
	must(t, err)
	extend(5, 13)
	second, err := s.Agreements(t.Context(), agreement.Query{Limit: 1, Cursor: first.Next})
	must(t, err)
	equal(t, "pairs at the moment", second.Items[0].PairCount, 5)
	equal(t, "version at the moment", second.Items[0].Version, int64(5))
}

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
}
