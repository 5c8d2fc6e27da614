package reminder_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/reminder"
	"trueup/internal/subscription"
)

var brussels = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		panic(err)
	}
	return zone
}()

// other returns an agreement of type other that ends on a day.
func other(id string, end day.Date) agreement.Agreement {
	return agreement.Agreement{ID: id, Type: agreement.TypeOther, Name: "Agreement " + id, Terms: agreement.Terms{Publisher: "Adobe", ProductTitle: "Photoshop", Licenses: 3, End: end}}
}

func plus(date day.Date, days int) day.Date {
	t, _ := date.Time()
	return day.Of(t.AddDate(0, 0, days))
}

// short is a reminder without what the tests of offsets do not need.
type short struct {
	ID     string
	Left   int
	Offset int
}

func shorts(all []reminder.Reminder) (found []short) {
	for _, r := range all {
		found = append(found, short{r.ID(), r.DaysLeft, r.Offset()})
	}
	return found
}

func TestR8_9_Offsets(t *testing.T) {
	t.Parallel()
	const today = day.Date("2026-11-30")
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for days, want := range map[int]int{366: 0, 91: 0, 90: 90, 89: 90, 31: 90, 30: 30, 29: 30, 8: 30, 7: 7, 6: 7, 1: 7, 0: 7} {
		end := plus(today, days)
		all := reminder.Of(reminder.Input{Now: now, Zone: time.UTC, Within: reminder.MaxWithin, Agreements: []agreement.Agreement{other("a", end)}})
		if diff := cmp.Diff([]short{{"agreement::a:" + string(end), days, want}}, shorts(all)); diff != "" {
			t.Errorf("%d days (-want +got):\n%s", days, diff)
		}
		if due := reminder.Due(all, nil); (len(due) == 1) != (want > 0) {
			t.Errorf("%d days: %d are due", days, len(due))
		}
	}
	for _, end := range []day.Date{plus(today, -1), plus(today, 367), "", "soon"} {
		if all := reminder.Of(reminder.Input{Now: now, Zone: time.UTC, Within: reminder.MaxWithin, Agreements: []agreement.Agreement{other("a", end)}}); all != nil {
			t.Errorf("end %q: %+v", end, all)
		}
	}
}

// Days are those of the organisation: also those with 23 and 25 hours.
func TestR8_9_DaysOfTheZone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		now  time.Time
		end  day.Date
		left int
	}{
		"the last moment before a day of 23 hours": {time.Date(2027, 3, 27, 23, 59, 59, 0, brussels), "2027-03-29", 2},
		"in it":                        {time.Date(2027, 3, 28, 0, 0, 0, 0, brussels), "2027-03-29", 1},
		"its last moment":              {time.Date(2027, 3, 28, 23, 59, 59, 0, brussels), "2027-03-29", 1},
		"after it":                     {time.Date(2027, 3, 29, 0, 0, 0, 0, brussels), "2027-03-29", 0},
		"30 days over a day of 23":     {time.Date(2027, 3, 20, 0, 30, 0, 0, brussels), "2027-04-19", 30},
		"before a day of 25 hours":     {time.Date(2026, 10, 24, 23, 59, 59, 0, brussels), "2026-10-26", 2},
		"its second hour from 2 to 3":  {time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC), "2026-10-26", 1},
		"its last moment, of 25 hours": {time.Date(2026, 10, 25, 23, 59, 59, 0, brussels), "2026-10-26", 1},
		"90 days over a day of 25":     {time.Date(2026, 8, 1, 23, 59, 59, 0, brussels), "2026-10-30", 90},
		"still yesterday in UTC":       {time.Date(2026, 11, 29, 23, 30, 0, 0, time.UTC), "2026-12-07", 7},
		"a leap day":                   {time.Date(2028, 2, 28, 12, 0, 0, 0, brussels), "2028-03-01", 2},
	} {
		all := reminder.Of(reminder.Input{Now: c.now, Zone: brussels, Within: 90, Agreements: []agreement.Agreement{other("a", c.end)}})
		if len(all) != 1 || all[0].DaysLeft != c.left {
			t.Errorf("%s: %+v, want %d days", name, all, c.left)
		}
	}
}

func TestR8_9_WhatIsReminded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, brussels)
	seats := func(s subscription.Seats) subscription.Seats {
		s.Available = s.Quantity - s.Assigned
		return s
	}
	holding := func(id string, s subscription.Seats, change func(*subscription.Holding)) subscription.Holding {
		h := subscription.Holding{Subscription: subscription.Subscription{ID: id, Name: "Sub " + id, Kind: subscription.ForUsers}, Seats: seats(s)}
		if change != nil {
			change(&h)
		}
		return h
	}
	volume := agreement.Agreement{ID: "v", Type: agreement.TypeVolume, Name: "Volume"}
	in := reminder.Input{
		Now: now, Zone: brussels, Within: 90,
		Agreements: []agreement.Agreement{other("later", "2027-02-28"), other("b", "2026-12-07"), other("c", "2027-03-01"), volume, {ID: "without", Type: agreement.TypeOther, Name: "No end"}},
		Terms:      []reminder.Term{{Agreement: "v", End: "2026-12-31", Products: 2}, {Agreement: "v", End: "2027-06-30", Products: 1}, {Agreement: "deleted", End: "2026-12-31", Products: 1}},
		Subscriptions: []subscription.Holding{
			holding("ends", subscription.Seats{Quantity: 5, Assigned: 5, EndsOn: "2026-12-30"}, nil),
			holding("renews", subscription.Seats{Quantity: 5, EndsOn: "2026-12-30", Months: 12, AutoRenew: true}, nil),
			holding("renewsButWhen", subscription.Seats{Quantity: 5, EndsOn: "2026-12-29", AutoRenew: true}, nil),
			holding("unwatched", subscription.Seats{Quantity: 1, Assigned: 2, ShortSince: now, EndsOn: "2026-12-30"}, func(h *subscription.Holding) { h.Unwatched = true }),
			holding("short", subscription.Seats{Quantity: 1, Assigned: 2, ShortSince: now.AddDate(0, 0, -60)}, nil),
			holding("expired", subscription.Seats{Quantity: 1, Assigned: 1, EndsOn: "2026-09-08"}, nil),
			holding("overdue", subscription.Seats{Quantity: 1, Assigned: 1, EndsOn: "2026-08-01"}, nil),
			holding("expiredUnused", subscription.Seats{Quantity: 1, EndsOn: "2026-09-08"}, nil),
		},
		Failure:     &reminder.Failure{Run: "r1", EndedAt: now.Add(-time.Hour), Reason: "source_timeout"},
		CompletedAt: now.Add(-reminder.OverdueAfter - time.Second),
	}
	got := shorts(reminder.Of(in))
	if diff := cmp.Diff([]short{
		{"conflict:expired:overdue:2026-10-31", 0, 7},
		{"refresh:late::2026-11-29", 0, 0},
		{"refresh:failed::2026-11-30", 0, 0},
		{"agreement::b:2026-12-07", 7, 7},
		{"conflict:expired:expired:2026-12-08", 8, 30},
		{"subscription::renewsButWhen:2026-12-29", 29, 30},
		{"conflict:shortage:short:2026-12-30", 30, 30},
		{"subscription::ends:2026-12-30", 30, 30},
		{"agreement::v:2026-12-31", 31, 90},
		{"agreement::later:2027-02-28", 90, 90},
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	in.Failure, in.CompletedAt, in.Within = nil, now.Add(-reminder.OverdueAfter), 8
	if got := shorts(reminder.Of(in)); len(got) != 3 {
		t.Errorf("within 8 days: %+v", got)
	}
	in.CompletedAt = time.Time{} // a new organisation
	if got := reminder.Of(in); got[0].Kind == reminder.Refresh {
		t.Errorf("%+v", got[0])
	}
}

// What a reminder of an agreement has depends on the type: a volume agreement has no product title (R2.5).
func TestR8_9_Agreements(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	got := reminder.Of(reminder.Input{
		Now: now, Zone: time.UTC, Within: 90, Agreements: []agreement.Agreement{other("o", "2026-12-30"), {ID: "v", Type: agreement.TypeVolume, Name: "Office"}},
		Terms: []reminder.Term{{Agreement: "v", End: "2026-12-30", Products: 4}},
	})
	want := []reminder.Reminder{
		{Kind: reminder.Agreement, Subject: "o", Name: "Agreement o", Date: "2026-12-30", DaysLeft: 30, Type: agreement.TypeOther, Publisher: "Adobe", Product: "Photoshop"},
		{Kind: reminder.Agreement, Subject: "v", Name: "Office", Date: "2026-12-30", DaysLeft: 30, Type: agreement.TypeVolume, Publisher: "Microsoft", Products: 4},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A renewed product has no term that ends: its licences go on.
func TestR8_9_Terms(t *testing.T) {
	t.Parallel()
	line := func(family, version string, n int, end day.Date) entitlement.Entitlement {
		return entitlement.Entitlement{Publisher: "Microsoft", Family: family, Version: version, Effective: n, End: end}
	}
	var terms reminder.Terms
	terms.Add("a", []entitlement.Entitlement{line("Office", "2021", 10, "2026-12-31"), line("Visio", "2021", 5, "2026-12-31"), line("Project", "2021", 0, "2026-12-31")})
	terms.Add("a", []entitlement.Entitlement{line("Office", "2021", 10, "2027-12-31"), line("Windows", "11", 5, "2026-12-31")}) // another pair
	terms.Add("b", []entitlement.Entitlement{line("office", "2021", 1, "2026-12-30"), line("Visio", "2021", 1, "2026-12-30"), line("Visio", "2021", 1, ""), {Family: "SQL", ActiveSA: 3, End: "2027-01-15"}})
	want := []reminder.Term{{"a", "2026-12-31", 2}, {"b", "2026-12-30", 1}, {"b", "2027-01-15", 1}}
	if diff := cmp.Diff(want, terms.Between("2026-12-01", "2027-01-31")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := terms.Between("2027-02-01", "2027-02-28"); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// An agreement with another end has reminders for the new date, whatever was sent for the old one.
func TestR8_9_AnotherEnd(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	at := func(end day.Date) []reminder.Reminder {
		return reminder.Of(reminder.Input{Now: now, Zone: time.UTC, Within: 90, Agreements: []agreement.Agreement{other("a", end)}})
	}
	sent := map[string]int{at("2026-12-05")[0].ID(): 7}
	for end, want := range map[day.Date]int{"2026-12-05": 0, "2026-12-06": 1, "2027-01-10": 1} {
		if due := reminder.Due(at(end), sent); len(due) != want {
			t.Errorf("end %s: %+v", end, due)
		}
	}
}

// Nights are simulated, with gaps while nothing ran, and ends that change: no offset of a date is sent twice, a night
// sends the latest offset that was reached, and after a night nothing that has reached an offset is unsent.
func TestR8_9_EachOffsetOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 1, 1, 4, 15, 0, 0, brussels)
		start := day.In(now, brussels)
		draw := func() agreement.Agreement {
			return other(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id"), plus(start, rapid.IntRange(-5, 300).Draw(t, "end")))
		}
		agreements := map[string]agreement.Agreement{}
		marks, times := map[string]int{}, map[short]int{}
		for range rapid.IntRange(1, 40).Draw(t, "nights") {
			now = now.AddDate(0, 0, rapid.SampledFrom([]int{0, 1, 1, 1, 2, 7, 24, 61}).Draw(t, "gap"))
			if rapid.IntRange(0, 3).Draw(t, "change") == 0 {
				a := draw()
				agreements[a.ID] = a
			}
			in := reminder.Input{Now: now, Zone: brussels, Within: 90}
			for _, a := range agreements {
				in.Agreements = append(in.Agreements, a)
			}
			all := reminder.Of(in)
			for _, r := range reminder.Due(all, marks) {
				key := short{ID: r.ID(), Offset: r.Offset()}
				if times[key]++; times[key] > 1 {
					t.Fatalf("%+v is sent twice", key)
				}
				if last, was := marks[r.ID()]; was && last <= r.Offset() {
					t.Fatalf("%+v is sent after %d", key, last)
				}
				marks[r.ID()] = r.Offset()
			}
			for _, r := range all {
				left, _ := reminder.DaysBetween(day.In(now, brussels), r.Date)
				latest := slices.IndexFunc([]bool{left <= 7, left <= 30, left <= 90}, func(is bool) bool { return is })
				if want := []int{7, 30, 90}[latest]; marks[r.ID()] != want {
					t.Fatalf("%d days left of %s, and %d was sent last", left, r.ID(), marks[r.ID()])
				}
			}
		}
	})
}

// Refreshes that fail all day are reported once that day, and again the next day.
func TestR8_9_FailuresOncePerDay(t *testing.T) {
	t.Parallel()
	sent, messages := map[string]int{}, 0
	for hour := range 48 {
		now := time.Date(2026, 11, 30, hour, 30, 0, 0, brussels)
		all := reminder.Of(reminder.Input{Now: now, Zone: brussels, Within: 90, Failure: &reminder.Failure{Run: "r" + now.Format("15"), EndedAt: now, Args: errs.Args{}}})
		for _, r := range reminder.Due(all, sent) {
			sent[r.ID()] = r.Offset()
			messages++
		}
	}
	if messages != 2 {
		t.Errorf("%d messages in two days", messages)
	}
}

// No part of an id of a reminder can be mistaken for another: the parts before the subject have no colon, and
// dates have a fixed length.
func TestR8_9_IDsDiffer(t *testing.T) {
	t.Parallel()
	for _, kind := range reminder.Kinds {
		if strings.Contains(string(kind), ":") {
			t.Error(kind)
		}
	}
	for _, cause := range reminder.Causes {
		if strings.Contains(string(cause), ":") {
			t.Error(cause)
		}
	}
}
