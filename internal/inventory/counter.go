package inventory

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/maphash"

	"golang.org/x/sync/errgroup"
)

// counter counts the distinct devices of each title, exactly, in any order of rows (R6.3), in
// memory that hardly grows with their number.
//
// Most rows of a device are consecutive. Such a run is collected, each title once, and written to
// the partition of its device as a record: the device and the numbers of its titles, about 3
// bytes a row. When all rows are read, the partitions are counted one by one. All records of a
// device are in the same partition, so a device that occurs again, elsewhere in the file or in
// another file of an archive, is counted once.
type counter struct {
	titles *dictionary
	spill  *spill
	seed   maphash.Seed

	device []byte // as spelled in the rows of the run
	key    []byte // key of the device
	run    []uint32
	last   []uint32 // by title: the last run that has it
	runs   uint32
	record []byte
}

func newCounter(scratch string) *counter {
	return &counter{titles: newDictionary(), spill: &spill{dir: scratch, room: partitionBytes}, seed: maphash.MakeSeed()}
}

// add counts a row: a title on a device. flaw says why the row is invalid.
func (c *counter) add(device, publisher, name, version []byte) (flaw string, err error) {
	if len(c.key) == 0 || !bytes.Equal(device, c.device) {
		if err := c.flush(); err != nil {
			return "", err
		}
		c.key, flaw = appendDevice(c.key[:0], device)
		if flaw != "" {
			c.key = c.key[:0]
			return flaw, nil
		}
		c.device = append(c.device[:0], device...)
	}
	title, flaw, err := c.titles.number(publisher, name, version)
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
	return "", nil
}

// flush writes the run and starts another.
func (c *counter) flush() error {
	if c.runs++; c.runs == 0 { // overflow, after four thousand million runs
		clear(c.last)
		c.runs = 1
	}
	if len(c.run) == 0 {
		return nil
	}
	record := append(c.record[:0], c.key...)
	record = append(record, 0, 0, 0, 0)
	body := len(record)
	for _, title := range c.run {
		record = binary.AppendUvarint(record, uint64(title))
	}
	binary.LittleEndian.PutUint32(record[body-4:], uint32(len(record)-body))
	c.record, c.run = record, c.run[:0]
	return c.spill.add(int(maphash.Bytes(c.seed, c.key)%partitions), record)
}

// cutRecord splits the first record from b: the device and its titles.
func cutRecord(b []byte) (key, titles, rest []byte, err error) {
	key, rest, ok := cutDevice(b)
	if !ok || len(rest) < 4 {
		return nil, nil, nil, errScratch
	}
	length := int(binary.LittleEndian.Uint32(rest))
	if rest = rest[4:]; length > len(rest) {
		return nil, nil, nil, errScratch
	}
	return key, rest[:length], rest[length:], nil
}

var errScratch = errors.New("inventory: the scratch file is damaged")

// counts are the numbers of devices: in total, by title and by product.
type counts struct {
	devices          int
	titles, products []int
}

// count counts the added rows. products has the product of each title, -1 for none: a device
// counts once for a product, however many of its titles it has. Nothing can be added afterwards.
func (c *counter) count(products []int32, n int) (counts, error) {
	if err := c.flush(); err != nil {
		return counts{}, err
	}
	var all errgroup.Group
	var parts [counters]*counting
	for i := range parts {
		t := &counting{
			counts:  counts{titles: make([]int, len(products)), products: make([]int, n)},
			product: products, last: make([]int, n), records: map[string]int32{},
		}
		parts[i] = t
		all.Go(func() error {
			for partition := i; partition < partitions; partition += counters {
				if err := t.count(c.spill, partition); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return counts{}, err
	}
	total := parts[0].counts
	for _, t := range parts[1:] {
		total.add(t.counts)
	}
	return total, nil
}

// counters is the number of partitions that are counted concurrently.
const counters = 2

func (c *counts) add(o counts) {
	c.devices += o.devices
	for i, n := range o.titles {
		c.titles[i] += n
	}
	for i, n := range o.products {
		c.products[i] += n
	}
}

// counting counts the devices of partitions, one after the other.
type counting struct {
	counts
	chunk   []byte  // of the scratch file
	product []int32 // by title

	// records has the devices of the partition: single, or a number from 0 for a device with
	// several records.
	records map[string]int32
	several int32

	one   int   // devices with one record, so far
	last  []int // by product: the last of them that has it
	pairs set   // device and title, device and product, of devices with several records
}

const single = -1

// count counts a partition.
func (t *counting) count(s *spill, partition int) (err error) {
	clear(t.records)
	t.several = 0
	if t.chunk, err = s.each(partition, t.chunk, t.addDevice); err != nil {
		return err
	}
	t.devices += len(t.records)
	t.pairs.reset()
	t.chunk, err = s.each(partition, t.chunk, t.add)
	return err
}

// addDevice notes the device of a record.
func (t *counting) addDevice(record []byte) error {
	key, _, _, err := cutRecord(record)
	if err != nil {
		return err
	}
	switch number, met := t.records[string(key)]; {
	case !met:
		t.records[string(key)] = single
	case number == single:
		t.records[string(key)] = t.several
		t.several++
	}
	return nil
}

// add counts a record. It contains each title once.
func (t *counting) add(record []byte) error {
	key, titles, _, err := cutRecord(record)
	if err != nil {
		return err
	}
	device := t.records[string(key)]
	if device == single {
		t.one++
	}
	for len(titles) > 0 {
		title, length := uint64(titles[0]), 1 // most are one byte
		if title >= 0x80 {
			title, length = binary.Uvarint(titles)
		}
		if length <= 0 || title >= uint64(len(t.titles)) {
			return errScratch
		}
		titles = titles[length:]
		product := t.product[title]
		if device == single {
			t.titles[title]++
			if product >= 0 && t.last[product] != t.one {
				t.last[product] = t.one
				t.products[product]++
			}
			continue
		}
		pair := uint64(device+1) << 32
		if t.pairs.add(pair | title) {
			t.titles[title]++
			if product >= 0 && t.pairs.add(pair|1<<31|uint64(product)) {
				t.products[product]++
			}
		}
	}
	return nil
}

// set is a set of numbers other than 0.
type set struct {
	slots []uint64 // 0 if empty; its length is a power of two
	used  int
}

// add reports whether the number is new.
func (s *set) add(number uint64) bool {
	if 2*s.used >= len(s.slots) {
		s.grow()
	}
	mask := uint64(len(s.slots) - 1)
	for at := mix(number) & mask; ; at = (at + 1) & mask {
		switch s.slots[at] {
		case number:
			return false
		case 0:
			s.slots[at] = number
			s.used++
			return true
		}
	}
}

func (s *set) grow() {
	old := s.slots
	s.slots, s.used = make([]uint64, max(1<<12, 2*len(old))), 0
	for _, number := range old {
		if number != 0 {
			s.add(number)
		}
	}
}

// reset empties the set and keeps its memory.
func (s *set) reset() {
	clear(s.slots)
	s.used = 0
}

// mix spreads differences in a few bits over all bits.
func mix(n uint64) uint64 {
	n *= 0x9e3779b97f4a7c15
	return n ^ n>>32
}
