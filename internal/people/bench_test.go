package people

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"trueup/internal/id"
	"trueup/internal/journal"
	"trueup/internal/subscription"
)

// benchSize is the number of users that the system must hold (SPEC 15), with three licences each on
// average, of 60 subscriptions.
const benchSize = 100_000

// memory is a Source of users in a map.
type memory map[string]subscription.User

func (m memory) UsersByID(_ context.Context, ids []string) (map[string]subscription.User, error) {
	found := make(map[string]subscription.User, len(ids))
	for _, id := range ids {
		if u, ok := m[id]; ok {
			found[id] = u
		}
	}
	return found, nil
}

func (m memory) Walk() Walk { return m }

func (m memory) Next(context.Context) (users []subscription.User, last bool, err error) {
	return slices.Collect(maps.Values(m)), true, nil
}

// realistic returns the i-th of many users.
func realistic(rng *rand.Rand, i int) subscription.User {
	first := pick(rng, "Anna", "Bram", "Chloé", "Daan", "Élodie", "Fatima", "Gert", "Hélène", "Ines", "Jürgen", "Kato", "Louis")
	last := pick(rng, "", "Van ", "De ", "Van den ") + pick(rng, "Peet", "Jans", "Lamb", "Dub", "Müll", "Özd", "Mar", "Willem") + pick(rng, "ers", "ens", "ert", "ois", "er", "emir", "tens") + pick(rng, "", "-Claes", "-Maes", " Jr", "-Wouters", "-Jacobs")
	if rng.IntN(5) > 0 { // most people have a name of their own
		last += pick(rng, " ", "-") + strings.Repeat(string(rune('a'+rng.IntN(26))), 1+rng.IntN(3)) + string(rune('a'+rng.IntN(26)))
	}
	at := noon.Add(time.Duration(i) * time.Minute)
	u := subscription.User{
		ID: id.New(at, fmt.Sprint(i)), ObjectID: fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", rng.Uint32(), rng.IntN(1<<16), rng.IntN(1<<16), rng.IntN(1<<16), rng.Int64N(1<<48)),
		Name: fmt.Sprint(first, " ", last), UPN: fmt.Sprintf("%s.%s%d@example.org", strings.ToLower(first), strings.ToLower(strings.ReplaceAll(last, " ", "")), i/100),
		Location: pick(rng, "BE", "BE", "NL", "FR", "LU"), Department: fmt.Sprint("Department ", rng.IntN(200)), Type: subscription.Member,
		Disabled: rng.IntN(20) == 0, CreatedAt: at, Version: 1, Licenses: map[string]subscription.Grant{},
	}
	if rng.IntN(12) == 0 {
		u.Type = subscription.Guest
	}
	if rng.IntN(10) > 0 {
		u.Seen = noon.Add(-time.Duration(rng.IntN(100*24*3600)) * time.Second)
	}
	for range rng.IntN(7) {
		g := subscription.Grant{At: at, By: fmt.Sprint("admin-", rng.IntN(30)), Call: id.New(at, fmt.Sprint("call", rng.IntN(5))), Via: subscription.Direct}
		if rng.IntN(4) == 0 {
			g.Off = []string{fmt.Sprint("service-", rng.IntN(500))}
		}
		u.Licenses[fmt.Sprint("subscription-", rng.IntN(60))] = g
	}
	return u
}

// filled returns a register of n users in entries of 48, and its head.
func filled(tb testing.TB, n int) (*Register, memory, journal.Head) {
	tb.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	store := memory{}
	r, head := &Register{source: store}, journal.Head{}
	var bodies []string
	for i := 0; i < n; {
		var changes []Change
		for range min(48, n-i) {
			u := realistic(rng, i)
			store[u.ID] = u
			changes = append(changes, Change{u.ID, 1})
			i++
		}
		head.Position[1].Seq++
		bodies = append(bodies, Body(changes))
	}
	enter(tb, r, head, bodies...)
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
	for _, n := range []int{1000, benchSize} {
		r, _, _ := filled(b, n)
		if err := r.Restore(r.Save()); err != nil {
			b.Fatal(err)
		}
		for name, q := range map[string]subscription.Query{
			"all":            {},
			"by UPN":         {Sort: subscription.SortUPN},
			"by sign-in":     {Sort: subscription.SortSeen, Descending: true},
			"holders":        {Subscription: "subscription-7"},
			"without":        {Without: "subscription-7"},
			"unlicensed":     {Licensed: new(false)},
			"in conflict":    {InConflict: []string{"subscription-1", "subscription-2", "subscription-3"}},
			"location":       {Location: "LU"},
			"department":     {Department: "department 77"},
			"inactive":       {InactiveDays: 90},
			"deleted":        {Deleted: true},
			"text":           {Text: "helene de"},
			"text letter":    {Text: "e"},
			"text rare":      {Text: "ozdemir"},
			"text nowhere":   {Text: "no such user"},
			"text in domain": {Text: "example.org"},
		} {
			q.Now, q.Limit = noon, 50
			b.Run(fmt.Sprintf("%s of %d", name, n), func(b *testing.B) {
				for b.Loop() {
					if _, err := decode(q); err != nil {
						b.Fatal(err)
					}
					r.table.page(q, nil)
				}
			})
		}
	}
}

// BenchmarkRestore measures loading a saved copy, and the memory that the register occupies then.
func BenchmarkRestore(b *testing.B) {
	saved := func() []byte {
		r, _, _ := filled(b, benchSize)
		return r.Save()
	}()
	b.SetBytes(int64(len(saved)))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var again Register
	for b.Loop() {
		again = Register{}
		if err := again.Restore(saved); err != nil {
			b.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "MB")
	runtime.KeepAlive(again)
	runtime.KeepAlive(saved)
}

func BenchmarkSave(b *testing.B) {
	r, _, _ := filled(b, benchSize)
	for b.Loop() {
		r.Save()
	}
}

// BenchmarkAll reads all users for an export.
func BenchmarkAll(b *testing.B) {
	r, _, _ := filled(b, benchSize)
	for b.Loop() {
		all, _ := r.table.all(subscription.Query{Now: noon})
		for range all {
		}
	}
}

// BenchmarkApply applies one entry about 48 users: new ones, or their licences or sign-ins.
func BenchmarkApply(b *testing.B) {
	r, store, head := filled(b, benchSize)
	ids := slices.Sorted(maps.Keys(store))
	saved := r.Save()
	rng := rand.New(rand.NewPCG(3, 4))
	next := benchSize
	changed := func(change func(*subscription.User)) func() subscription.User {
		return func() subscription.User {
			u := store[ids[rng.IntN(len(ids))]]
			change(&u)
			u.Version++
			return u
		}
	}
	for name, user := range map[string]func() subscription.User{
		"new":      func() subscription.User { next++; return realistic(rng, next) },
		"licensed": changed(func(u *subscription.User) { u.Licenses = realistic(rng, 1).Licenses }),
		"signed in": changed(func(u *subscription.User) {
			u.Seen = noon.Add(time.Duration(rng.IntN(1e9)) * time.Millisecond)
		}),
	} {
		b.Run(name, func(b *testing.B) {
			if err := r.Restore(saved); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			for b.Loop() {
				b.StopTimer()
				var changes []Change
				for range 48 {
					u := user()
					store[u.ID] = u
					changes = append(changes, Change{u.ID, u.Version})
				}
				head.Position[1].Seq++
				b.StartTimer()
				enter(b, r, head, Body(changes))
			}
		})
	}
}
