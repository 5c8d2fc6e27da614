package stack

import (
	"fmt"
	"time"

	"trueup/infra/local/aws/lambda"
	"trueup/internal/config"
	"trueup/internal/manifest"
)

// night returns when the next night's refresh begins, at that time of the zone
// that the functions are told.
func night(at string) (next func(after time.Time) time.Time, err error) {
	if at == "" {
		at = manifest.NightlyAt
	}
	t, err := time.Parse("15:04", at)
	if err != nil {
		return nil, fmt.Errorf("the refresh begins at %q: give hours and minutes, such as REFRESH_AT=%s", at, manifest.NightlyAt)
	}
	settings, err := config.Load(config.Environment, config.RefreshTimeZone)
	if err != nil {
		return nil, err
	}
	return lambda.Daily(t.Hour(), t.Minute(), settings.RefreshTimeZone), nil
}

// NextNight is when the next nightly refresh begins.
func (s *Stack) NextNight() time.Time { return s.night(time.Now()) }
