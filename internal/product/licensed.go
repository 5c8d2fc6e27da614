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
	found := d.licence(publisher, name, version)
	return found.Match, found.ok
}

// licence is what Licensed returns, and what Named returns.
type licence struct {
	Match
	ok    bool
	named Product
}

func (d *Dictionary) licence(publisher, name, version string) licence {
	return d.licences.get(Title{Publisher: publisher, Name: name, Version: version}, func() licence {
		m, ok := d.lookUp(publisher, name, version)
		if !ok {
			return licence{m, ok, d.unknown(publisher, name, version)}
		}
		return licence{m, ok, m.Product}
	})
}

func (d *Dictionary) lookUp(publisher, name, version string) (m Match, ok bool) {
	return d.paperOr(publisher, name, version, func() (m Match, ok bool) {
		for _, n := range []string{name, publisher + " " + name} { // the exact name of an installation
			if m, ok = d.Recognize(Title{Publisher: publisher, Name: n, Version: version}); ok && m.Row != nil {
				return m, true
			}
		}
		return Match{}, false
	})
}

// OnPaper is Licensed for names that are written on licences, and not for those of installations.
func (d *Dictionary) OnPaper(publisher, name, version string) (m Match, ok bool) {
	return d.paperOr(publisher, name, version, func() (Match, bool) { return Match{}, false })
}

// paperOr looks a name on a licence up: as it is written, in another way, and by its words. The name of an
// addition begins like the product that it is for, so it is looked up only as it is written: "Windows
// Enterprise SA per User" is a licence.
func (d *Dictionary) paperOr(publisher, name, version string, other func() (Match, bool)) (m Match, ok bool) {
	publisher = d.brand(publisher, name)
	m, ok = d.exactly(publisher, name, version)
	unknown := name + " " + version
	if ok {
		unknown = version
	}
	switch {
	case d.isAddition(publisher, text.Fold(unknown)):
		return Match{}, false
	case ok:
		return m, true
	}
	if m, ok = other(); ok {
		return m, true
	}
	return d.loosely(publisher, name, version)
}

// owners sell products of several publishers under the names that these had.
var owners = setOf("broadcom")

// brand returns the publisher at the front of a name if the publisher beside it sells several brands:
// VMware for "VMware vSphere Standard" of Broadcom.
func (d *Dictionary) brand(publisher, name string) string {
	if first := firstWord(text.Collapse(name)); owners.has(publisherStem(publisher)) && d.publisher(first) >= 0 {
		return first
	}
	return publisher
}

// exactly looks a name up as it is written. A column that does not begin with a version belongs to
// the name: "Office", "Professional Plus 2021".
func (d *Dictionary) exactly(publisher, name, version string) (m Match, ok bool) {
	by := d.publisher(publisher)
	m, ok = d.written(d.paper, by, name, version)
	if column := text.Collapse(version); column != "" && !strings.ContainsAny(firstWord(column), "0123456789") {
		if ok && m.Row.has(column) {
			return m, true
		}
		if whole, found := d.written(d.paper, by, name+" "+column, ""); found {
			return whole, true
		}
	}
	if ok {
		return m, true
	}
	// "Adobe Acrobat (64-bit)" is the title of an installation rather than a family.
	m, ok = d.written(d.familyPaper, by, name, version)
	return m, ok && (m.Product.Version != "" || Stem(text.Fold(name)) == text.Fold(name))
}

// lookup finds a name on licences, in normal form, of a publisher.
type lookup func(publisher int, name string) (paper, bool)

// written looks a name up, and then without the version in it.
func (d *Dictionary) written(find lookup, by int, name, version string) (m Match, ok bool) {
	names := d.stems(by, name)
	for _, n := range names {
		if m, ok = d.licensed(find, by, n, "", version); ok {
			return m, true
		}
	}
	for _, n := range names {
		if rest, found := SplitVersion(strings.Fields(n)); found != "" {
			if m, ok = d.licensed(find, by, strings.Join(rest, " "), found, version); ok {
				return m, true
			}
		}
	}
	return Match{}, false
}

// stems returns the normal form of a name, and the one without its publisher if that is another. On
// paper, (User) is who a licence is for, and not how a program was set up.
func (d *Dictionary) stems(by int, name string) []string {
	stem := Stem(strings.ReplaceAll(text.Fold(name), "(user)", "user"))
	if rest := d.withoutPublisher(by, stem); rest != stem {
		return []string{stem, rest}
	}
	return []string{stem}
}

// loosely looks a name up by its words, see plain, in each of its readings.
func (d *Dictionary) loosely(publisher, name, version string) (m Match, ok bool) {
	by := d.publisher(publisher)
	for _, n := range d.stems(by, name) {
		for _, r := range readings(plain(n, d.isMicrosoft(by))) {
			if m, ok = d.read(by, r, version); ok {
				return m, true
			}
		}
	}
	return Match{}, false
}

// read looks up one reading of a name, and then without the version in it.
func (d *Dictionary) read(by int, r reading, version string) (m Match, ok bool) {
	if m, ok = d.licensed(d.plainPaper, by, strings.Join(r.words, " "), "", version); ok {
		return m, true
	}
	if rest, found := SplitVersion(r.words); found != "" && found != r.number {
		if m, ok = d.licensed(d.plainPaper, by, strings.Join(rest, " "), found, version); ok {
			return m, true
		}
	}
	for i := min(len(r.words), maxWords) - 1; i > 0; i-- {
		rest := slices.Concat(r.words[:i], r.words[i+1:])
		if m, ok = d.licensed(d.plainPaper, by, strings.Join(rest, " "), r.words[i], version); ok && m.tells(r.words[i], r.number) {
			return m, true
		}
	}
	return Match{}, false
}

// tells reports whether a word of a name is the version of the product that the other words name: the XI
// of "acrobat xi pro", the 17 of "workstation 17 pro". A number before a unit must be a recent version:
// "acrobat pro 11 licenses", but not "visio 5 licenses".
func (m *Match) tells(word, beforeUnit string) bool {
	own, ok := m.Row.own(word)
	switch {
	case ok && own == m.Product.Version:
		return word != beforeUnit || m.Row.isRecent(own)
	case m.Row.Scheme == SchemeMajor || m.Row.Scheme == SchemeMinor:
		return word != beforeUnit && isNumber(word) && m.Product.Version == m.Row.canonical(word)
	}
	return false
}

func (d *Dictionary) isMicrosoft(by int) bool { return by >= 0 && d.Publishers[by].Name == "Microsoft" }

// Named returns the product that a name on a licence stands for. If the dictionary does not know
// it, that is the name without the publisher at its front and without the version at its end, if
// the column version is empty or says the same.
func (d *Dictionary) Named(publisher, name, version string) Product {
	return d.licence(publisher, name, version).named
}

// unknown returns the product of a name that the dictionary does not know, see Named. It depends on
// nothing but the publisher and the text of name and version together, so that products which people
// see as one are one: "Zed Tool Pro 4" is "Zed Tool" with version "Pro 4".
func (d *Dictionary) unknown(publisher, name, version string) Product {
	p := Product{Publisher: strings.Join(publisherWords(text.Collapse(marks.Replace(publisher))), " ")}
	words := withoutFront(strings.Fields(marks.Replace(name)), strings.Fields(publisher))
	words = withoutFront(words, strings.Fields(p.Publisher))
	if known, ok := d.Publisher(publisher); ok {
		words = withoutFront(words, strings.Fields(known))
		p.Publisher = known
	}
	if column := strings.Fields(version); !hasEnd(words, column) {
		words = append(words, column...)
	}
	rest, found := splitUnknown(words)
	for { // "Zed 5" with version 5.2
		shorter, before := splitUnknown(rest)
		if before == "" || found != before && !strings.HasPrefix(found, before+".") {
			break
		}
		rest = shorter
	}
	p.Family, p.Version = strings.Join(rest, " "), found
	return p
}

// withoutFront removes the words of a publisher from the front of a name, as often as they are there,
// unless a number or nothing follows.
func withoutFront(words, publisher []string) []string {
	for n := len(publisher); n > 0 && n < len(words) && !isNumber(words[n]) &&
		strings.EqualFold(strings.Join(words[:n], " "), strings.Join(publisher, " ")); {
		words = words[n:]
	}
	return words
}

// hasEnd reports whether the last words are the same as others, of which there is at least one.
func hasEnd(words, end []string) bool {
	at := len(words) - len(end)
	return at > 0 && slices.EqualFunc(words[at:], end, strings.EqualFold)
}

// splitUnknown is SplitVersion for a name that the dictionary does not know. It also finds a number
// with dots in the middle, which is the version with what follows: "1.2 beta".
func splitUnknown(words []string) (rest []string, version string) {
	rest, version = SplitVersion(words)
	if version == "" {
		at := 1 + slices.IndexFunc(words[min(1, len(words)):], func(w string) bool { return isNumber(w) && strings.Contains(w, ".") })
		if at > 0 {
			rest, version = words[:at], strings.TrimPrefix(strings.ToUpper(strings.Join(words[at:], " ")), "V")
		}
	}
	return rest, shortest(version)
}

// shortest returns a version without zeros at the end of its number: 5 for V5.0.0.
func shortest(version string) string {
	number, rest, _ := strings.Cut(version, " ")
	if isNumber(number) {
		number = strings.TrimLeft(number, "vV")
		for strings.HasSuffix(number, ".0") {
			number = strings.TrimSuffix(number, ".0")
		}
	}
	return strings.TrimSpace(number + " " + rest)
}

// Canonical returns a product as this dictionary names it: one that another dictionary or a person
// named. Products that Recognize and Named return stay as they are, and so do unknown ones. A name
// with similar words is not enough: a person who names a product that the dictionary does not have
// does not mean another one.
func (d *Dictionary) Canonical(p Product) Product {
	if row, ok := d.own(p); ok {
		return row.product(row.canonical(p.Version))
	}
	if m, ok := d.exactly(p.Publisher, p.Name(), p.Version); ok {
		return m.Product
	}
	return p
}

// Ruled returns the product that an admin's rule names: like a licence of that name, but neither by names
// of installations, which a rule recognises itself, nor by similar words, see Canonical.
func (d *Dictionary) Ruled(p Product) Product {
	if canonical := d.Canonical(p); canonical != p {
		return canonical
	}
	if _, known := d.own(p); known {
		return p
	}
	named := d.unknown(p.Publisher, p.Name(), p.Version)
	if named.Family == text.Collapse(p.Name()) {
		named.Family, named.Edition = p.Family, p.Edition // nothing was found in the name
	}
	return named
}

// licensed looks a name up among the names on licences. inName is the version that was cut from it.
func (d *Dictionary) licensed(find lookup, by int, name, inName, column string) (m Match, ok bool) {
	p, ok := find(by, name)
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
	if found && legalForms.has(strings.ReplaceAll(strings.TrimRight(form, ","), ".", "")) {
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
