package pairfile_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/sheet"
)

// findings formats findings, one per line: line:position, column, severity if it is a warning,
// code, value and arguments.
func findings(all []sheet.Finding) []string {
	var lines []string
	for _, f := range all {
		var b strings.Builder
		fmt.Fprintf(&b, "%d:%d", f.Line, f.Position)
		if f.Column != sheet.ColumnNone {
			fmt.Fprintf(&b, " %s", f.Column)
		}
		if f.Severity != sheet.SeverityError {
			fmt.Fprintf(&b, " %s", f.Severity)
		}
		fmt.Fprintf(&b, " %s", f.Code)
		if f.Value != "" {
			fmt.Fprintf(&b, " %q", f.Value)
		}
		for _, name := range slices.Sorted(maps.Keys(f.Args)) {
			fmt.Fprintf(&b, " %s=%s", name, f.Args[name])
		}
		lines = append(lines, b.String())
	}
	return lines
}

// rows formats good rows, one per line: line, numbers, and the name, in brackets if it is the
// authorization number.
func rows(all []pairfile.Row) []string {
	var lines []string
	for _, r := range all {
		name := r.Name
		if !r.Named {
			name = "(" + name + ")"
		}
		lines = append(lines, fmt.Sprintf("%d %s %s", r.Line, r.Pair, name))
	}
	return lines
}

// read reads a file and checks the invariants of every file.
func read(t rapid.TB, content string, o pairfile.Options) *pairfile.File {
	t.Helper()
	f := pairfile.Read([]byte(content), o)
	checkFile(t, content, f)
	return f
}

// checkFile checks the invariants of every file: the counts add up, every error is in a row that
// is not good, and every finding has a line of the file.
func checkFile(t rapid.TB, content string, f *pairfile.File) {
	t.Helper()
	if len(f.Rows)+f.Unchanged+f.Rejected != f.Total {
		t.Errorf("R3.8: %d good + %d unchanged + %d rejected, want %d in total", len(f.Rows), f.Unchanged, f.Rejected, f.Total)
	}
	good := map[int]bool{}
	last := 0
	for _, r := range f.Rows {
		good[r.Line] = true
		if r.Line <= last {
			t.Errorf("row of line %d comes after that of line %d", r.Line, last)
		}
		last = r.Line
	}
	lines := strings.Count(strings.ReplaceAll(strings.ReplaceAll(content, "\r\n", "\n"), "\r", "\n"), "\n") + 1
	bad := map[int]bool{}
	last = 0
	for _, finding := range f.Findings {
		rule, ok := ruleOf(finding.Code)
		switch {
		case !ok:
			t.Errorf("no rule for the finding %+v", finding)
		case rule.Warning != (finding.Severity == sheet.SeverityWarning):
			t.Errorf("%+v has another severity than its rule", finding)
		case finding.Line < last || finding.Line > lines:
			t.Errorf("finding after line %d of %d lines: %+v", last, lines, finding)
		case finding.Severity == sheet.SeverityError && good[finding.Line]:
			t.Errorf("an error on a good row: %+v", finding)
		case len([]rune(finding.Value)) > 256:
			t.Errorf("value of %d characters: %+v", len([]rune(finding.Value)), finding)
		}
		var args []string
		for arg := range finding.Args {
			args = append(args, arg)
		}
		slices.Sort(args)
		wantArgs := slices.Sorted(slices.Values(rule.Args))
		if diff := cmp.Diff(wantArgs, args); diff != "" {
			t.Errorf("args of %s (-rule +finding):\n%s", finding.Code, diff)
		}
		last = finding.Line
		if finding.Severity == sheet.SeverityError && finding.Line > 0 {
			bad[finding.Line] = true
		}
	}
	if f.Refused {
		if f.Rows != nil || f.Unchanged != 0 {
			t.Errorf("a refused file has %d rows, %d unchanged", len(f.Rows), f.Unchanged)
		}
	} else if len(bad) != f.Rejected {
		t.Errorf("%d rows have errors, %d are rejected", len(bad), f.Rejected)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	const sample = "1 01-07001 + 01-07001 Office agreements"
	cases := []struct {
		rule     string
		file     string
		program  agreement.Program
		want     []string
		findings []string
	}{
		// R3.2: format
		{rule: "R3.2 three columns", file: "01-07001, 01-07001, Office agreements", want: []string{sample}},
		{rule: "R3.2 two columns", file: "01-07001,01-07001\n", want: []string{"1 01-07001 + 01-07001 (01-07001)"}},
		{rule: "R3.2 semicolons", file: "01-07001;01-07001;Office agreements\n", want: []string{sample}},
		{rule: "R3.2 tabs", file: "01-07001\t01-07001\tOffice agreements\n", want: []string{sample}},
		{rule: "R3.2 tabs and an empty cell", file: "01-07001\t\tOffice\n", findings: []string{"1:2 license number_required"}},
		{rule: "R3.2 semicolons and commas in names", file: "01-07001;01-07001;\"Office, Ghent\"\n01-07002;01-07002;Office, Bruges\n", want: []string{"1 01-07001 + 01-07001 Office, Ghent", "2 01-07002 + 01-07002 Office, Bruges"}},
		{rule: "R3.2 commas though names have semicolons", file: "1,1,\"a;b;c\"\n2,2,\"d;e;f\"\n3,3,g", want: []string{"3 3 + 3 g"}, findings: []string{`1:3 name name_characters "a;b;c" characters=;`, `2:3 name name_characters "d;e;f" characters=;`}},
		{rule: "R3.2 the first lines decide on the separator", file: "1;1\n2,2\n3;3\n", want: []string{"1 1 + 1 (1)", "3 3 + 3 (3)"}, findings: []string{`2:2 license columns "2,2" count=1 separator=;`}},
		{rule: "R3.2 the separator is said in the first line", file: "sep=;\r\n1;1;a, b\r\n", want: []string{"2 1 + 1 a, b"}},
		{rule: "R3.2 quoted fields", file: `"01-07001","01-07001","Office agreements"`, want: []string{sample}},
		{rule: "R3.2 spaces around quoted fields", file: ` "01-07001" , " 01-07001 ",	"Office agreements"	`, want: []string{sample}},
		{rule: "R3.2 a separator inside quotes", file: `1,1,"Office, Ghent"`, want: []string{"1 1 + 1 Office, Ghent"}},
		{rule: "R3.2 doubled quotes", file: `1,1,"Office ""Ghent"""`, findings: []string{`1:3 name name_characters "Office \"Ghent\"" characters="`}},
		{rule: "R3.2 LF", file: "1,1\n2,2\n", want: []string{"1 1 + 1 (1)", "2 2 + 2 (2)"}},
		{rule: "R3.2 CRLF", file: "1,1\r\n2,2\r\n", want: []string{"1 1 + 1 (1)", "2 2 + 2 (2)"}},
		{rule: "R3.2 CR", file: "1,1\r2,2\r", want: []string{"1 1 + 1 (1)", "2 2 + 2 (2)"}},
		{rule: "R3.2 mixed line ends", file: "1,1\r2,2\n3,3\r\n4,4\n\r5,5", want: []string{"1 1 + 1 (1)", "2 2 + 2 (2)", "3 3 + 3 (3)", "4 4 + 4 (4)", "6 5 + 5 (5)"}},
		{rule: "R3.2 no line end at the end", file: "1,1\n2,2", want: []string{"1 1 + 1 (1)", "2 2 + 2 (2)"}},
		{rule: "R3.2 blank lines", file: "\n \n1,1\n\t\n,,\n2,2\n\n", want: []string{"3 1 + 1 (1)", "6 2 + 2 (2)"}},
		{rule: "R3.2 byte-order mark", file: "\ufeff1,1\n", want: []string{"1 1 + 1 (1)"}},
		{rule: "R3.2 byte-order mark before a quote", file: "\ufeff\"1\",1\n", want: []string{"1 1 + 1 (1)"}},
		{rule: "R3.2 empty name", file: "1,1,\n2,2,\"\"\n3,3,  \n", want: []string{"1 1 + 1 (1)", "2 2 + 2 (2)", "3 3 + 3 (3)"}},
		{rule: "R3.2 empty cells at the end", file: "1,1,a,,\n2,2,,,\n", want: []string{"1 1 + 1 a", "2 2 + 2 (2)"}},
		{rule: "R3.2 one column", file: "1\n2,2\n", want: []string{"2 2 + 2 (2)"}, findings: []string{`1:2 license columns "1" count=1 separator=,`}},
		{rule: "R3.2 four columns", file: "1,1,Office, Ghent\n", findings: []string{`1:4 columns "1,1,Office, Ghent" count=4 separator=,`}},
		{rule: "R3.2 a line break around a quoted value", file: "1,1,\"Office\n\"\n2,2", want: []string{"1 1 + 1 Office", "3 2 + 2 (2)"}},
		{rule: "R3.2 a line break in a quoted value", file: "1,1,\"Off\r\nice\"\r\n2,\"2\n\n2\"\n3,3", want: []string{"6 3 + 3 (3)"}, findings: []string{`1:3 name line_break "Off\r\nice" lines=2`, `3:2 license line_break "2\n\n2" lines=3`}},

		// R3.2: wrong quotes
		{rule: "R3.2 unclosed quote at the end", file: "1,1,\"Office", findings: []string{`1:3 name unclosed_quote "\"Office"`}},
		{rule: "R3.2 unclosed quote takes its line only", file: "1,1,\"Office\n2,2\n3,3,\"Ghent\"\n", want: []string{"2 2 + 2 (2)", "3 3 + 3 Ghent"}, findings: []string{`1:3 name unclosed_quote "\"Office"`}},
		{rule: "R3.2 two unclosed quotes", file: "1,1,\"Office\n2,2\n\"3,3,Ghent\n4,4\n", want: []string{"2 2 + 2 (2)", "4 4 + 4 (4)"}, findings: []string{`1:3 name unclosed_quote "\"Office"`, `3:1 authorization unclosed_quote "\"3,3,Ghent"`}},
		{rule: "R3.2 quote in the middle", file: "1\"2,1\n2,2\n", want: []string{"2 2 + 2 (2)"}, findings: []string{`1:1 authorization stray_quote "1\"2"`}},
		{rule: "R3.2 text after the closing quote", file: "1,1,\"Office\" agreements\n", findings: []string{`1:3 name stray_quote "\"Office\" agreements"`}},
		{rule: "R3.7 a stray quote and other mistakes of the row", file: "1,\"1\"2,Sales & more\n", findings: []string{`1:2 license stray_quote "\"1\"2"`, `1:3 name name_characters "Sales & more" characters=&`}},

		// R3.2: header
		{
			rule: "R3.2 English header", file: "Authorization number,License number,Agreement name\n1,1,a\n", want: []string{"2 1 + 1 a"},
			findings: []string{`1:0 warning header_skipped "Authorization number,License number,Agreement name"`},
		},
		{
			rule: "R3.2 Dutch header", file: "Overeenkomstnummer;Klantnummer;Naam\r\n1;1;a\r\n", want: []string{"2 1 + 1 a"},
			findings: []string{`1:0 warning header_skipped "Overeenkomstnummer;Klantnummer;Naam"`},
		},
		{
			rule: "R3.2 French header", file: "NUMÉRO D'AUTORISATION\tN° de licence\tNom du contrat\n1\t1\ta\n", want: []string{"2 1 + 1 a"},
			findings: []string{`1:0 warning header_skipped "NUMÉRO D'AUTORISATION\tN° de licence\tNom du contrat"`},
		},
		{
			rule: "R3.2 French header in Windows-1252", file: "Num\xe9ro d\x92autorisation;Num\xe9ro de licence\n1;1\n", want: []string{"2 1 + 1 (1)"},
			findings: []string{`1:0 warning header_skipped "Numéro d’autorisation;Numéro de licence"`},
		},
		{
			rule: "R3.2 header after blank lines", file: "\n\nauthorization,license\n1,1\n", want: []string{"4 1 + 1 (1)"},
			findings: []string{`3:0 warning header_skipped "authorization,license"`},
		},
		{
			rule: "R3.2 header with columns in another order", file: "Name,License,Authorization\na,L1,A1\nb,,A2\nc,L3\n,L4,A4\n", want: []string{"2 A1 + L1 a", "5 A4 + L4 (A4)"},
			findings: []string{`1:0 warning header_skipped "Name,License,Authorization"`, `3:2 license number_required`, `4:3 authorization columns "c,L3" count=2 separator=,`},
		},
		{
			rule: "R3.2 header that names the agreement number twice", file: "Agreement number,Agreement number,Agreement\n1,1,a\n", want: []string{"2 1 + 1 a"},
			findings: []string{`1:0 warning header_skipped "Agreement number,Agreement number,Agreement"`},
		},
		{
			rule: "R3.2 header in which agreement is the number", file: "Agreement;Enrollment;Name\n1;1;a\n", want: []string{"2 1 + 1 a"},
			findings: []string{`1:0 warning header_skipped "Agreement;Enrollment;Name"`},
		},
		{
			rule: "R3.2 header of two columns, rows of three", file: "Authorization,License,\n1,1,a\n2,2\n", want: []string{"2 1 + 1 a", "3 2 + 2 (2)"},
			findings: []string{`1:0 warning header_skipped "Authorization,License,"`},
		},
		{
			rule: "R3.2 header with columns that are not known", file: "Authorization,,License,Cost centre\n1,,1,ç\n2,,2,y,z\n3,é,3\n", want: []string{"2 1 + 1 (1)"},
			findings: []string{
				`1:0 warning header_skipped "Authorization,,License,Cost centre"`, `1:0 warning columns_ignored "Cost centre" columns=Cost centre`,
				`3:5 columns "2,,2,y,z" count=5 separator=,`, `4:2 columns "3,é,3" count=3 separator=,`, `4:2 not_ascii "é" characters=é`,
			},
		},
		{rule: "R3.2 one known name does not make a header", file: "A1,B,Name\n", want: []string{"1 A1 + B Name"}, findings: []string{`1:2 license warning number_without_digit "B"`}},
		{rule: "R3.2 a number does not make a header", file: "License,B1,Name\n", want: []string{"1 License + B1 Name"}, findings: []string{`1:1 authorization warning number_without_digit "License"`}},

		// R3.3: ASCII
		{
			rule: "R3.3 every cell that is not ASCII", file: "1,1,Réseau\n2\u00a0,２,Bureau\n3,3,Li\xe8ge\n4,4,a\n", want: []string{"4 4 + 4 a"},
			findings: []string{
				`1:3 name not_ascii "Réseau" characters=é`,
				"2:1 authorization not_ascii \"2\\u00a0\" characters=U+00A0", `2:2 license not_ascii "２" characters=２`,
				`3:3 name not_ascii "Liège" characters=è`,
			},
		},
		{rule: "R3.3 not ASCII in a row of four columns", file: "1,é,Office,Liège\n", findings: []string{`1:2 license not_ascii "é" characters=é`, `1:4 columns "1,é,Office,Liège" count=4 separator=,`, `1:4 not_ascii "Liège" characters=è`}},

		// R2.1, R2.2
		{rule: "R2.1 name", file: "1,1,a&b\n2,2," + strings.Repeat("x", 257) + "\n", findings: []string{`1:3 name name_characters "a&b" characters=&`, `2:3 name name_too_long "` + strings.Repeat("x", 255) + `…" length=257 max=256`}},
		{rule: "R2.1 name is collapsed", file: "1,1, Office   agreements \n", want: []string{"1 1 + 1 Office agreements"}},
		{rule: "R2.2 16 characters", file: "01-07001,01-07001\n01-07002,01-070021\n", want: []string{"1 01-07001 + 01-07001 (01-07001)"}, findings: []string{`2:1 authorization pair_too_long "01-07002 + 01-070021" length=17 max=16`}},
		{
			rule: "R3.7 everything about a row at once", file: "0/1,--,a;b\n", findings: []string{
				`1:1 authorization number_characters "0/1" characters=/`, `1:2 license number_only_hyphens "--"`, `1:3 name name_characters "a;b" characters=;`,
			},
		},
		{rule: "R3.4 a row without a name does not answer for the name", file: "a/b,1\n", findings: []string{`1:1 authorization number_characters "a/b" characters=/`}},

		// R3.5, R3.6, R2.3
		{rule: "R3.5 open-value", file: "1-1,11\n1,2\n", program: agreement.ProgramOpenValue, want: []string{"1 1-1 + 11 (1-1)"}, findings: []string{`2:2 license numbers_differ "2" authorization=1`}},
		{rule: "R3.5 no program, no rejection", file: "1,2\n", want: []string{"1 1 + 2 (1)"}},
		{
			rule: "R3.6 the same pair under the same name", file: "a1,b1,Office\nA-1,B-1,OFFICE\na1,b1,Office\n", want: []string{"1 a1 + b1 Office"},
			findings: []string{`2:1 authorization warning pair_repeated "A-1 + B-1" line=1`, `3:1 authorization warning pair_repeated "a1 + b1" line=1`},
		},
		{rule: "R3.6 the same pair without a name", file: "a1,b1\na-1,b-1\na1,b1,Office\n", want: []string{"3 a1 + b1 Office"}, findings: []string{`1:1 authorization warning pair_repeated "a1 + b1" line=3`, `2:1 authorization warning pair_repeated "a-1 + b-1" line=1`}},
		{
			rule: "R2.3 the same pair under another name", file: "a1,b1,Office\na1,b1,Servers\na1,b1\n", want: []string{"1 a1 + b1 Office"},
			findings: []string{`2:1 authorization pair_under_two_names "a1 + b1" line=1 name=Office`, `3:1 authorization warning pair_repeated "a1 + b1" line=1`},
		},
		{rule: "R2.3 numbers swapped are another pair", file: "a1,b1,Office\nb1,a1,Office\n", want: []string{"1 a1 + b1 Office", "2 b1 + a1 Office"}},
		{rule: "R2.3 a bad row takes no pair", file: "a1,b1,a&b\na1,b1,Servers\n", want: []string{"2 a1 + b1 Servers"}, findings: []string{`1:3 name name_characters "a&b" characters=&`}},

		// R3.8: an annotated copy is uploaded
		{
			rule: "R3.8 the messages column is ignored", file: "\ufeffAuthorization number,License number,Agreement name,Errors and warnings\r\n'-1,'-1,,\"é, \"\"x\"\"\r\ny\"\r\n2,2,b\r\n3,3,c,,d\r\n", want: []string{"2 -1 + -1 (-1)", "4 2 + 2 b"},
			findings: []string{`1:0 warning header_skipped "Authorization number,License number,Agreement name,Errors and warnings"`, `5:5 columns "3,3,c,,d" count=5 separator=,`},
		},
		{rule: "R3.8 the apostrophe goes though the header is gone", file: "'-1,'-1,'=x\n", findings: []string{`1:3 name name_characters "=x" characters==`}},
	}
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			f := read(t, c.file, pairfile.Options{FileName: "a.csv", Program: c.program})
			if f.Refused {
				t.Error("refused")
			}
			if diff := cmp.Diff(c.want, rows(f.Rows)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.findings, findings(f.Findings)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadProgram(t *testing.T) {
	t.Parallel()
	const file = "01-07001,01-07001\nE0456712,4410983\n90312847ZZE1401,61284733\nA,B\n"
	limits := agreement.Limits{PairMaxChars: 32}
	for program, want := range map[agreement.Program][]agreement.Program{
		"":                                {agreement.ProgramOpenValue, agreement.ProgramSelectEnterprise, agreement.ProgramOpen, agreement.ProgramUnknown},
		agreement.ProgramUnknown:          {agreement.ProgramOpenValue, agreement.ProgramSelectEnterprise, agreement.ProgramOpen, agreement.ProgramUnknown},
		agreement.ProgramOpen:             {agreement.ProgramOpen, agreement.ProgramOpen, agreement.ProgramOpen, agreement.ProgramOpen},
		agreement.ProgramSelectEnterprise: {agreement.ProgramSelectEnterprise, agreement.ProgramSelectEnterprise, agreement.ProgramSelectEnterprise, agreement.ProgramSelectEnterprise},
		agreement.ProgramOpenValue:        {agreement.ProgramOpenValue},
	} {
		var got []agreement.Program
		for _, r := range read(t, file, pairfile.Options{Program: program, Limits: limits}).Rows {
			got = append(got, r.Pair.Program)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("R3.5 program %q (-want +got):\n%s", program, diff)
		}
	}
}
