package people

import (
	"iter"
	"maps"
	"slices"

	"trueup/internal/pack"
	"trueup/internal/subscription"
)

// The licences of a user are packed: a map of three takes a kilobyte, and three packed licences take
// some 40 bytes. With varints:
//
//	subscriptions   count, then a word for each, in the order of their ids
//	grants          one for each subscription:
//	  since         in milliseconds
//	  by, via       words
//	  off           count; then a word for each service
//	  call          length, then the id; earlier releases saved it, and now it is empty
//
// Calls are not kept, because only Decide compares them, on users from the store, and they would take a
// quarter of the register.

// words are the texts that grants have in common, in the order in which they were first seen.
type words struct {
	list    []string
	indexes map[string]uint32
}

// index returns the index of a word, and adds it if it is missing.
func (w *words) index(word string) uint64 {
	i, known := w.indexes[word]
	if !known {
		if w.indexes == nil {
			w.indexes = map[string]uint32{}
		}
		i = uint32(len(w.list))
		w.list = append(w.list, word)
		w.indexes[word] = i
	}
	return uint64(i)
}

// packGrants packs licences; "" for none.
func packGrants(grants map[string]subscription.Grant, words *words) string {
	if len(grants) == 0 {
		return ""
	}
	w := pack.NewWriter(make([]byte, 0, 16*len(grants)))
	w.Uvarint(uint64(len(grants)))
	ids := slices.Sorted(maps.Keys(grants))
	for _, id := range ids {
		w.Uvarint(words.index(id))
	}
	for _, id := range ids {
		g := grants[id]
		w.Varint(g.At.UnixMilli())
		w.Uvarint(words.index(g.By))
		w.Uvarint(words.index(g.Via))
		w.Uvarint(uint64(len(g.Off)))
		for _, service := range g.Off {
			w.Uvarint(words.index(service))
		}
		w.Text("")
	}
	return string(w.Bytes())
}

// unpackGrants returns licences that packGrants packed; nil for none. Words that do not exist are empty:
// restore does not look for them, which would take a third of its time.
func unpackGrants(packed string, words []string) map[string]subscription.Grant {
	if packed == "" {
		return nil
	}
	ids, r := split(packed)
	word := func(r *pack.Reader[string]) string {
		if i := r.Uvarint(); i < uint64(len(words)) {
			return words[i]
		}
		return ""
	}
	grants := make(map[string]subscription.Grant, ids.Len())
	for ids.Len() > 0 {
		id := word(ids)
		g := subscription.Grant{At: timeOf(r.Varint()), By: word(r), Via: word(r)}
		for range r.Count(1) {
			g.Off = append(g.Off, word(r))
		}
		r.Take(r.Length())
		grants[id] = g
	}
	return grants
}

// split returns readers of the subscriptions of packed licences, and of their grants.
func split(packed string) (ids, grants *pack.Reader[string]) {
	grants = pack.NewReader(packed)
	n := grants.Count(1)
	size := grants.Len()
	for range n {
		grants.Uvarint()
	}
	all := packed[len(packed)-size:]
	return pack.NewReader(all[:size-grants.Len()]), grants
}

// subscriptionsIn yields the words that are the subscriptions of packed licences.
func subscriptionsIn(packed string) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		r := pack.NewReader(packed)
		for range r.Count(1) {
			if !yield(r.Uvarint()) {
				return
			}
		}
	}
}
