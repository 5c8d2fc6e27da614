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
)

// maxTries is how often an edit is built, within the patience of the engine, because
// something that it was built from, such as a group with a name, changed before the edit
// was written.
const maxTries = 50

// edit is one transaction that a person waits for, and what it means if one of its
// conditions does not hold.
type edit struct {
	db      *engine
	now     time.Time
	actions []*action
	refused map[*action]func(met item) error // as add was called
	quiet   map[importer.Stage]bool          // stages that must not be committed after this
	entry   record                           // what the journal says of it; nothing when it has no name
	after   *journal.Head                    // where the first stripe has to stand; nil for an entry of another stripe
	first   []byte                           // what a call with the same Idempotency-Key answered

	taken []claim                  // names and pairs that the last try found taken
	dead  map[string]importer.Dead // by partition key: names and pairs that may be overwritten
}

// claim is a name or a pair that an edit takes for an agreement.
type claim struct {
	field, value string // of the draft
	code         string // of the violation if it is taken
	key          string // partition key
	owner        string // the agreement that has it
	wanted       string // the agreement that it is for
	stage        importer.Stage
}

// edit writes the actions that build adds. It builds them again if what they were built
// from has changed, which build may find out itself (journal.ErrMoved), or if they met
// only names and pairs that are dead. Names and pairs of other agreements are
// errs.Conflict taken, with one violation each.
//
// If build remembered an Idempotency-Key that was used before, nothing is written, and
// first is the answer that was given then.
func (db *engine) edit(ctx context.Context, now time.Time, build func(*edit) error) (first []byte, err error) {
	e := &edit{db: db, now: now, dead: map[string]importer.Dead{}}
	patient, impatient := context.WithTimeout(ctx, db.patience)
	defer impatient()
	last := errors.New("dynamo: there was no time for a first try")
	for range maxTries {
		if ctx.Err() == nil && patient.Err() != nil {
			break
		}
		e.actions, e.refused = nil, map[*action]func(item) error{}
		e.taken, e.quiet, e.entry, e.after = nil, map[importer.Stage]bool{}, record{}, nil
		err := build(e)
		if errors.Is(err, journal.ErrMoved) {
			last = err
			continue
		}
		if err != nil {
			return nil, err
		}
		err = e.quieten(ctx)
		if errors.Is(err, importer.ErrTaken) {
			clear(e.dead) // one of them was committed since it was read
			last = err
			continue
		}
		if err != nil {
			return nil, err
		}
		err = e.write(ctx)
		if errors.Is(err, journal.ErrMoved) {
			last = err
			continue // a group was deleted since it was read
		}
		if conditionOf(err) == nil {
			return nil, err
		}
		last = err
		for _, a := range e.actions {
			old, isRefused := refused(err, a)
			meaning := e.refused[a]
			if !isRefused || meaning == nil {
				continue
			}
			if err := meaning(old); err != nil || e.first != nil {
				return e.first, err
			}
		}
		if err := e.settle(ctx); err != nil {
			return nil, err
		}
	}
	return nil, errs.Wrap(fmt.Errorf("dynamo: the edit was built again for too long: %w", last), errs.Unavailable, "try_again")
}

// write runs the actions, and records what they changed.
func (e *edit) write(ctx context.Context) error {
	if e.entry.name == "" {
		return e.db.transact(ctx, e.actions)
	}
	if e.after != nil {
		return e.db.appendFirst(ctx, e.actions, *e.after, e.entry)
	}
	return e.db.transactWith(ctx, e.actions, e.entry)
}

// changes sets what the journal records of an agreement.
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

// outdates notes that pairs are added to or removed from an agreement of this type, which
// makes licence data stale if the type is volume (R7.3).
func (e *edit) outdates(t agreement.Type) {
	if t == agreement.TypeVolume {
		e.entry.head = outdating(e.now)
	}
}

// add appends an action. If its condition does not hold, refused is called with the item
// that the action met, nil for none, and the edit fails with the error that it returns.
// The edit is built again if refused is nil or returns nil.
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

// remember adds the action that keeps the entry of an Idempotency-Key.
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
	writer, err := e.db.get(ctx, writerPK, writerSK)
	if err != nil {
		return err
	}
	until, err := number(writer, "lease")
	if err != nil {
		return err
	}
	if holder := attr(writer, "holder"); e.quiet[importer.Stage(holder)] && until >= millis(e.now) {
		return errs.Wrap(fmt.Errorf("dynamo: the stage %s may be written until %s", holder, fromMillis(until).Format(time.RFC3339)), errs.Unavailable, "import_running")
	}
	return e.db.bury(ctx, e.quiet)
}

// settle checks what the last try found taken. It returns a conflict that names what other
// agreements have, or nil if all of it may be overwritten.
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
	// Before the owners are read: one that a commit brings later is not missing.
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
			continue // it was renamed since it was read: the next try finds out
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
