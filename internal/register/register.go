// Package register finds agreements: all of them, in memory, filtered, sorted,
// searched and counted in a millisecond or two, and exact at every reading
// thanks to package journal.
//
// A Register is a table of rows, an order of them for each sort, and their
// texts one after the other. A query is answered in two steps: one pass over
// rows and texts marks what it selects and counts it, which is remembered until
// the next change; then the order of its sort is walked from where the previous
// page ended.
//
// Invariants: an agreement has one live row; each order holds the live rows and
// no others; a row's texts and sort keys never change while it is in an order
// (an agreement whose texts or keys change gets another row).
package register

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/journal"
	"trueup/internal/objects"
)

// JournalName names the journal of agreements, which leads to a Register. Changes are
// appended to all stripes but the first. The first stripe has the deletions of license
// groups, and the entries of releases that knew no stripes.
const JournalName journal.Name = "agreements"

// Gone returns the license groups that were deleted and that stored agreements may
// still name: these agreements count as Unassigned (R4.3). They are the payload of
// the journal of agreements.
func Gone(head journal.Head) []string { return head.Payload }

// Register is what the entries of the journal of agreements add up to. It implements
// journal.State.
type Register struct {
	source Source
	table  table
	recent recent

	ahead bool // see IsAhead

	walk   Walk // under way; nil for none
	walked *batch
}

// Reset implements journal.State.
func (r *Register) Reset() {
	r.table = table{}
	r.recent.forget()
	r.walk, r.walked = nil, nil
}

// Prepare implements journal.State. It reads the agreements that the entries
// name, once.
func (r *Register) Prepare(ctx context.Context, head journal.Head, entries []journal.Entry) (apply func(), err error) {
	var b batch
	for _, e := range entries {
		if err := b.add(e); err != nil {
			return nil, err
		}
	}
	if len(b.ids) > 0 {
		// As they are stored: to empty a deleted group, the ids of the agreements that
		// still name it are needed.
		if b.fetched, err = r.source.AgreementsByID(ctx, b.ids); err != nil {
			return nil, err
		}
	}
	if doubtful := b.doubtful(&r.table); len(doubtful) > 0 {
		if b.owned, err = r.source.Owned(ctx, doubtful); err != nil {
			return nil, err
		}
	}
	r.ahead = b.isAhead()
	return func() {
		r.table.apply(&b, Gone(head))
		r.recent.forget()
	}, nil
}

// IsAhead implements journal.Outrunner.
func (r *Register) IsAhead() bool { return r.ahead }

// Restore implements journal.State. A copy that is damaged is an error and
// changes nothing.
func (r *Register) Restore(saved []byte) error {
	t, err := restore(saved)
	if err != nil {
		return err
	}
	r.table = t
	r.recent.forget()
	return nil
}

// Save implements journal.State.
func (r *Register) Save() []byte { return r.table.save() }

// Reader reads the register of a journal. It implements agreement.Register.
type Reader struct {
	replica *journal.Replica[*Register]
}

// New returns the reader of the register that the log leads to. Copies of it
// are kept in files; warn is told when one cannot be used.
func New(source Source, log journal.Log, files objects.Bucket, warn *slog.Logger) *Reader {
	return &Reader{&journal.Replica[*Register]{
		Name: JournalName, Log: log, Files: files, State: &Register{source: source}, Warn: warn,
	}}
}

// List implements agreement.Register.
func (r *Reader) List(ctx context.Context, q agreement.Query) (agreement.Page, error) {
	from, err := decode(q) // before anything is read for it
	if err != nil {
		return agreement.Page{}, err
	}
	var page agreement.Page
	err = r.replica.Read(ctx, func(s *Register, head journal.Head) error {
		page, err = s.page(q, from, &head.Position)
		return err
	})
	return page, err
}

// Find implements agreement.Register.
func (r *Reader) Find(ctx context.Context, id string) (agreement.Agreement, error) {
	var found agreement.Agreement
	err := r.replica.Read(ctx, func(s *Register, _ journal.Head) error {
		slot, exists := s.table.find(id)
		if !exists {
			return errs.New(errs.NotFound, "agreement_not_found", "id", id)
		}
		found = s.table.rows[slot].Agreement
		return nil
	})
	return found, err
}

// Stranded returns for every license group that is gone the ids of all
// agreements that may still be stored under it.
func (r *Reader) Stranded(ctx context.Context) (map[string][]string, error) {
	var gone []string
	err := r.replica.Read(ctx, func(_ *Register, head journal.Head) error {
		gone = Gone(head)
		return nil
	})
	if err != nil || len(gone) == 0 {
		return nil, err
	}
	// No agreement gets into a group that is gone. So all that are in these groups
	// are in a state that is read from here on, and need not be in the first one,
	// which has the stripes of the journal as they were at different moments.
	ids := make(map[string][]string, len(gone))
	err = r.replica.Read(ctx, func(s *Register, _ journal.Head) error {
		for _, groupID := range gone {
			ids[groupID] = s.table.strandedIn(groupID)
		}
		return nil
	})
	return ids, err
}

// Moved implements agreement.Register.
func (r *Reader) Moved(ctx context.Context, groupID string) (n int, known bool, err error) {
	err = r.replica.Read(ctx, func(s *Register, head journal.Head) error {
		n, known = len(s.table.strandedIn(groupID)), slices.Contains(Gone(head), groupID)
		return nil
	})
	return n, known, err
}

// ByGroup implements agreement.Register.
func (r *Reader) ByGroup(ctx context.Context) (counts map[string]int, deletions int64, err error) {
	counts = map[string]int{}
	err = r.replica.Read(ctx, func(s *Register, head journal.Head) error {
		t := &s.table
		for _, slot := range t.order(sortID) {
			counts[t.rows[slot].GroupID]++
		}
		deletions = head.Position[0].Seq
		return nil
	})
	return counts, deletions, err
}

// Save saves a copy, if at least backlog agreements changed since the last one, or
// if it is old.
func (r *Reader) Save(ctx context.Context, backlog int64, now time.Time) error {
	return r.replica.Save(ctx, backlog, now)
}
