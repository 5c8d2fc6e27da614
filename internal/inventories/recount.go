package inventories

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/lease"
	"trueup/internal/objects"
)

// recountLease is how long a silent holder keeps the lease on recounts. It is shorter than the minute after
// which Lambda repeats a failed event.
const recountLease = 45 * time.Second

// ErrRecounting means that another holder has the lease on recounts.
var ErrRecounting = errors.New("inventories: another process counts again")

// Recounts starts recounts after changes of rules.
type Recounts struct {
	Store Store
	Clock func() time.Time
	NewID func() string // returns a new holder of the lease
	// Call calls the function that counts, for Receiver.Recount with the holder, and does not wait for it.
	Call func(ctx context.Context, holder string) error
}

// Start calls the function that counts, after a change of rules was stored. If a recount is called or runs
// already, Start does nothing: the recount looks at the rules again after it has released the lease. The new
// holder gets the lease here and not when the function starts, so that changes meanwhile call nothing.
func (r Recounts) Start(ctx context.Context) error {
	holder, now := r.NewID(), r.Clock()
	err := r.Store.AcquireRecount(ctx, holder, now, now.Add(recountLease))
	if errors.Is(err, ErrRecounting) {
		return nil
	}
	if err == nil {
		err = r.Call(ctx, holder)
	}
	if err != nil { // the next change calls again
		err = errors.Join(err, r.Store.ReleaseRecount(ctx, holder))
	}
	return err
}

// Recount counts again the good files that were counted by other than the current rules, or with
// another choice about macOS. The new counts wait until every file has one, and then count all at once. A
// file that no longer exists keeps its count.
//
// holder has the lease from Recounts.Start, or takes it. If it is empty, a new holder takes the lease if files
// need it. If another holder has the lease, Recount does nothing. After it has released the lease, it looks at
// the rules again: they may have changed since it last did, and callers that found the lease held rely on it.
func (r *Receiver) Recount(ctx context.Context, holder string) error {
	if holder == "" {
		if done, err := r.isCounted(ctx); err != nil || done {
			return err
		}
		holder = r.NewID(r.now())
	}
	for {
		err := r.recountAlone(ctx, holder)
		if errors.Is(err, ErrRecounting) {
			return nil
		}
		if err != nil {
			return err
		}
		done, err := r.isCounted(ctx)
		if err != nil || done {
			return err
		}
	}
}

// recountAlone holds the lease while it counts.
func (r *Receiver) recountAlone(ctx context.Context, holder string) error {
	now := r.Clock()
	until := now.Add(recountLease)
	if err := r.Store.AcquireRecount(ctx, holder, now, until); err != nil {
		return err
	}
	leased, stop := lease.Lease{
		Until: until, For: recountLease, Clock: r.Clock, Lost: ErrRecounting,
		Renew: func(ctx context.Context, until time.Time) error {
			return r.Store.AcquireRecount(ctx, holder, r.Clock(), until)
		},
	}.Keep(ctx)
	err := r.recountAll(leased)
	if err != nil && errors.Is(context.Cause(leased), ErrRecounting) {
		err = fmt.Errorf("the lease on recounts was lost: %w", err) // not ErrRecounting: nobody may have it now
	}
	stop()
	return errors.Join(err, r.Store.ReleaseRecount(context.WithoutCancel(ctx), holder))
}

// isCounted reports whether every file is counted by the current rules, as far as it can be.
func (r *Receiver) isCounted(ctx context.Context) (bool, error) {
	records, err := r.Store.Records(ctx)
	if err != nil {
		return false, err
	}
	rules, err := r.Counts.Rules(ctx)
	return !slices.ContainsFunc(records, func(known Record) bool {
		return r.uncounted(known, rules.All) || r.outdated(known, rules.All) && r.waits(known, rules.All)
	}), err
}

// recountAll counts again all files that need it. Correctness does not depend on the lease: two processes may
// count the same file, and one stores it.
func (r *Receiver) recountAll(ctx context.Context) error {
	failed := map[string]error{}
	for stale := 0; ; {
		records, err := r.Store.Records(ctx)
		if err != nil {
			return err
		}
		rules, err := r.Counts.Rules(ctx) // for each file: they may change
		if err != nil {
			return err
		}
		next := slices.IndexFunc(records, func(known Record) bool { return r.uncounted(known, rules.All) && failed[known.Source] == nil })
		if next >= 0 {
			source := records[next].Source
			if err := r.recount(ctx, source, *records[next].Good, rules.All); err != nil {
				failed[source] = fmt.Errorf("count %s again: %w", source, err)
			}
			continue
		}
		if len(failed) > 0 {
			return errors.Join(slices.Collect(maps.Values(failed))...)
		}
		promoted, err := r.promote(ctx, records, rules.All)
		switch {
		case err == nil && promoted == 0:
			return nil
		case err == nil: // a file may have arrived meanwhile that other rules counted
		case errs.KindOf(err) != errs.Stale || stale == changing.Attempts:
			return err
		default:
			stale++
		}
	}
}

// uncounted reports whether a file has to be counted by the rules.
func (r *Receiver) uncounted(known Record, rules *inventory.Rules) bool {
	return r.outdated(known, rules) && known.Good.Kept == "" && !r.waits(known, rules)
}

// waits reports whether the count of the source's file by the rules waits for other sources.
func (r *Receiver) waits(known Record, rules *inventory.Rules) bool {
	return known.Next != nil && known.Next.Same(known.Good.Object) && known.Next.Rules == rules.ID && known.Next.MacOS == r.MacOS && !known.Next.lacksPCs()
}

// recount counts a file by the rules. Its new count waits for promote.
func (r *Receiver) recount(ctx context.Context, source string, was Good, rules *inventory.Rules) error {
	began := r.Clock()
	kept := ""
	var pcs inventory.PCs
	tally, err := r.read(ctx, &was.Object, rules, &pcs)
	var good *Good
	switch {
	case errors.Is(err, objects.ErrNotFound):
		kept = "inventory_gone"
	case errs.KindOf(err) == errs.Invalid: // this version of the program refuses it
		kept = errs.CodeOf(err)
	case err != nil:
		return err
	default:
		if good, err = r.keep(ctx, was.Object, tally, &pcs); err != nil {
			return err
		}
	}
	saved, err := r.change(ctx, source, func(now *Record) (event audit.Event, changed bool) {
		if now.Good == nil || !now.Good.Same(was.Object) || !r.uncounted(*now, rules) {
			return event, false // a newer file arrived, or another process was faster
		}
		if now.Next = good; kept != "" {
			now.Good.Kept = kept
		}
		return event, true
	})
	switch {
	case err != nil || !saved:
		return err
	case kept != "":
		r.Log.WarnContext(ctx, "inventory kept", "source", source, "reason", kept)
		return nil
	}
	r.Log.InfoContext(ctx, "inventory recounted", "source", source, "devices", good.Devices, "titles", good.Titles, "unknown", good.Unknown, "duration_ms", r.since(began))
	return nil
}

// maxPromoted is the maximum number of sources in one transaction: a record and an event each.
const maxPromoted = 50

// promote makes the counts that wait count, all in one transaction, and returns their number. With more
// than maxPromoted sources it takes several, which follow each other at once. errs.Stale if a record has changed.
func (r *Receiver) promote(ctx context.Context, records []Record, rules *inventory.Rules) (int, error) {
	waiting := slices.DeleteFunc(records, func(known Record) bool { return !r.outdated(known, rules) || !r.waits(known, rules) })
	for some := range slices.Chunk(waiting, maxPromoted) {
		var events []audit.Event
		for i := range some {
			now := &some[i]
			event := r.event("inventory", "inventory.recounted", now.Source)
			event.Before, event.After = now.Good.auditValues(), now.Next.auditValues()
			events = append(events, event)
			now.Good, now.Next = now.Next, nil
			now.Version++
		}
		if err := r.Store.SaveRecords(ctx, some, events...); err != nil {
			return 0, err
		}
	}
	return len(waiting), nil
}

// Outdated reports whether the source was counted by other rules.
func (r *Record) Outdated(rules *inventory.Rules) bool {
	return r.Good != nil && r.Good.Rules != rules.ID
}

func (r *Receiver) outdated(known Record, rules *inventory.Rules) bool {
	return known.Outdated(rules) || known.Good != nil && (known.Good.MacOS != r.MacOS || known.Good.lacksPCs())
}

// lacksPCs reports whether the file has PCs that were not stored, because a process of an earlier release
// wrote the record.
func (g *Good) lacksPCs() bool {
	return g.PCs == "" && !g.Estimated && g.Devices <= inventory.MaxPCs
}
