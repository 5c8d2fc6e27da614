package refresher_test

import (
	"context"
	"errors"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/refresher"
	"trueup/internal/refresher/conformance"
)

// judged is the world as package conformance sees it.
type judged struct{ *stand }

func (j judged) Store() refresher.Store { return j.process(&process{}).Store }

func (j judged) Add(_ context.Context, id, groupID string, pairs ...agreement.Pair) error {
	for _, p := range pairs {
		j.addPair(p, id, groupID)
	}
	return nil
}

func (j judged) Remove(_ context.Context, id string, pairs ...agreement.Pair) error {
	for _, p := range pairs {
		j.mu.Lock()
		s := j.pairs[p.Key()]
		j.mu.Unlock()
		if s == nil || s.AgreementID != id {
			return errors.New("it has no such pair")
		}
		j.removePair(p.Key())
	}
	return nil
}

func (j judged) Validation(_ context.Context, id string) (agreement.Validation, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.validation[id], nil
}

func (j judged) Answered(context.Context) (all []refresher.Answered, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range j.all() {
		all = append(all, refresher.Answered{
			Pair: s.Pair, AgreementID: s.AgreementID, State: s.State, Reason: s.Reason, At: s.at, Held: s.Aside != "", Entitlements: s.entitlements,
		})
	}
	return all, nil
}

func TestWorldConforms(t *testing.T) {
	t.Parallel()
	conformance.Test(t, func(t *testing.T) conformance.World { return judged{newStand(t)} })
}
