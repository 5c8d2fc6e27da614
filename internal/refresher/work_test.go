package refresher_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trueup/internal/day"
	"trueup/internal/refresher"
)

// work runs one invocation for a run, and returns the ids passed to Wake.
func (s *stand) work(id string) (called []string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), s.allow)
	defer cancel()
	r := s.process(&process{})
	r.Wake = func(_ context.Context, id string) error {
		called = append(called, id)
		return nil
	}
	err = r.Work(ctx, id)
	if ctx.Err() != nil {
		s.fails("an invocation took all of its time")
	}
	return called, err
}

// due makes one scheduled call.
func (s *stand) due(t *testing.T) string {
	t.Helper()
	id, err := s.process(&process{}).Due(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestWorkGoesOnUntilNothingWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 300)
		first := s.request(refresher.TriggerNow, "group 0").ID
		for range 5 {
			s.request(refresher.TriggerImport, "")
		}
		called, err := s.work(first)
		if err != nil || called != nil {
			t.Errorf("called %v, %v", called, err)
		}
		s.settled()
		s.checkAnswersAreCurrent()
		equal(t, "R7.1 one run and one after it", len(s.runs), 2)
	})
}

func TestWorkCallsAgainWhenTimeIsShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 2000)
		s.source.delay = 30 * time.Second
		s.allow = 3 * time.Minute
		id := s.request(refresher.TriggerNow, "").ID
		for invocations := 1; ; invocations++ {
			called, err := s.work(id)
			if err != nil {
				t.Fatal(err)
			}
			if called == nil {
				if invocations == 1 {
					t.Error("one invocation did it all")
				}
				break
			}
			equal(t, "called", called, []string{id})
		}
		s.settled()
		s.checkAnswersAreCurrent()
	})
}

func TestWorkLeavesARunThatAnotherOwns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 1000)
		id := s.request(refresher.TriggerNow, "").ID
		other := make(chan error, 1)
		go func() {
			_, err := s.work(id)
			other <- err
		}()
		time.Sleep(1500 * time.Millisecond)
		equal(t, "waiting", s.due(t), "")
		if called, err := s.work(id); err != nil || called != nil {
			t.Errorf("called %v, %v", called, err)
		}
		if err := <-other; err != nil {
			t.Error(err)
		}
		s.settled()
		s.checkAnswersAreCurrent()
	})
}

func TestWorkReturnsFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 10)
		if _, err := s.work("nothing"); err == nil {
			t.Error("no such run is no fault")
		}
		id := s.request(refresher.TriggerNow, "").ID
		s.allow = time.Second
		if _, err := s.work(id); !errors.Is(err, refresher.ErrTime) {
			t.Errorf("too little time: %v", err)
		}
	})
}

func TestR3_10_TellLeadsToOneRunAndOneAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 300)
		var woken []string
		fault := errors.New("no such function")
		r := s.process(&process{})
		r.Wake = func(_ context.Context, id string) error { woken = append(woken, id); return fault }
		tell := func(times int) {
			for range times {
				r.PairsChanged(context.Background(), refresher.TriggerDeletion)
				time.Sleep(time.Millisecond)
			}
		}
		tell(20)
		equal(t, "woken for the first only", len(woken), 1)
		var begun atomic.Bool // several batches are in flight
		next, err := s.handle(&process{during: func(call string) {
			if call == "Answer" && begun.CompareAndSwap(false, true) {
				tell(20)
			}
		}}, woken[0])
		equal(t, "fault", err, nil)
		equal(t, "not woken for those that follow", len(woken), 1)
		s.complete(next)
		equal(t, "runs", len(s.runs), 2)
		r.Queue = &process{world: s.world, life: make(chan struct{}, 1), gone: true}
		tell(1) // a fault of the request must not fail the change
		equal(t, "runs after a fault", len(s.runs), 2)
	})
}

func TestR7_3_DueForgetsNoChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		equal(t, "nothing ever changed", s.due(t), "")
		s.source.say(1, 10)
		s.add(1, "agreement", "group") // without a request for a refresh
		id := s.due(t)
		equal(t, "trigger", s.runs[id].Trigger, refresher.TriggerImport)
		equal(t, "it waits", s.due(t), id)
		equal(t, "run", numbers(s.complete(id)), "succeeded: 1 of 1 checked = 1 valid + 0 invalid + 0 failed, 1 changed")
		equal(t, "nothing changed since", s.due(t), "")

		s.add(2, "agreement", "group")
		s.source.say(2, 10)
		s.complete(s.request(refresher.TriggerNow, "group").ID) // covers every pair, but only by chance
		if s.due(t) == "" {
			t.Error("a group's run counts for the organisation")
		}
	})
}

// The id of a nightly run contains the start of its day. East of UTC that can be later than the
// current time.
func TestR7_2_DueAfterANightInTheEast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // the fake clock starts at midnight of 2000-01-01 in UTC
		time.Sleep(19*time.Hour + 15*time.Minute)
		s := populated(t, 10)
		s.source.behave = func(int) behavior { return faulty }
		night, err := s.process(&process{}).Nightly(t.Context(), time.Now().In(time.FixedZone("JST", 9*60*60)))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "day", night.Date, day.Date("2000-01-02"))
		equal(t, "state", s.complete(night.ID).State, refresher.StateFailed)
		time.Sleep(refresher.RetryAfter)
		equal(t, "an hour later", s.complete(s.due(t)).State, refresher.StateFailed)
		equal(t, "at once", s.due(t), "")
	})
}

func TestR7_2_DueRepeatsWhatFailedLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 10)
		s.source.behave = func(int) behavior { return faulty }
		equal(t, "state", s.complete(s.due(t)).State, refresher.StateFailed)
		equal(t, "at once", s.due(t), "")
		time.Sleep(refresher.RetryAfter)
		s.source.behave = func(int) behavior { return good }
		equal(t, "later", s.complete(s.due(t)).State, refresher.StateSucceeded)

		for n := range 10 {
			s.source.say(n, 1)
		}
		s.remove(3)
		s.complete(s.due(t))
		equal(t, "held", s.run().Hold, refresher.HoldOn)
		s.remove(4)
		equal(t, "a pending run leaves it", s.complete(s.due(t)).State, refresher.StateSucceeded)
		time.Sleep(refresher.RetryAfter)
		equal(t, "somebody has to confirm it", s.due(t), "")
	})
}
