package product

import (
	"slices"
	"strings"
	"sync"

	"trueup/internal/text"
)

// Stem returns the normal form of a folded name (text.Fold): without trade mark signs, and
// without the language, culture and architecture at its end:
//
//	microsoft office professional plus 2016 - fr-fr    microsoft office professional plus 2016
//	autocad 2016 – français (french)                   autocad 2016
//	mozilla firefox 115.0 (x64 en-us)                  mozilla firefox 115.0
//	hcl notes 12.0.1 german                            hcl notes 12.0.1
//	pdfelement(version 8.2.13)                         pdfelement
//
// At least one word remains.
func Stem(name string) string {
	name = withoutMarks(name)
	for {
		shorter := withoutEnd(name)
		if shorter == "" || shorter == name {
			return name
		}
		name = shorter
	}
}

var marks = strings.NewReplacer("™", "", "®", "", "©", "", "(tm)", "", "(r)", "", "(c)", "", "(TM)", "", "(R)", "", "(C)", "")

func withoutMarks(name string) string {
	if text.IsASCII(name) && !strings.Contains(name, "(tm)") && !strings.Contains(name, "(r)") && !strings.Contains(name, "(c)") {
		return name
	}
	return text.Collapse(marks.Replace(name))
}

// withoutEnd removes one language, culture or architecture from the end of a name.
func withoutEnd(name string) string {
	name = strings.TrimRight(name, " ,-–—")
	if rest, inside, ok := cutParentheses(name); ok && (isVariant(inside) || slices.Contains(variants, strings.TrimSpace(inside)) || isBuild(inside)) {
		return rest
	}
	for _, dash := range []string{" - ", " – ", " — "} {
		if at := strings.LastIndex(name, dash); at > 0 && isVariant(name[at+len(dash):]) {
			return name[:at]
		}
	}
	for _, words := range architectures {
		if rest, ok := strings.CutSuffix(name, words); ok && strings.HasSuffix(rest, " ") {
			return rest
		}
	}
	if at := strings.LastIndexByte(name, ' '); at > 0 && (len(name)-at > 3 && isCulture(name[at+1:]) || languages.has(name[at+1:]) && isDigit(name[at-1])) {
		return name[:at]
	}
	return name
}

// cutParentheses splits the last text in parentheses from the end of a name.
func cutParentheses(name string) (rest, inside string, ok bool) {
	body, ok := strings.CutSuffix(name, ")")
	at := strings.LastIndexByte(body, '(')
	if !ok || at < 1 {
		return "", "", false
	}
	return body[:at], body[at+1:], true
}

// isBuild reports whether s tells only a version or a build: version 9.2.0.
func isBuild(s string) bool {
	words := strings.Fields(s)
	return len(words) == 2 && (words[0] == "version" || words[0] == "build") && isNumber(words[1])
}

// isVariant reports whether every word of s names a language, a culture or an architecture.
func isVariant(s string) bool {
	s = strings.TrimSpace(s)
	if slices.Contains(architectures, s) {
		return true
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '/' || r == ';' })
	for _, w := range words {
		if !isCulture(w) && !languages.has(w) && !slices.Contains(architectures, w) {
			return false
		}
	}
	return len(words) > 0
}

// isCulture reports whether s is a language code of two letters, alone or followed by a region or
// a script: fr, fr-fr, zh-hans, sr-latn-rs.
func isCulture(s string) bool {
	if len(s) < 2 || !strings.Contains(codes, " "+s[:2]+" ") {
		return false
	}
	for rest := s[2:]; rest != ""; {
		end := 1
		for end < len(rest) && rest[end] >= 'a' && rest[end] <= 'z' {
			end++
		}
		if rest[0] != '-' && rest[0] != '_' || end < 3 || end > 5 {
			return false
		}
		rest = rest[end:]
	}
	return true
}

// architectures are written at the end of names, the longer ones first.
var architectures = []string{
	"64-bit edition", "32-bit edition", "64 bit edition", "32 bit edition", "x64 edition", "x86 edition",
	"64-bits", "32-bits", "64 bits", "32 bits", "64-bit", "32-bit", "64 bit", "32 bit", "64bit", "32bit",
	"x86_64", "x86-64", "x64", "x86", "amd64", "arm64", "win64", "win32",
	"64-разрядная версия", "32-разрядная версия", "64-разрядный выпуск", "32-разрядный выпуск", "64-разрядная", "32-разрядная", "64-разрядный", "32-разрядный",
	"64 位元", "32 位元", "64位元", "32位元", "64 位", "32 位", "64位", "32位", "64 ビット", "32 ビット", "64ビット", "32ビット", "64비트", "32비트", "64 비트", "32 비트",
	"64-bitars", "32-bitars", "64-bits editie", "64-bit-version", "64-bit-edition", "64-bittinen", "32-bittinen", "64-bitová", "32-bitová", "64bitová", "32bitová",
	"64-bitowa", "32-bitowa", "64-bitowy", "32-bitowy", "64 bites", "32 bites", "64-bites", "32-bites", "64 de biți", "32 de biți", "64 bit sürümü",
	"версия 64-bit", "64-розрядна", "32-розрядна", "64-bitna", "32-bitna", "64-битная", "32-битная", "64 бит", "32 бит",
}

// variants are written in parentheses at the end of names and do not change the product.
var variants = []string{"user", "remove only", "current user", "all users", "machine", "system"}

// codes are the language codes of ISO 639-1 in which software is sold.
const codes = " af ar az be bg bn bs ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy id is it ja ka kk km kn ko lb lt lv mk ml mn mr ms mt nb ne nl nn no pl ps pt ro ru sk sl sq sr sv sw ta te th tr uk ur uz vi zh "

var languages = setOf(`english french german dutch spanish italian portuguese brazilian japanese chinese korean russian polish czech slovak
	hungarian romanian swedish danish norwegian finnish turkish greek hebrew arabic ukrainian bulgarian croatian slovenian thai vietnamese catalan
	deutsch français francais nederlands español espanol italiano português brasil brasileiro svenska dansk norsk suomi polski čeština cestina
	magyar română türkçe turkce русский українська ελληνικά 日本語 中文 한국어 简体中文 繁體中文 simplified traditional international multilingual`)

// wordSet is a set of folded words that is made when it is first asked: most functions never look a
// product up, and all of them start faster.
type wordSet func() map[string]bool

func setOf(words string) wordSet {
	return sync.OnceValue(func() map[string]bool {
		set := map[string]bool{}
		for _, w := range strings.Fields(words) {
			set[text.Fold(w)] = true
		}
		return set
	})
}

// has reports whether the set has a word.
func (s wordSet) has(word string) bool { return s()[word] }

// publisherStem returns the normal form of a publisher: folded, without punctuation between words
// and without the legal form at its end: "Adobe Systems, Inc." is "adobe systems".
func publisherStem(publisher string) string {
	s := withoutMarks(text.Fold(publisher))
	if rest, _, ok := cutParentheses(s); ok {
		s = rest
	}
	return strings.Join(publisherWords(s), " ")
}

// publisherWords returns the words of a publisher, which has single spaces, without its legal form, in
// the case in which they are written.
func publisherWords(publisher string) []string {
	words := strings.FieldsFunc(publisher, func(r rune) bool { return r == ' ' || r == ',' })
	if len(words) > 1 && strings.EqualFold(words[0], "the") {
		words = words[1:]
	}
	for len(words) > 1 && legalForms.has(strings.ReplaceAll(text.Fold(words[len(words)-1]), ".", "")) {
		words = words[:len(words)-1]
	}
	for i, w := range words {
		words[i] = strings.TrimRight(w, ".")
	}
	return words
}

// PublisherKey returns the normal form of a publisher, by which it is known: the same for "Adobe
// Systems, Inc." and "adobe systems".
func PublisherKey(publisher string) string { return publisherStem(publisher) }

var legalForms = setOf(`inc incorporated corp corporation co company ltd limited llc llp lp gmbh ag kg cokg bv nv sa sas sarl srl spa plc pty pvt pte oy
	oyj ab as a/s aps kft sro s.r.o doo kk ou oü sia uab ltda se & + und and de`)
