package dynamo_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo"
	"trueup/internal/register"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// A process that knows no commit yet reads the commits of rows that it finds late in a
// list.
func TestListingByANewProcess(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table, dynamo.PageSize(2))
	for _, name := range []string{"A", "B"} {
		r := rows{}
		for i := range 20 {
			r[fmt.Sprintf("%s %02d", name, i)] = []string{fmt.Sprintf("%s%d", name, i)}
		}
		apply(t, s, name+".csv", "", r)
	}
	cold := dynamo.Open(client, table, dynamo.PageSize(2))
	equal(t, "agreements", len(names(t, cold, agreement.Query{Limit: 200})), 40)
	all, err := find(cold).List(t.Context(), agreement.Query{Limit: 200})
	must(t, err)
	for _, a := range all.Items {
		equal(t, "pairs of "+a.Name, len(pairs(t, cold, a.ID)), a.PairCount)
	}
}

// A list shows one moment, even if agreements change between the read of the journal and
// the read of the agreements that it names: a list without a deleted agreement has what was
// created before the deletion (R2.10).
func TestR2_10_ListIsOfOneMoment(t *testing.T) {
	t.Parallel()
	table := storetest.Table(t)
	direct := dynamo.Open(storetest.Client(t), table)
	first := create(t, direct, "First", agreement.Target{}, "1")
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	defer proxy.Close()
	s := dynamo.Open(engine.NewClient(proxy.URL), table)
	reader := register.New(s.Agreements, s.Journal, nil, nil)
	var once sync.Once
	proxy.SetHooks(faultproxy.Hooks{Before: func(_ int, operation string) {
		if operation != "BatchGetItem" {
			return
		}
		once.Do(func() {
			create(t, direct, "Second", agreement.Target{}, "2")
			must(t, direct.Agreements.Delete(t.Context(), first, edited("agreement.deleted")))
		})
	}})
	page, err := reader.List(t.Context(), agreement.Query{Limit: 10})
	must(t, err)
	var listed []string
	for _, a := range page.Items {
		listed = append(listed, a.Name)
	}
	moments := [][]string{{"First"}, {"First", "Second"}, {"Second"}}
	if !slices.ContainsFunc(moments, func(m []string) bool { return slices.Equal(m, listed) }) {
		t.Errorf("the list has %q, which was so at no moment; want one of %q", listed, moments)
	}
}
