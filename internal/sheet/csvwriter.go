package sheet

import (
	"bytes"
	"io"
	"strings"
)

// CSVWriter writes CSV for spreadsheet programs: RFC 4180 in UTF-8 with a byte-order
// mark. Without the mark Excel reads the file in the code page of its computer.
type CSVWriter struct {
	to        io.Writer
	separator byte
	record    bytes.Buffer // the records that are not yet written
	err       error
}

// buffered is the size, in bytes, from which a CSVWriter writes its records.
const buffered = 32 << 10

// NewCSVWriter returns a writer of records with a separator to a file. It writes the byte-order mark.
func NewCSVWriter(to io.Writer, separator byte) (*CSVWriter, error) {
	if _, err := io.WriteString(to, BOM); err != nil {
		return nil, err
	}
	return &CSVWriter{to: to, separator: separator}, nil
}

// Write writes a record. No text starts a formula, whatever separator a program is set to: an
// apostrophe comes before it (R8.4). Numbers stay numbers, also negative ones. Hundredths and amounts have a
// decimal comma in a file with semicolons: programs that expect these read 36.90 as text. Errors are returned
// by Flush.
func (c *CSVWriter) Write(record []Value) {
	for i, v := range record {
		if i > 0 {
			c.record.WriteByte(c.separator)
		}
		switch v.Kind {
		case KindNumber:
			c.record.WriteString(v.String())
		case KindHundredths:
			c.record.WriteString(c.decimals(v))
		case KindAmounts:
			WriteCell(&c.record, c.decimals(v), c.separator)
		case KindText, KindDay:
			WriteCell(&c.record, v.String(), c.separator)
		}
	}
	c.record.WriteString("\r\n")
	if c.record.Len() >= buffered {
		_ = c.Flush() // keeps its error
	}
}

// decimals returns a value whose only points are decimal ones, with the decimal sign of the file.
func (c *CSVWriter) decimals(v Value) string {
	if c.separator == ';' {
		return strings.ReplaceAll(v.String(), ".", ",")
	}
	return v.String()
}

// Flush writes what is buffered, and returns the first error of all writes.
func (c *CSVWriter) Flush() error {
	if c.err == nil {
		_, c.err = c.to.Write(c.record.Bytes())
	}
	c.record.Reset()
	return c.err
}
