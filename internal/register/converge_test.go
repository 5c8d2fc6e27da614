package register

import (
	"context"
	"errors"
	"hash/crc32"
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/journal"
)

// extension is an import that adds pairs to an existing agreement.
type extension struct {
	id     string
	pairs  []agreement.PairKey
	staged bool
}

// enter appends an entry. Deletions of groups go to the first stripe. A release without
// stripes appends there too, and writes no version.
func (m *model) enter(deletedGroup string, changes ...Change) {
	stripe := 1 + m.rng.IntN(journal.Stripes-1)
	if m.rng.IntN(3) > 0 {
		stripe = 1 + m.rng.IntN(2) // so that some stripes have many entries
	}
	old := m.mixed && m.rng.IntN(3) == 0
	if deletedGroup != "" || old {
		stripe = 0
	}
	at := &m.head.Position[stripe]
	at.Seq++
	for i := range changes {
		if changes[i].Version == 1 && !old {
			m.born[changes[i].ID] = bornAt(stripe, at.Seq)
		}
		if old {
			changes[i].Version = 0
		}
	}
	m.head.Weight++
	m.pending[stripe] = append(m.pending[stripe], journal.Entry{Stripe: stripe, Seq: at.Seq, Body: Body(changes, deletedGroup)})
}

// AgreementsByID implements Source.
func (m *model) AgreementsByID(_ context.Context, ids []string) (map[string]agreement.Agreement, error) {
	return memory(m.store).AgreementsByID(context.Background(), ids)
}

// Owned implements Source.
func (m *model) Owned(_ context.Context, pairs []PairRef) (map[PairRef]bool, error) {
	owned := map[PairRef]bool{}
	for _, ref := range pairs {
		if _, exists := m.store[ref.AgreementID]; exists && m.pairs[ref.AgreementID][ref.Pair] {
			owned[ref] = true
		}
	}
	return owned, nil
}

// staged reports whether an import in progress reserves a pair for an agreement, which it
// does once it has stored the pair.
func (m *model) staged(id string, key agreement.PairKey) bool {
	return m.imp != nil && m.imp.id == id && m.imp.staged && slices.Contains(m.imp.pairs, key)
}

// extend does the next step of an import that adds pairs to an agreement: it plans, stores
// the pairs, and commits them. The agreement may be edited in between.
func (m *model) extend(id string) {
	switch a := m.store[id]; {
	case m.imp == nil && a.Type == agreement.TypeVolume:
		m.imp = &extension{id: id}
		for range 1 + m.rng.IntN(4) {
			if key := m.pair(); !m.pairs[id][key] && !slices.Contains(m.imp.pairs, key) {
				m.imp.pairs = append(m.imp.pairs, key)
			}
		}
	case m.imp == nil:
	case m.store[m.imp.id].ID == "": // deleted: the import plans again
		m.imp = nil
	case !m.imp.staged:
		m.imp.staged = true
		for _, key := range m.imp.pairs {
			if m.pairs[m.imp.id][key] {
				m.imp = nil // taken: the import plans again
				return
			}
		}
	default:
		imp := m.imp
		m.imp = nil
		c := Change{ID: imp.id, Added: imp.pairs}
		a := m.store[imp.id]
		for _, key := range imp.pairs {
			m.pairs[imp.id][key] = true
		}
		a.Version++
		a.PairCount = len(m.pairs[imp.id])
		m.store[imp.id] = a
		m.enter("", c)
	}
}

// deliver makes the register apply some or all of the entries that it lacks: in order
// within a stripe, and in any order between stripes.
func (m *model) deliver(t testing.TB, r *Register, all bool) {
	t.Helper()
	var entries []journal.Entry
	for {
		var stripes []int
		for i, pending := range m.pending {
			if len(pending) > 0 {
				stripes = append(stripes, i)
			}
		}
		if len(stripes) == 0 || !all && m.rng.IntN(4) == 0 {
			break
		}
		i := pick(m.rng, stripes...)
		entries, m.pending[i] = append(entries, m.pending[i][0]), m.pending[i][1:]
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

// checkRows compares the rows with the model, except for agreements with entries that the
// register lacks.
func (m *model) checkRows(t testing.TB, r *Register) {
	t.Helper()
	unknown := map[string]bool{}
	for _, pending := range m.pending {
		for _, e := range pending {
			changes, _, err := parse(e.Body)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range changes {
				unknown[c.ID] = true
			}
		}
	}
	for id := range m.pairs {
		if unknown[id] {
			continue
		}
		slot, exists := r.table.find(id)
		if stored, want := m.store[id]; exists != want || exists && r.table.rows[slot].Name != stored.Name {
			t.Fatalf("%s is in the register: %v, want %v", id, exists, want)
		}
		if !exists {
			continue
		}
		if diff := gocmp.Diff(slices.AppendSeq([]agreement.PairKey{}, slices.Values(slices.Sorted(maps.Keys(m.pairs[id])))), r.table.pairs(slot)); diff != "" {
			t.Fatalf("seed %d: pairs of %s (-want +got):\n%s", m.seed, id, diff)
		}
	}
}

// rebuild makes the register read from the table as if no entry were known. The table
// changes meanwhile, and reads fail at times.
func (m *model) rebuild(t testing.TB, r *Register) {
	t.Helper()
	r.Reset()
	m.pending = [journal.Stripes][]journal.Entry{}
	began := m.head
	for {
		apply, err := r.Rebuild(context.Background(), began)
		if err == nil {
			apply()
			return
		}
	}
}

// walk reads the model in parts, in any order, while it changes.
type walk struct {
	m    *model
	part uint32
}

const walkParts = 6

func (m *model) Walk() Walk { return &walk{m: m} }

func (w *walk) Next(context.Context) (agreements []agreement.Agreement, pairs []PairRef, last bool, err error) {
	for range w.m.rng.IntN(4) {
		w.m.step()
	}
	if w.m.rng.IntN(3) == 0 {
		return nil, nil, false, errors.New("no answer")
	}
	part := func(s string) bool { return crc32.ChecksumIEEE([]byte(s))%walkParts == w.part }
	for _, id := range slices.Sorted(maps.Keys(w.m.store)) {
		if part(id) {
			agreements = append(agreements, w.m.store[id])
		}
		for key := range w.m.pairs[id] {
			if part(id + string(key)) {
				pairs = append(pairs, PairRef{AgreementID: id, Pair: key})
			}
		}
	}
	w.part++
	return agreements, pairs, w.part == walkParts, nil
}

// A few agreements gain and lose the same few pairs again and again. A row has the pairs of
// its agreement as soon as the register has all entries about it, in any order, also if it
// starts from a copy or from the table in between.
func TestR2_4_PairsComeAndGoInAllStripes(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1500) {
		m := newModel(seed)
		m.mixed = seed%5 == 0
		r := &Register{source: m}
		m.few = true
		m.create(2)
		for range 60 {
			switch id := m.some(); m.rng.IntN(12) {
			case 0, 1, 2, 3, 4:
				m.enter("", m.pairing(id))
			case 5, 6:
				m.extend(id)
			case 7:
				r = restored(t, r)
			case 8:
				if m.rng.IntN(8) == 0 {
					m.rebuild(t, r)
				}
			default:
				m.deliver(t, r, m.rng.IntN(6) == 0)
				m.checkRows(t, r)
			}
			if len(m.store) == 0 {
				m.create(1)
			}
		}
		m.sync(t, r)
		m.checkRows(t, r)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
