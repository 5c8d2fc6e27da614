package pairfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/i18n"
	"trueup/internal/sheet"
)

// lines repeats a line with a number in it.
func lines(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format+"\n", i+1)
	}
	return b.String()
}

func TestR3_2_Separators(t *testing.T) {
	t.Parallel()
	bad := lines(10, "01/07%03d;A;Office, Ghent")
	good := lines(50, "01-07%03[1]d;01-07%03[1]d;Office, Ghent")
	for _, c := range []struct {
		name, file string
		good       int
	}{
		{"bad numbers first, semicolons", bad + good, 50},
		{"bad numbers first, tabs", strings.ReplaceAll(bad+good, ";", "\t"), 50},
		{"only bad numbers", lines(30, "01.0700%d;x/y;Office, Ghent"), 0},
		{"decimal commas", lines(5, "1%d3456,00;4410983,00;Office") + "1;1;Office\n", 1},
		{"thousands with commas", lines(5, "1,23%d,567;4410983;Office") + "1;1;Office\n", 1},
		{"scientific notation", lines(5, "%d,23457E+14;4410983;Office") + "1;1;Office\n", 1},
		{"commas, and semicolons in a name", "1/1,1,a;b\n2,2,c\n", 1},
		{"whole lines in quotes with semicolons", lines(3, `"%[1]d;%[1]d;Office, Ghent"`), 3},
		{"whole lines in quotes with commas", lines(3, `"%[1]d,%[1]d,Office"`), 3},
		{"a header in quotes", "\"Overeenkomstnummer;Licentienummer;Naam\"\n\"1;1;Kantoor\"\n", 1},
	} {
		f := read(t, c.file, pairfile.Options{})
		for _, finding := range f.Findings {
			if finding.Code == "columns" {
				t.Errorf("%s: wrong separator: %v", c.name, findings(f.Findings))
				break
			}
		}
		if len(f.Rows) != c.good {
			t.Errorf("%s: %d good rows, want %d: %v", c.name, len(f.Rows), c.good, findings(f.Findings))
		}
	}
}

func TestR3_2_Junk(t *testing.T) {
	t.Parallel()
	const good = "01-07001,01-07001,Office\n"
	for _, c := range []struct {
		file, want string // the first error or warning that is no header_skipped, or else the good row
	}{
		{"Nummer;Klant;Naam\n1;1;x\n", "1:0 header_unknown"},
		{"Column1,Column2,Column3\n" + good, "1:0 header_unknown"},
		{"F1,F2,F3\n" + good, "1:0 header_unknown"},
		{"Kolom 1;Kolom 2\n1;1\n", "1:0 header_unknown"},
		{"NULL,NULL\n" + good, "1:0 header_unknown"},
		{good + "NULL,NULL\n", `2:1 authorization warning number_without_digit "NULL"`},
		{good + "Total,1,\n", `2:1 authorization warning number_without_digit "Total"`},
		{"Agreements of Contoso\nAgreement number,License number\n1,1\n", "2:0 header_not_first"},
		{"Our agreements,,\nName,Agreement number,License number\nx,1,1\n", "2:0 header_not_first"},
		{good + "Name,Agreement number,License number\nx,1,1\n", "2:0 header_not_first"},
		{good + "Agreement number,License number,Name\n", "2:0 header_not_first"},
		{"Agreements of Contoso\nName,Agreement number,License number,Q1\nx,1,2,3\n", "2:0 header_not_first"},
		{"Agreements of 2026\nNaam;Overeenkomstnummer;Licentienummer;Kolom 4\nx;1;2;3\n", "2:0 header_not_first"},
		{"Contoso,Licences\nAgreement number,License number\n1,1\n", "2:0 header_not_first"},
		{"2026,2027\nAgreement number,License number\n1,1\n", "2:0 header_not_first"},
		{"\"Agreements, 2026\"\n\n" + lines(30, "%[1]d,%[1]d") + "\"Agreement number,License number,Q1\"\n1,1\n", "33:0 header_not_first"},
		{"Agreements of Contoso\nNummer;Klant;Naam\n1;2;x\n", "2:0 header_unknown"},
		{"LIC-01,LIC-02,Office\n", "1 LIC-01 + LIC-02 Office"},
		{"LIC1,LIC2\n" + good, "1 LIC1 + LIC2 (LIC1)"},
		{"A1,A2,Office\n", "1 A1 + A2 Office"},
		{"Unnamed: 0,Unnamed: 1\n" + good, "1:0 header_unknown"},
		{"1,1,NULL\n", "1 1 + 1 (1)"},
		{"1,1,N/A\n", "1 1 + 1 (1)"},
		{"1,1,0\n", "1 1 + 1 (1)"},
		{"1,1,-\n", "1 1 + 1 (1)"},
		{"1,1,n.v.t.\n", "1 1 + 1 (1)"},
		{"1,1,#N/A\n", "1 1 + 1 (1)"},
		{"1,1,(none)\n", "1 1 + 1 (1)"},
		{"1,1,NA\n", "1 1 + 1 NA"},
		{"1,1,None\n", "1 1 + 1 None"},
		{"1,1,Blank\n", "1 1 + 1 Blank"},
		{"1,1,Nullam\n", "1 1 + 1 Nullam"},
	} {
		f := read(t, c.file, pairfile.Options{})
		got := strings.Join(append(findings(f.Findings), rows(f.Rows)...), "\n")
		if first, _, _ := strings.Cut(got, "\n"); first != c.want {
			t.Errorf("%q: got %s, want first %s", c.file, got, c.want)
		}
	}
}

// What spreadsheets make of numbers is named, and no finding about it is caused by another.
func TestR3_7_DamagedNumbers(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"1.23457E+14": "number_scientific", "1,23457E+14": "number_scientific", "1.2e15": "number_scientific", "4E+15": "number_scientific", "-1.5E-05": "number_scientific",
		"1,234.56": "number_decimal", "12 345,6": "number_decimal", "1.234.567,8": "number_decimal", "-1.234,56": "number_decimal", "1\u00a0234,5": "number_decimal", "4410983%": "number_decimal", "1.2345": "number_decimal",
		"-1,234.00": "number_thousands", "$1,234.00": "number_thousands", "(1,234.00)": "number_thousands", "1.234.567,00 €": "number_thousands", "\u200b1,234,567": "number_thousands",
		"'1.23457E+14": "number_scientific", "(1.23457E+14)": "number_scientific", "1.23457\u200bE+14": "number_scientific", "\u00a01.23457E+14": "number_scientific", "1,23457E\u00a0+14": "number_scientific", "1.23457 x 10^14": "number_scientific",
		"01/07\u200b/2001": "number_date", "12345678.0\u00a0": "number_decimal",
		"4410983 (2)": "number_not_alone", "4410983(2)": "number_not_alone", "(2) 4410983": "number_not_alone", "4410983/84": "number_not_alone", "4410983;84": "number_not_alone", "Lic. 4410983": "number_not_alone", "Agr:4410983": "number_not_alone",
		"4410983,4410984": "number_not_alone", "4410983\u00a04410984": "number_not_alone", "numéro 4410983": "number_not_alone", "№ 4410983": "number_not_alone", "4410983 old": "number_not_alone", "EUR 1.234,00": "number_not_alone", "E0456712.0": "number_not_alone",
		"(4410983)": "number_characters", "4410\u00a0983": "not_ascii", "4410\u200b983": "not_ascii", "MARKET-12": "", "sept-12": "warning number_like_date", "SEPTA-12": "",
		"12345678.0": "number_decimal", "12345678,00": "number_decimal", "-1.5": "number_decimal", "12.345": "number_decimal",
		"1,234,567": "number_thousands", "1.234.567": "number_thousands", "1 234 567": "number_thousands", "1\u00a0234\u00a0567": "number_thousands", "1'234'567": "number_thousands", "1,234.00": "number_thousands",
		"01/07/2001": "number_date", "1.7.2001": "number_date", "2001/07/01": "number_date", "1 jul 2001": "number_date", "01-août": "number_date", "2001-07-01 00:00:00": "number_date", "Jul 1, 2001": "number_date",
		"#REF!": "cell_error", "#WAARDE!": "cell_error", "#NOM?": "cell_error", "#######": "cell_error",
		"No. 01-07001": "number_not_alone", "n° 4410983": "number_not_alone", "Agreement: 4410983": "number_not_alone", "4410983 (old one)": "number_not_alone",
		"4410983/4410984": "number_not_alone", "4410983 + 4410984": "number_not_alone", "EN 884213": "number_characters", "90312847 ZZE1401": "number_characters",
		"01–07001": "dash", "01\u221207001": "dash", "01\x9607001": "dash",
		"01 07001": "number_characters", "01/07001": "number_characters", "01_07": "number_characters",
		"01-Jul": "warning number_like_date", "1-7-2001": "warning number_like_date", "2001-07-01": "warning number_like_date", "jul-01": "warning number_like_date", "1-mrt": "warning number_like_date",
		"01-07001": "", "E0456712": "", "12E4": "", "90312847ZZE1401": "", `="01-07107"`: "", "'-1": "", "01-07": "", "1-7-7001": "",
		"/": "number_required", "--": "number_only_hyphens",
	} {
		for _, separator := range []string{",", ";", "\t"} {
			file := "Agreement number" + separator + "License number\n" + quoted(number) + separator + "1\n"
			var got []string
			for _, finding := range read(t, file, pairfile.Options{Limits: agreement.Limits{PairMaxChars: 32}}).Findings[1:] {
				code := finding.Code
				if finding.Severity == sheet.SeverityWarning {
					code = "warning " + code
				}
				got = append(got, code)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%q after %q: %v, want %q", number, separator, got, want)
			}
		}
	}
}

func quoted(cell string) string {
	return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
}

func TestR3_2_FormulaText(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"=\"01-07107\",=\"01-07107\" , =\"Office\"\n", "\"=\"\"01-07107\"\"\",\"=\"\"01-07107\"\"\",Office", "\"'=\"\"01-07107\"\"\",01-07107,Office",
	} {
		f := read(t, file, pairfile.Options{})
		if diff := cmp.Diff([]string{"1 01-07107 + 01-07107 Office"}, rows(f.Rows)); diff != "" || f.Findings != nil {
			t.Errorf("%q: %v\n%s", file, findings(f.Findings), diff)
		}
	}
}

// A length is that without the characters that other findings say to remove.
func TestR3_7_NoPhantomFindings(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"01/07/001,01/07/001\n":                                  "number_characters number_characters",
		"1.23457E+14,12345678\n":                                 "number_scientific",
		"1,1," + strings.Repeat("a", 256) + "&\n":                "name_characters",
		"\"1,234,567\",\"1,234,567\"\n":                          "number_thousands number_thousands",
		"1/1,11\n":                                               "number_characters",
		"1/1,12\n":                                               "number_characters numbers_differ",
		"\"1,1,Office\"\n":                                       "line_in_quotes",
		"\"1,1,Office,x\"\n":                                     "line_in_quotes columns",
		"01-070010000,01-070010000,Sales & x\n":                  "pair_too_long name_characters",
		"01-07001é,01-07001\n":                                   "not_ascii",
		"01-07001é,01-0700111111111\n":                           "not_ascii pair_too_long",
		"1,1,Office\x1a":                                         "",
		"1,1,Office\r\n\x1a":                                     "",
		"1,1,Office\r\n\x1a\x1a\r\n":                             "",
		"1,1,Office \u2013 Ghent\n":                              "dash",
		"1,1,Office \u2019t\n":                                   "not_ascii",
		"Agreement number,License number\n1,1,x\n":               "header_skipped",
		"Agreement number,License number,Notes\n1,1,\"a,\nb\"\n": "header_skipped columns_ignored",
	} {
		o := pairfile.Options{Program: agreement.ProgramOpenValue}
		var got []string
		for _, finding := range read(t, file, o).Findings {
			got = append(got, finding.Code)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %s", file, got, want)
		}
	}
}

// An unclosed quote takes its own line, not the rows up to the next quote.
func TestR3_7_UnclosedQuoteSwallowsNoRows(t *testing.T) {
	t.Parallel()
	rowsBetween := lines(200, "%[1]d,%[1]d,Office")
	f := read(t, "900,900,\"Ghent\n"+rowsBetween+"901,901,Bruges\"\n902,902,Kent\n", pairfile.Options{})
	if len(f.Rows) != 201 || f.Total != 203 || f.Findings[0].Code != "unclosed_quote" || f.Findings[0].Line != 1 {
		t.Errorf("%d good rows of %d, want 201 of 203: %v", len(f.Rows), f.Total, findings(f.Findings))
	}
	// A column that is not read may have any text, but swallows no rows either.
	const header = "Agreement number,License number,Name,Notes\n"
	f = read(t, header+"900,900,Ghent,\"note\n"+rowsBetween+"901,901,Bruges,note\"\n902,902,Kent,\"two lines,\nwith a comma\"\n", pairfile.Options{})
	if len(f.Rows) != 203 {
		t.Errorf("%d good rows, want 203: %v", len(f.Rows), findings(f.Findings))
	}
}

// Following the advice to the letter makes a row right, and never makes another number of it.
func TestR3_7_AdviceFixesTheRow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		right := rapid.StringMatching(`[1-9][0-9]{6}`).Draw(t, "number")
		name := "Office agreements"
		cells := []string{damaged(t, right), right, name}
		if rapid.Bool().Draw(t, "name") {
			at := rapid.IntRange(1, len(name)-1).Draw(t, "at")
			cells[2] = name[:at] + rapid.SampledFrom([]string{"&", "(", "é", "–", "\u00a0", "’", "\u200b", "\t", "[x]"}).Draw(t, "in the name") + name[at:]
		}
		for try := 0; ; try++ {
			file := "Agreement number;License number;Name\n" + quoted(cells[0]) + ";" + quoted(cells[1]) + ";" + quoted(cells[2]) + "\n"
			f := pairfile.Read([]byte(file), pairfile.Options{})
			if len(f.Rows) == 1 {
				if got := f.Rows[0].Pair; got.Key() != (agreement.Pair{Authorization: right, License: right}).Key() {
					t.Fatalf("the advice for %q made %s of %s", file, got, right)
				}
				return
			}
			if try == 1 {
				t.Fatalf("%q is still wrong after its advice was followed: %v", file, findings(f.Findings))
			}
			for _, finding := range f.Findings {
				if finding.Position > 0 {
					cells[finding.Position-1] = followed(t, finding, cells[finding.Position-1], right)
				}
			}
		}
	})
}

// damaged draws what a spreadsheet or a person makes of a number of seven digits.
func damaged(t *rapid.T, n string) string {
	return rapid.SampledFrom([]string{
		n, n[:1] + "." + n[1:] + "E+14", n[:1] + "," + n[1:5] + "E+06", n + ".0", n + ",00", n[:1] + "," + n[1:4] + "," + n[4:], n[:1] + "." + n[1:4] + "." + n[4:] + ",00",
		n[:1] + "\u00a0" + n[1:4] + "\u00a0" + n[4:], n[:1] + " " + n[1:4] + " " + n[4:], n[:2] + "–" + n[2:], n[:2] + "−" + n[2:], n[:2] + "/" + n[2:], n[:2] + " " + n[2:], n[:2] + "_" + n[2:] + "*", "No. " + n, n + "/4410983", n + " (renewed)",
		"$" + n[:1] + "," + n[1:4] + "," + n[4:] + ".00", "(" + n[:1] + "." + n[1:] + "E+06)", "'" + n[:1] + "." + n[1:] + "E+06", n[:1] + "," + n[1:4] + ".5", n[:1] + " " + n[1:4] + ",5", "-" + n[:1] + "," + n[1:4] + "," + n[4:] + ".00",
		n + " (2)", n + "/84", "Lic. " + n, n + "," + n, n[:3] + "\u00a0" + n[3:], n + "\u00a0", "\u200e" + n[:1] + "." + n[1:] + "E+06", n + "%",
		"01/07/2001", "1 jul 2001", "#REF!", "########", `="` + n + `"`, "'" + n, n[:2] + "\u200b" + n[2:], "", "/",
	}).Draw(t, "damaged")
}

// followed follows the advice of a finding in a cell.
func followed(t *rapid.T, f sheet.Finding, cell, right string) string {
	sentence := i18n.Text(i18n.English, f.Code, f.Args)
	switch {
	case strings.Contains(sentence, "type the number from the agreement"), strings.Contains(sentence, "Type the value that belongs"), strings.Contains(sentence, "Write only the number"), f.Code == "number_required":
		return right
	case strings.Contains(sentence, "Write "+f.Args["number"]) && f.Args["number"] != "":
		return f.Args["number"]
	case strings.Contains(sentence, "Type a hyphen (-) in place of"):
		for _, r := range f.Args["characters"] {
			if r != ' ' {
				cell = strings.ReplaceAll(cell, string(r), "-")
			}
		}
		return cell
	case strings.Contains(strings.ToLower(sentence), "remove"):
		for _, c := range strings.Fields(f.Args["characters"]) {
			var r rune
			if _, err := fmt.Sscanf(c, "U+%X", &r); err == nil {
				c = string(r)
			}
			cell = strings.ReplaceAll(cell, c, "")
		}
		return cell
	}
	t.Fatalf("no advice in %q", sentence)
	return ""
}
