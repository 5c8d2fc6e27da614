// Package register finds agreements: it filters, sorts, searches and counts all of them in
// memory in a millisecond or two. A read has every change made before it, thanks to package journal.
//
// A Register is a table of rows, an order of the rows for each sort, and their texts,
// concatenated. A query is answered in two steps. One pass over rows and texts marks and
// counts the rows that it selects; the result is cached until the next change. Then the
// order of the sort is followed from the end of the previous page.
//
// Invariants: an agreement has one live row; each order holds the live rows and no others;
// the texts and sort keys of a row never change while it is in an order (an agreement whose
// texts or keys change gets another row).
package register

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/journal"
	"trueup/internal/objects"
)

// JournalName names the journal of agreements, from which a Register is built. Changes are
// appended to all stripes but the first. The first stripe has the deletions of license
// groups, and the entries of releases without stripes.
const JournalName journal.Name = "agreements"

// Gone returns the deleted license groups that stored agreements may still name: these
// agreements count as Unassigned (R4.3). The groups are the payload of the journal of
// agreements.
func Gone(head journal.Head) []string { return head.Payload }

// Register is the result of applying the entries of the journal of agreements. It
// implements journal.State.
type Register struct {
	source Source
	table  table
	recent recent

	ahead bool // see IsAhead

	walk   Walk // in progress; nil if none
	walked *batch
}

// Reset implements journal.State.
func (r *Register) Reset() {
	r.table = table{}
	r.recent.forget()
	r.walk, r.walked = nil, nil
}

// Prepare implements journal.State. It reads each agreement that the entries name once.
func (r *Register) Prepare(ctx context.Context, head journal.Head, entries []journal.Entry) (apply func(), err error) {
	var b batch
	for _, e := range entries {
		if err := b.add(e); err != nil {
			return nil, err
		}
	}
	if len(b.ids) > 0 {
		// They are read as stored: emptying a deleted group needs the ids of the agreements
		// that still name it.
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

// IsAhead implements journal.AheadReader.
func (r *Register) IsAhead() bool { return r.ahead }

// Restore implements journal.State. A damaged copy is an error and changes nothing.
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

// Reader reads an up-to-date Register. It implements agreement.Register.
type Reader struct {
	replica *journal.Replica[*Register]
}

// New returns a reader of the register built from log. Copies are saved in files; warn logs
// unusable copies.
func New(source Source, log journal.Log, files objects.Bucket, warn *slog.Logger) *Reader {
	return &Reader{&journal.Replica[*Register]{
		Name: JournalName, Log: log, Files: files, State: &Register{source: source}, Warn: warn,
	}}
}

// List implements agreement.Register.
func (r *Reader) List(ctx context.Context, q agreement.Query) (agreement.Page, error) {
	from, err := decode(q) // a bad cursor is rejected before anything is read
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

// InDeletedGroups returns, for each deleted license group, the ids of all agreements that may
// still be stored under it.
func (r *Reader) InDeletedGroups(ctx context.Context) (map[string][]string, error) {
	var gone []string
	err := r.replica.Read(ctx, func(_ *Register, head journal.Head) error {
		gone = Gone(head)
		return nil
	})
	if err != nil || len(gone) == 0 {
		return nil, err
	}
	// No agreement gets into a deleted group, so a state that is read from here on has all
	// agreements of these groups. The first state may lack some: its stripes were read at
	// different moments.
	ids := make(map[string][]string, len(gone))
	err = r.replica.Read(ctx, func(s *Register, _ journal.Head) error {
		for _, groupID := range gone {
			ids[groupID] = s.table.inDeletedGroup(groupID)
		}
		return nil
	})
	return ids, err
}

// Moved implements agreement.Register.
func (r *Reader) Moved(ctx context.Context, groupID string) (n int, known bool, err error) {
	err = r.replica.Read(ctx, func(s *Register, head journal.Head) error {
		n, known = len(s.table.inDeletedGroup(groupID)), slices.Contains(Gone(head), groupID)
		return nil
	})
	return n, known, err
}

// ByGroup implements agreement.Register.
func (r *Reader) ByGroup(ctx context.Context) (counts map[string]int, now agreement.Deletions, err error) {
	err = r.replica.Read(ctx, func(s *Register, head journal.Head) error {
		counts, now = maps.Clone(s.recent.groups(&s.table)), deletionsAt(head.Position)
		return nil
	})
	return counts, now, err
}

// Deletions implements agreement.Register.
func (r *Reader) Deletions() agreement.Deletions { return deletionsAt(r.replica.Reached()) }

// deletionsAt returns the deletions of license groups, which are in the first stripe.
func deletionsAt(at journal.Position) agreement.Deletions {
	return agreement.Deletions{N: at[0].Seq, Last: at[0].Tip}
}

// Save saves a copy if at least backlog agreements changed since the last copy, or if the
// last copy is old.
func (r *Reader) Save(ctx context.Context, backlog int64, now time.Time) error {
	return r.replica.Save(ctx, backlog, now)
}
