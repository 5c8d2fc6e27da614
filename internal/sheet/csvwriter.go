package sheet

import (
	"encoding/csv"
	"io"
)

// CSVWriter writes CSV for spreadsheet programs: RFC 4180 in UTF-8 with a byte-order
// mark. Without the mark Excel reads the file in the code page of its computer.
type CSVWriter struct {
	w     *csv.Writer
	cells []string // of the record at hand, reused
}

// NewCSVWriter returns a writer of records to a file. It writes the byte-order mark.
func NewCSVWriter(to io.Writer) (*CSVWriter, error) {
	if _, err := io.WriteString(to, BOM); err != nil {
		return nil, err
	}
	w := csv.NewWriter(to)
	w.UseCRLF = true
	return &CSVWriter{w: w}, nil
}

// Write writes a record. No text starts a formula: an apostrophe comes before it (R8.4).
// Numbers stay numbers, also negative ones. Errors are returned by Flush.
func (c *CSVWriter) Write(record []Value) {
	c.cells = c.cells[:0]
	for _, v := range record {
		cell := v.String()
		if v.Kind != KindNumber {
			cell = Neutralise(cell)
		}
		c.cells = append(c.cells, cell)
	}
	c.w.Write(c.cells) //nolint:errcheck // the writer keeps the error for Flush
}

// Flush writes what is buffered, and returns the first error of all writes.
func (c *CSVWriter) Flush() error {
	c.w.Flush()
	return c.w.Error()
}
