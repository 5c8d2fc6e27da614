package inventory

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/sheet"
)

// The columns of Intune's reports that are read. Others are optional.
const (
	titleColumn     = "ApplicationName"
	publisherColumn = "ApplicationPublisher"
	versionColumn   = "ApplicationVersion"
	deviceColumn    = "DeviceId"    // of AppInvRawData
	numberColumn    = "DeviceCount" // of AppInvAggregate
)

// report holds the positions of the columns of an Intune report, -1 for a missing one.
type report struct {
	shape                                     Shape
	title, publisher, version, device, number int
}

// reportOf recognises a report by the names of its columns.
func reportOf(names []string) (r report, ok bool) {
	find := func(column string) int {
		return slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, column) })
	}
	r = report{
		title: find(titleColumn), publisher: find(publisherColumn), version: find(versionColumn),
		device: find(deviceColumn), number: find(numberColumn),
	}
	switch {
	case r.title < 0:
		return r, false
	case r.device >= 0:
		r.shape = AppInvRawData
	case r.number >= 0:
		r.shape = AppInvAggregate
	}
	return r, r.shape != ""
}

// readTable reads a report of Intune.
func (r *reading) readTable(file io.Reader) error {
	if r.buffer == nil {
		r.buffer = make([]byte, sheet.StreamBuffer)
	}
	t := sheet.NewStream(file, r.buffer)
	var columns report
	ok, err := t.Header(func(names []string) (last int, ok bool) {
		columns, ok = reportOf(names)
		return max(columns.title, columns.publisher, columns.version, columns.device, columns.number), ok
	})
	if err != nil {
		return err
	}
	if !ok {
		return errs.New(errs.Invalid, "inventory_format")
	}
	if err := r.is(columns.shape); err != nil {
		return err
	}
	if columns.shape == AppInvRawData {
		return r.rows(t, func() (string, error) {
			return r.counter.add(t.Cells[columns.device], at(t, columns.publisher), t.Cells[columns.title], at(t, columns.version))
		})
	}
	return r.rows(t, func() (string, error) {
		number, ok := parseNumber(t.Cells[columns.number])
		if !ok {
			return rowNumber, nil
		}
		return r.addNumber(at(t, columns.publisher), t.Cells[columns.title], at(t, columns.version), number)
	})
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

// rows calls use for every complete row.
func (r *reading) rows(t *sheet.Stream, use func() (flaw string, err error)) error {
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
		r.row(t.Line, flaw)
	}
}

// maxNumber is the maximum number of devices in a row of AppInvAggregate.
const maxNumber = 100_000_000

func parseNumber(cell []byte) (int, bool) {
	n, err := strconv.Atoi(string(bytes.TrimSpace(cell)))
	return n, err == nil && n >= 0 && n <= maxNumber
}

// addNumber counts a row of AppInvAggregate. A title has a row for each platform, and a device
// has one platform.
func (r *reading) addNumber(publisher, name, version []byte, number int) (flaw string, err error) {
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
