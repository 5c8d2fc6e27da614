package register

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/journal"
)

// benchSize is the number of agreements that the system must hold (SPEC 15), with three
// pairs each on average.
const benchSize = 100_000

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

var calendar = day.Window(90).At(noon, time.UTC)

// memory is a Source of agreements in a map, as stored.
type memory map[string]agreement.Agreement

func (m memory) AgreementsByID(_ context.Context, ids []string) (map[string]agreement.Agreement, error) {
	found := make(map[string]agreement.Agreement, len(ids))
	for _, id := range ids {
		if a, ok := m[id]; ok {
			found[id] = a
		}
	}
	return found, nil
}

// Owned implements Source for agreements without pairs.
func (m memory) Owned(_ context.Context, pairs []PairRef) (map[PairRef]bool, error) {
	return make(map[PairRef]bool, len(pairs)), nil
}

// Walk implements Source for agreements without pairs.
func (m memory) Walk() Walk { return m }

// Next implements Walk.
func (m memory) Next(context.Context) (agreements []agreement.Agreement, pairs []PairRef, last bool, err error) {
	return slices.Collect(maps.Values(m)), nil, true, nil
}

// realistic returns the i-th of many agreements, and its pairs. Two of three agreements are
// of type volume; the others have no pairs.
func realistic(rng *rand.Rand, i int) (agreement.Agreement, []agreement.PairKey) {
	words := []string{"Office", "Windows Server", "Sales", "Branch", "Renewal", "Desktop", "Antwerp", "Liège", "Project", "Visio", "Lease", "HQ"}
	a := agreement.Agreement{
		ID: fmt.Sprintf("20260601T%010d-%05x", i, rng.IntN(1<<20)), Type: agreement.TypeVolume, GroupID: fmt.Sprintf("20260101T%010d-abcde", rng.IntN(500)),
		Name:       fmt.Sprintf("%s %s %d", words[rng.IntN(len(words))], words[rng.IntN(len(words))], i),
		Validation: agreement.ValidationPending, CreatedAt: noon.Add(time.Duration(i) * time.Second), CreatedBy: fmt.Sprintf("import %d", i/5000), Version: 1,
	}
	if i%3 == 2 {
		date := func(year int) day.Date {
			return day.Of(time.Date(year, time.January, 1+rng.IntN(1000), 0, 0, 0, 0, time.UTC))
		}
		a.Type, a.Validation = agreement.TypeOther, ""
		a.Terms = agreement.Terms{
			Publisher: fmt.Sprintf("Publisher %d", rng.IntN(2000)), ProductTitle: fmt.Sprintf("Suite %s %d", words[rng.IntN(len(words))], rng.IntN(20000)),
			Licenses: 1 + rng.IntN(500), Start: date(2023), End: date(2026),
		}
		return a, nil
	}
	pairs := make([]agreement.PairKey, 1+rng.IntN(8))
	for j := range pairs {
		pairs[j] = agreement.Pair{Authorization: fmt.Sprintf("%08d", rng.IntN(1e8)), License: fmt.Sprintf("%08d", rng.IntN(1e8))}.Key()
	}
	a.PairCount = len(pairs)
	return a, pairs
}

// filled returns a register of n agreements in entries of 5,000, and its head.
func filled(tb testing.TB, n int) (*Register, memory, journal.Head) {
	tb.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	store := memory{}
	r, head := &Register{source: store}, journal.Head{}
	for i := 0; i < n; {
		var changes []Change
		for range min(5000, n-i) {
			a, pairs := realistic(rng, i)
			store[a.ID] = a
			changes = append(changes, Change{ID: a.ID, Version: 1, Added: pairs})
			i++
		}
		head.Position[1].Seq++
		enter(tb, r, head, Body(changes, ""))
	}
	return r, store, head
}

// enter applies entries of stripe 1 up to head.
func enter(tb testing.TB, r *Register, head journal.Head, bodies ...string) {
	tb.Helper()
	var entries []journal.Entry
	for i, body := range bodies {
		entries = append(entries, journal.Entry{Stripe: 1, Seq: head.Position[1].Seq - int64(len(bodies)-1-i), Body: body})
	}
	apply, err := r.Prepare(context.Background(), head, entries)
	if err != nil {
		tb.Fatal(err)
	}
	apply()
}

func BenchmarkList(b *testing.B) {
	r, _, head := filled(b, benchSize)
	if err := r.Restore(r.Save()); err != nil {
		b.Fatal(err)
	}
	some := r.table.rows[500].Agreement
	for name, q := range map[string]agreement.Query{
		"all":               {},
		"group":             {GroupID: some.GroupID},
		"type":              {Type: agreement.TypeOther},
		"publisher":         {Publisher: "publisher 77"},
		"status":            {Status: agreement.StatusExpiring},
		"validation":        {Validation: agreement.ValidationPending},
		"ends before":       {EndsBefore: "2026-06-01"},
		"text":              {Text: "desktop project 5"},
		"text everywhere":   {Text: "soft"},
		"text letter":       {Text: "e"},
		"text digit":        {Text: "7"},
		"text rare letter":  {Text: "z"},
		"text number":       {Text: "123-45"},
		"text nowhere":      {Text: "no such agreement"},
		"text nowhere, one": {Text: "publisher 99999999"},
	} {
		q.Calendar, q.Limit = calendar, 50
		run := func(b *testing.B, q agreement.Query, fresh bool) {
			for b.Loop() {
				if fresh {
					r.recent.forget()
				}
				if _, err := r.page(q, nil, &head.Position); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.Run(name+"/counted", func(b *testing.B) { run(b, q, true) })
		for _, by := range sorts {
			q.Sort = by
			b.Run(fmt.Sprintf("%s/by %s", name, by), func(b *testing.B) { run(b, q, false) })
		}
	}
}

func BenchmarkRestore(b *testing.B) {
	r, _, _ := filled(b, benchSize)
	saved := r.Save()
	b.SetBytes(int64(len(saved)))
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Restore(saved); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSave(b *testing.B) {
	r, _, _ := filled(b, benchSize)
	for b.Loop() {
		r.Save()
	}
}

// BenchmarkApply applies one entry: a new agreement, a change of its name or group, or an
// import of 5,000 agreements.
func BenchmarkApply(b *testing.B) {
	r, store, head := filled(b, benchSize)
	saved := r.Save()
	rng := rand.New(rand.NewPCG(3, 4))
	next := benchSize
	one := func(b *testing.B, change func() []Change) {
		if err := r.Restore(saved); err != nil {
			b.Fatal(err)
		}
		b.ResetTimer()
		for b.Loop() {
			b.StopTimer()
			body := Body(change(), "")
			head.Position[1].Seq++
			b.StartTimer()
			enter(b, r, head, body)
		}
	}
	added := func(n int) (changes []Change) {
		for range n {
			a, pairs := realistic(rng, next)
			store[a.ID] = a
			changes = append(changes, Change{ID: a.ID, Version: 1, Added: pairs})
			next++
		}
		return changes
	}
	changed := func(change func(*agreement.Agreement)) []Change {
		a := store[r.table.rows[rng.IntN(benchSize)].ID]
		if a.ID == "" {
			return nil
		}
		change(&a)
		a.Version++
		store[a.ID] = a
		return []Change{{ID: a.ID, Version: a.Version}}
	}
	b.Run("new", func(b *testing.B) { one(b, func() []Change { return added(1) }) })
	b.Run("named", func(b *testing.B) {
		one(b, func() []Change { return changed(func(a *agreement.Agreement) { a.Name = fmt.Sprint(rng.Uint64()) }) })
	})
	b.Run("moved", func(b *testing.B) {
		one(b, func() []Change { return changed(func(a *agreement.Agreement) { a.GroupID = "other" }) })
	})
	b.Run("import", func(b *testing.B) { one(b, func() []Change { return added(5000) }) })
}
