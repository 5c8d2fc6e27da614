package vlsc

import (
	"context"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
)

// Statements answers from the statements that an admin put. It implements
// entitlement.Source.
type Statements struct {
	attribution entitlement.Attribution
}

var _ entitlement.Source = Statements{}

// NewStatements returns the source of what statements say about pairs, as
// entitlement.Attribute found for all of the organisation's.
func NewStatements(a entitlement.Attribution) Statements { return Statements{a} }

// Ask implements entitlement.Source, and never fails. A pair that a statement
// mentions is valid. Of one that none mentions nothing can be said: a statement
// lists what its reader may see, so it never proves that a pair is invalid.
func (s Statements) Ask(_ context.Context, pairs []agreement.Pair) ([]entitlement.Answer, error) {
	answers := make([]entitlement.Answer, len(pairs))
	for i, p := range pairs {
		key := p.Key()
		list, mentioned := s.attribution.ByPair[key]
		answers[i] = entitlement.Answer{Pair: key, State: entitlement.StateValid, Entitlements: list}
		if !mentioned {
			answers[i].State, answers[i].Reason = entitlement.StateError, entitlement.ReasonNoStatement
		}
	}
	return answers, nil
}
