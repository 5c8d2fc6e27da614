package inventory

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/text"
)

const (
	maxRow      = 1 << 20 // bytes of a row
	maxDistinct = 1 << 21 // PCs, and titles, that are told apart; what comes after them is not counted
)

// The columns of AppInvRawData that are read; the others may be there or not.
const (
	deviceColumn    = "DeviceId"
	titleColumn     = "ApplicationName"
	publisherColumn = "ApplicationPublisher"
)

// Read counts the PCs and the titles in a file of inventory: AppInvRawData, the
// report of discovered apps that Intune exports, as CSV (R6.1). Its columns are
// found by name, in any order. A title counts once however many PCs have it,
// compared as names are, within its publisher. Rows that cannot be read, or that
// name no PC or no title, are counted and never stop the file (R6.4). A file
// without those columns is errs.Invalid inventory_format; any other error is a
// fault of reading it.
func Read(file io.Reader) (devices, titles, badRows int, err error) {
	rows := newRows(file)
	header, err := rows.next()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, errRow):
		return 0, 0, 0, errs.New(errs.Invalid, "inventory_format")
	case err != nil:
		return 0, 0, 0, err
	}
	device, title, publisher := find(header, deviceColumn), find(header, titleColumn), find(header, publisherColumn)
	if device < 0 || title < 0 {
		return 0, 0, 0, errs.New(errs.Invalid, "inventory_format")
	}
	columns := len(header)
	seenDevices, seenTitles := newDistinct(), newDistinct()
	for {
		row, err := rows.next()
		switch {
		case errors.Is(err, io.EOF):
			return len(seenDevices.hashes), len(seenTitles.hashes), badRows, nil
		case errors.Is(err, errRow), err == nil && len(row) != columns:
			badRows++
			continue
		case err != nil:
			return 0, 0, badRows, fmt.Errorf("inventory: %w", err)
		}
		id, name, maker := strings.ToLower(strings.TrimSpace(row[device])), text.Fold(row[title]), ""
		if publisher >= 0 {
			maker = text.Fold(row[publisher])
		}
		if id == "" || name == "" {
			badRows++
			continue
		}
		seenDevices.add(id, "")
		seenTitles.add(name, maker)
	}
}

// find returns where a column is, -1 when it is missing.
func find(header []string, column string) int {
	for i, name := range header {
		if strings.EqualFold(strings.TrimSpace(name), column) {
			return i
		}
	}
	return -1
}

// distinct counts different texts by their hash: a collision makes a count one
// too low in a file of millions, and costs nothing else.
type distinct struct {
	seed   maphash.Seed
	hashes map[uint64]struct{}
}

func newDistinct() distinct {
	return distinct{seed: maphash.MakeSeed(), hashes: map[uint64]struct{}{}}
}

func (d distinct) add(text, within string) {
	if len(d.hashes) < maxDistinct {
		d.hashes[maphash.Comparable(d.seed, [2]string{text, within})] = struct{}{}
	}
}

// errRow means that a row could not be read. The next one may be fine.
var errRow = errors.New("inventory: the row cannot be read")

// rows reads the rows of a CSV file and never holds more than one. A quote that
// is not closed costs at most maxRow bytes of the file.
type rows struct {
	file *budget
	csv  *csv.Reader
}

func newRows(file io.Reader) *rows {
	buffered := bufio.NewReader(file)
	const mark = "\xef\xbb\xbf" // UTF-8's byte-order mark
	if start, err := buffered.Peek(len(mark)); err == nil && string(start) == mark {
		_, _ = buffered.Discard(len(mark)) // peeked: it is there
	}
	r := &rows{file: &budget{file: buffered}}
	r.restart()
	return r
}

func (r *rows) restart() {
	r.csv = csv.NewReader(r.file)
	r.csv.FieldsPerRecord = -1 // compared by the caller: a row of another length is not the end
	r.csv.LazyQuotes = true
	r.csv.ReuseRecord = true
}

// next returns the next row, which is good until the one after it; errRow,
// io.EOF, or what went wrong with the file.
func (r *rows) next() ([]string, error) {
	r.file.left = maxRow
	row, err := r.csv.Read()
	var wrong *csv.ParseError
	switch {
	case errors.Is(err, errTooLong):
		r.restart()
		return nil, errRow
	case errors.As(err, &wrong):
		return nil, errRow
	}
	return row, err
}

var errTooLong = errors.New("inventory: the row is too long")

// budget lets only so many bytes be read.
type budget struct {
	file io.Reader
	left int
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.file.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
