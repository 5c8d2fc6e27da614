package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	ical "github.com/emersion/go-ical"

	"trueup/internal/access"
	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/httpapi/reminders"
	"trueup/internal/id"
	"trueup/internal/once"
	"trueup/internal/reminder"
	"trueup/internal/subscription"
)

// remindersStand is the function of reminders with a clock of its own.
type remindersStand struct {
	*stack
	t    *testing.T
	now  time.Time
	seed int
	h    http.Handler
}

func newRemindersStand(t *testing.T) *remindersStand {
	s := &remindersStand{stack: newStack(t), t: t, now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}
	s.deps.Clock = func() time.Time { return s.now }
	s.deps.NewToken = func() string { s.seed++; return fmt.Sprintf("%043d", s.seed) }
	s.h = s.deps.handler(reminders.Name)
	return s
}

func (s *remindersStand) event() audit.Event {
	s.seed++
	return audit.Event{ID: id.New(s.now, fmt.Sprint(s.seed)), At: s.now, By: "me", Action: "made", Source: audit.SourceAPI}
}

func (s *remindersStand) in(days int) day.Date { return day.Of(s.now.AddDate(0, 0, days)) }

// other stores an agreement of type other with details.
func (s *remindersStand) other(name, product string, days int) {
	s.t.Helper()
	_, _, err := s.store.Agreements.Create(agreement.New{
		ID: strings.ToLower(strings.TrimPrefix(name, "CANARY-")), Type: agreement.TypeOther, Name: name, Terms: agreement.Terms{Publisher: "Ünited, Inc.", ProductTitle: product, Licenses: 2, End: s.in(days)}, Details: "CANARY key", By: "me", At: s.now,
	}).Apply(s.t.Context(), once.Change{Event: s.event()})
	if err != nil {
		s.t.Fatal(err)
	}
}

// do sends a request of a person; nobody if subject is empty.
func (s *remindersStand) do(subject, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	c := access.Call{RequestID: "r1"}
	if subject != "" {
		c.Principal = &access.Principal{Subject: subject, Name: "CANARY person", Roles: []access.Role{access.PasswordAdmin}}
	}
	return call(s.h, r, c)
}

// makeFeed returns the path of a new feed.
func (s *remindersStand) makeFeed(subject, language string) string {
	s.t.Helper()
	w := s.do(subject, http.MethodPut, "/reminder-feed", `{"language":"`+language+`"}`)
	var made reminders.NewReminderFeed
	if err := json.Unmarshal(w.Body.Bytes(), &made); err != nil || w.Code != http.StatusOK {
		s.t.Fatalf("%d %s", w.Code, w.Body)
	}
	path, is := strings.CutPrefix(made.Address, "https://api.example.org")
	if !is {
		s.t.Fatalf("the address is %q", made.Address)
	}
	return path
}

// R8.9: the list is paged and filtered; each reminder is on one page.
func TestR8_9_ListReminders(t *testing.T) {
	t.Parallel()
	s := newRemindersStand(t)
	for n := range 12 {
		s.other(fmt.Sprintf("a%02d", n), "Photoshop", 1+9*n)
	}
	_, err := s.store.Subscriptions.Create(t.Context(), subscription.Holding{
		Subscription: subscription.Subscription{ID: "sub", Name: "Suite", Kind: subscription.ForUsers, CreatedAt: s.now, Version: 1},
		Seats:        subscription.Seats{Quantity: 1, Available: 1, EndsOn: s.in(30), AsOf: s.now, Version: 1},
	}, once.Change{Event: s.event()})
	if err != nil {
		t.Fatal(err)
	}
	read := func(path string) (page reminders.ReminderPage) {
		w := s.do("ann", http.MethodGet, path, "")
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		return page
	}
	seen, path := map[string]int{}, "/reminders?limit=4"
	last := ""
	for pages := 0; ; pages++ {
		page := read(path)
		for _, r := range page.Items {
			seen[r.ID]++
			if string(r.Date) < last {
				t.Errorf("%s after %s", r.Date, last)
			}
			last = string(r.Date)
		}
		if want := (reminders.ReminderTotals{Reminders: 11, Within7: 1, Within30: 4, Within90: 6}); page.Totals != want {
			t.Errorf("totals %+v", page.Totals)
		}
		if page.NextCursor == "" {
			if pages != 2 {
				t.Errorf("%d pages", pages+1)
			}
			break
		}
		path = "/reminders?limit=4&cursor=" + page.NextCursor
	}
	if len(seen) != 11 {
		t.Errorf("%v", seen)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s is on %d pages", id, n)
		}
	}
	if page := read("/reminders?kind=subscription"); len(page.Items) != 1 || page.Items[0].Name != "Suite" || page.Items[0].Offset != 30 || page.Totals.Reminders != 1 {
		t.Errorf("%+v", page)
	}
	if page := read("/reminders?within=366"); page.Totals.Later != 2 {
		t.Errorf("%+v", page.Totals)
	}
}

// R8.9: a feed is an iCalendar file that an independent parser reads, at an address that only its owner has, and
// that stops at once when it is replaced or revoked.
func TestR8_9_Feed(t *testing.T) {
	t.Parallel()
	s := newRemindersStand(t)
	long := strings.Repeat("Suite; für “Bücher”, \\n 界 ", 8)
	s.other("CANARY-name", "Photoshop", 30)
	s.other("long", long, 300)
	s.other("nextYear", "Photoshop", 400)
	path := s.makeFeed("ann", "nl")
	w := s.do("", http.MethodGet, path, "")
	body := w.Body.String()
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/calendar; charset=utf-8" || w.Header().Get("Cache-Control") != "private, max-age=3600" || w.Header().Get("Content-Language") != "nl" {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(body, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("the line %q has %d octets", line, len(line))
		}
	}
	if strings.Contains(body, "CANARY") || strings.Contains(body, "ann") {
		t.Errorf("details, a name of an agreement or of a person: %s", body)
	}
	parsed, err := ical.NewDecoder(bytes.NewReader(w.Body.Bytes())).Decode()
	if err != nil {
		t.Fatal(err)
	}
	summaries := map[string]string{}
	for _, e := range parsed.Events() {
		if err := ical.NewEncoder(new(bytes.Buffer)).Encode(parsed); err != nil { // which checks what must be there
			t.Error(err)
		}
		start, end := e.Props.Get(ical.PropDateTimeStart), e.Props.Get(ical.PropDateTimeEnd)
		begins, err := start.DateTime(time.UTC)
		ends, err2 := end.DateTime(time.UTC)
		if err != nil || err2 != nil || start.Params.Get("VALUE") != "DATE" || !ends.Equal(begins.AddDate(0, 0, 1)) {
			t.Errorf("%v to %v: %v, %v", start, end, err, err2)
		}
		summary, err := e.Props.Text(ical.PropSummary)
		if err != nil {
			t.Error(err)
		}
		summaries[begins.Format(time.DateOnly)] = summary
		address, err := e.Props.URI(ical.PropURL)
		if err != nil || address.Host != "licences.example.org" || !strings.HasPrefix(address.Path, "/console/") {
			t.Errorf("%v, %v", address, err)
		}
		if uid, _ := e.Props.Text(ical.PropUID); !strings.HasSuffix(uid, "@licences.example.org") {
			t.Errorf("uid %q", uid)
		}
	}
	want := map[string]string{
		string(s.in(30)):  "Overeenkomst loopt af: Photoshop (Ünited, Inc.)",
		string(s.in(300)): "Overeenkomst loopt af: " + long + " (Ünited, Inc.)",
		string(s.in(90)):  "De agenda met licentieherinneringen stopt",
	}
	for date, summary := range want {
		if summaries[date] != summary {
			t.Errorf("%s: %q, want %q", date, summaries[date], summary)
		}
	}
	if len(summaries) != len(want) {
		t.Errorf("%v", summaries)
	}

	tag := w.Header().Get("ETag")
	if w := s.do("", http.MethodGet, path, "", "If-None-Match", tag); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("the same calendar: %d %s", w.Code, w.Body)
	}
	var state reminders.ReminderFeed
	if err := json.Unmarshal(s.do("ann", http.MethodGet, "/reminder-feed", "").Body.Bytes(), &state); err != nil || !state.LastReadAt.Equal(s.now) || state.StopsOn != s.in(90) {
		t.Errorf("%+v, %v", state, err)
	}

	gone := func(what, path string) {
		t.Helper()
		never, was := s.do("", http.MethodGet, "/feeds/"+strings.Repeat("A", 43)+".ics", ""), s.do("", http.MethodGet, path, "")
		if was.Code != http.StatusNotFound || never.Body.String() != was.Body.String() {
			t.Errorf("%s: %d %s; one that never was: %s", what, was.Code, was.Body, never.Body)
		}
	}
	second := s.makeFeed("ann", "en")
	gone("replaced", path)
	other := s.makeFeed("bob", "en")
	if w := s.do("ann", http.MethodDelete, "/reminder-feed", ""); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	gone("revoked", second)
	if w := s.do("", http.MethodGet, other, ""); w.Code != http.StatusOK {
		t.Errorf("the feed of another person: %d", w.Code)
	}
	s.now = s.now.AddDate(0, 0, 80)
	s.do("bob", http.MethodGet, "/reminders", "") // seen
	s.now = s.now.AddDate(0, 0, 89)
	if w := s.do("", http.MethodGet, other, ""); w.Code != http.StatusOK {
		t.Errorf("89 days after its owner was seen: %d", w.Code)
	}
	s.now = s.now.AddDate(0, 0, 1)
	gone("stopped", other)
	if err := json.Unmarshal(s.do("bob", http.MethodGet, "/reminder-feed", "").Body.Bytes(), &state); err != nil || !state.Exists || !state.Live {
		t.Errorf("its owner is back: %+v, %v", state, err)
	}
	if w := s.do("", http.MethodGet, other, ""); w.Code != http.StatusOK {
		t.Errorf("after its owner came back: %d", w.Code)
	}
}

// A calendar has a limit, and says what it leaves out.
func TestR8_9_LargeFeed(t *testing.T) {
	t.Parallel()
	s := newRemindersStand(t)
	s.deps.Reminders = many{}
	s.h = s.deps.handler(reminders.Name)
	w := s.do("", http.MethodGet, s.makeFeed("ann", "en"), "")
	if n := strings.Count(w.Body.String(), "BEGIN:VEVENT"); w.Code != http.StatusOK || n != 1002 || !strings.Contains(w.Body.String(), "More licence reminders from this day: 2000") {
		t.Errorf("%d, %d events", w.Code, n)
	}
	if w.Body.Len() > 1<<20 {
		t.Errorf("%d bytes", w.Body.Len())
	}
}

// many lists 3,000 agreements.
type many struct{}

// Reminders implements reminders.Lister.
func (many) Reminders(_ context.Context, now time.Time, _ int) (all []reminder.Reminder, err error) {
	for n := range 3000 {
		all = append(all, reminder.Reminder{Kind: reminder.Agreement, Subject: fmt.Sprint(n), Date: day.Of(now), Type: agreement.TypeOther, Publisher: "Adobe", Product: "Photoshop"})
	}
	return all, nil
}
