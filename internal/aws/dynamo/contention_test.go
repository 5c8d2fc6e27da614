package dynamo_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo"
	"trueup/internal/group"
	"trueup/internal/once"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// TestR16_3_ManyProcessesInOneGroup has processes create different agreements in one
// license group without a pause, while transactions conflict as on AWS. The group, which
// is always in use, is deleted meanwhile. No creation is rejected, no agreement is left in
// the group, and the deletion succeeds while a caller waits.
func TestR16_3_ManyProcessesInOneGroup(t *testing.T) {
	t.Parallel()
	const processes, retryTimeout = 16, 30 * time.Second
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	defer proxy.Close()
	proxy.Contend(faultproxy.Contention{Hold: 60 * time.Millisecond, Latency: 2 * time.Millisecond})
	direct := dynamo.Open(client, table)
	create(t, direct, "First", agreement.Target{NewName: "Sales"}, "1")
	sales := groupNamed(t, direct, "Sales")

	var stored atomic.Int64
	var deleted atomic.Bool
	var creators errgroup.Group
	for p := range processes {
		s := dynamo.Open(engine.NewClient(proxy.URL), table, dynamo.RetryTimeout(retryTimeout))
		creators.Go(func() error {
			for i := 0; !deleted.Load() || i < 2; i++ {
				number := fmt.Sprintf("9%02d%04d", p, i)
				_, _, err := s.Agreements.Create(agreement.New{
					Type: agreement.TypeVolume, ID: "id" + number, Name: "Agreement " + number, Pairs: numbered(number),
					Group: agreement.Target{NewName: "Sales"}, By: "me", At: noon, // the group, or the next one with the name
				}).Apply(ctx, once.Change{Event: edited("agreement.created")})
				if err != nil {
					return fmt.Errorf("agreement %s: %w", number, err)
				}
				stored.Add(1)
			}
			return nil
		})
	}
	for stored.Load() < 2*processes {
		time.Sleep(time.Millisecond)
	}
	began := stored.Load()
	deleter := dynamo.Open(engine.NewClient(proxy.URL), table)
	err := deleter.Groups.DeleteGroup(ctx, sales, edited("group.deleted"))
	deleted.Store(true)
	t.Logf("the deletion began after %d creations and ended after %d", began, stored.Load())
	must(t, creators.Wait())
	must(t, err)

	groups, err := direct.Groups.Groups(ctx)
	must(t, err)
	in := map[string]int{}
	for _, a := range consistent(t, direct, find(direct)) {
		in[a.GroupID]++
	}
	if in[group.UnassignedID] <= int(began) || in[sales.ID] > 0 {
		t.Errorf("agreements by group %v", in)
	}
	total := 0
	for _, g := range groups {
		total += in[g.ID]
	}
	equal(t, "agreements in groups that exist", total, int(stored.Load())+1)
	if proxy.Counts()[faultproxy.TransactionConflict] == 0 {
		t.Error("no transactions met")
	}
}

// TestR16_3_ManyProcessesSeldomMeet has processes create different agreements while
// transactions conflict as on AWS. None is rejected, and transactions are seldom retried:
// with one head of the journal each was sent 17 times on average, with stripes 1.3 times.
func TestR16_3_ManyProcessesSeldomMeet(t *testing.T) {
	t.Parallel()
	const processes, each, most = 16, 4, 3
	table := storetest.Table(t)
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	defer proxy.Close()
	// The engine may be slow, so the timeout is long: the test measures how often
	// transactions conflict, not how long they take.
	proxy.Contend(faultproxy.Contention{Hold: 60 * time.Millisecond, Latency: 30 * time.Millisecond})
	var g errgroup.Group
	for p := range processes {
		s := dynamo.Open(engine.NewClient(proxy.URL), table, dynamo.RetryTimeout(time.Minute))
		g.Go(func() error {
			for i := range each {
				name := fmt.Sprintf("P%d-%d", p, i)
				n := agreement.New{Type: agreement.TypeVolume, ID: name, Name: name, Pairs: numbered(name), By: "me", At: noon}
				if _, _, err := s.Agreements.Create(n).Apply(t.Context(), once.Change{Event: edited("agreement.created")}); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	page, err := find(dynamo.Open(storetest.Client(t), table)).List(t.Context(), agreement.Query{Limit: 200})
	must(t, err)
	equal(t, "agreements", len(page.Items), processes*each)
	conflicts := proxy.Counts()[faultproxy.TransactionConflict]
	transactions := proxy.Operations()["TransactWriteItems"]
	t.Logf("%d transactions for %d agreements, %d conflicts", transactions, processes*each, conflicts)
	if transactions > most*processes*each {
		t.Errorf("%d transactions for %d agreements, want at most %d for each", transactions, processes*each, most)
	}
}
