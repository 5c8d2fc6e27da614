//go:build race

package httpapi_test

// measured reports whether times and memory are meaningful, which they are not under the race
// detector.
const measured = false
