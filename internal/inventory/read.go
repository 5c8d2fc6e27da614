package inventory

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"trueup/internal/errs"
)

// MaxBytes is how large a file is at most, unpacked: eight times the 10 million
// rows that a large organisation has.
const MaxBytes = 16 << 30

// Options say how a file is read.
type Options struct {
	Rules *Rules // what titles are recognised by; nil for StartingRules
	// Scratch is the folder for scratch files; "" for the system's. They take 3
	// bytes a row when the rows of a device follow each other, 25 when none do, and
	// the size of an archive that cannot be read where it is.
	Scratch string
}

// Read counts the titles and products of a file of inventory, which is read
// once, as a stream. Its shape is recognised by its content:
//
//   - AppInvRawData and AppInvAggregate, the reports of discovered apps that
//     Intune exports, as CSV. Columns are found by name, in any order; commas,
//     semicolons and tabs separate.
//   - GLPI inventory: a JSON document for each device.
//   - osquery programs: the rows of that table as JSON, as the lines that osqueryd
//     logs, or as what osqueryi prints: rows that name no device are then those
//     of one device, whose list the array is.
//   - a ZIP archive of files of one of these.
//
// JSON documents may stand one after the other, on lines of their own, or in an
// array. Rows that cannot be read are counted and never stop the file (R6.4).
//
// Errors are errs.Invalid: inventory_format for a file of another kind,
// inventory_archive for a damaged archive, inventory_bomb for one that grows out
// of proportion, inventory_mixed for one with both reports of Intune,
// inventory_size and inventory_titles for what is over the limits. Any other
// error is a fault of reading the file or of the scratch file.
func Read(ctx context.Context, file io.Reader, o Options) (t *Tally, err error) {
	if o.Rules == nil {
		o.Rules = StartingRules()
	}
	r := &reading{ctx: ctx, options: o, counter: newCounter(o.Scratch)}
	defer func() { err = errors.Join(err, r.counter.spill.close()) }()
	if err := r.read(file); err != nil {
		return nil, err
	}
	return r.finish()
}

// reading is a file while it is read.
type reading struct {
	ctx     context.Context
	options Options
	counter *counter
	tally   Tally
	numbers []int // of AppInvAggregate: devices, by title

	inside string // the name inside the archive; "" outside one
	lists  int    // JSON documents and arrays so far

	// Used again for each file of an archive, which may have one for each device.
	plain    *bufio.Reader
	buffer   []byte // of a table
	document []byte
	inflater io.ReadCloser
}

const (
	byteOrderMark = "\xef\xbb\xbf"
	plainBuffer   = 64 << 10
)

// read reads a file that may be an archive.
func (r *reading) read(file io.Reader) error {
	if isArchive(file) {
		return r.readArchive(file)
	}
	buffered := bufio.NewReader(file)
	if start, err := buffered.Peek(len(archiveMark)); err == nil && string(start) == archiveMark {
		return r.spillArchive(buffered)
	}
	return r.readPlain(&limited{ctx: r.ctx, file: buffered, left: MaxBytes})
}

// readPlain reads a file that is not an archive.
func (r *reading) readPlain(file io.Reader) error {
	if r.plain == nil {
		r.plain = bufio.NewReaderSize(file, plainBuffer)
	}
	buffered := r.plain
	buffered.Reset(file)
	if start, err := buffered.Peek(len(byteOrderMark)); err == nil && string(start) == byteOrderMark {
		_, _ = buffered.Discard(len(byteOrderMark)) // peeked: it is there
	}
	start, err := buffered.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	start = bytes.TrimLeft(start, " \t\r\n")
	if len(start) > 0 && (start[0] == '{' || start[0] == '[') {
		return r.readDocuments(buffered)
	}
	return r.readTable(buffered)
}

// limited reads at most so many bytes, and stops when the caller does.
type limited struct {
	ctx  context.Context
	file io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := l.file.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errs.New(errs.Invalid, "inventory_size")
	}
	if err != nil && !errors.Is(err, io.EOF) && errs.As(err) == nil {
		err = fmt.Errorf("inventory: %w", err)
	}
	return n, err
}

// is notes the shape of a file. The reports of Intune tell of the same devices:
// both at once would count twice.
func (r *reading) is(shape Shape) error {
	switch {
	case r.tally.Shape == "":
		r.tally.Shape = shape
	case r.tally.Shape != shape && (shape == AppInvAggregate || r.tally.Shape == AppInvAggregate):
		return errs.New(errs.Invalid, "inventory_mixed")
	}
	return nil
}

// row counts a row, which is bad when it has a flaw.
func (r *reading) row(line int64, flaw string, args ...string) {
	r.tally.Rows++
	if flaw == "" {
		return
	}
	r.tally.BadRows++
	if len(r.tally.Bad) < MaxBadRows {
		r.tally.Bad = append(r.tally.Bad, BadRow{File: r.inside, Line: int(line), Code: flaw, Args: errs.Pairs(args...)})
	}
}
