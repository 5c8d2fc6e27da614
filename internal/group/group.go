// Package group is the domain of license groups: the units in which an
// organisation keeps its agreements.
package group

import (
	"context"
	"time"
)

// UnassignedID is the id of the built-in group "Unassigned agreements", which
// always exists and cannot be renamed or deleted.
const UnassignedID = "unassigned"

// UnassignedName is the built-in group's name as SPEC has it. No other group
// can have it.
const UnassignedName = "Unassigned agreements"

// Max is the number of groups besides Unassigned (R4.2).
const Max = 500

// Group is a license group. Name is empty for the built-in group: its name is
// a message in the reader's language.
type Group struct {
	ID         string
	Name       string
	Agreements int // agreements in the group, exact
	CreatedAt  time.Time
	Version    int64
}

// Store keeps license groups.
type Store interface {
	// Groups returns all groups sorted by folded name, Unassigned first.
	Groups(ctx context.Context) ([]Group, error)
	// Group returns one group; errs.NotFound group_not_found.
	Group(ctx context.Context, id string) (Group, error)
}
