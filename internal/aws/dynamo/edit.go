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

// maxTries is how often an edit is made anew, within the store's patience,
// because something it was made from, such as the group chosen by name,
// changed before it was written.
const maxTries = 50

// edit is one transaction that a person waits for, and what it means when a
// condition of it does not hold.
type edit struct {
	store   *Store
	now     time.Time
	actions []*action
	refused map[*action]func(old item) error // what add was given
	quiet   map[importer.Stage]bool          // stages that must not be committed after this
	entry   record                           // what the journal says of it; nothing when it has no name
	after   *journal.Head                    // where the first stripe has to stand; nil for an entry of another stripe
	first   []byte                           // what a call with the same Idempotency-Key answered

	taken []claim                  // names and pairs that somebody has, met by the last try
	dead  map[string]importer.Dead // by partition key: those that may be taken over
}

// claim is a name or a pair that somebody has.
type claim struct {
	field, value string // of the draft
	code         string // what it means
	key          string // partition key
	owner        string // the agreement
	wanted       string // the agreement that wants it
	stage        importer.Stage
}

// edit writes what build puts together. It builds anew when what it was built
// from changed, which build may find out itself (journal.ErrMoved), or when what
// it met may be taken over. What others have is errs.Conflict taken, with a
// violation each.
//
// When build remembered an Idempotency-Key that was used before, nothing is
// written, and first is what was answered then.
func (s *Store) edit(ctx context.Context, now time.Time, build func(*edit) error) (first []byte, err error) {
	e := &edit{store: s, now: now, dead: map[string]importer.Dead{}}
	patient, impatient := context.WithTimeout(ctx, s.patience)
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
		return e.store.transact(ctx, e.actions)
	}
	if e.after != nil {
		return e.store.appendFirst(ctx, e.actions, *e.after, e.entry)
	}
	return e.store.transactWith(ctx, e.actions, e.entry)
}

// changes says what the journal records of an agreement.
func (e *edit) changes(c register.Change) {
	e.entry.name, e.entry.body, e.entry.weight, e.entry.at = register.JournalName, register.Body([]register.Change{c}, ""), 1, e.now
}

// within has the edit written only if a license group still exists that it is
// about. groupID may be of the built-in one, which always exists.
func (e *edit) within(groupID string) {
	if groupID != group.UnassignedID && !slices.Contains(e.entry.within, groupID) {
		e.entry.within = append(e.entry.within, groupID)
	}
}

// outdates says that what changes makes licence data stale (R7.3): pairs that
// came or went, of an agreement of type volume.
func (e *edit) outdates(t agreement.Type) {
	e.entry.outdates = t == agreement.TypeVolume
}

// add appends an action. refused says what it means that its condition did not
// hold, given the item that it met, nil for none. The edit is built again if refused
// is nil or returns nil.
func (e *edit) add(a *action, refused func(old item) error) {
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

// audit adds the event.
func (e *edit) audit(event audit.Event) {
	e.add(e.store.put(newAuditItem(event), "", nil), nil)
}

// remember adds the entry of an Idempotency-Key.
func (e *edit) remember(entry once.Entry) {
	if entry.Key == "" {
		return
	}
	e.add(e.store.remembering(entry, e.now), func(old item) (err error) {
		e.first, err = answered(old, entry)
		return err
	})
}

// claim adds the action that stores v, whose key nobody, or only what is dead,
// may have. owner is the attribute that names the agreement.
func (e *edit) claim(v any, owner string, what claim) {
	it := marshal(v)
	what.key = attr(it, "pk")
	dead, known := e.dead[what.key]
	if known && !dead.Orphan {
		e.quiet[dead.Stage] = true
	}
	e.add(e.store.putUnlessTaken(it, owner, dead), func(old item) error {
		what.owner, what.stage = attr(old, owner), importer.Stage(attr(old, "stage"))
		e.taken = append(e.taken, what)
		return nil
	})
}

// quieten sees to it that no quiet stage can be committed any more. While one
// of them is being written, that is for its import to finish.
func (e *edit) quieten(ctx context.Context) error {
	if len(e.quiet) == 0 {
		return nil
	}
	writer, err := e.store.get(ctx, writerPK, writerSK)
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
	return e.store.bury(ctx, e.quiet)
}

// settle looks at what the last try met: a conflict that names everything that
// is taken, or nil when all of it may be taken over.
func (e *edit) settle(ctx context.Context) error {
	if len(e.taken) == 0 {
		return nil
	}
	s, stages, ids := e.store, map[importer.Stage]bool{}, []string{}
	for _, t := range e.taken {
		stages[t.stage] = true
		ids = append(ids, t.owner)
	}
	if err := s.learn(ctx, stages); err != nil {
		return err
	}
	// Before the owners are read: one that a commit brings later is not missing.
	committed := make([]bool, len(e.taken))
	for i, t := range e.taken {
		committed[i] = s.committed(t.stage, latest)
	}
	slices.Sort(ids)
	owners, err := s.AgreementsByID(ctx, slices.Compact(ids))
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
