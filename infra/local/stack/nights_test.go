package stack_test

import (
	"testing"
	"time"

	"trueup/infra/local/aws/lambda"
	"trueup/internal/manifest"
)

// R7.1: at the default time, daylight saving changes never skip a night.
func TestR7_1_EveryNightHasItsTime(t *testing.T) {
	t.Parallel()
	at, err := time.Parse("15:04", manifest.NightlyAt)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"UTC", "Atlantic/Azores", "Europe/Lisbon", "Europe/London", "Europe/Brussels", "Europe/Athens", "Europe/Kyiv", "America/New_York",
		"America/Los_Angeles", "America/St_Johns", "America/Havana", "America/Santiago", "America/Asuncion", "America/Nuuk", "Africa/Cairo",
		"Asia/Beirut", "Asia/Jerusalem", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham",
	} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		next := lambda.Daily(at.Hour(), at.Minute(), zone)
		due := next(time.Date(2026, 1, 1, 12, 0, 0, 0, zone))
		for range 3 * 366 {
			after := next(due)
			if day := after.AddDate(0, 0, -1); day.Day() != due.Day() {
				t.Errorf("%s: no refresh between %s and %s", name, due, after)
			}
			due = after
		}
	}
}
