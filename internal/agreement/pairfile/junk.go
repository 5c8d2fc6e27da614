package pairfile

import (
	"slices"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/sheet"
)

// noNames are what programs and people write for no name, in the form of normal.
var noNames = []string{
	"null", "(null)", "<null>", "[null]", "nil", "none", "(none)", "blank", "(blank)", "empty", "n/a", "n.a.", "n.a", "na", "#n/a", "#n/b",
	"geen", "nvt", "n.v.t.", "n.v.t", "leeg", "(leeg)", "aucun", "neant", "s/o", "s.o.", "s.o", "sans objet", "vide", "(vide)",
}

// meansNoName reports whether a name stands for no name: empty, NULL, N/A, zeros, or only marks
// such as a hyphen.
func meansNoName(name string) bool {
	if strings.Trim(name, "0") == "" || strings.Trim(name, "-–—_.?/ ") == "" {
		return true
	}
	return len(name) <= len("sans objet")+2 && slices.Contains(noNames, normal(name))
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

// looksLikeHeader reports whether the first record of a file is a header although its words are
// not known: no cell has a digit, except for words with a number such as Column1.
func looksLikeHeader(s *sheet.Scanner) bool {
	cells := withoutEmptyEnd(s.Texts())
	numbered := areNumbered(cells)
	for i, cell := range cells {
		if s.Cells[i].Flaw != "" || !numbered && !isWord(cell) {
			return false
		}
	}
	return true
}

// isWord reports whether a cell has no digit, or is a word with a number of at most two digits.
func isWord(cell string) bool {
	stem := strings.TrimRight(cell, "0123456789")
	if strings.ContainsAny(stem, "0123456789") {
		return false
	}
	return stem == cell || len(cell)-len(stem) <= 2 && len(strings.TrimRight(stem, " _-")) >= 3
}

// areNumbered reports whether cells are the same letters with consecutive numbers, such as F1, F2
// and F3.
func areNumbered(cells []string) bool {
	if len(cells) < 2 || len(cells) > 9 {
		return false
	}
	stem := strings.TrimRight(cells[0], "0123456789")
	first := strings.TrimPrefix(cells[0], stem)
	if stem == "" || strings.ContainsAny(stem, "0123456789-") || first != "0" && first != "1" {
		return false
	}
	for i, cell := range cells {
		if !strings.EqualFold(cell, stem+string(first[0]+byte(i))) {
			return false
		}
	}
	return true
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
