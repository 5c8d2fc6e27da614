//go:build race

package agreement_test

// measured says that time and memory mean something: not under the race detector.
const measured = false
