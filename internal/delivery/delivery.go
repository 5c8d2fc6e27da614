// Package delivery makes the files of saved views on their schedules (R8.8).
//
// A file that is due takes four steps: the attempt is counted, the file is put into the bucket, the view is marked with its
// day, and a message about it is published. After view.MaxAttempts at which the process died, the file is skipped, because
// the views behind it wait. The mark is conditional, so each day is marked once. A process that dies before the
// mark leaves a file that the next one replaces. One that dies after it leaves a view whose message is due, so
// a message is published at least once, and again only if a process died between the message and its mark. One
// process works at a time, as a lease says.
package delivery

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/lease"
	"trueup/internal/notice"
	"trueup/internal/objects"
	"trueup/internal/sheet"
	"trueup/internal/view"
)

// ErrLost means that another process holds the lease.
var ErrLost = errors.New("delivery: another process sends views")

// Store keeps views and the records of their files.
type Store interface {
	// Due returns the ids of the views on whose schedule work is due at a moment, the longest due first.
	Due(ctx context.Context, now time.Time) ([]string, error)
	// View returns one view; errs.NotFound view_not_found.
	View(ctx context.Context, id string) (view.View, error)
	// Seen returns the roles that an owner had in the last token that was seen.
	Seen(ctx context.Context, subject string) (view.Seen, error)
	// Advance stores a new version of a view, with a new file and an event if they are not nil; errs.Stale if
	// another version was stored since before was read.
	Advance(ctx context.Context, before, after view.View, file *view.File, event *audit.Event, now time.Time) error

	// The lease, see lease.Worker. Renew returns ErrLost if the holder does not have it.
	Acquire(ctx context.Context, holder string, now, until time.Time) (bool, error)
	Renew(ctx context.Context, holder string, until time.Time) error
	Release(ctx context.Context, holder string) error

	// Exist reports which views exist.
	Exist(ctx context.Context, ids []string) (map[string]bool, error)
	// ForgetFiles deletes the records of files, of which View and Day count. There may be none.
	ForgetFiles(ctx context.Context, files []view.File) error
}

// Service sends views.
type Service struct {
	Store  Store
	Owners Owners
	// Export returns the file of a view with the roles of its owner. A *view.Refusal stops the schedule, other
	// errors are worth a retry.
	Export  func(ctx context.Context, owner access.Principal, v view.View) ([]byte, error)
	Files   objects.Bucket
	Topic   notice.Topic
	Clock   func() time.Time
	NewID   func(time.Time) string
	Zone    *time.Location
	Lease   time.Duration
	Reserve time.Duration // before the end of an invocation, in which no file is begun
	Log     *slog.Logger
}

// Work sends the views that are due, if no other process does. A view that fails does not stop the others.
func (s *Service) Work(ctx context.Context) error {
	return lease.Worker[string]{
		For: s.Lease, Reserve: s.Reserve, Clock: s.Clock, NewHolder: rand.Text, Lost: ErrLost,
		Acquire: s.Store.Acquire, Renew: s.Store.Renew, Release: s.Store.Release,
		Waiting: func(ctx context.Context) ([]string, error) { return s.Store.Due(ctx, s.Clock()) },
		ID:      func(id string) string { return id },
		Process: s.send,
		Report:  s.report,
	}.Work(ctx)
}

func (s *Service) report(ctx context.Context, e lease.Event, id string, err error) {
	switch e {
	case lease.Failed:
		s.Log.ErrorContext(ctx, "view not sent", "id", id, "error", err)
	case lease.NotReleased:
		s.Log.WarnContext(ctx, "lease of views not released", "error", err)
	case lease.Lost, lease.Interrupted:
		s.Log.WarnContext(ctx, "another process sends views")
	}
}

// send does what is due on the schedule of a view, until nothing is. Each step reads the view again, so that a
// change by a person in between counts.
func (s *Service) send(ctx context.Context, id string) error {
	var told time.Time // of the message that was published here, see view.Sending.Pending
	for {
		v, err := s.Store.View(ctx, id)
		if errs.KindOf(err) == errs.NotFound {
			return nil // it was deleted
		}
		if err != nil {
			return err
		}
		done, err := s.step(ctx, v, &told)
		if errs.KindOf(err) == errs.Stale {
			continue // a person has changed it
		}
		if done || err != nil {
			return err
		}
	}
}

// exportFor is the maximum time to make a file. A view that takes longer must not keep the others from theirs.
const exportFor = 2 * time.Minute

func (s *Service) export(ctx context.Context, owner access.Principal, v view.View) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, exportFor)
	defer cancel()
	return s.Export(ctx, owner, v)
}

// step does one thing that is due, and reports whether nothing was. It does not repeat the message that it has told,
// if a person has changed the view in between.
func (s *Service) step(ctx context.Context, v view.View, told *time.Time) (done bool, err error) {
	now := s.Clock().UTC().Truncate(time.Millisecond)
	switch {
	case v.Schedule == nil:
		return true, nil
	case v.Sending.Announce:
		if due := v.Sending.Pending(); !due.Equal(*told) {
			if err := s.Topic.Publish(ctx, message(v)); err != nil {
				return false, err
			}
			*told = due
		}
		return false, s.Store.Advance(ctx, v, v.Announced(), nil, nil, now)
	case v.Sending.State() == view.Stopped || v.Sending.Next.After(now):
		return true, nil
	}
	owner, reason, err := s.Owners.principal(ctx, s.Store, v.Owner, now)
	if err != nil {
		return false, err
	}
	if reason != "" {
		return false, s.stop(ctx, v, view.Stop{Reason: reason, At: now})
	}
	date, next := v.Schedule.Due(v.Sending.Next, now, s.Zone)
	if v.Sending.Attempts >= view.MaxAttempts {
		s.Log.WarnContext(ctx, "view skipped", "id", v.ID, "day", string(date), "attempts", v.Sending.Attempts)
		return false, s.Store.Advance(ctx, v, v.Passed(date, next), nil, nil, now)
	}
	begun := v.Begun()
	err = s.Store.Advance(ctx, v, begun, nil, nil, now)
	if err == nil {
		err = s.attempt(ctx, owner, begun, view.File{View: v.ID, Report: v.Report, Day: date, At: now, Format: v.Schedule.Format, Lang: v.Schedule.Lang}, next)
	}
	if err == nil || errs.KindOf(err) == errs.Stale { // a view that was changed counts from 0 already
		return false, err
	}
	// The process did not die. The next call tries again, as often as it takes. The lease may be lost.
	uncount, cancel := context.WithTimeout(context.WithoutCancel(ctx), uncountFor)
	defer cancel()
	if failed := s.Store.Advance(uncount, begun, begun.Ended(), nil, nil, now); failed != nil && errs.KindOf(failed) != errs.Stale {
		err = errors.Join(err, failed)
	}
	return false, err
}

// uncountFor is how long it is tried to uncount an attempt that ended with an error.
const uncountFor = 2 * time.Second

// attempt makes the file of a view and marks the view, or stops the schedule if the report refuses it.
func (s *Service) attempt(ctx context.Context, owner access.Principal, v view.View, file view.File, next time.Time) (err error) {
	file.Size, err = s.put(ctx, owner, v, file.Key())
	if refused, ok := errors.AsType[*view.Refusal](err); ok {
		why := view.Stop{Reason: view.ReasonInvalid, Code: refused.Code, Text: refused.Text, At: file.At}
		if refused.Denied {
			why = view.Stop{Reason: view.ReasonRole, At: file.At}
		}
		return s.stop(ctx, v, why)
	}
	if err != nil {
		return err
	}
	event := s.event(v, file.At, "view.sent")
	event.After = map[string]string{"day": string(file.Day), "format": string(file.Format)}
	if err := s.Store.Advance(ctx, v, v.Made(file.Day, file.At, next), &file, &event, file.At); err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "view sent", "id", v.ID, "day", string(file.Day), "bytes", file.Size)
	return nil
}

// put makes the file of a view and puts it into the bucket. It returns its size in bytes.
func (s *Service) put(ctx context.Context, owner access.Principal, v view.View, key string) (int, error) {
	body, err := s.export(ctx, owner, v)
	if err != nil {
		return 0, err
	}
	return len(body), s.Files.Put(ctx, key, media[v.Schedule.Format], body)
}

// stop stops the schedule of a view. The message about it is the next step.
func (s *Service) stop(ctx context.Context, v view.View, why view.Stop) error {
	event := s.event(v, why.At, "view.stopped")
	event.After = map[string]string{"reason": string(why.Reason)}
	if err := s.Store.Advance(ctx, v, v.StoppedBy(why, true), nil, &event, why.At); err != nil {
		return err
	}
	s.Log.WarnContext(ctx, "view stopped", "id", v.ID, "reason", string(why.Reason), "code", why.Code)
	return nil
}

func (s *Service) event(v view.View, now time.Time, action string) audit.Event {
	return audit.Event{
		ID: s.NewID(now), At: now, By: v.Owner.Subject, ByName: v.Owner.Name, Action: action, Subject: "view/" + v.ID, Source: audit.SourceSchedule,
	}
}

var media = map[view.Format]string{view.XLSX: sheet.MediaXLSX, view.CSV: sheet.MediaCSV}

// NewID returns a function for Service.NewID.
func NewID(at time.Time) string { return id.New(at, rand.Text()) }
