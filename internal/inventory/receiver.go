package inventory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/objects"
)

// KeyPrefix is where files of inventory are put in the uploads bucket.
const KeyPrefix = "inventory/"

// Receiver is the use case behind KeyPrefix: it keeps what the last file adds
// up to.
type Receiver struct {
	Store   Store
	Uploads objects.Bucket
	NewID   func(at time.Time) string // a new id of an audit event
	Log     *slog.Logger
}

// Receive summarizes one version of an object that was put at a moment, on
// behalf of by. A nil error means that it is dealt with: also when the file was
// no good, is gone, or is older than the one that is known.
func (r *Receiver) Receive(ctx context.Context, key, version, etag, by string, at time.Time) error {
	if strings.HasSuffix(key, "/") {
		return nil // a folder somebody made
	}
	at = at.UTC().Truncate(time.Millisecond)
	known, err := r.Store.Summary(ctx)
	if err != nil {
		return err
	}
	if known.At.After(at) {
		return nil // S3 delivers late, and out of order
	}
	object, err := r.Uploads.Open(ctx, key, version, etag)
	if errors.Is(err, objects.ErrNotFound) {
		r.Log.WarnContext(ctx, "inventory file gone")
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	defer func() { _ = object.Body.Close() }() // read to the end, or of no interest
	t, err := Read(ctx, object.Body, Options{})
	if errs.KindOf(err) == errs.Invalid {
		r.Log.WarnContext(ctx, "inventory file refused", "code", errs.CodeOf(err))
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	s, err := Summarize(ctx, r.Store, t, key, at, audit.Event{
		ID: r.NewID(at), At: at, By: by, Action: "inventory.received", Source: audit.SourceImport,
	})
	if err != nil {
		return err
	}
	r.Log.InfoContext(ctx, "inventory received", "devices", s.Devices, "titles", s.Titles, "bad_rows", t.BadRows)
	return nil
}
