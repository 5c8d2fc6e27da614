package inventory

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/errs"
	"trueup/internal/sheet"
)

// readTable reads a table whose text starts with head.
func (r *reading) readTable(file *bufio.Reader, head []byte) error {
	if r.buffer == nil {
		r.buffer = make([]byte, sheet.StreamBuffer)
	}
	agreements := isAgreements(head)
	hint, skipped := preamble(file, head)
	t := sheet.NewStream(file, r.buffer)
	var c columns
	ok, err := t.Header(func(names []string) (last int, ok bool) {
		c, ok = columnsOf(names, hint)
		return c.last(), ok
	})
	switch {
	case err != nil:
		return err
	case !ok && agreements:
		return errs.New(errs.Invalid, "inventory_agreements")
	case !ok:
		return errs.New(errs.Invalid, "inventory_format")
	}
	if err := r.is(c.shape, c.numbers); err != nil {
		return err
	}
	if c.numbers {
		return r.rows(t, skipped, func() (string, error) { return r.numberRow(t, c) })
	}
	device := r.oneDevice()
	return r.rows(t, skipped, func() (string, error) { return r.deviceRow(t, c, device) })
}

// preamble skips the lines before the header: sep=; of spreadsheet programs and #TYPE of
// PowerShell, which shows the shape.
func preamble(file *bufio.Reader, head []byte) (hint Shape, lines int64) {
	for {
		_, length := sheet.SeparatorLine(string(head[:min(len(head), 128)]))
		if bytes.HasPrefix(head, []byte("#TYPE ")) {
			hint = PowerShell
			length = bytes.IndexByte(head, '\n') + 1
		}
		if length == 0 {
			return hint, lines
		}
		_, _ = file.Discard(length) // cannot fail: the bytes were peeked
		head = head[length:]
		lines++
	}
}

// isAgreements reports whether a file is one of agreement numbers: its first line has their column
// names, or two numbers.
func isAgreements(head []byte) bool {
	line := string(bytes.TrimLeft(head, "\r\n"))
	line = line[:sheet.LineLength(line)]
	for _, separator := range sheet.Separators {
		cells := strings.Split(line, string(separator))
		if len(cells) < 2 {
			continue
		}
		first, named := pairfile.KnownHeader(cells[0])
		second, alsoNamed := pairfile.KnownHeader(cells[1])
		if named && alsoNamed && (first == pairfile.ColumnAuthorization || second == pairfile.ColumnAuthorization) {
			return true
		}
		if agreement.LooksLikeNumber(strings.Trim(cells[0], `" `)) && agreement.LooksLikeNumber(strings.Trim(cells[1], `" `)) {
			return true
		}
	}
	return false
}

// oneDevice is the device of a table without devices: the name of the file.
func (r *reading) oneDevice() []byte {
	name := r.options.Name
	if r.inside != "" {
		name = path.Base(r.inside)
	}
	name = strings.TrimSuffix(name, path.Ext(name))
	if name == "" { // no real device has this name
		return []byte("\x00")
	}
	return []byte(name)
}

// deviceRow counts a row of a device.
func (r *reading) deviceRow(t *sheet.Stream, c columns, device []byte) (flaw string, err error) {
	if c.id >= 0 || c.device >= 0 {
		device = firstCell(at(t, c.id), at(t, c.device))
	}
	found := install{device: device, publisher: at(t, c.publisher), name: t.Cells[c.title], version: at(t, c.version), user: at(t, c.user)}
	return r.install(&found, r.systems.of(at(t, c.platform), at(t, c.system), at(t, c.build)))
}

// firstCell returns the id of a device, or if it is empty its name.
func firstCell(id, name []byte) []byte {
	if named(id) {
		return id
	}
	return name
}

// nobody is the id that systems write when they do not know one.
const nobody = "00000000-0000-0000-0000-000000000000"

// named reports whether an id or a name names anything.
func named(cell []byte) bool {
	if len(cell) > 0 && cell[0] != '0' && cell[0] != ' ' && cell[0] != '\t' {
		return true // most cells
	}
	cell = bytes.TrimSpace(cell)
	return len(cell) > 0 && string(cell) != nobody
}

// numberRow counts a row with a number of devices.
func (r *reading) numberRow(t *sheet.Stream, c columns) (flaw string, err error) {
	number, ok := parseNumber(t.Cells[c.number])
	if !ok {
		return rowNumber, nil
	}
	system := r.systems.of(at(t, c.platform), at(t, c.system), at(t, c.build))
	return r.addNumber(system.platform, at(t, c.publisher), t.Cells[c.title], at(t, c.version), number)
}

// at returns a cell of the row; nil for a missing column.
func at(t *sheet.Stream, column int) []byte {
	if column < 0 {
		return nil
	}
	return t.Cells[column]
}

// rowFlaws are the codes of the flaws of a row.
var rowFlaws = [...]string{sheet.RowTooLong: rowTooLong, sheet.RowQuote: rowQuote, sheet.RowColumns: rowColumns}

// rows calls use for every complete row. skipped is the number of lines before the header.
func (r *reading) rows(t *sheet.Stream, skipped int64, use func() (flaw string, err error)) error {
	for {
		bad, err := t.Next()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		flaw := rowFlaws[bad]
		if bad == 0 {
			if flaw, err = use(); err != nil {
				return err
			}
		}
		r.row(skipped+t.Line, flaw)
	}
}

// maxNumber is the maximum number of devices in a row.
const maxNumber = 100_000_000

func parseNumber(cell []byte) (int, bool) {
	n, err := strconv.Atoi(string(bytes.TrimSpace(cell)))
	return n, err == nil && n >= 0 && n <= maxNumber
}

// addNumber counts a row with a number of devices. A title has a row for each platform, and a
// device has one platform.
func (r *reading) addNumber(platform string, publisher, name, version []byte, number int) (flaw string, err error) {
	if platform != "" {
		if r.elsewhere == nil {
			r.elsewhere = map[string]int{}
		}
		r.elsewhere[platform] = max(r.elsewhere[platform], number)
		return "", nil
	}
	title, flaw, err := r.counter.titles.number(publisher, name, version)
	if flaw != "" || err != nil {
		return flaw, err
	}
	for int(title) >= len(r.numbers) {
		r.numbers = append(r.numbers, 0)
	}
	r.numbers[title] += number
	return "", nil
}
