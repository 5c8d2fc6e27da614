package inventory

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/maphash"
	"sync/atomic"
)

// counter counts the distinct devices of each title, exactly, in any order of rows (R6.3), in
// memory that hardly grows with their number; only PCs take more, if they are gathered.
//
// Most rows of a device are consecutive. Such a run is collected, each title once, and written to
// the partition of its device as a record: the device and the numbers of its titles, about 3
// bytes a row. When all rows are read, the partitions are counted one by one. All records of a
// device are in the same partition, so a device that occurs again, elsewhere in the file or in
// another file of an archive, is counted once.
//
// The users of devices, and devices with other platforms, are records of their own in the same
// way: see count.
type counter struct {
	titles    *dictionary
	platforms []string // other platforms, by number

	installed *spill // devices and their titles
	owners    *spill // devices and a user of each
	elsewhere *spill // devices and their platform, other than Windows
	shares    *spill // users and products of one of their devices; written by count, see counting.share
	called    *spill // devices and a name beside each
	seed      maphash.Seed
	named     bool    // a device has another key than a GUID
	names     aliases // of join
	recent    *recent // devices with a name and a user that were written

	device          []byte // as spelled in the rows of the run
	alias           []byte // name beside it, as spelled in the last row
	key             []byte // key of the device
	hash            uint64 // of key
	run             []uint32
	last            []uint32 // by title: the last run that has it
	runs            uint32
	record, content []byte

	user    []byte // as spelled in the rows of the run
	userKey []byte
	users   bool // a device has a user
	learned bool // alias and user are of the run
	system  bool // the run has the title of the device's system
}

// met reports whether the device of the run was recently met with that name beside it and that user.
func (c *counter) met(name, user []byte) bool {
	if c.recent == nil {
		c.recent = newRecent()
	}
	beside := mix(maphash.Bytes(c.seed, name)) + maphash.Bytes(c.seed, user)
	return c.recent.met(c.hash ^ mix(beside))
}

func newCounter(scratch string) *counter {
	disk := new(atomic.Int64)
	spilling := func() *spill { return newSpill(scratch, disk) }
	return &counter{
		titles: newDictionary(), seed: maphash.MakeSeed(),
		installed: spilling(), owners: spilling(), elsewhere: spilling(), shares: spilling(), called: spilling(),
	}
}

// close removes the scratch files.
func (c *counter) close() error {
	return errors.Join(c.installed.close(), c.owners.close(), c.elsewhere.close(), c.shares.close(), c.called.close())
}

// add counts a row: a title on a device. flaw says why the row is invalid.
func (c *counter) add(found *install) (flaw string, err error) {
	if len(c.key) == 0 || !bytes.Equal(found.device, c.device) {
		if flaw, err := c.begin(found); flaw != "" || err != nil {
			return flaw, err
		}
	}
	title, flaw, err := c.titles.number(found.publisher, found.name, found.version)
	if flaw != "" || err != nil {
		return flaw, err
	}
	for int(title) >= len(c.last) {
		c.last = append(c.last, 0)
	}
	if c.last[title] != c.runs {
		c.last[title] = c.runs
		c.run = append(c.run, title)
	}
	return "", c.learn(found.alias, found.user)
}

// begin starts the run of a device.
func (c *counter) begin(found *install) (flaw string, err error) {
	if err := c.flush(); err != nil {
		return "", err
	}
	c.key, flaw = appendDevice(c.key[:0], found.device)
	if flaw != "" {
		c.key = c.key[:0]
		return flaw, nil
	}
	c.hash = maphash.Bytes(c.seed, c.key)
	c.device = append(c.device[:0], found.device...)
	c.named = c.named || c.key[0] != 0
	c.learned, c.system = false, false
	return "", nil
}

// learn writes records of the device of the run with a name beside it and a user, each empty if the row
// has none, unless they were written recently.
func (c *counter) learn(name, user []byte) error {
	isNew := func(value, last []byte) bool { return len(value) > 0 && !bytes.Equal(value, last) }
	if c.learned && !isNew(name, c.alias) && !isNew(user, c.user) {
		return nil
	}
	c.learned = true
	c.alias, c.user = append(c.alias[:0], name...), append(c.user[:0], user...)
	if c.met(name, user) {
		return nil
	}
	if err := c.call(name); err != nil {
		return err
	}
	return c.own(user)
}

// own writes a record of the device of the run and a user.
func (c *counter) own(user []byte) error {
	if !named(user) {
		return nil
	}
	var flaw string
	if c.userKey, flaw = appendDevice(c.userKey[:0], user); flaw != "" {
		return nil // blank or absurdly long: the device counts without a user
	}
	c.users = true
	c.record = appendRecord(c.record[:0], c.key, c.userKey)
	return c.owners.add(c.partition(), c.record)
}

// addElsewhere notes a device with another platform.
func (c *counter) addElsewhere(found *install, platform string) (flaw string, err error) {
	if flaw, err := c.begin(found); flaw != "" || err != nil {
		return flaw, err
	}
	number := 0
	for number < len(c.platforms) && c.platforms[number] != platform {
		number++
	}
	if number == len(c.platforms) {
		c.platforms = append(c.platforms, platform)
	}
	if err := c.learn(found.alias, nil); err != nil {
		return "", err
	}
	c.record = appendRecord(c.record[:0], c.key, []byte{byte(number)}) // there are few platforms
	return "", c.elsewhere.add(c.partition(), c.record)
}

func (c *counter) partition() int { return int(c.hash >> 32 % partitions) }

// flush writes the run and starts another.
func (c *counter) flush() error {
	if c.runs++; c.runs == 0 { // overflow, after four thousand million runs
		clear(c.last)
		c.runs = 1
	}
	if len(c.run) == 0 {
		return nil
	}
	c.content = c.content[:0]
	for _, title := range c.run {
		c.content = binary.AppendUvarint(c.content, uint64(title))
	}
	c.record, c.run = appendRecord(c.record[:0], c.key, c.content), c.run[:0]
	return c.installed.add(c.partition(), c.record)
}

// appendRecord appends a record with that content.
func appendRecord(b, key, content []byte) []byte {
	b = binary.AppendUvarint(append(b, key...), uint64(len(content)))
	return append(b, content...)
}

// cutRecord splits the first record from b: its key and its content.
func cutRecord(b []byte) (key, content, rest []byte, err error) {
	key, rest, ok := cutDevice(b)
	length, n := binary.Uvarint(rest)
	if !ok || n <= 0 || length > uint64(len(rest)-n) {
		return nil, nil, nil, errScratch
	}
	rest = rest[n:]
	return key, rest[:length], rest[length:], nil
}

// cutNumber splits the first number from the content of a record.
func cutNumber(b []byte, most int) (number uint64, rest []byte, err error) {
	number, length := uint64(b[0]), 1 // most are one byte
	if number >= 0x80 {
		number, length = binary.Uvarint(b)
	}
	if length <= 0 || number >= uint64(most) {
		return 0, nil, errScratch
	}
	return number, b[length:], nil
}

var errScratch = errors.New("inventory: the scratch file is damaged")
