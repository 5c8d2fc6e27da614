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

// The day of a moment is its day in UTC, whatever its time zone.
func TestNewCalendar(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 6, 20, 23, 0, 0, 0, time.FixedZone("", -5*3600))
	if got, want := day.NewCalendar(at, 90), (day.Calendar{Today: "2026-06-21", Soon: "2026-09-19"}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
