package stack

import (
	"fmt"
	"time"

	"trueup/infra/local/aws/lambda"
	"trueup/internal/config"
	"trueup/internal/manifest"
)

// night returns a function for the time of the next nightly refresh. at is a local time,
// as "15:04", in the zone of the setting REFRESH_TIME_ZONE; empty for the manifest's.
func night(at string) (next func(after time.Time) time.Time, err error) {
	if at == "" {
		at = manifest.NightlyAt
	}
	t, err := time.Parse("15:04", at)
	if err != nil {
		return nil, fmt.Errorf("the time of the refresh is %q: give hours and minutes, such as REFRESH_AT=%s", at, manifest.NightlyAt)
	}
	settings, err := config.Load(config.Environment, config.RefreshTimeZone)
	if err != nil {
		return nil, err
	}
	return lambda.Daily(t.Hour(), t.Minute(), settings.RefreshTimeZone), nil
}

// NextNight returns the time of the next nightly refresh.
func (s *Stack) NextNight() time.Time { return s.night(time.Now()) }
