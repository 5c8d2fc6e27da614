// Package snapshot publishes what refreshes come to, and reads it (R7.5, R8.5).
//
// A Publisher gathers what is known of an organisation at the end of a refresh,
// feeds the catalog with its publishers and products (R5.2), and writes the
// snapshot of the day: the objects of package report under report.SnapshotPrefix.
// A Library reads them: days that were, and the organisation as it is now, with
// the entitlements as the last refresh published them.
//
// Invariants, whoever dies at whatever moment and however many publish at once:
//
//   - An object is written before any manifest names it, and never changes: its
//     key has its checksum. So who has read a manifest finds all of one snapshot.
//   - A manifest never changes either. Which one counts for a day, and which is the newest,
//     is in an Index beside the records of refreshes: it is replaced only by one of the
//     same or a later attempt at a run, as their sequences tell.
//   - What is read is compared with the manifest's checksums. Anything else than
//     what was written is a fault, and never half an answer.
package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/journal"
	"trueup/internal/objects"
	"trueup/internal/refresher"
	"trueup/internal/report"
)

// Agreements are all agreements there are.
type Agreements interface {
	// All returns every agreement, and a position that is another one after every
	// change of any; nil when that position is since, unless since is zero.
	All(ctx context.Context, since journal.Position) (all []agreement.Agreement, at journal.Position, err error)
}

// Inventory is what is installed.
type Inventory interface {
	// Tallies returns what the last good file of every source adds up to. The
	// tallies are shared, and must not be changed.
	Tallies(ctx context.Context) ([]inventory.Counted, error)
}

// Statements are the statements that count.
type Statements interface {
	Current(ctx context.Context) ([]entitlement.Statement, error)
}

// lastRuns is how many refreshes an overview names.
const lastRuns = 5

// runs returns the last refreshes as reports show them.
func runs(ctx context.Context, records refresher.Records) ([]report.Run, error) {
	page, err := records.Runs(ctx, lastRuns, "")
	if err != nil {
		return nil, err
	}
	shown := make([]report.Run, len(page.Items))
	for i, r := range page.Items {
		shown[i] = runOf(r)
	}
	return shown, nil
}

// runOf is a refresh as reports show it. One that waits began when it was asked for.
func runOf(r refresher.Run) report.Run {
	shown := report.Run{ID: r.ID, Trigger: string(r.Trigger), State: string(r.State), Start: r.StartedAt.UTC()}
	if r.StartedAt.IsZero() {
		shown.Start = r.RequestedAt.UTC()
	}
	if !r.EndedAt.IsZero() {
		shown.End = new(r.EndedAt.UTC())
	}
	return shown
}

// maxManifest is more than any manifest has, in bytes.
const maxManifest = 1 << 20

// content reads an object of at most that many bytes. errs.Unavailable is that the
// bucket is away.
func content(ctx context.Context, files objects.Bucket, key string, most int64) (body []byte, err error) {
	object, err := files.Open(ctx, key, "", "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, object.Body.Close()) }()
	if object.Size > most {
		return nil, fmt.Errorf("snapshot: %s has %d bytes, and %d at most", key, object.Size, most)
	}
	body = make([]byte, object.Size)
	if _, err := io.ReadFull(object.Body, body); err != nil {
		return nil, errs.Wrap(fmt.Errorf("snapshot: read %s: %w", key, err), errs.Unavailable, "try_again")
	}
	return body, nil
}

// open reads an object of a snapshot, and has decode make sense of it.
func open[T any](ctx context.Context, files objects.Bucket, o report.Object, decode func(content []byte) (T, error)) (value T, err error) {
	body, err := content(ctx, files, o.Key, o.Bytes)
	if err != nil {
		return value, fmt.Errorf("snapshot: %w", err)
	}
	return decode(body)
}
