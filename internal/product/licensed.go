package product

import (
	"slices"
	"strings"

	"trueup/internal/text"
)

// Licensed returns the product that a name on a licence stands for, with the version of the name
// or else of the column version. The publisher may stand at the front of the name and the version
// at its end. ok is false if the dictionary does not know the name.
func (d *Dictionary) Licensed(publisher, name, version string) (m Match, ok bool) {
	if m, ok = d.OnPaper(publisher, name, version); ok {
		return m, true
	}
	for _, n := range []string{name, publisher + " " + name} { // the exact name of an installation
		if m, ok = d.Recognize(Title{Publisher: publisher, Name: n, Version: version}); ok && m.Row != nil {
			return m, true
		}
	}
	return Match{}, false
}

// OnPaper is Licensed for names that are written on licences, and not for those of installations.
func (d *Dictionary) OnPaper(publisher, name, version string) (m Match, ok bool) {
	by := d.publisher(publisher)
	stem := Stem(text.Fold(name))
	names := []string{stem}
	if rest := d.withoutPublisher(by, stem); rest != stem {
		names = append(names, rest)
	}
	for _, n := range names {
		if m, ok = d.licensed(by, n, "", version); ok {
			return m, true
		}
	}
	for _, n := range names {
		if rest, found := SplitVersion(strings.Fields(n)); found != "" {
			if m, ok = d.licensed(by, strings.Join(rest, " "), found, version); ok {
				return m, true
			}
		}
	}
	return Match{}, false
}

// Named returns the product that a name on a licence stands for. If the dictionary does not know
// it, that is the name without the publisher at its front and without the version at its end, if
// the column version is empty or says the same.
func (d *Dictionary) Named(publisher, name, version string) Product {
	if m, ok := d.Licensed(publisher, name, version); ok {
		return m.Product
	}
	return d.unknown(publisher, name, version)
}

// unknown returns the product of a name that the dictionary does not know, see Named.
func (d *Dictionary) unknown(publisher, name, version string) Product {
	p := Product{Publisher: text.Collapse(publisher), Version: text.Collapse(version)}
	if known, ok := d.Publisher(publisher); ok {
		p.Publisher = known
	}
	words := strings.Fields(marks.Replace(name))
	if own := strings.Fields(publisher); len(own) > 0 && len(own) < len(words) && !isNumber(words[len(own)]) &&
		text.Fold(strings.Join(words[:len(own)], " ")) == text.Fold(publisher) {
		words = words[len(own):]
	}
	if rest, found := SplitVersion(words); found != "" && (p.Version == "" || text.Fold(p.Version) == text.Fold(found)) {
		words, p.Version = rest, found
	}
	p.Family = strings.Join(words, " ")
	return p
}

// Canonical returns a product as this dictionary names it: one that another dictionary or a person
// named. Products that Recognize and Named return stay as they are, and so do unknown ones.
func (d *Dictionary) Canonical(p Product) Product {
	if row, ok := d.Of(p); ok {
		return row.product(row.canonical(p.Version))
	}
	if m, ok := d.OnPaper(p.Publisher, p.Name(), p.Version); ok {
		return m.Product
	}
	return p
}

// Ruled returns the product that an admin's rule names: like a licence of that name, but not by names
// of installations, which a rule recognises itself.
func (d *Dictionary) Ruled(p Product) Product {
	if canonical := d.Canonical(p); canonical != p {
		return canonical
	}
	if _, known := d.Of(p); known {
		return p
	}
	named := d.unknown(p.Publisher, p.Name(), p.Version)
	if named.Version == text.Collapse(p.Version) {
		named.Family, named.Edition = p.Family, p.Edition // nothing was found in the name
	}
	return named
}

// licensed looks a name up among the names on licences. inName is the version that was cut from it.
func (d *Dictionary) licensed(by int, name, inName, column string) (m Match, ok bool) {
	p, ok := d.paper(by, name)
	if !ok {
		return Match{}, false
	}
	row := &d.Rows[p.row]
	version := p.version
	switch {
	case version != "":
	case inName != "":
		version = row.canonical(inName)
	case column != "":
		version = row.canonical(column)
	}
	return Match{Rule: row.ID, Kind: row.Kind, Row: row, Product: row.product(version)}, true
}

// withoutPublisher removes the publisher from the front of a stem, unless a number follows.
func (d *Dictionary) withoutPublisher(by int, stem string) string {
	if by < 0 {
		return stem
	}
	for _, spelled := range d.names(by).fronts {
		rest, ok := strings.CutPrefix(stem, spelled)
		if rest = withoutLegalForm(rest); ok && !isNumber(firstWord(rest)) {
			return rest
		}
	}
	return stem
}

// withoutLegalForm removes the legal form of a publisher from the front of what follows its name.
func withoutLegalForm(stem string) string {
	form, rest, found := strings.Cut(stem, " ")
	if found && legalForms[strings.ReplaceAll(strings.TrimRight(form, ","), ".", "")] {
		return rest
	}
	return stem
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

// SplitVersion finds the version in the words of a name: a number at the end, or else the last
// year, each with the release or service pack after it. LTSC is removed with it. The first word is
// never part of the version.
func SplitVersion(words []string) (rest []string, version string) {
	var at, end int
	for i := len(words) - 1; i > 0; i-- {
		end = i + 1
		for end < len(words) && isRelease(words[end]) {
			end++
		}
		if isYear(words[i]) || end == len(words) && isNumber(words[i]) {
			at = i
			break
		}
	}
	if at == 0 {
		return words, ""
	}
	rest = slices.Concat(words[:at], words[end:])
	if i := slices.IndexFunc(rest, func(w string) bool { return strings.EqualFold(w, "ltsc") }); i > 0 {
		rest = slices.Delete(rest, i, i+1)
	}
	return rest, strings.ToUpper(strings.TrimPrefix(strings.Join(words[at:end], " "), "v"))
}

// isRelease reports whether a word is a release or a service pack: R2, SP1.
func isRelease(w string) bool {
	w = strings.ToLower(w)
	digits, found := strings.CutPrefix(w, "r")
	if !found {
		digits, found = strings.CutPrefix(w, "sp")
	}
	return found && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// isNumber reports whether a word consists of numbers with dots: 2021, v10, 23.01.
func isNumber(w string) bool {
	for part := range strings.SplitSeq(strings.TrimPrefix(strings.ToLower(w), "v"), ".") {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return true
}

func isYear(w string) bool { return len(w) == 4 && isNumber(w) && w >= "1985" && w <= "2099" }
