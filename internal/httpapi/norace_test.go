//go:build !race

package httpapi_test

import "testing"

const measured = true

// skipUnderRace does nothing without the race detector.
func skipUnderRace(*testing.T) {}
