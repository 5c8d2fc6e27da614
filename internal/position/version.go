package position

import (
	"cmp"
	"strings"

	"trueup/internal/text"
)

// version is a version as it is compared: its tokens, "2012 R2" is 2012 and r2.
// LTSC is left out: it names the channel through which a version is serviced,
// not another version.
type version []string

// parseVersion splits folded text at spaces, dots, hyphens and underscores, and
// before a release or service pack that is written together with its number.
func parseVersion(s string) version {
	var v version
	for _, token := range strings.FieldsFunc(text.Fold(s), isSeparator) {
		switch token {
		case "ltsc", "ltsb", "version":
			continue
		}
		if len(token) > 1 && token[0] == 'v' && isDigits(token[1:]) {
			token = token[1:]
		}
		if digits := len(token) - len(strings.TrimLeft(token, "0123456789")); digits > 0 {
			if kind := kindOf(token[digits:]); kind == release || kind == servicePack {
				v = append(v, token[:digits])
				token = token[digits:]
			}
		}
		v = append(v, token)
	}
	return v
}

func isSeparator(r rune) bool { return r == ' ' || r == '.' || r == '-' || r == '_' }

// key is the same for versions that are the same.
func (v version) key() string { return strings.Join(v, ".") }

// continues reports that v is a build or an update of p: it says more, and what
// comes first of that is not a release of its own.
func (v version) continues(p version) bool {
	if len(v) <= len(p) {
		return false
	}
	for i, token := range p {
		if v[i] != token {
			return false
		}
	}
	return len(p) == 0 || kindOf(v[len(p)]) != release
}

// tokenKind is what a token of a version is. Where one version ends or goes on
// with a lower kind than the other, it is the older one: 2008, 2008 SP1,
// 2008.1, 2008 R2.
type tokenKind int

const (
	servicePack tokenKind = iota // sp1
	number                       // 2008
	release                      // r2
	word                         // anything else, which has no order
)

func kindOf(token string) tokenKind {
	switch {
	case isDigits(token):
		return number
	case strings.HasPrefix(token, "r") && isDigits(token[1:]):
		return release
	case strings.HasPrefix(token, "sp") && isDigits(token[2:]):
		return servicePack
	}
	return word
}

// Newer reports whether version a is known to come after version b. Numbers
// count as numbers, part by part, years too; R2 comes after what it is a release
// of. The order is not known between a year and another number (2019 and 16.0),
// between words (CC and DC), and where numbers are only spelled differently
// (2.05 and 2.5).
func Newer(a, b string) bool {
	order, known := parseVersion(a).compare(parseVersion(b))
	return known && order > 0
}

// compare orders versions. The order is total, for sorting; known says that it
// means something. It is known to be 0 for the same version only.
func (v version) compare(w version) (order int, known bool) {
	ordered := true // no number was compared yet, so the next is the first
	for i := range min(len(v), len(w)) {
		kind := kindOf(v[i])
		if v[i] == w[i] {
			ordered = ordered && kind != number
			continue
		}
		other := kindOf(w[i])
		if kind != other {
			return cmp.Compare(kind, other), kind != word && other != word
		}
		if kind == word {
			return cmp.Compare(v[i], w[i]), false
		}
		if c := compareNumbers(v[i], w[i]); c != 0 {
			return c, kind != number || !ordered || isYear(v[i]) == isYear(w[i])
		}
		return cmp.Compare(v[i], w[i]), false
	}
	switch {
	case len(v) == len(w):
		return 0, true
	case len(v) == 0 || len(w) == 0: // any version, or one that was not detected
		return cmp.Compare(len(v), len(w)), false
	case len(v) > len(w):
		return 1, kindOf(v[len(w)]) != word
	default:
		return -1, kindOf(w[len(v)]) != word
	}
}

// compareNumbers compares tokens of the same kind by their digits, however many.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "rsp0"), strings.TrimLeft(b, "rsp0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

func isYear(token string) bool { return len(token) == 4 && token >= "1985" && token <= "2099" }

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
