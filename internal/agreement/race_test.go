//go:build race

package agreement_test

// slowdown is how much slower the race detector may be.
const slowdown = 10
