package i18n

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/errs"
)

func TestLanguage(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]Lang{
		"":                                      English,
		"nl":                                    Dutch,
		"nl-BE":                                 Dutch,
		"fr-CA, en;q=0.5":                       French,
		"ja, fr;q=0.4":                          French,
		"ja":                                    English,
		"en-GB,nl;q=0.9":                        English,
		"en;q=0.2, nl;q=0.7, fr;q=.1":           Dutch,
		"*":                                     English,
		"xx-!!":                                 English,
		"nl;q=x":                                English,
		strings.Repeat("nl-BE-x-y,", 500) + "-": English,
	} {
		if got := Language(header); got != want {
			t.Errorf("Language(%.40q) = %q, want %q", header, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, want := range Langs {
		if got, ok := Parse(string(want)); got != want || !ok {
			t.Errorf("Parse(%q) = %q, %v", want, got, ok)
		}
	}
	for _, tag := range []string{"", "xx", "NL", "nl-BE"} {
		if got, ok := Parse(tag); ok {
			t.Errorf("Parse(%q) = %q, want none", tag, got)
		}
	}
}

func TestTextFillsPlaceholders(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, code string
		lang       Lang
		args       errs.Args
		want       string
	}{
		{"an argument", "number_max", English, errs.Pairs("max", "200"), "This must be 200 or less."},
		{"another language", "number_max", Dutch, errs.Pairs("max", "200"), "Dit mag hoogstens 200 zijn."},
		{"braces in an argument stay", "number_max", English, errs.Pairs("max", "{max}"), "This must be {max} or less."},
		{"an argument that is missing", "number_max", English, nil, "This must be {max} or less."},
		{"a limit", "file_too_large", French, nil, "Le fichier dépasse 4 Mio. Divisez-le en fichiers plus petits."},
		{"a separator is named", "columns", English, errs.Pairs("count", "4", "separator", "\t"), "A line has two columns (both numbers) or three (and a name), separated by tabs. This one has 4."},
		{"an unknown code", "no_such_code", English, nil, "no_such_code"},
		{"an unknown language", NotAvailable, "xx", nil, "Not available"},
		{"braces without a name are text", "group_name_invalid", English, errs.Args{"": "x", "limitName": "7"}, "The folder's name cannot be the name of a license group. Use at most 256 characters, and none of ~!@#$^&*()=+[]{}\\|;:'\"<>/"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, Text(test.lang, test.code, test.args)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestMessagesAreSorted checks the order that find relies on. The tests in folder generate
// compare the texts.
func TestMessagesAreSorted(t *testing.T) {
	t.Parallel()
	if len(messages) < 300 || len(pageMessages) < 100 || len(noticeMessages) < 9 {
		t.Errorf("there are only %d, %d and %d messages", len(messages), len(pageMessages), len(noticeMessages))
	}
	text := func(code string) string {
		if KnownPage(code) {
			return PageText(English, code, nil)
		}
		return NoticeText(English, code, nil)
	}
	for _, table := range [][]message{messages[:], pageMessages[:], noticeMessages[:]} {
		for i, m := range table {
			if i > 0 && table[i-1].code >= m.code {
				t.Errorf("%s comes after %s", m.code, table[i-1].code)
			}
			if found, ok := find(table, m.code); !ok || found.code != m.code || text(m.code) == m.code {
				t.Errorf("%s is not found", m.code)
			}
		}
	}
	for _, code := range []string{"", "a", "zzz", messages[0].code + "_"} {
		if KnownPage(code) || KnownNotice(code) {
			t.Errorf("%q is found", code)
		}
	}
	for _, code := range []string{pageMessages[0].code, noticeMessages[0].code} {
		if Known(code) || Text(English, code, nil) != code {
			t.Errorf("%s is in the table of all programs", code)
		}
	}
}

func TestMissingMessageIsInEnglish(t *testing.T) {
	t.Parallel()
	m := message{code: "code", texts: [len(names)]string{"The English text."}}
	m.texts[1] = "The text."
	for lang, want := range map[Lang]string{English: "The English text.", Langs[1]: "The text.", Langs[2]: "The English text.", "xx": "The English text."} {
		if got := m.in(lang); got != want {
			t.Errorf("in %s: %q, want %q", lang, got, want)
		}
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for lang, want := range map[Lang]string{English: "English", Dutch: "Dutch", French: "French", "xx": "xx"} {
		if got := lang.Name(); got != want {
			t.Errorf("the name of %s is %q, want %q", lang, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add("number_max", "max", "5")
	f.Add("columns", "separator", ";")
	f.Add("", "", "{}")
	f.Fuzz(func(t *testing.T, code, name, value string) {
		for _, lang := range Langs {
			if got := Text(lang, code, errs.Args{name: value}); got == "" && code != "" {
				t.Errorf("%q in %s is empty", code, lang)
			}
		}
	})
}

func BenchmarkLanguage(b *testing.B) {
	for b.Loop() {
		Language("nl-BE,nl;q=0.9,en;q=0.8")
	}
}
