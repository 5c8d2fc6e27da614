package reminders

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"time"

	ics "github.com/arran4/golang-ical"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/reminder"
)

// maxEvents is the number of events of a calendar, some 500 bytes each: programs read it every hour or so. An event
// on the day of the first that is left out says how many there are.
const maxEvents = 1000

// calendar returns a feed as iCalendar. It is the same for the same reminders on a day.
func (o *operations) calendar(f reminder.Feed, now time.Time, all []reminder.Reminder) ([]byte, error) {
	c := calendar{operations: o, lang: f.Language, Calendar: ics.NewCalendar()}
	c.stamp, _ = o.date(now).Time()
	if u, err := url.Parse(o.Origin); err == nil {
		c.host = u.Host
	}
	c.SetProductId("-//trueup//reminders//EN")
	c.SetName(c.say("notice_calendar"))
	c.SetRefreshInterval("PT12H", ics.WithValue(string(ics.ValueDataTypeDuration)))
	c.SetXPublishedTTL("PT12H")
	c.event("feed-stops", f.StopsOn(o.Zone), c.say("notice_calendar_stops"), c.say("notice_calendar_stops_text"), reminder.ListPath)
	events := 0
	for i, r := range all {
		if r.Kind == reminder.Refresh {
			continue
		}
		if events++; events > maxEvents {
			c.event("more", r.Date, c.say("notice_calendar_more", "n", strconv.Itoa(len(all)-i)), "", reminder.ListPath)
			break
		}
		c.event(uidOf(r), r.Date, c.summary(r), c.say("notice_calendar_days", "n", strconv.Itoa(r.DaysLeft)), r.Path())
	}
	var b bytes.Buffer
	err := c.SerializeTo(&b, ics.WithNewLine("\r\n"))
	return b.Bytes(), err
}

type calendar struct {
	*operations
	*ics.Calendar

	lang  i18n.Lang
	stamp time.Time // of all events: the begin of the day
	host  string    // of the console, which makes ids unique
}

func (c calendar) say(code string, args ...string) string {
	return i18n.NoticeText(c.lang, code, errs.Pairs(args...))
}

// event adds an event that lasts a day and does not make anyone busy.
func (c calendar) event(uid string, on day.Date, summary, description, path string) {
	begin, _ := on.Time()
	e := c.AddEvent(uid + "@" + c.host)
	e.SetDtStampTime(c.stamp)
	e.SetAllDayStartAt(begin)
	e.SetAllDayEndAt(begin.AddDate(0, 0, 1))
	e.SetSummary(summary)
	address := c.Origin + path
	if description != "" {
		description += "\n"
	}
	e.SetDescription(description + address)
	e.SetURL(address)
	e.SetTimeTransparency(ics.TransparencyTransparent)
}

// uidOf returns the id of an event: the same when the date changes, so that the event moves. A volume agreement has
// several dates.
func uidOf(r reminder.Reminder) string {
	uid := string(r.Kind) + "-" + r.Subject
	if r.Cause != "" {
		uid += "-" + string(r.Cause)
	}
	if r.Type == agreement.TypeVolume {
		uid += "-" + string(r.Date)
	}
	return uid
}

// summary returns the title of an event. It has no name of an agreement, which can be a number of the
// agreement or have the name of a person.
func (c calendar) summary(r reminder.Reminder) string {
	switch {
	case r.Kind == reminder.Subscription:
		return c.say("notice_calendar_subscription", "name", r.Name)
	case r.Kind == reminder.Conflict && r.Cause == reminder.Shortage:
		return c.say("notice_calendar_shortage", "name", r.Name)
	case r.Kind == reminder.Conflict:
		return c.say("notice_calendar_expired", "name", r.Name)
	case r.Type == agreement.TypeVolume:
		return c.say("notice_calendar_volume", "publisher", r.Publisher, "n", strconv.Itoa(r.Products))
	}
	return c.say("notice_calendar_agreement", "product", r.Product, "publisher", r.Publisher)
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}
