package conformance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
	"trueup/internal/refresher"
)

func pairs(b *bench) {
	n := 0
	want := map[string][]agreement.PairKey{"none": nil}
	for i := range 12 {
		id, groupID := fmt.Sprintf("a%02d", i), Groups[i%2]
		var added []agreement.Pair
		for range 1 + i%5 {
			n++
			added = append(added, numbered(1000-n))
			want[groupID], want[""] = append(want[groupID], numbered(1000-n).Key()), append(want[""], numbered(1000-n).Key())
		}
		b.must(b.world.Add(b.Context(), id, groupID, added...))
	}
	for groupID, keys := range want {
		count, err := b.Count(b.Context(), refresher.Scope{GroupID: groupID})
		b.must(err)
		b.equal(fmt.Sprintf("count of %q", groupID), count, len(keys))
		var order []agreement.PairKey
		for range 2 {
			var listed []agreement.PairKey
			for _, k := range b.list(groupID, refresher.BatchSize) {
				listed = append(listed, k.Pair.Key())
				if k.State != agreement.ValidationPending || k.Fingerprint != "" || k.Effective != 0 || k.Mark != (refresher.Mark{}) || k.Aside != "" || k.Tag == "" {
					b.Errorf("new: %+v", k)
				}
			}
			if order != nil && !slices.Equal(order, listed) {
				b.Errorf("the order of %q changes: %v, %v", groupID, order, listed)
			}
			order = listed
		}
		slices.Sort(order)
		slices.Sort(keys)
		b.equal(fmt.Sprintf("pairs of %q", groupID), order, keys)
	}

	// Every other pair is listed once while pairs are added and removed.
	times := map[agreement.PairKey]int{}
	for cursor, round := "", 0; ; round++ {
		page, err := b.Pairs(b.Context(), refresher.Scope{}, 3, cursor)
		b.must(err)
		for _, k := range page.Items {
			times[k.Pair.Key()]++
		}
		b.add("a00", 2000+round)
		b.add(fmt.Sprintf("b%d", round), 3000+round)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for _, key := range want[""] {
		if times[key] != 1 {
			b.Errorf("%s is listed %d times", key, times[key])
		}
	}
}

// pairsSince lists the pairs that were added after each of several points.
func pairsSince(b *bench) {
	point := func() string {
		_, at, err := b.Changes(b.Context())
		b.must(err)
		return at
	}
	start := point()
	b.add("a1", 1, 2, 3)
	second := point()
	b.equal("no change, no other point", point(), second)
	b.add("a2", 4, 5)
	b.add("a1", 6)
	b.remove("a1", 2)
	b.remove("a2", 4)
	b.add("a3", 2)
	third := point()
	run := b.start() // answers are no changes
	b.answer(run, valid(run, b.known(5), 3), failed(run, b.known(6)))
	b.must(b.Summarize(b.Context(), run, []string{"a1", "a2"}))
	b.end(run)
	for _, test := range []struct {
		since string
		want  []int
	}{{start, []int{1, 3, 6, 5, 2}}, {second, []int{6, 5, 2}}, {third, nil}} {
		scope := refresher.Scope{Since: test.since}
		for _, limit := range []int{2, refresher.BatchSize} {
			got, want := []agreement.PairKey{}, []agreement.PairKey{}
			for _, k := range b.within(scope, limit) {
				got = append(got, k.Pair.Key())
			}
			for _, n := range test.want {
				want = append(want, numbered(n).Key())
			}
			b.equal(fmt.Sprintf("added since %q", test.since), got, want)
		}
		n, err := b.Count(b.Context(), scope)
		b.must(err)
		b.equal("count", n, len(test.want))
	}
	b.add("a3", 2000)
	b.equal("one more", len(b.within(refresher.Scope{Since: third}, refresher.BatchSize)), 1)
}

func answers(b *bench) {
	b.add("a1", 1, 2, 3)
	run := b.start()
	first := valid(run, b.known(1), 4, 6)
	b.answer(run, first, failed(run, b.known(2)), invalid(run, b.known(3)))
	k := b.known(1)
	b.equal("mark", k.Mark, first.Mark)
	b.equal("known", fmt.Sprintln(k.State, k.Reason, k.Effective, k.Fingerprint, k.Aside), "valid  10 [4 6] \n")
	shown := b.shown(1)
	b.equal("entitlements", shown.Entitlements, lines(4, 6))
	b.equal("time", shown.At, first.At)
	k = b.known(2)
	b.equal("failed", fmt.Sprintln(k.State, k.Reason, k.Effective, k.Mark.Failed), "error source_failed 0 1\n")
	k = b.known(3)
	b.equal("invalid", fmt.Sprintln(k.State, k.Reason, k.Effective, k.Mark.Invalid), "invalid source_refused 0 1\n")

	b.end(run)
	run = b.start()
	again := failed(run, b.known(1))
	b.answer(run, again, valid(run, b.known(2), 1))
	shown = b.shown(1)
	b.equal("without an answer", fmt.Sprintln(shown.State, shown.Reason), "error source_failed\n")
	b.equal("what it had stays", shown.Entitlements, lines(4, 6))
	k = b.known(1)
	b.equal("and what is known of it", fmt.Sprintln(k.Effective, k.Fingerprint), "10 [4 6]\n")
	b.equal("its mark", k.Mark, again.Mark)
	b.equal("state of another", b.known(2).State, agreement.ValidationValid)
}

func aside(b *bench) {
	b.add("a1", 1, 2, 3, 4)
	run := b.start()
	for n := 1; n <= 4; n++ {
		b.answer(run, valid(run, b.known(n), 10))
	}
	b.end(run)
	run = b.start()
	b.answer(run, valid(run, b.known(1), 4), valid(run, b.known(2), 4), valid(run, b.known(3), 4), invalid(run, b.known(4)))
	k, shown := b.known(1), b.shown(1)
	b.equal("aside", fmt.Sprintln(k.State, k.Effective, k.Fingerprint, k.Aside, k.Mark.Aside), fmt.Sprintln("valid 10 [10]", run.ID, 1))
	b.equal("held", shown.Held, true)
	b.equal("what it has", shown.Entitlements, lines(10))
	b.end(run)

	later := b.start()
	b.answer(later, failed(later, b.known(1)), valid(later, b.known(2), 12))
	b.equal("after no answer", b.known(1).Aside, run.ID)
	b.equal("after an answer", fmt.Sprintln(b.known(2).Aside, b.known(2).Effective), fmt.Sprintln("", 12))
	if k := b.known(1); k.State != agreement.ValidationError || k.Mark.Run != later.ID {
		b.Errorf("after no answer: %+v", k)
	}
	b.must(b.Apply(b.Context(), later, b.list("", refresher.BatchSize))) // no answer of this run is aside
	b.equal("not of that run", b.known(3).Aside, run.ID)
	b.end(later)

	// Reopen the first run, as Confirm does.
	old, err := b.Run(b.Context(), run.ID)
	b.must(err)
	confirmed := old
	confirmed.State, confirmed.Hold = refresher.StateQueued, refresher.HoldConfirmed
	confirmed, err = b.Confirm(b.Context(), old, confirmed, event("confirmed")[0])
	b.must(err)
	owner, err := b.Claim(b.Context(), confirmed, claimed(confirmed))
	b.must(err)
	for range 2 { // the second call finds nothing to apply
		b.must(b.Apply(b.Context(), owner, b.list("", refresher.BatchSize)))
		for n, want := range map[int]string{1: "valid  4 [4]", 2: "valid  12 [12]", 3: "valid  4 [4]", 4: "invalid source_refused 0 "} {
			k, shown := b.known(n), b.shown(n)
			b.equal(fmt.Sprint("pair ", n), fmt.Sprintln(k.State, k.Reason, k.Effective, k.Fingerprint, shown.Held), want+" false\n")
			if n != 2 && (k.Mark.Run != run.ID || k.Mark.Aside != 1) {
				b.Errorf("pair %d has the mark %+v", n, k.Mark)
			}
		}
		b.equal("applied", b.shown(1).Entitlements, lines(4))
		b.equal("nothing is left", b.shown(4).Entitlements, []entitlement.Entitlement(nil))
	}
}

func gone(b *bench) {
	b.add("a1", 1, 2, 3, 4, 5, 6)
	run := b.start()
	for n := 1; n <= 6; n++ {
		b.answer(run, valid(run, b.known(n), 10))
	}
	b.answer(run, valid(run, b.known(6), 3)) // put aside
	read := b.list("", refresher.BatchSize)
	b.remove("a1", 1)
	b.remove("a1", 2)
	b.add("a2", 2)
	for _, n := range []int{3, 6} {
		b.remove("a1", n)
		b.add("a1", n)
		k, shown := b.known(n), b.shown(n)
		b.equal("added again", fmt.Sprintln(k.State, k.Reason, k.Effective, k.Fingerprint, k.Aside, k.Mark, len(shown.Entitlements), shown.At.IsZero(), shown.Held),
			fmt.Sprintln("pending", "", 0, "", "", refresher.Mark{}, 0, true, false))
	}
	nobody := refresher.Known{Pair: numbered(99), Tag: "never", AgreementID: "a1"}
	batch := []refresher.Checked{valid(run, nobody, 1)}
	for _, k := range read {
		c := valid(run, k, 30)
		c.Mark.Before, c.Mark.After = 10, 30
		batch = append(batch, c)
	}
	refused, err := b.Answer(b.Context(), run, batch)
	b.must(err)
	slices.Sort(refused)
	var want []agreement.PairKey
	for _, n := range []int{1, 2, 3, 6, 99} {
		want = append(want, numbered(n).Key())
	}
	b.equal("gone", refused, want)
	for n, quantity := range map[int]int64{2: 0, 3: 0, 4: 30, 5: 30, 6: 0} {
		b.equal(fmt.Sprint("pair ", n), b.known(n).Effective, quantity)
	}
	b.must(b.Apply(b.Context(), run, read))
	b.equal("not applied", b.known(6).State, agreement.ValidationPending)
}

// most stores the largest answer allowed, with incompressible texts, once applied and once aside.
func most(b *bench) {
	b.add("a1", 1)
	run := b.start()
	source := rand.New(rand.NewPCG(1, 1))
	list := func(quantity int) []entitlement.Entitlement {
		list := lines(slices.Repeat([]int{quantity}, refresher.MaxLines)...)
		for i := range list {
			var text strings.Builder
			for text.Len() < refresher.MaxTexts/refresher.MaxLines-28 {
				text.WriteByte(byte(' ' + source.IntN(95)))
			}
			list[i].Family, list[i].Effective = text.String(), quantity+source.IntN(1000)
		}
		return list
	}
	for _, quantity := range []int{1_000_000, 1000} {
		c := valid(run, b.known(1))
		c.Entitlements, c.Effective, c.Aside, c.Mark.Aside, c.Mark.After = list(quantity), 0, false, 0, 0
		for _, e := range c.Entitlements {
			c.Effective += int64(e.Effective)
		}
		if quantity == 1000 {
			c.Aside, c.Mark.Aside, c.Mark.After = true, 1, c.Effective
		}
		b.answer(run, c)
		if quantity != 1000 {
			b.equal("entitlements", b.shown(1).Entitlements, c.Entitlements)
			continue
		}
		b.must(b.Apply(b.Context(), run, []refresher.Known{b.known(1)}))
		b.equal("applied", b.shown(1).Entitlements, c.Entitlements)
	}
}
