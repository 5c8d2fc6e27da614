// Package group is the domain of license groups: the units in which an
// organisation keeps its agreements.
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

// UnassignedName is the built-in group's name as SPEC has it. No other group
// can have it.
const UnassignedName = "Unassigned agreements"

// IsReserved reports whether a parsed name is the built-in group's.
func IsReserved(name string) bool { return text.Fold(name) == text.Fold(UnassignedName) }

// Max is the number of groups besides Unassigned (R4.2).
const Max = 500

// Group is a license group. Name is empty for the built-in group: its name is
// a message in the reader's language.
type Group struct {
	ID         string
	Name       string
	Agreements int // agreements in the group, if they were counted: a Store leaves them out
	CreatedAt  time.Time
	Version    int64
}

// Store keeps license groups. Each write takes the audit event that is stored
// in the same transaction; its Subject, Before and After are filled in.
type Store interface {
	// Groups returns all groups sorted by folded name, Unassigned first.
	Groups(ctx context.Context) ([]Group, error)
	// Group returns one group; errs.NotFound group_not_found.
	Group(ctx context.Context, id string) (Group, error)
	// CreateGroup stores a new group. errs.Conflict group_name_taken or group_limit.
	// When the entry's key was used before it stores nothing and returns the first answer.
	CreateGroup(ctx context.Context, g Group, event audit.Event, entry once.Entry) (first []byte, err error)
	// RenameGroup gives the group, as it was read, another name. errs.Stale
	// version_stale when it has changed since, errs.Conflict group_name_taken, or
	// group_built_in for Unassigned.
	RenameGroup(ctx context.Context, read Group, name string, event audit.Event) (Group, error)
	// DeleteGroup deletes the group, as it was read: from that moment on its
	// agreements are in Unassigned, however many there are (R4.3). errs.Stale
	// version_stale when it has changed since, errs.NotFound group_not_found when
	// it is gone, errs.Conflict group_built_in for Unassigned.
	DeleteGroup(ctx context.Context, read Group, event audit.Event) error
}
