// Package people finds users: it filters, sorts, searches and counts all of them in memory in a
// millisecond or two. A read has every change made before it, thanks to package journal.
//
// A Register is a table of rows, an order of the rows for each sort, their texts, concatenated, and
// sets of rows, one of them for each subscription: its holders. A query first combines sets, so its
// totals are known without a pass over the rows. Only filters without a set look at the rows that are
// left. Then the order of the sort is followed from the end of the previous page.
//
// Invariants: a user has one live row; each order holds the live rows and no others; the texts and
// sort keys of a row never change while it is in an order (a user whose texts or keys change gets
// another row).
//
// Names and activity of users are personal data. The package logs none.
package people

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"time"

	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/subscription"
)

// Register is the result of applying the entries of the journal of users. It implements
// journal.State.
type Register struct {
	source Source
	table  table

	ahead bool // see IsAhead

	walk   Walk // in progress; nil if none
	walked *batch
}

// batch is users that changed, and are applied together.
type batch struct {
	ids     []string // each once
	fetched map[string]subscription.User
}

// add adds a user as read. Of two versions of a user, the higher one stays.
func (b *batch) add(u subscription.User) {
	known, exists := b.fetched[u.ID]
	if exists && known.Version >= u.Version {
		return
	}
	if !exists {
		b.ids = append(b.ids, u.ID)
	}
	b.fetched[u.ID] = u
}

// Reset implements journal.State.
func (r *Register) Reset() {
	r.table = table{}
	r.walk, r.walked = nil, nil
}

// Prepare implements journal.State. It reads each user that the entries name once. What it reads is at
// least as new as every earlier read, so it always replaces the row: the order of the entries of
// different stripes does not matter, and nothing stays of a table that was restored to a point in time.
func (r *Register) Prepare(ctx context.Context, _ journal.Head, entries []journal.Entry) (apply func(), err error) {
	newest := map[string]int64{}
	var b batch
	for _, e := range entries {
		changes, err := parse(e.Body)
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			if newest[c.ID] == 0 {
				b.ids = append(b.ids, c.ID)
			}
			newest[c.ID] = max(newest[c.ID], c.Version)
		}
	}
	if len(b.ids) > 0 {
		if b.fetched, err = r.source.UsersByID(ctx, b.ids); err != nil {
			return nil, err
		}
	}
	r.ahead = slices.ContainsFunc(b.ids, func(id string) bool { return b.fetched[id].Version != newest[id] })
	return func() { r.table.apply(&b) }, nil
}

// IsAhead implements journal.AheadReader.
func (r *Register) IsAhead() bool { return r.ahead }

// Rebuild implements journal.Rebuilder.
func (r *Register) Rebuild(ctx context.Context, _ journal.Head) (apply func(), err error) {
	if r.walk == nil {
		r.walk, r.walked = r.source.Walk(), &batch{fetched: map[string]subscription.User{}}
	}
	for last := false; !last; {
		var users []subscription.User
		if users, last, err = r.walk.Next(ctx); err != nil {
			return nil, err
		}
		for _, u := range users {
			r.walked.add(u)
		}
	}
	return func() {
		r.table = table{}
		r.table.apply(r.walked)
		r.walk, r.walked = nil, nil
	}, nil
}

// Restore implements journal.State. A damaged copy is an error and changes nothing.
func (r *Register) Restore(saved []byte) error {
	t, err := restore(saved)
	if err != nil {
		return err
	}
	r.table = t
	return nil
}

// Save implements journal.State.
func (r *Register) Save() []byte { return r.table.save() }

// Reader reads an up-to-date Register. It implements subscription.Register.
type Reader struct {
	replica *journal.Replica[*Register]
}

// New returns a reader of the register built from log. Copies are saved in files; warn logs unusable
// copies.
func New(source Source, log journal.Log, files objects.Bucket, warn *slog.Logger) *Reader {
	return &Reader{&journal.Replica[*Register]{
		Name: JournalName, Log: log, Files: files, State: &Register{source: source}, Warn: warn,
	}}
}

// List implements subscription.Register.
func (r *Reader) List(ctx context.Context, q subscription.Query) (subscription.Page, error) {
	after, err := decode(q) // a bad cursor is rejected before anything is read
	if err != nil {
		return subscription.Page{}, err
	}
	var page subscription.Page
	err = r.replica.Read(ctx, func(s *Register, _ journal.Head) error {
		page = s.table.page(q, after)
		return nil
	})
	return page, err
}

// All implements subscription.Register.
func (r *Reader) All(ctx context.Context, q subscription.Query) (all iter.Seq[subscription.User], totals subscription.Totals, err error) {
	err = r.replica.Read(ctx, func(s *Register, _ journal.Head) error {
		all, totals = s.table.all(q)
		return nil
	})
	return all, totals, err
}

// Counts implements subscription.Register.
func (r *Reader) Counts(ctx context.Context) (counts map[string]int, err error) {
	err = r.replica.Read(ctx, func(s *Register, _ journal.Head) error {
		counts = s.table.counts(s.table.holders)
		return nil
	})
	return counts, err
}

// Waiting implements subscription.Register.
func (r *Reader) Waiting(ctx context.Context) (counts map[string]int, err error) {
	err = r.replica.Read(ctx, func(s *Register, _ journal.Head) error {
		counts = s.table.counts(s.table.waiters)
		return nil
	})
	return counts, err
}

// Save saves a copy if at least backlog users changed since the last copy, or if the last copy is
// old.
func (r *Reader) Save(ctx context.Context, backlog int64, now time.Time) error {
	return r.replica.Save(ctx, backlog, now)
}
