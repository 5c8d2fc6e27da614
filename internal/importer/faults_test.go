package importer_test

import (
	"fmt"
	"maps"
	"sync"
	"testing"

	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// thirtyPercent makes 30 % of the requests of each operation fail, with all kinds of faults.
var thirtyPercent = faultproxy.Faults{
	{Kind: faultproxy.Throttling, Rate: 0.03},
	{Kind: faultproxy.InternalError, Rate: 0.04},
	{Kind: faultproxy.CutReply, Rate: 0.06},
	{Kind: faultproxy.CutBody, Rate: 0.03},
	{Kind: faultproxy.TransactionConflict, Rate: 0.09, Operations: []string{"TransactWriteItems"}},
	{Kind: faultproxy.TransactionThrottled, Rate: 0.05},
	{Kind: faultproxy.TransactionConflict, Rate: 0.14, Operations: []string{"PutItem", "UpdateItem", "DeleteItem"}},
	{Kind: faultproxy.Unprocessed, Rate: 0.14},
	{Kind: faultproxy.ThroughputExceeded, Rate: 0.14, Operations: []string{"GetItem", "Query", "Scan"}},
}

// TestR3_9_ImportsConvergeUnderFaults runs imports while 30 % of the store calls fail.
func TestR3_9_ImportsConvergeUnderFaults(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	happened := map[faultproxy.Kind]int{}
	t.Run("seeds", func(t *testing.T) { // returns when all subtests have ended
		for name, u := range interruptions {
			_, after, want, calls := withoutFaults(t, u)
			for seed := range uint64(8 / rarely) {
				t.Run(fmt.Sprintf("%s %d", name, seed), func(t *testing.T) {
					t.Parallel()
					s := prepared(t)
					event := s.put(u)
					proxy := faultproxy.New(storetest.Endpoint(t), seed, thirtyPercent)
					defer proxy.Close()
					s.deliverUntilDone(s.importer(proxy.URL), event)
					s.deliverUntilDone(s.importer(proxy.URL), event) // a repeated delivery
					if proxy.Requests() < calls {
						t.Errorf("%d requests, fewer than without faults", proxy.Requests())
					}
					imp := s.record(idOf(t, event))
					equal(t, "import", numbers(imp), want)
					equal(t, "store", s.seen(), after)
					s.settled(imp)

					// Nothing is stored twice, and rejected pairs are free for other imports.
					other := file("agreements/c.csv", "2,2,Visio\n100,100,Project\n1000,1000,Office\n", "on-error", "skip")
					event = s.put(other)
					s.deliverUntilDone(s.importer(proxy.URL), event)
					imp = s.record(idOf(t, event))
					if name == "succeeds" {
						equal(t, "another import", numbers(imp), "succeeded: 3 rows = 1 added + 0 unchanged + 2 rejected, 0 created, 1 extended")
					} else {
						equal(t, "another import", numbers(imp), "succeeded: 3 rows = 3 added + 0 unchanged + 0 rejected, 2 created, 1 extended")
					}
					s.settled(imp)
					s.seen()
					mu.Lock()
					defer mu.Unlock()
					maps.Copy(happened, proxy.Counts())
				})
			}
		}
	})
	for _, fault := range thirtyPercent {
		if happened[fault.Kind] == 0 && rarely == 1 { // a few runs may lack a kind
			t.Errorf("%s never happened", fault.Kind)
		}
	}
}
