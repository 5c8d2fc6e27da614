package product

import (
	"slices"
	"strings"

	"trueup/internal/text"
)

// detected returns the version of an installation: of the rule, else from the name, else from the
// title's version.
func (r *Row) detected(written string, v Values, version string) string {
	if written != "" {
		return r.canonical(v.Fill(written, version))
	}
	switch {
	case v.Year != "":
		return r.canonical(v.Year)
	case v.Number != "":
		return r.canonical(v.Number)
	}
	return r.ofBuild(version)
}

// canonical returns a version that a name tells, as the row writes it.
func (r *Row) canonical(version string) string {
	if r.Scheme == SchemeNone {
		return ""
	}
	if own, ok := r.own(version); ok {
		return own
	}
	if named := r.build(version); named != "" {
		return named
	}
	switch r.Scheme {
	case SchemeMajor:
		return firstParts(version, 1)
	case SchemeMinor:
		return firstParts(version, 2)
	case SchemeYear, SchemeNames, SchemeNone:
	}
	return version
}

// has reports whether a version is one of the row.
func (r *Row) has(version string) bool {
	_, ok := r.own(version)
	return ok
}

// own returns a version in the spelling of the row, if the row has it. A number may be one that the row
// has in Roman numerals: 11 is XI.
func (r *Row) own(version string) (string, bool) {
	folded := text.Fold(version)
	for _, known := range r.Known {
		if text.Fold(known) == folded {
			return known, true
		}
	}
	for _, known := range r.Builds {
		if text.Fold(known) == folded {
			return known, true
		}
	}
	if numeral, ok := numerals[folded]; ok && slices.Contains(r.Known, numeral) {
		return numeral, true
	}
	return "", false
}

// recentVersions is the number of versions, from the last, for which licences are still bought. A number before
// a unit is rather a quantity than an older version: five licences of Visio than Visio 5 of 1997.
const recentVersions = 5

// isRecent reports whether a version, in the spelling of the row, is one of the last.
func (r *Row) isRecent(version string) bool {
	return slices.Contains(r.Known[max(0, len(r.Known)-recentVersions):], version)
}

// numerals are the Roman numerals with which publishers number versions.
var numerals = map[string]string{"6": "VI", "7": "VII", "8": "VIII", "9": "IX", "10": "X", "11": "XI", "12": "XII"}

// ofBuild returns the version for the number of a build; empty if it does not tell.
func (r *Row) ofBuild(version string) string {
	if r.Scheme == SchemeNone {
		return ""
	}
	version = firstNumber(version)
	if named := r.build(version); named != "" {
		return named
	}
	if r.Scheme == SchemeMajor || r.Scheme == SchemeMinor {
		return r.canonical(version)
	}
	return ""
}

// firstNumber returns the first word of a version that begins with a digit, without a v in front: 7.0.14
// of "ad 7.0.14". It is empty if there is none.
func firstNumber(version string) string {
	for word := range strings.FieldsSeq(version) {
		if word = strings.TrimLeft(word, "vV"); startsWithDigit(word) {
			return word
		}
	}
	return ""
}

// build looks a number up in Builds, by its longest known front.
func (r *Row) build(version string) string {
	for front := version; front != ""; {
		if named, ok := r.Builds[front]; ok {
			return named
		}
		at := strings.LastIndexByte(front, '.')
		if at < 0 {
			break
		}
		front = front[:at]
	}
	return ""
}

// firstParts returns the first n parts of a number with dots, without what follows a space.
func firstParts(version string, n int) string {
	number, _, _ := strings.Cut(strings.TrimSpace(version), " ")
	parts := strings.Split(number, ".")
	return strings.Join(parts[:min(n, len(parts))], ".")
}

// Fill returns text with the values in place of their placeholders; {major} is a title's version
// up to the first dot.
func (v Values) Fill(written, version string) string {
	if !strings.Contains(written, "{") {
		return written
	}
	major, _, _ := strings.Cut(version, ".")
	return strings.NewReplacer(yearMark, v.Year, numberMark, v.Number, "{major}", major).Replace(written)
}
