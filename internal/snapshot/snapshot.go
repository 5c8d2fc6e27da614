// Package snapshot publishes the results of refreshes and reads them (R7.5, R8.5).
//
// A Publisher gathers the state of an organisation at the end of a refresh, feeds the catalog
// with its publishers and products (R5.2), and writes the snapshot of the day: the objects of
// package report under report.SnapshotPrefix. A Library reads the snapshots of past days, and the
// current state of the organisation with the entitlements of the latest snapshot.
//
// Invariants, wherever a process crashes and however many publish concurrently:
//
//   - An object is written before a manifest names it, and never changes: its key contains its
//     checksum. So a reader of a manifest finds all objects of one snapshot.
//   - A manifest never changes either. An Index next to the records of refreshes names the manifest of
//     a day and the newest one. An entry is replaced only by the same or a later attempt at a run, by
//     its sequence.
//   - Content is compared with the manifest's checksums. A difference is a fault, never a partial
//     result.
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

// Agreements reads all agreements.
type Agreements interface {
	// All returns every agreement and a position that changes with every change of any agreement.
	// all is nil if since is not zero and equals that position.
	All(ctx context.Context, since journal.Position) (all []agreement.Agreement, at journal.Position, err error)
}

// Inventory reads the installed products.
type Inventory interface {
	// Tallies returns the counts of the last good file of every source. They are shared and must
	// not be changed.
	Tallies(ctx context.Context) ([]inventory.Counted, error)
}

// Adjustments reads the manual adjustments.
type Adjustments interface {
	Adjustments(ctx context.Context) (report.Adjustments, error)
}

// Statements reads the statements in use.
type Statements interface {
	Current(ctx context.Context) ([]entitlement.Statement, error)
}

// lastRuns is the number of refreshes in an overview.
const lastRuns = 5

// runs returns the latest refreshes in the form of reports.
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

// runOf converts a refresh for reports. Before its start, Start is the time of the request.
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

// maxManifest limits the size of a manifest, in bytes.
const maxManifest = 1 << 20

// content reads an object of up to most bytes. errs.Unavailable means that the bucket is
// unavailable.
func content(ctx context.Context, files objects.Bucket, key string, most int64) (body []byte, err error) {
	object, err := files.Open(ctx, key, "", "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, object.Body.Close()) }()
	if object.Size > most {
		return nil, fmt.Errorf("snapshot: %s has %d bytes; the maximum is %d", key, object.Size, most)
	}
	body = make([]byte, object.Size)
	if _, err := io.ReadFull(object.Body, body); err != nil {
		return nil, errs.Wrap(fmt.Errorf("snapshot: read %s: %w", key, err), errs.Unavailable, "try_again")
	}
	return body, nil
}

// open reads an object of a snapshot and decodes it.
func open[T any](ctx context.Context, files objects.Bucket, o report.Object, decode func(content []byte) (T, error)) (value T, err error) {
	body, err := content(ctx, files, o.Key, o.Bytes)
	if err != nil {
		return value, fmt.Errorf("snapshot: %w", err)
	}
	return decode(body)
}
