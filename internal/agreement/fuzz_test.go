package agreement_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"trueup/internal/agreement"
	"trueup/internal/text"
)

// FuzzParse checks that every draft that Parse accepts satisfies the rules, and that parsing the
// result again changes nothing.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob("../../events/*.csv")
	if err != nil || paths == nil {
		f.Fatal("no samples", err)
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			cells := append(strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",;\t\r\n", r) }), "", "", "")
			f.Add(cells[2], cells[0], cells[1], "", true)
			f.Add(cells[2], cells[0], cells[1], string(agreement.ProgramOpenValue), false)
		}
	}
	f.Fuzz(func(t *testing.T, name, authorization, license, program string, ascii bool) {
		draft := agreement.Draft{
			Name:    name,
			Pairs:   []agreement.Pair{{Authorization: authorization, License: license}},
			Program: agreement.Program(program),
			ASCII:   ascii,
		}
		v, violations := agreement.Parse(draft, agreement.Limits{})
		for _, violation := range violations {
			if !slices.ContainsFunc(agreement.DraftRules, func(r agreement.Rule) bool { return r.Code == violation.Code }) {
				t.Errorf("no rule for %+v", violation)
			}
			if !utf8.ValidString(violation.Value) || utf8.RuneCountInString(violation.Value) > text.QuoteMaxChars {
				t.Errorf("value of %+v", violation)
			}
		}
		if violations != nil {
			return
		}
		p := v.Pairs[0]
		switch {
		case v.Name == "" || utf8.RuneCountInString(v.Name) > 256 || strings.ContainsAny(v.Name, agreement.ForbiddenInNames) || !utf8.ValidString(v.Name):
			t.Errorf("R2.1: name %q", v.Name)
		case len(p.Authorization)+len(p.License) > 16 || p.Authorization == "" || p.License == "":
			t.Errorf("R2.2: pair %q", p)
		case strings.Trim(strings.ToLower(p.Authorization+p.License), "0123456789abcdefghijklmnopqrstuvwxyz-") != "":
			t.Errorf("R2.2: pair %q", p)
		case strings.ContainsAny(v.Name, "\t\r\n") || strings.Contains(v.Name, "  "):
			t.Errorf("R2.1: name %q is not collapsed", v.Name)
		}
		again, violations := agreement.Parse(agreement.Draft{Name: v.Name, Pairs: v.Pairs, Program: p.Program, ASCII: ascii}, agreement.Limits{})
		if violations != nil || again.Name != v.Name || again.Pairs[0] != p {
			t.Errorf("parsed again: %+v %v, was %+v", again, violations, v)
		}
	})
}
