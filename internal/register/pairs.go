package register

import (
	"bytes"
	"context"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/journal"
	"trueup/internal/slots"
)

// PairRef is a pair and the agreement that has it. The zero PairRef sorts first.
type PairRef struct {
	AgreementID string            `json:"a"`
	Pair        agreement.PairKey `json:"p"`
}

// Pairs returns the next pairs after one, at most limit, of the agreements in a license
// group, or of all agreements if groupID is empty. The order, by agreement id and then
// pair, never changes: reading page by page until none is left returns every pair that
// exists throughout exactly once.
func (r *Reader) Pairs(ctx context.Context, groupID string, after PairRef, limit int) ([]PairRef, error) {
	refs := make([]PairRef, 0, limit)
	err := r.replica.Read(ctx, func(s *Register, _ journal.Head) error {
		t := &s.table
		byID := t.order(sortID)
		at, _ := slots.Search(t.rows, byID, by(sortID), &row{Agreement: agreement.Agreement{ID: after.AgreementID}})
		for _, slot := range byID[at:] {
			row := &t.rows[slot]
			if groupID != "" && row.GroupID != groupID {
				continue
			}
			for line := range bytes.Lines(t.numbers.At(slot)) {
				if len(refs) == limit {
					return nil
				}
				number := bytes.TrimSuffix(line, newline)
				if row.ID == after.AgreementID && string(number) <= string(after.Pair) {
					continue
				}
				refs = append(refs, PairRef{AgreementID: row.ID, Pair: agreement.PairKey(number)})
			}
		}
		return nil
	})
	return refs, err
}

// PairsOf returns the pairs of each of the agreements that exist.
func (r *Reader) PairsOf(ctx context.Context, ids []string) (map[string][]agreement.PairKey, error) {
	pairs := make(map[string][]agreement.PairKey, len(ids))
	err := r.replica.Read(ctx, func(s *Register, _ journal.Head) error {
		for _, id := range ids {
			slot, exists := s.table.find(id)
			if !exists {
				continue
			}
			pairs[id] = s.table.pairs(slot)
		}
		return nil
	})
	return pairs, err
}

// ByAuthorization returns, for each of the authorization numbers in the form of PairKey, the ids of
// the agreements that have a pair with it.
func (r *Reader) ByAuthorization(ctx context.Context, numbers []string) (map[string][]string, error) {
	ids := make(map[string][]string, len(numbers))
	for _, number := range numbers {
		ids[number] = nil
	}
	err := r.replica.Read(ctx, func(s *Register, _ journal.Head) error {
		t := &s.table
		for _, slot := range t.order(sortID) {
			id := t.rows[slot].ID
			for line := range bytes.Lines(t.numbers.At(slot)) {
				number, _, _ := bytes.Cut(line, plus)
				of, wanted := ids[string(number)]
				if wanted && (len(of) == 0 || of[len(of)-1] != id) {
					ids[string(number)] = append(of, id)
				}
			}
		}
		return nil
	})
	return ids, err
}

// plus is between the numbers of a PairKey.
var plus = []byte{'+'}

// CountPairs returns the number of pairs of the agreements in a license group, or of all
// agreements if groupID is empty.
func (r *Reader) CountPairs(ctx context.Context, groupID string) (int, error) {
	n := 0
	err := r.replica.Read(ctx, func(s *Register, _ journal.Head) error {
		t := &s.table
		for _, slot := range t.order(sortID) {
			if groupID == "" || t.rows[slot].GroupID == groupID {
				n += bytes.Count(t.numbers.At(slot), newline)
			}
		}
		return nil
	})
	return n, err
}

// pairs returns the pairs of the agreement in a slot, sorted.
func (t *table) pairs(slot uint32) []agreement.PairKey {
	numbers := strings.Fields(string(t.numbers.At(slot)))
	pairs := make([]agreement.PairKey, len(numbers))
	for i, number := range numbers {
		pairs[i] = agreement.PairKey(number)
	}
	return pairs
}
