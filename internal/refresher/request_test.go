package refresher_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/once"
	"trueup/internal/refresher"
)

func TestR7_1_Requests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 10)
		first := s.request(refresher.TriggerNow, "group 0")
		equal(t, "a second one", s.request(refresher.TriggerNow, "group 0").ID, first.ID)
		equal(t, "nothing follows", s.runs[first.ID].Next == nil, true)
		// The import's pairs may be in another group, so a run must follow.
		for range 3 {
			equal(t, "after an import", s.request(refresher.TriggerImport, "").ID, first.ID)
		}
		next, err := s.handle(&process{}, first.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "one follows", s.runs[next].State, refresher.StateQueued)
		equal(t, "trigger", s.runs[next].Trigger, refresher.TriggerImport)
		// The queued run has not started, so it covers all pairs.
		equal(t, "after another import", s.request(refresher.TriggerImport, "").ID, next)
		equal(t, "nothing follows it", s.complete(next).Next == nil, true)
		equal(t, "runs", len(s.runs), 2)
		equal(t, "handled again", s.complete(first.ID).State, refresher.StateSucceeded)
	})
}

func TestR3_10_ImportWhileARunGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 500)
		s.source.say(900, 7)
		id := s.request(refresher.TriggerNow, "").ID
		var done atomic.Bool // several batches are in flight
		p := &process{during: func(call string) {
			if call == "Answer" && done.CompareAndSwap(false, true) {
				s.add(900, "a before all others", "group 0")
				s.remove(3)
				s.request(refresher.TriggerImport, "")
			}
		}}
		next, err := s.handle(p, id)
		if err != nil {
			t.Fatal(err)
		}
		if s.pairs[pair(3).Key()] != nil {
			t.Error("a pair that was removed is back")
		}
		equal(t, "what has no answer does not count", s.runs[id].Checked, 499)
		if next == "" || next == id {
			t.Fatalf("%q follows", next)
		}
		equal(t, "the new pair", s.pairs[pair(900).Key()].Mark.Run, "")
		s.complete(next)
		s.checkAnswersAreCurrent()
	})
}

func TestR7_1_NightlyOncePerDay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 10)
		brussels, err := time.LoadLocation("Europe/Brussels")
		if err != nil {
			t.Fatal(err)
		}
		nightly := func(at string) refresher.Run {
			t.Helper()
			due, err := time.ParseInLocation("2006-01-02 15:04", at, brussels)
			if err != nil {
				t.Fatal(err)
			}
			run, err := s.process(&process{}).Nightly(t.Context(), due)
			if err != nil {
				t.Fatal(err)
			}
			return run
		}
		one := nightly("2026-03-28 01:30")
		equal(t, "delivered twice", nightly("2026-03-28 01:30").ID, one.ID)
		s.complete(one.ID)
		equal(t, "delivered late", nightly("2026-03-28 01:30").State, refresher.StateSucceeded)
		// Summer time starts on the 29th: in UTC both nights are on the same day.
		two := nightly("2026-03-29 01:30")
		s.complete(two.ID)
		three := nightly("2026-03-30 01:30")
		s.complete(three.ID)
		equal(t, "nights", len(s.runs), 3)

		// The event is delivered twice while another run is open, with imports before and after.
		open := s.request(refresher.TriggerNow, "group 0")
		s.request(refresher.TriggerImport, "")
		equal(t, "the open one", nightly("2026-03-31 01:30").ID, open.ID)
		equal(t, "the open one, again", nightly("2026-03-31 01:30").ID, open.ID)
		s.request(refresher.TriggerImport, "")
		s.complete(open.ID)
		equal(t, "delivered late", nightly("2026-03-31 01:30").State, refresher.StateSucceeded)
		equal(t, "runs", len(s.runs), 5)
	})
}

func TestRequestReplies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 1)
		s.request(refresher.TriggerImport, "") // pending, so a full run follows it
		var got []string
		ask := func(id, key string) []byte {
			edit := s.process(&process{}).RequestNow(refresher.Order{ID: id, Kind: refresher.KindFull, Trigger: refresher.TriggerNow, By: "ann"})
			shown, err := edit.Preview(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, shown.Next.ID)
			event := audit.Event{ID: "event " + id, Action: "refresh.requested"}
			_, bytes, err := edit.Apply(t.Context(), once.Change{Event: event, Of: shown, Entry: once.Entry{Key: key, Response: []byte("reply to " + id)}})
			if err != nil {
				t.Fatal(err)
			}
			return bytes
		}
		equal(t, "first", string(ask("x", "key")), "")
		equal(t, "repeated", string(ask("y", "key")), "reply to x")
		equal(t, "another", string(ask("z", "")), "")
		equal(t, "shown", got, []string{"x", "x", "x"})
		var events []string
		for _, e := range s.events {
			events = append(events, e.ID+" of "+e.Subject)
		}
		equal(t, "events", events, []string{"event x of refresh/x"})

		// The open run ended after the reply to the repeated call was stored: nothing follows.
		for id := range s.runs {
			s.complete(id)
		}
		equal(t, "runs", len(s.runs), 2)
	})
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 10)
		waits := func() string {
			t.Helper()
			id, err := s.process(&process{}).Waiting(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		equal(t, "nothing", waits(), "")
		id := s.request(refresher.TriggerNow, "").ID
		equal(t, "queued", waits(), id)
		if _, err := s.handle(&process{dieAt: 7}, id); err == nil {
			t.Fatal("it did not die")
		}
		equal(t, "owned by the dead", waits(), "")
		time.Sleep(lease)
		equal(t, "of the dead", waits(), id)
		s.complete(id)
		equal(t, "ended", waits(), "")
	})
}

// R8.5: a run belongs to the day on which it was due or requested, in the organisation's time
// zone.
func TestR8_5_DateOfARun(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 3*60*60)
	synctest.Test(t, func(t *testing.T) { // the fake clock starts at midnight of 2000-01-01 in UTC
		time.Sleep(22 * time.Hour)
		for name, c := range map[string]struct {
			zone *time.Location
			date day.Date // of the order
			want day.Date
		}{
			"UTC":               {time.UTC, "", "2000-01-01"},
			"its zone":          {east, "", "2000-01-02"},
			"that of the order": {east, "1999-12-31", "1999-12-31"},
		} {
			s := newStand(t)
			r := s.process(&process{})
			r.Zone = c.zone
			if _, err := r.Request(t.Context(), refresher.Order{ID: "run", Kind: refresher.KindFull, Trigger: refresher.TriggerNow, Date: c.date}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), s.allow)
			if _, err := r.Handle(ctx, "run"); err != nil {
				t.Fatal(err)
			}
			cancel()
			run := s.runs["run"]
			equal(t, name, run.Date, c.want)
		}
		s := newStand(t)
		run, err := s.process(&process{}).Nightly(t.Context(), time.Date(1999, 12, 31, 23, 30, 0, 0, east))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "of a night", run.Date, day.Date("1999-12-31"))
	})
}

// R7.1: what follows the open run, after each request in turn.
func TestR7_1_Following(t *testing.T) {
	t.Parallel()
	run := func(id string, kind refresher.Kind, trigger refresher.Trigger, group string) refresher.Run {
		return refresher.Run{ID: id, Kind: kind, Trigger: trigger, GroupID: group, By: id, State: refresher.StateQueued, Version: 1}
	}
	full := func(id, group string) refresher.Run { return run(id, refresher.KindFull, refresher.TriggerNow, group) }
	imported := func(id string) refresher.Run {
		return run(id, refresher.KindPending, refresher.TriggerImport, "")
	}
	removed := func(id string) refresher.Run {
		return run(id, refresher.KindPending, refresher.TriggerDeletion, "")
	}
	night := func(id string) refresher.Run {
		return run(id, refresher.KindFull, refresher.TriggerSchedule, "")
	}
	running := func(r refresher.Run) refresher.Run { r.State = refresher.StateRunning; return r }
	confirmed := func(r refresher.Run) refresher.Run { r.Hold = refresher.HoldConfirmed; return r }
	for name, c := range map[string]struct {
		open   refresher.Run
		wanted []refresher.Run
		want   string // id, kind, trigger, group and requester of the next run; empty for none
	}{
		"the same full run":                  {running(full("open", "")), []refresher.Run{full("a", ""), full("b", "group 1")}, ""},
		"the same group":                     {running(full("open", "group 1")), []refresher.Run{full("a", "group 1")}, ""},
		"another group":                      {running(full("open", "group 1")), []refresher.Run{full("a", "group 2")}, "a full now group 2 a"},
		"everything after a group":           {full("open", "group 1"), []refresher.Run{full("a", "")}, "a full now  a"},
		"a group after a pending run":        {imported("open"), []refresher.Run{full("a", "group 1")}, "a full now group 1 a"},
		"two groups":                         {imported("open"), []refresher.Run{full("a", "group 1"), full("b", "group 2")}, "a full now  a"},
		"a group and everything":             {imported("open"), []refresher.Run{full("a", "group 1"), full("b", "")}, "a full now  a"},
		"a group and an import":              {running(imported("open")), []refresher.Run{full("a", "group 1"), imported("b")}, "a full now  a"},
		"an import and a group":              {running(imported("open")), []refresher.Run{imported("a"), full("b", "group 1")}, "b full now  b"},
		"an import before the start":         {imported("open"), []refresher.Run{imported("a")}, ""},
		"an import after the start":          {running(full("open", "")), []refresher.Run{imported("a"), imported("b")}, "a pending import  a"},
		"a removal before the start":         {imported("open"), []refresher.Run{removed("a")}, "a pending deletion  a"},
		"a removal before that of a removal": {removed("open"), []refresher.Run{removed("a"), imported("b")}, ""},
		"an import and a removal":            {running(imported("open")), []refresher.Run{imported("a"), removed("b"), imported("c")}, "b pending deletion  b"},
		"a night":                            {full("open", ""), []refresher.Run{imported("a"), night("b"), full("c", "")}, "b full schedule  b"},
		"a person before a night":            {imported("open"), []refresher.Run{full("a", ""), night("b"), night("b")}, "b full schedule  b"},
		"after a confirmation":               {confirmed(full("open", "")), []refresher.Run{full("a", "group 1")}, "a full now group 1 a"},
		"the open run itself":                {night("open"), []refresher.Run{night("open")}, ""},
	} {
		open := c.open
		for _, w := range c.wanted {
			next, changed := refresher.Following(open, w)
			if again, more := refresher.Following(refresher.Run{ID: open.ID, Kind: open.Kind, Trigger: open.Trigger, GroupID: open.GroupID, State: open.State, Hold: open.Hold, Next: next}, w); more || again != next {
				t.Errorf("%s: the same request again leads to %+v", name, again)
			}
			if changed && open.Next != nil && next.Version <= open.Next.Version {
				t.Errorf("%s: version %d after %d", name, next.Version, open.Next.Version)
			}
			open.Next = next
		}
		got := ""
		if n := open.Next; n != nil {
			got = fmt.Sprintf("%s %s %s %s %s", n.ID, n.Kind, n.Trigger, n.GroupID, n.By)
		}
		equal(t, name, got, c.want)
	}
}
