// Package notifier is the use case that sends reminders (R8.9): once a day a digest of all that has reached
// an offset before its end, and at once that refreshes of licence data fail.
//
// It is called every hour, and sends what is due. So what a call could not send, the next one does: a fault of
// the topic or a process that dies loses nothing.
//
// # Each once
//
// A reminder that was sent has a mark in the table, with its id, its date and its offset. One process at a
// time sends reminders, which holds a lease. It publishes a message, then marks its reminders, and at last
// stores the day of the digest. A process that dies before the marks are complete leaves those reminders to the next one,
// which sends them again: a message can be repeated, and no reminder is lost. Marks that were made first
// would be the other way round, and a second mark afterwards would not make the message itself any more
// exact: the topic cannot take part in a transaction. A process that stops for longer than its lease, and goes on, can
// repeat one message too.
package notifier

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"trueup/internal/day"
	"trueup/internal/i18n"
	"trueup/internal/lease"
	"trueup/internal/notice"
	"trueup/internal/refresher"
	"trueup/internal/reminder"
)

// ErrLost means that another process holds the lease.
var ErrLost = errors.New("notifier: the lease is lost")

// Store keeps what was sent, and the lease of the process that sends.
type Store interface {
	reminder.Marks

	// Acquire takes the lease until a moment, if it is free, has expired before now, or is the holder's.
	Acquire(ctx context.Context, holder string, now, until time.Time) (acquired bool, err error)
	// Renew moves the end of the lease. ErrLost if the holder does not hold it.
	Renew(ctx context.Context, holder string, until time.Time) error
	// Release ends the lease if the holder holds it.
	Release(ctx context.Context, holder string) error
}

// Service sends reminders.
type Service struct {
	Store    Store
	Reader   *Reader
	Answers  refresher.Answers // the entitlements of volume agreements
	Topic    notice.Topic
	Language i18n.Lang // of messages
	Origin   string    // where people open the console

	Clock   func() time.Time
	NewID   func() string
	Lease   time.Duration
	Reserve time.Duration // before the end of an invocation, in which nothing begins
	Log     *slog.Logger
}

// The jobs, in the order in which they are done.
const (
	failing = "refresh"
	digest  = "digest"
)

// job is one message that is due.
type job struct {
	name string
	due  []reminder.Reminder // of failing
}

// Work sends what is due, if no other process does.
func (s *Service) Work(ctx context.Context) error {
	return lease.Worker[job]{
		For: s.Lease, Reserve: s.Reserve, Clock: s.Clock, NewHolder: s.NewID,
		Acquire: s.Store.Acquire, Renew: s.Store.Renew, Release: s.Store.Release, Lost: ErrLost,
		Waiting: s.waiting, ID: func(j job) string { return j.name }, Process: s.process, Report: s.report,
	}.Work(ctx)
}

func (s *Service) report(ctx context.Context, e lease.Event, id string, err error) {
	switch e {
	case lease.Failed:
		s.Log.ErrorContext(ctx, "reminders not sent", "job", id, "error", err)
	case lease.Lost:
		s.Log.WarnContext(ctx, "lease of reminders lost")
	case lease.NotReleased:
		s.Log.WarnContext(ctx, "lease of reminders not released", "error", err)
	case lease.Interrupted: // no job ends with lease.ErrInterrupted
	}
}

// waiting returns the messages that are due. It reads a few items: most calls find nothing.
func (s *Service) waiting(ctx context.Context) (jobs []job, err error) {
	now := s.Clock()
	all, err := s.Reader.Failing(ctx, now)
	if err != nil {
		return nil, err
	}
	due, err := s.unsent(ctx, all)
	if err != nil {
		return nil, err
	}
	if len(due) > 0 {
		jobs = append(jobs, job{failing, due})
	}
	last, err := s.Store.Day(ctx)
	if err == nil && last < day.In(now, s.Reader.Zone) {
		jobs = append(jobs, job{name: digest})
	}
	return jobs, err
}

func (s *Service) process(ctx context.Context, j job) error {
	if j.name == failing {
		return s.send(ctx, reminder.RefreshMessage(s.Language, j.due), j.due)
	}
	return s.digest(ctx)
}

// digest computes the terms of volume agreements, and sends what has reached an offset.
func (s *Service) digest(ctx context.Context) error {
	now := s.Clock()
	today := day.In(now, s.Reader.Zone)
	terms, err := s.terms(ctx, today)
	if err != nil {
		return err
	}
	all, err := s.Reader.with(ctx, now, reminder.Offsets[0], terms)
	if err != nil {
		return err
	}
	due, err := s.unsent(ctx, slices.DeleteFunc(all, func(r reminder.Reminder) bool { return r.Kind == reminder.Refresh || !r.IsDue() }))
	if err != nil {
		return err
	}
	if len(due) > 0 {
		if err := s.send(ctx, reminder.Digest(s.Language, s.Origin, due), due); err != nil {
			return err
		}
	}
	return s.Store.SetDay(ctx, today)
}

// terms computes and stores the terms of volume agreements that end within reminder.MaxWithin days.
func (s *Service) terms(ctx context.Context, today day.Date) ([]reminder.Term, error) {
	var all reminder.Terms
	err := s.Answers.Answers(ctx, func(answered []refresher.Answered) error {
		for _, a := range answered {
			all.Add(a.AgreementID, a.Entitlements)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	begin, _ := today.Time()
	terms := all.Between(today, day.Of(begin.AddDate(0, 0, reminder.MaxWithin)))
	return terms, s.Reader.Terms.store(ctx, today, terms)
}

// unsent returns the reminders of which nothing was sent at their offset.
func (s *Service) unsent(ctx context.Context, all []reminder.Reminder) ([]reminder.Reminder, error) {
	var dates []day.Date
	for _, r := range all {
		dates = append(dates, r.Date)
	}
	slices.Sort(dates)
	sent, err := s.Store.Sent(ctx, slices.Compact(dates))
	return reminder.Due(all, sent), err
}

// send publishes a message about reminders, and marks them.
func (s *Service) send(ctx context.Context, m notice.Message, about []reminder.Reminder) error {
	if err := s.Topic.Publish(ctx, m); err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "reminders sent", "reminders", len(about))
	return s.Store.Mark(ctx, about, s.Clock())
}
