// Package reminder is the domain of reminders (R8.9): what ends soon, which of the offsets before the end it has
// reached, and what is said about it once.
//
// A reminder is computed from what is stored and from the calendar, as statuses and conflicts are: nothing has
// to run at midnight for a list to be right. Only what was sent is stored, see Marks.
//
// Reminders have no details of agreements (R2.7) and no personal data. Names of agreements are in lists, too;
// a calendar, which everyone with its address can read, does not have them, see Feed.
package reminder

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// Kind says what a reminder is about.
type Kind string

// The kinds.
const (
	Refresh      Kind = "refresh"      // refreshes of licence data that fail, or do not complete
	Conflict     Kind = "conflict"     // the clock of a subscription's conflict runs out (R9.4)
	Subscription Kind = "subscription" // a subscription ends that does not renew automatically
	Agreement    Kind = "agreement"    // an agreement of type other ends, or a term of a volume agreement
)

// Kinds lists every kind, in the order in which reminders of one day are sorted.
var Kinds = []Kind{Refresh, Conflict, Subscription, Agreement}

// Cause says more about the reminders of some kinds.
type Cause string

// The causes; empty for kinds that have none.
const (
	Shortage Cause = Cause(subscription.Shortage)   // of a Conflict
	Expired  Cause = Cause(subscription.Expiration) // of a Conflict
	Failed   Cause = "failed"                       // of Refresh: the last refresh failed, or was given up, or its answers are held
	Late     Cause = "late"                         // of Refresh: none has completed for OverdueAfter
)

// Causes lists every cause, in the order of the documentation.
var Causes = []Cause{Shortage, Expired, Failed, Late}

// Offsets are the days before a date at which a reminder is sent, the first one first.
var Offsets = []int{90, 30, 7}

// OverdueAfter is the time without a complete refresh of the whole organisation after which it is late: a
// day, and the time that the refresh of the next night may take.
const OverdueAfter = 26 * time.Hour

// MaxWithin is the largest number of days for which reminders are computed: a leap year.
const MaxWithin = 366

// Reminder is something that needs attention on a day.
type Reminder struct {
	Kind    Kind
	Cause   Cause
	Subject string // id of the agreement, of the subscription, or of the refresh that failed; empty for Late
	Name    string // of the agreement or subscription; empty for Refresh

	// Date is the last day of the term, or of the conflict's clock. For Failed it is the day on which the
	// refresh ended, and for Late the day on which the last complete one began.
	Date     day.Date
	DaysLeft int  // until Date: 0 on it. 0 for Refresh
	Overdue  bool // the clock of a conflict has run out, on Date

	Type      agreement.Type // of an agreement
	Publisher string         // of an agreement
	Product   string         // product title of an agreement of type other
	Products  int            // products of a volume agreement whose term ends on Date and that no later term covers

	Reason     string // of Failed: a stable code
	ReasonArgs errs.Args
}

// ID identifies a reminder as long as its date is the same: an agreement with another end has another reminder.
// For Failed it has the day and not the run, so that refreshes that fail all day are reported once.
func (r Reminder) ID() string {
	subject := r.Subject
	if r.Kind == Refresh {
		subject = ""
	}
	return strings.Join([]string{string(r.Kind), string(r.Cause), subject, string(r.Date)}, ":")
}

// Offset returns the offset that the reminder has reached: the smallest one that is not less than the days
// that are left; 0 if there are more days than the largest. It is 0 for Refresh, which has no offsets.
func (r Reminder) Offset() int {
	if r.Kind == Refresh {
		return 0
	}
	reached := 0
	for _, offset := range Offsets {
		if r.DaysLeft <= offset {
			reached = offset
		}
	}
	return reached
}

// IsDue reports whether a reminder is to be sent on its day: an offset is reached, or refreshes fail.
func (r Reminder) IsDue() bool { return r.Kind == Refresh || r.Offset() > 0 }

// Urgency is the part of a list that a reminder belongs to.
type Urgency string

// The urgencies, the most urgent first.
const (
	Now      Urgency = "now"       // refreshes that fail, and conflicts whose clock has run out
	Within7  Urgency = "within-7"  // at most 7 days left
	Within30 Urgency = "within-30" // at most 30
	Within90 Urgency = "within-90" // at most 90
	Later    Urgency = "later"
)

// Urgencies lists every urgency, the most urgent first.
var Urgencies = []Urgency{Now, Within7, Within30, Within90, Later}

// Urgency returns how urgent the reminder is.
func (r Reminder) Urgency() Urgency {
	switch {
	case r.Kind == Refresh || r.Overdue:
		return Now
	case r.DaysLeft <= 7:
		return Within7
	case r.DaysLeft <= 30:
		return Within30
	case r.DaysLeft <= 90:
		return Within90
	}
	return Later
}

// Place is the place of a reminder in a list: by urgency, day, kind, name and id.
type Place struct {
	Urgency int      `json:"u"`
	Date    day.Date `json:"d"`
	Kind    int      `json:"k"`
	Name    string   `json:"n"` // as typed; compared in folded form
	ID      string   `json:"i"`
}

// Place returns the place of the reminder.
func (r Reminder) Place() Place {
	return Place{slices.Index(Urgencies, r.Urgency()), r.Date, slices.Index(Kinds, r.Kind), r.Name, r.ID()}
}

// Compare compares two places. It is 0 only for the same reminder.
func (p Place) Compare(other Place) int { return p.folded().order(other.folded()) }

// folded returns the place with its name in folded form.
func (p Place) folded() Place {
	p.Name = text.Fold(p.Name)
	return p
}

// order compares two places whose names are folded.
func (p Place) order(other Place) int {
	return cmp.Or(
		cmp.Compare(p.Urgency, other.Urgency), cmp.Compare(p.Date, other.Date), cmp.Compare(p.Kind, other.Kind),
		cmp.Compare(p.Name, other.Name), cmp.Compare(p.ID, other.ID),
	)
}
