package notifier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/device"
	"trueup/internal/errs"
	"trueup/internal/objects"
	"trueup/internal/refresher"
	"trueup/internal/reminder"
	"trueup/internal/subscription"
)

// Agreements finds agreements.
type Agreements interface {
	// Ending returns the agreements of type other that end from one day to another, and those of the given ids
	// that exist.
	Ending(ctx context.Context, from, to day.Date, ids []string) ([]agreement.Agreement, error)
}

// Refreshes says how the last refreshes ended. See refresher.Store and refresher.Records.
type Refreshes interface {
	Latest(ctx context.Context) (last, settled refresher.Run, err error)
	Runs(ctx context.Context, limit int, cursor string) (refresher.Page, error)
	Freshness(ctx context.Context) (refresher.Freshness, error)
}

// Reader computes reminders from what is stored. It is safe for concurrent use.
type Reader struct {
	Agreements    Agreements
	Subscriptions device.Subscribed
	Devices       device.Users
	Refreshes     Refreshes
	Terms         *Terms
	Zone          *time.Location // of the organisation
}

// Reminders returns the reminders of a moment for some days, sorted.
func (r *Reader) Reminders(ctx context.Context, now time.Time, within int) ([]reminder.Reminder, error) {
	terms, err := r.Terms.Read(ctx, now)
	if err != nil {
		return nil, err
	}
	return r.with(ctx, now, within, terms)
}

// with is Reminders with the given terms of volume agreements.
func (r *Reader) with(ctx context.Context, now time.Time, within int, terms []reminder.Term) ([]reminder.Reminder, error) {
	today := day.In(now, r.Zone)
	begin, _ := today.Time()
	last := day.Of(begin.AddDate(0, 0, within))
	in := reminder.Input{Now: now, Zone: r.Zone, Within: within}
	var ids []string // sorted, as the terms are
	for _, t := range terms {
		if t.End < today || t.End > last {
			continue
		}
		in.Terms = append(in.Terms, t)
		if len(ids) == 0 || ids[len(ids)-1] != t.Agreement {
			ids = append(ids, t.Agreement)
		}
	}
	reads, readCtx := errgroup.WithContext(ctx)
	reads.Go(func() (err error) {
		in.Agreements, err = r.Agreements.Ending(readCtx, today, last, ids)
		return err
	})
	reads.Go(func() (err error) {
		in.Subscriptions, err = r.subscriptions(readCtx)
		return err
	})
	reads.Go(func() error { return r.refreshes(readCtx, &in) })
	if err := reads.Wait(); err != nil {
		return nil, fmt.Errorf("notifier: read what ends: %w", err)
	}
	return reminder.Of(in), nil
}

func (r *Reader) subscriptions(ctx context.Context) ([]subscription.Holding, error) {
	return device.Subscriptions(ctx, r.Subscriptions, r.Devices)
}

// refreshes fills in how the last refreshes ended. It reads a few items, so that an hourly schedule can ask.
func (r *Reader) refreshes(ctx context.Context, in *reminder.Input) error {
	last, _, err := r.Refreshes.Latest(ctx)
	if err != nil {
		return err
	}
	if last.Kind == refresher.KindPending && last.Complete() { // it asked about a few pairs, and does not make up for a failed one
		if last, err = r.whole(ctx, last); err != nil {
			return err
		}
	}
	if last.ID != "" && last.Final() && !last.Complete() {
		in.Failure = &reminder.Failure{Run: last.ID, EndedAt: last.EndedAt, Reason: last.Reason, Args: last.ReasonArgs}
	}
	fresh, err := r.Refreshes.Freshness(ctx)
	in.CompletedAt = fresh.At
	return err
}

// pendingRuns is the most recent runs among which the one before pending ones is looked for.
const pendingRuns = 50

// whole returns the last run that asked about all pairs and has ended, of the latest runs; pending if there is none.
func (r *Reader) whole(ctx context.Context, pending refresher.Run) (refresher.Run, error) {
	page, err := r.Refreshes.Runs(ctx, pendingRuns, "")
	last, _ := refresher.Latest(slices.DeleteFunc(page.Items, func(run refresher.Run) bool { return run.Kind == refresher.KindPending }))
	if last.ID == "" {
		last = pending
	}
	return last, err
}

// Failing returns the reminders of refreshes that fail or are late.
func (r *Reader) Failing(ctx context.Context, now time.Time) ([]reminder.Reminder, error) {
	in := reminder.Input{Now: now, Zone: r.Zone}
	err := r.refreshes(ctx, &in)
	return reminder.Of(in), err
}

// Terms are the ends of volume agreements, which the digest computes from all entitlements once a day and
// stores in a file.
type Terms struct {
	Files objects.Bucket

	mu    sync.Mutex
	known []reminder.Term
	at    time.Time // when they were read; zero for never
}

// reread is the age at which the file is read again. It changes once a day.
const reread = 5 * time.Minute

// Read returns the stored terms; none before the first digest. Callers must not change them.
func (t *Terms) Read(ctx context.Context, now time.Time) ([]reminder.Term, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.at.IsZero() && now.Sub(t.at) < reread && !now.Before(t.at) {
		return t.known, nil
	}
	known, err := t.read(ctx)
	if err != nil {
		return nil, err
	}
	t.known, t.at = known, now
	return known, nil
}

func (t *Terms) read(ctx context.Context) ([]reminder.Term, error) {
	file, err := t.Files.Open(ctx, reminder.TermsKey, "", "")
	if errors.Is(err, objects.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Body.Close()
	body, err := io.ReadAll(file.Body)
	if err != nil {
		return nil, errs.Wrap(fmt.Errorf("notifier: read the terms of volume agreements: %w", err), errs.Unavailable, "try_again")
	}
	return reminder.DecodeTerms(body)
}

// store stores terms.
func (t *Terms) store(ctx context.Context, on day.Date, terms []reminder.Term) error {
	body, err := reminder.EncodeTerms(on, terms)
	if err != nil {
		return err
	}
	return t.Files.Put(ctx, reminder.TermsKey, "application/json", body)
}
