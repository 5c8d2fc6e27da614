package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"

	"github.com/chai2010/gettext-go/po"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// lang is the content of one language file.
type lang struct {
	file     string // its name
	tag      string // BCP 47, from the header line Language
	name     string // in English
	english  bool   // the template, whose texts are the msgids
	messages map[string]entry
}

// entry is one message of a file.
type entry struct {
	msgid, msgstr string
	comment       string // the #. lines
	fuzzy         bool
}

// text returns the message in the file's language. It is empty if the file lacks it, or if it
// translates a text other than e, the message in the template.
func (l *lang) text(code string, e entry) string {
	switch own := l.messages[code]; {
	case l.english:
		return own.msgid
	case own.fuzzy || own.msgid != e.msgid:
		return ""
	default:
		return own.msgstr
	}
}

// load reads the files of a folder: one template (.pot) in English, and the translations (.po).
// English comes first, the others are sorted by their English names. An error is for a file that
// cannot be read or has two messages with one code; faults reports errors in translations.
func load(folder fs.FS) ([]lang, error) {
	files, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, err
	}
	langs := make([]lang, 0, len(files))
	for _, file := range files {
		if ext := path.Ext(file.Name()); ext != ".po" && ext != ".pot" {
			continue // such as a tool's backup file
		}
		l, err := read(folder, file.Name())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name(), err)
		}
		langs = append(langs, l)
	}
	slices.SortFunc(langs, func(a, b lang) int {
		switch {
		case a.english == b.english:
			return cmp.Compare(a.name, b.name)
		case a.english:
			return -1
		default:
			return 1
		}
	})
	if len(langs) == 0 || !langs[0].english || len(langs) > 1 && langs[1].english {
		return nil, errors.New("there must be one template (.pot), which is English")
	}
	for i := 1; i < len(langs); i++ {
		if langs[i].tag == langs[i-1].tag {
			return nil, fmt.Errorf("%s and %s are both in %s", langs[i-1].file, langs[i].file, langs[i].name)
		}
	}
	return langs, nil
}

var msgctxt = regexp.MustCompile(`(?m)^msgctxt\b`)

func read(folder fs.FS, name string) (lang, error) {
	data, err := fs.ReadFile(folder, name)
	if err != nil {
		return lang{}, err
	}
	file, err := po.Load(data)
	if err != nil {
		return lang{}, err
	}
	tag, err := language.Parse(file.MimeHeader.Language)
	if err != nil {
		return lang{}, fmt.Errorf("the header line Language is %q: %w", file.MimeHeader.Language, err)
	}
	l := lang{
		file: name, tag: tag.String(), name: display.English.Tags().Name(tag), english: path.Ext(name) == ".pot",
		messages: make(map[string]entry, len(file.Messages)),
	}
	if l.english != (tag == language.English) {
		return lang{}, fmt.Errorf("the header line Language is %q: only the template (.pot) is English", file.MimeHeader.Language)
	}
	for _, m := range file.Messages {
		if m.MsgContext == "" {
			return lang{}, fmt.Errorf("line %d: %q has no code (msgctxt)", m.StartLine, m.MsgId)
		}
		if _, twice := l.messages[m.MsgContext]; twice {
			return lang{}, fmt.Errorf("line %d: there are two messages with the code %s", m.StartLine, m.MsgContext)
		}
		l.messages[m.MsgContext] = entry{m.MsgId, m.MsgStr, m.ExtractedComment, m.GetFuzzy()}
	}
	// The library reads messages without an empty line between them as one.
	if n := len(msgctxt.FindAll(data, -1)); n != len(file.Messages) {
		return lang{}, fmt.Errorf("%d messages have a code, but %d can be read: put an empty line before each message, and give each a msgid", n, len(file.Messages))
	}
	return l, nil
}

// codes returns the code of every message, sorted.
func codes(langs []lang) []string {
	return slices.Sorted(maps.Keys(langs[0].messages))
}
