package position

import (
	"cmp"
	"slices"
	"strings"

	"trueup/internal/day"
	"trueup/internal/text"
)

// version is the tokens of a version: "2012 R2" is 2012 and r2. LTSC is omitted: it names the
// servicing channel, not a different version.
type version []string

// parseVersion splits folded text at spaces, dots, hyphens and underscores, and before a release
// or service pack that is written together with its number.
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

// key returns the same text for equal versions.
func (v version) key() string { return strings.Join(v, ".") }

// continues reports whether v is a build or an update of p: v extends p, and the first additional
// token is not a release.
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

// tokenKind is the kind of a version token. At the first difference, the version that ends or has
// the lower kind is older: 2008, 2008 SP1, 2008.1, 2008 R2.
type tokenKind int

const (
	servicePack tokenKind = iota // sp1
	number                       // 2008
	release                      // r2
	word                         // anything else; has no order
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

// Newer reports whether version a is known to be later than version b. Numbers, years included,
// are compared part by part; R2 is later than the version it belongs to. The order is unknown
// between a year and another number (2019 and 16.0), between words (CC and DC), and between
// different spellings of a number (2.05 and 2.5).
func Newer(a, b string) bool {
	order, known := parseVersion(a).compare(parseVersion(b))
	return known && order > 0
}

// compare returns a total order for sorting. known reports whether the order is meaningful; it is
// known to be 0 only for equal versions.
func (v version) compare(w version) (order int, known bool) {
	ordered := true // no number was compared yet
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
	case len(v) == 0 || len(w) == 0: // one means any version, or a version that was not detected
		return cmp.Compare(len(v), len(w)), false
	case len(v) > len(w):
		return 1, kindOf(v[len(w)]) != word
	default:
		return -1, kindOf(w[len(v)]) != word
	}
}

// compareNumbers compares the digits of tokens of the same kind, of any length.
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

// placeIn returns where a version stands in a list of known ones, oldest first: at the longest one
// that it equals or extends. It returns -1 if there is none.
func placeIn(known []version, v version) int {
	at := -1
	for i, k := range known {
		if (slices.Equal(k, v) || v.continues(k) && len(k) > 0) && (at < 0 || len(k) > len(known[at])) {
			at = i
		}
	}
	return at
}

// compareAt is like compare, for versions whose places in a list of known ones are given, -1 for
// none. The list decides if it has both.
func (v version) compareAt(at int, w version, other int) (order int, known bool) {
	if at >= 0 && other >= 0 && at != other {
		return cmp.Compare(at, other), true
	}
	return v.compare(w)
}

// compare returns a total order of the rows of a market for sorting: without version, then the
// known versions, then others.
func (p *place) compare(q *place) int {
	at := func(p *place) int {
		switch {
		case p.known >= 0:
			return p.known
		case len(p.version) == 0:
			return -1
		}
		return len(p.market.known)
	}
	if c := cmp.Compare(at(p), at(q)); c != 0 {
		return c
	}
	order, _ := p.version.compare(q.version)
	return order
}

// released reports whether a version is known to have been released by a day: one that is a year,
// by the end of that year.
func (v version) released(by day.Date) bool {
	if len(v) != 1 || !isYear(v[0]) || len(by) < 4 {
		return false
	}
	year := string(by[:4])
	return v[0] < year || v[0] == year && by[4:] == "-12-31"
}
