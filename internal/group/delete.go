package group

import (
	"context"

	"trueup/internal/audit"
)

// DeleteStore deletes license groups.
type DeleteStore interface {
	// DeleteGroup deletes the group, as it was read, and moves all of its
	// agreements to Unassigned, however many there are and however often that is
	// interrupted (R4.3). The audit event's Subject and Before are filled in.
	// errs.Stale version_stale when the group has changed since, errs.NotFound
	// group_not_found when it is gone, errs.Conflict group_built_in for Unassigned.
	DeleteGroup(ctx context.Context, read Group, event audit.Event) error
}
