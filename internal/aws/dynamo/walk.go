package dynamo

import (
	"context"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/importer"
	"trueup/internal/register"
)

// Owned implements register.Source.
func (s *Agreements) Owned(ctx context.Context, pairs []register.PairRef) (map[register.PairRef]bool, error) {
	owned := make(map[register.PairRef]bool, len(pairs))
	seen := make(map[agreement.PairKey]bool, len(pairs))
	var keys []item
	for _, ref := range pairs {
		owned[ref] = false
		if !seen[ref.Pair] {
			seen[ref.Pair] = true
			keys = append(keys, key(pairKey(ref.Pair)))
		}
	}
	var found []pairItem
	stages := map[importer.Stage]bool{}
	err := s.db.getAll(ctx, keys, ownership, placeholders(ownership), func(it item) error {
		i, err := decode[pairItem](it)
		stages[i.Stage] = true
		found = append(found, i)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.visibility.learn(ctx, stages); err != nil {
		return nil, err
	}
	for _, i := range found {
		ref := register.PairRef{AgreementID: i.Agreement, Pair: i.pair().Key()}
		if _, asked := owned[ref]; asked {
			owned[ref] = s.visibility.committed(i.Stage, latest)
		}
	}
	return owned, nil
}

// walk reads all agreements and pairs.
type walk struct {
	store    *Agreements
	segments segments
}

// Walk implements register.Source.
func (s *Agreements) Walk() register.Walk {
	return &walk{s, segments{
		db: s.db, filter: "begins_with(pk, :pair) OR begins_with(pk, :agreement) AND sk = :sk",
		values: item{":pair": str(pairPrefix), ":agreement": str(agreementPrefix), ":sk": str(string(agreementSK))},
	}}
}

// Next implements register.Walk.
func (w *walk) Next(ctx context.Context) (agreements []agreement.Agreement, pairs []register.PairRef, last bool, err error) {
	pages, err := w.segments.read(ctx)
	if err != nil {
		return nil, nil, false, err
	}
	var items []agreementItem
	var owned []pairItem
	stages := map[importer.Stage]bool{}
	for _, it := range pages.items() {
		if strings.HasPrefix(attr(it, "pk"), pairPrefix) {
			i, err := decode[pairItem](it)
			if err != nil {
				return nil, nil, false, err
			}
			stages[i.Stage] = true
			owned = append(owned, i)
			continue
		}
		i, err := decode[agreementItem](it)
		if err != nil {
			return nil, nil, false, err
		}
		i.stages(stages)
		items = append(items, i)
	}
	if err := w.store.visibility.learn(ctx, stages); err != nil {
		return nil, nil, false, err
	}
	for _, i := range items {
		if w.store.visibility.committed(i.Stage, latest) {
			agreements = append(agreements, w.store.stored.agreement(i, nil))
		}
	}
	for _, i := range owned {
		if w.store.visibility.committed(i.Stage, latest) {
			pairs = append(pairs, register.PairRef{AgreementID: i.Agreement, Pair: i.pair().Key()})
		}
	}
	return agreements, pairs, w.segments.advance(pages), nil
}
