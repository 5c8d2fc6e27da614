package statement_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/entitlement/statement"
	"trueup/internal/text"
)

var options = statement.Options{Name: "entitlements/a.csv", Date: "2026-11-21"}

// brief returns a summary of a file: one text for each line and finding.
func brief(f *statement.File) []string {
	list := []string{fmt.Sprintf("%s %s: %d rows, %d skipped, %d unchanged, %d rejected", f.Statement.Kind, f.Statement.Date, f.Rows, f.Skipped, f.Unchanged, f.Rejected)}
	if f.Refused {
		list[0] = "refused"
	}
	for _, l := range f.Statement.Lines {
		text := []string{l.LicenseID, l.Publisher, l.Pool, l.Family, l.Version, l.Type, fmt.Sprint(l.Effective), fmt.Sprint(l.ActiveSA)}
		for _, date := range []day.Date{l.Start, l.End, l.SAEnd} {
			if date != "" {
				text = append(text, string(date))
			}
		}
		list = append(list, strings.Join(text, "|"))
	}
	for _, found := range f.Findings {
		text := fmt.Sprintf("%s %d:%d %s %s", found.Severity, found.Line, found.Position, found.Column, found.Code)
		if found.Value != "" {
			text += fmt.Sprintf(" %q", found.Value)
		}
		if found.Args != nil {
			text += fmt.Sprintf(" %v", map[string]string(found.Args))
		}
		list = append(list, text)
	}
	return list
}

// check compares a file with the expected summary and checks its invariants.
func check(t *testing.T, f *statement.File, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, brief(f)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	sound(t, f)
}

func sound(t *testing.T, f *statement.File) {
	t.Helper()
	if got := len(f.Statement.Lines) + f.Skipped + f.Unchanged + f.Rejected; got != f.Rows {
		t.Errorf("%d of %d rows are accounted for", got, f.Rows)
	}
	if f.Refused && (len(f.Statement.Lines) > 0 || len(f.Findings) == 0) {
		t.Errorf("a refused file has %d lines and %d findings", len(f.Statement.Lines), len(f.Findings))
	}
}

func TestR7_4_Samples(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]string{
		"license-summary.csv": {
			"license-summary 2026-11-21: 8 rows, 0 skipped, 0 unchanged, 0 rejected",
			"8123456|Microsoft|Applications|Office Professional Plus|2021|L&SA|420|420",
			"8123456|Microsoft|Applications|Visio Professional|2021|License|35|0",
			"8123456|Microsoft|Servers|Windows Server - Device CAL|2022|L&SA|1250|1250",
			"8123456|Microsoft|Servers|Windows Server - Device CAL|2022|L&SA|20|0",
			"01-07001|Microsoft|Applications|Office Standard|2019|License|60|0",
			"01-07001|Microsoft|Servers|SQL Server Standard|2019|L&SA|4|4",
			"40000017|Microsoft|Applications|Project Standard|2016|License|12|0",
			"8123457|Microsoft|Applications|Microsoft 365 Apps for enterprise||Subscription|300|0",
		},
		"license-summary-dutch.csv": {
			"license-summary 2026-11-21: 4 rows, 0 skipped, 1 unchanged, 0 rejected",
			"8123456|Microsoft|Applications|Office Professional Plus|2024|L&SA|1420|1420",
			"8123456|Microsoft|Applications|Visio Professional|2024|License|35|0",
			"01 07001|Microsoft|Applications|Office Standard|2019|License|60|0",
			"warning 6:0  statement_row_repeated map[line:5]",
		},
		"license-summary-mistakes.csv": {
			"license-summary 2026-11-21: 8 rows, 0 skipped, 0 unchanged, 6 rejected",
			"8123456|Microsoft|Applications|Office Professional Plus|2021|L&SA|420|420",
			"8123456|Microsoft|Applications|Project Standard|2019|License|3|7",
			"error 3:1 licenseId statement_required map[column:License ID]",
			"error 4:2 family statement_required map[column:Product family]",
			`error 4:6 effective statement_quantity "-5" map[max:10000000]`,
			`error 4:7 activeSa statement_quantity "many" map[max:10000000]`,
			`error 5:6 effective statement_row_contradicts "400" map[line:2]`,
			`error 6:0  statement_columns "8123456" map[columns:7 count:9]`,
			`warning 7:7 activeSa statement_sa_exceeds "7" map[effective:3]`,
			"error 8:0  stray_quote",
			`error 9:1 licenseId statement_license_id "8123/56"`,
			`error 9:6 effective statement_quantity "99999999" map[max:10000000]`,
		},
		"general-statement.csv": {
			"general-statement 2026-11-21: 4 rows, 0 skipped, 0 unchanged, 0 rejected",
			"|Adobe||Acrobat Pro|2020||25|25|2024-03-14|2027-03-13",
			"|Adobe||Acrobat Pro|2020||10|0|2025-01-20",
			"|Autodesk||AutoCAD LT, network|2024||8|8|2025-01-20|2026-01-19",
			"|Microsoft||Visio Professional|2021||40|0|2023-06-01",
		},
		"general-statement-french.csv": {
			"general-statement 2026-11-21: 2 rows, 0 skipped, 0 unchanged, 0 rejected",
			"|Adobe||Acrobat Pro|2020||1025|1025|2024-03-14|2027-03-13",
			"|Druide||Antidote|11||12|0|2025-05-02",
			`warning 2:0  statement_day_first "14/03/2024"`,
		},
		"license-statement.xlsx": {
			"license-statement 2026-11-14: 8 rows, 3 skipped, 0 unchanged, 0 rejected",
			"|Microsoft|Applications|Office Professional Plus|2021||500|420",
			"|Microsoft|Applications|Visio Professional|2021||35|0",
			"|Microsoft|Servers|SQL Server Standard|2012.1||1250|4",
			"|Microsoft|Systems|Windows 11 Enterprise|All||640|640",
			"|Microsoft|Applications|Microsoft 365 Apps for enterprise|Not Applicable||300|0",
		},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile("../../../events/statements/" + file)
			if err != nil {
				t.Fatal(err)
			}
			f := statement.ReadFile(data, options)
			check(t, f, want...)
			encoded, err := entitlement.Encode(f.Statement)
			if err != nil {
				t.Fatal(err)
			}
			decoded, err := entitlement.Decode(encoded)
			if diff := cmp.Diff(f.Statement, decoded); diff != "" || err != nil {
				t.Errorf("stored and read again: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

const (
	summaryHeader = "License ID,Product family,Version,Product pool,Type,Effective quantity,Active SA quantity\n"
	generalHeader = "Name,Publisher,Version,Language,EffectiveQuantity,PONumber,ResellerName,DateOfPurchase,SupportPurchased,SupportExpirationDate,Comments\n"
)

func TestR7_4_LicenseSummary(t *testing.T) {
	t.Parallel()
	one := []string{"license-summary 2026-11-21: 1 rows, 0 skipped, 0 unchanged, 0 rejected", "8123456|Microsoft|Applications|Office|2021|L&SA|420|20"}
	long := strings.Repeat("x", 256)
	for name, test := range map[string]struct {
		file string
		want []string
	}{
		"commas":                 {summaryHeader + "8123456,Office,2021,Applications,L&SA,420,20", one},
		"semicolons":             {strings.ReplaceAll(summaryHeader+"8123456,Office,2021,Applications,L&SA,420,20", ",", ";"), one},
		"tabs, CR and a BOM":     {"\ufeff" + strings.NewReplacer(",", "\t", "\n", "\r").Replace(summaryHeader+"8123456,Office,2021,Applications,L&SA,420,20"), one},
		"a separator line":       {"sep=;\n" + strings.ReplaceAll(summaryHeader+"8123456,Office,2021,Applications,L&SA,420,20", ",", ";"), one},
		"licence, in any case":   {"LICENCE ID,product Family,LICENCE VERSION,Pool,licence type,Effective Licence Quantity,Active Software Assurance Quantity\n8123456,Office,2021,Applications,L&SA,420,20", one},
		"French":                 {"ID de licence;Famille de produits;Version;Pool de produits;Type;Quantité effective;Quantité SA active\n8123456;Office;2021;Applications;L&SA;420;20", one},
		"another order":          {"Active SA quantity,Notes,Effective quantity,Type,Product pool,Version,Product family,License ID\n20,,420,L&SA,Applications,2021,Office,8123456", one},
		"spaces around and in":   {summaryHeader + " 8123456 ,  Office  ,2021, Applications,L&SA , 420,20 \n,,,,,,\n", one},
		"no SA said":             {summaryHeader + "8123456,Office,2021,Applications,L&SA,420,", []string{one[0], "8123456|Microsoft|Applications|Office|2021|L&SA|420|0"}},
		"one product, two types": {summaryHeader + "8123456,Office,2021,Applications,L&SA,420,20\n8123456,Office,2021,Applications,License,7,0\n", []string{"license-summary 2026-11-21: 2 rows, 0 skipped, 0 unchanged, 0 rejected", one[1], "8123456|Microsoft|Applications|Office|2021|License|7|0"}},
		"the same number written otherwise": {
			summaryHeader + "8123456,Office,2021,Applications,L&SA,420,20\n812-34 56,OFFICE,2021,applications,l&sa,420,20\n",
			[]string{"license-summary 2026-11-21: 2 rows, 0 skipped, 1 unchanged, 0 rejected", one[1], "warning 3:0  statement_row_repeated map[line:2]"},
		},
		"an unresolved quantity": {
			"License ID,Product family,Version,Effective quantity,Unresolved quantity,Active SA quantity\n8123456,Office,2021,420,x,20",
			[]string{"license-summary 2026-11-21: 1 rows, 0 skipped, 0 unchanged, 1 rejected", `error 2:5 unresolved statement_quantity "x" map[max:10000000]`},
		},
		"text that is too long, invisible or broken over lines": {
			summaryHeader + "8123456," + long + ",a\u202eb,\"x\ny\",\x00,420,20",
			[]string{
				"license-summary 2026-11-21: 1 rows, 0 skipped, 0 unchanged, 1 rejected",
				`error 2:2 family statement_text_too_long "` + long + `" map[max:255]`,
				`error 2:3 version statement_text_control "a` + "\\u202e" + `b"`,
				`error 2:4 pool line_break "x\ny"`,
				`error 2:5 type statement_text_control "\x00"`,
			},
		},
		"a column is missing": {
			"License ID,Product family,Version,Product pool,Type,Active SA quantity\n8123456,Office,2021,Applications,L&SA,20",
			[]string{"refused", "error 1:0  statement_column_missing map[column:Effective quantity]"},
		},
		"two columns are missing": {
			"Title\n\nLicense ID,Product family,Type,Product pool\n8123456,Office,L&SA,Applications",
			[]string{
				"refused", "error 3:0  statement_column_missing map[column:Version]", "error 3:0  statement_column_missing map[column:Effective quantity]",
				"error 3:0  statement_column_missing map[column:Active SA quantity]",
			},
		},
		"only a header":    {summaryHeader, []string{"refused", "error 1:0  statement_empty"}},
		"nothing":          {"", []string{"refused", "error 0:0  statement_unknown"}},
		"agreement pairs":  {"01-07001,01-07001,Office\n", []string{"refused", "error 0:0  statement_unknown"}},
		"UTF-16":           {"\xff\xfeL\x00i\x00", []string{"refused", "error 0:0  statement_utf16"}},
		"an old workbook":  {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", []string{"refused", "error 0:0  statement_xls"}},
		"gzip":             {"\x1f\x8b\x08", []string{"refused", "error 0:0  statement_gzip"}},
		"PDF":              {"%PDF-1.7", []string{"refused", "error 0:0  statement_pdf"}},
		"a page":           {"<!DOCTYPE html><table>", []string{"refused", "error 0:0  statement_html"}},
		"far too large":    {strings.Repeat("\n", statement.MaxFileBytes+1), []string{"refused", "error 0:0  statement_too_large map[max:16]"}},
		"too many rows":    {summaryHeader + strings.Repeat("1,O,,,,1,\n", statement.MaxRows+1), []string{"refused", "error 0:0  statement_too_many_rows map[max:200000]"}},
		"a header too low": {strings.Repeat("x\n", 40) + summaryHeader + "1,O,,,,1,\n", []string{"refused", "error 0:0  statement_unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := statement.ReadFile([]byte(test.file), options)
			check(t, f, test.want...)
		})
	}
}

func TestR7_4_Quantities(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]int{
		"0": 0, "7": 7, "1234": 1234, "1.234": 1234, "1,234": 1234, "1 234": 1234, "1'234": 1234, "1’234": 1234, "1\u00a0234": 1234, "1\u202f234": 1234,
		"1.234.567": 1234567, "1,234,567": 1234567, "12,0": 12, "12.00": 12, "1,234.00": 1234, "1.234,0": 1234, "+5": 5, "007": 7, "10000000": 10_000_000, "10,000,000": 10_000_000,
		"": -1, "-1": -1, "(5)": -1, "1.5": -1, "1,23": -1, "12,34,567": -1, "1.234,567": -1, "1,2345": -1, "1e3": -1, "0x10": -1, "٣": -1, "many": -1, ",5": -1, "1,": -1, "1..234": -1,
		"10000001": -1, "99999999999999999999": -1, "1 234,5": -1, "1234,567": -1, strings.Repeat("1", 60): -1, strings.Repeat("1,000", 20): -1, ".0": -1,
	} {
		f := statement.ReadFile([]byte(summaryHeader+"1,Office,,,,\""+written+"\",0\n"), options)
		got := -1
		if len(f.Statement.Lines) == 1 {
			got = f.Statement.Lines[0].Effective
		}
		if got != want {
			t.Errorf("%q is %d, want %d", written, got, want)
		}
	}
}

func TestR7_4_GeneralStatement(t *testing.T) {
	t.Parallel()
	head := func(rows, unchanged, rejected int) string {
		return fmt.Sprintf("general-statement 2026-11-21: %d rows, 0 skipped, %d unchanged, %d rejected", rows, unchanged, rejected)
	}
	for name, test := range map[string]struct {
		file string
		want []string
	}{
		"0 is yes and 1 is no": {
			generalHeader + "A,X,1,,5,,,,0,,\nB,X,1,,5,,,,1,12/31/2027,\nC,X,1,,5,,,,,,\nD,X,1,,5,,,,2,,\n",
			[]string{head(4, 0, 1), "|X||A|1||5|5", "|X||B|1||5|0", "|X||C|1||5|0", `error 5:9 support statement_support "2"`},
		},
		"each row is a purchase, but for copies with an order number": {
			generalHeader + "A,X,1,,5,,,,1,,\nA,X,1,,5,,,,1,,\nA,X,1,,5,PO1,,,1,,\nA,X,1,,5,PO1,,,1,,\nA,X,1,,6,PO1,,,1,,\n",
			[]string{head(5, 1, 0), "|X||A|1||5|0", "|X||A|1||5|0", "|X||A|1||5|0", "|X||A|1||6|0", "warning 5:0  statement_row_repeated map[line:4]"},
		},
		"dates of every kind": {
			generalHeader + "A,X,1,,5,,,2/29/2024,0,2027-03-13,\nA,X,1,,5,,,31.12.2024,0,31-12-2027 00:00:00,\nA,X,1,,5,,,2024/1/2,0,2027-03-13T00:00:00Z,\n",
			[]string{head(3, 0, 0), "|X||A|1||5|5|2024-02-29|2027-03-13", "|X||A|1||5|5|2024-12-31|2027-12-31", "|X||A|1||5|5|2024-01-02|2027-03-13"},
		},
		"dates that are none": {
			generalHeader + "A,X,1,,5,,,02/30/2024,0,soon,\nA,X,1,,5,,,1/1/24,0,1/1/1066,\nA,X,1,,5,,,2024-13-01,0,1/2/3/4,\n",
			[]string{
				head(3, 0, 3), `error 2:8 purchased statement_date "02/30/2024"`, `error 2:10 supportEnd statement_date "soon"`,
				`error 3:8 purchased statement_date "1/1/24"`, `error 3:10 supportEnd statement_date "1/1/1066"`,
				`error 4:8 purchased statement_date "2024-13-01"`, `error 4:10 supportEnd statement_date "1/2/3/4"`,
			},
		},
		"a file with both orders has the month first": {
			generalHeader + "A,X,1,,5,,,12/31/2024,1,,\nA,X,1,,5,,,31/12/2024,1,,\n",
			[]string{head(2, 0, 1), "|X||A|1||5|0|2024-12-31", `error 3:8 purchased statement_date "31/12/2024"`},
		},
		"required": {
			generalHeader + ",,,,,,,,,,x\n",
			[]string{
				head(1, 0, 1), "error 2:1 family statement_required map[column:Name]", "error 2:2 publisher statement_required map[column:Publisher]",
				"error 2:5 effective statement_required map[column:EffectiveQuantity]",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, statement.ReadFile([]byte(test.file), options), test.want...)
		})
	}
}

func TestR7_4_LicenseStatementAsCSV(t *testing.T) {
	t.Parallel()
	const header = "Product Pool;License Product Family;License Version;Effective License Quantity;Upgrade License Quantity;Active SA Quantity;Country of Usage\n"
	lines := header + "Servers;SQL Server;2022;4;0;4;All Countries\nServers;SQL Server;2022;x;0;4;Belgium\nServers;SQL Server;2022;5;0;4;ALL COUNTRIES\n"
	check(t, statement.ReadFile([]byte("Statement\n\n;;;;;;;;;;2026/11/14\n"+lines), options),
		"license-statement 2026-11-14: 3 rows, 1 skipped, 0 unchanged, 1 rejected", "|Microsoft|Servers|SQL Server|2022||4|4",
		`error 7:4 effective statement_row_contradicts "5" map[line:5]`)
	check(t, statement.ReadFile([]byte(lines), options),
		"license-statement 2026-11-21: 3 rows, 1 skipped, 0 unchanged, 1 rejected", "|Microsoft|Servers|SQL Server|2022||4|4",
		"warning 0:0  statement_date_missing", `error 4:4 effective statement_row_contradicts "5" map[line:2]`)
}

func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	f := statement.ReadFile([]byte(summaryHeader+strings.Repeat(",,,,,x,x\n", 5000)), options)
	if f.Rejected != 5000 || len(f.Findings) != statement.MaxFindings {
		t.Errorf("%d rejected, %d findings", f.Rejected, len(f.Findings))
	}
	sound(t, f)
	for name, hostile := range map[string]string{
		"columns":        summaryHeader + strings.Repeat(",", 4<<20),
		"a header of it": strings.Repeat("License ID,", 1<<20) + "\n",
		"quotes":         summaryHeader + strings.Repeat("\"\n", 1<<20),
		"one cell":       summaryHeader + "1," + strings.Repeat("x", 8<<20) + ",,,,1,1\n",
		"one number":     summaryHeader + "1,O,,,," + strings.Repeat("1", 8<<20) + ",1\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sound(t, statement.ReadFile([]byte(hostile), options))
		})
	}
}

func FuzzReadFile(f *testing.F) {
	for _, name := range []string{"license-summary.csv", "license-summary-mistakes.csv", "general-statement.csv", "general-statement-french.csv", "license-statement.xlsx"} {
		data, err := os.ReadFile("../../../events/statements/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("Product Pool\tLicense Product Family\tLicense Version\tEffective License Quantity\tActive SA Quantity\tCountry of Usage\nS\tSQL\t1\t4\t4\tAll Countries\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := statement.ReadFile(data, options)
		sound(t, file)
		for _, l := range file.Statement.Lines {
			if l.Effective < 0 || l.Effective > entitlement.MaxQuantity || l.Family == "" || l.Publisher == "" {
				t.Errorf("%+v", l)
			}
			if hasID := l.LicenseID != ""; hasID != (file.Statement.Kind == entitlement.KindLicenseSummary) {
				t.Errorf("%s: %+v", file.Statement.Kind, l)
			}
		}
		for _, found := range file.Findings {
			if found.Code == "" || found.Line < 0 || len([]rune(found.Value)) > text.QuoteMaxChars {
				t.Errorf("%+v", found)
			}
		}
		encoded, err := entitlement.Encode(file.Statement)
		if err != nil {
			t.Fatal(err)
		}
		if decoded, err := entitlement.Decode(encoded); !file.Refused && (err != nil || !cmp.Equal(decoded, file.Statement)) {
			t.Errorf("%v %s", err, cmp.Diff(file.Statement, decoded))
		}
	})
}
