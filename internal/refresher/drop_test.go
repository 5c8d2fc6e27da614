package refresher_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/refresher"
)

// confirm confirms a run and completes it.
func (s *stand) confirm(id string) refresher.Run {
	if _, err := s.process(&process{}).Confirm(s.ctx, id, audit.Event{By: "ann", At: time.Now()}); err != nil {
		s.fails("confirm %s: %v", id, err)
		return refresher.Run{}
	}
	return s.complete(id)
}

func TestEntitlementsThatDrop(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(s *stand) // applied to ten pairs with ten licences each
		want   string
		held   map[int]int64 // licences of pairs while the run is held
	}{
		"a fifth is not too much": {
			func(s *stand) { s.source.say(0); s.source.say(1) },
			"succeeded: 10 of 10 checked = 8 valid + 2 invalid + 0 failed, 2 changed", nil,
		},
		"one license more is": {
			func(s *stand) { s.source.say(0); s.source.say(1); s.source.say(2, 9); s.source.say(3, 5, 5) },
			"partial refresh_held held: 10 of 10 checked = 8 valid + 2 invalid + 0 failed, 1 changed",
			map[int]int64{0: 10, 1: 10, 2: 10, 3: 10},
		},
		"what is more elsewhere makes up for it, and is applied": {
			func(s *stand) { s.source.say(0); s.source.say(1); s.source.say(2); s.source.say(3, 20) },
			"succeeded: 10 of 10 checked = 7 valid + 3 invalid + 0 failed, 4 changed", nil,
		},
		"but not enough": {
			func(s *stand) { s.source.say(0); s.source.say(1); s.source.say(2); s.source.say(3, 19) },
			"partial refresh_held held: 10 of 10 checked = 7 valid + 3 invalid + 0 failed, 1 changed",
			map[int]int64{0: 10, 1: 10, 2: 10, 3: 19},
		},
		"pairs that had none do not make up for it": {
			func(s *stand) {
				s.source.say(0)
				s.source.say(1)
				s.source.say(2)
				s.source.say(10, 20)
				s.add(10, "new", "")
			},
			"partial refresh_held held: 11 of 11 checked = 8 valid + 3 invalid + 0 failed, 1 changed",
			map[int]int64{0: 10, 1: 10, 2: 10, 10: 20},
		},
		"everything": {
			func(s *stand) {
				for n := range 10 {
					s.source.say(n, 0)
				}
			},
			"partial refresh_held held: 10 of 10 checked = 10 valid + 0 invalid + 0 failed, 0 changed",
			map[int]int64{0: 10, 9: 10},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := populated(t, 10)
				s.run()
				c.change(s)
				run := s.run()
				equal(t, "run", numbers(run), c.want)
				for n, licenses := range c.held {
					if got := s.pairs[pair(n).Key()]; got.Effective != licenses || got.State != agreement.ValidationValid {
						t.Errorf("held: pair %d is %s with %d licenses, not %d", n, got.State, got.Effective, licenses)
					}
				}
				if c.held == nil {
					s.checkAnswersAreCurrent()
					return
				}
				equal(t, "R7.3 stale", s.fresh.At.Before(run.StartedAt), true)

				// The next night finds the same drop; only the latest held run can be confirmed.
				again := s.run()
				equal(t, "again", again.State, refresher.StatePartial)
				equal(t, "holds", [2]refresher.Hold{s.runs[run.ID].Hold, again.Hold}, [2]refresher.Hold{refresher.HoldDiscarded, refresher.HoldOn})
				_, err := s.process(&process{}).Confirm(t.Context(), run.ID, audit.Event{})
				equal(t, "confirm the first", errs.CodeOf(err), "refresh_not_held")

				asks := s.source.asks
				confirmed := s.confirm(again.ID)
				s.checkAnswersAreCurrent()
				equal(t, "confirmed", string(confirmed.State)+" "+confirmed.Reason+string(confirmed.Hold), "succeeded confirmed")
				equal(t, "questions to confirm", s.source.asks-asks, 0)
				equal(t, "R7.3 time of the data", s.fresh.At, again.StartedAt)
				event := s.events[len(s.events)-2]
				equal(t, "event", event.Subject+event.Before["hold"]+event.After["hold"]+event.By, "refresh/"+again.ID+"heldconfirmedann")
				_, err = s.process(&process{}).Confirm(t.Context(), again.ID, audit.Event{})
				equal(t, "confirm twice", errs.CodeOf(err), "refresh_not_held")
			})
		})
	}
}

// held returns a stand whose second run is held: the source no longer knows the pairs of
// agreement 0, which is in group 0.
func held(t *testing.T) (*stand, refresher.Run) {
	s := populated(t, 12)
	s.run()
	for n := range 3 {
		s.source.say(n)
	}
	run := s.run()
	equal(t, "held", run.Hold, refresher.HoldOn)
	return s, run
}

func TestHeldThenWithoutTheDrop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, run := held(t)
		for n := range 3 {
			s.source.say(n, 4, 6)
		}
		equal(t, "run", numbers(s.run()), "succeeded: 12 of 12 checked = 12 valid + 0 invalid + 0 failed, 0 changed")
		s.checkAnswersAreCurrent()
		_, err := s.process(&process{}).Confirm(t.Context(), run.ID, audit.Event{})
		equal(t, "confirm what is discarded", errs.CodeOf(err), "refresh_not_held")
	})
}

// TestHeldThenPartial checks that a hold ends although an unrelated pair fails, and that it stays
// when a held pair fails.
func TestHeldThenPartial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, run := held(t)
		for n := range 3 {
			s.source.say(n, 4, 6)
		}
		silent := map[agreement.PairKey]bool{pair(2).Key(): true}
		partial := func() {
			t.Helper()
			r := s.process(&process{})
			r.Source = func(context.Context, refresher.Run) (entitlement.Source, error) {
				return statements{s.source, silent, entitlement.ReasonTooMuch}, nil
			}
			id := s.request(refresher.TriggerNow, "").ID
			if _, err := r.Handle(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			equal(t, "run", numbers(s.runs[id]), "partial refresh_pairs_failed: 12 of 12 checked = 11 valid + 0 invalid + 1 failed, 0 changed")
		}
		partial()
		equal(t, "one is left", s.runs[run.ID].Hold, refresher.HoldOn)
		silent = map[agreement.PairKey]bool{pair(7).Key(): true}
		partial()
		equal(t, "none is left", s.runs[run.ID].Hold, refresher.HoldDiscarded)
	})
}

func TestHeldThenAnotherGroup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, run := held(t)
		s.complete(s.request(refresher.TriggerNow, "group 1").ID)
		s.source.behave = func(int) behavior { return faulty }
		equal(t, "nothing answered", s.run().State, refresher.StateFailed)
		equal(t, "hold", s.runs[run.ID].Hold, refresher.HoldOn)
		for n := range 3 { // later answers of the source must not matter
			s.source.say(n, 100)
		}
		s.remove(1)
		s.group["agreement 00000"] = "group 1"
		confirmed := s.confirm(run.ID)
		equal(t, "confirmed", confirmed.State, refresher.StateSucceeded)
		for n, want := range map[int]bool{0: true, 1: false, 2: true} {
			got := s.pairs[pair(n).Key()]
			if (got != nil) != want || want && (got.Effective != 0 || got.State != agreement.ValidationInvalid) {
				t.Errorf("pair %d: %+v", n, got)
			}
		}
		equal(t, "not held", s.pairs[pair(3).Key()].Effective, int64(10))
	})
}

// R8.5: a confirmed run publishes the day of the confirmation and does not change the snapshot of
// the day on which it was held.
func TestConfirmOnAnotherDay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // the fake clock starts at midnight of 2000-01-01 in UTC
		s, run := held(t)
		equal(t, "held on", run.Date, day.Date("2000-01-01"))
		time.Sleep(48 * time.Hour)
		equal(t, "confirmed on", s.confirm(run.ID).Date, day.Date("2000-01-03"))
	})
}

// A function that confirms has no time zone: the day is that of the function that publishes.
func TestConfirmInTheTimeZoneOfTheOrganisation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, run := held(t)
		time.Sleep(23*time.Hour + 30*time.Minute)
		if _, err := s.process(&process{}).Confirm(t.Context(), run.ID, audit.Event{}); err != nil {
			t.Fatal(err)
		}
		for next := run.ID; next != ""; {
			worker := s.process(&process{})
			worker.Zone = time.FixedZone("Brussels", int(time.Hour/time.Second))
			var err error
			if next, err = worker.Handle(t.Context(), next); err != nil {
				t.Fatal(err)
			}
		}
		published, err := s.process(&process{}).Store.Run(t.Context(), run.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "date", published.Date, day.Date("2000-01-02"))
		equal(t, "state", published.State, refresher.StateSucceeded)
	})
}

func TestConfirmWhileARunIsOpen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, run := held(t)
		s.request(refresher.TriggerNow, "")
		_, err := s.process(&process{}).Confirm(t.Context(), run.ID, audit.Event{})
		equal(t, "confirm", errs.CodeOf(err), "refresh_running")
	})
}

func TestConfirmWhatIsNotHeld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 10)
		s.run()
		for id, want := range map[string]string{"run 001": "refresh_not_held", "run 999": "refresh_not_found"} {
			_, err := s.process(&process{}).Confirm(t.Context(), id, audit.Event{})
			equal(t, id, errs.CodeOf(err), want)
		}
	})
}
