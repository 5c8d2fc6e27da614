//go:build race

package pairfile_test

// measured says that time and memory mean something: not under the race detector.
const measured = false
