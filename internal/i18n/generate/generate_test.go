package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/chai2010/gettext-go/po"
	"github.com/google/go-cmp/cmp"

	"trueup/internal/testkit/golden"
)

var folder = os.DirFS("../messages")

func loaded(t *testing.T) []lang {
	t.Helper()
	langs, err := load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return langs
}

// TestGenerated fails when `go generate ./internal/i18n` was not run.
func TestGenerated(t *testing.T) {
	t.Parallel()
	for name, compiled := range generated {
		source, err := compiled(loaded(t))
		if err != nil {
			t.Fatal(err)
		}
		golden.Equal(t, "../"+name, source)
	}
}

// TestMessages reports the faults of every language.
func TestMessages(t *testing.T) {
	t.Parallel()
	langs := loaded(t)
	if len(langs) < 2 || len(langs[0].messages) < 300 {
		t.Errorf("only %d languages and %d messages were found", len(langs), len(langs[0].messages))
	}
	for _, fault := range faults(langs) {
		t.Error(fault)
	}
}

// TestRoundTrip checks that reading and writing a file keeps its messages and comments: by the
// library, and by msgcat if gettext is installed.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	msgcat, _ := exec.LookPath("msgcat")
	for _, l := range loaded(t) {
		written := func(data []byte) {
			t.Helper()
			again, err := read(fstest.MapFS{l.file: {Data: data}}, l.file)
			if err != nil {
				t.Errorf("%s: %v", l.file, err)
			} else if diff := cmp.Diff(l, again, cmp.AllowUnexported(lang{}, entry{})); diff != "" {
				t.Errorf("%s (-before +after)\n%s", l.file, diff)
			}
		}
		file, err := po.LoadFile("../messages/" + l.file)
		if err != nil {
			t.Fatal(err)
		}
		written(file.Data())
		if msgcat == "" {
			continue
		}
		data, err := exec.Command(msgcat, "../messages/"+l.file).Output()
		if err != nil {
			t.Errorf("msgcat %s: %v", l.file, err)
			continue
		}
		written(data)
	}
	if msgcat == "" {
		t.Log("gettext is not installed: msgcat was left out")
	}
}

// template is a small en.pot.
const template = `msgid ""
msgstr "Language: en\n"

#. A field.
#. {max}: a number.
#, python-brace-format
msgctxt "max"
msgid "At most {max}."
msgstr ""

#. A file.
#. {limitRows}: a number. {next} is text.
msgctxt "rows"
msgid "At most {limitRows} rows, {}."
msgstr ""

#. A name.
msgctxt "one"
msgid "Name"
msgstr ""
`

// files returns a folder with the template and other files.
func files(namesAndContents ...string) fstest.MapFS {
	folder := fstest.MapFS{"en.pot": {Data: []byte(template)}}
	for i := 0; i < len(namesAndContents); i += 2 {
		folder[namesAndContents[i]] = &fstest.MapFile{Data: []byte(namesAndContents[i+1])}
	}
	return folder
}

// german is the header of a file in German.
const german = "msgid \"\"\nmsgstr \"Language: de\\n\"\n\n"

func TestFaults(t *testing.T) {
	t.Parallel()
	message := func(code, msgid, msgstr string) string {
		return "msgctxt \"" + code + "\"\nmsgid \"" + msgid + "\"\nmsgstr \"" + msgstr + "\"\n\n"
	}
	limit, rows := message("max", "At most {max}.", "Höchstens {max}."), message("rows", "At most {limitRows} rows, {}.", "Höchstens {limitRows} Zeilen, {}.")
	for name, test := range map[string]struct {
		folder fstest.MapFS
		want   []string
	}{
		"nothing":           {files("de.po~", german, "de.mo", "", "de.po", german+limit+rows+message("one", "Name", "Name")), nil},
		"obsolete messages": {files("de.po", german+limit+rows+message("one", "Name", "Name")+"#~ msgctxt \"two\"\n#~ msgid \"Two\"\n#~ msgstr \"Zwei\"\n"), nil},
		"missing and unknown": {files("de.po", german+limit+rows+message("two", "Two", "Zwei")), []string{
			`de.po: one: is missing; translate "Name"`,
			`de.po: two: is not in en.pot; remove it`,
		}},
		"not translated": {files("de.po", german+message("max", "At most {max}.", "")+message("rows", "At most {limitRows} rows, {}.", "At most {limitRows} rows, {}.")+"#, fuzzy\n"+message("one", "Name", "Name")), []string{
			`de.po: max: is missing; translate "At most {max}."`,
			`de.po: one: is fuzzy; compare it with "Name" and remove the mark`,
			`de.po: rows: is not translated: it is the same in en.pot`,
		}},
		"another English text": {files("de.po", german+message("max", "Up to {max}.", "Bis zu {max}.")+rows+message("one", "Name", " Name")), []string{
			`de.po: max: is a translation of "Up to {max}."; now it is "At most {max}."`,
			`de.po: one: begins or ends with a space`,
		}},
		"other placeholders": {files("de.po", german+message("max", "At most {max}.", "Höchstens {min}.")+rows+message("one", "Name", "{name}")), []string{
			`de.po: max: has the placeholders [{min}]; in English there are [{max}]`,
			`de.po: one: has the placeholders [{name}]; in English there are []`,
		}},
		"two languages alike": {files("de.po", german+limit+rows+message("one", "Name", "Name"),
			"nl.po", "msgid \"\"\nmsgstr \"Language: nl\\n\"\n\n"+message("max", "At most {max}.", "{max} max")+rows+message("one", "Name", "Naam")), []string{
			`de.po: rows: is not translated: it is the same in nl.po`,
		}},
		"the template": {files("en.pot", template+"\n"+message("a", " A", "")+"#. A.\n"+message("b", "B {limitDays} {n}", "B")), []string{
			`en.pot: a: begins or ends with a space`,
			`en.pot: a: has no #. line that says where it is shown`,
			`en.pot: b: has a msgstr; the English text is the msgid`,
			`en.pot: b: has no line #. {limitDays}: … that says what the placeholder is`,
			`en.pot: b: has the placeholder {limitDays}, which is no limit of trueup`,
			`en.pot: b: has no line #. {n}: … that says what the placeholder is`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			langs, err := load(test.folder)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, faults(langs)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestCompile shows the generated code: a missing translation is empty, texts include the limits, and messages of
// the console's pages are a table of their own.
func TestCompile(t *testing.T) {
	t.Parallel()
	langs, err := load(files(
		"en.pot", template+"\n#. Console.\nmsgctxt \"console_rows\"\nmsgid \"Rows of {limitRows}\"\nmsgstr \"\"\n",
		"pt_BR.po", "msgid \"\"\nmsgstr \"Language: pt_BR\\n\"\n\n#, fuzzy\nmsgctxt \"one\"\nmsgid \"Name\"\nmsgstr \"Nome\"\n",
		"a.po", german+"msgctxt \"rows\"\nmsgid \"At most {limitRows} rows, {}.\"\nmsgstr \"Höchstens {limitRows}, {}\"\n\nmsgctxt \"max\"\nmsgid \"Max {max}\"\nmsgstr \"Bis {max}\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := compile(langs)
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ := bytes.Cut(source, []byte("package i18n\n"))
	want := `
// The languages. English is the default.
const (
	English             Lang = "en"
	BrazilianPortuguese Lang = "pt-BR"
	German              Lang = "de"
)

// Langs lists every language: the default first, the others by their English names.
var Langs = []Lang{English, BrazilianPortuguese, German}

// names are the English names of Langs.
var names = [...]string{"English", "Brazilian Portuguese", "German"}

// messages are sorted by code.
var messages = [...]message{
	{"max", [...]string{
		"At most {max}.",
		"",
		"",
	}},
	{"one", [...]string{
		"Name",
		"",
		"",
	}},
	{"rows", [...]string{
		"At most ` + limits["limitRows"] + ` rows, {}.",
		"",
		"Höchstens ` + limits["limitRows"] + `, {}",
	}},
}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if source, err = compilePages(langs); err != nil {
		t.Fatal(err)
	}
	_, got, _ = bytes.Cut(source, []byte("package i18n\n"))
	want = `
// pageMessages are those of pages of the console, sorted by code.
var pageMessages = [...]message{
	{"console_rows", [...]string{
		"Rows of ` + limits["limitRows"] + `",
		"",
		"",
	}},
}
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		folder fstest.MapFS
		want   string // in the error
	}{
		"no file":                     {fstest.MapFS{}, "one template"},
		"no template":                 {fstest.MapFS{"de.po": {Data: []byte(german)}}, "one template"},
		"two templates":               {files("a.pot", template), "one template"},
		"two files of a language":     {files("a.po", german, "b.po", german), "a.po and b.po are both in German"},
		"English as a translation":    {files("en.po", template), "en.po: "},
		"a template in German":        {fstest.MapFS{"de.pot": {Data: []byte(german)}}, "de.pot: "},
		"no language":                 {files("de.po", "msgid \"\"\nmsgstr \"\"\n"), "de.po: the header line Language"},
		"a language that is none":     {files("de.po", "msgid \"\"\nmsgstr \"Language: no such\\n\"\n"), "de.po: the header line Language"},
		"a message without a code":    {files("de.po", german+"msgid \"Name\"\nmsgstr \"Name\"\n"), "de.po: line 4: \"Name\" has no code"},
		"two messages with one code":  {files("de.po", german+strings.Repeat("msgctxt \"one\"\nmsgid \"Name\"\nmsgstr \"Name\"\n\n", 2)), "de.po: line 8: there are two messages with the code one"},
		"messages that are not apart": {files("de.po", german+"msgctxt \"one\"\nmsgid \"Name\"\nmsgstr \"Name\"\nmsgctxt \"max\"\nmsgid \"Max\"\nmsgstr \"Max\"\n"), "de.po: 2 messages have a code"},
		"a quote that is not closed":  {files("de.po", german+"msgctxt \"one\nmsgid \"Name\"\nmsgstr \"Name\"\n"), "de.po: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := load(test.folder); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %q", err, test.want)
			}
		})
	}
}
