//go:build !race

package agreement_test

const measured = true
