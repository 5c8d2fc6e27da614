package vlsc

import (
	"context"
	"fmt"
	"sync"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
)

// Statements answers from uploaded statements. It implements entitlement.Source and is safe for
// concurrent use.
type Statements struct {
	attribute Attribute

	mu          sync.Mutex
	attribution entitlement.Attribution
	considered  map[agreement.PairKey]bool // pairs known when attribution was computed
}

// Attribute returns the result of entitlement.Attribute for the statements in use and all current
// pairs of the organisation, and these pairs.
type Attribute func(context.Context) (entitlement.Attribution, []agreement.Pair, error)

var _ entitlement.Source = (*Statements)(nil)

// NewStatements returns a source for statements.
func NewStatements(attribute Attribute) *Statements { return &Statements{attribute: attribute} }

// Ask implements entitlement.Source. It returns the error of attribute. A pair that a statement
// mentions is valid. Other pairs have StateError: a statement lists only what its reader may see,
// so it never proves that a pair is invalid.
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

// about returns an attribution that includes all of the pairs, except those removed meanwhile. It
// computes a new one for a pair that was added later, for example by an import during a refresh.
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
