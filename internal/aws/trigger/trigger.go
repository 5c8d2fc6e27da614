// Package trigger converts AWS events to plain calls and their results to what AWS expects. No
// other package knows the formats of events.
package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/manifest"
)

// Jobs is the work of a function that does not serve HTTP. An event for a job that is nil is an
// error, so that it reaches the dead-letter queue.
type Jobs struct {
	Files     []Receiver                                     // for objects created in the uploads bucket
	Received  func(ctx context.Context) error                // after an event with objects; may be nil
	Scheduled func(ctx context.Context) error                // on the function's schedule
	Nightly   func(ctx context.Context, due time.Time) error // once a night, with the time at which it was due
	Run       func(ctx context.Context, run string) error    // called by another function, with the id of a refresh
	// Recount is called by another function, after rules have changed, with the holder of the lease.
	Recount func(ctx context.Context, holder string) error
	// LicenseJobs is called by another function, after it has stored a job that changes licences.
	LicenseJobs func(ctx context.Context) error
}

// Receiver processes one kind of file.
type Receiver struct {
	Kind kind.Kind
	// Receive processes one version of an object. A nil error means that the event need not be
	// delivered again.
	Receive func(ctx context.Context, o intake.Object) error
}

// Call is an event with which one function calls another.
type Call struct {
	Source  string `json:"source"`
	Run     string `json:"run,omitempty"`
	Recount bool   `json:"recount,omitempty"`
	Holder  string `json:"holder,omitempty"` // of the lease on recounts; the previous release sends none

	LicenseJobs bool `json:"licenseJobs,omitempty"`
}

// RunCall returns the event that calls Jobs.Run.
func RunCall(run string) Call { return Call{Source: manifest.CallSource, Run: run} }

// RecountCall returns the event that calls Jobs.Recount.
func RecountCall(holder string) Call {
	return Call{Source: manifest.CallSource, Recount: true, Holder: holder}
}

// LicenseJobsCall returns the event that calls Jobs.LicenseJobs.
func LicenseJobsCall() Call { return Call{Source: manifest.CallSource, LicenseJobs: true} }

// ScheduledCall returns the event that calls Jobs.Scheduled before its time.
func ScheduledCall() Call { return Call{Source: manifest.ScheduleSource} }

// event is the payload of a function that does not serve HTTP: messages of a queue with
// notifications of S3, a notification itself, or one of the sources in package manifest. S3 sent
// notifications to the functions in earlier releases, and operators send one again by hand.
type event struct {
	events.S3Event
	Call

	Time time.Time `json:"time"` // for manifest.NightlySource: when it was due
}

// Handler returns a function's handler. If it returns an error, Lambda retries the event, and
// finally sends it to the dead-letter queue. Receivers skip files that they have already
// processed.
func Handler(jobs Jobs, log *slog.Logger) func(context.Context, json.RawMessage) error {
	return func(ctx context.Context, payload json.RawMessage) error {
		var e event
		if err := json.Unmarshal(payload, &e); err != nil {
			return fmt.Errorf("event is not JSON: %w", err)
		}
		switch {
		case e.Source == "" && len(e.Records) > 0 && e.Records[0].EventSource == queueSource:
			return jobs.dequeue(ctx, payload, log)
		case e.Source == "":
			return jobs.receive(ctx, e.Records, payload, log)
		}
		job, err := jobs.of(e)
		if err != nil {
			return err
		}
		if err = job(ctx); err != nil {
			log.ErrorContext(ctx, "job interrupted", "source", e.Source, "error", err)
		}
		return err
	}
}

// of returns the job for an event with a source.
func (j Jobs) of(e event) (job func(context.Context) error, err error) {
	switch {
	case e.Source == manifest.ScheduleSource:
		job = j.Scheduled
	case e.Source == manifest.NightlySource && j.Nightly != nil:
		if e.Time.IsZero() {
			return nil, errors.New("the nightly event has no scheduled time")
		}
		job = func(ctx context.Context) error { return j.Nightly(ctx, e.Time) }
	case e.Source == manifest.CallSource && e.Recount && j.Recount != nil:
		job = func(ctx context.Context) error { return j.Recount(ctx, e.Holder) }
	case e.Source == manifest.CallSource && e.LicenseJobs && j.LicenseJobs != nil:
		job = j.LicenseJobs
	case e.Source == manifest.CallSource && j.Run != nil:
		job = func(ctx context.Context) error { return j.Run(ctx, e.Run) }
	}
	if job == nil {
		return nil, fmt.Errorf("event of %q is not for this function", e.Source)
	}
	return job, nil
}

// queueSource is the event source of records that come from a queue.
const queueSource = "aws:sqs"

// dequeue receives the notifications of S3 that a queue delivers, one or more at a time. If one
// fails, all are delivered again; files that were processed are then skipped.
func (j Jobs) dequeue(ctx context.Context, payload []byte, log *slog.Logger) error {
	var delivery events.SQSEvent
	if err := json.Unmarshal(payload, &delivery); err != nil {
		return fmt.Errorf("delivery of the queue: %w", err)
	}
	var faults []error
	for _, message := range delivery.Records {
		var notification events.S3Event
		err := json.Unmarshal([]byte(message.Body), &notification)
		if err != nil {
			err = fmt.Errorf("message %s is no notification of S3: %w", message.MessageId, err)
		} else {
			err = j.receive(ctx, notification.Records, []byte(message.Body), log)
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// receive passes the objects of an event to their receivers. An error of one does not stop the
// next.
func (j Jobs) receive(ctx context.Context, records []events.S3EventRecord, payload []byte, log *slog.Logger) error {
	if len(records) == 0 {
		if j.Files != nil && strings.Contains(string(payload), "s3:TestEvent") {
			return nil // S3 sends this event when a notification is configured
		}
		return errors.New("event has no records")
	}
	var faults []error
	for _, record := range records {
		o := ObjectOf(record)
		receiver, found := j.receiverOf(o.Key)
		if !found || !strings.HasPrefix(record.EventName, "ObjectCreated:") {
			log.WarnContext(ctx, "event ignored", "event", record.EventName, "bucket", o.Bucket)
			continue
		}
		if err := receiver.Receive(ctx, o); err != nil {
			log.ErrorContext(ctx, "file not received", "folder", receiver.Kind.Prefix, "error", err)
			faults = append(faults, fmt.Errorf("receive a file under %s: %w", receiver.Kind.Prefix, err))
		}
	}
	if j.Received != nil {
		if err := j.Received(ctx); err != nil {
			log.ErrorContext(ctx, "job interrupted", "source", "files", "error", err)
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func (j Jobs) receiverOf(key string) (Receiver, bool) {
	for _, r := range j.Files {
		if strings.HasPrefix(key, r.Kind.Prefix) {
			return r, true
		}
	}
	return Receiver{}, false
}

// ObjectOf returns the object of an S3 notification record.
func ObjectOf(record events.S3EventRecord) intake.Object {
	object := record.S3.Object
	key, err := url.QueryUnescape(object.Key) // S3 encodes keys like form values: a space is a plus
	if err != nil {
		key = object.Key // S3 never sends such a key; the receiver finds no object with it
	}
	return intake.Object{
		Bucket: record.S3.Bucket.Name, Key: key, Version: object.VersionID, ETag: object.ETag, Sequencer: object.Sequencer, Size: object.Size,
		At: record.EventTime.UTC().Truncate(time.Millisecond), By: record.PrincipalID.PrincipalID, Principal: record.PrincipalID.PrincipalID,
	}
}
