package inventory

import (
	"strings"

	"trueup/internal/text"
)

// pattern is compiled from the text of a rule and matches names. Both are compared folded. *
// stands for any text; {year} for four digits, optionally followed by R2; {number} for digits
// with dots between them.
//
// The text between two stars is searched from the left, and the first match counts. So matching
// takes at most the product of the lengths, whatever the pattern.
type pattern [][]part // the parts between the stars

// part is a text, or a placeholder for digits.
type part struct {
	text        string
	placeholder string // yearMark, numberMark, or "" for a text
}

const (
	yearMark   = "{year}"
	numberMark = "{number}"
)

// compile compiles the text of a pattern. ok is false if it has other braces.
func compile(written string) (p pattern, ok bool) {
	for segment := range strings.SplitSeq(fold(written), "*") {
		parts := []part{}
		for segment != "" {
			before, after, found := strings.Cut(segment, "{")
			if before != "" {
				if strings.Contains(before, "}") {
					return nil, false
				}
				parts = append(parts, part{text: before})
			}
			if !found {
				break
			}
			name, rest, closed := strings.Cut(after, "}")
			placeholder := "{" + name + "}"
			if !closed || placeholder != yearMark && placeholder != numberMark {
				return nil, false
			}
			parts = append(parts, part{placeholder: placeholder})
			segment = rest
		}
		p = append(p, parts)
	}
	return p, true
}

// fold folds the text of a pattern but keeps the spaces at its ends.
func fold(s string) string {
	folded := text.Fold("x" + s + "x")
	return folded[1 : len(folded)-1]
}

// holes are the values of a match, in upper case: the last one of each kind.
type holes struct{ year, number string }

// match reports whether folded text matches the pattern.
func (p pattern) match(s string) (h holes, ok bool) {
	rest, ok := fit(p[0], s, &h)
	if !ok || len(p) == 1 {
		return h, ok && rest == ""
	}
	last := len(p) - 1
	for _, parts := range p[1:last] {
		if rest, ok = find(parts, rest, false, &h); !ok {
			return h, false
		}
	}
	if len(p[last]) > 0 {
		_, ok = find(p[last], rest, true, &h)
	}
	return h, ok
}

// find finds the first match of the parts in s, which must reach the end of s if whole, and
// returns the rest after it.
func find(parts []part, s string, whole bool, h *holes) (rest string, ok bool) {
	for {
		if len(parts) > 0 && parts[0].placeholder == "" {
			at := strings.Index(s, parts[0].text)
			if at < 0 {
				return "", false
			}
			s = s[at:]
		}
		if rest, ok := fit(parts, s, h); ok && (!whole || rest == "") {
			return rest, true
		}
		if s == "" {
			return "", false
		}
		s = s[1:]
	}
}

// fit removes the parts from the front of s.
func fit(parts []part, s string, h *holes) (rest string, ok bool) {
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
			h.year, s = strings.ToUpper(s[:length]), s[length:]
		case numberMark:
			length := digits(s, ".")
			if length == 0 {
				return "", false
			}
			h.number, s = s[:length], s[length:]
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
