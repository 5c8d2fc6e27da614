package lambda_test

import (
	"testing"
	"time"

	"trueup/infra/local/aws/lambda"
)

func TestR7_1_Daily(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone         string
		hour, minute int
		after, want  string
	}{
		"later today":              {"UTC", 4, 15, "2026-11-22T04:14:59Z", "2026-11-22T04:15:00Z"},
		"tomorrow, when it is now": {"UTC", 4, 15, "2026-11-22T04:15:00Z", "2026-11-23T04:15:00Z"},
		"the zone's day":           {"America/New_York", 22, 0, "2026-11-23T02:00:00Z", "2026-11-23T03:00:00Z"},
		"over the end of a year":   {"Europe/Brussels", 4, 15, "2026-12-31T12:00:00Z", "2027-01-01T03:15:00Z"},
		"summer begins":            {"Europe/Brussels", 4, 15, "2026-03-28T12:00:00Z", "2026-03-29T02:15:00Z"},
		"clocks skip it":           {"Europe/Brussels", 2, 15, "2026-03-28T12:00:00Z", "2026-03-30T00:15:00Z"},
		"clocks show it twice":     {"Europe/Brussels", 2, 15, "2026-10-24T12:00:00Z", "2026-10-25T01:15:00Z"},
		"and it is once":           {"Europe/Brussels", 2, 15, "2026-10-25T01:15:00Z", "2026-10-26T01:15:00Z"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		after, _ := time.Parse(time.RFC3339, c.after)
		if got := lambda.Daily(c.hour, c.minute, zone)(after).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
