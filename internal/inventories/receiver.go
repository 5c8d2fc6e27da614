package inventories

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"strconv"
	"time"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/inventory"
	"trueup/internal/misfiled"
	"trueup/internal/objects"
	"trueup/internal/retry"
)

// Receiver counts files of kind.Inventory and keeps the result of the last good one of each
// source.
type Receiver struct {
	Store   Store
	Counts  *Counts
	Uploads objects.Bucket
	Scratch string // folder for scratch files; "" for the system's
	MacOS   bool   // whether devices with macOS count, too
	Clock   func() time.Time
	NewID   func(at time.Time) string // returns a new id of an audit event or of a holder of a lease
	Log     *slog.Logger
}

// Receive counts a file. A nil error means that the file is handled, even if it was refused, as
// its record then says, if it no longer exists, or if a newer one counts already. Only a file
// that was counted and has at least one PC replaces the one that counts.
func (r *Receiver) Receive(ctx context.Context, o intake.Object) error {
	began := r.Clock()
	if o.IsFolder() {
		return nil
	}
	records, err := r.Store.Records(ctx)
	if err != nil {
		return err
	}
	for _, known := range records {
		if known.Last.Same(o) || known.Good != nil && known.Good.Same(o) {
			return nil // S3 may deliver twice
		}
	}
	if source := sourceOf(o.Key); source != "" {
		if known := recordOf(records, source); !known.wants(o) {
			return r.late(ctx, source)
		}
	}
	rules, err := r.Counts.Rules(ctx)
	if err != nil {
		return err
	}
	var pcs inventory.PCs
	tally, err := r.read(ctx, &o, rules.All, &pcs)
	switch {
	case errors.Is(err, objects.ErrNotFound):
		r.Log.WarnContext(ctx, "inventory file gone")
		return nil
	case errs.KindOf(err) == errs.Invalid:
		return r.refuse(ctx, refusing(records, o), o, errs.As(err))
	case err != nil:
		return fmt.Errorf("read %s: %w", o.Key, err)
	}
	source := sourceOf(o.Key)
	if source == "" {
		source = tally.Shape.System()
	}
	good, err := r.keep(ctx, o, tally, &pcs)
	if err != nil {
		return err
	}
	saved, err := r.change(ctx, source, func(now *Record) (event audit.Event, changed bool) {
		if !now.wants(o) {
			return event, false
		}
		before := now.Good
		now.Good, now.Next = good, nil
		if now.Last.Compare(o) < 0 {
			now.Last = File{Object: o, ReadAt: good.ReadAt, State: StateCounted}
		}
		event = r.event(o.By, "inventory.received", now.Source)
		event.After = good.auditValues()
		if before != nil {
			event.Before = before.auditValues()
		}
		return event, true
	})
	if err != nil {
		return err
	}
	if !saved {
		return r.late(ctx, source)
	}
	r.Log.InfoContext(ctx, "inventory counted", "source", source, "shape", good.Shape, "rows", good.Rows, "bad_rows", good.BadRows,
		"devices", good.Devices, "titles", good.Titles, "unknown", good.Unknown, "duration_ms", r.since(began))
	return nil
}

// read counts a file. It sets the size of o, and fills pcs.
func (r *Receiver) read(ctx context.Context, o *intake.Object, rules *inventory.Rules, pcs *inventory.PCs) (*inventory.Tally, error) {
	file, err := intake.Open(ctx, r.Uploads, kind.Inventory, *o)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if o.Size = file.Size; file.TooLarge() {
		return nil, errs.New(errs.Invalid, "inventory_size")
	}
	t, err := inventory.Read(ctx, file.Body, inventory.Options{
		Name: path.Base(o.Key), Rules: rules, Scratch: r.Scratch, MacOS: r.MacOS, PCs: pcs, Other: misfiled.InInventory,
	})
	if err == nil && t.Devices == 0 {
		// An empty file means that the export failed, not that every PC is gone.
		return nil, errs.New(errs.Invalid, "inventory_empty")
	}
	return t, err
}

// keep stores a tally and its PCs, and returns their description.
func (r *Receiver) keep(ctx context.Context, o intake.Object, t *inventory.Tally, pcs *inventory.PCs) (*Good, error) {
	key, err := r.Counts.keep(ctx, talliesOf(r.Clock()), "", "application/octet-stream", t.Encode())
	if err != nil {
		return nil, fmt.Errorf("store the tally: %w", err)
	}
	var pcsKey string
	if !t.Estimated && pcs.Complete() {
		if pcsKey, err = r.Counts.keep(ctx, pcsOf(r.Clock()), "", "application/octet-stream", pcs.Encode()); err != nil {
			return nil, fmt.Errorf("store the PCs: %w", err)
		}
	}
	s := t.Summary()
	return &Good{
		Object: o, ReadAt: r.now(), Shape: t.Shape, Estimated: t.Estimated, MacOS: t.MacOS, Rules: t.Rules, Rows: t.Rows, BadRows: t.BadRows,
		Devices: s.Devices, OtherPlatforms: t.OtherPlatforms, Titles: s.Titles, Unknown: len(t.Queue()), Products: len(t.Products), Tally: key, PCs: pcsKey,
	}, nil
}

// refuse records a refused file.
func (r *Receiver) refuse(ctx context.Context, source string, o intake.Object, why *errs.Error) error {
	r.Log.WarnContext(ctx, "inventory refused", "source", source, "code", why.Code)
	_, err := r.change(ctx, source, func(now *Record) (event audit.Event, changed bool) {
		if now.Last.Compare(o) >= 0 {
			return event, false
		}
		now.Last = File{Object: o, ReadAt: r.now(), State: StateRefused, Reason: why.Code, Args: why.Args}
		event = r.event(o.By, "inventory.refused", source)
		event.After = map[string]string{"file": o.Key, "reason": why.Code}
		return event, true
	})
	return err
}

// late logs that a newer file counts already: S3 may deliver out of order.
func (r *Receiver) late(ctx context.Context, source string) error {
	r.Log.InfoContext(ctx, "inventory superseded", "source", source)
	return nil
}

// changing is the policy for a change of a record that is made again after a concurrent change.
var changing = retry.Policy{Attempts: 10, First: 5 * time.Millisecond, Longest: 100 * time.Millisecond}

// change applies a change to the current record and stores it.
func (r *Receiver) change(ctx context.Context, source string, change func(*Record) (event audit.Event, changed bool)) (saved bool, err error) {
	err = retry.Do(ctx, changing, func() error {
		records, err := r.Store.Records(ctx)
		if err != nil {
			return err
		}
		now := recordOf(records, source)
		event, changed := change(&now)
		if !changed {
			return nil
		}
		var events []audit.Event
		if event.ID != "" {
			events = append(events, event)
		}
		now.Version++
		err = r.Store.SaveRecords(ctx, []Record{now}, events...)
		if errs.KindOf(err) == errs.Stale {
			return retry.Again(err)
		}
		saved = err == nil
		return err
	})
	return saved, err
}

func (r *Receiver) event(by, action, source string) audit.Event {
	now := r.now()
	return audit.Event{ID: r.NewID(now), At: now, By: by, Action: action, Subject: "inventory/" + source, Source: audit.SourceImport}
}

// auditValues returns the values of an audit event about a count.
func (g *Good) auditValues() map[string]string {
	return map[string]string{
		"file": g.Key, "devices": strconv.Itoa(g.Devices), "titles": strconv.Itoa(g.Titles), "badRows": strconv.Itoa(g.BadRows),
	}
}

func (r *Receiver) now() time.Time { return r.Clock().UTC().Truncate(time.Millisecond) }

// since returns the elapsed time in milliseconds.
func (r *Receiver) since(began time.Time) float64 {
	return float64(r.Clock().Sub(began).Microseconds()) / 1000
}
