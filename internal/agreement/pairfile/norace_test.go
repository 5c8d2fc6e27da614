//go:build !race

package pairfile_test

const measured = true
