package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/importer"
	"trueup/internal/journal"
	"trueup/internal/once"
	"trueup/internal/register"
	"trueup/internal/retry"
)

// edit is one transaction that a person waits for, and the errors to return if its
// conditions do not hold.
type edit struct {
	db      *engine
	now     time.Time
	actions []*action
	refused map[*action]func(met item) error // set by add
	quiet   map[importer.Stage]bool          // stages that must not be committed after this edit
	entry   record                           // the journal entry; none if it has no name
	after   *journal.Head                    // required head of the first stripe; nil for an entry of another stripe
	first   []byte                           // answer of an earlier call with the same Idempotency-Key

	taken []claim                  // names and pairs that the last try found taken
	dead  map[string]importer.Dead // names and pairs that may be overwritten, by partition key
}

// claim is a name or a pair that an edit takes for an agreement.
type claim struct {
	field, value string // of the draft
	code         string // of the violation if it is taken
	key          string // partition key
	owner        string // the agreement that has it
	wanted       string // the agreement that claims it
	stage        importer.Stage
}

// edit writes the actions that build adds. It calls build again if data that build read
// have changed (build itself may return journal.ErrMoved), or if all taken names and pairs
// are dead. It returns errs.Conflict taken, with one violation for each name or pair that
// another agreement has.
//
// If build remembered an Idempotency-Key that was used before, edit writes nothing, and
// first is the stored answer.
func (db *engine) edit(ctx context.Context, now time.Time, build func(*edit) error) (first []byte, err error) {
	e := &edit{db: db, now: now, dead: map[string]importer.Dead{}}
	policy := rebuilding
	policy.Patience = db.patience
	err = retry.Do(ctx, policy, func() error { return e.attempt(ctx, build) })
	return e.first, err
}

// attempt builds and writes the edit once.
func (e *edit) attempt(ctx context.Context, build func(*edit) error) error {
	e.actions, e.refused = nil, map[*action]func(item) error{}
	e.taken, e.quiet, e.entry, e.after = nil, map[importer.Stage]bool{}, record{}, nil
	err := build(e)
	if errors.Is(err, journal.ErrMoved) {
		return retry.Again(err)
	}
	if err != nil {
		return err
	}
	err = e.quieten(ctx)
	if errors.Is(err, importer.ErrTaken) {
		clear(e.dead) // one of them was committed since it was read
		return retry.Again(err)
	}
	if err != nil {
		return err
	}
	err = e.write(ctx)
	if errors.Is(err, journal.ErrMoved) { // a group was deleted since it was read
		return retry.Again(err)
	}
	if conditionOf(err) == nil {
		return err
	}
	return e.explain(ctx, err)
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

// write runs the actions, and appends the journal entry if there is one.
func (e *edit) write(ctx context.Context) error {
	if e.entry.name == "" {
		return e.db.transact(ctx, e.actions)
	}
	if e.after != nil {
		return e.db.appendFirst(ctx, e.actions, *e.after, e.entry)
	}
	return e.db.transactWith(ctx, e.actions, e.entry)
}

// changes sets the journal entry to a change of an agreement.
func (e *edit) changes(c register.Change) {
	e.entry.name, e.entry.body, e.entry.weight, e.entry.at = register.JournalName, register.Body([]register.Change{c}, ""), 1, e.now
}

// within makes the edit conditional on the existence of a license group. The built-in
// group always exists.
func (e *edit) within(groupID string) {
	if groupID != group.UnassignedID && !slices.Contains(e.entry.within, groupID) {
		e.entry.within = append(e.entry.within, groupID)
	}
}

// outdates notes that the pairs of an agreement of type t change, which makes licence data
// stale if the type is volume (R7.3).
func (e *edit) outdates(t agreement.Type) {
	if t == agreement.TypeVolume {
		e.entry.head = outdating(e.now)
	}
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
	e.add(e.db.remembering(entry, e.now), func(old item) (err error) {
		e.first, err = answered(old, entry)
		return err
	})
}

// claim adds the action that stores v, of an item type, unless its key is taken. owner is
// the attribute that names the agreement.
func (e *edit) claim(v any, owner string, what claim) {
	it := marshal(v)
	what.key = attr(it, "pk")
	dead, known := e.dead[what.key]
	if known && !dead.Orphan {
		e.quiet[dead.Stage] = true
	}
	e.add(e.db.putUnlessTaken(it, owner, dead), func(old item) error {
		what.owner, what.stage = attr(old, owner), importer.Stage(attr(old, "stage"))
		e.taken = append(e.taken, what)
		return nil
	})
}

// quieten makes sure that no quiet stage can be committed. If the import of one of them
// is still running, it returns errs.Unavailable import_running.
func (e *edit) quieten(ctx context.Context) error {
	if len(e.quiet) == 0 {
		return nil
	}
	it, err := e.db.get(ctx, writerPK, writerSK)
	if err != nil {
		return err
	}
	writer, err := decode[writerItem](it)
	if err != nil {
		return err
	}
	if e.quiet[writer.Holder] && writer.Lease >= millis(e.now) {
		until := fromMillis(writer.Lease).Format(time.RFC3339)
		return errs.Wrap(fmt.Errorf("dynamo: the stage %s may be written until %s", writer.Holder, until), errs.Unavailable, "import_running")
	}
	return e.db.bury(ctx, e.quiet)
}

// settle checks the names and pairs that the last try found taken. It returns a conflict
// that lists what other agreements have, or nil if all of it may be overwritten.
func (e *edit) settle(ctx context.Context) error {
	if len(e.taken) == 0 {
		return nil
	}
	db, stages, ids := e.db, map[importer.Stage]bool{}, []string{}
	for _, t := range e.taken {
		stages[t.stage] = true
		ids = append(ids, t.owner)
	}
	if err := db.learn(ctx, stages); err != nil {
		return err
	}
	// Check this before the owners are read: an owner whose commit comes in between must
	// not count as deleted.
	committed := make([]bool, len(e.taken))
	for i, t := range e.taken {
		committed[i] = db.committed(t.stage, latest)
	}
	slices.Sort(ids)
	owners, err := db.agreementsByID(ctx, slices.Compact(ids), nil)
	if err != nil {
		return err
	}
	var violations []errs.Violation
	for i, t := range e.taken {
		if t.owner == t.wanted && t.code == "name_taken" {
			continue // renamed since it was read: the next try finds out
		}
		owner, alive := owners[t.owner]
		e.dead[t.key] = importer.Dead{Stage: t.stage, Owner: t.owner, Orphan: committed[i]}
		if committed[i] && alive {
			violations = append(violations, errs.Violation{
				Code: t.code, Field: t.field, Value: t.value, Args: errs.Pairs("agreement", owner.Name),
			})
		}
	}
	if violations != nil {
		return &errs.Error{Kind: errs.Conflict, Code: "taken", Violations: violations}
	}
	return nil
}
