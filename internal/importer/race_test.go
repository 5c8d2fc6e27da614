//go:build race

package importer_test

// measured reports whether time and memory are meaningful: not under the race detector.
const measured = false

// rarely divides the number of random runs. The tests without the race detector do all of them; with it,
// a few find every race, and each takes several times as long.
const rarely = 8
