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

// formulaContent returns the text of the formula ="text", with which programs keep a spreadsheet
// from changing a text; any other value unchanged.
func formulaContent(value string) string {
	if len(value) < 3 || !strings.HasPrefix(value, `="`) || value[len(value)-1] != '"' {
		return value
	}
	if content := value[2 : len(value)-1]; strings.IndexByte(content, '"') < 0 {
		return trimBlanks(content)
	}
	return value
}
