// Package i18n turns stable codes into sentences in the reader's language.
//
// Other packages pass codes and arguments; text is created only for a reader. A placeholder in a
// message is a name in braces, {max}.
// sentences avoid counted nouns ("at most 5 characters" is always plural here),
// so plural rules are not needed.
//
// # Messages
//
// The messages are data: folder messages has one gettext file for each language,
// which Poedit, Weblate and the gettext tools read. en.pot has the English
// messages and is the template of the other files. In every file msgctxt is the
// code and msgid the English text; msgstr is the translation. `go generate
// ./internal/i18n` compiles the files into messages_gen.go, the messages of the
// console's pages into pages_gen.go and those of notices and calendars into notices_gen.go, so that a program parses nothing and
// builds no table when it starts. The tests in folder
// generate fail when one of the two is out of date. They list every message
// that a language lacks, that English lacks, that is a translation of an older
// English text, or whose placeholders differ from the English ones.
//
// To add or change a message:
//
//  1. Edit messages/en.pot. The #. lines say where the message is shown and what
//     each placeholder is.
//  2. Update the translations: "Update from POT file" in Poedit, or
//     `msgmerge -U messages/nl.po messages/en.pot`. Translate what is new. A
//     changed English text makes a translation fuzzy; remove the mark when the
//     translation is right again.
//  3. Run `go generate ./internal/i18n`.
//
// To add a language, create its file from en.pot in one of these tools (with
// gettext: `msginit -i en.pot -l de -o de.po`), translate it, and run `make
// golden`. The header line Language names the language, which is then offered
// wherever the others are. A message that a language lacks is shown in English.
//
// A placeholder whose name begins with limit is a limit of trueup. The generator
// replaces it with the number.
package i18n

import (
	"fmt"
	"sort"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

//go:generate go run ./generate

// Lang is a language of trueup's messages, as a BCP 47 tag.
type Lang string

// Name returns the English name of the language, such as "Dutch"; the tag
// itself when there are no messages in the language.
func (l Lang) Name() string {
	for i, lang := range Langs {
		if lang == l {
			return names[i]
		}
	}
	return string(l)
}

// matcher is built on first use, because most processes never need it.
var matcher = sync.OnceValue(func() language.Matcher {
	tags := make([]language.Tag, len(Langs))
	for i, lang := range Langs {
		tags[i] = language.Make(string(lang))
	}
	return language.NewMatcher(tags)
})

// Language returns the best language for the value of an Accept-Language header; English if it is
// empty, malformed or has no supported language.
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

// Text returns the message of the code in the language, with args for its placeholders. A
// placeholder without an argument stays as written. A message that the language lacks is in
// English. For an unknown code it returns the code, so that a reader can report it.
func Text(lang Lang, code string, args map[string]string) string {
	m, ok := find(messages[:], code)
	if !ok {
		return code
	}
	return fill(lang, m.in(lang), args)
}

// PageText is Text for pages of the console, which have further messages. Programs that do not call it do not
// contain them.
func PageText(lang Lang, code string, args map[string]string) string {
	if m, ok := find(pageMessages[:], code); ok {
		return fill(lang, m.in(lang), args)
	}
	return Text(lang, code, args)
}

// NoticeText is Text for notices and calendars, which have further messages. Programs that do not call it do
// not contain them.
func NoticeText(lang Lang, code string, args map[string]string) string {
	if m, ok := find(noticeMessages[:], code); ok {
		return fill(lang, m.in(lang), args)
	}
	return Text(lang, code, args)
}

// Column returns the name of a file's column; empty for no column. Columns of lists of a directory have the
// same name in every language.
func Column(lang Lang, column string) string {
	if code := "column_" + column; Known(code) {
		return Text(lang, code, nil)
	}
	return column
}

// Known reports whether the code has a message for Text.
func Known(code string) bool {
	_, ok := find(messages[:], code)
	return ok
}

// KnownPage reports whether the code has a message for PageText.
func KnownPage(code string) bool {
	_, ok := find(pageMessages[:], code)
	return ok || Known(code)
}

// KnownNotice reports whether the code has a message for NoticeText.
func KnownNotice(code string) bool {
	_, ok := find(noticeMessages[:], code)
	return ok || Known(code)
}

// message is one message in every language, in the order of Langs. A text is
// empty when the language lacks it; English has every message.
type message struct {
	code  string
	texts [len(names)]string
}

func (m *message) in(lang Lang) string {
	for i, l := range Langs {
		if l == lang && m.texts[i] != "" {
			return m.texts[i]
		}
	}
	return m.texts[0]
}

func find(in []message, code string) (*message, bool) {
	i, ok := sort.Find(len(in), func(i int) int { return strings.Compare(code, in[i].code) })
	if !ok {
		return nil, false
	}
	return &in[i], true
}

// fill replaces the placeholders in one pass, so that braces in an argument stay unchanged.
func fill(lang Lang, text string, args map[string]string) string {
	var b strings.Builder
	for rest := text; ; {
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

// argument returns the value of a placeholder. Some arguments are named in the reader's language:
// "separator" is one character, "characters" is a list of characters with spaces between them, and
// "column" is a column of a file.
func argument(lang Lang, name string, args map[string]string) (string, bool) {
	value, ok := args[name]
	switch name {
	case "separator":
		switch value {
		case ",":
			value = Text(lang, "separator_comma", nil)
		case ";":
			value = Text(lang, "separator_semicolon", nil)
		case "\t":
			value = Text(lang, "separator_tab", nil)
		}
	case "characters":
		value = namedCharacters(lang, value)
	case "column":
		if Known("column_" + value) {
			value = Column(lang, value)
		}
	}
	return value, ok && name != "" // {} is text
}

// namedCharacters returns a list of characters with a name for those that are invisible or look
// like others. An invisible one is in the list as U+0020.
func namedCharacters(lang Lang, list string) string {
	all := strings.Split(list, " ")
	for i, c := range all {
		code := strings.ToLower(strings.TrimPrefix(c, "U+"))
		visible := !strings.HasPrefix(c, "U+")
		if r := []rune(c); len(r) == 1 {
			code = fmt.Sprintf("%04x", r[0])
		}
		if !Known("character_" + code) {
			continue
		}
		all[i] = Text(lang, "character_"+code, nil)
		if visible {
			all[i] = c + " (" + all[i] + ")"
		}
	}
	if strings.Contains(list, "U+") {
		return strings.Join(all, ", ")
	}
	return strings.Join(all, " ")
}
