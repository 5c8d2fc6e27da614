package inventory

import (
	"bytes"
	"strings"

	"trueup/internal/text"
)

// nothings are the texts, in lower case, that programs write for a value that is missing.
var nothings = map[string]bool{
	"null": true, "(null)": true, "<null>": true, "nil": true, "none": true, "(none)": true, "undefined": true,
	"n/a": true, "#n/a": true, "-": true, "--": true, `\n`: true, "[no results]": true,
}

const longestNothing = len("[no results]")

// isNothing reports whether a text without surrounding spaces stands for a missing value.
func isNothing(text string) bool {
	return len(text) <= longestNothing && (text == "" || nothings[strings.ToLower(text)])
}

// isZero reports whether an id consists of zeros, as systems write when they do not know one.
func isZero(id string) bool {
	return strings.Contains(id, "0") && strings.Trim(id, "0-{}") == ""
}

// startsNothing has the first bytes of texts that may name nothing.
var startsNothing = func() (may [256]bool) {
	for _, c := range []byte("0{ \tuU") {
		may[c] = true
	}
	for text := range nothings {
		may[text[0]], may[strings.ToUpper(text)[0]] = true, true
	}
	return may
}()

// named reports whether an id or a name names anything.
func named(cell []byte) bool {
	if len(cell) > 0 && !startsNothing[cell[0]] {
		return true // most cells
	}
	cell = bytes.TrimSpace(cell)
	return !isNothing(string(cell)) && !isZero(string(cell))
}

// clean returns a cell as text for users; empty if it stands for a missing value.
func clean(cell []byte) string {
	shown := text.Collapse(text.Readable(string(cell)))
	if isNothing(shown) {
		return ""
	}
	return shown
}

// totals are the names of rows with a total, in the form of text.Letters.
var totals = map[string]bool{
	"total": true, "totals": true, "grandtotal": true, "subtotal": true,
	"totaal": true, "eindtotaal": true, "subtotaal": true,
	"totaux": true, "totalgeneral": true, "soustotal": true,
	"gesamt": true, "gesamtsumme": true, "summe": true, "zwischensumme": true,
}

// isTotal reports whether a row is no title, but the total that a report has below its table, the
// line of dashes of a database's client below the header, or its last line "(7 rows affected)".
func isTotal(t Title) bool {
	switch {
	case t.Name == "":
		return false
	case strings.Trim(t.Name, "-=_+ ") == "":
		return true
	case t.Publisher != "", t.Version != "":
		return false
	}
	name := text.Letters(strings.TrimRight(t.Name, " :=.,0123456789"))
	return totals[name] || t.Name[0] == '(' && strings.HasSuffix(name, "rowsaffected") || name == "rowsaffected"
}
