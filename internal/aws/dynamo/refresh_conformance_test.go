package dynamo_test

import (
	"context"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/once"
	"trueup/internal/refresher"
	"trueup/internal/refresher/conformance"
)

// refreshed is a table for the suite of package conformance.
type refreshed struct{ store *dynamo.Table }

func (w refreshed) Store() refresher.Store { return refreshes(w.store) }

func (w refreshed) Add(ctx context.Context, id, groupID string, pairs ...agreement.Pair) error {
	a, err := w.store.Agreements.Agreement(ctx, id)
	if errs.KindOf(err) == errs.NotFound {
		_, _, err = w.store.Agreements.Create(agreement.New{
			ID: id, Type: agreement.TypeVolume, Name: id, Pairs: pairs, Group: agreement.Target{GroupID: groupID}, By: "ann", At: noon,
		}).Apply(ctx, once.Change{Event: edited("agreement.created")})
		return err
	}
	if err != nil {
		return err
	}
	_, _, err = w.store.Agreements.AddPairs(a, pairs).Apply(ctx, once.Change{Event: edited("agreement.pairs_added")})
	return err
}

func (w refreshed) Remove(ctx context.Context, id string, pairs ...agreement.Pair) error {
	a, err := w.store.Agreements.Agreement(ctx, id)
	if err != nil {
		return err
	}
	if a.PairCount == len(pairs) {
		return w.store.Agreements.Delete(ctx, a, edited("agreement.deleted"))
	}
	keys := make([]agreement.PairKey, len(pairs))
	for i, p := range pairs {
		keys[i] = p.Key()
	}
	_, err = w.store.Agreements.RemovePairs(ctx, a, keys, edited("agreement.pairs_removed"))
	return err
}

func (w refreshed) Validation(ctx context.Context, id string) (agreement.Validation, error) {
	shown, err := listed(ctx, w.store, id)
	if err != nil {
		return "", err
	}
	a, err := w.store.Agreements.Agreement(ctx, id)
	if err == nil && a.Validation != shown.Validation {
		return "", errs.New(errs.Conflict, "listed as "+string(shown.Validation)+", stored as "+string(a.Validation))
	}
	return a.Validation, err
}

func (w refreshed) Answered(ctx context.Context) (all []refresher.Answered, err error) {
	err = refreshes(w.store).Answers(ctx, func(some []refresher.Answered) error { all = append(all, some...); return nil })
	return all, err
}

func TestRefreshesConform(t *testing.T) {
	t.Parallel()
	conformance.Test(t, func(t *testing.T) conformance.World {
		s := open(t)
		for _, id := range conformance.Groups {
			_, err := s.Groups.CreateGroup(t.Context(), group.Group{ID: id, Name: id, CreatedAt: noon, Version: 1}, once.Change{Event: edited("group.created")})
			must(t, err)
		}
		return refreshed{s}
	})
}
