package day_test

import (
	"testing"
	"time"

	"trueup/internal/day"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]day.Date{
		"2026-11-28": "2026-11-28", " 2024-02-29 ": "2024-02-29", "1900-01-01": "1900-01-01", "2999-12-31": "2999-12-31",
		"": "", "2023-02-29": "", "1899-12-31": "", "3000-01-01": "", "28-11-2026": "", "2026-1-1": "", "2026-11-28T00:00:00Z": "",
	} {
		if got, ok := day.Parse(typed); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %v, want %q", typed, got, ok, want)
		}
	}
}

// The day of a moment is its day in the given time zone, whatever the zone of the moment.
func TestWindow(t *testing.T) {
	t.Parallel()
	if got, want := day.Window(90).At(time.Date(2026, 6, 20, 20, 0, 0, 0, time.UTC), time.FixedZone("", 5*3600)), (day.Calendar{Today: "2026-06-21", Soon: "2026-09-19"}); got != want {
		t.Errorf("five hours east: got %v, want %v", got, want)
	}
	at := time.Date(2026, 6, 20, 23, 0, 0, 0, time.FixedZone("", -5*3600))
	if got, want := day.Window(90).At(at, time.UTC), (day.Calendar{Today: "2026-06-21", Soon: "2026-09-19"}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestIn(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 20, 23, 0, 0, 0, time.UTC)
	if got := day.In(at, time.FixedZone("", 2*3600)); got != "2026-06-21" {
		t.Errorf("got %s two hours east of UTC", got)
	}
	if got := day.In(at, time.UTC); got != "2026-06-20" {
		t.Errorf("got %s in UTC", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a day without a time zone")
		}
	}()
	day.In(at, nil)
}

func TestTime(t *testing.T) {
	t.Parallel()
	if got, ok := day.Date("2024-02-29").Time(); !ok || !got.Equal(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("got %v, %v", got, ok)
	}
	for _, d := range []day.Date{"", "2023-02-29", " 2024-02-29"} {
		if got, ok := d.Time(); ok {
			t.Errorf("%q begins at %v", d, got)
		}
	}
}
