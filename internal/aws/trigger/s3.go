// Package trigger turns AWS events into plain calls and answers back into what
// AWS expects. It is the only place that knows the shapes of events.
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

	"trueup/internal/catalog/feeder"
	"trueup/internal/importer"
	"trueup/internal/manifest"
)

// Importer is what the import function calls.
type Importer interface {
	// Import applies one object once; a nil error means it is dealt with.
	Import(ctx context.Context, src importer.Source, by string) error
	// Abandon gives up imports that nobody will finish.
	Abandon(ctx context.Context) error
}

// Feeder feeds the catalog.
type Feeder interface {
	// Feed adds what one version of an object says, on behalf of by; a nil error
	// means it is dealt with.
	Feed(ctx context.Context, key, version, etag, by string) error
}

// Jobs is what the import function does.
type Jobs struct {
	Importer Importer
	Catalog  Feeder
	Tidy     func(context.Context) error // on schedule: whatever is due besides giving up abandoned imports
	Settle   func(context.Context)       // after files were imported; nil for nothing
}

// Objects returns the handler of the import function: for S3 notifications of
// created objects, and for the schedule. An error makes Lambda deliver the
// event again, and in the end send it to the dead-letter queue; records that
// were dealt with change nothing then.
func Objects(jobs Jobs, log *slog.Logger) func(context.Context, json.RawMessage) error {
	return func(ctx context.Context, payload json.RawMessage) error {
		event, err := objectsOf(payload)
		if err != nil {
			return err
		}
		if event.Source == manifest.ScheduleSource {
			return errors.Join(jobs.Importer.Abandon(ctx), jobs.Tidy(ctx))
		}
		if event.Source != "" {
			return fmt.Errorf("event of %q is not for the import", event.Source)
		}
		var faults []error
		for _, record := range event.Records {
			src, by := SourceOf(record), record.PrincipalID.PrincipalID
			switch created := strings.HasPrefix(record.EventName, "ObjectCreated:"); {
			case created && strings.HasPrefix(src.Key, importer.KeyPrefix):
				if err := jobs.Importer.Import(ctx, src, by); err != nil {
					log.ErrorContext(ctx, "import interrupted", "import", src.ID(), "error", err)
					faults = append(faults, fmt.Errorf("import %s: %w", src.ID(), err))
				}
			case created && strings.HasPrefix(src.Key, feeder.KeyPrefix):
				if err := jobs.Catalog.Feed(ctx, src.Key, src.Version, src.ETag, by); err != nil {
					log.ErrorContext(ctx, "catalog feed interrupted", "error", err)
					faults = append(faults, fmt.Errorf("feed the catalog: %w", err))
				}
			default:
				log.WarnContext(ctx, "event ignored", "event", record.EventName, "bucket", src.Bucket)
			}
		}
		if jobs.Settle != nil && len(event.Records) > 0 {
			jobs.Settle(ctx)
		}
		return errors.Join(faults...)
	}
}

// objectEvent is an event of a function that objects trigger: records of S3, or
// one of the sources of package manifest.
type objectEvent struct {
	events.S3Event
	Source  string    `json:"source"`
	Recount bool      `json:"recount"` // of manifest.CallSource, for the inventory function
	Run     string    `json:"run"`     // of manifest.CallSource, for the refresh function
	Time    time.Time `json:"time"`    // of manifest.NightlySource: when it was due
}

// objectsOf reads an event. One without a source has records, unless it is the
// one that S3 sends when a notification is set up.
func objectsOf(payload []byte) (event objectEvent, err error) {
	if err := json.Unmarshal(payload, &event); err != nil {
		return event, fmt.Errorf("event is not JSON: %w", err)
	}
	if event.Source == "" && len(event.Records) == 0 && !strings.Contains(string(payload), "s3:TestEvent") {
		return event, errors.New("event has no records")
	}
	return event, nil
}

// SourceOf returns the object that a record of an S3 notification is about.
func SourceOf(record events.S3EventRecord) importer.Source {
	object := record.S3.Object
	key, err := url.QueryUnescape(object.Key) // S3 encodes keys like form values: a space is a plus
	if err != nil {
		key = object.Key // S3 never sends one; the import will say that there is no such object
	}
	return importer.Source{
		Bucket: record.S3.Bucket.Name, Key: key, Version: object.VersionID, ETag: object.ETag,
		Sequencer: object.Sequencer, Size: object.Size, EventTime: record.EventTime,
	}
}
