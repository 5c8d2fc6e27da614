package subscription

import (
	"context"
	"iter"
	"time"
)

// Sort is the sort key of a list of users. Users with equal keys are sorted by name, then by id.
type Sort string

// The sorts. The default is SortName.
const (
	SortName    Sort = "displayName"
	SortUPN     Sort = "userPrincipalName"
	SortSeen    Sort = "lastSignIn" // users without a known sign-in come first
	SortCreated Sort = "createdAt"
	// SortID is by id, for programs: Sorts does not have it. A user has the same place for ever.
	SortID Sort = "id"
)

// Sorts lists every sort, in the order of the documentation.
var Sorts = []Sort{SortName, SortUPN, SortSeen, SortCreated}

// Query selects users. Empty fields select all users that are not deleted.
type Query struct {
	Text         string // contained in user principal name, display name or department, without regard to case and accents
	Subscription string // users who hold a licence of it
	Without      string // users who hold no licence of it
	Waiting      string // users who wait for a licence of it, see User.Waiting
	Licensed     *bool  // users with at least one licence, or with none
	Location     string // usage location, in capital letters
	Department   string // compared without regard to case and accents
	Enabled      *bool
	Type         UserType
	InactiveDays int // users that are Inactive for so many days
	// InConflict selects users who hold a licence of one of these subscriptions. nil selects all; an
	// empty list selects none. Cursors stay valid while the list changes.
	InConflict []string
	Deleted    bool   // users that can be restored, instead of all others
	ObjectID   string // the id in the directory, without regard to case; only for All

	Sort       Sort
	Descending bool
	Now        time.Time // the moment for InactiveDays and Deleted
	Limit      int       // page size, 1 to 200
	Cursor     string    // Next of the previous page of the same query; empty for the first
	After      string    // see Register.All
	Most       int       // see Register.All
	List       string    // name of the list that shows the page: its cursors are valid in no other
}

// Totals counts the users that a query selects.
type Totals struct {
	Users      int
	Licensed   int // with at least one licence
	Unlicensed int
	Guests     int
	Disabled   int
}

// Page is one page of users. Next is empty on the last page. Totals are the totals of all pages.
type Page struct {
	Items  []User
	Next   string
	Totals Totals
}

// Register finds users. Reads are exact at the moment of the call. Times are in whole milliseconds.
//
// Grants of listed users have no Call.
type Register interface {
	// List lists users. A user that exists throughout with the same values of the sort key is listed
	// exactly once. A list by Subscription has since when each user holds the licence, which services
	// are off, and why: see User.Licenses. A cursor that is damaged or belongs to another query is
	// errs.Invalid cursor_invalid.
	List(ctx context.Context, q Query) (Page, error)
	// All returns every user that a query selects, in the order of its sort, as they are at one moment;
	// q.Limit and q.Cursor are ignored. all reads nothing, and can be used after later changes. With SortID, all begins
	// after the id q.After, and ends after q.Most users if that is not 0; totals has all.
	All(ctx context.Context, q Query) (all iter.Seq[User], totals Totals, err error)
	// Counts returns the number of users who hold a licence of each subscription that has any.
	Counts(ctx context.Context) (map[string]int, error)
	// Waiting returns the number of users who wait for a licence of each subscription that has any.
	Waiting(ctx context.Context) (map[string]int, error)
}

// LastActive returns the last sign-in of a user, or the creation if there was none.
func (u *User) LastActive() time.Time {
	if u.Seen.IsZero() {
		return u.CreatedAt
	}
	return u.Seen
}

// Inactive reports whether a user has not been active for a number of days of 24 hours.
func (u *User) Inactive(days int, now time.Time) bool {
	return !u.LastActive().After(InactiveSince(days, now))
}

// InactiveSince returns the latest LastActive of users that are Inactive for a number of days.
func InactiveSince(days int, now time.Time) time.Time { return now.UTC().AddDate(0, 0, -days) }
