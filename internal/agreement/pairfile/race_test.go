//go:build race

package pairfile_test

// measured reports whether time and memory are meaningful: not under the race detector.
const measured = false
