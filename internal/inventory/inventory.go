// Package inventory counts the software found on managed PCs.
//
// Read turns a file of inventory into a Tally: on how many distinct devices each title and each
// product is. It reads a file once, as a stream, in memory that depends on the number of
// different titles and hardly on the number of rows and devices (R6.2). The titles of each device
// go through a scratch file, so that counts are exact in any order of rows (R6.3): see counter.
// Of several versions of a product on a device only the highest counts (R6.7), and the users of
// products are counted where the file names them, with their numbers of devices. Every user of a
// device is a user of its products. Its main user, whose licence covers the device, is the one with
// most devices in the file, and of several the first by name. A column of primary users comes
// before other columns of users.
//
// Rules turn titles into products. They are data, in order, and the first that matches decides,
// so that one rule explains each count (Decision). An admin's rules come before the starting
// rules of trueup. Most titles of a Windows PC are updates, parts of suites and runtimes, which
// are not products; titles that match no rule are in Tally.Queue.
//
// A tally holds no devices. The number of devices of a product does not follow from the numbers
// of its titles, which may be on the same devices, so a change of rules reads the file in the
// uploads bucket again: this is exact and takes seconds, and there is one way of counting.
// Tally.Rules names the rules that were used.
//
// Files come from sources with separate PCs: the last good file of each source counts (R6.1).
// Package inventories receives them and keeps their tallies.
package inventory

import "time"

// Summary is the total of the sources. The zero Summary is the one of an organisation without
// inventory.
type Summary struct {
	Devices int // PCs with at least one title
	Titles  int // different titles of a publisher, on any PC
}

// Known reports whether the inventory knows at least one PC and one title (R2.8).
func (s Summary) Known() bool { return s.Devices > 0 && s.Titles > 0 }

// Counted is the tally of the last good file of one source.
type Counted struct {
	Source string // a newer file of the same source replaces the older one (R6.1)
	Key    string // of the file
	At     time.Time
	Tally  *Tally
	Stored string // key of the tally; changes with its content
}
