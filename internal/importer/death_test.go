package importer_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/internal/importer"
	"trueup/internal/testkit/storetest"
	"trueup/internal/testkit/storetest/faultproxy"
)

// interrupted is the import that the tests below interrupt. It creates a group, extends one
// agreement, and creates another in more than one transaction.
var interrupted = func() upload {
	var body strings.Builder
	body.WriteString("2,2,Office\n")
	for n := range 120 {
		fmt.Fprintf(&body, "%d,%d,Visio\n", 100+n, 100+n)
	}
	return file("agreements/Marketing/b.csv", body.String())
}()

// prepared returns a stand with some data.
func prepared(t *testing.T) *stand {
	t.Helper()
	s := newStand(t)
	s.run(file("agreements/Sales/a.csv", "1,1,Office\n"))
	return s
}

// withoutFaults returns what a reader sees before and after an uninterrupted import, its numbers,
// and how many store calls it makes.
func withoutFaults(t *testing.T, u upload) (before, after []string, want string, calls int) {
	t.Helper()
	s := prepared(t)
	before = s.seen()
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	t.Cleanup(proxy.Close)
	event := s.put(u)
	must(t, deliver(t.Context(), s.importer(proxy.URL), event))
	return before, s.seen(), numbers(s.record(idOf(t, event))), proxy.Requests()
}

// die delivers an event to a function that dies at its n-th store call: before the call or, with
// done, after it was executed.
func (s *stand) die(event []byte, n int, done bool) {
	s.t.Helper()
	proxy := faultproxy.New(storetest.Endpoint(s.t), 1, nil)
	defer proxy.Close()
	ctx, kill := context.WithCancel(s.t.Context())
	defer kill()
	proxy.SetHooks(faultproxy.Hooks{
		Before: func(i int, _ string) {
			if i > n || i == n && !done {
				kill()
				panic(http.ErrAbortHandler) // the call is never sent
			}
		},
		After: func(i int, _ string) {
			if i == n {
				kill()
			}
		},
	})
	_ = deliver(ctx, s.importer(proxy.URL), event) // a dead process returns no result
}

// atEveryCall runs a test for each store call of an import.
func atEveryCall(t *testing.T, calls int, test func(t *testing.T, n int)) {
	t.Helper()
	for n := 1; n <= calls; n++ {
		t.Run(fmt.Sprintf("call %d", n), func(t *testing.T) {
			t.Parallel()
			test(t, n)
		})
	}
}

// oneOf fails unless got equals before or after. It reports whether it equals after.
func oneOf(t *testing.T, got, before, after []string) bool {
	t.Helper()
	switch {
	case slices.Equal(got, after):
		return true
	case !slices.Equal(got, before):
		t.Errorf("a reader saw neither none nor all of the import: %.500q", got)
	}
	return false
}

// settled checks that nothing remains of failed attempts, and that findings and events are stored
// once.
func (s *stand) settled(imp importer.Import) {
	s.t.Helper()
	s.findings(imp)
	for key, item := range storetest.Dump(s.t, s.engine, s.table) {
		if strings.HasPrefix(key, "STAGE#") {
			continue // it remains if another import declared the stage dead
		}
		stage, _ := item["stage"].(string)
		if strings.HasPrefix(stage, imp.ID+".") && (imp.State != importer.StateSucceeded || stage != string(imp.Stage())) {
			s.t.Errorf("left behind: %s of %s", key, stage)
		}
	}
}

var interruptions = map[string]upload{
	"succeeds":    interrupted,
	"is rejected": file(interrupted.key, interrupted.body+"1,1,Project\n"),
}

func TestR3_9_DeathAtEveryStoreCall(t *testing.T) {
	t.Parallel()
	for name, u := range interruptions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, after, want, calls := withoutFaults(t, u)
			if calls < 8 {
				t.Fatalf("only %d calls", calls)
			}
			atEveryCall(t, calls, func(t *testing.T, n int) {
				for _, done := range []bool{false, true} {
					s := prepared(t)
					event := s.put(u)
					s.die(event, n, done)
					oneOf(t, s.seen(), before, after)
					s.clock.advance(lease + time.Millisecond)
					must(t, deliver(t.Context(), s.Importer, event))
					imp := s.record(idOf(t, event))
					equal(t, "import", numbers(imp), want)
					equal(t, "store", s.seen(), after)
					s.settled(imp)
				}
			})
		})
	}
}

func TestR3_9_AbandonedAtEveryStoreCall(t *testing.T) {
	t.Parallel()
	before, after, want, calls := withoutFaults(t, interrupted)
	atEveryCall(t, calls, func(t *testing.T, n int) {
		s := prepared(t)
		event := s.put(interrupted)
		s.die(event, n, true)
		committed := oneOf(t, s.seen(), before, after)
		s.clock.advance(lease + importer.AbandonAfter - time.Millisecond)
		untouched := storetest.Dump(t, s.engine, s.table)
		must(t, s.Abandon(t.Context()))
		equal(t, "table while the event may come again", storetest.Dump(t, s.engine, s.table), untouched)
		s.clock.advance(time.Millisecond)
		must(t, s.Abandon(t.Context()))
		if id := idOf(t, event); !committed && s.recordExists(id) {
			imp := s.record(id)
			equal(t, "import", numbers(imp), "failed abandoned: 0 rows = 0 added + 0 unchanged + 0 rejected, 0 created, 0 extended")
			equal(t, "store", s.seen(), before)
			equal(t, "left behind", s.staged(id), []string{})
		}
		if n%2 == 0 { // as from the dead-letter queue
			must(t, deliver(t.Context(), s.Importer, event))
			imp := s.record(idOf(t, event))
			equal(t, "import sent again", numbers(imp), want)
			equal(t, "store after it was sent again", s.seen(), after)
			s.settled(imp)
			return
		}
		if !committed { // names and pairs are free for other imports
			imp := s.run(file("agreements/c.csv", "2,2,Visio\n100,100,Project\n101,101,Marketing\n"))
			equal(t, "another import", numbers(imp), "succeeded: 3 rows = 3 added + 0 unchanged + 0 rejected, 3 created, 0 extended")
			s.settled(imp)
		}
	})
}

func TestR3_9_ObjectGoneAfterADeath(t *testing.T) {
	t.Parallel()
	before, _, _, calls := withoutFaults(t, interrupted)
	s := prepared(t)
	event := s.put(interrupted)
	s.die(event, calls, false) // everything is staged, nothing is committed
	src := objectOf(t, event)
	if len(s.staged(src.ID(src.Bucket))) < 100 {
		t.Fatal("nothing was staged")
	}
	_, err := s.files.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("uploads"), Key: &src.Key, VersionId: &src.Version})
	must(t, err)
	s.clock.advance(lease + time.Millisecond)
	must(t, deliver(t.Context(), s.Importer, event))
	imp := s.record(src.ID(src.Bucket))
	equal(t, "import", numbers(imp), "failed object_missing: 0 rows = 0 added + 0 unchanged + 0 rejected, 0 created, 0 extended")
	equal(t, "store", s.seen(), before)
	equal(t, "left behind", s.staged(imp.ID), []string{})
}

// TestR3_9_SuspendedAtEveryStoreCall stalls a function at a store call for longer than its lease.
// It resumes during or after the takeover by another function, with its old state. Nothing that
// it then does may be visible.
func TestR3_9_SuspendedAtEveryStoreCall(t *testing.T) {
	t.Parallel()
	_, after, want, calls := withoutFaults(t, interrupted)
	for asleep := 2; asleep <= calls; asleep++ { // the first call finds no record, and stalls no work
		for _, awake := range []int{calls + 100, 1 + asleep*7%calls} {
			t.Run(fmt.Sprintf("asleep at %d, awake at %d", asleep, awake), func(t *testing.T) {
				t.Parallel()
				s := prepared(t)
				event := s.put(interrupted)
				s.resumeLate(event, asleep, event, awake)
				s.deliverUntilDone(s.Importer, event)
				imp := s.record(idOf(t, event))
				equal(t, "import", numbers(imp), want)
				equal(t, "store", s.seen(), after)
				s.findings(imp)
			})
		}
	}
}

// resumeLate stalls a delivery at a store call. After its leases have expired it delivers another
// event to another function; at a store call of that one, the first resumes. It returns when both
// have ended.
func (s *stand) resumeLate(event []byte, asleep int, another []byte, awake int) {
	s.t.Helper()
	sleeping, wake, gone := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var fallAsleep, wakeUp sync.Once
	slow := faultproxy.New(storetest.Endpoint(s.t), 1, nil)
	defer slow.Close()
	slow.SetHooks(faultproxy.Hooks{Before: func(n int, _ string) {
		if n >= asleep {
			fallAsleep.Do(func() { close(sleeping) })
			<-wake
		}
	}})
	go func() {
		defer close(gone)
		_ = deliver(s.t.Context(), s.importer(slow.URL), event)
	}()
	<-sleeping
	s.clock.advance(lease + time.Millisecond)

	next := faultproxy.New(storetest.Endpoint(s.t), 1, nil)
	defer next.Close()
	next.SetHooks(faultproxy.Hooks{Before: func(n int, _ string) {
		if n >= awake {
			wakeUp.Do(func() {
				close(wake)
				select {
				case <-gone:
				case <-time.After(50 * time.Millisecond): // the first is waiting for the writer's lease
				}
			})
		}
	}})
	s.deliverUntilDone(s.importer(next.URL), another)
	wakeUp.Do(func() { close(wake) })
	<-gone
}

// deliverUntilDone delivers an event again after each error, as Lambda does, each time after the
// leases have expired.
func (s *stand) deliverUntilDone(im *importer.Importer, event []byte) {
	s.t.Helper()
	for try := 1; ; try++ {
		err := deliver(context.Background(), im, event)
		if err == nil {
			return
		}
		if try == 6 {
			s.t.Fatalf("delivered %d times: %v", try, err)
		}
		s.clock.advance(lease + time.Millisecond)
	}
}

// TestR3_9_LeaseIsRenewed runs an import that takes longer than its lease.
func TestR3_9_LeaseIsRenewed(t *testing.T) {
	t.Parallel()
	s := prepared(t)
	proxy := faultproxy.New(storetest.Endpoint(t), 1, nil)
	defer proxy.Close()
	im := s.importer(proxy.URL)
	im.Clock, im.Lease = time.Now, 2*time.Second // long enough for late renewals on a busy machine
	var commits atomic.Int32
	slow := make(chan struct{})
	proxy.SetHooks(faultproxy.Hooks{Before: func(_ int, operation string) {
		if operation == "TransactWriteItems" && commits.Add(1) == 3 { // a part of the stage
			close(slow)
			time.Sleep(4 * im.Lease)
		}
	}})
	event := s.put(interrupted)
	result := make(chan error, 1)
	go func() { result <- deliver(t.Context(), im, event) }()
	<-slow
	time.Sleep(2 * im.Lease)
	other := s.importer(storetest.Endpoint(t))
	other.Clock, other.Lease = im.Clock, im.Lease
	if err := deliver(t.Context(), other, event); err == nil {
		t.Error("a second delivery took over an import that was alive")
	}
	must(t, <-result)
	imp := s.record(idOf(t, event))
	equal(t, "attempts", imp.Attempt, 1)
	equal(t, "state", imp.State, importer.StateSucceeded)
}
