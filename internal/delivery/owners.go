package delivery

import (
	"context"
	"slices"
	"time"

	"trueup/internal/access"
	"trueup/internal/view"
)

// Pool is the user pool of the stack.
type Pool interface {
	// Groups returns the groups of the user with a subject, and whether there is such a user who can sign in.
	Groups(ctx context.Context, subject string) (groups []string, found bool, err error)
}

// Owners finds the roles of owners on the day on which a file is made (ADR 0043).
type Owners struct {
	Pool   Pool // nil if another issuer signs people in
	SignIn access.SignIn
}

// principal returns the owner of a view with the roles of now, or the reason for which the schedule stops.
//
// The user pool knows who can sign in, and the groups. Another issuer is not asked: it may have no interface for
// that, and the function no right to use it. Then the roles of the last token count, for view.SeenFor days. So
// they do for a pool whose tokens have the roles in a claim that a trigger adds.
func (o Owners) principal(ctx context.Context, store Store, owner view.Owner, now time.Time) (access.Principal, view.Reason, error) {
	p := access.Principal{Subject: owner.Subject, Name: owner.Name}
	if o.Pool != nil {
		groups, found, err := o.Pool.Groups(ctx, owner.Subject)
		if err != nil || !found {
			return p, view.ReasonGone, err
		}
		p.Roles = o.SignIn.Roles(groups)
	}
	if o.Pool == nil || !o.SignIn.GroupsOfPool() {
		seen, err := store.Seen(ctx, owner.Subject)
		if err != nil {
			return p, "", err
		}
		if now.Sub(seen.At) > view.SeenFor*24*time.Hour {
			return p, view.ReasonUnseen, nil
		}
		p.Roles = slices.Clone(seen.Roles)
	}
	if !p.May(access.ManageAgreements) {
		return p, view.ReasonRole, nil
	}
	return p, "", nil
}
