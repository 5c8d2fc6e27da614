package dynamo

import (
	"context"
	"fmt"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/importer"
	"trueup/internal/register"
)

// Agreements stores agreements and their pairs. Package register lists agreements from
// the ones that changed. Agreements is safe for concurrent use.
type Agreements struct {
	db         *engine
	visibility *visibility
	groups     *storedGroups
	stored     *storedAgreements
}

var (
	_ agreement.Store = (*Agreements)(nil)
	_ register.Source = (*Agreements)(nil)
)

// Agreement implements agreement.Store.
func (s *Agreements) Agreement(ctx context.Context, id string) (agreement.Agreement, error) {
	_, a, _, err := s.read(ctx, id)
	return a, err
}

// read returns an agreement and its item, and the license groups that were deleted but
// not yet emptied when it was read. Only an agreement in a group needs to know them, so
// every other one costs a single read. The two items are not one snapshot: a group that is
// emptied between the reads can still be the agreement's group.
func (s *Agreements) read(ctx context.Context, id string) (i agreementItem, a agreement.Agreement, gone []string, err error) {
	p, sort := agreementKey(id)
	stored, err := s.db.get(ctx, p, sort)
	if err != nil {
		return i, a, nil, err
	}
	if i, err = decode[agreementItem](stored); err != nil {
		return i, a, nil, err
	}
	if stored != nil && i.Group != group.UnassignedID {
		p, sort := headKey(register.JournalName, 0)
		head, err := s.db.get(ctx, p, sort)
		if err != nil {
			return i, a, nil, err
		}
		if gone, err = deletedGroups(head); err != nil {
			return i, a, nil, err
		}
	}
	stages := map[importer.Stage]bool{}
	i.stages(stages)
	if err := s.visibility.learn(ctx, stages); err != nil {
		return i, a, gone, err
	}
	if stored == nil || !s.visibility.committed(i.Stage, latest) {
		return i, a, gone, errs.New(errs.NotFound, "agreement_not_found", "id", id)
	}
	return i, s.stored.agreement(i, gone), gone, nil
}

// AgreementsByID implements register.Source.
func (s *Agreements) AgreementsByID(ctx context.Context, ids []string) (map[string]agreement.Agreement, error) {
	return s.stored.byID(ctx, ids, nil)
}

// Pairs implements agreement.Store.
func (s *Agreements) Pairs(ctx context.Context, id string, limit int, after string) (agreement.PairPage, error) {
	query := []string{"pairs", id}
	c, first, err := decodeCursor(after, query...)
	if err != nil {
		return agreement.PairPage{}, err
	}
	if first {
		c.Moment = unknownSeq
	}
	if _, err := s.Agreement(ctx, id); err != nil {
		return agreement.PairPage{}, err
	}
	rows, next, moment, err := s.page(ctx, listing{id: id, after: c.After, limit: limit}, c.Moment)
	if err != nil {
		return agreement.PairPage{}, fmt.Errorf("list pairs: %w", err)
	}
	p := agreement.PairPage{Items: make([]agreement.Pair, len(rows))}
	for i, row := range rows {
		p.Items[i] = row.pair()
	}
	if next != "" {
		p.Next = cursor{After: next, Moment: moment}.encode(query...)
	}
	return p, nil
}

// Details implements agreement.Store.
func (s *Agreements) Details(ctx context.Context, read agreement.Agreement, event audit.Event) (string, error) {
	if _, err := s.Agreement(ctx, read.ID); err != nil {
		return "", err
	}
	event.Subject = "agreement/" + read.ID
	_, err := s.db.edit(ctx, event.At, func(e *edit) error {
		e.audit(event)
		return nil
	})
	if err != nil {
		return "", err
	}
	p, sort := detailsKey(read.ID)
	it, err := s.db.get(ctx, p, sort)
	if err != nil {
		return "", err
	}
	i, err := decode[detailsItem](it)
	return i.Details, err
}
