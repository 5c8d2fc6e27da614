package dynamo

import (
	"context"

	"trueup/internal/agreement"
	"trueup/internal/audit"
)

// Details implements agreement.Store.
func (s *Store) Details(ctx context.Context, read agreement.Agreement, event audit.Event) (string, error) {
	if _, err := s.Agreement(ctx, read.ID); err != nil {
		return "", err
	}
	event.Subject = "agreement/" + read.ID
	_, err := s.edit(ctx, event.At, func(e *edit) error {
		e.audit(event)
		return nil
	})
	if err != nil {
		return "", err
	}
	p, sort := detailsKey(read.ID)
	it, err := s.get(ctx, p, sort)
	return attr(it, "details"), err
}
