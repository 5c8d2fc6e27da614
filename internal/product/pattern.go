package product

import (
	"strings"

	"trueup/internal/text"
)

// Pattern matches folded names. It is compiled from text, in which * stands for any text, {year}
// for four digits, optionally followed by R2, and {number} for digits with dots between them. A
// backslash makes one of * { } \ literal.
//
// The text between two stars is searched from the left, and the first match counts. So matching
// takes at most the product of the lengths, whatever the pattern.
type Pattern [][]part // the parts between the stars

// part is a text, or a placeholder for digits.
type part struct {
	text        string
	placeholder string // yearMark, numberMark, or "" for a text
}

const (
	yearMark   = "{year}"
	numberMark = "{number}"
)

// CompilePattern compiles the text of a pattern. ok is false if it has other braces.
func CompilePattern(written string) (p Pattern, ok bool) {
	var parts []part
	rest := fold(written)
	for rest != "" {
		at := strings.IndexAny(rest, `*{}\`)
		if at < 0 {
			at = len(rest)
		}
		literal := rest[:at]
		if rest = rest[at:]; isEscape(rest) {
			literal, rest = literal+rest[1:2], rest[2:]
		} else if rest != "" && rest[0] == '\\' {
			literal, rest = literal+rest[:1], rest[1:]
		}
		parts = appendText(parts, literal)
		switch {
		case strings.HasPrefix(rest, "*"):
			p, parts, rest = append(p, parts), nil, rest[1:]
		case strings.HasPrefix(rest, yearMark):
			parts, rest = append(parts, part{placeholder: yearMark}), rest[len(yearMark):]
		case strings.HasPrefix(rest, numberMark):
			parts, rest = append(parts, part{placeholder: numberMark}), rest[len(numberMark):]
		case rest != "" && (rest[0] == '{' || rest[0] == '}'):
			return nil, false
		}
	}
	return append(p, parts), true
}

// appendText appends literal text, as one part with literal text before it.
func appendText(parts []part, literal string) []part {
	last := len(parts) - 1
	switch {
	case literal == "":
		return parts
	case last >= 0 && parts[last].placeholder == "":
		parts[last].text += literal
		return parts
	}
	return append(parts, part{text: literal})
}

// isEscape reports whether s begins with a backslash and a character that it makes literal.
func isEscape(s string) bool {
	return len(s) > 1 && s[0] == '\\' && strings.IndexByte(`*{}\`, s[1]) >= 0
}

// fold folds the text of a pattern but keeps the spaces at its ends.
func fold(s string) string {
	folded := text.Fold("x" + s + "x")
	return folded[1 : len(folded)-1]
}

// Values are what the placeholders of a pattern matched, in upper case: the last one of each kind.
type Values struct{ Year, Number string }

// Match reports whether folded text matches the pattern.
func (p Pattern) Match(s string) (v Values, ok bool) {
	rest, ok := fit(p[0], s, &v)
	if !ok || len(p) == 1 {
		return v, ok && rest == ""
	}
	last := len(p) - 1
	for _, parts := range p[1:last] {
		if rest, ok = find(parts, rest, false, &v); !ok {
			return v, false
		}
	}
	if len(p[last]) > 0 {
		_, ok = find(p[last], rest, true, &v)
	}
	return v, ok
}

// start returns the text with which everything that matches begins.
func (p Pattern) start() string {
	if len(p[0]) == 0 {
		return ""
	}
	return p[0][0].text // empty for a placeholder
}

// find finds the first match of the parts in s, which must reach the end of s if whole, and
// returns the rest after it.
func find(parts []part, s string, whole bool, v *Values) (rest string, ok bool) {
	for {
		if len(parts) > 0 && parts[0].placeholder == "" {
			at := strings.Index(s, parts[0].text)
			if at < 0 {
				return "", false
			}
			s = s[at:]
		}
		if rest, ok := fit(parts, s, v); ok && (!whole || rest == "") {
			return rest, true
		}
		if s == "" {
			return "", false
		}
		s = s[1:]
	}
}

// fit removes the parts from the front of s.
func fit(parts []part, s string, v *Values) (rest string, ok bool) {
	for _, part := range parts {
		switch part.placeholder {
		case yearMark:
			length := digits(s, "")
			if length != 4 {
				return "", false
			}
			if strings.HasPrefix(s[length:], " r2") && !startsWithLetter(s[length+3:]) {
				length += 3
			}
			v.Year, s = strings.ToUpper(s[:length]), s[length:]
		case numberMark:
			length := digits(s, ".")
			if length == 0 {
				return "", false
			}
			v.Number, s = s[:length], s[length:]
		default:
			if s, ok = strings.CutPrefix(s, part.text); !ok {
				return "", false
			}
		}
	}
	return s, true
}

// digits returns the length of the number at the front of s. Characters in dots are part of it
// between two digits.
func digits(s, dots string) (n int) {
	for n < len(s) && (isDigit(s[n]) || n > 0 && n+1 < len(s) && strings.IndexByte(dots, s[n]) >= 0 && isDigit(s[n+1])) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func startsWithLetter(s string) bool { return s != "" && (s[0] >= 'a' && s[0] <= 'z' || isDigit(s[0])) }
