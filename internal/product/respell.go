package product

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"trueup/internal/text"
)

// respelled returns other spellings of a title that no rule knows, folded, the likeliest first:
//
//	Microsoft_VisioProfessional_2010_x86   microsoft visio professional 2010 x86
//	FineReader11 Professional              finereader 11 professional
//	Postman x64 11.81.0                    postman 11.81.0
//	Herramientas de correcci?n             herramientas de corrección
//	Microsoft 365-appar för X - sv-se      microsoft 365 apps in another language
//	Microsoft Project Standaard 2019       microsoft project standard 2019
//	Trellix Data Exchange Layer            mcafee data exchange layer
//
// They are tried last, so they cannot change what a rule says of the title as written.
func (d *Dictionary) respelled(name string) (all []string) {
	for _, spelling := range []string{spaced(name), d.repaired(name), withoutArchitecture(text.Fold(name)), localApps(text.Fold(name)), inEnglish(text.Fold(name)), renamed(text.Fold(name))} {
		if spelling = text.Fold(spelling); spelling != "" && spelling != text.Fold(name) {
			all = append(all, spelling)
		}
	}
	return all
}

// spaced separates the words of a name as packagers write it: underscores become spaces if there
// are no others, and words that begin with a capital and numbers stand apart. Revisions of a package
// at the end are dropped.
func spaced(name string) string {
	isPackage := strings.Count(name, "_") > 1 && !strings.Contains(name, " ")
	if isPackage {
		name = withoutRevision(strings.ReplaceAll(name, "_", " "))
	}
	var b strings.Builder
	last := ' '
	for _, r := range name {
		if isPackage && unicode.IsUpper(r) && unicode.IsLower(last) || beginsNumber(last, r, b.String()) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

// withoutArchitecture removes the architecture from within a name. Stem does so at the end.
func withoutArchitecture(folded string) string {
	words := strings.Fields(folded)
	kept := slices.DeleteFunc(words, func(word string) bool { return slices.Contains(architectures, strings.Trim(word, "(),")) })
	return strings.Join(kept, " ")
}

// withoutRevision drops the revision of a package and its language from the end: EN_r01.
func withoutRevision(name string) string {
	for {
		at := strings.LastIndexByte(name, ' ')
		last := strings.ToLower(name[at+1:])
		number, isRevision := strings.CutPrefix(last, "r")
		isRevision = isRevision && number != "" && strings.Trim(number, "0123456789") == ""
		if at < 1 || !isRevision && !isCulture(last) {
			return name
		}
		name = name[:at]
	}
}

// minLetters is the length of a word after which a number is a version and no part of the word:
// FineReader11, but neither x64 nor PIC32.
const minLetters = 4

// beginsNumber reports whether r is the first digit of a number that follows a long word, or a
// character of Chinese, Japanese or Korean writing, directly.
func beginsNumber(last, r rune, written string) bool {
	if !unicode.IsDigit(r) || !unicode.IsLetter(last) {
		return false
	}
	if isIdeograph(last) {
		return true
	}
	at := strings.LastIndexFunc(written, func(r rune) bool { return !unicode.IsLetter(r) })
	return utf8.RuneCountInString(written[at+1:]) >= minLetters
}

func isIdeograph(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// lost are the characters that stand for a letter that an export could not write.
const lost = "?\ufffd"

// repaired replaces the marks for lost letters: within a word by the letter that makes it a word of
// the rules, elsewhere by nothing, because there they stand for trade mark signs.
func (d *Dictionary) repaired(name string) string {
	if !strings.ContainsAny(name, lost) {
		return ""
	}
	words := strings.Fields(text.Fold(name))
	for i, word := range words {
		inside := strings.Trim(word, "()[],.:;-")
		if known, ok := d.accented()[unaccented(inside)]; ok {
			words[i] = strings.Replace(word, inside, known, 1)
		} else {
			words[i] = strings.Trim(word, lost)
		}
	}
	return strings.Join(words, " ")
}

// accented returns the words of the rules with letters that are not ASCII, by their spelling
// without them. It is collected on first use.
func (d *Dictionary) accented() map[string]string {
	d.words.once.Do(func() {
		d.words.known = map[string]string{}
		add := func(s string) {
			for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' }) {
				if !text.IsASCII(word) {
					d.words.known[unaccented(word)] = word
				}
			}
		}
		for i := range d.Rules {
			if !text.IsASCII(d.Rules[i].Name) {
				add(d.Rules[i].Name)
			}
		}
		for language := range languages() {
			add(language)
		}
	})
	return d.words.known
}

// unaccented returns a word with a mark in place of each letter that is not ASCII.
func unaccented(word string) string {
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, word)
}

// localApps returns the name of an undecidable row for a title that must be Microsoft 365 Apps in a
// language whose name for it no rule knows: "Microsoft 365" and more words, with a culture at the
// end, as only Office writes it.
func localApps(folded string) string {
	at := strings.LastIndex(folded, " - ")
	if at < 0 || !isCulture(folded[at+3:]) || len(folded)-at < len(" - xx-xx") {
		return ""
	}
	words := strings.Fields(folded[:at])
	if len(words) < 3 || !strings.Contains(folded[:at], "microsoft 365") || slices.ContainsFunc(otherApps, func(s string) bool { return strings.Contains(folded, s) }) {
		return ""
	}
	return "microsoft 365 apps in another language"
}

// otherApps are words of titles with "Microsoft 365" and a culture that are not the apps.
var otherApps = []string{"copilot", "access runtime", "teams", "language pack", "viva", "defender", "business central"}

// renamed returns a title with the earlier brand of its products at the front. A rule that was
// written for the earlier titles takes the later ones too.
func renamed(folded string) string {
	brand, rest, found := strings.Cut(folded, " ")
	if former, ok := formerBrands[brand]; ok && found {
		return former + " " + rest
	}
	return ""
}

// formerBrands are the brands under which products were sold before, by the later ones.
var formerBrands = map[string]string{
	"trellix": "mcafee", "skyhigh": "mcafee", "bigfix": "ibm bigfix", "hcl": "ibm", "opentext": "micro focus", "withsecure": "f-secure", "omnissa": "vmware",
	"beyondtrust": "bomgar", "ivanti": "landesk", "forcepoint": "websense", "fortra": "helpsystems", "aveva": "wonderware", "gen": "avast", "tungsten": "kofax",
	"veritas": "symantec", "arctera": "veritas", "broadcom": "symantec", "progress": "telerik",
}
