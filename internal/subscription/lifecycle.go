package subscription

import (
	"maps"
	"slices"
	"time"

	"trueup/internal/day"
	"trueup/internal/errs"
)

// RefusedUser returns the decision to change nothing of a user.
func RefusedUser(u User, code string, args ...string) Decision {
	return Decision{Outcome: Refused, After: u, Violations: []Violation{{Code: code, Args: errs.Pairs(args...)}}}
}

// DecideCreation judges a new user with licences: all of it, or nothing. u is a result of ParseUser with
// an ID.
func DecideCreation(u User, licenses []Assignment, free map[string]Holding, call Call, today day.Date) Decision {
	u.Version, u.CreatedAt = 0, call.At
	d := Decide(u, Want{Add: licenses}, free, call, today)
	if d.Outcome == Refused {
		return d
	}
	d.Outcome, d.After.Version = Created, 1
	return d
}

// DecideDeletion judges the deletion of a user, which releases all licences (L11) and ends all waiting. A deleted user is
// unchanged, so that a call which was interrupted can be repeated.
func DecideDeletion(u User, at time.Time) Decision {
	if !u.DeletedAt.IsZero() {
		return Decision{Outcome: Unchanged, After: u}
	}
	d := Decision{Outcome: Deleted, After: u, Removed: slices.Sorted(maps.Keys(u.Licenses)), Left: slices.Sorted(maps.Keys(u.Waiting))}
	d.After.Former, d.After.Licenses, d.After.Waiting, d.After.DeletedAt = u.Licenses, nil, nil, at
	d.After.Version++
	return d
}

// DecideRestoration judges the restoration of a deleted user (L12), with another user principal name
// unless upn is empty. With licenses it assigns each former licence that the user may have now, in the
// order of their ids; Violations says why the others are not assigned, and refuses nothing.
func DecideRestoration(u User, upn string, licenses bool, free map[string]Holding, call Call, today day.Date) Decision {
	if !u.Restorable(call.At) {
		return RefusedUser(u, UserNotRestorable)
	}
	former := u.Former
	u.Former, u.DeletedAt = nil, time.Time{}
	if upn != "" {
		u.UPN = upn
	}
	d := Decision{After: u}
	if licenses {
		d = restoreLicenses(u, former, free, call, today)
	}
	d.Outcome, d.After.Version = Restored, u.Version+1
	return d
}

// restoreLicenses assigns the licences that can be assigned one after the other. A licence can need a
// service of a later one, so the rest is tried again until nothing more is assigned.
func restoreLicenses(u User, former map[string]Grant, free map[string]Holding, call Call, today day.Date) Decision {
	all := Decision{After: u}
	rest := slices.Sorted(maps.Keys(former))
	for {
		var failed []string
		var violations []Violation
		for _, id := range rest {
			one := Decide(all.After, Want{Add: []Assignment{{Subscription: id, Off: former[id].Off}}}, free, call, today)
			if one.Outcome == Refused {
				failed, violations = append(failed, id), append(violations, one.Violations...)
				continue
			}
			all.After, all.Warnings = one.After, one.Warnings
			all.Added = append(all.Added, id)
		}
		if len(failed) == 0 || len(failed) == len(rest) {
			all.Violations = violations
			slices.Sort(all.Added)
			return all
		}
		rest = failed
	}
}

// DecideEdit judges another description of a user. A licence is never lost by it (L5); services can be
// off in the new usage location, and Warnings says so. after is a result of ParseUser.
func DecideEdit(u, after User, free map[string]Holding) Decision {
	next := u
	next.ObjectID, next.UPN, next.Name, next.Location = after.ObjectID, after.UPN, after.Name, after.Location
	next.Department, next.Type, next.Disabled, next.Seen = after.Department, after.Type, after.Disabled, after.Seen
	next.Excluded, next.ExcludedUntil = after.Excluded, after.ExcludedUntil
	d := Decision{Outcome: Unchanged, After: next}
	if !sameDescription(u, next) {
		d.Outcome = Edited
		d.After.Version++
	}
	d.Warnings = d.After.Warnings(free)
	return d
}

func sameDescription(a, b User) bool {
	return a.ObjectID == b.ObjectID && a.UPN == b.UPN && a.Name == b.Name && a.Location == b.Location &&
		a.Department == b.Department && a.Type == b.Type && a.Disabled == b.Disabled && a.Seen.Equal(b.Seen) &&
		a.Excluded == b.Excluded && a.ExcludedUntil == b.ExcludedUntil
}
