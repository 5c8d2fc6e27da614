package trigger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"trueup/internal/inventory"
	"trueup/internal/manifest"
)

// Inventory is what the inventory function calls.
type Inventory interface {
	// Receive counts one version of an object; a nil error means it is dealt with.
	Receive(ctx context.Context, u inventory.Upload) error
	// Recount counts anew what other rules counted than those of now.
	Recount(ctx context.Context) error
}

// InventoryCall is the event that has the inventory function count anew.
type InventoryCall struct {
	Source  string `json:"source"`
	Recount bool   `json:"recount"`
}

// Recount has the inventory function count anew what other rules counted.
func Recount(ctx context.Context, function Caller) error {
	return function.Call(ctx, InventoryCall{manifest.CallSource, true})
}

// Inventories returns the handler of the inventory function: for S3
// notifications of created objects, for the call of who changed the rules, and
// for the schedule, which makes up for calls that were lost. An error makes
// Lambda deliver the event again, as with Objects.
func Inventories(counts Inventory, log *slog.Logger) func(context.Context, json.RawMessage) error {
	return func(ctx context.Context, payload json.RawMessage) error {
		event, err := objectsOf(payload)
		if err != nil {
			return err
		}
		switch {
		case event.Source == manifest.ScheduleSource, event.Source == manifest.CallSource && event.Recount:
			err := counts.Recount(ctx)
			if err != nil {
				log.ErrorContext(ctx, "inventory interrupted", "error", err)
			}
			return err
		case event.Source != "":
			return fmt.Errorf("event of %q is not for the inventory", event.Source)
		}
		var faults []error
		for _, record := range event.Records {
			src := SourceOf(record)
			if !strings.HasPrefix(record.EventName, "ObjectCreated:") || !strings.HasPrefix(src.Key, inventory.KeyPrefix) {
				log.WarnContext(ctx, "event ignored", "event", record.EventName, "bucket", src.Bucket)
				continue
			}
			if err := counts.Receive(ctx, inventory.Upload{
				Key: src.Key, Version: src.Version, ETag: src.ETag, Sequencer: src.Sequencer, Size: src.Size,
				At: src.EventTime, By: record.PrincipalID.PrincipalID,
			}); err != nil {
				log.ErrorContext(ctx, "inventory interrupted", "error", err)
				faults = append(faults, fmt.Errorf("receive inventory: %w", err))
			}
		}
		return errors.Join(faults...)
	}
}
