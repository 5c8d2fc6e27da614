package register

import (
	"bytes"
	"slices"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/group"
	"trueup/internal/journal"
	"trueup/internal/text"
)

// batch is what entries that are applied together change.
type batch struct {
	groups  []string // that were deleted
	ids     []string // of the agreements that were made, changed or deleted, each once
	edits   map[string]*edit
	fetched map[string]agreement.Agreement // how those that exist are stored now
}

// edit is what a batch does to one agreement.
type edit struct {
	seq   int64                      // of the first entry that names it
	pairs map[agreement.PairKey]bool // whether it has the pair afterwards; nil for no change
}

func (b *batch) add(e journal.Entry) error {
	changes, deletedGroup, err := parse(e.Body)
	if err != nil {
		return err
	}
	if deletedGroup != "" {
		b.groups = append(b.groups, deletedGroup)
	}
	if b.edits == nil {
		b.edits = make(map[string]*edit, len(changes))
	}
	for _, c := range changes {
		at, ok := b.edits[c.ID]
		if !ok {
			at = &edit{seq: e.Seq}
			b.edits[c.ID] = at
			b.ids = append(b.ids, c.ID)
		}
		at.note(c.Added, true)
		at.note(c.Removed, false)
	}
	return nil
}

func (e *edit) note(keys []agreement.PairKey, has bool) {
	if e.pairs == nil && len(keys) > 0 {
		e.pairs = make(map[agreement.PairKey]bool, len(keys))
	}
	for _, key := range keys {
		e.pairs[key] = has
	}
}

// numbers returns the pairs of a row after the edit, a line each, sorted.
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
	for key, has := range e.pairs {
		if has {
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

// apply makes the table what it is after the batch. gone are the license
// groups that are deleted and not emptied yet.
func (t *table) apply(b *batch, gone []string) {
	if t.stranded == nil {
		t.stranded = make(map[string][]string)
	}
	t.deleteGroups(b.groups)
	var out, in []uint32 // slots whose rows leave the orders and enter them
	for _, id := range b.ids {
		e := b.edits[id]
		slot, known := t.find(id)
		a, exists := b.fetched[id]
		switch {
		case exists && slices.Contains(gone, a.GroupID):
			t.strand(&a)
		case !exists && known:
			out = append(out, slot)
		}
		if !exists {
			continue
		}
		r := newRow(a)
		r.born = e.seq
		words := r.words(nil, text.Fold(a.ProductTitle))
		var old []byte
		if known {
			r.born = t.rows[slot].born
			old = t.numbers.at(slot)
		}
		numbers := e.numbers(old)
		if known && t.rows[slot].sortsAs(&r) && bytes.Equal(words, t.words.at(slot)) && bytes.Equal(numbers, old) {
			t.rows[slot] = r
			continue
		}
		if known {
			out = append(out, slot)
		}
		in = append(in, t.append(r, words, numbers))
	}
	if len(out)+len(in) > 0 {
		for i, by := range sorts {
			t.orders[i] = t.splice(t.orders[i], by, out, in)
		}
	}
	for _, slot := range out {
		t.live.clear(slot)
		t.rows[slot] = row{}
	}
	for groupID := range t.stranded {
		if !slices.Contains(gone, groupID) {
			delete(t.stranded, groupID)
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
	for slot := range t.live.all() {
		if a := &t.rows[slot].Agreement; deleted[a.GroupID] {
			t.strand(a)
		}
	}
}

// strand moves an agreement that is stored under a group that is gone to
// Unassigned, as Source says, and remembers where it is stored.
func (t *table) strand(a *agreement.Agreement) {
	t.stranded[a.GroupID] = append(t.stranded[a.GroupID], a.ID)
	a.GroupID = group.UnassignedID
	a.Version++
}
