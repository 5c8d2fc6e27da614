package refresher_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trueup/internal/once"
	"trueup/internal/refresher"
)

// asked returns how often each of the pairs was asked about, and the total of all pairs.
func (s *stand) asked(numbers ...int) (times []int, all int) {
	s.source.mu.Lock()
	defer s.source.mu.Unlock()
	for _, n := range numbers {
		times = append(times, s.source.asked[pair(n).Key()])
	}
	for _, n := range s.source.asked {
		all += n
	}
	return times, all
}

// R7.1: after an import only pairs that wait are asked about.
func TestR7_1_PendingRunAsksOnlyWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 500)
		full := s.run()
		at := s.fresh.At
		time.Sleep(time.Minute)
		for n := 600; n < 603; n++ {
			s.source.say(n, 7)
			s.add(n, "agreement 00001", "group 1")
		}
		run := s.complete(s.request(refresher.TriggerImport, "").ID)
		equal(t, "run", numbers(run), "succeeded: 3 of 3 checked = 3 valid + 0 invalid + 0 failed, 3 changed")
		equal(t, "kind", run.Kind, refresher.KindPending)
		equal(t, "since", run.Since, full.Reached)
		_, all := s.asked()
		equal(t, "pairs asked about", all, 503)
		equal(t, "not stale", s.fresh.Stale(), false)
		equal(t, "most data is of the full run", s.fresh.At, at)
		s.checkAnswersAreCurrent()

		s.remove(600)
		run = s.complete(s.request(refresher.TriggerDeletion, "").ID)
		equal(t, "after a removal", numbers(run), "succeeded: 0 of 0 checked = 0 valid + 0 invalid + 0 failed, 0 changed")

		s.source.say(700, 7)
		s.add(700, "agreement 00002", "group 0")
		s.forgotten = pointAt(s.changes) // the entries were deleted
		run = s.complete(s.request(refresher.TriggerImport, "").ID)
		equal(t, "all pairs are searched", numbers(run), "succeeded: 1 of 1 checked = 1 valid + 0 invalid + 0 failed, 1 changed")
		_, all = s.asked()
		equal(t, "pairs asked about", all, 504)
	})
}

// R7.5: with statements, the lines of a removed pair may belong to another pair, so all are asked.
func TestR7_5_RemovalsMoveLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 10)
		s.moves = true
		s.run()
		s.source.say(20, 7)
		s.add(20, "agreement 00001", "group 1")
		equal(t, "after an import", s.complete(s.request(refresher.TriggerImport, "").ID).Kind, refresher.KindPending)
		s.remove(20)
		run := s.complete(s.request(refresher.TriggerDeletion, "").ID)
		equal(t, "after a removal", run.Kind, refresher.KindFull)
		equal(t, "checked", run.Checked, 10)
	})
}

// R7.5: the first run of an organisation asks about everything, so it is full.
func TestR7_1_TheFirstRunIsFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 10)
		run := s.complete(s.request(refresher.TriggerImport, "").ID)
		equal(t, "kind", run.Kind, refresher.KindFull)
		equal(t, "checked", run.Checked, 10)
		equal(t, "of when the data is", s.fresh.At, run.StartedAt)
		s.source.say(20, 7)
		s.add(20, "agreement 00001", "group 1")
		equal(t, "the next one", s.complete(s.request(refresher.TriggerImport, "").ID).Kind, refresher.KindPending)
	})
}

// R7.2: a pending run that failed is repeated for the same pairs.
func TestR7_2_PendingRunThatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 300)
		s.run()
		s.source.say(600, 7)
		s.add(600, "agreement 00001", "group 1")
		s.source.behave = func(int) behavior { return faulty }
		equal(t, "state", s.complete(s.request(refresher.TriggerImport, "").ID).State, refresher.StateFailed)
		equal(t, "stale", s.fresh.Seen < s.changes, true)
		s.source.behave = func(int) behavior { return good }
		time.Sleep(refresher.RetryAfter)
		run := s.complete(s.due(t))
		equal(t, "repeated", numbers(run), "succeeded: 1 of 1 checked = 1 valid + 0 invalid + 0 failed, 1 changed")
		equal(t, "kind", run.Kind, refresher.KindPending)
		s.checkAnswersAreCurrent()

		// A full run that failed is repeated as such, if the data is stale.
		s.source.say(601, 7)
		s.add(601, "agreement 00001", "group 1")
		s.source.behave = func(int) behavior { return faulty }
		equal(t, "state", s.run().State, refresher.StateFailed)
		s.source.behave = func(int) behavior { return good }
		time.Sleep(refresher.RetryAfter)
		run = s.complete(s.due(t))
		equal(t, "kind", run.Kind, refresher.KindFull)
		equal(t, "checked", run.Checked, 302)
	})
}

// R7.2: pairs that a pending run could not ask about are asked about again an hour later, and every
// hour, until they have an answer or a full run has ended.
func TestR7_2_PairsThatAPendingRunLeft(t *testing.T) {
	t.Parallel()
	partly := func(int) behavior { return some } // every third pair of a question fails
	down := func(int) behavior { return faulty }
	// left returns a world in which a pending run left pair 600, and answered pairs 601 and 602.
	left := func(t *testing.T) *stand {
		s := populated(t, 300)
		s.run()
		for n := 600; n < 603; n++ {
			s.source.say(n, 7)
			s.add(n, "agreement 00001", "group 1")
		}
		s.source.behave = partly
		run := s.complete(s.request(refresher.TriggerImport, "").ID)
		equal(t, "run", numbers(run), "partial refresh_pairs_failed: 3 of 3 checked = 2 valid + 0 invalid + 1 failed, 2 changed")
		equal(t, "not stale", s.fresh.Seen, s.changes)
		equal(t, "at once", s.due(t), "")
		time.Sleep(refresher.RetryAfter - time.Second)
		equal(t, "within the hour", s.due(t), "")
		return s
	}
	again := func(t *testing.T, s *stand) refresher.Run {
		t.Helper()
		time.Sleep(time.Second)
		id := s.due(t)
		if id == "" {
			t.Fatal("not asked again")
		}
		return s.complete(id)
	}

	t.Run("answered", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := left(t)
			s.source.behave = func(int) behavior { return good }
			run := again(t, s)
			equal(t, "only that pair", numbers(run), "succeeded: 1 of 1 checked = 1 valid + 0 invalid + 0 failed, 1 changed")
			equal(t, "kind", run.Kind, refresher.KindPending)
			s.checkAnswersAreCurrent()
			time.Sleep(2 * refresher.RetryAfter)
			equal(t, "not repeated", s.due(t), "")
			equal(t, "the next one begins after it", s.fresh.Settled, run.Reached)
		})
	})
	t.Run("with the next import", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := left(t)
			s.source.behave = func(int) behavior { return good }
			s.source.say(700, 7)
			s.add(700, "agreement 00002", "group 0")
			equal(t, "run", numbers(s.complete(s.request(refresher.TriggerImport, "").ID)), "succeeded: 2 of 2 checked = 2 valid + 0 invalid + 0 failed, 2 changed")
			time.Sleep(2 * refresher.RetryAfter)
			equal(t, "not repeated", s.due(t), "")
		})
	})
	t.Run("the source stays unavailable", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := left(t)
			runs := len(s.runs)
			s.source.behave = down
			equal(t, "state", again(t, s).State, refresher.StateFailed)
			for range 3 * 12 { // as the schedule calls, every five minutes
				if id := s.due(t); id != "" {
					s.complete(id)
				}
				time.Sleep(5 * time.Minute)
			}
			equal(t, "at most once an hour", len(s.runs)-runs, 3)
			equal(t, "the night", s.run().State, refresher.StateFailed)
			time.Sleep(refresher.RetryAfter)
			s.source.behave = func(int) behavior { return good }
			run := s.complete(s.due(t))
			// The night could not ask about the two other pairs either.
			equal(t, "then", numbers(run), "succeeded: 3 of 3 checked = 3 valid + 0 invalid + 0 failed, 1 changed")
			equal(t, "kind", run.Kind, refresher.KindPending)
		})
	})
	t.Run("a full run has ended", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := left(t)
			equal(t, "the night", s.run().State, refresher.StatePartial)
			time.Sleep(2 * refresher.RetryAfter)
			equal(t, "a partial full run is not repeated", s.due(t), "")
		})
	})
	t.Run("a group's run", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := left(t)
			s.source.behave = func(int) behavior { return good }
			s.complete(s.request(refresher.TriggerNow, "group 1").ID)
			equal(t, "has asked already", again(t, s).Checked, 0)
			time.Sleep(2 * refresher.RetryAfter)
			equal(t, "not repeated", s.due(t), "")
		})
	})
}

// R7.2: a repetition gets no answer for a pair whose own reason is why it has none.
func TestR7_2_PairsThatNoRepetitionHelps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 300)
		s.run()
		for n := 600; n < 603; n++ {
			s.source.say(n, 7)
			s.add(n, "agreement 00001", "group 1")
		}
		s.source.behave = func(int) behavior { return swollen } // the first pair of a question
		run := s.complete(s.request(refresher.TriggerImport, "").ID)
		equal(t, "run", numbers(run), "partial refresh_pairs_failed: 3 of 3 checked = 2 valid + 0 invalid + 1 failed, 2 changed")
		equal(t, "of the pair itself", run.OfPair, 1)
		equal(t, "the next one begins after it", s.fresh.Settled, run.Reached)
		time.Sleep(2 * refresher.RetryAfter)
		equal(t, "not repeated", s.due(t), "")
	})
}

// R7.1: an order of a full run is not lost while a pending one is open, and the reverse.
func TestR7_1_FullAndPendingOrders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 10)
		order := func(id string, kind refresher.Kind, trigger refresher.Trigger) refresher.Run {
			t.Helper()
			run, err := s.process(&process{}).Request(t.Context(), refresher.Order{ID: id, Kind: kind, Trigger: trigger, By: "ann"})
			if err != nil {
				t.Fatal(err)
			}
			return run
		}
		open := order("pending 1", refresher.KindPending, refresher.TriggerImport)
		equal(t, "a statement came", order("full 1", refresher.KindFull, refresher.TriggerImport).ID, open.ID)
		equal(t, "a full run follows", s.runs[open.ID].Next.ID, "full 1")
		equal(t, "another import", order("pending 2", refresher.KindPending, refresher.TriggerImport).ID, open.ID)
		equal(t, "the full run covers it", s.runs[open.ID].Next.ID, "full 1")
		s.complete(open.ID)
		equal(t, "runs", len(s.runs), 2)
		equal(t, "the full one", s.runs["full 1"].State, refresher.StateSucceeded)

		// A person presses Refresh now right after an import.
		open = order("pending 3", refresher.KindPending, refresher.TriggerImport)
		run, _, err := s.process(&process{}).RequestNow(refresher.Order{ID: "now 1", Kind: refresher.KindFull, Trigger: refresher.TriggerNow, By: "ann"}).Apply(t.Context(), once.Change{})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "the person gets", run.ID, open.ID)
		equal(t, "a full run follows", s.runs[open.ID].Next.ID, "now 1")
		s.complete(open.ID)
		equal(t, "it ends", s.runs["now 1"].Checked, 10)

		// During a running full run, a pending order is queued.
		full := order("full 2", refresher.KindFull, refresher.TriggerNow)
		var done atomic.Bool
		p := &process{during: func(call string) {
			if call == "Answer" && done.CompareAndSwap(false, true) {
				s.source.say(900, 7)
				s.add(900, "agreement 00000", "group 0")
				order("pending 4", refresher.KindPending, refresher.TriggerImport)
			}
		}}
		next, err := s.handle(p, full.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "next", next, "pending 4")
		equal(t, "it asks about", s.complete(next).Checked, 1)
		s.checkAnswersAreCurrent()
	})
}

// A running refresh never shows more pairs checked than there are. The fake store compares both in
// every record that is written.
func TestR7_1_ProgressNeverExceedsTheTotal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 1200)
		// Some batches fail and are asked again. Batches that are asked about together are answered in any
		// order: there must be one fault among them at most, or three follow each other by chance and the
		// run stops asking.
		s.source.behave = func(ask int) behavior {
			if ask%5 == 1 {
				return faulty
			}
			return good
		}
		var shown []string
		var added atomic.Bool
		p := &process{}
		p.during = func(call string) {
			switch {
			case call == "Answer" && added.CompareAndSwap(false, true):
				for n := 2000; n < 3200; n++ {
					s.source.say(n, 7)
					s.add(n, fmt.Sprintf("agreement %05d", n), "group 0")
				}
			case call == "Save":
				s.mu.Lock()
				for _, r := range s.runs {
					shown = append(shown, fmt.Sprintf("%d of %d", r.Checked, r.Total))
				}
				s.mu.Unlock()
			}
		}
		id := s.request(refresher.TriggerNow, "").ID
		ctx, cancel := context.WithTimeout(t.Context(), s.allow)
		defer cancel()
		if _, err := s.process(p).Handle(ctx, id); err != nil {
			t.Fatal(err)
		}
		s.settled()
		run := s.runs[id]
		equal(t, "in the end", fmt.Sprintf("%d of %d", run.Checked, run.Total), "2400 of 2400")
		found := false
		for _, progress := range shown { // the new total is shown before all are checked
			var checked, total int
			if _, err := fmt.Sscanf(progress, "%d of %d", &checked, &total); err != nil {
				t.Fatal(err)
			}
			found = found || total == 2400 && checked < 2400
		}
		if !found {
			t.Errorf("the new total is never shown: %v", shown)
		}
	})
}
