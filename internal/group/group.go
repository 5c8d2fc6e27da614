// Package group is the domain of license groups, the units in which an organisation organises its
// agreements.
package group

import (
	"context"
	"time"

	"trueup/internal/audit"
	"trueup/internal/once"
	"trueup/internal/text"
)

// UnassignedID is the id of the built-in group "Unassigned agreements", which
// always exists and cannot be renamed or deleted.
const UnassignedID = "unassigned"

// UnassignedName is the built-in group's name, as in the SPEC. No other group can have it.
const UnassignedName = "Unassigned agreements"

// IsReserved reports whether a parsed name is the built-in group's.
func IsReserved(name string) bool { return text.Fold(name) == text.Fold(UnassignedName) }

// Max is the number of groups, not counting Unassigned (R4.2).
const Max = 500

// Group is a license group. Name is empty for the built-in group: its name is a message in the
// reader's language.
type Group struct {
	ID         string
	Name       string
	Agreements int // number of agreements; zero from a Store, which does not count them
	CreatedAt  time.Time
	Version    int64
}

// Store keeps license groups. Each write stores the given audit event in the same transaction and
// fills in its Subject, Before and After.
type Store interface {
	// Groups returns all groups sorted by folded name, Unassigned first.
	Groups(ctx context.Context) ([]Group, error)
	// Group returns one group; errs.NotFound group_not_found.
	Group(ctx context.Context, id string) (Group, error)
	// CreateGroup stores a new group. errs.Conflict group_name_taken or group_limit. If the
	// entry's key was used before, it stores nothing and returns the first response.
	CreateGroup(ctx context.Context, g Group, c once.Change) (first []byte, err error)
	// RenameGroup renames the group. errs.Stale version_stale if it changed since it was read,
	// errs.Conflict group_name_taken, or group_built_in for Unassigned.
	RenameGroup(ctx context.Context, read Group, name string, event audit.Event) (Group, error)
	// DeleteGroup deletes the group. Its agreements, however many, are in Unassigned from that
	// moment (R4.3). errs.Stale version_stale if it changed since it was read, errs.NotFound
	// group_not_found if it does not exist, errs.Conflict group_built_in for Unassigned.
	DeleteGroup(ctx context.Context, read Group, event audit.Event) error
}
