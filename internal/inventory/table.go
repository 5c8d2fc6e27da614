package inventory

import (
	"bufio"
	"bytes"
	"errors"
	"hash/maphash"
	"io"
	"strconv"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// headerLines is the number of lines, after blank ones, in which the header is searched. Reports
// have titles, dates and parameters above it.
const headerLines = 50

// readTable reads a table whose text starts with head.
func (r *reading) readTable(file *bufio.Reader, head []byte) error {
	if r.buffer == nil {
		r.buffer = make([]byte, sheet.StreamBuffer)
	}
	r.head = append(r.head[:0], head...) // the table is read into the same memory
	t := sheet.NewStream(file, r.buffer)
	h, above, ok, err := findHeader(t)
	switch {
	case err != nil:
		return err
	case !ok:
		return r.noTable(h)
	case above > 0:
		r.note(noteHeader, "line", strconv.FormatInt(t.Line, 10))
	}
	return r.rows(t, h)
}

// header is the header of a table.
type header struct {
	columns
	names []string // of all columns, as written
}

// repeats reports whether cells are the names of their columns again: those that are not empty, and at
// least one.
func repeats(names []string, cells [][]byte) bool {
	some := false
	for i, cell := range cells[:min(len(cells), len(names))] {
		if letters := text.Letters(string(cell)); letters != "" {
			if letters != text.Letters(names[i]) {
				return false
			}
			some = true
		}
	}
	return some
}

// countRow counts a row that cannot be a header of other columns. A title such as Software is a title, if
// the row does not repeat the names of its columns.
func (r *reading) countRow(count func([][]byte) (string, error), names []string, cells [][]byte) (flaw string, err error) {
	if flaw, err = count(cells); flaw != headerAgain || err != nil || repeats(names, cells) {
		return flaw, err
	}
	return r.literally(func() (string, error) { return count(cells) })
}

// literally counts a row whose title is one, also if it is the name of a column.
func (r *reading) literally(count func() (flaw string, err error)) (flaw string, err error) {
	r.counter.titles.literal = true
	defer func() { r.counter.titles.literal = false }()
	return count()
}

// findHeader reads the header of a table. above is the number of lines above it that are not read. If
// ok is false, h is a header that lacks a column; nil for none.
func findHeader(t *sheet.Stream) (h *header, above int, ok bool, err error) {
	hint := Shape("")
	var lacking *header
	for range headerLines {
		if h, ok, err = readHeader(t, hint); ok || err != nil {
			return h, above, ok, err
		}
		if lacking == nil && h != nil {
			lacking = h
		}
		line, more := t.Skip()
		switch {
		case !more:
			return lacking, 0, false, nil
		case bytes.HasPrefix(bytes.Trim(line, `" `), typeMark): // of PowerShell's Export-Csv
			hint = PowerShell
		case !isPreamble(line):
			above++
		}
	}
	return lacking, 0, false, nil
}

// readHeader reads the next row as a header. If ok is false, h is the row as a header that lacks a
// column; nil if it is no header.
func readHeader(t *sheet.Stream, hint Shape) (h *header, ok bool, err error) {
	ok, err = t.Header(func(names []string) (last int, ok bool) {
		found, ok := columnsOf(names, hint)
		if ok || h == nil && found.lacks() != "" {
			h = &header{found, names}
		}
		return found.last(), ok
	})
	return h, ok, err
}

// noTable returns the error for a table that is no inventory. h is a header that lacks a column; nil for
// none.
func (r *reading) noTable(h *header) *errs.Error {
	code := r.other(r.head)
	if code != "inventory_format" || h == nil {
		return errs.New(errs.Invalid, code)
	}
	var names []string
	for _, name := range h.names[:min(len(h.names), columnsShown)] {
		names = append(names, text.Shorten(name, maxColumnName))
	}
	return errs.New(errs.Invalid, h.lacks(), "columns", strings.Join(names, ", "))
}

// columnsShown is the number of columns that an error names.
const columnsShown = 12

// isPreamble reports whether a line above the header says nothing to people: the declaration of a
// separator, a comment, or empty cells.
func isPreamble(line []byte) bool {
	line = bytes.Trim(line, "\" \t,;|")
	return len(line) == 0 || isDeclaration(line) || bytes.HasPrefix(line, []byte("#")) || bytes.HasPrefix(line, []byte("//"))
}

// isDeclaration recognises sep=; of spreadsheet programs, in any spelling, and the #TYPE of
// PowerShell.
func isDeclaration(line []byte) bool {
	separator, declared := bytes.CutPrefix(bytes.ToLower(line), []byte("sep"))
	return declared && len(separator) < 16 && bytes.HasPrefix(bytes.TrimSpace(separator), []byte("=")) || bytes.HasPrefix(line, typeMark)
}

var typeMark = []byte("#TYPE ")

// other returns the code of a table that is no inventory.
func (r *reading) other(head []byte) (code string) {
	if r.options.Other != nil {
		if code = r.options.Other(head); code != "" {
			r.misfiled = code
			return code
		}
	}
	return "inventory_format"
}

// oneDevice is the device of a list without devices: the name of the file, or of its folder in an
// archive.
func (r *reading) oneDevice() []byte {
	name := r.pc
	if r.inside == "" {
		name = newListFile(r.options.Name).base
	}
	if name == "" { // no real device has this name
		return []byte("\x00")
	}
	return []byte(name)
}

// counting returns what counts a row with these columns. Cells may hold more than the columns.
func (r *reading) counting(c *columns) func(cells [][]byte) (flaw string, err error) {
	return r.countingOn(c, &install{device: r.oneDevice()}, &system{})
}

// countingOn is counting for rows that are of a device with that system where they tell no other. of has
// the device, its alias and its user.
func (r *reading) countingOn(c *columns, of *install, on *system) func(cells [][]byte) (flaw string, err error) {
	count := func(cells [][]byte) (flaw string, err error) { return r.deviceRow(cells, c, of, on) }
	if c.numbers {
		count = func(cells [][]byte) (flaw string, err error) { return r.numberRow(cells, c, on) }
	}
	if c.status < 0 && c.gone < 0 && c.present < 0 {
		return count
	}
	return func(cells [][]byte) (flaw string, err error) {
		gone := at(cells, c.gone)
		if c.numbers && len(gone) < len("1/1/26") { // a number of devices, as beside "Installations"
			gone = nil
		}
		if isRemoved(at(cells, c.status), gone, at(cells, c.present)) {
			r.removed++
			return skipped, nil
		}
		return count(cells)
	}
}

// systemOf returns the system that a row tells, by its source of software as osquery names them, or by
// other columns; on if it tells none. ok is false for a row that is left out because of its source.
func (r *reading) systemOf(cells [][]byte, c *columns, on *system) (s *system, ok bool) {
	if c.provider >= 0 && isPackageProvider(cells[c.provider]) {
		r.leaveOut(string(cells[c.provider]))
		return nil, false
	}
	if c.source >= 0 { // other sources, such as the folder of an installer, say nothing
		platform, packages := sourceOf(string(cells[c.source]))
		switch {
		case packages:
			r.leaveOut(string(cells[c.source]))
			return nil, false
		case platform != "":
			return &system{told: true, platform: platform}, true
		}
	}
	if s = r.systems.of(at(cells, c.platform), at(cells, c.system), at(cells, c.build)); !s.told {
		s = on
	}
	return s, true
}

// deviceRow counts a row of a device.
func (r *reading) deviceRow(cells [][]byte, c *columns, of *install, on *system) (flaw string, err error) {
	s, ok := r.systemOf(cells, c, on)
	if !ok {
		return skipped, nil
	}
	found := install{device: of.device, alias: of.alias, publisher: at(cells, c.publisher), name: cells[c.title], version: at(cells, c.version), user: at(cells, c.user)}
	if c.id >= 0 || c.device >= 0 {
		found.device, found.alias = firstCell(at(cells, c.id), at(cells, c.device))
	} else if len(found.user) == 0 {
		found.user = of.user
	}
	if c.shape == Osquery && len(found.publisher) == 0 && windows(string(found.name), "").name != nil {
		found.publisher = microsoft // a row of the table os_version
	}
	flaw, err = r.install(&found, s)
	if flaw == rowDevice && isTotal(Title{Name: clean(cells[c.title])}) {
		flaw = skipped
	}
	return flaw, err
}

// firstCell returns the id of a device and its name, or if it has no id its name alone.
func firstCell(id, name []byte) (device, alias []byte) {
	if named(id) {
		return id, name
	}
	return name, nil
}

// numberRow counts a row with a number of devices.
func (r *reading) numberRow(cells [][]byte, c *columns, on *system) (flaw string, err error) {
	s, ok := r.systemOf(cells, c, on)
	if !ok {
		return skipped, nil
	}
	number, ok := parseNumber(cells[c.number])
	if !ok {
		if !r.counter.titles.literal && isColumnName(string(cells[c.title])) {
			return headerAgain, nil
		}
		return rowNumber, nil
	}
	title := install{publisher: at(cells, c.publisher), name: cells[c.title], version: at(cells, c.version)}
	return r.literally(func() (string, error) { return r.addNumber(s, &title, at(cells, c.row), number) })
}

// at returns a cell of the row; nil for a missing column.
func at(cells [][]byte, column int) []byte {
	if column < 0 {
		return nil
	}
	return cells[column]
}

// rowFlaws are the codes of the flaws of a row.
var rowFlaws = [...]string{sheet.RowTooLong: rowTooLong, sheet.RowQuote: rowQuote, sheet.RowColumns: rowColumns}

// rows counts every row. Below another header, as in lists that were appended to each other, it
// reads the columns of that one.
func (r *reading) rows(t *sheet.Stream, h *header) error {
	if err := r.is(h.shape, h.numbers); err != nil {
		return err
	}
	count := r.counting(&h.columns)
	for {
		bad, err := t.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		flaw := rowFlaws[bad]
		switch bad {
		case 0:
			if flaw, err = count(t.Cells); err != nil {
				return err
			}
		case sheet.RowColumns:
			flaw = narrowRow(t.Cells[0])
		case sheet.RowTooLong, sheet.RowQuote:
		}
		if flaw == headerAgain {
			var next *header
			switch {
			case bad != 0 || isFull(h, t.Cells):
				next, err = r.nextHeader(t, h)
			case repeats(h.names, t.Cells):
				continue
			}
			switch {
			case err != nil:
				return err
			case next != nil:
				if err := r.is(next.shape, next.numbers); err != nil {
					return err
				}
				h, count = next, r.counting(&next.columns)
				continue
			case bad != 0:
				flaw = rowColumns
			default:
				if flaw, err = r.countRow(count, h.names, t.Cells); err != nil {
					return err
				}
			}
		}
		r.row(t.Line, flaw)
	}
}

// narrowRow returns the flaw of a row with another number of columns than the header, by its first
// cell.
func narrowRow(first []byte) (flaw string) {
	switch {
	case len(first) == 0, len(first) > 4*maxColumnName:
	case isColumnName(firstName(first)):
		return headerAgain
	case isDeclaration(first), isTotal(Title{Name: string(bytes.TrimSpace(first))}):
		return skipped
	}
	return rowColumns
}

// firstName returns the first cell of a row with any separator.
func firstName(row []byte) string {
	if end := bytes.IndexAny(row, sheet.StreamSeparators); end >= 0 {
		row = row[:end]
	}
	return string(row)
}

// isFull reports whether a row has a cell under every column that is named and read. One that has not
// is no header of other columns: it is the row of a title that only looks like the name of a column.
func isFull(h *header, cells [][]byte) bool {
	for i, cell := range cells {
		if h.names[i] != "" && len(bytes.TrimSpace(cell)) == 0 {
			return false
		}
	}
	return true
}

// nextHeader reads the row that was read last as a header; nil if it is none. Other columns than
// before are noted.
func (r *reading) nextHeader(t *sheet.Stream, h *header) (*header, error) {
	t.Back()
	next, ok, err := readHeader(t, h.shape)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		_, err := t.Next() // the row again
		return nil, err
	}
	if next.shape = h.shape; next.columns != h.columns {
		r.note(noteColumns, "line", strconv.FormatInt(t.Line, 10))
	}
	return next, nil
}

// maxNumber is the maximum number of devices in a row.
const maxNumber = 100_000_000

func parseNumber(cell []byte) (int, bool) {
	n, ok := text.Whole(string(bytes.TrimSpace(cell)))
	return n, ok && n <= maxNumber
}

// addNumber counts a row with a number of devices. A title has a row for each platform, and a
// device has one platform. row is the id of the row: one that comes again, in another page or file,
// counts once; nil if it has none.
func (r *reading) addNumber(s *system, found *install, row []byte, number int) (flaw string, err error) {
	platform := platformOf(s, found)
	if !r.countsOn(platform) {
		if r.elsewhere == nil {
			r.elsewhere = map[string]int{}
		}
		r.elsewhere[platform] = max(r.elsewhere[platform], number)
		return "", nil
	}
	title, flaw, err := r.counter.titles.number(found.publisher, found.name, found.version)
	if flaw != "" || err != nil {
		return flaw, err
	}
	for int(title) >= len(r.numbers) {
		r.numbers = append(r.numbers, 0)
	}
	r.numbers[title] += r.notYet(title, platform, row, number)
	return "", nil
}

// maxNumbered bounds the rows that notYet remembers, to some 40 MB. It is twice the number of titles that a
// file may have. Rows after them count in full, also if they come again.
const maxNumbered = 1 << 20

// notYet returns the part of a number that no earlier row with the id had.
func (r *reading) notYet(title uint32, platform string, row []byte, number int) int {
	if !named(row) {
		return number
	}
	if r.numbered == nil {
		r.numbered = map[uint64]int{}
	}
	key := maphash.Bytes(r.counter.seed, append(append([]byte(platform), 0), row...)) ^ mix(uint64(title)+1)
	before, again := r.numbered[key]
	switch {
	case again:
		r.repeated++
	case len(r.numbered) >= maxNumbered:
		r.full = true
		return number
	}
	r.numbered[key] = max(before, number)
	return r.numbered[key] - before
}
