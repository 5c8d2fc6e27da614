package agreement

import (
	"slices"
	"strings"

	"trueup/internal/text"
)

// This file recognises what spreadsheet programs make of numbers. Their characters must not be
// removed one by one: 1.23457E+14 would become another number.

// damage returns the code of the violation of a number that a spreadsheet has changed; empty if it
// has not.
func damage(number string) string {
	switch {
	case isCellError(number):
		return "cell_error"
	case isScientific(number):
		return "number_scientific"
	case IsDate(number):
		return "number_date"
	case ungrouped(number) != "":
		return "number_thousands"
	case isDecimal(number):
		return "number_decimal"
	case hasCompany(number):
		return "number_not_alone"
	}
	return ""
}

// numberWords are words, in small letters, that people write before a number.
var numberWords = []string{"n", "no", "nr", "nbr", "num", "id"}

// hasCompany reports whether a cell has several numbers, or a number with words such as "No.":
// without the characters between them they would be another number.
func hasCompany(cell string) bool {
	numbers, words, long, remark := 0, 0, false, strings.ContainsAny(cell, "([")
	for _, part := range strings.FieldsFunc(strings.ToLower(cell), func(r rune) bool { return strings.ContainsRune(" .,:;/|&+#°()[]\u00a0", r) }) {
		n := 0
		for i := range len(part) {
			if '0' <= part[i] && part[i] <= '9' {
				n++
			}
		}
		switch {
		case n >= 5:
			numbers++
		case n == 0 && (remark || len(part) >= 4 || slices.Contains(numberWords, part)) && strings.Trim(part, "abcdefghijklmnopqrstuvwxyz") == "":
			words++
		}
		long = long || n >= 4
	}
	return numbers > 1 || words > 0 && long
}

// IsReshaped reports whether a cell is a number in a form that a spreadsheet with decimal commas
// shows: 1,23457E+14, 12345678,00 or 1,234,567.
func IsReshaped(cell string) bool {
	return isScientific(cell) || isDecimal(cell) || ungrouped(cell) != ""
}

// isCellError reports whether a cell shows an error of a spreadsheet, in any language, or that its
// column is too narrow.
func isCellError(cell string) bool {
	rest, found := strings.CutPrefix(cell, "#")
	if !found || rest == "" {
		return false
	}
	if strings.Trim(rest, "#") == "" {
		return true
	}
	switch rest[len(rest)-1] {
	case '!', '?':
		return strings.Trim(text.WithoutAccents(rest[:len(rest)-1]), "ABCDEFGHIJKLMNOPQRSTUVWXYZ/0") == ""
	}
	return slices.Contains([]string{"N/A", "N/B", "NV"}, strings.ToUpper(rest))
}

// digits returns the number of digits that s starts with.
func digits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}

// isScientific reports whether a number is in scientific notation, such as 1.23457E+14. Only
// letters and digits, as in 12E4, can be a number.
func isScientific(number string) bool {
	s := strings.TrimLeft(number, "+-")
	n := digits(s)
	if n == 0 {
		return false
	}
	s, marked := s[n:], false
	if s != "" && (s[0] == '.' || s[0] == ',') {
		s, marked = s[1+digits(s[1:]):], true
	}
	s = strings.ReplaceAll(s, " ", "")
	if s == "" || s[0] != 'E' && s[0] != 'e' {
		return false
	}
	s = s[1:]
	if s != "" && (s[0] == '+' || s[0] == '-') {
		marked = marked || s[0] == '+'
		s = s[1:]
	}
	return marked && s != "" && digits(s) == len(s)
}

// isDecimal reports whether a number has a decimal point or comma.
func isDecimal(number string) bool {
	s := strings.TrimLeft(number, "+-")
	n := digits(s)
	if n == 0 || n == len(s) || s[n] != '.' && s[n] != ',' {
		return false
	}
	fraction := s[n+1:]
	return fraction != "" && digits(fraction) == len(fraction)
}

// groupMarks are the characters between groups of three digits.
const groupMarks = ",.' ’\u00a0\u202f\u2009"

// ungrouped returns a number without the marks between groups of three digits, such as 1,234,567;
// empty if it has no such groups, or decimals other than zeros. One group, as in 12.345, may as well
// be decimals.
func ungrouped(number string) string {
	first := digits(number)
	if first == 0 || first > 3 {
		return ""
	}
	plain, rest, groups := number[:first], number[first:], 0
	mark := ""
	for _, r := range rest {
		mark = string(r)
		break
	}
	if mark == "" || !strings.Contains(groupMarks, mark) {
		return ""
	}
	for strings.HasPrefix(rest, mark) && digits(rest[len(mark):]) >= 3 {
		plain, rest, groups = plain+rest[len(mark):len(mark)+3], rest[len(mark)+3:], groups+1
	}
	decimals := ""
	if rest != "" && (rest[0] == '.' || rest[0] == ',') && rest[:1] != mark {
		decimals, rest = rest[1:], ""
	}
	if rest != "" || strings.Trim(decimals, "0") != "" || groups == 0 || groups == 1 && decimals == "" {
		return ""
	}
	return plain
}

// months are the first letters of the names of months in English, Dutch and French, without
// accents.
var months = []string{
	"jan", "feb", "fev", "mar", "mrt", "maa", "apr", "avr", "may", "mei", "mai", "jun", "juin", "jul", "juil", "aug", "aou", "sep", "oct", "okt", "nov", "dec",
}

// IsDate reports whether a value is a date as spreadsheets show it: 01-Jul, Jul-01, 1-7-2001,
// 01/07/2001, 2001-07-01, with or without a time.
func IsDate(value string) bool {
	if len(value) > len("00 septembre 0000 00:00:00")+4 {
		return false
	}
	s := strings.ToLower(text.WithoutAccents(value))
	if day, clock, found := strings.Cut(s, ":"); found { // without the time
		if strings.Trim(clock, "0123456789:.zapm ") != "" {
			return false
		}
		cut := strings.LastIndexAny(day, " t")
		if cut < 0 {
			return false
		}
		s = day[:cut]
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("-/. ,", r) })
	named := -1
	for i, part := range parts {
		switch {
		case isMonth(part) && named < 0:
			named = i
		case part == "" || digits(part) != len(part) || len(part) > 4:
			return false
		}
	}
	switch {
	case named >= 0:
		return len(parts) == 2 && len(parts[1-named]) <= 4 || len(parts) == 3
	case len(parts) != 3 || strings.ContainsAny(s, ","):
		return false
	case len(parts[0]) == 4:
		return isDayMonth(parts[1], parts[2]) && isCentury(parts[0])
	}
	return isDayMonth(parts[0], parts[1]) && (len(parts[2]) == 2 || isCentury(parts[2]))
}

// isMonth reports whether a word is the name of a month, or its beginning.
func isMonth(word string) bool {
	if len(word) < 3 || len(word) > len("septembre") || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" {
		return false
	}
	return slices.ContainsFunc(months, func(month string) bool { return strings.HasPrefix(word, month) })
}

// isDayMonth reports whether two numbers can be a day and a month, in any order.
func isDayMonth(a, b string) bool {
	if len(a) > 2 || len(b) > 2 {
		return false
	}
	return within(a, "31") && within(b, "12") || within(a, "12") && within(b, "31")
}

// isCentury reports whether a number of four digits is a year of the last or this century.
func isCentury(year string) bool { return len(year) == 4 && (year[:2] == "19" || year[:2] == "20") }

// within reports whether a number of one or two digits is between 1 and max.
func within(number, max string) bool {
	if len(number) == 1 {
		number = "0" + number
	}
	return number > "00" && number <= max
}
