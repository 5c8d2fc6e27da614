package agreement

import (
	"slices"
	"strings"
	"unicode"

	"trueup/internal/text"
)

// This file recognises what spreadsheet programs make of numbers. Their characters must not be
// removed one by one: 1.23457E+14 would become another number.

// damage returns the code of the violation of a number that a spreadsheet has changed; empty if it
// has not.
func damage(number string) string {
	cell := visible(number)
	switch value := bare(cell); {
	case isCellError(cell):
		return "cell_error"
	case isScientific(value):
		return "number_scientific"
	case IsDate(value):
		return "number_date"
	case ungrouped(value) != "":
		return "number_thousands"
	case isDecimal(value):
		return "number_decimal"
	case hasCompany(cell):
		return "number_not_alone"
	}
	return ""
}

// visibleMax is longer than every number with its company. The rest of a longer cell does not
// matter.
const visibleMax = 256

// visible returns a cell without invisible characters, and with plain spaces.
func visible(cell string) string {
	cell = cell[:min(len(cell), visibleMax)]
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case text.IsInvisible(r), text.IsJoiner(r):
			return -1
		}
		return r
	}, cell))
}

// bare returns a number without what formats add to it: a currency, a sign, the brackets of a
// negative amount, or the apostrophe of a text. The sign is lost, because hyphens do not count when
// numbers are compared.
func bare(cell string) string {
	return strings.TrimFunc(cell, func(r rune) bool {
		return unicode.Is(unicode.Sc, r) || strings.ContainsRune(" +-()'\"\u2018\u2019"+dashes, r)
	})
}

// numberWords are words of one or two letters that people write before a number. Longer ones need
// no list.
var numberWords = []string{"n", "no", "nr", "id"}

// The digits of a part of a cell that is a number of its own: after another one with a mark such as
// a slash between them, and in any case.
const (
	wholeDigits = 5
	laterDigits = 6
)

// hasCompany reports whether a cell has several numbers, or a number with words such as "No.":
// without the characters between them they would be another number.
func hasCompany(cell string) bool {
	cell = strings.ToLower(text.WithoutAccents(cell))
	signs, words, wholes, before := 0, 0, 0, 0
	mark := "" // between the last part and the current one
	for rest := strings.TrimLeftFunc(cell, isMark); rest != ""; {
		part := rest[:len(rest)-len(strings.TrimLeftFunc(rest, func(r rune) bool { return !isMark(r) }))]
		rest = rest[len(part):]
		after := rest[:len(rest)-len(strings.TrimLeftFunc(rest, isMark))]
		rest = rest[len(after):]
		n := digitsIn(part)
		switch {
		case n == 0 && isNumberWord(part, after, signs > 0):
			words++
		case n > 0 && before > 0 && strings.ContainsAny(mark, "/,;|&+") && (before >= wholeDigits || n >= laterDigits):
			return true
		}
		if n >= wholeDigits {
			wholes++
		}
		signs, mark = signs+n, after
		if n > 0 {
			before = n
		}
	}
	hasRemark := strings.ContainsAny(strings.Trim(cell, " ()[]{}"), "()[]{}")
	return wholes > 1 || signs > 1 && (words > 0 || hasRemark) || isLettered(cell)
}

// isMark reports whether a character stands between the parts of a cell.
func isMark(r rune) bool { return strings.ContainsRune(" .,:;/|&+#=\u00b0()[]{}", r) }

// isNumberWord reports whether a part of a cell without digits is a word about a number: it comes
// after the number, or it is long, known or abbreviated. Up to two letters before a number may belong
// to it, as in "EN 884213".
func isNumberWord(part, after string, afterNumber bool) bool {
	if strings.Trim(part, "abcdefghijklmnopqrstuvwxyz-") != "" || strings.Trim(part, "-") == "" {
		return false
	}
	return afterNumber || len(part) >= 3 || slices.Contains(numberWords, part) || strings.ContainsAny(after, ".:#=")
}

// isLettered reports whether a cell is a number that a spreadsheet has changed, with letters such as
// those of a currency.
func isLettered(cell string) bool {
	value := strings.TrimFunc(cell, func(r rune) bool { return unicode.IsLetter(r) || r == ' ' || r == '.' })
	return len(value) < len(cell) && IsReshaped(value)
}

func digitsIn(s string) (n int) {
	for i := range len(s) {
		if '0' <= s[i] && s[i] <= '9' {
			n++
		}
	}
	return n
}

// IsReshaped reports whether a cell is a number in a form that a spreadsheet with decimal commas
// shows: 1,23457E+14, 12345678,00 or 1,234,567.
func IsReshaped(cell string) bool {
	value := bare(visible(cell))
	return isScientific(value) || isDecimal(value) || ungrouped(value) != ""
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

// powers are other ways to write the exponent of scientific notation.
var powers = strings.NewReplacer("x10^", "E+", "X10^", "E+", "\u00d710^", "E+", "*10^", "E+")

// isScientific reports whether a number is in scientific notation, such as 1.23457E+14. Only
// letters and digits, as in 12E4, can be a number.
func isScientific(number string) bool {
	s := powers.Replace(strings.ReplaceAll(number, " ", ""))
	n := digits(s)
	if n == 0 {
		return false
	}
	s, marked := s[n:], false
	if s != "" && (s[0] == '.' || s[0] == ',') {
		s, marked = s[1+digits(s[1:]):], true
	}
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

// isDecimal reports whether a number has a decimal point or comma, or is a percentage. Two long
// numbers with a comma between them are two numbers.
func isDecimal(number string) bool {
	if value, percent := strings.CutSuffix(number, "%"); percent {
		number = strings.TrimSpace(value)
		return number != "" && digits(number) == len(number) || isDecimal(number)
	}
	plain, decimals, groups, ok := grouped(number)
	if ok && groups == 0 && len(plain) >= wholeDigits && len(decimals) >= wholeDigits {
		return false
	}
	return ok && (decimals != "" || groups == 1 && strings.ContainsAny(number, ".,"))
}

// groupMarks are the characters between groups of three digits.
const groupMarks = ",.' \u2019"

// grouped splits a number with marks between its groups of three digits, such as 1,234,567.50,
// into its digits; ok is false if it has other characters.
func grouped(number string) (plain, decimals string, groups int, ok bool) {
	first := digits(number)
	plain, rest := number[:first], number[first:]
	mark := ""
	for _, r := range rest {
		mark = string(r)
		break
	}
	if first <= 3 && mark != "" && strings.Contains(groupMarks, mark) {
		for strings.HasPrefix(rest, mark) && digits(rest[len(mark):]) == 3 {
			plain, rest, groups = plain+rest[len(mark):len(mark)+3], rest[len(mark)+3:], groups+1
		}
	}
	if rest != "" && (rest[0] == '.' || rest[0] == ',') && (groups == 0 || rest[:1] != mark) {
		decimals, rest = rest[1:], ""
		if decimals == "" || digits(decimals) != len(decimals) {
			return "", "", 0, false
		}
	}
	return plain, decimals, groups, first > 0 && rest == ""
}

// ungrouped returns a number without the marks between groups of three digits, such as 1,234,567;
// empty if it has no such groups, or decimals other than zeros. One group, as in 12.345, may as well
// be decimals.
func ungrouped(number string) string {
	plain, decimals, groups, ok := grouped(number)
	if !ok || groups == 0 || groups == 1 && decimals == "" || strings.Trim(decimals, "0") != "" {
		return ""
	}
	return plain
}

// months are the names of months in English, Dutch and French, in small letters and without
// accents.
var months = []string{
	"january", "januari", "janvier", "february", "februari", "fevrier", "march", "maart", "mars", "mrt", "april", "avril", "may", "mei", "mai",
	"june", "juni", "juin", "july", "juli", "juillet", "august", "augustus", "aout", "september", "septembre", "october", "oktober", "octobre",
	"november", "novembre", "december", "decembre",
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
	return len(word) >= 3 && slices.ContainsFunc(months, func(month string) bool { return strings.HasPrefix(month, word) })
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
