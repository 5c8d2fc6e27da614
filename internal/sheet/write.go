package sheet

import (
	"bytes"
	"strings"

	"trueup/internal/text"
)

// WriteCell writes a cell of CSV, quoted if needed. Spreadsheet programs do not read it as a
// formula.
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

// Neutralise prevents spreadsheet programs from reading a cell as a formula.
func Neutralise(value string) string {
	if value != "" && strings.IndexByte("=+-@\t\r\n", value[0]) >= 0 {
		return "'" + value
	}
	return value
}

// restored removes the apostrophe that Neutralise put before a sign. Names and numbers cannot
// start with an apostrophe, so it has no other meaning.
func restored(value string) string {
	if len(value) > 1 && value[0] == '\'' && strings.IndexByte("=+-@", value[1]) >= 0 {
		return value[1:]
	}
	return value
}
