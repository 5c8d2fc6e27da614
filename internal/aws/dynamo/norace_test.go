//go:build !race

package dynamo_test

const rarely = 1
