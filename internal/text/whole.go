package text

import (
	"strconv"
	"strings"
)

// Whole reads a whole number of 0 or more, as people and spreadsheets write it. 1234, 1.234, 1,234,
// 1 234 and 1'234 are equal, and zero decimals are allowed. Exactly three digits after a separator are
// thousands: use it only for numbers that cannot be fractions. ok is false for anything else.
func Whole(s string) (n int, ok bool) {
	digits, ok := ungroup(withoutZeroDecimals(strings.TrimPrefix(Readable(s), "+")))
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil
}

// withoutZeroDecimals removes a final ".0", ",0", ".00" or ",00".
func withoutZeroDecimals(s string) string {
	i := strings.LastIndexAny(s, ".,")
	if i <= 0 {
		return s
	}
	if decimals := s[i+1:]; decimals != "0" && decimals != "00" {
		return s
	}
	return s[:i]
}

// groupSeparators are the separators of thousands: full stop, comma, apostrophes and kinds of
// spaces.
const groupSeparators = ".,'’ \u00a0\u2009\u202f"

// ungroup removes the separators between groups of three digits. They must all be the same.
func ungroup(s string) (digits string, ok bool) {
	if len(s) > 40 {
		return "", false
	}
	var b strings.Builder
	var separator rune
	group := 0 // digits since the last separator
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
			b.WriteRune(r)
			group++
		case strings.ContainsRune(groupSeparators, r) && (separator == 0 && 1 <= group && group <= 3 || separator == r && group == 3):
			separator, group = r, 0
		default:
			return "", false
		}
	}
	return b.String(), b.Len() > 0 && (separator == 0 || group == 3)
}
