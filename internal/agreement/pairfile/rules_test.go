package pairfile_test

import (
	"encoding/binary"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/errs"
)

// example satisfies or breaks a rule. It returns the reported codes.
type example func(t *testing.T) []string

func fileExample(content string, o pairfile.Options) example {
	return func(t *testing.T) []string {
		var codes []string
		for _, f := range read(t, content, o).Findings {
			codes = append(codes, f.Code)
		}
		return codes
	}
}

func draftExample(d agreement.Draft) example {
	return func(*testing.T) []string {
		_, violations := agreement.Parse(d, agreement.Limits{})
		return codesOf(violations)
	}
}

// named returns a good draft with another name.
func named(name string) example {
	return draftExample(agreement.Draft{Name: name, Pairs: []agreement.Pair{{Authorization: "01-07001", License: "01-07001"}}})
}

// paired returns a good draft with other pairs.
func paired(pairs ...agreement.Pair) example {
	return draftExample(agreement.Draft{Name: "Office agreements", Pairs: pairs})
}

// goodOther returns a draft of type other that satisfies every rule.
func goodOther() agreement.OtherDraft {
	publisher, title, licenses, start, end := "Adobe", "Photoshop", int64(25), "2026-01-01", "2026-12-31"
	return agreement.OtherDraft{
		Name: "Creative Cloud", Publisher: &publisher, ProductTitle: &title, Licenses: &licenses, Start: &start, End: &end,
	}
}

// noted returns a good draft of type other with a change.
func noted(change func(*agreement.OtherDraft)) example {
	return func(*testing.T) []string {
		d := goodOther()
		change(&d)
		_, violations := agreement.ParseOther(d)
		return codesOf(violations)
	}
}

// onVolume returns a draft of type other for a volume agreement.
func onVolume(d agreement.OtherDraft) example {
	return func(*testing.T) []string { return codesOf(d.OfVolume()) }
}

func codesOf(violations []errs.Violation) (codes []string) {
	for _, v := range violations {
		codes = append(codes, v.Code)
	}
	return codes
}

func publisher(s string) example { return noted(func(d *agreement.OtherDraft) { d.Publisher = &s }) }

func title(s string) example   { return noted(func(d *agreement.OtherDraft) { d.ProductTitle = &s }) }
func licenses(n int64) example { return noted(func(d *agreement.OtherDraft) { d.Licenses = &n }) }
func details(s string) example { return noted(func(d *agreement.OtherDraft) { d.Details = &s }) }
func term(start, end string) example {
	return noted(func(d *agreement.OtherDraft) { d.Start, d.End = &start, &end })
}

// Examples that are not the text of a file, or are too long for Rules.
var (
	passing = map[string]example{
		"publisher_required":  publisher("Adobe"),
		"publisher_too_long":  publisher(strings.Repeat("é", 256)),
		"publisher_control":   publisher("Smith & Sons (UK)"),
		"title_required":      title("Photoshop"),
		"title_too_long":      title(strings.Repeat("a ", 127) + "  aa"),
		"title_control":       title("C++ Builder #12"),
		"licenses_required":   licenses(1),
		"licenses_range":      licenses(10_000_000),
		"date_invalid":        term("2028-02-29", "2999-12-31"),
		"end_before_start":    term("2026-01-01", "2026-01-01"),
		"details_too_long":    details(strings.Repeat("é", 3_998) + "\r\n\r"),
		"details_control":     details("Key:\tABC\r\nContact: me"),
		"terms_of_volume":     onVolume(agreement.OtherDraft{}),
		"name_required":       named("Office agreements"),
		"name_too_long":       named(strings.Repeat("a", 256)),
		"pairs_required":      paired(agreement.Pair{Authorization: "1", License: "1"}),
		"pair_given_twice":    paired(agreement.Pair{Authorization: "01-07001", License: "01-07001"}, agreement.Pair{Authorization: "01-07002", License: "01-07002"}),
		"program_unknown":     fileExample(plain, pairfile.Options{Program: agreement.ProgramOpenValue}),
		"numbers_differ":      fileExample("01-07001,0107001", pairfile.Options{Program: agreement.ProgramOpenValue}),
		"file_name_too_long":  called(strings.Repeat("a", 124) + ".csv"),
		"file_name_extension": called("office.CSV"),
		"file_name_slash":     called("office.csv"),
		"file_name_control":   called("office.csv"),
		"file_too_large":      fileExample(plain+strings.Repeat("\n", pairfile.MaxBytes-len(plain)), pairfile.Options{}),
		"file_too_many_rows":  fileExample(manyRows(5000), pairfile.Options{}),
	}
	failing = map[string]example{
		"publisher_required":  publisher(" \u200d"),
		"publisher_too_long":  publisher(strings.Repeat("é", 257)),
		"publisher_control":   publisher("Ado\tbe"),
		"title_required":      title(" "),
		"title_too_long":      title(strings.Repeat("a", 257)),
		"title_control":       title("Photo\u200bshop"),
		"licenses_required":   noted(func(d *agreement.OtherDraft) { d.Licenses = nil }),
		"licenses_range":      licenses(0),
		"date_invalid":        term("2026-02-29", ""),
		"end_before_start":    term("2026-01-01", "2025-12-31"),
		"details_too_long":    details(strings.Repeat("a", 4_001)),
		"details_control":     details("Key:\x00ABC"),
		"terms_of_volume":     onVolume(goodOther()),
		"name_required":       named(" "),
		"name_too_long":       named(strings.Repeat("a", 257)),
		"pairs_required":      paired(),
		"pair_given_twice":    paired(agreement.Pair{Authorization: "01-07001", License: "01-07001"}, agreement.Pair{Authorization: "0107001", License: "0107001"}),
		"program_unknown":     fileExample(plain, pairfile.Options{Program: "gold"}),
		"numbers_differ":      fileExample("01-07001,01-07002", pairfile.Options{Program: agreement.ProgramOpenValue}),
		"file_name_too_long":  called(strings.Repeat("a", 125) + ".csv"),
		"file_name_extension": called(".csv"),
		"file_name_slash":     called(`sales\office.csv`),
		"file_name_control":   called("off\tice.csv"),
		"file_too_large":      fileExample(strings.Repeat("\n", pairfile.MaxBytes+1), pairfile.Options{}),
		"file_too_many_rows":  fileExample(manyRows(5001), pairfile.Options{}),
		"file_utf16":          fileExample(asUTF16(binary.LittleEndian, plain), pairfile.Options{}),
		"file_xlsx":           fileExample(zipped("[Content_Types].xml"), pairfile.Options{}),
		"file_xls":            fileExample("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", pairfile.Options{}),
		"file_zip":            fileExample(zipped("agreements.csv"), pairfile.Options{}),
		"file_word":           fileExample(zipped("[Content_Types].xml", "word/document.xml"), pairfile.Options{}),
		"file_numbers":        fileExample(zipped("Index/Document.iwa"), pairfile.Options{}),
		"file_document":       fileExample(zipped("[Content_Types].xml", "ppt/presentation.xml"), pairfile.Options{}),
		"file_gzip":           fileExample(gzipped(plain), pairfile.Options{}),
		"header_too_wide":     fileExample("Authorization,License"+strings.Repeat(",x", 255)+"\n1,1\n", pairfile.Options{}),
	}
)

func TestEveryRuleHasAPassingAndAFailingExample(t *testing.T) {
	t.Parallel()
	// The rules of packages importer and httpapi are tested there: they need a store, a key or a
	// call.
	for _, rule := range rules {
		t.Run(rule.Spec+" "+rule.Code, func(t *testing.T) {
			t.Parallel()
			pass, fail := passing[rule.Code], failing[rule.Code]
			if pass == nil {
				pass = fileExample(rule.Pass, pairfile.Options{})
			}
			if fail == nil {
				fail = fileExample(rule.Fail, pairfile.Options{})
			}
			if codes := pass(t); slices.ContainsFunc(codes, func(code string) bool { return code != "header_skipped" && code != "columns_superseded" }) || slices.Contains(codes, rule.Code) {
				t.Errorf("the passing example reports %v", codes)
			}
			if codes := fail(t); !slices.Contains(codes, rule.Code) {
				t.Errorf("the failing example reports %v", codes)
			}
		})
	}
}

// called returns a good file with the given name.
func called(name string) example { return fileExample(plain, pairfile.Options{FileName: name}) }

// Every code that the checks report belongs to a rule.
func TestEveryReportedCodeIsARule(t *testing.T) {
	t.Parallel()
	reported := regexp.MustCompile(`(?:add|refuse|refuseRows|unreadColumns|about)\(\s*"([a-z_0-9]+)"|Code(?::| =)\s*"([a-z_0-9]+)"|return "((?:file|number|cell)_[a-z_0-9]+)"|\{"(file_[a-z0-9]+)", |aboutPair\(row, "([a-z_]+)"|CheckFileName\(name, "([a-z_]+)"|flaw\w+: "([a-z_]+)"|Flaw = "([a-z_]+)"`)
	codes := map[string]bool{}
	for _, file := range []string{"../parse.go", "../damage.go", "../other.go", "filename.go", "file.go", "headerline.go", "junk.go", "../../sheet/filename.go", "../../sheet/content.go", "../../sheet/csv.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range reported.FindAllStringSubmatch(string(source), -1) {
			codes[strings.Join(match[1:], "")] = true
		}
	}
	for _, rule := range rules {
		if !codes[rule.Code] {
			t.Errorf("nothing reports %s", rule.Code)
		}
		delete(codes, rule.Code)
	}
	if len(codes) > 0 {
		t.Errorf("reported but not in Rules: %v", codes)
	}
}

// Every example belongs to a rule.
func TestEveryExampleIsOfARule(t *testing.T) {
	t.Parallel()
	for _, examples := range []map[string]example{passing, failing} {
		for code := range examples {
			if _, ok := ruleOf(code); !ok {
				t.Errorf("example of a rule that does not exist: %s", code)
			}
		}
	}
}

// rules are the rules that can be tested without a store.
var rules = slices.DeleteFunc(slices.Concat(agreement.DraftRules, agreement.OtherRules, pairfile.Rules), func(r agreement.Rule) bool {
	return r.Check == agreement.CheckHand
})

func ruleOf(code string) (agreement.Rule, bool) {
	i := slices.IndexFunc(rules, func(r agreement.Rule) bool { return r.Code == code })
	if i < 0 {
		return agreement.Rule{}, false
	}
	return rules[i], true
}
