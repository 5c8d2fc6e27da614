package sheet

import (
	"bytes"
	"strings"

	"trueup/internal/text"
)

// WriteCell writes a cell of CSV, quoted if it has to be. It is readable on one line,
// and no spreadsheet program takes it for a formula.
func WriteCell(w *bytes.Buffer, value string, separator byte) {
	value = Neutralise(text.Readable(value))
	if strings.IndexByte(value, separator) < 0 && !strings.ContainsAny(value, "\"\r\n") {
		w.WriteString(value)
		return
	}
	w.WriteByte('"')
	w.WriteString(strings.ReplaceAll(value, `"`, `""`))
	w.WriteByte('"')
}

// Neutralise keeps a spreadsheet program from taking a cell for a formula.
func Neutralise(value string) string {
	if value != "" && strings.IndexByte("=+-@\t\r\n", value[0]) >= 0 {
		return "'" + value
	}
	return value
}

// restored takes away the apostrophe that Neutralise put before a sign. It is
// allowed neither in a name nor in a number, so nothing else can have meant it.
func restored(value string) string {
	if len(value) > 1 && value[0] == '\'' && strings.IndexByte("=+-@", value[1]) >= 0 {
		return value[1:]
	}
	return value
}
