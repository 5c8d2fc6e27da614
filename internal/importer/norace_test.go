//go:build !race

package importer_test

// measured reports whether time and memory are meaningful: not under the race detector.
const measured = true

const rarely = 1
