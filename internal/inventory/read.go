package inventory

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"

	"trueup/internal/errs"
	"trueup/internal/sheet"
)

// MaxBytes is the maximum uncompressed size of a file: eight times the 10 million rows of a large
// organisation.
const MaxBytes = 16 << 30

// Options are the options of Read.
type Options struct {
	Name  string // of the file, without folder: the name of the PC of a list that names none
	Rules *Rules // rules that recognise titles; nil for StartingRules
	// Scratch is the folder of scratch files; "" for the system's. They take 3 bytes a row if the
	// rows of a device are consecutive, 25 if none are, at most twice as much with users, as much again
	// for the rows of devices that are named in two ways, and the size of an archive without random
	// access.
	Scratch string
	MacOS   bool // whether devices with macOS count, too
	// PCs is filled with the products of each PC, unless it is nil, and stays empty for a file with numbers
	// instead of devices.
	PCs *PCs
	// Other returns the code of the error for a table of another kind of file, by its start; empty if it
	// does not recognise it, which is inventory_format. nil recognises none.
	Other func(start []byte) (code string)
}

// Read counts the titles and products in a file of inventory. It reads the file once, as a
// stream, and recognises its shape by its content:
//
//   - a table with a title and a device in each row, or with a title and a number of devices:
//     the reports of discovered apps that Intune exports, and lists of ConfigMgr, PowerShell,
//     wmic, Fleet, OCS, Lansweeper and others. Columns are found by name, in any order (columns),
//     below other lines; commas, semicolons, tabs and bars separate, or columns have a fixed
//     width. UTF-16, UTF-32, a line sep=; and CR line ends are fine. Lists may be appended to each
//     other, each with its header.
//   - a list with a property on each line, as wmic /format:list, osqueryi --line, reg query and
//     PowerShell's Format-List.
//   - GLPI inventory: a JSON document for each device.
//   - osquery programs: the rows of that table as JSON, either the log lines of osqueryd or the
//     output of osqueryi. Each array of rows that name no device is the list of another device.
//   - detectedApps of Microsoft Graph, hosts and software of Fleet, and software of Defender.
//   - JSON objects that are rows, as PowerShell's ConvertTo-Json writes, also in an array of another
//     object that may name the device. Their keys are read like the names of columns. Rows may be
//     arrays, too, with the names of the columns above or beside them.
//   - a ZIP archive of files of one of these shapes.
//
// Any other list that names no device is one of Options.Name; in an archive, one of its file or folder
// (namedByFolder). A device is named by its id, or if that is empty or zero by its name. A name
// that other rows have beside an id is the device with that id, and one without a domain is the only
// one with a domain. Only Windows counts, and macOS by
// choice; Tally.OtherPlatforms has the others. Windows itself is a title of a device where the file
// tells its edition. Tally.Notes has remarks.
//
// JSON documents may be concatenated, on separate lines, or in an array. Invalid rows are counted
// and do not stop the file (R6.4).
//
// Errors are errs.Invalid: inventory_format for a file of another kind, inventory_no_title and
// inventory_no_device for a list of software without that column, inventory_archive for a
// damaged archive, inventory_bomb for one with an excessive compression ratio, inventory_mixed
// for one with numbers of devices beside devices, a code of Options.Other for
// a table of another kind, inventory_workbook, inventory_page and
// inventory_packed for a file that is no text, inventory_nothing and inventory_answer for an empty
// list and an error of an API, inventory_document for an object with a name and a version,
// inventory_developer for packages of a programming language, inventory_linux and inventory_packages
// for a list of a package manager, inventory_size
// and inventory_titles for exceeded limits. Any other error is a fault of reading the file or of the scratch file.
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
	numbered  map[uint64]int // the largest number, by id of a row, its platform and title

	remarks

	systems systems

	inside string // current file in the archive; "" outside one
	pc     string // the PC that its name or folder names

	// Of the current file, if it is JSON.
	developer string // the tool whose list of packages it seems to be; empty for none
	list      int    // number of the array, or of the document outside one, from 1
	inArray   bool   // the document is an element of an array
	rowsOf    flatRows
	arrays    arrayRows
	evident   bool // its rows name a device, count devices or are of a known system: see IsFile

	// Reused for each file of an archive, which may have one for each device.
	plain    sheet.Plain
	head     []byte // the start of a table
	misfiled string // the last code of Options.Other
	buffer   []byte // of a table
	document []byte
	inflater io.ReadCloser
}

// remarks are what notes about the file as a whole say.
type remarks struct {
	packages      map[string]int // rows of packages that are left out, by source
	morePackages  int            // rows of packages of further sources
	removed       int            // rows of software that is no longer installed
	repeated      int            // rows with numbers that came before
	full          bool           // there are more rows with numbers than are remembered
	pages, linked int            // of an API: all, and those with a link to a next page
}

// clone returns a copy that does not change with the remarks.
func (r remarks) clone() remarks {
	r.packages = maps.Clone(r.packages)
	return r
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

// Results of a row that is none, in place of a flaw.
const (
	skipped     = "skipped"
	headerAgain = "header" // its cells are names of columns
)

// row counts a row, as a bad row if it has a flaw.
func (r *reading) row(line int64, flaw string, args ...string) {
	r.tally.Rows++
	switch flaw {
	case "":
		return
	case skipped:
		r.tally.Rows--
		return
	case headerAgain:
		flaw = rowTitle
	}
	r.tally.BadRows++
	if len(r.tally.Bad) < MaxBadRows {
		r.tally.Bad = append(r.tally.Bad, BadRow{File: r.inside, Line: int(line), Code: flaw, Args: errs.Pairs(args...)})
	}
}
