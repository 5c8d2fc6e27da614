package inventory

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"trueup/internal/errs"
)

// MaxBytes is the maximum uncompressed size of a file: eight times the 10 million rows of a large
// organisation.
const MaxBytes = 16 << 30

// Options are the options of Read.
type Options struct {
	Name  string // of the file, without folder: the name of the PC of a list that names none
	Rules *Rules // rules that recognise titles; nil for StartingRules
	// Scratch is the folder of scratch files; "" for the system's. They take 3 bytes a row if the
	// rows of a device are consecutive, 25 if none are, at most twice that with users, and the
	// size of an archive without random access.
	Scratch string
}

// Read counts the titles and products in a file of inventory. It reads the file once, as a
// stream, and recognises its shape by its content:
//
//   - a table with a title and a device in each row, or with a title and a number of devices:
//     the reports of discovered apps that Intune exports, and lists of ConfigMgr, PowerShell,
//     wmic, Fleet, OCS and Lansweeper. Columns are found by name, in any order (columns);
//     commas, semicolons and tabs separate. UTF-16, a line sep=; and CR line ends are fine. A
//     list of PowerShell, wmic or three columns that names no device is one of Options.Name.
//   - GLPI inventory: a JSON document for each device.
//   - osquery programs: the rows of that table as JSON, either the log lines of osqueryd or the
//     output of osqueryi. The rows of an array that name no device belong to one device.
//   - detectedApps of Microsoft Graph, and hosts and software of Fleet, as JSON.
//   - a ZIP archive of files of one of these shapes.
//
// A device is named by its id, or if that is empty or zero by its name. Only Windows counts;
// Tally.OtherPlatforms has the others. Windows itself is a title of a device where the file tells
// its edition.
//
// JSON documents may be concatenated, on separate lines, or in an array. Invalid rows are counted
// and do not stop the file (R6.4).
//
// Errors are errs.Invalid: inventory_format for a file of another kind, inventory_archive for a
// damaged archive, inventory_bomb for one with an excessive compression ratio, inventory_mixed
// for one with numbers of devices beside devices, inventory_agreements for a file of agreement
// numbers, inventory_size and inventory_titles for exceeded limits.
// Any other error is a fault of reading the file or of the scratch file.
func Read(ctx context.Context, file io.Reader, o Options) (t *Tally, err error) {
	if o.Rules == nil {
		o.Rules = StartingRules()
	}
	r := &reading{ctx: ctx, options: o, counter: newCounter(o.Scratch)}
	defer func() { err = errors.Join(err, r.counter.close()) }()
	if err := r.read(file); err != nil {
		return nil, err
	}
	return r.finish()
}

// reading is the state of reading one file.
type reading struct {
	ctx     context.Context
	options Options
	counter *counter
	tally   Tally

	// Of files with numbers instead of devices.
	numbers   []int          // devices, by title
	elsewhere map[string]int // the largest number, by other platform

	systems systems

	inside string // current file in the archive; "" outside one
	lists  int    // JSON documents and arrays so far

	// Reused for each file of an archive, which may have one for each device.
	plain    *bufio.Reader
	buffer   []byte // of a table
	document []byte
	inflater io.ReadCloser
}

// read reads a file that may be an archive.
func (r *reading) read(file io.Reader) error {
	if isArchive(file) {
		return r.readArchive(file)
	}
	buffered := bufio.NewReader(file)
	if start, err := buffered.Peek(len(archiveMark)); err == nil && string(start) == archiveMark {
		return r.spillArchive(buffered)
	}
	ahead := &large{file: &limited{ctx: r.ctx, file: buffered, left: MaxBytes}}
	defer ahead.stop()
	return r.readPlain(ahead)
}

// limited reads a limited number of bytes, and stops when ctx ends.
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

// is sets the shape of a file. A file with numbers of devices beside devices would count the same
// devices twice.
func (r *reading) is(shape Shape, numbers bool) error {
	if r.tally.Shape == "" {
		r.tally.Shape, r.tally.Estimated = shape, numbers
	}
	if r.tally.Estimated != numbers {
		return errs.New(errs.Invalid, "inventory_mixed")
	}
	return nil
}

// row counts a row, as a bad row if it has a flaw.
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
