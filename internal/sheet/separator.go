package sheet

import "strings"

// The separators of CSV files, in the order in which a reader prefers them.
const (
	Separators = ",;\t" // the most frequent first
	// RarestFirst is for files of names: names contain commas more often than semicolons, and
	// rarely tabs.
	RarestFirst = "\t;,"
)

// Separator is a separator of CSV files to write, by name.
type Separator string

// The separators of files to write. Programs in languages that write decimals with a comma expect a
// semicolon.
const (
	Comma     Separator = "comma"
	Semicolon Separator = "semicolon"
)

// WrittenSeparators lists every Separator.
var WrittenSeparators = []Separator{Comma, Semicolon}

// Byte returns the character of the separator; a comma for an unknown one.
func (s Separator) Byte() byte {
	if s == Semicolon {
		return ';'
	}
	return ','
}

// SeparatorLine recognises "sep=;", a first line with which spreadsheet programs declare the
// separator, and returns the length of the line in bytes. People write it with spaces or in quotes,
// and a program that saves it again as a row adds separators: "sep=,,,".
func SeparatorLine(text string) (sep byte, length int) {
	line := text[:LineLength(text[:min(len(text), maxSeparatorLine)])]
	if len(line) == maxSeparatorLine {
		return 0, 0
	}
	hint := strings.TrimLeft(line, ` "`)
	if len(hint) < 3 || !strings.EqualFold(hint[:3], "sep") {
		return 0, 0
	}
	value, found := strings.CutPrefix(strings.TrimLeft(hint[3:], " "), "=")
	if value = strings.TrimLeft(value, ` "`); !found || value == "" || strings.IndexByte(Separators, value[0]) < 0 {
		return 0, 0
	}
	if strings.Trim(value, value[:1]+Separators+` "`) != "" {
		return 0, 0
	}
	return value[0], len(line) + LineEnd(text[len(line):])
}

// maxSeparatorLine is longer than a separator line: one with the separators of 40 empty columns.
const maxSeparatorLine = 64

// Evidence says how the records of a kind of file show their separator.
type Evidence struct {
	Separators string // candidates; the earlier one wins a tie
	Records    int    // number of records that count
	// Points returns how much a record, split by a candidate, looks like a record of such a file.
	Points func(cells []string, first bool) int
}

// guessBytes limits the part of a text from which GuessSeparator guesses.
const guessBytes = 32 << 10

// GuessSeparator returns the separator of a CSV text without a separator line: the candidate for
// which the first records have the most points.
func GuessSeparator(text string, e Evidence) byte {
	text = text[:min(len(text), guessBytes)]
	return BestSeparator(e.Separators, func(separator byte) int {
		points, n := 0, 0
		for r := range Records(text, separator) {
			points += e.Points(r.Cells, n == 0)
			if n++; n == e.Records {
				break
			}
		}
		return points
	})
}

// BestSeparator returns the candidate with the highest score; the first of equal ones. It is a
// comma if no score is above 0.
func BestSeparator(candidates string, score func(separator byte) int) byte {
	best, most := byte(','), 0
	for _, separator := range []byte(candidates) {
		if n := score(separator); n > most {
			best, most = separator, n
		}
	}
	return best
}
