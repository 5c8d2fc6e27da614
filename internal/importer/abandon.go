package importer

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"trueup/internal/audit"
	"trueup/internal/id"
)

// Abandon ends imports that no delivery will finish, because the function died on every
// redelivery. It removes what they staged, so that no name or pair stays reserved, and they end
// as failed. Their events are in the dead-letter queue; sending one again restarts its import.
func (im *Importer) Abandon(ctx context.Context) error {
	open, err := im.Store.Open(ctx)
	if err != nil {
		return fmt.Errorf("list running imports: %w", err)
	}
	var faults []error
	for _, read := range open {
		if read.State != StateRunning || im.Clock().Before(read.Lease.Add(AbandonAfter)) {
			continue
		}
		if err := im.abandon(ctx, read); err != nil && !errors.Is(err, ErrBusy) {
			faults = append(faults, fmt.Errorf("abandon import %s: %w", read.ID, err))
		}
	}
	return errors.Join(faults...)
}

func (im *Importer) abandon(ctx context.Context, read Import) error {
	now := im.Clock()
	claimed := read
	claimed.Attempt, claimed.Lease = read.Attempt+1, now.Add(im.Lease) // a stalled attempt can no longer commit
	imp, err := im.Store.Claim(ctx, read, claimed)
	if err != nil {
		return err
	}
	ctx, stop := im.keep(ctx, imp)
	defer stop()
	if err := im.Store.ClearAll(ctx, imp); err != nil {
		return err
	}
	im.Log.WarnContext(ctx, "import abandoned", "import", imp.ID, "attempts", read.Attempt)
	return (&attempt{Importer: im, imp: imp}).fail(ctx, "abandoned", true)
}

// finishedEvent returns the audit event of an import that ended.
func finishedEvent(imp Import) audit.Event {
	after := map[string]string{"file": imp.File, "state": string(imp.State)}
	if imp.Group != "" {
		after["group"] = imp.Group
	}
	if imp.Reason != "" {
		after["reason"] = imp.Reason
	}
	for name, n := range map[string]int{
		"rows": imp.Rows, "added": imp.Added, "unchanged": imp.Unchanged, "rejected": imp.Rejected,
		"created": imp.Created, "extended": imp.Extended,
	} {
		after[name] = strconv.Itoa(n)
	}
	return audit.Event{
		ID: id.New(imp.FinishedAt, string(imp.Stage())), At: imp.FinishedAt, By: imp.Object.By, Action: "import." + string(imp.State),
		Subject: "import/" + imp.ID, After: after, Source: audit.SourceImport,
	}
}
