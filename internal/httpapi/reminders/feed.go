package reminders

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/reminder"
)

// ReminderFeed is the state of the caller's calendar feed.
type ReminderFeed struct {
	Exists     bool      `json:"exists" doc:"Whether the caller has a feed." example:"true"`
	Live       bool      `json:"live" doc:"Whether calendars can read it: it has not stopped." example:"true"`
	Language   i18n.Lang `json:"language,omitempty" doc:"The language of the calendar."`
	MadeAt     time.Time `json:"madeAt,omitzero" doc:"When its address was made." example:"2026-11-21T09:30:00Z"`
	LastReadAt time.Time `json:"lastReadAt,omitzero" doc:"When a calendar read it last, within a day; absent if none has." example:"2026-11-29T06:00:00Z"`
	StopsOn    day.Date  `json:"stopsOn,omitempty" format:"date" doc:"The day on which it stops, unless its owner lists reminders or reads this before: 90 days after the last time." example:"2027-02-19"`
}

// NewReminderFeed is a feed with its address.
type NewReminderFeed struct {
	ReminderFeed

	Address string `json:"address" format:"uri" doc:"The address for calendar programs. It is shown only now: keep it secret, because everyone who has it can read the calendar." example:"https://abc123.execute-api.eu-west-1.amazonaws.com/feeds/kXb2.ics"`
}

// ReminderFeedChoice is what the caller chooses for a feed.
type ReminderFeedChoice struct {
	Language i18n.Lang `json:"language,omitempty" doc:"The language of the calendar; the reader's if absent."`
}

func (o *operations) feedOf(f reminder.Feed, now time.Time) ReminderFeed {
	if f.Hash == "" {
		return ReminderFeed{}
	}
	return ReminderFeed{Exists: true, Live: f.IsLive(now), Language: f.Language, MadeAt: f.MadeAt.UTC(), LastReadAt: f.ReadAt.UTC(), StopsOn: f.StopsOn(o.Zone)}
}

func (o *operations) feedOperations() httpapi.Operations {
	return httpapi.Operations{
		"getReminderFeed": o.getReminderFeed, "makeReminderFeed": o.makeReminderFeed, "revokeReminderFeed": o.revokeReminderFeed, "readFeed": o.readFeed,
	}
}

type getReminderFeedInput struct{ httpapi.Reader }

func (o *operations) getReminderFeed(api huma.API, op huma.Operation) {
	op.Summary = "Read the state of the own calendar feed"
	op.Description = "Returns whether the caller has a calendar feed of reminders, and until when it goes on. Reading this keeps it going. The address is not returned: trueup stores only a hash of it."
	huma.Register(api, op, func(ctx context.Context, _ *getReminderFeedInput) (*httpapi.Versioned[ReminderFeed], error) {
		now := o.Now()
		f, err := o.Feeds.Feed(ctx, access.CallFrom(ctx).Principal.Subject)
		if err == nil && f.NotesSeen(now) {
			err = o.Feeds.NoteSeen(ctx, f, now)
			f.SeenAt = now
		}
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(i18n.English, f.Version), o.feedOf(f, now)), nil
	})
}

type makeReminderFeedInput struct {
	httpapi.Reader
	httpapi.Revision
	Body ReminderFeedChoice
}

type madeReminderFeed struct {
	CacheControl string `header:"Cache-Control" hidden:"true"`
	ETag         string `header:"ETag" doc:"The tag of this version, for If-Match."`
	Body         NewReminderFeed
}

func (o *operations) makeReminderFeed(api huma.API, op huma.Operation) {
	op.Summary = "Make a calendar feed with a new address"
	op.Description = "Makes the caller's calendar feed of reminders, with a new address, which is returned only this once. The earlier address, if there is one, stops working at the same moment. " +
		"The call may be repeated: if its response is lost, so is that address, and the next call replaces it."
	op.Errors = append(op.Errors, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *makeReminderFeedInput) (*madeReminderFeed, error) {
		now, owner, token := o.Now(), access.CallFrom(ctx).Principal.Subject, o.NewToken()
		made := reminder.Feed{Owner: owner, Hash: reminder.HashToken(token), Language: in.Body.Language, MadeAt: now, SeenAt: now, Version: now.UnixMilli()}
		if made.Language == "" {
			made.Language = in.Lang()
		}
		err := httpapi.Revise(ctx, in.Revision, func() (reminder.Feed, int64, error) {
			f, err := o.Feeds.Feed(ctx, owner)
			return f, f.Version, err
		}, func(read reminder.Feed) error {
			event := o.EventAs(ctx, access.Read, now, "reminder_feed.made")
			event.After = map[string]string{"language": string(made.Language)}
			return o.Feeds.Make(ctx, read, made, event)
		})
		if err != nil {
			return nil, err
		}
		return &madeReminderFeed{
			CacheControl: "no-store", ETag: httpapi.ETag(i18n.English, made.Version),
			Body: NewReminderFeed{o.feedOf(made, now), o.Address + "/feeds/" + token + extension},
		}, nil
	})
}

type revokeReminderFeedInput struct {
	httpapi.Reader
	httpapi.Revision
}

func (o *operations) revokeReminderFeed(api huma.API, op huma.Operation) {
	op.Summary = "Revoke the own calendar feed"
	op.Description = "Removes the caller's calendar feed: its address stops working at once."
	op.DefaultStatus = http.StatusNoContent
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *revokeReminderFeedInput) (*struct{}, error) {
		now, owner := o.Now(), access.CallFrom(ctx).Principal.Subject
		return nil, httpapi.Revise(ctx, in.Revision, func() (reminder.Feed, int64, error) {
			f, err := o.Feeds.Feed(ctx, owner)
			if err == nil && f.Hash == "" {
				err = errs.New(errs.NotFound, "feed_not_found")
			}
			return f, f.Version, err
		}, func(read reminder.Feed) error {
			return o.Feeds.Revoke(ctx, read, o.EventAs(ctx, access.Read, now, "reminder_feed.revoked"))
		})
	})
}

// extension is the end of the address of a feed, by which programs recognise a calendar.
const extension = ".ics"

type readFeedInput struct {
	httpapi.Condition
	File string `path:"file" maxLength:"64" doc:"The token of a feed, and .ics." example:"kXb2….ics"`
}

type readFeedOutput struct {
	Status          int
	ContentType     string `header:"Content-Type" hidden:"true"`
	ContentLanguage string `header:"Content-Language" hidden:"true"`
	CacheControl    string `header:"Cache-Control" doc:"Calendars may keep the calendar for an hour."`
	ETag            string `header:"ETag" doc:"The tag of this version, for If-None-Match."`
	Body            []byte
}

// noFeed is the answer to every token that is not the one of a feed, whether there was such a feed or not.
func noFeed() error { return errs.New(errs.NotFound, "feed_not_found") }

func (o *operations) readFeed(api huma.API, op huma.Operation) {
	op.Summary = "Read a calendar feed"
	op.Description = "Returns a person's calendar feed of reminders as iCalendar (RFC 5545), for calendar programs: an event on the last day of each agreement, subscription and conflict that ends within a year, at most 1000. " +
		"It needs no token in a header: the address is the secret. It has no personal data, no names of agreements and no details. An address that was replaced or revoked, or that stopped, answers 404, as one that never was."
	op.Errors = append(op.Errors, http.StatusNotFound)
	op.Responses = map[string]*huma.Response{
		"200": {Description: "The calendar.", Content: map[string]*huma.MediaType{"text/calendar": {Schema: &huma.Schema{Type: huma.TypeString}}}},
		"304": {Description: "The caller's copy, named by If-None-Match, is current."},
	}
	huma.Register(api, op, func(ctx context.Context, in *readFeedInput) (*readFeedOutput, error) {
		token, is := strings.CutSuffix(in.File, extension)
		if !is {
			return nil, noFeed()
		}
		now := o.Now()
		f, err := o.Feeds.FeedByHash(ctx, reminder.HashToken(token))
		if err != nil {
			return nil, err
		}
		if !f.IsLive(now) {
			return nil, noFeed()
		}
		if f.NotesRead(now) {
			if err := o.Feeds.NoteRead(ctx, f, now); err != nil {
				return nil, err
			}
		}
		all, err := o.Reminders.Reminders(ctx, now, reminder.MaxWithin)
		if err != nil {
			return nil, err
		}
		body, err := o.calendar(f, now, all)
		if err != nil {
			return nil, err
		}
		out := &readFeedOutput{
			Status: http.StatusOK, ContentType: "text/calendar; charset=utf-8", ContentLanguage: string(f.Language), CacheControl: "private, max-age=3600", ETag: tagOf(body), Body: body,
		}
		if httpapi.Matches(in.IfNoneMatch, out.ETag) {
			out.Status, out.Body = http.StatusNotModified, nil
		}
		return out, nil
	})
}
