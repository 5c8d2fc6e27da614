package pairfile

import (
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/sheet"
)

// The part of a file from which its separator is guessed.
const (
	guessBytes   = 32 << 10
	guessRecords = 1000
)

// guessSeparator returns the separator of a file without a separator line: the one with which
// its first records look most like rows of pairs.
func guessSeparator(content string) byte {
	if len(content) > guessBytes {
		content = content[:guessBytes]
		if end := strings.LastIndexAny(content, "\r\n"); end >= 0 {
			content = content[:end] // without the record that is cut off
		}
	}
	return sheet.BestSeparator(sheet.Separators, func(separator byte) int { return separatorPoints(content, separator) })
}

// separatorPoints is high for a header, for numbers in the first two cells, and for two cells that
// another separator does not cut. A row counts although its numbers are wrong: then only the
// columns tell. The right number of columns counts little, because a comma in
// "01-07001;01-07001;Office, Dutch" also makes two; more if every record has it with a separator
// that is rare in names. A quote that is not closed takes only its own line, as in Read.
func separatorPoints(content string, separator byte) int {
	var l layout
	s, header, more := firstRecord(content, separator, 1, &l)
	points, n, even := 0, 0, separator != ','
	if header {
		points = 1000
	}
	for ; more && n < guessRecords; more = s.Next() {
		cells := withoutEmptyEnd(unwrapped(s, separator, &l).Texts())
		n++
		even = even && (len(cells) == 2 || len(cells) == 3)
		if len(cells) < 2 {
			continue
		}
		if len(cells) <= 4 {
			points++
		}
		switch {
		case isNumber(cells[0], separator) && isNumber(cells[1], separator):
			points += 6
		case isWhole(cells[0], separator) && isWhole(cells[1], separator):
			points += 4
		}
	}
	if even {
		points += 2 * n
	}
	return points
}

// isNumber reports whether a cell is a number, or what a spreadsheet with decimal commas has made
// of one.
func isNumber(cell string, separator byte) bool {
	return agreement.LooksLikeNumber(cell) || separator != ',' && agreement.IsReshaped(cell)
}

// isWhole reports whether no other separator cuts a cell.
func isWhole(cell string, separator byte) bool {
	return !strings.ContainsFunc(cell, func(r rune) bool {
		return r != rune(separator) && strings.ContainsRune(sheet.Separators, r)
	})
}
