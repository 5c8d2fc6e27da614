package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var placeholder = regexp.MustCompile(`\{\w+\}`)

// placeholders returns the placeholders of a text, each once, sorted.
func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// faults returns the errors in the messages, one line each: the file, the code and what to do.
// They are in the order of langs and codes.
func faults(langs []lang) (lines []string) {
	all := codes(langs)
	for i := range langs {
		l := &langs[i]
		add := func(code, format string, args ...any) {
			lines = append(lines, fmt.Sprintf("%s: %s: %s", l.file, code, fmt.Sprintf(format, args...)))
		}
		for _, code := range all {
			e := langs[0].messages[code]
			if l.english {
				checkTemplate(code, e, add)
			} else {
				checkTranslation(l, code, e, add)
				checkTranslated(langs[:i], l.text(code, e), code, add)
			}
		}
		for _, code := range slices.Sorted(maps.Keys(l.messages)) {
			if _, known := langs[0].messages[code]; !known {
				add(code, "is not in %s; remove it", langs[0].file)
			}
		}
	}
	return lines
}

func checkTemplate(code string, e entry, add func(code, format string, args ...any)) {
	if e.msgstr != "" {
		add(code, "has a msgstr; the English text is the msgid")
	}
	if e.msgid != strings.TrimSpace(e.msgid) {
		add(code, "begins or ends with a space")
	}
	if e.comment == "" {
		add(code, "has no #. line that says where it is shown")
	}
	for _, p := range placeholders(e.msgid) {
		if !strings.Contains("\n"+e.comment, "\n"+p+": ") {
			add(code, "has no line #. %s: … that says what the placeholder is", p)
		}
		if name := strings.Trim(p, "{}"); strings.HasPrefix(name, limitPrefix) && limits[name] == "" {
			add(code, "has the placeholder %s, which is no limit of trueup", p)
		}
	}
}

// checkTranslation compares a translation with e, the message in the template.
func checkTranslation(l *lang, code string, e entry, add func(code, format string, args ...any)) {
	own, there := l.messages[code]
	switch {
	case !there || own.msgstr == "":
		add(code, "is missing; translate %q", e.msgid)
		return
	case own.msgid != e.msgid:
		add(code, "is a translation of %q; now it is %q", own.msgid, e.msgid)
		return
	case own.fuzzy:
		add(code, "is fuzzy; compare it with %q and remove the mark", e.msgid)
		return
	}
	if own.msgstr != strings.TrimSpace(own.msgstr) {
		add(code, "begins or ends with a space")
	}
	if has, want := placeholders(own.msgstr), placeholders(e.msgid); !slices.Equal(has, want) {
		add(code, "has the placeholders %v; in English there are %v", has, want)
	}
}

// checkTranslated reports a text that is the same in another language. Names of one or two words
// may be.
func checkTranslated(others []lang, text, code string, add func(code, format string, args ...any)) {
	if len(strings.Fields(text)) < 3 {
		return
	}
	for i := range others {
		if others[i].text(code, others[0].messages[code]) == text {
			add(code, "is not translated: it is the same in %s", others[i].file)
			return
		}
	}
}
