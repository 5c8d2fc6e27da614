package reminders

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/agreement"
	"trueup/internal/cursor"
	"trueup/internal/day"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/reminder"
)

// Reminder is something that needs attention on a day.
type Reminder struct {
	ID        string           `json:"id" doc:"Identifies the reminder as long as its date is the same." example:"agreement::k3v8t2q9x7w4m5n6:2026-12-31"`
	Kind      reminder.Kind    `json:"kind" doc:"agreement: an agreement of type other ends, or a term of a volume agreement; subscription: one ends that does not renew automatically; conflict: its clock of 90 days runs out; refresh: refreshes of licence data fail or do not complete."`
	Cause     reminder.Cause   `json:"cause,omitempty" doc:"Of a conflict: shortage or expired. Of a refresh: failed, if the last one did not complete, or late, if none has completed for 26 hours."`
	SubjectID string           `json:"subjectId,omitempty" doc:"The id of the agreement, of the subscription, or of the refresh that failed." example:"k3v8t2q9x7w4m5n6"`
	Name      string           `json:"name,omitempty" doc:"The name of the agreement or subscription; absent for a refresh." example:"Office agreements"`
	Type      agreement.Type   `json:"type,omitempty" doc:"The type of the agreement."`
	Publisher string           `json:"publisher,omitempty" doc:"The publisher of the agreement." example:"Adobe"`
	Product   string           `json:"product,omitempty" doc:"The product title of an agreement of type other." example:"Photoshop"`
	Products  int              `json:"products,omitempty" minimum:"0" doc:"The number of products of a volume agreement whose term ends on this day, and that no later term covers. Terms are those of the last night." example:"4"`
	Date      day.Date         `json:"date" format:"date" doc:"The last day of the term or of the conflict's clock; for a refresh the day on which it ended, or on which the last complete one began." example:"2026-12-31"`
	DaysLeft  int              `json:"daysLeft" minimum:"0" doc:"The days until the date: 0 on it." example:"30"`
	Offset    int              `json:"offset,omitempty" minimum:"0" doc:"The offset that is reached, 90, 30 or 7 days; absent if there are more than 90 days. A notice is sent once per offset." example:"30"`
	Overdue   bool             `json:"overdue" doc:"Whether the clock of a conflict has run out." example:"false"`
	Urgency   reminder.Urgency `json:"urgency" doc:"How urgent it is. now: refreshes that fail, and conflicts whose clock has run out; the others by the days that are left."`
	Reason    *httpapi.Reason  `json:"reason,omitempty" doc:"Why the refresh failed."`
}

func reminderOf(lang i18n.Lang, r reminder.Reminder) Reminder {
	out := Reminder{
		ID: r.ID(), Kind: r.Kind, Cause: r.Cause, SubjectID: r.Subject, Name: r.Name, Type: r.Type, Publisher: r.Publisher, Product: r.Product, Products: r.Products,
		Date: r.Date, DaysLeft: r.DaysLeft, Offset: r.Offset(), Overdue: r.Overdue, Urgency: r.Urgency(),
	}
	if r.Reason != "" {
		out.Reason = &httpapi.Reason{Code: r.Reason, Message: r.Because(lang)}
	}
	return out
}

// ReminderTotals is the number of reminders of each urgency, of all pages.
type ReminderTotals struct {
	Reminders int `json:"reminders" minimum:"0" doc:"The number of reminders." example:"12"`
	Now       int `json:"now" minimum:"0" doc:"Refreshes that fail, and conflicts whose clock has run out." example:"1"`
	Within7   int `json:"within7" minimum:"0" doc:"With at most 7 days left." example:"2"`
	Within30  int `json:"within30" minimum:"0" doc:"With 8 to 30 days left." example:"4"`
	Within90  int `json:"within90" minimum:"0" doc:"With 31 to 90 days left." example:"5"`
	Later     int `json:"later" minimum:"0" doc:"With more than 90 days left." example:"0"`
}

func (t *ReminderTotals) add(r reminder.Reminder) {
	t.Reminders++
	switch r.Urgency() {
	case reminder.Now:
		t.Now++
	case reminder.Within7:
		t.Within7++
	case reminder.Within30:
		t.Within30++
	case reminder.Within90:
		t.Within90++
	case reminder.Later:
		t.Later++
	}
}

// ReminderPage is one page of reminders.
type ReminderPage struct {
	Items      []Reminder     `json:"items" doc:"The reminders of this page, the most urgent first."`
	NextCursor string         `json:"nextCursor,omitempty" doc:"The cursor of the next page; absent on the last page."`
	Totals     ReminderTotals `json:"totals" doc:"The totals of all pages."`
}

type listRemindersInput struct {
	httpapi.Reader
	httpapi.Paging
	Kind   reminder.Kind `query:"kind" doc:"Only reminders of this kind."`
	Within int           `query:"within" minimum:"0" maximum:"366" default:"90" doc:"Only reminders with at most so many days left. Refreshes that fail are always there."`
}

type listRemindersOutput struct{ Body ReminderPage }

func (o *operations) listOperations() httpapi.Operations {
	return httpapi.Operations{"listReminders": o.listReminders}
}

func (o *operations) listReminders(api huma.API, op huma.Operation) {
	op.Summary = "List reminders"
	op.Description = "Lists what ends soon: agreements, subscriptions that do not renew automatically, and conflicts whose clock runs out, the most urgent first, and refreshes of licence data that fail. " +
		"Subscriptions that are not watched are left out. Reading it also keeps the caller's calendar feed going."
	huma.Register(api, op, func(ctx context.Context, in *listRemindersInput) (*listRemindersOutput, error) {
		query := []string{"reminders", string(in.Kind), time.Duration(in.Within).String()}
		var after reminder.Place
		more, err := cursor.Decode(in.Cursor, &after, query...)
		if err != nil {
			return nil, err
		}
		now, lang := o.Now(), in.Lang()
		if err := o.seen(ctx, now); err != nil {
			return nil, err
		}
		all, err := o.Reminders.Reminders(ctx, now, in.Within)
		if err != nil {
			return nil, err
		}
		page := ReminderPage{Items: []Reminder{}}
		var last reminder.Reminder
		for _, r := range all {
			if in.Kind != "" && r.Kind != in.Kind {
				continue
			}
			page.Totals.add(r)
			switch {
			case more && r.Place().Compare(after) <= 0:
			case len(page.Items) < in.Limit:
				last = r
				page.Items = append(page.Items, reminderOf(lang, r))
			case page.NextCursor == "":
				page.NextCursor = cursor.Encode(last.Place(), query...)
			}
		}
		return &listRemindersOutput{page}, nil
	})
}

// seen stores that the caller was seen, at most once a day, if the caller has a feed: it goes on from then.
func (o *operations) seen(ctx context.Context, now time.Time) error {
	f, err := o.Feeds.Feed(ctx, access.CallFrom(ctx).Principal.Subject)
	if err != nil || !f.NotesSeen(now) {
		return err
	}
	return o.Feeds.NoteSeen(ctx, f, now)
}
