package sheet

import (
	"bytes"
	"iter"
	"slices"
	"strings"

	"trueup/internal/text"
)

// The media types of the files that this package writes.
const (
	MediaCSV  = "text/csv; charset=utf-8"
	MediaXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

// WriteCell writes a cell of CSV, quoted if needed. Spreadsheet programs do not read it, or a part of
// it, as a formula.
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

// Neutralise prevents spreadsheet programs from reading a cell as a formula: it puts an apostrophe
// before a sign that starts one. A program that is set to another separator, as those of other
// countries are, splits the cell, so a sign after a separator or a line break starts a formula too.
// Some programs read full-width signs as signs.
func Neutralise(value string) string {
	if value != "" && strings.IndexByte("\t\r\n", value[0]) >= 0 {
		value = "'" + value
	}
	var b strings.Builder
	done := 0
	for i := range formulas(value) {
		b.WriteString(value[done:i])
		b.WriteByte('\'')
		done = i
	}
	if done == 0 && b.Len() == 0 {
		return value
	}
	b.WriteString(value[done:])
	return b.String()
}

// restored removes the apostrophes that Neutralise put before signs. Names and numbers cannot
// contain an apostrophe there, so it has no other meaning.
func restored(value string) string {
	if strings.IndexByte(value, '\'') < 0 {
		return value
	}
	var b strings.Builder
	done, starts := 0, true
	for i := 0; i < len(value); i++ {
		if starts && value[i] == '\'' && isSign(value[i+1:]) {
			b.WriteString(value[done:i])
			done = i + 1
			starts = false
			continue
		}
		starts = startsAfter(value[i], starts)
	}
	if done == 0 {
		return value
	}
	b.WriteString(value[done:])
	return b.String()
}

// formulas returns the positions of the signs that start a formula.
func formulas(value string) iter.Seq[int] {
	return func(yield func(int) bool) {
		starts := true
		for i := range len(value) {
			if starts && isSign(value[i:]) && !yield(i) {
				return
			}
			starts = startsAfter(value[i], starts)
		}
	}
}

// startsAfter reports whether a formula may start after a byte: after a separator or a line break,
// and after spaces and quotes that follow one, because programs ignore them.
func startsAfter(c byte, before bool) bool {
	switch c {
	case ',', ';', '\t', '\r', '\n':
		return true
	case ' ', '"':
		return before
	}
	return false
}

// isSign reports whether a text begins with a sign that can start a formula, or its full-width form.
func isSign(s string) bool {
	if s == "" {
		return false
	}
	return strings.IndexByte("=+-@", s[0]) >= 0 || s[0] == 0xef && slices.ContainsFunc(fullWidth, func(sign string) bool { return strings.HasPrefix(s, sign) })
}

// fullWidth are the full-width forms of the signs.
var fullWidth = []string{"\uff1d", "\uff0b", "\uff0d", "\uff20"}

// CellText returns the text of a cell as a reader takes it: without surrounding spaces, without the
// apostrophes of Neutralise, and of a formula ="text" the text. Scanner does so itself.
func CellText(cell string) string { return formulaContent(restored(strings.TrimSpace(cell))) }

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
