package register

import (
	"context"

	"trueup/internal/agreement"
	"trueup/internal/journal"
)

// All returns every agreement, sorted by id, and where the journal stands at which
// they are so: nil when that is since, after which nothing has changed.
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
