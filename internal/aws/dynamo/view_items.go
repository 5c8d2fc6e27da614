package dynamo

import (
	"strings"
	"time"

	"trueup/internal/access"
	"trueup/internal/day"
	"trueup/internal/i18n"
	"trueup/internal/text"
	"trueup/internal/view"
)

// viewItem is a saved view.
type viewItem struct {
	itemKey
	ID        string            `dynamodbav:"id"`
	Owner     string            `dynamodbav:"owner"` // subject
	OwnerName string            `dynamodbav:"owner_name,omitempty"`
	Name      string            `dynamodbav:"name"`
	Report    view.Report       `dynamodbav:"report"`
	Filters   map[string]string `dynamodbav:"filters,omitempty"`
	Sort      string            `dynamodbav:"sort,omitempty"`
	Order     string            `dynamodbav:"order,omitempty"`
	Columns   []string          `dynamodbav:"columns,omitempty"`
	Shared    bool              `dynamodbav:"shared"`
	Schedule  *viewSchedule     `dynamodbav:"schedule,omitempty"`
	Sending   viewSending       `dynamodbav:"sending"`
	Created   int64             `dynamodbav:"created"`
	Changed   int64             `dynamodbav:"changed"`
	Version   int64             `dynamodbav:"version"`
}

type viewSchedule struct {
	Every   view.Every   `dynamodbav:"every"`
	Weekday view.Weekday `dynamodbav:"weekday,omitempty"`
	Day     int          `dynamodbav:"day,omitempty"`
	Format  view.Format  `dynamodbav:"format"`
	Lang    i18n.Lang    `dynamodbav:"lang"`
}

type viewSending struct {
	Next     int64    `dynamodbav:"next,omitempty"`
	Stopped  viewStop `dynamodbav:"stopped"`
	Last     day.Date `dynamodbav:"last,omitempty"`
	LastAt   int64    `dynamodbav:"last_at,omitempty"`
	Announce bool     `dynamodbav:"announce,omitempty"`
	Attempts int      `dynamodbav:"attempts,omitempty"`
	Skipped  day.Date `dynamodbav:"skipped,omitempty"`
}

type viewStop struct {
	Reason view.Reason `dynamodbav:"reason,omitempty"`
	Code   string      `dynamodbav:"code,omitempty"`
	Text   string      `dynamodbav:"text,omitempty"`
	At     int64       `dynamodbav:"at,omitempty"`
	By     string      `dynamodbav:"by,omitempty"`
	ByName string      `dynamodbav:"by_name,omitempty"`
}

func newViewItem(v view.View) viewItem {
	s := v.Sending
	return viewItem{
		itemKey: keyed(viewKey(v.ID)), ID: v.ID, Owner: v.Owner.Subject, OwnerName: v.Owner.Name, Name: v.Name, Report: v.Report, Filters: v.Filters,
		Sort: v.Sort, Order: v.Order, Columns: v.Columns, Shared: v.Shared, Schedule: (*viewSchedule)(v.Schedule),
		Sending: viewSending{
			Next: millis(s.Next), Last: s.Last, LastAt: millis(s.LastAt), Announce: s.Announce, Attempts: s.Attempts, Skipped: s.Skipped,
			Stopped: viewStop{s.Stopped.Reason, s.Stopped.Code, s.Stopped.Text, millis(s.Stopped.At), s.Stopped.By, s.Stopped.ByName},
		},
		Created: millis(v.CreatedAt), Changed: millis(v.ChangedAt), Version: v.Version,
	}
}

func (i viewItem) view() view.View {
	s := i.Sending
	return view.View{
		Definition: view.Definition{
			Name: i.Name, Report: i.Report, Filters: i.Filters, Sort: i.Sort, Order: i.Order, Columns: i.Columns, Shared: i.Shared,
			Schedule: (*view.Schedule)(i.Schedule),
		},
		ID: i.ID, Owner: view.Owner{Subject: i.Owner, Name: i.OwnerName}, CreatedAt: fromMillis(i.Created), ChangedAt: fromMillis(i.Changed),
		Sending: view.Sending{
			Next: fromMillis(s.Next), Last: s.Last, LastAt: fromMillis(s.LastAt), Announce: s.Announce, Attempts: s.Attempts, Skipped: s.Skipped,
			Stopped: view.Stop{
				Reason: s.Stopped.Reason, Code: s.Stopped.Code, Text: s.Stopped.Text, At: fromMillis(s.Stopped.At),
				By: s.Stopped.By, ByName: s.Stopped.ByName,
			},
		},
		Version: i.Version,
	}
}

// ownViewsItem has the names of the views of a person, which are unique and few, and the roles that the person
// had in the last token that was seen.
type ownViewsItem struct {
	itemKey
	Views     []ownView     `dynamodbav:"views"`
	SeenAt    int64         `dynamodbav:"seen_at"`
	SeenRoles []access.Role `dynamodbav:"seen_roles"`
	Version   int64         `dynamodbav:"version"`
}

type ownView struct {
	ID   string `dynamodbav:"id"`
	Name string `dynamodbav:"name"` // folded
}

// viewPlaceItem is the place of a view in a list: of the shared views, which are sorted by name, or of those
// with a schedule.
type viewPlaceItem struct {
	itemKey
	ID string `dynamodbav:"id"` // of the view
}

// viewFileItem is a file of a view.
type viewFileItem struct {
	itemKey
	Report view.Report `dynamodbav:"report,omitempty"` // earlier releases did not store it
	At     int64       `dynamodbav:"at"`
	Format view.Format `dynamodbav:"format"`
	Lang   i18n.Lang   `dynamodbav:"lang"`
	Size   int         `dynamodbav:"size"` // bytes
}

func newViewFileItem(f view.File) viewFileItem {
	return viewFileItem{keyed(viewFileKey(f.View, f.Day)), f.Report, millis(f.At), f.Format, f.Lang, f.Size}
}

func (i viewFileItem) file() view.File {
	return view.File{
		View: strings.TrimPrefix(i.PK, viewPrefix), Day: day.Date(strings.TrimPrefix(i.SK, filePrefix)),
		Report: i.Report, At: fromMillis(i.At), Format: i.Format, Lang: i.Lang, Size: i.Size,
	}
}

// sharedPlace returns the place of a view in the list of shared views; false if it has none.
func sharedPlace(v view.View) (place viewPlaceItem, ok bool) {
	return viewPlaceItem{keyed(sharedViewKey(text.Fold(v.Name), v.ID)), v.ID}, v.Shared
}

// scheduledPlace returns the place of a view in the list of those with a schedule; false if it has none.
func scheduledPlace(v view.View) (place viewPlaceItem, ok bool) {
	return viewPlaceItem{keyed(scheduledViewKey(v.Sending.Pending(), v.ID)), v.ID}, v.Schedule != nil
}

// dueText returns a moment as text that sorts by time; times have milliseconds.
func dueText(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }
