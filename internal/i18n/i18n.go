// Package i18n turns stable codes into sentences in English, Dutch and French.
//
// The house passes codes and arguments around; only at the edge, where a
// person reads, do they become text. Each message stands once, in its three
// languages side by side, so that a translator sees them together and a test
// can compare their placeholders. A placeholder is a name in braces, {max}.
//
// The catalog is plain Go data: reading it costs a function nothing at start,
// where a message library would parse templates first. The sentences avoid
// counted nouns ("at most 5 characters" is always plural here), so plural rules
// are not needed.
package i18n

import (
	"strings"
	"sync"

	"golang.org/x/text/language"

	"trueup/internal/errs"
)

// Lang is a language people can read trueup in, as a BCP 47 tag.
type Lang string

// The languages. English is the default.
const (
	English Lang = "en"
	Dutch   Lang = "nl"
	French  Lang = "fr"
)

// Langs lists every language, the default first.
var Langs = []Lang{English, Dutch, French}

// matcher is built at the first request that asks for a language: most start
// without one.
var matcher = sync.OnceValue(func() language.Matcher {
	return language.NewMatcher([]language.Tag{language.English, language.Dutch, language.French})
})

// Language returns the best language for the value of an Accept-Language
// header; English when it is empty, malformed or asks for none of ours.
func Language(acceptLanguage string) Lang {
	if acceptLanguage == "" {
		return English
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return English
	}
	_, i, confidence := matcher().Match(tags...)
	if confidence == language.No {
		return English
	}
	return Langs[i]
}

// Parse returns the language with exactly that tag, as in a query parameter.
func Parse(tag string) (Lang, bool) {
	for _, lang := range Langs {
		if string(lang) == tag {
			return lang, true
		}
	}
	return "", false
}

// Text returns the message of the code in the language with its placeholders
// filled in. A placeholder without an argument stays as written. An unknown
// code is its own text, so that a reader can still report it.
func Text(lang Lang, code string, args errs.Args) string {
	m, ok := find(code)
	if !ok {
		return code
	}
	return m.fill(lang, args)
}

// Known reports whether the catalog has a message for the code.
func Known(code string) bool {
	_, ok := find(code)
	return ok
}

// message is one message in every language.
type message struct{ en, nl, fr string }

func (m message) in(lang Lang) string {
	switch lang {
	case Dutch:
		return m.nl
	case French:
		return m.fr
	default:
		return m.en
	}
}

// catalogs is every message, in the order in which a code is looked up. A code
// stands in one of them only.
var catalogs = []map[string]message{apiMessages, editMessages, importMessages, nameMessages, termMessages, catalogMessages, entitlementMessages, inventoryMessages, reportMessages, refreshMessages}

func find(code string) (message, bool) {
	for _, catalog := range catalogs {
		if m, ok := catalog[code]; ok {
			return m, true
		}
	}
	return message{}, false
}

// fill replaces the placeholders in one pass, so that braces inside an
// argument stay what they are.
func (m message) fill(lang Lang, args errs.Args) string {
	var b strings.Builder
	for rest := m.in(lang); ; {
		before, after, open := strings.Cut(rest, "{")
		b.WriteString(before)
		if !open {
			return b.String()
		}
		name, end, closed := strings.Cut(after, "}")
		if value, ok := argument(lang, name, args); ok && closed {
			b.WriteString(value)
			rest = end
			continue
		}
		b.WriteByte('{')
		rest = after
	}
}
