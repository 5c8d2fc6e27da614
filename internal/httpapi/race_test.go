//go:build race

package httpapi_test

import "testing"

// measured reports whether times and memory are meaningful, which they are not under the race
// detector.
const measured = false

// skipUnderRace skips a test in which nothing runs at the same time: the race detector finds nothing there,
// and makes it several times slower.
func skipUnderRace(t *testing.T) {
	t.Helper()
	t.Skip("nothing runs at the same time, so the race detector finds nothing, and times and memory mean nothing")
}
