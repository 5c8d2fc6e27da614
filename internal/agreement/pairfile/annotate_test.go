package pairfile_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/errs"
	"trueup/internal/sheet"
	"trueup/internal/testkit/golden"
)

var english = pairfile.AnnotateText{
	Authorization: "Authorization number",
	License:       "License number",
	Name:          "Agreement name",
	Messages:      "Errors and warnings",
	Message: func(f sheet.Finding) string {
		return fmt.Sprintf("%s: %q %v", f.Code, f.Value, f.Args)
	},
}

var french = pairfile.AnnotateText{
	Authorization: "Numéro d’autorisation",
	License:       "Numéro de licence",
	Name:          "Nom de l’accord",
	Messages:      "Erreurs et avertissements",
	Message:       func(f sheet.Finding) string { return "à corriger: " + f.Code },
}

func TestAnnotateGolden(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file string
		text pairfile.AnnotateText
	}{{"mistakes", english}, {"spreadsheet", english}, {"dutch", english}, {"french-tabs", french}, {"first-import", french}} {
		data, err := os.ReadFile("../../../events/" + c.file + ".csv")
		if err != nil {
			t.Fatal(err)
		}
		f := read(t, string(data), pairfile.Options{FileName: c.file + ".csv"})
		golden.Equal(t, "testdata/"+c.file+"-annotated.csv", f.Annotate(f.Findings, c.text))
	}
}

func TestAnnotate(t *testing.T) {
	t.Parallel()
	codes := english
	codes.Message = func(f sheet.Finding) string { return f.Code }
	const head = "\ufeffAuthorization number,License number,Agreement name,Errors and warnings\r\n"
	const wide = "\ufeffAuthorization number,License number,Agreement name,,Errors and warnings\r\n"
	extra := []sheet.Finding{
		{Line: 2, Code: "pair_taken", Severity: sheet.SeverityError, Args: errs.Pairs("agreement", "Servers")},
		{Line: 0, Code: "group_limit", Severity: sheet.SeverityError},
	}
	for _, c := range []struct {
		rule, file, want string
		text             pairfile.AnnotateText
		extra            []sheet.Finding
	}{
		{rule: "R3.8 good rows as they are", file: "1,1,a\n2,2\n", text: codes, want: head + "1,1,a,\r\n2,2,,\r\n"},
		{rule: "R3.8 all messages of a row in one cell", file: "0/1,--,a;b\n", text: codes, want: head + "0/1,'--,a;b,Authorization number: number_characters; License number: number_only_hyphens; Agreement name: name_characters\r\n"},
		{rule: "R3.8 warnings too", file: "1,1\n1,1\n", text: codes, want: head + "1,1,,\r\n1,1,,Authorization number: pair_repeated\r\n"},
		{rule: "R3.8 what the store says, and about the file with the first row", file: "1,1\n2,2\n", text: codes, extra: extra, want: head + "1,1,,group_limit\r\n2,2,,pair_taken\r\n"},
		{rule: "R3.8 semicolons stay", file: "1;1;\"a, b\"\n", text: codes, want: strings.ReplaceAll(head, ",", ";") + "1;1;a, b;\r\n"},
		{rule: "R3.8 quotes where needed", file: "1,1,\"a, b\"\n2,\"2\"\"\"\n", text: codes, want: head + "1,1,\"a, b\",\r\n2,\"2\"\"\",,License number: number_characters\r\n"},
		{rule: "R3.8 badly written cells as written", file: "1,1,\"a\n2,2,b\"c\n", text: codes, want: head + "1,1,\"\"\"a\",Agreement name: unclosed_quote\r\n2,2,\"b\"\"c\",Agreement name: stray_quote\r\n"},
		{rule: "R3.8 too many and too few columns", file: "1\n2,2,b,c\n", text: codes, want: wide + "1,,,,License number: columns\r\n2,2,b,c,4: columns\r\n"},
		{rule: "R3.8 a corrected row is good though its old message stays", file: wide + "2,2,\"b, c\",,columns\r\n3,3,b,c,columns\r\n", text: codes, want: wide + "2,2,\"b, c\",,\r\n3,3,b,c,4: columns\r\n"},
		{rule: "R3.8 messages give way to 16 columns", file: "1,1\n" + strings.Repeat("2,", 19) + "2\n", text: codes, want: "\ufeffAuthorization number,License number,Agreement name" + strings.Repeat(",", 14) + "Errors and warnings\r\n1,1" + strings.Repeat(",", 15) + "\r\n" + strings.Repeat("2,", 20) + "4: columns\r\n"},
		{rule: "R3.8 Windows-1252 becomes UTF-8", file: "1,1,Li\xe8ge\n", text: codes, want: head + "1,1,Liège,Agreement name: not_ascii\r\n"},
		{rule: "R3.8 formulas", file: "=1,+1,@a\n-1,-1,\"\t-b\"\n", text: codes, want: head + "'=1,'+1,'@a,Authorization number: number_characters; License number: number_characters; Agreement name: name_characters\r\n'-1,'-1,'-b,\r\n"},
		{
			rule: "R3.8 formulas in messages", file: "1/2,1\n", want: head + "1/2,1,,Authorization number: =cmd()\r\n",
			text: pairfile.AnnotateText{Authorization: english.Authorization, License: english.License, Name: english.Name, Messages: english.Messages, Message: func(sheet.Finding) string { return "\t=cmd()\r\n" }},
		},
		{rule: "R3.8 a message is never empty, a header name always known", file: "1/2,1\n", want: head + "1/2,1,,Authorization number: number_characters\r\n"},
		{rule: "R3.8 the file's own order of columns", file: "Naam;Cost;Klantnummer;Contractnummer\na;é;1;\n", text: codes, want: "\ufeffAgreement name;Cost;License number;Authorization number;Errors and warnings\r\na;é;1;;\"columns_ignored; Authorization number: number_required\"\r\n"},
		{rule: "R3.8 an annotated copy again", file: head + "1,1,a,old\r\n1/2,2,,old\r\n", text: codes, want: head + "1,1,a,\r\n1/2,2,,Authorization number: number_characters\r\n"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			f := read(t, c.file, pairfile.Options{})
			got := f.Annotate(append(slices.Clone(f.Findings), c.extra...), c.text)
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("annotated copy (-want +got):\n%s", diff)
			}
		})
	}
}

// checkAnnotated checks that the annotated copy of a file is valid CSV, starts no formula, and is
// the same file when it is read.
func checkAnnotated(t rapid.TB, f *pairfile.File, o pairfile.Options) {
	t.Helper()
	if f.Refused {
		return
	}
	annotated := f.Annotate(f.Findings, french)
	checkCSV(t, annotated)
	if len(annotated) > pairfile.MaxBytes {
		return
	}
	again := pairfile.Read(annotated, o)
	checkFile(t, string(annotated), again)
	content := func(f *pairfile.File) []pairfile.Row {
		all := slices.Clone(f.Rows)
		for i := range all {
			all[i].Line = 0
		}
		return all
	}
	if diff := cmp.Diff(content(f), content(again)); diff != "" {
		t.Errorf("R3.8: good rows of the file and of its annotated copy (-file +copy):\n%s\n%q", diff, annotated)
	}
	if f.Total != again.Total || f.Unchanged != again.Unchanged || f.Rejected != again.Rejected {
		t.Errorf("R3.8: %d rows, %d unchanged, %d rejected; in the annotated copy %d, %d, %d:\n%q",
			f.Total, f.Unchanged, f.Rejected, again.Total, again.Unchanged, again.Rejected, annotated)
	}
}

// checkCSV reads an annotated copy with encoding/csv.
func checkCSV(t rapid.TB, annotated []byte) {
	t.Helper()
	text, ok := strings.CutPrefix(string(annotated), "\ufeff")
	if !ok {
		t.Error("no byte-order mark")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	for _, sep := range ";\t" {
		if line, _, _ := strings.Cut(text, "\r\n"); strings.Contains(line, string(sep)) && !strings.Contains(line, ",") {
			r.Comma = sep
		}
	}
	records, err := r.ReadAll()
	if err != nil {
		t.Fatalf("the annotated copy is not CSV: %v\n%q", err, annotated)
	}
	for _, record := range records {
		for _, cell := range record {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("cell %q starts a formula", cell)
			}
		}
	}
}

// messyFile draws a file that is almost valid.
func messyFile(t *rapid.T) string {
	cells := rapid.OneOf(
		rapid.SampledFrom([]string{
			"01-07001", "0107001", "-1", "'-1", "=1+1", "@a", "", " ", `"`, `""`, `"a"b`, "\"a\nb\"", "\"\n1\"", "\"\r\"", "é", "\xe9", "a&b", "Office", `"Office, ""x"""`, `" 7 "`,
			"Name", "License", "Authorization", "Errors and warnings", "'", "''=", "\t", "\"\t-1\"", "sep=;",
		}),
		rapid.StringMatching(`[0-9A-Za-z-]{1,8}`),
		rapid.StringMatching("[ -~]{0,6}"),
	)
	sep := rapid.SampledFrom([]string{",", ";", "\t"}).Draw(t, "separator")
	var b strings.Builder
	b.WriteString(rapid.SampledFrom([]string{"", "", "\ufeff", "sep=" + sep + "\n", "Authorization" + sep + "License" + sep + "Name\n", "Name" + sep + "x" + sep + "License" + sep + "Authorization" + sep + "Errors\n"}).Draw(t, "start"))
	for range rapid.IntRange(1, 8).Draw(t, "rows") {
		columns := rapid.SampledFrom([]int{1, 2, 3, 3, 3, 4, 5}).Draw(t, "columns")
		for i := range columns {
			if i > 0 {
				b.WriteString(sep)
			}
			b.WriteString(cells.Draw(t, "cell"))
		}
		b.WriteString(rapid.SampledFrom([]string{"\n", "\r\n", "\r", "\n\n"}).Draw(t, "end"))
	}
	return b.String()
}

func TestAnnotatedCopyComesBackTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		content := messyFile(t)
		o := pairfile.Options{Program: rapid.SampledFrom([]agreement.Program{"", agreement.ProgramOpenValue}).Draw(t, "program")}
		f := pairfile.Read([]byte(content), o)
		checkFile(t, content, f)
		checkAnnotated(t, f, o)
	})
}
