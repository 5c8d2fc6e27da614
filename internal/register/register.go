// Package register finds agreements: all of them, in memory, filtered, sorted,
// searched and counted in a millisecond or two, and exact at every reading
// thanks to package journal.
package register
