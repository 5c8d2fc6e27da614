package subscription_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/subscription"
)

func zone(t *testing.T) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// L13: terms end on the day of the month of the first end, or on the last day of a shorter month.
func TestAutoRenew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		end       day.Date
		months    int
		today     day.Date
		want      day.Date
		renewsOn  day.Date
		afterStop day.Date // the end after automatic renewal is switched off
	}{
		{"2026-01-31", 1, "2026-01-15", "2026-01-31", "2026-02-01", "2026-01-31"},
		{"2026-01-31", 1, "2026-01-31", "2026-01-31", "2026-02-01", "2026-01-31"},
		{"2026-01-31", 1, "2026-02-01", "2026-02-28", "2026-03-01", "2026-02-28"},
		{"2026-01-31", 1, "2026-03-01", "2026-03-31", "2026-04-01", "2026-03-31"},
		{"2026-01-31", 1, "2026-04-30", "2026-04-30", "2026-05-01", "2026-04-30"},
		{"2028-02-29", 12, "2028-03-01", "2029-02-28", "2029-03-01", "2029-02-28"},
		{"2028-02-29", 12, "2031-03-01", "2032-02-29", "2032-03-01", "2032-02-29"},
		{"2026-06-30", 36, "2040-01-01", "2041-06-30", "2041-07-01", "2041-06-30"},
		{"2026-12-31", 3, "2027-01-01", "2027-03-31", "2027-04-01", "2027-03-31"},
	} {
		s := subscription.Seats{EndsOn: test.end, Months: test.months, AutoRenew: true, Version: 1}
		if got, renews := s.End(test.today), s.RenewsOn(test.today); got != test.want || renews != test.renewsOn || s.Status(test.today) != subscription.Active {
			t.Errorf("%+v on %s: ends %s, renews %s, want %s and %s", s, test.today, got, renews, test.want, test.renewsOn)
		}
		off, err := s.WithAutoRenew(false, test.today)
		if err != nil || off.EndsOn != test.afterStop || off.AutoRenew || off.Version != 2 || off.RenewsOn(test.today) != "" {
			t.Errorf("switched off on %s: %+v, %v", test.today, off, err)
		}
		day1, _ := off.EndsOn.Time()
		if later := day.Of(day1.AddDate(0, 0, 1)); off.Status(later) != subscription.Expired || off.Status(off.EndsOn) != subscription.Active {
			t.Errorf("%+v is %s on %s", off, off.Status(later), later)
		}
	}
}

// Each end is the first one that is not before the day, in terms from the first end on.
func TestTermsFollowEachOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := time.Date(2026, 1, 1+rapid.IntRange(0, 800).Draw(t, "first"), 0, 0, 0, 0, time.UTC)
		months := rapid.IntRange(1, 36).Draw(t, "months")
		s := subscription.Seats{EndsOn: day.Of(first), Months: months, AutoRenew: true}
		at := first.AddDate(0, 0, rapid.IntRange(-100, 4000).Draw(t, "days"))
		end, ok := s.End(day.Of(at)).Time()
		if !ok || end.Before(at) {
			t.Fatalf("the term of %s ends %s", at, end)
		}
		y, m, d := end.Date()
		if n := (y-first.Year())*12 + int(m-first.Month()); n%months != 0 || n < 0 {
			t.Fatalf("%s is not a number of terms after %s", end, first)
		}
		if last := time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day(); d != min(first.Day(), last) {
			t.Fatalf("%s is on another day of the month than %s", end, first)
		}
		if before := end.AddDate(0, -months, -3); !before.Before(at) && end.After(first) {
			t.Fatalf("%s is more than a term after %s", end, at)
		}
	})
}

func TestSwitchingAutoRenewOn(t *testing.T) {
	t.Parallel()
	s := subscription.Seats{EndsOn: "2026-11-29", Months: 1, Version: 4}
	on, err := s.WithAutoRenew(true, "2026-11-29")
	if err != nil || !on.AutoRenew || on.Version != 5 {
		t.Errorf("%+v, %v", on, err)
	}
	if same, err := on.WithAutoRenew(true, "2026-11-29"); err != nil || same != on {
		t.Errorf("again: %+v, %v", same, err)
	}
	if _, err := s.WithAutoRenew(true, "2026-11-30"); errs.CodeOf(err) != "subscription_expired" {
		t.Errorf("expired: %v", err)
	}
	if _, err := (subscription.Seats{Months: 1}).WithAutoRenew(true, today); errs.CodeOf(err) != "term_unknown" {
		t.Errorf("without an end: %v", err)
	}
	if _, err := (subscription.Seats{EndsOn: "2027-01-01"}).WithAutoRenew(true, today); errs.CodeOf(err) != "term_unknown" {
		t.Errorf("without the length of a term: %v", err)
	}
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		seats subscription.Seats
		until day.Date
		code  string
	}{
		"of an active one":          {subscription.Seats{EndsOn: "2026-12-31"}, "2027-12-31", ""},
		"of an expired one":         {subscription.Seats{EndsOn: "2026-10-31"}, "2026-11-29", ""},
		"not later":                 {subscription.Seats{EndsOn: "2026-12-31"}, "2026-12-31", "renewal_not_later"},
		"in the past":               {subscription.Seats{EndsOn: "2026-10-31"}, "2026-11-28", "renewal_not_later"},
		"before the end of a later": {subscription.Seats{EndsOn: "2025-12-31", Months: 12, AutoRenew: true}, "2026-12-31", "renewal_not_later"},
		"without an end":            {subscription.Seats{}, "2027-12-31", "subscription_endless"},
	} {
		s, err := subscription.Holding{Seats: test.seats}.Renewed(test.until, 0, noon, today)
		if errs.CodeOf(err) != test.code || err == nil && (s.EndsOn != test.until || s.Status(today) != subscription.Active || s.Version != 1) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

// L2: purchases commute, and the number is bounded.
func TestPurchasesCommute(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, assigned := rapid.IntRange(1, 50).Draw(t, "a"), rapid.IntRange(1, 50).Draw(t, "b"), rapid.IntRange(0, 80).Draw(t, "assigned")
		s := subscription.Seats{Quantity: 10, Assigned: assigned, Available: 10 - assigned}
		ab, err1 := purchased(s, a, b)
		ba, err2 := purchased(s, b, a)
		if err1 != nil || err2 != nil || ab != ba || ab.Available != 10+a+b-assigned {
			t.Fatalf("%+v, %v and %+v, %v", ab, err1, ba, err2)
		}
	})
	full := subscription.Holding{Seats: subscription.Seats{Quantity: subscription.QuantityMax - 5}}
	_, err := full.Purchased(6, noon)
	if e := errs.As(err); e == nil || len(e.Violations) != 1 || e.Violations[0].Code != "quantity_range" {
		t.Errorf("too many: %v", err)
	}
	if s, err := full.Purchased(5, noon); err != nil || s.Quantity != subscription.QuantityMax {
		t.Errorf("%+v, %v", s, err)
	}
}

func purchased(s subscription.Seats, numbers ...int) (_ subscription.Seats, err error) {
	for _, n := range numbers {
		if s, err = (subscription.Holding{Seats: s}).Purchased(n, noon); err != nil {
			return s, err
		}
	}
	return s, nil
}

// L14 and L15: the clock of a shortage begins with the change that made it, goes down at midnight in
// the organisation's time zone, also around changes of summer time, and begins again only after the
// shortage was solved.
func TestConflictClock(t *testing.T) {
	t.Parallel()
	z := zone(t)
	for name, began := range map[string]time.Time{
		"winter":       time.Date(2026, 11, 29, 23, 30, 0, 0, z),
		"spring":       time.Date(2026, 3, 28, 0, 10, 0, 0, z), // the next day has 23 hours
		"autumn":       time.Date(2026, 10, 24, 23, 50, 0, 0, z),
		"first moment": time.Date(2026, 10, 25, 0, 0, 0, 0, z),
	} {
		s := subscription.Seats{Quantity: 10, Assigned: 8, Available: 2}.WithQuantity(5, began)
		y, m, d := began.Date()
		for days, want := range map[int]int{0: 90, 1: 89, 2: 88, 89: 1, 90: 0, 91: 0, 400: 0} {
			first := time.Date(y, m, d+days, 0, 0, 0, 0, z)
			last := time.Date(y, m, d+days+1, 0, 0, 0, 0, z).Add(-time.Nanosecond)
			for _, now := range []time.Time{first, last} {
				got := s.Conflicts(now.UTC(), z)
				wanted := []subscription.Conflict{{Kind: subscription.Shortage, Since: began, DaysLeft: want, Overdue: days >= 90, ShortBy: 3}}
				if diff := cmp.Diff(wanted, got); diff != "" {
					t.Errorf("%s, day %d, %s: (-want +got)\n%s", name, days, now, diff)
				}
			}
		}
		further := s.WithQuantity(4, began.Add(time.Hour))
		if got := further.Conflicts(began.Add(2*time.Hour), z); len(got) != 1 || !got[0].Since.Equal(began) || got[0].ShortBy != 4 {
			t.Errorf("%s, reduced further: %+v", name, got)
		}
		solved := further.WithQuantity(8, began.Add(3*time.Hour))
		if got := solved.Conflicts(began.Add(4*time.Hour), z); got != nil {
			t.Errorf("%s, solved: %+v", name, got)
		}
		again := solved.WithQuantity(7, began.Add(50*time.Hour))
		if got := again.Conflicts(began.Add(51*time.Hour), z); len(got) != 1 || !got[0].Since.Equal(began.Add(50*time.Hour)) {
			t.Errorf("%s, reduced again: %+v", name, got)
		}
	}
}

// L13 and L14: a subscription expires with the last moment of its last day, and nothing has to run.
func TestExpiryNeedsNobody(t *testing.T) {
	t.Parallel()
	z := zone(t)
	for _, end := range []day.Date{"2026-11-29", "2026-03-29", "2026-10-25", "2026-12-31"} {
		s := subscription.Seats{Quantity: 5, Assigned: 5, EndsOn: end}
		date, _ := end.Time()
		midnight := time.Date(date.Year(), date.Month(), date.Day()+1, 0, 0, 0, 0, z)
		if got := s.Conflicts(midnight.Add(-time.Nanosecond), z); got != nil {
			t.Errorf("%s: %+v before midnight", end, got)
		}
		want := []subscription.Conflict{{Kind: subscription.Expiration, Since: midnight, DaysLeft: 90}}
		if diff := cmp.Diff(want, s.Conflicts(midnight, z)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", end, diff)
		}
		s.Assigned = 0
		if got := s.Conflicts(midnight, z); got != nil {
			t.Errorf("%s, without users: %+v", end, got)
		}
	}
	both := subscription.Seats{Quantity: 5, Assigned: 5, EndsOn: "2026-11-01"}.WithQuantity(3, noon)
	got := both.Conflicts(noon.Add(time.Hour), z)
	if len(got) != 2 || got[0].Kind != subscription.Shortage || got[1].Kind != subscription.Expiration || got[1].DaysLeft != 90-27 {
		t.Errorf("%+v", got)
	}
}

// L17: devices are counted. The shortage began when the first device without a licence joined, or
// when licences were taken from it.
func TestGrowingGroupIsAConflict(t *testing.T) {
	t.Parallel()
	at := func(hours ...int) (times []time.Time) {
		for _, h := range hours {
			times = append(times, noon.Add(time.Duration(h)*time.Hour))
		}
		return times
	}
	s := subscription.Seats{Quantity: 2, Available: 2}
	since := func(s subscription.Seats, joined []time.Time) (hours []int) {
		h := subscription.Holding{Subscription: subscription.Subscription{Kind: subscription.ForDevices}, Seats: s, Joined: joined}
		for _, c := range h.Conflicts(noon.Add(100*time.Hour), time.UTC) {
			hours = append(hours, int(c.Since.Sub(noon)/time.Hour), c.ShortBy)
		}
		return hours
	}
	reduced := s.WithDeviceQuantity(1, at(1, 2), noon.Add(5*time.Hour))
	more := reduced.WithDeviceQuantity(0, at(1, 2), noon.Add(6*time.Hour))
	enough := more.WithDeviceQuantity(2, at(1, 2), noon.Add(7*time.Hour))
	grown := s.WithDeviceQuantity(1, at(1, 2, 3), noon.Add(9*time.Hour))
	for name, got := range map[string]struct{ got, want []int }{
		"enough":                     {since(s, at(1, 2)), nil},
		"grown":                      {since(s, at(1, 2, 3, 4)), []int{3, 2}},
		"reduced":                    {since(reduced, at(1, 2)), []int{5, 1}},
		"reduced further":            {since(more, at(1, 2)), []int{5, 2}},
		"solved":                     {since(enough, at(1, 2)), nil},
		"solved, and grown later":    {since(enough, at(1, 2, 8)), []int{8, 1}},
		"grown, and reduced further": {since(grown, at(1, 2, 3)), []int{3, 2}},
	} {
		if diff := cmp.Diff(got.want, got.got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}
