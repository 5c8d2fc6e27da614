package register

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/group"
	"trueup/internal/journal"
	"trueup/internal/text"
)

// model is the simplest possible register: a slice that each query scans. It also acts as
// the store and writes the entries: each into a random stripe, and some as a release
// without stripes wrote them.
type model struct {
	seed    uint64
	rng     *rand.Rand
	store   map[string]agreement.Agreement // as stored
	pairs   map[string]map[agreement.PairKey]bool
	born    map[string]born // zero for agreements created by a release without stripes
	head    journal.Head
	pending [journal.Stripes][]journal.Entry // not yet seen by the register
	made    int                              // number of agreements ever created
	groups  []string                         // ids; a deleted group is never created again
	emptied int                              // groups
	few     bool                             // whether there are very few pairs
	mixed   bool                             // whether a release without stripes is running too
	imp     *extension                       // in progress; nil if none
}

func newModel(seed uint64) *model {
	return &model{
		seed: seed, rng: rand.New(rand.NewPCG(seed, 7)), store: map[string]agreement.Agreement{}, pairs: map[string]map[agreement.PairKey]bool{}, born: map[string]born{},
		groups: []string{"g1", "g2", "g3", "g4"},
	}
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

func (m *model) name() string {
	return pick(m.rng, "Office", "office suite", "OFFICE", "Réseau", "RÉSEAU de Liège", "Straße", "a-1", "A1", "7", "Ǆ") + pick(m.rng, "", " 1", " b", " Zz", "-2")
}

func (m *model) publisher() string {
	return pick(m.rng, "Microsoft", "Adobe", "ADOBE", "Oracle", "Société Générale", "Ubisoft")
}

func (m *model) group() string {
	return pick(m.rng, append(m.groups, group.UnassignedID)...)
}

func (m *model) date() day.Date {
	return pick[day.Date](m.rng, "", "2025-01-01", "2026-05-31", "2026-06-01", "2026-07-15", "2026-08-30", "2027-01-01")
}

// pair returns one of a few pairs, so that pairs are added and removed repeatedly.
func (m *model) pair() agreement.PairKey {
	if m.few {
		return pick[agreement.PairKey](m.rng, "1+1", "2+2", "3+3")
	}
	p := agreement.Pair{Authorization: pick(m.rng, "01-07001", "a-1", "777", "B2"), License: pick(m.rng, "01-07001", "7", "c 3", "0")}
	return p.Key()
}

func (m *model) some() string {
	ids := slices.Sorted(maps.Keys(m.store))
	if len(ids) == 0 {
		return ""
	}
	if m.rng.IntN(3) > 0 {
		return ids[m.rng.IntN(min(4, len(ids)))] // so that some have many changes
	}
	return ids[m.rng.IntN(len(ids))]
}

// fill sets all fields of an agreement that can change.
func (m *model) fill(a *agreement.Agreement) {
	a.Name, a.GroupID = m.name(), m.group()
	if a.Type == agreement.TypeVolume {
		a.Validation = pick(m.rng, agreement.ValidationValid, agreement.ValidationPending, agreement.ValidationError, agreement.ValidationInvalid)
	} else {
		a.Terms = agreement.Terms{
			Publisher: m.publisher(), ProductTitle: pick(m.rng, "Suite", "Creative cloud", "7-Zip"), Licenses: 1 + m.rng.IntN(9), Start: m.date(), End: m.date(),
		}
	}
}

func (m *model) create(n int) {
	var changes []Change
	for range n {
		m.made++
		a := agreement.Agreement{
			ID: fmt.Sprintf("%c%03d", 'a'+rune(m.rng.IntN(3)), m.made), Type: pick(m.rng, agreement.TypeVolume, agreement.TypeOther),
			CreatedAt: noon.Add(time.Duration(m.rng.IntN(50)) * time.Hour), CreatedBy: "me",
		}
		m.fill(&a)
		m.store[a.ID], m.pairs[a.ID] = a, map[agreement.PairKey]bool{}
		changes = append(changes, m.pairing(a.ID))
	}
	if n > 0 {
		m.enter("", changes...)
	}
}

// pairing adds and removes pairs of an agreement.
func (m *model) pairing(id string) Change {
	a := m.store[id]
	a.Version++
	c := Change{ID: id, Version: a.Version}
	if a.Type == agreement.TypeVolume {
		for range m.rng.IntN(4) {
			if key := m.pair(); !m.staged(id, key) {
				c.Added, m.pairs[id][key] = append(c.Added, key), true
			}
		}
		for range m.rng.IntN(3) {
			if key := m.pair(); a.Version > 1 && !m.staged(id, key) {
				c.Removed = append(c.Removed, key)
				delete(m.pairs[id], key)
			}
		}
	}
	a.PairCount = len(m.pairs[id])
	m.store[id] = a
	return c
}

// step makes a random change.
func (m *model) step() {
	id := m.some()
	if id == "" {
		m.create(5)
		return
	}
	switch a := m.store[id]; m.rng.IntN(15) {
	case 0, 1:
		m.create(1)
	case 3:
		m.create(m.rng.IntN(20))
	case 2, 4, 5:
		m.fill(&a)
		a.Version++
		m.store[id] = a
		m.enter("", Change{ID: id, Version: a.Version})
	case 6, 7, 9:
		m.enter("", m.pairing(id))
	case 8:
		m.remove(id)
	case 10: // a license group is deleted
		if groupID := m.group(); groupID != group.UnassignedID && !slices.Contains(m.head.Payload, groupID) {
			m.head.Payload = append(slices.Clone(m.head.Payload), groupID)
			m.enter(groupID)
		}
	case 11: // a group is emptied and forgotten, without an entry
		if len(m.head.Payload) > 0 {
			groupID := m.head.Payload[0]
			m.emptied++
			m.groups[slices.Index(m.groups, groupID)] = fmt.Sprintf("g%d", 4+m.emptied)
			for id, a := range m.store {
				if a.GroupID == groupID {
					a.GroupID = group.UnassignedID
					a.Version++
					m.store[id] = a
				}
			}
			m.head.Payload = m.head.Payload[1:]
		}
	case 12, 13, 14:
		m.extend(id)
	}
}

// remove deletes an agreement.
func (m *model) remove(id string) {
	version := m.store[id].Version + 1
	delete(m.store, id)
	m.enter("", Change{ID: id, Version: version})
}

// agreements returns the agreements that the register must hold.
func (m *model) agreements() (all []agreement.Agreement) {
	for _, a := range m.store {
		if slices.Contains(m.head.Payload, a.GroupID) {
			a.GroupID = group.UnassignedID
			a.Version++
		}
		all = append(all, a)
	}
	return all
}

func (m *model) query() agreement.Query {
	q := agreement.Query{Sort: pick(m.rng, "", agreement.SortName, agreement.SortPublisher, agreement.SortEnd, agreement.SortCreated), Descending: m.rng.IntN(2) == 0, Calendar: calendar}
	if m.rng.IntN(3) == 0 {
		q.GroupID = m.group()
	}
	if m.rng.IntN(4) == 0 {
		q.Type = pick(m.rng, agreement.TypeVolume, agreement.TypeOther)
	}
	if m.rng.IntN(5) == 0 {
		q.Publisher = pick(m.rng, " microsoft", "ADOBE", "société  générale", "soft")
		q.Aliases = pick(m.rng, nil, []string{"soft", "Microsoft"}, []string{"Société Générale"})
	}
	if m.rng.IntN(5) == 0 {
		q.Status = pick(m.rng, agreement.StatusNotStarted, agreement.StatusActive, agreement.StatusExpiring, agreement.StatusExpired, agreement.StatusNoTerm)
	}
	if m.rng.IntN(5) == 0 {
		q.Validation = pick(m.rng, agreement.ValidationValid, agreement.ValidationInvalid)
	}
	if m.rng.IntN(5) == 0 {
		q.EndsBefore = m.date()
	}
	if m.rng.IntN(2) == 0 {
		q.Text = pick(m.rng, "f", "O", "7", "soft", "1-07", "0 1 0 7", "a1", "-", " ", "é", "SEAU DE", "suite", "77+", "1B", "nowhere", "ss", "\x00", "office\x00microsoft", "Ⓐ")
	}
	return q
}

// list answers a query by a scan of all agreements.
func (m *model) list(q agreement.Query) ([]agreement.Agreement, agreement.Totals) {
	var items []agreement.Agreement
	var totals agreement.Totals
	for _, a := range m.agreements() {
		if m.matches(q, a) {
			items = append(items, a)
			totals.Add(&a, q.Calendar)
		}
	}
	slices.SortFunc(items, func(a, b agreement.Agreement) int {
		c := cmp.Or(sortedBy(q.Sort, a, b), cmp.Compare(text.Fold(a.Name), text.Fold(b.Name)), cmp.Compare(a.ID, b.ID))
		if q.Descending {
			return -c
		}
		return c
	})
	return items, totals
}

func sortedBy(by agreement.Sort, a, b agreement.Agreement) int {
	switch by {
	case agreement.SortPublisher:
		return cmp.Compare(text.Fold(a.PublisherOf()), text.Fold(b.PublisherOf()))
	case agreement.SortCreated:
		return a.CreatedAt.Compare(b.CreatedAt)
	case agreement.SortEnd:
		return cmp.Compare(cmp.Or(a.End, "9999-12-31"), cmp.Or(b.End, "9999-12-31"))
	default:
		return 0
	}
}

func (m *model) matches(q agreement.Query, a agreement.Agreement) bool {
	return (q.GroupID == "" || a.GroupID == q.GroupID) && (q.Type == "" || a.Type == q.Type) &&
		(q.Publisher == "" || slices.ContainsFunc(append(q.Aliases, q.Publisher), func(name string) bool {
			return text.Fold(a.PublisherOf()) == text.Fold(name)
		})) &&
		(q.Status == "" || a.Status(q.Calendar) == q.Status) && (q.Validation == "" || a.Validation == q.Validation) &&
		(q.EndsBefore == "" || a.End != "" && a.End < q.EndsBefore) &&
		m.contains(a, q.Text)
}

func (m *model) contains(a agreement.Agreement, part string) bool {
	for _, s := range []string{a.Name, a.PublisherOf(), a.ProductTitle} {
		if strings.Contains(text.Fold(s), text.Fold(part)) {
			return true
		}
	}
	number := strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(part))
	if number == "" || strings.Trim(number, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || !text.IsASCII(part) {
		return false
	}
	for key := range m.pairs[a.ID] {
		first, second, _ := strings.Cut(string(key), "+")
		if strings.Contains(first, number) || strings.Contains(second, number) {
			return true
		}
	}
	return false
}

// check compares the answers of the register with the model.
func (m *model) check(t *testing.T, r *Register) {
	t.Helper()
	for range 4 {
		q := m.query()
		want, totals := m.list(q)
		var got []agreement.Agreement
		for pages := 0; ; pages++ {
			q.Limit = 1 + m.rng.IntN(20)
			page := must(t, r, q, &m.head.Position)
			got = append(got, page.Items...)
			if page.Totals != totals {
				t.Fatalf("totals of %+v: %+v, want %+v", q, page.Totals, totals)
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				break
			}
			if len(page.Items) == 0 || pages > len(want) {
				t.Fatalf("%+v: page %d has %d items and a next one", q, pages, len(page.Items))
			}
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("R2.10 %+v (-want +got):\n%s", q, diff)
		}
	}
	counts := map[string]int{}
	for _, a := range m.agreements() {
		counts[a.GroupID]++
	}
	if diff := gocmp.Diff(counts, r.recent.groups(&r.table)); diff != "" {
		t.Fatalf("R4 numbers of agreements of groups (-want +got):\n%s", diff)
	}
	for id, pairs := range m.pairs {
		slot, exists := r.table.find(id)
		stored, want := m.store[id]
		if exists != want {
			t.Fatalf("%s is in the register: %v, want %v", id, exists, want)
		}
		if !exists {
			continue
		}
		lines := strings.Fields(string(r.table.numbers.At(slot)))
		wanted := []string{}
		for key := range pairs {
			wanted = append(wanted, string(key))
		}
		slices.Sort(wanted)
		if diff := gocmp.Diff(wanted, lines); diff != "" {
			t.Fatalf("pairs of %s (-want +got):\n%s", id, diff)
		}
		// A register read from the table does not know when rows were born.
		if born := r.table.rows[slot].born; m.born[id] != 0 && born != m.born[id] && born != 0 {
			t.Fatalf("%s was born at %d, want %d", id, born, m.born[id])
		}
		if slices.Contains(m.head.Payload, stored.GroupID) && !slices.Contains(r.table.inDeleted[stored.GroupID], id) {
			t.Fatalf("R4.3 %s is stored under %s, which is gone, and the register does not know", id, stored.GroupID)
		}
	}
	for groupID := range r.table.inDeleted {
		if !slices.Contains(m.head.Payload, groupID) {
			t.Fatalf("the register remembers %s, which was emptied", groupID)
		}
	}
}

func must(t testing.TB, r *Register, q agreement.Query, now *journal.Position) agreement.Page {
	t.Helper()
	from, err := decode(q)
	if err != nil {
		t.Fatal(err)
	}
	page, err := r.page(q, from, now)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// sync brings the register up to date, in one batch.
func (m *model) sync(t testing.TB, r *Register) {
	t.Helper()
	m.deliver(t, r, true)
}

func TestRegisterAnswersAsTheModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			m := newModel(seed)
			m.mixed = seed%4 < 2
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
				m.sync(t, r)
				// A group emptied without an entry is forgotten at the next entry.
				maps.DeleteFunc(r.table.inDeleted, func(id string, _ []string) bool { return !slices.Contains(m.head.Payload, id) })
				if m.rng.IntN(5) == 0 {
					r = restored(t, r)
				}
				if m.rng.IntN(9) == 0 {
					r.table.compact()
					r.recent.forget() // as after every change
				}
				m.check(t, r)
			}
		})
	}
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
