package vlsc

import (
	"context"
	"fmt"
	"sync"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
)

// Statements answers from the statements that an admin put. It implements
// entitlement.Source, and can be used by many at the same time.
type Statements struct {
	attribute Attribute

	mu          sync.Mutex
	attribution entitlement.Attribution
	considered  map[agreement.PairKey]bool // when attribution was made
}

// Attribute returns what the statements in use say, as entitlement.Attribute
// finds for all pairs that the organisation has at this moment, and these pairs.
type Attribute func(context.Context) (entitlement.Attribution, []agreement.Pair, error)

var _ entitlement.Source = (*Statements)(nil)

// NewStatements returns the source of what statements say.
func NewStatements(attribute Attribute) *Statements { return &Statements{attribute: attribute} }

// Ask implements entitlement.Source. Its error is one of attribute. A pair that a statement
// mentions is valid. Of one that none mentions nothing can be said: a statement
// lists what its reader may see, so it never proves that a pair is invalid.
func (s *Statements) Ask(ctx context.Context, pairs []agreement.Pair) ([]entitlement.Answer, error) {
	said, err := s.about(ctx, pairs)
	if err != nil {
		return nil, err
	}
	answers := make([]entitlement.Answer, len(pairs))
	for i, p := range pairs {
		key := p.Key()
		list, mentioned := said.ByPair[key]
		answers[i] = entitlement.Answer{Pair: key, State: entitlement.StateValid, Entitlements: list}
		if !mentioned {
			answers[i].State, answers[i].Reason = entitlement.StateError, entitlement.ReasonNoStatement
		}
	}
	return answers, nil
}

// about returns an attribution that considered all of the pairs, unless they are gone
// already. It is made anew for a pair that came after it, as pairs do that are
// imported while a refresh runs: what it would say of them is nothing.
func (s *Statements) about(ctx context.Context, pairs []agreement.Pair) (entitlement.Attribution, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range pairs {
		if s.considered[p.Key()] {
			continue
		}
		said, all, err := s.attribute(ctx)
		if err != nil {
			return entitlement.Attribution{}, fmt.Errorf("vlsc: statements: %w", err)
		}
		s.attribution, s.considered = said, make(map[agreement.PairKey]bool, len(all))
		for _, known := range all {
			s.considered[known.Key()] = true
		}
		break
	}
	return s.attribution, nil
}
