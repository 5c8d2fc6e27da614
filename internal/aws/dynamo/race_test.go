//go:build race

package dynamo_test

// rarely divides the number of random histories. The race detector makes them several times slower,
// and finds a race in a few. All of them run without it.
const rarely = 8
