package pairfile_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/text"
)

// samples returns the sample files by name.
func samples(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("../../../events/*.csv")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	files := map[string]string{}
	for _, path := range paths {
		if name := filepath.Base(path); name == "catalog.csv" || name == "microsoft-subscriptions.csv" {
			continue // of package catalog
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(path)] = string(data)
	}
	return files
}

func TestSamples(t *testing.T) {
	t.Parallel()
	type result struct {
		Rows       int
		Agreements []string
		Programs   []agreement.Program
		Findings   []string
	}
	open := agreement.Limits{PairMaxChars: 32}
	cases := []struct {
		rule, file string
		options    pairfile.Options
		want       result
	}{
		{
			rule: "R3.2 first import", file: "first-import.csv",
			want: result{12, []string{"Antwerp branch", "Enterprise enrollment", "Office agreements", "Server agreements"}, []agreement.Program{"open-value", "select-enterprise"}, nil},
		},
		{
			rule: "R3.5 Open Value", file: "open-value.csv", options: pairfile.Options{Program: agreement.ProgramOpenValue},
			want: result{6, []string{"Design studio", "Office agreements", "Warehouse 2 - scanners"}, []agreement.Program{"open-value"}, nil},
		},
		{
			rule: "R3.4 Open Value without names", file: "open-value-without-names.csv", options: pairfile.Options{Program: agreement.ProgramOpenValue},
			want: result{4, []string{"01-07001", "01-07002", "V4410027", "V4410028"}, []agreement.Program{"open-value"}, nil},
		},
		{
			rule: "R2.2 Open with PAIR_MAX_CHARS", file: "open.csv", options: pairfile.Options{Limits: open},
			want: result{5, []string{"Library terminals", "School desktops 2014", "Teachers"}, []agreement.Program{"open"}, []string{"header_skipped"}},
		},
		{
			rule: "R2.2 Open without PAIR_MAX_CHARS", file: "open.csv",
			want: result{0, nil, nil, []string{"header_skipped", "pair_too_long"}},
		},
		{
			rule: "R3.5 Select and Enterprise", file: "select-enterprise.csv",
			want: result{5, []string{"E0456712", "Enterprise enrollment Europe", "Select Plus head office"}, []agreement.Program{"select-enterprise"}, []string{"header_skipped"}},
		},
		{
			rule: "R3.2 Dutch", file: "dutch.csv",
			want: result{4, []string{"Groepsovereenkomst", "Kantoor Gent", "Magazijn, Brugge"}, []agreement.Program{"open-value", "select-enterprise"}, []string{"header_skipped"}},
		},
		{
			rule: "R3.2 French", file: "french.csv",
			want: result{3, []string{"Bureau de Namur", "Entrepot, Liege"}, []agreement.Program{"open-value"}, []string{"header_skipped"}},
		},
		{
			rule: "R3.2 French with tabs", file: "french-tabs.csv",
			want: result{3, []string{"Siege de Lyon", "U8123004"}, []agreement.Program{"select-enterprise"}, []string{"header_skipped"}},
		},
		{
			rule: "R3.7 mistakes", file: "mistakes.csv",
			want: result{3, []string{"01-07019", "Office agreements", "Signs"}, []agreement.Program{"open-value", "select-enterprise"}, []string{
				"columns", "columns_ignored", "dash", "header_skipped", "line_break", "name_characters", "name_control", "name_too_long", "not_ascii",
				"number_characters", "number_only_hyphens", "number_required", "pair_repeated", "pair_too_long", "pair_under_two_names", "stray_quote", "unclosed_quote",
			}},
		},
		{
			rule: "R3.7 what spreadsheets make of numbers", file: "spreadsheet.csv",
			want: result{5, []string{"01-07033", "Date that may be a number", "Excel text", "Total", "Whole line"}, []agreement.Program{"open-value", "select-enterprise", "unknown"}, []string{
				"cell_error", "columns_superseded", "header_not_first", "header_skipped", "line_in_quotes", "number_date", "number_decimal", "number_like_date",
				"number_not_alone", "number_scientific", "number_thousands", "number_without_digit",
			}},
		},
		{
			rule: "R3.7 mistakes under Open Value", file: "mistakes.csv", options: pairfile.Options{Program: agreement.ProgramOpenValue},
			want: result{2, []string{"Office agreements", "Signs"}, []agreement.Program{"open-value"}, []string{
				"columns", "columns_ignored", "dash", "header_skipped", "line_break", "name_characters", "name_control", "name_too_long", "not_ascii", "number_characters",
				"number_only_hyphens", "number_required", "numbers_differ", "pair_repeated", "pair_too_long", "pair_under_two_names", "stray_quote", "unclosed_quote",
			}},
		},
	}
	files := samples(t)
	used := map[string]bool{}
	for _, c := range cases {
		used[c.file] = true
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			o := c.options
			o.FileName = c.file
			f := read(t, files[c.file], o)
			checkAnnotated(t, f, o)
			names, programs, codes := map[string]string{}, map[agreement.Program]bool{}, map[string]bool{}
			for _, r := range f.Rows {
				names[text.Fold(r.Name)] = r.Name
				programs[r.Pair.Program] = true
			}
			for _, finding := range f.Findings {
				codes[finding.Code] = true
			}
			got := result{len(f.Rows), slices.Sorted(maps.Values(names)), slices.Sorted(maps.Keys(programs)), slices.Sorted(maps.Keys(codes))}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s\n%s", c.file, diff, strings.Join(findings(f.Findings), "\n"))
			}
		})
	}
	readme, err := os.ReadFile("../../../events/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range files {
		if !used[name] {
			t.Errorf("no test reads events/%s", name)
		}
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("events/README.md does not say what %s is for", name)
		}
	}
}

// mistakes.csv and spreadsheet.csv break every rule of a row.
func TestMistakesHoldEveryRuleOfARow(t *testing.T) {
	t.Parallel()
	reported := map[string]bool{}
	for _, sample := range []string{"mistakes.csv", "spreadsheet.csv"} {
		f := pairfile.Read([]byte(samples(t)[sample]), pairfile.Options{Program: agreement.ProgramOpenValue})
		for _, finding := range f.Findings {
			reported[finding.Code] = true
		}
	}
	notInARow := []string{"name_required", "pairs_required", "pair_given_twice", "program_unknown", "header_incomplete", "header_ambiguous", "header_too_wide", "header_unknown"}
	for _, rule := range slices.Concat(agreement.DraftRules, pairfile.Rules) {
		if strings.HasPrefix(rule.Code, "file_") || slices.Contains(notInARow, rule.Code) {
			continue
		}
		if !reported[rule.Code] {
			t.Errorf("R3.7: no sample has %s", rule.Code)
		}
	}
}
