package register

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/group"
	"trueup/internal/journal"
	"trueup/internal/slots"
	"trueup/internal/text"
)

// batch is the changes of entries that are applied together.
type batch struct {
	groups  []string // deleted ones
	ids     []string // of agreements that were created, changed or deleted, each once
	edits   map[string]*edit
	fetched map[string]agreement.Agreement // the existing agreements as stored now
	owned   map[PairRef]bool               // the doubtful pairs that their agreement has now
}

// edit is what a batch does to one agreement.
type edit struct {
	born    born                         // the entry that created the agreement, else the first that names it
	created bool                         // whether born created the agreement
	pairs   map[agreement.PairKey]change // of pairs that were added or removed; nil if none
	version int64                        // largest version of a change of pairs
	newest  int64                        // largest version of any change
	vague   bool                         // whether the version of some change is unknown
	unsure  bool                         // whether the version of some change of pairs is unknown
	mixed   bool                         // whether some change of pairs has a version or is outside the first stripe
	ask     bool                         // whether to read from the table which pairs the agreement has
}

// change is the last change of a pair.
type change struct {
	has     bool // whether the agreement has the pair after the change
	version int64
}

func (b *batch) add(e journal.Entry) error {
	changes, deletedGroup, err := parse(e.Body)
	if err != nil {
		return err
	}
	if deletedGroup != "" {
		b.groups = append(b.groups, deletedGroup)
	}
	at := bornAt(e.Stripe, e.Seq)
	for _, c := range changes {
		edit := b.edit(c.ID, at)
		if c.Version == 1 {
			edit.born, edit.created = at, true // earlier items of the batch are from other stripes, and later in time
		}
		edit.newest, edit.vague = max(edit.newest, c.Version), edit.vague || c.Version == 0
		if len(c.Added)+len(c.Removed) > 0 {
			edit.unsure = edit.unsure || c.Version == 0
			edit.mixed = edit.mixed || c.Version > 0 || e.Stripe > 0
			edit.version = max(edit.version, c.Version)
		}
		edit.note(c.Added, change{true, c.Version})
		edit.note(c.Removed, change{false, c.Version})
	}
	return nil
}

// edit returns the edit of an agreement, and adds it if it is missing.
func (b *batch) edit(id string, at born) *edit {
	if b.edits == nil {
		b.edits = make(map[string]*edit)
	}
	e, known := b.edits[id]
	if !known {
		e = &edit{born: at}
		b.edits[id] = e
		b.ids = append(b.ids, id)
	}
	return e
}

// note records changes of pairs. Of two changes of a pair, the one with the larger version
// counts; of two without a version, the later one in its stripe.
func (e *edit) note(keys []agreement.PairKey, c change) {
	if e.pairs == nil && len(keys) > 0 {
		e.pairs = make(map[agreement.PairKey]change, len(keys))
	}
	for _, key := range keys {
		if c.version >= e.pairs[key].version {
			e.pairs[key] = c
		}
	}
}

// isDoubtful reports whether the order of the edit's changes of pairs is unknown, or
// whether the agreement's row (nil if it has none) may already include later changes. There
// is no order between stripes: a later change may be applied before an earlier one.
func (e *edit) isDoubtful(r *row) bool {
	if r == nil {
		return e.unsure && e.mixed // changes in the first stripe are in order
	}
	for _, c := range e.pairs {
		if e.unsure || c.version <= r.paired {
			return true
		}
	}
	return false
}

// doubtful returns the pairs that must be read from the table, because the order of their
// changes is unknown.
func (b *batch) doubtful(t *table) (refs []PairRef) {
	for _, id := range b.ids {
		if _, exists := b.fetched[id]; !exists {
			continue
		}
		var r *row
		if slot, known := t.find(id); known {
			r = &t.rows[slot]
		}
		e := b.edits[id]
		if !e.isDoubtful(r) {
			continue
		}
		e.unsure, e.ask = true, true
		for key := range e.pairs {
			refs = append(refs, PairRef{AgreementID: id, Pair: key})
		}
	}
	return refs
}

// settle replaces the changes of doubtful pairs with the pairs in the table.
func (b *batch) settle() {
	for _, id := range b.ids {
		e := b.edits[id]
		if !e.unsure {
			continue
		}
		// Every change before the agreement was read is included in its known pairs, or
		// will be doubtful when its entry arrives.
		e.version = max(e.version, b.fetched[id].Version)
		if !e.ask {
			continue
		}
		for key := range e.pairs {
			e.pairs[key] = change{has: b.owned[PairRef{AgreementID: id, Pair: key}]}
		}
	}
}

// isAhead reports whether the agreements or pairs that were read are, or may be, newer than
// the entries.
func (b *batch) isAhead() bool {
	if len(b.owned) > 0 {
		return true
	}
	for _, id := range b.ids {
		e := b.edits[id]
		if a, exists := b.fetched[id]; !exists || e.vague || a.Version > e.newest {
			return true
		}
	}
	return false
}

// numbers returns the pairs of a row after the edit, sorted, one per line.
func (e *edit) numbers(old []byte) []byte {
	if len(e.pairs) == 0 {
		return old
	}
	var keys []string
	for line := range bytes.Lines(old) {
		key := string(bytes.TrimSuffix(line, newline))
		if _, edited := e.pairs[agreement.PairKey(key)]; !edited {
			keys = append(keys, key)
		}
	}
	for key, c := range e.pairs {
		if c.has {
			keys = append(keys, string(key))
		}
	}
	if len(keys) == 0 {
		return nil
	}
	slices.Sort(keys)
	return []byte(strings.Join(keys, "\n") + "\n")
}

var newline = []byte("\n")

// apply applies the batch to the table. gone are the deleted license groups that are not
// emptied yet.
func (t *table) apply(b *batch, gone []string) {
	if t.inDeleted == nil {
		t.inDeleted = make(map[string][]string)
	}
	t.deleteGroups(b.groups)
	b.settle()
	var out, in []uint32 // slots of the rows that leave and enter the orders
	for _, id := range b.ids {
		e := b.edits[id]
		slot, known := t.find(id)
		a, exists := b.fetched[id]
		switch {
		case exists && slices.Contains(gone, a.GroupID):
			t.moveFromDeleted(&a)
		case !exists && known:
			out = append(out, slot)
		}
		if !exists {
			continue
		}
		r := newRow(a)
		r.born, r.paired = e.born, e.version
		words := r.words(nil, text.Fold(a.ProductTitle))
		var old []byte
		if known {
			was := &t.rows[slot]
			if !e.created {
				r.born = was.born
			}
			r.paired = max(r.paired, was.paired)
			old = t.numbers.At(slot)
		}
		numbers := e.numbers(old)
		if known && t.rows[slot].sortsAs(&r) && bytes.Equal(words, t.words.At(slot)) && bytes.Equal(numbers, old) {
			t.rows[slot] = r
			t.newest.add(r.born)
			continue
		}
		if known {
			out = append(out, slot)
		}
		in = append(in, t.append(r, words, numbers))
	}
	for i, sort := range sorts {
		t.orders[i] = slots.Splice(t.rows, t.orders[i], by(sort), out, in)
	}
	for _, slot := range out {
		t.live.Clear(slot)
		t.rows[slot] = row{}
	}
	for groupID := range t.inDeleted {
		if !slices.Contains(gone, groupID) {
			delete(t.inDeleted, groupID)
		}
	}
	live := len(t.order(sortID))
	if dead := len(t.rows) - live; dead > live/4+1024 {
		t.compact()
	}
}

// deleteGroups moves the agreements of these license groups to Unassigned (R4.3).
func (t *table) deleteGroups(groups []string) {
	if len(groups) == 0 {
		return
	}
	deleted := make(map[string]bool, len(groups))
	for _, groupID := range groups {
		deleted[groupID] = true
	}
	for slot := range t.live.All() {
		if a := &t.rows[slot].Agreement; deleted[a.GroupID] {
			t.moveFromDeleted(a)
		}
	}
}

// moveFromDeleted moves an agreement that is stored under a deleted group to Unassigned, and records
// the group that it is stored under.
func (t *table) moveFromDeleted(a *agreement.Agreement) {
	t.inDeleted[a.GroupID] = append(t.inDeleted[a.GroupID], a.ID)
	a.GroupID = group.UnassignedID
	a.Version++
}

// inDeletedGroup returns the agreements that may be stored under a deleted group, sorted.
func (t *table) inDeletedGroup(groupID string) []string {
	ids := slices.Compact(slices.Sorted(slices.Values(t.inDeleted[groupID])))
	return slices.DeleteFunc(ids, func(id string) bool {
		_, exists := t.find(id)
		return !exists
	})
}

// Rebuild implements journal.Rebuilder.
func (r *Register) Rebuild(ctx context.Context, head journal.Head) (apply func(), err error) {
	if r.walk == nil {
		r.walk, r.walked = r.source.Walk(), &batch{fetched: map[string]agreement.Agreement{}}
	}
	for last := false; !last; {
		var agreements []agreement.Agreement
		var pairs []PairRef
		if agreements, pairs, last, err = r.walk.Next(ctx); err != nil {
			return nil, err
		}
		r.walked.walk(agreements, pairs)
	}
	return func() {
		r.table = table{}
		r.table.apply(r.walked, Gone(head))
		r.recent.forget()
		r.walk, r.walked = nil, nil
	}, nil
}

// walk adds agreements and pairs that were read from the table.
func (b *batch) walk(agreements []agreement.Agreement, pairs []PairRef) {
	for _, a := range agreements {
		b.fetched[a.ID] = a
		b.edit(a.ID, 0).unsure = true
	}
	for _, ref := range pairs {
		b.edit(ref.AgreementID, 0).note([]agreement.PairKey{ref.Pair}, change{has: true})
	}
}
