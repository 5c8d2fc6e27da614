package dynamo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/importer"
	"trueup/internal/journal"
	"trueup/internal/register"
	"trueup/internal/retry"
)

// agreementEdit is an edit of an agreement. It appends a change to the journal of
// agreements, and can take names and pairs.
type agreementEdit struct {
	*edit
	stored *storedAgreements
	change register.Change
	head   headChange               // of the head of the journal
	groups []string                 // license groups that must not be deleted
	quiet  map[importer.Stage]bool  // stages that must not be committed after this edit
	taken  []claim                  // names and pairs that the write found taken
	dead   map[string]importer.Dead // names and pairs that may be overwritten, by partition key
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

// edit writes the actions and the change that build adds. It calls build again if data that
// build read have changed (build itself may return journal.ErrMoved), or if all taken names
// and pairs are dead. It returns errs.Conflict taken, with one violation for each name or
// pair that another agreement has. See engine.edit for first.
func (s *storedAgreements) edit(ctx context.Context, now time.Time, build func(*agreementEdit) error) (first []byte, err error) {
	dead := map[string]importer.Dead{} // what earlier attempts found out
	return s.db.edit(ctx, now, func(plain *edit) error {
		e := &agreementEdit{edit: plain, stored: s, quiet: map[importer.Stage]bool{}, dead: dead}
		e.write, e.settle = e.append, e.lookUpTaken
		if err := build(e); err != nil {
			return againIfMoved(err)
		}
		err := e.blockQuietStages(ctx)
		if errors.Is(err, importer.ErrTaken) {
			clear(dead) // one of them was committed since it was read
			return retry.Again(err)
		}
		return err
	})
}

// append runs the actions and appends the change to the journal. It tries again if a
// license group was deleted since it was read.
func (e *agreementEdit) append(ctx context.Context, actions []*action) error {
	entry := agreementRecord(register.Body([]register.Change{e.change}, ""), 1, e.now)
	entry.head, entry.guard = e.head, existing{e.stored.tombstones, e.groups}
	return againIfMoved(e.stored.journals.append(ctx, actions, entry))
}

// againIfMoved makes an edit try again if err is journal.ErrMoved.
func againIfMoved(err error) error {
	if errors.Is(err, journal.ErrMoved) {
		return retry.Again(err)
	}
	return err
}

// within makes the edit conditional on the existence of a license group. The built-in
// group always exists.
func (e *agreementEdit) within(groupID string) {
	if groupID != group.UnassignedID && !slices.Contains(e.groups, groupID) {
		e.groups = append(e.groups, groupID)
	}
}

// outdates notes that the pairs of an agreement of type t change, which makes licence data
// stale if the type is volume (R7.3).
func (e *agreementEdit) outdates(t agreement.Type) {
	if t == agreement.TypeVolume {
		e.head = outdating(e.now)
	}
}

// claim adds the action that stores v, of an item type, unless its key is taken. owner is
// the attribute that names the agreement.
func (e *agreementEdit) claim(v any, owner string, what claim) {
	it := marshal(v)
	what.key = attr(it, "pk")
	dead, known := e.dead[what.key]
	if known && !dead.Orphan {
		e.quiet[dead.Stage] = true
	}
	e.add(e.stored.putUnlessTaken(it, owner, dead), func(old item) error {
		what.owner, what.stage = attr(old, owner), importer.Stage(attr(old, "stage"))
		e.taken = append(e.taken, what)
		return nil
	})
}

// blockQuietStages makes sure that no quiet stage can be committed. If the import of one of them
// is still running, it returns errs.Unavailable import_running.
func (e *agreementEdit) blockQuietStages(ctx context.Context) error {
	if len(e.quiet) == 0 {
		return nil
	}
	it, err := e.db.get(ctx, writerPK, writerSK)
	if err != nil {
		return err
	}
	writer, err := decode[leaseItem](it)
	if err != nil {
		return err
	}
	if e.quiet[importer.Stage(writer.Holder)] && writer.Lease >= millis(e.now) {
		until := fromMillis(writer.Lease).Format(time.RFC3339)
		return errs.Wrap(fmt.Errorf("dynamo: the stage %s holds the writer's lease until %s", writer.Holder, until), errs.Unavailable, "import_running")
	}
	return e.stored.visibility.bury(ctx, e.quiet)
}

// lookUpTaken checks the names and pairs that the write found taken. It returns a conflict
// that lists what other agreements have, or nil if all of it may be overwritten.
func (e *agreementEdit) lookUpTaken(ctx context.Context) error {
	if len(e.taken) == 0 {
		return nil
	}
	stages, ids := map[importer.Stage]bool{}, []string{}
	for _, t := range e.taken {
		stages[t.stage] = true
		ids = append(ids, t.owner)
	}
	if err := e.stored.visibility.learn(ctx, stages); err != nil {
		return err
	}
	// Check this before the owners are read: an owner whose commit comes in between must
	// not count as deleted.
	committed := make([]bool, len(e.taken))
	for i, t := range e.taken {
		committed[i] = e.stored.visibility.committed(t.stage, latest)
	}
	slices.Sort(ids)
	owners, err := e.stored.byID(ctx, slices.Compact(ids), nil)
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
