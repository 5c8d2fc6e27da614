//go:build !race

package agreement_test

const slowdown = 1
