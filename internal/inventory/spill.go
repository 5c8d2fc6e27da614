package inventory

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync/atomic"

	"trueup/internal/errs"
)

const (
	partitions     = 256
	partitionBytes = 8 << 10 // of records, held in memory
)

// MaxScratch is the maximum size of the scratch files of records, in bytes: 160 million rows in
// random order, and far more if the rows of a device are consecutive. The records of devices that are
// named in two ways take twice as much. A file that needs more exceeds the limits.
const MaxScratch = 4 << 30

// spill stores records by partition. Records that do not fit in memory go to one scratch file, in
// chunks of whole records. A small inventory needs no scratch file. A record is the key of a device
// or a user, the length of its content, and the content (appendRecord).
type spill struct {
	dir   string        // "" for the system's folder of temporary files
	room  int           // bytes held in memory for each partition
	disk  *atomic.Int64 // bytes of all scratch files of a counter
	file  *os.File
	size  int64
	parts [partitions]partition

	// Records that were copied with another key, and what tells their keys in this spill; nil for none.
	moved   *spill
	isMoved func(key []byte) bool
}

type partition struct {
	held   []byte
	chunks []chunk // in the file
}

// chunk is a range of the file.
type chunk struct {
	at     int64
	length int
}

func newSpill(dir string, disk *atomic.Int64) *spill {
	return &spill{dir: dir, room: partitionBytes, disk: disk}
}

// add stores a record.
func (s *spill) add(part int, record []byte) error {
	p := &s.parts[part]
	if p.held == nil {
		p.held = make([]byte, 0, s.room)
	}
	if len(p.held)+len(record) <= cap(p.held) {
		p.held = append(p.held, record...)
		return nil
	}
	if err := s.write(p, p.held); err != nil {
		return err
	}
	p.held = p.held[:0]
	if len(record) > cap(p.held) {
		return s.write(p, record)
	}
	p.held = append(p.held, record...)
	return nil
}

func (s *spill) write(p *partition, records []byte) error {
	if len(records) == 0 {
		return nil
	}
	if s.disk.Add(int64(len(records))) > MaxScratch {
		return errs.New(errs.Invalid, "inventory_size")
	}
	if s.file == nil {
		file, err := os.CreateTemp(s.dir, "inventory-")
		if err != nil {
			return fmt.Errorf("inventory: scratch file: %w", err)
		}
		s.file = file
	}
	if _, err := s.file.WriteAt(records, s.size); err != nil {
		return fmt.Errorf("inventory: scratch file: %w", err)
	}
	p.chunks = append(p.chunks, chunk{s.size, len(records)})
	s.size += int64(len(records))
	return nil
}

// each calls use with the moved records of a partition, then with the others, each in the order of
// addition. use must not retain its parts. each reads into chunk and returns it, perhaps grown, for the next call. Concurrent calls are
// safe once all records are added.
func (s *spill) each(part int, chunk []byte, use func(key, content []byte) error) ([]byte, error) {
	if s.isMoved != nil {
		var err error
		if chunk, err = s.moved.each(part, chunk, use); err != nil {
			return chunk, err
		}
		all := use
		use = func(key, content []byte) error {
			if s.isMoved(key) {
				return nil
			}
			return all(key, content)
		}
	}
	p := &s.parts[part]
	for _, c := range p.chunks {
		chunk = slices.Grow(chunk[:0], c.length)[:c.length]
		if _, err := s.file.ReadAt(chunk, c.at); err != nil {
			return chunk, fmt.Errorf("inventory: scratch file: %w", err)
		}
		if err := eachRecord(chunk, use); err != nil {
			return chunk, err
		}
	}
	return chunk, eachRecord(p.held, use)
}

func eachRecord(records []byte, use func(key, content []byte) error) error {
	for len(records) > 0 {
		key, content, rest, err := cutRecord(records)
		if err != nil {
			return err
		}
		if err := use(key, content); err != nil {
			return err
		}
		records = rest
	}
	return nil
}

// close removes the scratch files.
func (s *spill) close() error {
	var err error
	if s.moved != nil {
		err = s.moved.close()
	}
	if s.file == nil {
		return err
	}
	s.disk.Add(-s.size)
	return errors.Join(err, s.file.Close(), os.Remove(s.file.Name()))
}
