package jobs

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/lease"
	"trueup/internal/licensing"
	"trueup/internal/objects"
	"trueup/internal/subscription"
)

// Service does jobs. Set its fields; then it is safe for concurrent use.
type Service struct {
	Store         Store
	Subscriptions subscription.Store
	People        subscription.People
	Register      subscription.Register
	Files         objects.Bucket // of reports
	Clock         func() time.Time
	NewID         func(at time.Time) string // returns a new id
	Zone          *time.Location            // of the organisation
	// Lease is how long a process that stops renewing keeps the lease.
	Lease time.Duration
	// Reserve is the time before the end of an invocation at which no further part begins.
	Reserve time.Duration
	Log     *slog.Logger

	part int // number of users of a part, for tests; 0 for partUsers
}

// Work does the jobs that wait, if no other process does. After an interruption it continues.
func (s *Service) Work(ctx context.Context) error { return s.worker().Work(ctx) }

func (s *Service) worker() lease.Worker[Record] {
	return lease.Worker[Record]{
		For: s.Lease, Reserve: s.Reserve, Clock: s.Clock, NewHolder: func() string { return s.NewID(s.Clock()) },
		Acquire: s.Store.Acquire, Renew: s.Store.Renew, Release: s.Store.Release, Lost: ErrLost,
		Waiting: s.Store.Open, ID: func(r Record) string { return r.ID }, Process: s.process, Report: s.report,
	}
}

// report logs what the worker reports.
func (s *Service) report(ctx context.Context, e lease.Event, job string, err error) {
	switch e {
	case lease.Interrupted:
		s.Log.InfoContext(ctx, "license job interrupted", "job", job)
	case lease.Failed:
		s.Log.ErrorContext(ctx, "license job failed", "job", job, "error", err)
	case lease.Lost:
		s.Log.WarnContext(ctx, "lease of license jobs lost")
	case lease.NotReleased:
		s.Log.WarnContext(ctx, "lease of license jobs not released", "error", err)
	}
}

// process does one job, or continues it.
func (s *Service) process(ctx context.Context, r Record) error {
	if r.Attempts >= MaxAttempts {
		return s.end(ctx, r, StateFailed, "license_job_given_up")
	}
	in, err := readInput(ctx, s.Files, r.ID)
	if errors.Is(err, objects.ErrNotFound) {
		return s.end(ctx, r, StateFailed, "license_job_lost")
	}
	if err != nil {
		return err
	}
	r.State, r.Attempts, r.Worker = StateRunning, r.Attempts+1, s.NewID(s.Clock())
	if r, err = s.save(ctx, r); err != nil {
		return err
	}
	var tally licensing.Tally
	for part, err := range parts(ctx, s.Files, r, 0) {
		if err != nil {
			return err
		}
		tally.Add(part.Results)
	}
	engine := licensing.Licensing{Subscriptions: s.Subscriptions, People: s.People, Register: s.Register, Log: s.Log}
	for r.Position < r.Users {
		if s.worker().IsEnding(ctx) {
			return lease.ErrInterrupted
		}
		results, err := engine.Change(ctx, s.request(r, in, tally))
		if err != nil {
			return err
		}
		if err := writePart(ctx, s.Files, r, Part{in.given(r.Position, len(results)), results}); err != nil {
			return err
		}
		tally.Add(results)
		r.Counts.add(results)
		r.Parts = append(slices.Clip(r.Parts), StoredPart{len(results), r.Worker})
		r.Position += len(results)
		if r.Position == r.Users {
			break // end stores it
		}
		if r, err = s.save(ctx, r); err != nil {
			return err
		}
	}
	if r.Short, err = s.short(ctx, tally, r.DryRun); err != nil {
		return err
	}
	return s.end(ctx, r, StateSucceeded, "")
}

// request returns the change of the next part of the users.
func (s *Service) request(r Record, in Input, earlier licensing.Tally) licensing.Request {
	return licensing.Request{
		UserIDs: in.UserIDs[r.Position:min(r.Position+cmp.Or(s.part, partUsers), r.Users)], Want: in.want(),
		Call:  subscription.Call{ID: r.ID, By: r.By, At: r.At},
		Today: subscription.Today{Now: s.now(), Zone: s.Zone},
		// A job that removes licences is not made without an acknowledgement.
		Acknowledged: true, DryRun: r.DryRun, Taken: earlier.Taken,
		Event: func(action string) audit.Event {
			now := s.now()
			return r.event(s.NewID(now), now, action)
		},
	}
}

// short returns how many licences are missing, by subscription.
func (s *Service) short(ctx context.Context, tally licensing.Tally, rehearsal bool) (map[string]int, error) {
	if len(tally.Wanted) == 0 {
		return nil, nil
	}
	all, err := s.Subscriptions.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	return tally.Missing(subscription.ByID(all), rehearsal), nil
}

// save stores the record, and returns it with its new version.
func (s *Service) save(ctx context.Context, r Record, events ...audit.Event) (Record, error) {
	r.Version++
	return r, s.Store.SaveJob(ctx, r, events...)
}

// end stores the final record.
func (s *Service) end(ctx context.Context, r Record, state State, reason string) error {
	now := s.now()
	r.State, r.Reason, r.EndedAt = state, reason, now
	event := r.event(s.NewID(now), now, "license_job."+string(state))
	event.Subject = "license-job/" + r.ID
	event.After = map[string]string{
		"users": strconv.Itoa(r.Users), "processed": strconv.Itoa(r.Position), "assigned": strconv.Itoa(r.Counts.Assigned), "removed": strconv.Itoa(r.Counts.Removed),
		"unchanged": strconv.Itoa(r.Counts.Unchanged), "refused": strconv.Itoa(r.Counts.Refused), "dryRun": strconv.FormatBool(r.DryRun),
	}
	r, err := s.save(ctx, r, event)
	if err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "license job ended", "job", r.ID, "state", string(state), "reason", reason, "action", string(r.Action), "dryRun", r.DryRun, "users", r.Users, "processed", r.Position,
		"assigned", r.Counts.Assigned, "removed", r.Counts.Removed, "unchanged", r.Counts.Unchanged, "refused", r.Counts.Refused, "attempts", r.Attempts)
	return nil
}

func (s *Service) now() time.Time { return s.Clock().UTC().Truncate(time.Millisecond) }

// Results returns up to limit results of a job, from a position on; none behind the users who have an
// outcome. It returns errs.NotFound license_job_results_expired if they are no longer stored.
func Results(ctx context.Context, files objects.Bucket, r Record, from, limit int) (Part, error) {
	var page Part
	for part, err := range parts(ctx, files, r, from) {
		if err != nil {
			return Part{}, err
		}
		n := min(limit-len(page.Results), len(part.Results))
		page.Given, page.Results = append(page.Given, part.Given[:n]...), append(page.Results, part.Results[:n]...)
		if len(page.Results) == limit {
			break
		}
	}
	return page, nil
}

// expired returns errs.NotFound license_job_results_expired for results that do not exist.
func expired(err error) error {
	if errors.Is(err, objects.ErrNotFound) {
		return errs.Wrap(err, errs.NotFound, "license_job_results_expired")
	}
	return err
}
