package conformance

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"trueup/internal/audit"
	"trueup/internal/once"
	"trueup/internal/refresher"
)

// concurrently calls do n times concurrently, each with its own store.
func (b *bench) concurrently(n int, do func(i int, s refresher.Store)) {
	var all sync.WaitGroup
	for i := range n {
		s := b.world.Store()
		all.Go(func() { do(i, s) })
	}
	all.Wait()
}

func oneOpen(b *bench) {
	open, err := b.Open(b.Context())
	b.must(err)
	b.equal("nothing is open", open.ID, "")
	wanted := make([]refresher.Run, 6)
	for i := range wanted {
		wanted[i] = b.queued()
	}
	got := make([]string, len(wanted))
	b.concurrently(len(wanted), func(i int, s refresher.Store) {
		run, _, err := s.Request(b.Context(), wanted[i], once.Change{Event: event(wanted[i].ID)[0]})
		if err != nil {
			b.Error(err)
		}
		got[i] = run.ID
	})
	if len(slices.Compact(slices.Sorted(slices.Values(got)))) != 1 {
		b.Errorf("they got %v", got)
	}
	open, err = b.Open(b.Context())
	b.must(err)
	b.equal("open", open.ID, got[0])
	run, err := b.Claim(b.Context(), open, claimed(open))
	b.must(err)
	again, _, err := b.Request(b.Context(), b.queued(), once.Change{})
	b.must(err)
	b.equal("of a running one", again.ID, run.ID)
	b.end(run)
	open, err = b.Open(b.Context())
	b.must(err)
	b.equal("ended", open.ID, "")
	same := wanted[slices.Index(got, run.ID)]
	same.ID = run.ID
	again, _, err = b.Request(b.Context(), same, once.Change{})
	b.must(err)
	b.equal("of the same id", again.State, refresher.StateSucceeded)

	// The reply to a request shows the run that it leads to.
	next := b.queued()
	shown, err := b.Requested(b.Context(), next)
	b.must(err)
	b.equal("of none", shown.ID, next.ID)
	other, _, err := b.Request(b.Context(), b.queued(), once.Change{})
	b.must(err)
	_, _, err = b.Request(b.Context(), next, once.Change{Of: shown})
	b.is("after another was opened", err, once.ErrOutdated)
	shown, err = b.Requested(b.Context(), next)
	b.must(err)
	b.equal("of an open one", shown.ID, other.ID)
	again, _, err = b.Request(b.Context(), next, once.Change{Of: shown})
	b.must(err)
	b.equal("as shown", again.ID, other.ID)
}

func follow(b *bench) {
	open, _, err := b.Request(b.Context(), b.queued(), once.Change{})
	b.must(err)
	// The next run of the open one, as a request for a run that it does not serve returns it.
	follow := func(what string, wanted refresher.Run) refresher.Run {
		b.Helper()
		shown, err := b.Requested(b.Context(), wanted)
		b.must(err)
		got, _, err := b.Request(b.Context(), wanted, once.Change{})
		b.must(err)
		stored, err := b.Run(b.Context(), open.ID)
		b.must(err)
		b.equal(what+": the open run", got.ID, open.ID)
		if shown.Next == nil || got.Next == nil || stored.Next == nil {
			b.Fatalf("%s: no run follows: shown %+v, returned %+v, stored %+v", what, shown.Next, got.Next, stored.Next)
		}
		b.equal(what+": shown", *shown.Next, *got.Next)
		b.equal(what+": stored", *stored.Next, *got.Next)
		return *got.Next
	}
	replaced, next := b.queued(), b.queued()
	replaced.Trigger, next.Trigger = refresher.TriggerSchedule, refresher.TriggerSchedule
	pending := b.queued()
	pending.Kind, pending.Trigger = refresher.KindPending, refresher.TriggerImport
	run, err := b.Claim(b.Context(), open, claimed(open))
	b.must(err)
	b.equal("after an import", follow("import", pending).ID, pending.ID)
	groups := []refresher.Run{b.queued(), b.queued(), b.queued(), b.queued()}
	b.concurrently(len(groups), func(i int, s refresher.Store) {
		groups[i].Trigger, groups[i].GroupID = refresher.TriggerNow, fmt.Sprintf("group %d", i)
		_, _, err := s.Request(b.Context(), groups[i], once.Change{})
		b.must(err)
	})
	stored, err := b.Run(b.Context(), open.ID)
	b.must(err)
	b.equal("of several groups at once", stored.Next.GroupID, "")
	b.equal("of a night", follow("night", next).ID, next.ID)
	b.equal("of another night", follow("another night", replaced).ID, next.ID)

	// The reply, the event and the next run are stored together, or not at all.
	b.must(b.Save(b.Context(), run)) // progress does not matter
	person := b.queued()
	person.Trigger, person.GroupID = refresher.TriggerNow, "group"
	entry := once.Entry{Key: "key of " + person.ID, BodyHash: "same", Response: []byte("first"), Expires: begun.Add(time.Hour)}
	_, first, err := b.Request(b.Context(), person, once.Change{Entry: entry})
	b.must(err)
	b.equal("its first reply", first, []byte(nil))
	entry.Response = []byte("second")
	person.ID += "again"
	_, first, err = b.Request(b.Context(), person, once.Change{Entry: entry})
	b.must(err)
	b.equal("its second reply", string(first), "first")

	run.Next = nil
	b.must(b.Save(b.Context(), run))
	b.must(b.Renew(b.Context(), run, begun.Add(time.Hour)))
	b.equal("queued", b.end(run), next.ID)
	stored, err = b.Run(b.Context(), run.ID)
	b.must(err)
	b.equal("noted with the one that ended", stored.Next, (*refresher.Run)(nil))
	open, err = b.Open(b.Context())
	b.must(err)
	b.equal("open", open.ID, next.ID)
	b.equal("its state", open.State, refresher.StateQueued)
}

func claims(b *bench) {
	open, _, err := b.Request(b.Context(), b.queued(), once.Change{})
	b.must(err)
	won := make([]refresher.Run, 6)
	b.concurrently(len(won), func(i int, s refresher.Store) {
		run, err := s.Claim(b.Context(), open, claimed(open))
		if err != nil && !errors.Is(err, refresher.ErrBusy) {
			b.Error(err)
		}
		won[i] = run
	})
	won = slices.DeleteFunc(won, func(r refresher.Run) bool { return r.ID == "" })
	if len(won) != 1 {
		b.Fatalf("%d attempts own it", len(won))
	}
	first := won[0]
	stored, err := b.Run(b.Context(), first.ID)
	b.must(err)
	b.equal("as it was claimed", stored, first)
	if first.Token == 0 {
		b.Error("no token")
	}
	b.must(b.Renew(b.Context(), first, begun.Add(time.Hour)))
	first.Lease, first.Version = begun.Add(time.Hour), first.Version+1
	stored, err = b.Run(b.Context(), first.ID)
	b.must(err)
	b.equal("renewed", stored, first)
	second, err := b.Claim(b.Context(), stored, claimed(stored))
	b.must(err)
	b.end(second)
	_, err = b.Claim(b.Context(), second, claimed(second))
	b.is("ended", err, refresher.ErrBusy)
	third := b.start()
	if second.Token <= first.Token || third.Token <= second.Token {
		b.Errorf("tokens %d, %d, %d", first.Token, second.Token, third.Token)
	}
	// R16.2: the clock decides when it is ahead of the stored tokens, also after tokens of an
	// older version, which counted from 1.
	ahead := claimed(third)
	ahead.Token = third.Token + 1_795_000_000_000
	fourth, err := b.Claim(b.Context(), third, ahead)
	b.must(err)
	b.equal("token of the clock", fourth.Token, ahead.Token)
	behind := claimed(fourth)
	behind.Token = 1
	fifth, err := b.Claim(b.Context(), fourth, behind)
	b.must(err)
	b.equal("token when the clock is behind", fifth.Token, ahead.Token+1)
}

func lost(b *bench) {
	b.add("a1", 1, 2)
	asideRun := b.start()
	b.answer(asideRun, valid(asideRun, b.known(1), 9), valid(asideRun, b.known(2), 9))
	b.answer(asideRun, valid(asideRun, b.known(2), 1))
	one, two := b.known(1), b.known(2)
	successor, err := b.Claim(b.Context(), asideRun, claimed(asideRun))
	b.must(err)
	late := map[string]func(refresher.Run) error{
		"Renew": func(r refresher.Run) error { return b.Renew(b.Context(), r, begun.Add(time.Hour)) },
		"Save":  func(r refresher.Run) error { return b.Save(b.Context(), r) },
		"Finish": func(r refresher.Run) error {
			_, err := b.Finish(b.Context(), ended(r), event("late"))
			return err
		},
		"Answer": func(r refresher.Run) error {
			_, err := b.Answer(b.Context(), r, []refresher.Checked{valid(r, one, 77)})
			return err
		},
		"Answer to a pair that is gone": func(r refresher.Run) error {
			nobody := one
			nobody.Tag = "another"
			_, err := b.Answer(b.Context(), r, []refresher.Checked{valid(r, nobody, 77)})
			return err
		},
		"Apply":     func(r refresher.Run) error { return b.Apply(b.Context(), r, []refresher.Known{two}) },
		"Summarize": func(r refresher.Run) error { return b.Summarize(b.Context(), r, []string{"a1"}) },
		"Discard":   func(r refresher.Run) error { return b.Discard(b.Context(), r, "run 009") },
	}
	state := func() (all []any) {
		run, err := b.Run(b.Context(), asideRun.ID)
		b.must(err)
		validation, err := b.world.Validation(b.Context(), "a1")
		b.must(err)
		return append(all, run, validation, b.known(1), b.known(2), b.shown(1), b.shown(2))
	}
	before := state()
	for name, call := range late {
		b.is(name+" of a late attempt", call(asideRun), refresher.ErrLost)
	}
	b.equal("changed by a late attempt", state(), before)
	b.end(successor)
	before = state()
	for name, call := range late {
		b.is(name+" after the end", call(successor), refresher.ErrLost)
	}
	b.equal("changed after the end", state(), before)
}

func held(b *bench) {
	b.add("a1", 1)
	run := b.start()
	b.answer(run, valid(run, b.known(1), 9))
	b.end(run)
	hold := func() refresher.Run {
		run := b.start()
		run.Hold, run.State, run.Reason, run.EndedAt, run.Lease = refresher.HoldOn, refresher.StatePartial, refresher.ReasonHeld, begun, time.Time{}
		_, err := b.Finish(b.Context(), run, event(run.ID))
		b.must(err)
		run, err = b.Run(b.Context(), run.ID)
		b.must(err)
		return run
	}
	first, second := hold(), hold()
	heldIDs := func() (ids []string) {
		all, err := b.Held(b.Context())
		b.must(err)
		for _, r := range all {
			ids = append(ids, r.ID)
		}
		return ids
	}
	b.equal("held", heldIDs(), []string{first.ID, second.ID})
	confirm := func(s refresher.Store, read refresher.Run) (refresher.Run, error) {
		c := read
		c.State, c.Hold, c.EndedAt, c.Fruitless = refresher.StateQueued, refresher.HoldConfirmed, time.Time{}, 0
		return s.Confirm(b.Context(), read, c, audit.Event{ID: "confirmed", At: begun, Source: audit.SourceAPI})
	}
	working := b.start()
	_, err := confirm(b, first)
	b.is("while another is open", err, refresher.ErrBusy)
	b.must(b.Discard(b.Context(), working, first.ID))
	b.must(b.Discard(b.Context(), working, first.ID)) // repeated
	b.equal("after one was discarded", heldIDs(), []string{second.ID})
	discarded, err := b.Run(b.Context(), first.ID)
	b.must(err)
	b.equal("its hold", discarded.Hold, refresher.HoldDiscarded)
	b.end(working)
	old := second
	old.Version--
	if _, err := confirm(b, old); err == nil || errors.Is(err, refresher.ErrBusy) {
		b.Errorf("as it was before: %v", err)
	}
	confirmed, err := confirm(b, second)
	b.must(err)
	open, err := b.Open(b.Context())
	b.must(err)
	b.equal("open", open, confirmed)
	b.equal("held now", heldIDs(), []string(nil))
	again, err := b.Claim(b.Context(), open, claimed(open))
	b.must(err)
	b.equal("after it ended", b.end(again), "")
	b.equal("held in the end", heldIDs(), []string(nil))
}

func changes(b *bench) {
	number := func() int64 {
		n, _, err := b.Changes(b.Context())
		b.must(err)
		return n
	}
	at := number()
	for _, edit := range []struct {
		what string
		do   func()
	}{
		{"an agreement", func() { b.add("a1", 1) }},
		{"one pair more", func() { b.add("a1", 2) }},
		{"one pair less", func() { b.remove("a1", 2) }},
		{"another agreement", func() { b.add("a3", 3) }},
		{"one agreement less", func() { b.remove("a3", 3) }},
	} {
		edit.do()
		if now := number(); now <= at {
			b.Errorf("%s is no change", edit.what)
		} else {
			at = now
		}
	}
	seen := number()
	run, _, err := b.Request(b.Context(), b.queued(), once.Change{})
	b.must(err)
	start := claimed(run)
	start.Seen = seen
	_, start.Reached, err = b.Changes(b.Context())
	b.must(err)
	run, err = b.Claim(b.Context(), run, start)
	b.must(err)
	k := b.known(1)
	b.answer(run, valid(run, k, 5))
	b.answer(run, valid(run, b.known(1), 2))
	b.must(b.Summarize(b.Context(), run, []string{"a1"}))
	b.must(b.Apply(b.Context(), run, []refresher.Known{b.known(1)}))
	b.must(b.Save(b.Context(), run))
	fresh, err := b.Freshness(b.Context())
	b.must(err)
	b.equal("stale", fresh.Stale(), true)
	b.end(run)
	b.equal("changes of the refresh itself", number(), seen)
	fresh, err = b.Freshness(b.Context())
	b.must(err)
	b.equal("stale after it", fresh.Stale(), false)
	b.latest("after a full run", run.ID, run.ID)
	b.equal("of when", fresh.At, run.StartedAt)
	b.equal("seen", fresh.Seen, seen)
	b.equal("points", []string{fresh.Settled, fresh.Full}, []string{start.Reached, start.Reached})

	earlier := b.start() // an earlier start, which saw fewer changes
	earlier.StartedAt, earlier.Seen = begun.Add(-time.Hour), 0
	b.must(b.Save(b.Context(), earlier))
	b.end(earlier)
	again, err := b.Freshness(b.Context())
	b.must(err)
	b.equal("never older", again, fresh)

	// A pending run reads changes, but not all licence data.
	b.add("a1", 7)
	queued := b.queued()
	queued.Kind = refresher.KindPending
	pending, _, err := b.Request(b.Context(), queued, once.Change{})
	b.must(err)
	start = claimed(pending)
	start.StartedAt, start.Since = begun.Add(time.Hour), fresh.Settled
	start.Seen, start.Reached, err = b.Changes(b.Context())
	b.must(err)
	pending, err = b.Claim(b.Context(), pending, start)
	b.must(err)
	stored, err := b.Run(b.Context(), pending.ID)
	b.must(err)
	b.equal("stored", stored, pending)
	b.end(pending)
	now, err := b.Freshness(b.Context())
	b.must(err)
	b.equal("stale after a pending run", now.Stale(), false)
	b.latest("after a pending run", pending.ID, pending.ID)
	b.equal("of when then", now.At, fresh.At)
	b.equal("points then", []string{now.Settled, now.Full}, []string{start.Reached, fresh.Full})

	// A pending run that leaves pairs has read the changes, but the next one begins before it.
	b.add("a1", 8)
	queued = b.queued()
	queued.Kind = refresher.KindPending
	leaving, _, err := b.Request(b.Context(), queued, once.Change{})
	b.must(err)
	start = claimed(leaving)
	start.Since = now.Settled
	start.Seen, start.Reached, err = b.Changes(b.Context())
	b.must(err)
	leaving, err = b.Claim(b.Context(), leaving, start)
	b.must(err)
	leaving.Total, leaving.Counts = 3, refresher.Counts{Checked: 3, Valid: 1, Failed: 2, OfPair: 1}
	partial := ended(leaving)
	partial.State, partial.Reason = refresher.StatePartial, refresher.ReasonPairsFailed
	_, err = b.Finish(b.Context(), partial, event("leaving"))
	b.must(err)
	stored, err = b.Run(b.Context(), leaving.ID)
	b.must(err)
	b.equal("counts", stored.Counts, leaving.Counts)
	b.equal("leaves pairs", stored.LeavesPairs(), true)
	b.latest("after a run that leaves pairs", leaving.ID, leaving.ID)
	left, err := b.Freshness(b.Context())
	b.must(err)
	b.equal("stale then", left.Stale(), false)
	b.equal("the point stays", left.Settled, now.Settled)

	b.remove("a1", 1)
	after, err := b.Freshness(b.Context())
	b.must(err)
	b.equal("stale after a removal", after.Stale(), true)
}

// latest checks the runs of Latest. They are as Run returns them.
func (b *bench) latest(when, last, settled string) {
	b.Helper()
	gotLast, gotSettled, err := b.Latest(b.Context())
	b.must(err)
	b.equal(when+", the last and the settled run", []string{gotLast.ID, gotSettled.ID}, []string{last, settled})
	for _, got := range []refresher.Run{gotLast, gotSettled} {
		if got.ID != "" {
			stored, err := b.Run(b.Context(), got.ID)
			b.must(err)
			b.equal(when, got, stored)
		}
	}
}
