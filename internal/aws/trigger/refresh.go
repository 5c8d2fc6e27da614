package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"trueup/internal/manifest"
	"trueup/internal/refresher"
	"trueup/internal/statements"
)

// Refresher is what the refresh function calls.
type Refresher interface {
	// Nightly requests the run of the night on which an event was due.
	Nightly(ctx context.Context, due time.Time) (refresher.Run, error)
	// Due returns the id of a run that waits, or that is due; empty for none.
	Due(ctx context.Context) (id string, err error)
	// Work works at a run, and at those after it, as long as the time allows.
	Work(ctx context.Context, id string) error
}

// Statements takes files of entitlements.
type Statements interface {
	// Receive reads one version of a file once, on behalf of by; a nil error means
	// it is dealt with.
	Receive(ctx context.Context, src statements.Source, by string) error
}

// Caller has a function called, without waiting for it.
type Caller interface {
	// Call hands over an event.
	Call(ctx context.Context, event any) error
}

// RefreshJobs is what the refresh function does.
type RefreshJobs struct {
	Refresher  Refresher
	Statements Statements
}

// RefreshCall is the event that has the refresh function work at a run.
func RefreshCall(run string) any {
	return struct {
		Source string `json:"source"`
		Run    string `json:"run"`
	}{manifest.CallSource, run}
}

// Refresh returns the handler of the refresh function: for S3 notifications of
// created objects, for its schedules, and for calls of other functions. An error
// makes Lambda deliver the event again, and in the end send it to the
// dead-letter queue; what was dealt with changes nothing then.
func Refresh(jobs RefreshJobs, log *slog.Logger) func(context.Context, json.RawMessage) error {
	h := refresh{jobs, log}
	return func(ctx context.Context, payload json.RawMessage) error {
		event, err := objectsOf(payload)
		if err != nil {
			return err
		}
		switch event.Source {
		case manifest.ScheduleSource:
			return h.due(ctx)
		case manifest.NightlySource:
			if event.Time.IsZero() {
				return errors.New("the event of a night does not say when it was due")
			}
			run, err := jobs.Refresher.Nightly(ctx, event.Time)
			if err != nil {
				return h.interrupted(ctx, fmt.Errorf("request the night's refresh: %w", err))
			}
			return h.work(ctx, run.ID)
		case manifest.CallSource:
			return h.work(ctx, event.Run)
		case "":
			return h.records(ctx, event.Records)
		default:
			return fmt.Errorf("event of %q is not for the refresh", event.Source)
		}
	}
}

type refresh struct {
	RefreshJobs
	log *slog.Logger
}

// records reads the files that records are about, and has what they say count.
func (h refresh) records(ctx context.Context, records []events.S3EventRecord) error {
	var faults []error
	for _, record := range records {
		src := SourceOf(record)
		if !strings.HasPrefix(record.EventName, "ObjectCreated:") || !strings.HasPrefix(src.Key, statements.KeyPrefix) {
			h.log.WarnContext(ctx, "event ignored", "event", record.EventName, "bucket", src.Bucket)
			continue
		}
		err := h.Statements.Receive(ctx, statements.Source{
			Key: src.Key, Version: src.Version, ETag: src.ETag, Sequencer: src.Sequencer, Size: src.Size, At: src.EventTime,
		}, record.PrincipalID.PrincipalID)
		if err != nil {
			h.log.ErrorContext(ctx, "statement interrupted", "error", err)
			faults = append(faults, fmt.Errorf("receive a statement: %w", err))
		}
	}
	if len(records) == 0 {
		return nil // the event that S3 sends when a notification is set up
	}
	return errors.Join(append(faults, h.due(ctx))...)
}

// due works at what waits or is due.
func (h refresh) due(ctx context.Context) error {
	id, err := h.Refresher.Due(ctx)
	if err != nil {
		return h.interrupted(ctx, fmt.Errorf("look for a refresh that waits: %w", err))
	}
	return h.work(ctx, id)
}

// work works at a run; at none when the id is empty.
func (h refresh) work(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	if err := h.Refresher.Work(ctx, id); err != nil {
		return h.interrupted(ctx, fmt.Errorf("refresh %s: %w", id, err))
	}
	return nil
}

// interrupted leaves a line in the log about a fault.
func (h refresh) interrupted(ctx context.Context, err error) error {
	h.log.ErrorContext(ctx, "refresh interrupted", "error", err)
	return err
}
