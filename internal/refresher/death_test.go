package refresher_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"trueup/internal/refresher"
)

// withEveryEvent returns a stand before a run that makes every store call: some pairs fail at first,
// some lose licences or become invalid, but not too many.
func withEveryEvent(t *testing.T) *stand {
	s := populated(t, 700)
	s.run()
	for n := range 3 {
		s.source.say(n)
	}
	s.complete(s.request(refresher.TriggerNow, "group 0").ID) // 1 % less: not held
	for n := 300; n < 330; n++ {
		s.source.say(n, 2, 2)
	}
	for n := 400; n < 403; n++ {
		s.source.say(n)
	}
	for n := 500; n < 520; n++ {
		s.source.say(n, 8, 8)
	}
	s.source.asks = 0
	s.source.behave = func(ask int) behavior {
		if ask == 2 || ask == 9 {
			return faulty
		}
		return good
	}
	return s
}

const eventfulEnds = "succeeded: 700 of 700 checked = 694 valid + 6 invalid + 0 failed, 53 changed"

func TestDeathAtEveryStoreCall(t *testing.T) {
	t.Parallel()
	calls := 0
	synctest.Test(t, func(t *testing.T) {
		s := withEveryEvent(t)
		p := &process{}
		id := s.request(refresher.TriggerNow, "").ID
		if _, err := s.handle(p, id); err != nil {
			t.Fatal(err)
		}
		calls = p.made
		equal(t, "undisturbed", numbers(s.runs[id]), eventfulEnds)
	})
	if calls < 40 {
		t.Fatalf("only %d calls", calls)
	}
	for n := 1; n <= calls; n++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("call %d after %v", n, after), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := withEveryEvent(t)
					id := s.request(refresher.TriggerNow, "").ID
					p := &process{dieAt: n, after: after}
					next, err := s.handle(p, id)
					if died := p.gone; died && (next != "" || err == nil) || !died && n < calls/2 { // the number of calls depends on the order of the batches
						t.Errorf("died: %v; it returned %q, %v", died, next, err)
					}
					run := s.complete(id)
					equal(t, "run", numbers(run), eventfulEnds)
					s.checkAnswersAreCurrent()
				})
			})
		}
	}
}

// TestSuspendedAttempts stops a process at a store call for longer than its lease. Another process takes
// over; the first must not change anything when it continues.
func TestSuspendedAttempts(t *testing.T) {
	t.Parallel()
	for n := 4; n < 60; n += 3 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := withEveryEvent(t)
				id := s.request(refresher.TriggerNow, "").ID
				slept := make(chan error)
				go func() {
					_, err := s.handle(&process{dieAt: n, sleep: 5 * time.Minute}, id)
					slept <- err
				}()
				time.Sleep(lease + 20*time.Second) // by now the process is stopped
				run := s.complete(id)
				ended := numbers(run)
				equal(t, "run", ended, eventfulEnds)
				s.checkAnswersAreCurrent()
				s.source.say(0, 1) // the stopped process may ask about it, and must not store the answer
				version := s.runs[id].Version
				if err := <-slept; err != nil && !errors.Is(err, refresher.ErrLost) && !errors.Is(err, refresher.ErrBusy) && !errors.Is(err, context.Canceled) {
					t.Errorf("the sleeper returned %v", err)
				}
				s.settled()
				equal(t, "record", s.runs[id].Version, version)
			})
		})
	}
}

func TestRunThatAlwaysDies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 10)
		id := s.request(refresher.TriggerNow, "").ID
		for range 5 {
			if _, err := s.handle(&process{dieAt: 5}, id); err == nil {
				t.Fatal("it did not die")
			}
			time.Sleep(lease)
		}
		run := s.complete(id)
		equal(t, "run", numbers(run), "failed refresh_interrupted: 0 of 10 checked = 0 valid + 0 invalid + 0 failed, 0 changed")
		equal(t, "the next", s.run().State, refresher.StateSucceeded)
	})
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := withEveryEvent(t)
		id := s.request(refresher.TriggerNow, "").ID
		busy, results := 0, make(chan error, 5)
		for range 5 {
			go func() {
				_, err := s.handle(&process{}, id)
				results <- err
			}()
		}
		for range 5 {
			switch err := <-results; {
			case errors.Is(err, refresher.ErrBusy):
				busy++
			case err != nil:
				t.Error(err)
			}
		}
		equal(t, "busy", busy, 4)
		equal(t, "run", numbers(s.runs[id]), eventfulEnds)
		s.settled()
	})
}

func TestR7_1_DeadlineAndGoingOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 3000)
		s.source.delay = 25 * time.Second
		s.allow = 2 * time.Minute // time for two batches in sequence, four in parallel
		id := s.request(refresher.TriggerNow, "").ID
		invocations := 0
		for next := id; next != ""; invocations++ {
			waits, err := s.handle(&process{}, next)
			if err != nil {
				t.Fatal(err)
			}
			next = waits
		}
		run := s.runs[id]
		equal(t, "run", numbers(run), "succeeded: 3000 of 3000 checked = 3000 valid + 0 invalid + 0 failed, 3000 changed")
		equal(t, "attempts", run.Attempt, invocations)
		if invocations < 3 || invocations > 8 {
			t.Errorf("%d invocations", invocations)
		}
		for key, n := range s.source.asked {
			if n != 1 {
				t.Errorf("%s was asked about %d times", key, n)
			}
		}
		s.settled()
		s.checkAnswersAreCurrent()

		s.allow = askTimeout
		id = s.request(refresher.TriggerNow, "").ID
		if _, err := s.handle(&process{}, id); !errors.Is(err, refresher.ErrTime) {
			t.Errorf("less time than a batch takes: %v", err)
		}
	})
}

func TestR7_5_Publish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 10)
		var published []string
		fail := true
		publish := func(_ context.Context, run refresher.Run) error {
			published = append(published, string(run.State))
			if fail {
				fail = false
				return errors.New("no room")
			}
			return nil
		}
		id := s.request(refresher.TriggerNow, "").ID
		for range 2 {
			r := s.process(&process{})
			r.Publish = publish
			_, err := r.Handle(t.Context(), id)
			equal(t, "fault", err != nil, len(published) == 1)
			time.Sleep(lease)
		}
		equal(t, "published", published, []string{"succeeded", "succeeded"})
		equal(t, "run", s.runs[id].State, refresher.StateSucceeded)

		s.source.behave = func(int) behavior { return faulty }
		id = s.request(refresher.TriggerNow, "").ID
		r := s.process(&process{})
		r.Publish = publish
		if _, err := r.Handle(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		equal(t, "nothing of a run that failed", len(published), 2)
	})
}
