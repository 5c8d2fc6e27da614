package dynamo_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/infra/local/engine"
	"trueup/internal/agreement"
	"trueup/internal/dynamo"
	"trueup/internal/group"
	"trueup/internal/storetest"
	"trueup/internal/storetest/faultproxy"
)

// TestR16_3_ManyProcessesInOneGroup has 32 processes create different agreements in
// one license group, where transactions conflict as they do on AWS. The group is
// deleted meanwhile: no creation is refused, and no agreement is left in the group.
func TestR16_3_ManyProcessesInOneGroup(t *testing.T) {
	t.Parallel()
	const processes, each, patience = 32, 4, 30 * time.Second
	ctx := t.Context()
	client, table := storetest.Client(t), storetest.Table(t)
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	defer proxy.Close()
	proxy.Contend(faultproxy.Contention{Hold: 10 * time.Millisecond, Latency: 2 * time.Millisecond})
	direct := dynamo.New(client, table)
	create(t, direct, "First", agreement.Target{NewName: "Sales"}, "1")
	sales := groupNamed(t, direct, "Sales")

	var stored atomic.Int64
	var creators errgroup.Group
	for p := range processes {
		s := dynamo.New(engine.NewClient(proxy.URL), table, dynamo.Patience(patience))
		creators.Go(func() error {
			for i := range each {
				number := fmt.Sprintf("9%05d", p*each+i)
				_, _, err := s.Create(ctx, agreement.New{
					Type: agreement.TypeVolume, ID: "id" + number, Name: "Agreement " + number, Pairs: numbered(number),
					Group: agreement.Target{NewName: "Sales"}, By: "me", At: noon, // that group, or the next one of the name
				}, edited("agreement.created"), nothing)
				if err != nil {
					return fmt.Errorf("agreement %s: %w", number, err)
				}
				stored.Add(1)
			}
			return nil
		})
	}
	for stored.Load() < processes {
		time.Sleep(time.Millisecond)
	}
	began := stored.Load()
	deleter := dynamo.New(engine.NewClient(proxy.URL), table, dynamo.Patience(patience))
	err := deleter.DeleteGroup(ctx, sales, edited("group.deleted"))
	t.Logf("the deletion began after %d creations and ended after %d", began, stored.Load())
	must(t, creators.Wait())
	must(t, err)

	groups, err := direct.Groups(ctx)
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
	equal(t, "agreements in groups that exist", total, processes*each+1)
	if proxy.Counts()[faultproxy.TransactionConflict] == 0 {
		t.Error("no transactions met")
	}
}
