package register

import (
	"context"

	"trueup/internal/agreement"
	"trueup/internal/journal"
)

// All returns every agreement, sorted by id, and the position of the journal that they
// reflect. all is nil if that position is since: then nothing has changed.
func (r *Reader) All(ctx context.Context, since journal.Position) (all []agreement.Agreement, at journal.Position, err error) {
	err = r.replica.Read(ctx, func(s *Register, head journal.Head) error {
		if at = head.Position; at == since && at != (journal.Position{}) {
			return nil
		}
		order := s.table.order(sortID)
		all = make([]agreement.Agreement, len(order))
		for i, slot := range order {
			all[i] = s.table.rows[slot].Agreement
		}
		return nil
	})
	return all, at, err
}
