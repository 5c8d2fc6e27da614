// Package view defines saved views (R8.8): what a person has chosen of a report, and when it is sent as a
// file. SPEC calls them report definitions.
//
// A view has the filters, the order and the columns as the parameters of the report, and the operation of
// the report checks them: there is no second set of rules. A view has no data. Its files hold what its owner
// may read on the day on which they are made.
package view

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/once"
)

// Report is a report of which views can be saved. Its value is the name in the address of the report.
type Report string

// The reports.
const (
	Purchases     Report = "license-purchases"
	Installations Report = "license-installations"
	Subscriptions Report = "subscriptions"
	Comparison    Report = "comparison"
)

// Reports lists every report, in the order of the documentation.
var Reports = []Report{Purchases, Installations, Subscriptions, Comparison}

// MaxOwn is the maximum number of views of one person.
const MaxOwn = 100

// Owner is the person or program that saved a view.
type Owner struct {
	Subject string // of the token
	Name    string // what people recognise; empty if the token has none
}

// Definition is what a person chooses.
type Definition struct {
	Name    string
	Report  Report
	Filters map[string]string // the parameters of the report, without those of order and columns
	Sort    string            // the column; empty for the order of the report
	Order   string            // asc or desc; empty without Sort
	Columns []string          // of files, in this order; empty for all
	Shared  bool              // whether everyone who reads sees the view
	// Schedule is when the view is sent; nil for never.
	Schedule *Schedule
}

// View is a saved view.
type View struct {
	Definition

	ID        string
	Owner     Owner
	CreatedAt time.Time
	ChangedAt time.Time // by a person
	Sending   Sending   // zero without a schedule
	Version   int64
}

// Sending is how far the schedule of a view is.
type Sending struct {
	Next    time.Time // when the next file is due; zero if the schedule has stopped
	Stopped Stop      // zero if it has not
	Last    day.Date  // the day of the last file; empty for none
	LastAt  time.Time // when that file was made
	// Announce says that the message about the last file, or about the stop, is not known to be sent.
	Announce bool
	// Attempts is how many attempts at the file that is due began and are not known to have ended: the process died.
	Attempts int
	Skipped  day.Date // the last day without a file, because MaxAttempts did not end; empty since a later file
}

// MaxAttempts is the number of attempts at a file. After it the file is skipped: what makes one process die, such as too much
// memory, makes the next one die too, and keeps the views behind it from their files.
const MaxAttempts = 3

// Stop is why and when a schedule has stopped.
type Stop struct {
	Reason Reason // empty if it has not
	Code   string // of ReasonInvalid: the code of what the report refused
	Text   string // of ReasonInvalid: the sentence of the report, in the language of the schedule
	At     time.Time
	By     string // of ReasonAdmin and ReasonOwner: the subject
	ByName string
}

// Sentence returns why a schedule has stopped.
func (s Stop) Sentence(lang i18n.Lang) string {
	var args errs.Args
	switch s.Reason {
	case ReasonUnseen:
		args = errs.Pairs("days", strconv.Itoa(SeenFor))
	case ReasonInvalid:
		args = errs.Pairs("reason", s.Text)
	case ReasonGone, ReasonRole, ReasonAdmin, ReasonOwner:
	}
	return i18n.NoticeText(lang, sentences[s.Reason], args)
}

var sentences = map[Reason]string{
	ReasonGone: "notice_view_owner_gone", ReasonRole: "notice_view_owner_role", ReasonUnseen: "notice_view_owner_unseen",
	ReasonInvalid: "notice_view_view_invalid", ReasonAdmin: "notice_view_stopped_admin",
	ReasonOwner: "notice_view_stopped_owner",
}

// Refusal is the error of a report that does not accept a view, or does not let its owner read it.
type Refusal struct {
	Denied bool // whether the owner may not read the report
	Code   string
	Text   string // a sentence in the language of the schedule
}

// Error implements error.
func (r *Refusal) Error() string { return "view: the report refuses the view: " + r.Code }

// Reason is why a schedule has stopped.
type Reason string

// The reasons.
const (
	ReasonGone    Reason = "owner-gone"    // the owner was deleted or disabled
	ReasonRole    Reason = "owner-role"    // the owner has no role that may manage agreements
	ReasonUnseen  Reason = "owner-unseen"  // the roles of the owner are not known: no request for SeenFor
	ReasonInvalid Reason = "view-invalid"  // the report refuses the view, for example because a group was deleted
	ReasonAdmin   Reason = "stopped-admin" // a global admin stopped it
	ReasonOwner   Reason = "stopped-owner" // the owner stopped it
)

// Reasons lists every reason, in the order of the documentation.
var Reasons = []Reason{ReasonGone, ReasonRole, ReasonUnseen, ReasonInvalid, ReasonAdmin, ReasonOwner}

// State is whether files are made.
type State string

// The states of a schedule.
const (
	Active  State = "active"
	Stopped State = "stopped"
)

// States lists every state, in the order of the documentation.
var States = []State{Active, Stopped}

// State returns the state of the schedule.
func (s Sending) State() State {
	if s.Stopped.Reason != "" {
		return Stopped
	}
	return Active
}

// SeenFor is for how many days roles count that an earlier token of a person had, where nobody but the
// issuer of the tokens knows the roles of today.
const SeenFor = 30

// Seen is the roles of a person in the last token that was seen.
type Seen struct {
	At    time.Time
	Roles []access.Role
}

// Changed reports whether the roles of a request at a moment are worth storing: at most once a day, and at
// once if they have changed.
func (s Seen) Changed(now time.Time, roles []access.Role) bool {
	if len(s.Roles) != len(roles) || now.Sub(s.At) >= 24*time.Hour {
		return true
	}
	for i, r := range roles {
		if s.Roles[i] != r {
			return true
		}
	}
	return false
}

// File is a file of a view.
type File struct {
	View   string
	Report Report   // of the view when the file was made; empty if an earlier release made it
	Day    day.Date // on which it was due
	At     time.Time
	Format Format
	Lang   i18n.Lang
	Size   int // bytes
}

// Key returns the key of the file in the bucket of reports.
func (f File) Key() string {
	return FilesPrefix + f.View + "/" + string(f.Day) + "." + string(f.Format)
}

// Of returns the file of a view with the report of the view, if an earlier release made the file.
func (f File) Of(v View) File {
	f.Report = cmp.Or(f.Report, v.Report)
	return f
}

// Name returns the name under which the file is downloaded.
func (f File) Name() string { return string(f.Report) + "-" + string(f.Day) + "." + string(f.Format) }

// FilesPrefix is the prefix of the files in the bucket of reports.
const FilesPrefix = "views/"

// Page is one page of views or of files. Next is empty on the last page.
type Page[T any] struct {
	Items []T
	Next  string
}

// Store keeps views.
type Store interface {
	// View returns one view; errs.NotFound view_not_found.
	View(ctx context.Context, id string) (View, error)
	// Own returns the views of a person, sorted by name, and the roles that were seen.
	Own(ctx context.Context, subject string) ([]View, Seen, error)
	// Shared returns the shared views of everyone, sorted by name.
	Shared(ctx context.Context, limit int, cursor string) (Page[View], error)
	// Scheduled returns the views with a schedule of everyone, in no order that people know.
	Scheduled(ctx context.Context, limit int, cursor string) (Page[View], error)
	// Create stores a view and what was seen of its owner. It returns errs.Conflict view_limit or a taken
	// name.
	Create(ctx context.Context, v View, seen Seen, c once.Change) (first []byte, err error)
	// Change stores a new version of a view; errs.Stale if another one was stored since before was read, errs.Conflict
	// for a taken name.
	Change(ctx context.Context, before, after View, c once.Change) (first []byte, err error)
	// Delete deletes a view; errs.Stale if it has another version.
	Delete(ctx context.Context, v View, event audit.Event) error
	// See stores what was seen of a person who has views.
	See(ctx context.Context, subject string, seen Seen) error

	// Files returns the files of a view, the newest first.
	Files(ctx context.Context, id string, limit int, cursor string) (Page[File], error)
	// File returns the file of a day; errs.NotFound view_file_not_found.
	File(ctx context.Context, id string, date day.Date) (File, error)
}
