package pairfile

import (
	"slices"
	"strconv"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/sheet"
)

// noNames are what programs and people write for no name, in the form of normal. Words such as None,
// Blank and NA are missing, because an agreement can have such a name.
var noNames = []string{
	"null", "(null)", "<null>", "[null]", "(none)", "(blank)", "(empty)", "n/a", "n.a.", "n.a", "#n/a", "#n/b",
	"n.v.t.", "n.v.t", "(geen)", "(leeg)", "s/o", "s.o.", "s.o", "(aucun)", "(vide)",
}

// meansNoName reports whether a name stands for no name: empty, NULL, N/A, zeros, or only marks
// such as a hyphen.
func meansNoName(name string) bool {
	if strings.Trim(name, "0") == "" || strings.Trim(name, "-–—_.?/ ") == "" {
		return true
	}
	return len(name) <= len("(empty)") && slices.Contains(noNames, normal(name))
}

// suspicion returns the warning about a number that is allowed; empty for none.
func suspicion(number string) string {
	switch {
	case number == "":
		return ""
	case isLetters(number):
		return "number_without_digit"
	case hasDateParts(number) && agreement.LooksLikeNumber(number) && agreement.IsDate(number):
		return "number_like_date"
	}
	return ""
}

// isLetters reports whether a number has letters and no digits.
func isLetters(number string) bool {
	letters := false
	for _, r := range number {
		switch {
		case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z':
			letters = true
		case r != '-':
			return false
		}
	}
	return letters
}

// looksLikeHeader reports whether a record is a header although its words are not known: no cell
// has a digit, except for names that programs give to columns, such as Column1.
func looksLikeHeader(s *sheet.Scanner) bool {
	cells := withoutEmptyEnd(s.Texts())
	numbered := areNumbered(cells)
	for i, cell := range cells {
		if s.Cells[i].Flaw != "" || !numbered && !isHeaderWord(cell) {
			return false
		}
	}
	return true
}

// columnWords are the names that programs give to columns, before a number.
var columnWords = []string{"column", "col", "kolom", "kol", "colonne", "field", "veld", "champ", "unnamed"}

// isHeaderWord reports whether a cell has no digit, or is the name of a column with a number of at
// most two digits. Other letters with a number, such as LIC-01, are a number of an agreement.
func isHeaderWord(cell string) bool {
	stem := strings.TrimRight(cell, "0123456789")
	if stem == cell {
		return !strings.ContainsAny(stem, "0123456789")
	}
	return len(cell)-len(stem) <= 2 && slices.Contains(columnWords, normal(strings.TrimRight(stem, " _-:#.")))
}

// areNumbered reports whether cells are F1, F2, F3 and so on, as a database driver names the columns
// of a sheet.
func areNumbered(cells []string) bool {
	for i, cell := range cells {
		if !strings.EqualFold(cell, "f"+strconv.Itoa(i+1)) {
			return false
		}
	}
	return len(cells) >= 2
}

// hasDateParts reports whether a number has two hyphens, or one and letters, as every date has.
func hasDateParts(number string) bool {
	hyphens, letters := 0, false
	for i := range len(number) {
		switch c := number[i]; {
		case c == '-':
			hyphens++
		case c > '9':
			letters = true
		}
	}
	return hyphens >= 2 || hyphens == 1 && letters
}
