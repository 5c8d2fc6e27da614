package product

import (
	"strings"

	"trueup/internal/text"
)

// VersionInName returns the version in a name on a licence if the version beside the name is another one:
// "2019" of "Office Professional Plus 2019" beside "2021". Numbers that may be those of builds are not
// compared: lists of installations have 16 beside "Office Professional Plus 2016", and 23 beside
// "AutoCAD 2019". For a name that the dictionary does not know, only years are compared.
func (d *Dictionary) VersionInName(publisher, name, version string) (inName string, differs bool) {
	version = text.Collapse(version)
	m, known := d.OnPaper(publisher, name, "")
	if !known {
		_, inName = SplitVersion(strings.Fields(Stem(text.Fold(name))))
		return inName, differentYears(inName, version)
	}
	inName = m.Product.Version
	if inName == "" || version == "" || text.Fold(inName) == text.Fold(version) {
		return inName, false
	}
	beside, own := m.Row.own(version)
	switch {
	case differentYears(inName, version):
		return inName, true
	case own:
		_, ownName := m.Row.own(inName)
		return inName, ownName && beside != inName && !isExtended(inName, version)
	}
	numbers := m.Row.Scheme == SchemeMajor || m.Row.Scheme == SchemeMinor
	return inName, numbers && isNumber(inName) && isNumber(version) && yearOf(inName) == "" && yearOf(version) == "" && !isExtended(inName, version)
}

// differentYears reports whether two versions begin with different years, or only one of them is the
// second release (R2). Service packs do not matter.
func differentYears(a, b string) bool {
	x, y := yearOf(a), yearOf(b)
	return x != "" && y != "" && (x != y || isSecondRelease(a) != isSecondRelease(b))
}

// yearOf returns the year with which a version begins: "2020" of 2020.1.2 and 2020 SP1.
func yearOf(version string) string {
	year, _, _ := strings.Cut(firstWord(version), ".")
	if !isYear(year) {
		return ""
	}
	return year
}

func isSecondRelease(version string) bool {
	words := strings.Fields(version)
	return len(words) > 1 && strings.EqualFold(words[1], "r2")
}

// isExtended reports whether one of two numbers continues the other: 11 and v11.2.
func isExtended(a, b string) bool {
	a, b = strings.TrimPrefix(strings.ToLower(a), "v"), strings.TrimPrefix(strings.ToLower(b), "v")
	return strings.HasPrefix(b+".", a+".") || strings.HasPrefix(a+".", b+".")
}
