package people

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"trueup/internal/day"
	"trueup/internal/journal"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// stripes is the number of stripes that the writers of a model use.
const stripes = 16

// model is the simplest possible register: a map that each query scans. It also acts as the store,
// and appends entries to random stripes.
type model struct {
	rng   *rand.Rand
	store map[string]subscription.User
	now   time.Time // grows with every change
	made  int       // number of users ever created
	log   [journal.Stripes][]journal.Entry
	head  journal.Head
	given journal.Position // entries before it were delivered
}

func newModel(seed uint64) *model {
	return &model{rng: rand.New(rand.NewPCG(seed, 7)), store: map[string]subscription.User{}, now: noon}
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

var subscriptionIDs = []string{"e3", "e5", "visio", "project", "none"}

func (m *model) name() string {
	return pick(m.rng, "Anna", "anna", "ÄNNA", "Élodie", "Emma", "Straße", "Zoë", "Jo & Co", "Ǆ") + pick(m.rng, "", " Smet", " de Vos", " 7")
}

// fill sets all fields of a user that can change without licences.
func (m *model) fill(u *subscription.User) {
	u.Name = m.name()
	u.UPN = fmt.Sprintf("%s%d@example.org", pick(m.rng, "anna", "Élodie", "JO"), m.rng.IntN(50))
	u.Location, u.Department = pick(m.rng, "", "BE", "NL", "FR"), pick(m.rng, "", "Sales", "sales", "Comptabilité", "R&D")
	u.Type, u.Disabled = pick(m.rng, subscription.Member, subscription.Member, subscription.Guest), m.rng.IntN(4) == 0
	m.signIn(u)
}

func (m *model) signIn(u *subscription.User) {
	u.Seen = time.Time{}
	if m.rng.IntN(4) > 0 {
		u.Seen = m.now.Add(-time.Duration(m.rng.IntN(60*24)) * time.Hour)
	}
}

func (m *model) grant() subscription.Grant {
	g := subscription.Grant{At: m.now, By: pick(m.rng, "jo", "ann"), Via: subscription.Direct}
	if m.rng.IntN(3) == 0 {
		g.Off = pick(m.rng, []string{"mail"}, []string{"chat", "mail"})
	}
	return g
}

func (m *model) some() (subscription.User, bool) {
	ids := slices.Sorted(maps.Keys(m.store))
	if len(ids) == 0 {
		return subscription.User{}, false
	}
	if m.rng.IntN(3) > 0 {
		return m.store[ids[m.rng.IntN(min(4, len(ids)))]], true // so that some have many changes
	}
	return m.store[ids[m.rng.IntN(len(ids))]], true
}

// put stores users and appends an entry about them.
func (m *model) put(users ...subscription.User) {
	var changes []Change
	for _, u := range users {
		u.Version++
		m.store[u.ID] = u
		changes = append(changes, Change{u.ID, u.Version})
	}
	m.enter(changes...)
}

func (m *model) enter(changes ...Change) {
	stripe := 1 + m.rng.IntN(stripes)
	if m.rng.IntN(3) > 0 {
		stripe = 1 + m.rng.IntN(2) // so that some stripes have many entries
	}
	at := &m.head.Position[stripe]
	e := journal.Entry{Stripe: stripe, Seq: at.Seq + 1, Prev: at.Tip, Tip: fmt.Sprint(stripe, "-", at.Seq+1), Body: Body(changes)}
	*at = journal.Point{Seq: e.Seq, Tip: e.Tip}
	m.log[stripe] = append(m.log[stripe], e)
	m.head.Weight += int64(len(changes))
}

func (m *model) create(n int) {
	var users []subscription.User
	for range n {
		m.made++
		u := subscription.User{ID: fmt.Sprintf("%c%03d", 'a'+rune(m.rng.IntN(3)), m.made), ObjectID: pick(m.rng, "", fmt.Sprint("object-", m.made)), CreatedAt: m.now}
		m.fill(&u)
		u.Licenses = map[string]subscription.Grant{}
		for range m.rng.IntN(3) {
			u.Licenses[pick(m.rng, subscriptionIDs[:4]...)] = m.grant()
		}
		users = append(users, u)
	}
	if n > 0 {
		m.put(users...)
	}
}

// step makes a random change.
func (m *model) step() {
	m.now = m.now.Add(time.Duration(m.rng.IntN(36)) * time.Hour)
	u, any := m.some()
	if !any {
		m.create(5)
		return
	}
	u.Licenses = maps.Clone(u.Licenses)
	switch kind := m.rng.IntN(14); {
	case kind < 2:
		m.create(1)
	case kind < 3:
		m.create(m.rng.IntN(20))
	case !u.DeletedAt.IsZero() && u.Restorable(m.now):
		if kind < 7 {
			u.DeletedAt, u.Licenses, u.Former = time.Time{}, u.Former, nil
			m.put(u)
		}
	case !u.DeletedAt.IsZero():
		if kind < 9 { // the item expires without an entry
			delete(m.store, u.ID)
		}
	case kind < 5:
		if m.rng.IntN(3) == 0 {
			u.Department = pick(m.rng, "Comptabilité", "Sales") // nothing else
		} else {
			m.fill(&u)
		}
		m.put(u)
	case kind < 7:
		m.signIn(&u)
		m.put(u)
	case kind < 9:
		u.Licenses[pick(m.rng, subscriptionIDs[:4]...)] = m.grant()
		m.put(u)
	case kind < 10:
		delete(u.Licenses, pick(m.rng, subscriptionIDs...))
		m.put(u)
	case kind < 11:
		u.Waiting = maps.Clone(u.Waiting)
		if len(u.Waiting) > 0 && m.rng.IntN(2) == 0 {
			clear(u.Waiting)
		} else {
			u.Waiting = map[string]subscription.Grant{pick(m.rng, subscriptionIDs...): m.grant()}
		}
		m.put(u)
	case kind < 12:
		u.Excluded, u.ExcludedUntil = m.rng.IntN(2) == 0, ""
		if u.Excluded {
			u.ExcludedUntil = pick(m.rng, day.Date(""), "2027-01-31")
		}
		m.put(u)
	case kind < 13:
		u.DeletedAt, u.Licenses, u.Waiting, u.Former = m.now, nil, nil, u.Licenses
		m.put(u)
	default:
		m.enter(Change{ID: "unknown", Version: 3}) // of a user that has expired since
	}
}

// different returns how users differ; empty if they are equal. Empty lists equal nil.
func different(want, got []subscription.User) string {
	if slices.EqualFunc(want, got, func(a, b subscription.User) bool { return reflect.DeepEqual(normal(a), normal(b)) }) {
		return "" // a thousand times as fast as Diff
	}
	return gocmp.Diff(want, got, cmpopts.EquateEmpty())
}

func normal(u subscription.User) subscription.User {
	for _, grants := range []*map[string]subscription.Grant{&u.Licenses, &u.Waiting, &u.Former} {
		if len(*grants) == 0 {
			*grants = nil
		}
	}
	return u
}

// UsersByID implements Source.
func (m *model) UsersByID(_ context.Context, ids []string) (map[string]subscription.User, error) {
	found := map[string]subscription.User{}
	for _, id := range ids {
		if u, exists := m.store[id]; exists {
			found[id] = withCalls(u)
		}
	}
	return found, nil
}

// withCalls returns a user whose licences have calls, as in the store. The register has none.
func withCalls(u subscription.User) subscription.User {
	u.Licenses = maps.Clone(u.Licenses)
	for id, g := range u.Licenses {
		g.Call = "call-" + id
		u.Licenses[id] = g
	}
	return u
}

// walk reads the model in parts while it changes.
type walk struct {
	m    *model
	part uint32
}

const walkParts = 6

// Walk implements Source.
func (m *model) Walk() Walk { return &walk{m: m} }

// Next implements Walk. It fails at times, and returns some users twice, in different versions.
func (w *walk) Next(context.Context) (users []subscription.User, last bool, err error) {
	for range w.m.rng.IntN(4) {
		w.m.step()
	}
	if w.m.rng.IntN(3) == 0 {
		return nil, false, errors.New("no answer")
	}
	for _, id := range slices.Sorted(maps.Keys(w.m.store)) {
		if part := crc32.ChecksumIEEE([]byte(id)) % walkParts; part == w.part || part == w.part+1 {
			users = append(users, withCalls(w.m.store[id]))
		}
	}
	w.part++
	return users, w.part == walkParts, nil
}

// deliver makes the register apply some or all of the entries that it lacks: in order within a
// stripe, and in any order between stripes.
func (m *model) deliver(t testing.TB, r *Register, all bool) {
	t.Helper()
	var entries []journal.Entry
	for {
		var behind []int
		for i := range m.given {
			if m.given[i].Seq < m.head.Position[i].Seq {
				behind = append(behind, i)
			}
		}
		if len(behind) == 0 || !all && m.rng.IntN(4) == 0 {
			break
		}
		i := pick(m.rng, behind...)
		e := m.log[i][m.given[i].Seq]
		m.given[i] = journal.Point{Seq: e.Seq, Tip: e.Tip}
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return
	}
	apply, err := r.Prepare(context.Background(), m.head, entries)
	if err != nil {
		t.Fatal(err)
	}
	apply()
}

// pending returns the users that entries name which the register lacks.
func (m *model) pending() map[string]bool {
	ids := map[string]bool{}
	for i, p := range m.given {
		for _, e := range m.log[i][p.Seq:] {
			changes, err := parse(e.Body)
			if err != nil {
				panic(err)
			}
			for _, c := range changes {
				ids[c.ID] = true
			}
		}
	}
	return ids
}

// checkRows compares the rows with the store, except for users with entries that the register lacks.
func (m *model) checkRows(t testing.TB, r *Register) {
	t.Helper()
	unknown := m.pending()
	for id, want := range m.store {
		if unknown[id] {
			continue
		}
		slot, exists := r.table.find(id)
		if !exists {
			if !want.DeletedAt.IsZero() && !want.Restorable(m.now) {
				continue
			}
			t.Fatalf("%s is missing", id)
		}
		if diff := different([]subscription.User{want}, []subscription.User{r.table.rows[slot].user(r.table.words.list)}); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", id, diff)
		}
	}
}

// rebuild makes the register read the store as if no entry were known. The store changes meanwhile,
// and reads fail at times.
func (m *model) rebuild(t testing.TB, r *Register) {
	t.Helper()
	r.Reset()
	began := m.head
	m.given = began.Position
	for {
		if apply, err := r.Rebuild(context.Background(), began); err == nil {
			apply()
			return
		}
	}
}

func (m *model) query() subscription.Query {
	rng := m.rng
	q := subscription.Query{Sort: pick(rng, append(subscription.Sorts, "")...), Descending: rng.IntN(2) == 0, Now: m.now}
	one := func(n int) bool { return rng.IntN(n) == 0 }
	ids := append(slices.Clip(subscriptionIDs), "jo", "chat", "mail", subscription.Direct) // no subscriptions
	if one(5) {
		q.Subscription = pick(rng, ids...)
	}
	if one(5) {
		q.Without = pick(rng, ids...)
	}
	if one(5) {
		q.Licensed = new(one(2))
	}
	if one(6) {
		q.Location = pick(rng, "BE", "NL", "DE")
	}
	if one(6) {
		q.Department = pick(rng, "SALES", " comptabilite", "r&d", "it")
	}
	if one(6) {
		q.Enabled = new(one(2))
	}
	if one(6) {
		q.Type = pick(rng, subscription.UserTypes...)
	}
	if one(5) {
		q.InactiveDays = 1 + rng.IntN(40)
	}
	if one(6) {
		q.Waiting = pick(rng, subscriptionIDs...)
	}
	if one(6) {
		q.InConflict = pick(rng, []string{}, []string{"e3"}, []string{"e5", "visio", "none"})
	}
	if one(4) {
		q.Deleted = true
	}
	if one(3) {
		q.Text = pick(rng, "ann", "Änna", "ELODIE", "é", "ss", "@example", "1@", "compta", " ", "de vos", "&", "nobody", "\x00", "smet\x00anna", "Ⓔ", "dz")
	}
	return q
}

// list answers a query by a scan of all users.
func (m *model) list(q subscription.Query) (users []subscription.User, totals subscription.Totals) {
	for _, u := range m.store {
		if !m.matches(q, u) {
			continue
		}
		users = append(users, u)
		totals.Users++
		if len(u.Licenses) > 0 {
			totals.Licensed++
		} else {
			totals.Unlicensed++
		}
		if u.Type == subscription.Guest {
			totals.Guests++
		}
		if u.Disabled {
			totals.Disabled++
		}
	}
	slices.SortFunc(users, func(a, b subscription.User) int {
		c := 0
		switch q.Sort {
		case subscription.SortUPN:
			c = cmp.Or(cmp.Compare(folded(a.UPN), folded(b.UPN)), cmp.Compare(a.ID, b.ID))
		case subscription.SortSeen:
			c = a.Seen.Compare(b.Seen)
		case subscription.SortCreated:
			c = a.CreatedAt.Compare(b.CreatedAt)
		default:
		}
		c = cmp.Or(c, cmp.Compare(folded(a.Name), folded(b.Name)), cmp.Compare(a.ID, b.ID))
		if q.Descending {
			return -c
		}
		return c
	})
	return users, totals
}

func folded(s string) string { return text.Fold(text.WithoutAccents(s)) }

func (m *model) matches(q subscription.Query, u subscription.User) bool {
	_, holds := u.Licenses[q.Subscription]
	_, without := u.Licenses[q.Without]
	_, waits := u.Waiting[q.Waiting]
	active := u.Seen
	if active.IsZero() {
		active = u.CreatedAt
	}
	part := folded(q.Text)
	return u.DeletedAt.IsZero() != q.Deleted && (!q.Deleted || q.Now.Before(u.DeletedAt.AddDate(0, 0, 30))) &&
		(q.Subscription == "" || holds) && (q.Without == "" || !without) && (q.Waiting == "" || waits) &&
		(q.Licensed == nil || *q.Licensed == (len(u.Licenses) > 0)) && (q.Location == "" || u.Location == q.Location) &&
		(q.Department == "" || folded(u.Department) == folded(q.Department)) &&
		(q.Enabled == nil || *q.Enabled == !u.Disabled) && (q.Type == "" || u.Type == q.Type) &&
		(q.InactiveDays == 0 || q.Now.Sub(active) >= time.Duration(q.InactiveDays)*24*time.Hour) &&
		(q.InConflict == nil || slices.ContainsFunc(q.InConflict, func(id string) bool { _, holds := u.Licenses[id]; return holds })) &&
		slices.ContainsFunc([]string{u.UPN, u.Name, u.Department}, func(s string) bool { return strings.Contains(folded(s), part) })
}

// check compares the answers of the register with the model.
func (m *model) check(t *testing.T, r *Register) {
	t.Helper()
	for range 5 {
		q := m.query()
		want, totals := m.list(q)
		var got []subscription.User
		for pages := 0; ; pages++ {
			q.Limit = pick(m.rng, 1, 2, 2, 2, 7, 20)
			page := must(t, r, q)
			got = append(got, page.Items...)
			if page.Totals != totals {
				t.Fatalf("totals of %+v: %+v, want %+v", q, page.Totals, totals)
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
			if len(page.Items) != q.Limit || pages > len(want) {
				t.Fatalf("%+v: page %d has %d users and a next one", q, pages, len(page.Items))
			}
		}
		if diff := different(want, got); diff != "" {
			t.Fatalf("%+v (-want +got):\n%s", q, diff)
		}
		q.Limit, q.Cursor = 1, "ignored"
		all, totalsOfAll := r.table.all(q)
		if diff := different(want, slices.Collect(all)); diff != "" || totalsOfAll != totals {
			t.Fatalf("all of %+v: %+v (-want +got):\n%s", q, totalsOfAll, diff)
		}
	}
	counts, waiting := map[string]int{}, map[string]int{}
	for _, u := range m.store {
		for id := range u.Licenses {
			counts[id]++
		}
		for id := range u.Waiting {
			waiting[id]++
		}
	}
	if diff := gocmp.Diff(counts, r.table.counts(r.table.holders)); diff != "" {
		t.Fatalf("users by subscription (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff(waiting, r.table.counts(r.table.waiters)); diff != "" {
		t.Fatalf("waiting users by subscription (-want +got):\n%s", diff)
	}
}

func must(t testing.TB, r *Register, q subscription.Query) subscription.Page {
	t.Helper()
	after, err := decode(q)
	if err != nil {
		t.Fatal(err)
	}
	return r.table.page(q, after)
}

// restored returns a register restored from the copy of another one.
func restored(t testing.TB, r *Register) *Register {
	t.Helper()
	saved := r.Save()
	again := &Register{source: r.source}
	if err := again.Restore(saved); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(string(saved), string(again.Save())); diff != "" {
		t.Fatalf("the copy of a copy is another: %s", diff)
	}
	return again
}

func TestR9_7_RegisterAnswersAsTheModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			m := newModel(seed)
			r := &Register{source: m}
			for range 40 {
				for range 1 + m.rng.IntN(6) {
					m.step()
				}
				for range m.rng.IntN(3) {
					m.deliver(t, r, false)
					m.checkRows(t, r)
					if m.rng.IntN(9) == 0 {
						r = restored(t, r)
					}
				}
				if m.rng.IntN(12) == 0 {
					m.rebuild(t, r)
					m.deliver(t, r, false)
				}
				if m.rng.IntN(3) > 0 {
					continue
				}
				m.deliver(t, r, true)
				m.checkRows(t, r)
				if m.rng.IntN(5) == 0 {
					r = restored(t, r)
				}
				if m.rng.IntN(9) == 0 {
					r.table.compact()
				}
				m.check(t, r)
			}
		})
	}
}

// TestStripesConverge applies the same entries in different orders of the stripes, in parts of
// different sizes, while the users change: every register ends in the same state.
func TestStripesConverge(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		m := newModel(seed)
		registers := make([]*Register, 4)
		given := make([]journal.Position, len(registers))
		for i := range registers {
			registers[i] = &Register{source: m}
		}
		deliver := func(all bool) {
			for i, r := range registers {
				m.given = given[i]
				for m.deliver(t, r, false); all && m.given != m.head.Position; {
					m.deliver(t, r, false)
				}
				given[i] = m.given
			}
		}
		for range 60 {
			m.step()
			if m.rng.IntN(4) == 0 {
				deliver(false)
			}
		}
		deliver(true)
		for i, r := range registers {
			m.checkRows(t, r)
			for _, q := range []subscription.Query{{Now: m.now}, {Deleted: true, Now: m.now}} {
				want, totals := m.list(q)
				all, got := r.table.all(q)
				if diff := different(want, slices.Collect(all)); diff != "" || got != totals {
					t.Fatalf("seed %d, register %d: %+v (-want +got):\n%s", seed, i, got, diff)
				}
			}
		}
	}
}
