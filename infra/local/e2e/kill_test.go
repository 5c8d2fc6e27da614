package e2e_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"trueup/infra/local/stack"
	"trueup/internal/access"
	"trueup/internal/config"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// agreementsCSV returns a CSV file of agreements with the given number of pairs each. Names start
// with prefix. Files of the same size with different numbers have no pair in common.
func agreementsCSV(prefix string, number, agreements, pairs int) string {
	var body strings.Builder
	for a := range agreements {
		for p := range pairs {
			n := (number*agreements+a)*pairs + p
			fmt.Fprintf(&body, "%07d,%07d,%s sale %d\n", n, n, prefix, a)
		}
	}
	return body.String()
}

// watcher polls the agreements with a prefix through the API. It must see either all or
// nothing of an import.
type watcher struct {
	s                 system
	prefix            string
	agreements, pairs int
	stop              chan struct{}
	done              sync.WaitGroup

	polls, whole int
	wrong        []string
}

func watch(s system, prefix string, agreements, pairs int) *watcher {
	w := &watcher{s: s, prefix: prefix, agreements: agreements, pairs: pairs, stop: make(chan struct{})}
	w.done.Go(func() {
		for {
			w.poll()
			select {
			case <-w.stop:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	return w
}

func (w *watcher) poll() {
	w.polls++
	items, err := all[agreement](w.s, "/agreements?limit=20&q="+url.QueryEscape(w.prefix))
	if err != nil {
		w.wrong = append(w.wrong, err.Error())
		return
	}
	pairs := 0
	for _, a := range items {
		pairs += a.PairCount
	}
	switch {
	case len(items) == w.agreements && pairs == w.agreements*w.pairs:
		w.whole++
	case len(items) > 0 || w.whole > 0:
		w.wrong = append(w.wrong, fmt.Sprintf("%d agreements with %d pairs", len(items), pairs))
	}
}

// ended stops the watcher, polls once more, and checks what it saw.
func (w *watcher) ended(t *testing.T) {
	t.Helper()
	close(w.stop)
	w.done.Wait()
	w.poll()
	if w.whole == 0 || len(w.wrong) > 0 {
		t.Errorf("in %d polls the import was seen whole %d times and wrong %d: %.300q", w.polls, w.whole, len(w.wrong), w.wrong)
	}
}

// TestR3_9_KilledAfterEveryStoreCall kills the import function after each store call of an
// import (or a sample of them), and waits for the retry.
func TestR3_9_KilledAfterEveryStoreCall(t *testing.T) {
	t.Parallel()
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	for name, c := range map[string]struct {
		agreements, pairs, samples int
		lease                      time.Duration
	}{
		"small file, every call":        {agreements: 2, pairs: 2, samples: 1000, lease: time.Second},
		"5,000 pairs, a sample of them": {agreements: 50, pairs: 100, samples: 6, lease: 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind := fmt.Sprintf("kill-%d", c.pairs)
			proxy := faultproxy.New(base.DynamoDBEndpoint, 1, nil)
			defer proxy.Close()
			// Store calls of the functions go through the proxy. The reader has its own
			// functions and the same table.
			s := start(t, stack.Options{
				DynamoDBEndpoint: base.DynamoDBEndpoint, FunctionsDynamoDB: proxy.URL, TableName: kind,
				RetryDelays: []time.Duration{c.lease + 100*time.Millisecond},
				// Only calls of the import must be counted, not calls of a refresh after it.
				Env: []string{"IMPORT_LEASE=" + c.lease.String(), config.RefreshFunction + "=none"},
			})
			defer s.stop()
			reader := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: kind})
			defer reader.stop()

			// Count the calls of an import without faults.
			s.put("agreements/"+kind+"/undisturbed.csv", agreementsCSV(kind+"u", 0, c.agreements, c.pairs), nil)
			s.idle()
			calls := proxy.Requests()
			if imp := reader.wait("undisturbed.csv"); imp.State != "succeeded" || calls < 10 {
				t.Fatalf("%d calls, %+v", calls, imp)
			}
			samples := min(calls, c.samples)
			for i := range samples {
				n := calls
				if samples > 1 {
					n = 1 + i*(calls-1)/(samples-1)
				}
				file, prefix := fmt.Sprintf("%s-%d.csv", kind, n), fmt.Sprintf("%s-%d-", kind, n)
				before := proxy.Requests()
				var killed sync.Once
				proxy.SetHooks(faultproxy.Hooks{After: func(request int, _ string) {
					if request-before >= n {
						killed.Do(func() {
							if s.Kill("import") != 1 {
								t.Errorf("call %d: not one process", n)
							}
						})
					}
				}})
				w := watch(reader, prefix, c.agreements, c.pairs)
				s.put("agreements/"+kind+"/"+file, agreementsCSV(prefix, 1+i, c.agreements, c.pairs), nil)
				s.idle()
				imp := reader.wait(file)
				w.ended(t)
				if imp.State != "succeeded" || imp.Added != c.agreements*c.pairs || imp.AgreementsCreated != c.agreements {
					t.Errorf("killed after call %d: %+v", n, imp)
				}
				proxy.SetHooks(faultproxy.Hooks{})
				if letters, err := s.DeadLetters(); err != nil || len(letters) > 0 {
					t.Fatalf("%d dead letters, %v", len(letters), err)
				}
			}
			s.checkNothingLeft()

			// Nothing is stored twice: the counts of the group are exact, and the same file
			// again changes nothing.
			var groups page[group]
			reader.get("/groups", &groups)
			for _, g := range groups.Items {
				if g.Name == kind {
					equal(t, "agreements in the group", g.AgreementCount, c.agreements*(samples+1))
				}
			}
			s.put("agreements/"+kind+"/again-"+kind+".csv", agreementsCSV(kind+"u", 0, c.agreements, c.pairs), nil)
			imp := reader.wait("again-" + kind + ".csv")
			equal(t, "unchanged", imp.Unchanged, c.agreements*c.pairs)
		})
	}
}

// idle waits until no event is left to deliver.
func (s system) idle() {
	s.t.Helper()
	for range 6000 {
		if s.Pending() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.t.Fatalf("%d events are pending after a minute", s.Pending())
}

// checkNothingLeft checks in the table that no import is running, and that all items of an
// import were written by the same attempt.
func (s system) checkNothingLeft() {
	s.t.Helper()
	attempts := map[string]string{}
	for key, item := range storetest.Dump(s.t, s.DynamoDB(), s.Table) {
		if strings.HasPrefix(key, "IMPORTS#OPEN|") {
			s.t.Errorf("%s is still there", key)
		}
		stage, ok := item["stage"].(string)
		if !ok {
			continue
		}
		id, attempt, _ := strings.Cut(stage, ".")
		if other, ok := attempts[id]; ok && other != attempt {
			s.t.Errorf("%s is of attempt %s, other rows of %s", key, attempt, other)
		}
		attempts[id] = attempt
	}
}
