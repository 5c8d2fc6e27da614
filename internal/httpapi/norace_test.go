//go:build !race

package httpapi_test

const measured = true
