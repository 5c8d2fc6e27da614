package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/once"
	"trueup/internal/retry"
)

// edit is one attempt to write a transaction that a person waits for, and the errors to
// return if its conditions do not hold.
type edit struct {
	db      *engine
	now     time.Time
	actions []*action
	refused map[*action]func(met item) error // set by add
	first   []byte                           // answer of an earlier call with the same Idempotency-Key

	// write runs the actions. settle is called if a failed condition has no error of its own. It
	// returns the reason, or nil if the edit can be built again.
	write  func(context.Context, []*action) error
	settle func(context.Context) error
}

// edit writes the actions that build adds. It calls build again if data that build read
// have changed, or if build returns an error of retry.Again.
//
// If build remembered an Idempotency-Key that was used before, edit writes nothing, and
// first is the stored answer.
func (db *engine) edit(ctx context.Context, now time.Time, build func(*edit) error) (first []byte, err error) {
	policy := rebuilding
	policy.Timeout = db.retryTimeout
	err = retry.Do(ctx, policy, func() error {
		e := newEdit(db, now)
		if err := build(e); err != nil {
			return err
		}
		err := e.write(ctx, e.actions)
		if conditionOf(err) != nil {
			err = e.explain(ctx, err)
		}
		first = e.first
		return err
	})
	return first, err
}

func newEdit(db *engine, now time.Time) *edit {
	return &edit{db: db, now: now, refused: map[*action]func(item) error{}, write: db.transact, settle: func(context.Context) error { return nil }}
}

// explain returns the error of an edit whose conditions did not hold, which may be to try
// again. It returns nil if the edit was made before, by a call with the same
// Idempotency-Key.
func (e *edit) explain(ctx context.Context, failed error) error {
	for _, a := range e.actions {
		old, isRefused := refused(failed, a)
		meaning := e.refused[a]
		if !isRefused || meaning == nil {
			continue
		}
		if err := meaning(old); err != nil || e.first != nil {
			return err
		}
	}
	if err := e.settle(ctx); err != nil {
		return err
	}
	return retry.Again(failed)
}

// add appends an action. If its condition does not hold, refused is called with the item
// in the table, nil for none, and the edit returns the error that refused returns. The
// edit is built again if refused is nil or returns nil.
func (e *edit) add(a *action, refused func(met item) error) {
	const allOld = types.ReturnValuesOnConditionCheckFailureAllOld
	switch {
	case a.Put != nil:
		a.Put.ReturnValuesOnConditionCheckFailure = allOld
	case a.Update != nil:
		a.Update.ReturnValuesOnConditionCheckFailure = allOld
	case a.Delete != nil:
		a.Delete.ReturnValuesOnConditionCheckFailure = allOld
	}
	e.actions = append(e.actions, a)
	if refused != nil {
		e.refused[a] = refused
	}
}

// audit adds the action that stores an event.
func (e *edit) audit(event audit.Event) {
	e.add(e.db.put(newAuditItem(event), "", nil), nil)
}

// remember adds the action that stores the entry of an Idempotency-Key.
func (e *edit) remember(entry once.Entry) {
	if entry.Key == "" {
		return
	}
	e.add(remembering(e.db, entry, e.now), func(old item) (err error) {
		e.first, err = answered(old, entry)
		return err
	})
}
