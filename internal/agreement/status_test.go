package agreement_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/day"
)

var midsummer = time.Date(2026, time.June, 21, 23, 59, 59, 0, time.UTC)

func TestStatusR2_11(t *testing.T) {
	t.Parallel()
	soon := day.Window(90).At(midsummer, time.UTC)
	if want := (day.Calendar{Today: "2026-06-21", Soon: "2026-09-19"}); soon != want {
		t.Fatalf("the calendar is %+v, want %+v", soon, want)
	}
	for name, test := range map[string]struct {
		start, end day.Date
		calendar   day.Calendar
		want       agreement.Status
	}{
		"no dates":                        {want: agreement.StatusNoTerm},
		"starts tomorrow":                 {start: "2026-06-22", want: agreement.StatusNotStarted},
		"starts tomorrow, ends soon":      {start: "2026-06-22", end: "2026-06-30", want: agreement.StatusNotStarted},
		"starts today":                    {start: "2026-06-21", want: agreement.StatusActive},
		"ended yesterday":                 {end: "2026-06-20", want: agreement.StatusExpired},
		"its last day":                    {start: "2026-01-01", end: "2026-06-21", want: agreement.StatusExpiring},
		"ends in 90 days":                 {end: "2026-09-19", want: agreement.StatusExpiring},
		"ends in 91 days":                 {end: "2026-09-20", want: agreement.StatusActive},
		"one day long, today":             {start: "2026-06-21", end: "2026-06-21", want: agreement.StatusExpiring},
		"the setting: ends tomorrow":      {end: "2026-06-22", calendar: day.Window(1).At(midsummer, time.UTC), want: agreement.StatusExpiring},
		"the setting: ends in two days":   {end: "2026-06-23", calendar: day.Window(1).At(midsummer, time.UTC), want: agreement.StatusActive},
		"the setting: ends in two years":  {end: "2028-06-20", calendar: day.Window(730).At(midsummer, time.UTC), want: agreement.StatusExpiring},
		"a day that is another elsewhere": {end: "2026-06-20", calendar: day.Window(90).At(midsummer.In(time.FixedZone("", -5*3600)), time.UTC), want: agreement.StatusExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := test.calendar
			if c == (day.Calendar{}) {
				c = soon
			}
			if got := (agreement.Terms{Start: test.start, End: test.end}).Status(c); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	volume := func(pairs int, v agreement.Validation) agreement.Agreement {
		return agreement.Agreement{Type: agreement.TypeVolume, PairCount: pairs, Validation: v}
	}
	other := func(licenses int, start, end day.Date) agreement.Agreement {
		return agreement.Agreement{Type: agreement.TypeOther, Terms: agreement.Terms{Licenses: licenses, Start: start, End: end}}
	}
	var got agreement.Totals
	for _, a := range []agreement.Agreement{
		volume(1, agreement.ValidationValid),
		volume(2, agreement.ValidationPending), volume(3, agreement.ValidationPending),
		volume(4, agreement.ValidationError),
		volume(5, agreement.ValidationInvalid), volume(6, agreement.ValidationInvalid), volume(7, agreement.ValidationInvalid),
		other(10, "2026-06-22", ""),
		other(20, "2026-06-21", ""), other(30, "2026-06-20", ""),
		other(40, "", "2026-06-21"), other(50, "", "2026-06-22"), other(60, "", "2026-06-23"),
		other(70, "", "2026-06-20"),
		other(80, "", ""),
	} {
		got.Add(&a, day.Window(90).At(midsummer, time.UTC))
	}
	want := agreement.Totals{
		Agreements: 15, Volume: 7, Other: 8, Pairs: 28, Licenses: 360,
		NotStarted: 1, Active: 2, Expiring: 3, Expired: 1, NoTerm: 8,
		Valid: 1, Pending: 2, Error: 1, Invalid: 3,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
