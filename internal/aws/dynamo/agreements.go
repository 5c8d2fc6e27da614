package dynamo

import (
	"context"
	"fmt"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/importer"
	"trueup/internal/register"
)

// Agreement implements agreement.Store.
func (s *Store) Agreement(ctx context.Context, id string) (agreement.Agreement, error) {
	_, a, _, err := s.stored(ctx, id)
	return a, err
}

// stored returns an agreement, its item, and the license groups that were deleted
// and not emptied when it was read.
func (s *Store) stored(ctx context.Context, id string) (i agreementItem, a agreement.Agreement, gone []string, err error) {
	keys := []item{key(agreementKey(id)), key(headKey(register.JournalName, 0))}
	found := false
	err = s.getAll(ctx, keys, "", nil, func(it item) (err error) {
		if attr(it, "sk") == string(headSK) {
			head, err := decode[headItem](it)
			gone = head.gone()
			return err
		}
		found = true
		i, err = decode[agreementItem](it)
		return err
	})
	if err != nil {
		return i, a, gone, err
	}
	stages := map[importer.Stage]bool{}
	i.stages(stages)
	if err := s.learn(ctx, stages); err != nil {
		return i, a, gone, err
	}
	if !found || !s.committed(i.Stage, latest) {
		return i, a, gone, errs.New(errs.NotFound, "agreement_not_found", "id", id)
	}
	return i, s.agreement(i, gone), gone, nil
}

// AgreementsByID implements register.Source.
func (s *Store) AgreementsByID(ctx context.Context, ids []string) (map[string]agreement.Agreement, error) {
	return s.agreementsByID(ctx, ids, nil)
}

// agreementsByID is AgreementsByID, with those in groups that are gone in Unassigned.
func (s *Store) agreementsByID(ctx context.Context, ids, gone []string) (map[string]agreement.Agreement, error) {
	var items []agreementItem
	stages := map[importer.Stage]bool{}
	read := func(it item) error {
		i, err := decode[agreementItem](it)
		if err != nil {
			return err
		}
		i.stages(stages)
		items = append(items, i)
		return nil
	}
	keys := make([]item, len(ids))
	for i, id := range ids {
		keys[i] = key(agreementKey(id))
	}
	if err := s.getAll(ctx, keys, "", nil, read); err != nil {
		return nil, err
	}
	if err := s.learn(ctx, stages); err != nil {
		return nil, err
	}
	found := make(map[string]agreement.Agreement, len(items))
	for _, i := range items {
		if s.committed(i.Stage, latest) {
			found[i.ID] = s.agreement(i, gone)
		}
	}
	return found, nil
}

// Pairs implements agreement.Store.
func (s *Store) Pairs(ctx context.Context, id string, limit int, after string) (agreement.PairPage, error) {
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
