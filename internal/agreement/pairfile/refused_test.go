package pairfile_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement/pairfile"
)

const plain = "01-07001,01-07001,Office agreements\r\n01-07002,01-07002,Office agreements\r\n"

func asUTF16(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// zipped returns a ZIP archive with the files.
func zipped(files ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range files {
		file, err := w.CreateHeader(&zip.FileHeader{Name: name})
		if err == nil {
			_, err = file.Write([]byte("application/vnd.oasis.opendocument.spreadsheet"))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// manyRows returns n good rows.
func manyRows(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%08d,%08d,Agreement %d\n", i, i, i%50)
	}
	return b.String()
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule  string
		file  string
		name  string
		total int
		want  []string
	}{
		{rule: "R3.3 nothing", file: "", want: []string{"0:0 file_empty"}},
		{rule: "R3.3 only a byte-order mark", file: "\ufeff", want: []string{"0:0 file_empty"}},
		{rule: "R3.3 only blank lines", file: "\n \r\n,,\n", want: []string{"0:0 file_empty"}},
		{rule: "R3.3 only a header", file: "Authorization,License\n", want: []string{"0:0 file_empty", `1:0 warning header_skipped "Authorization,License"`}},
		{rule: "R3.3 5,001 pairs", file: manyRows(5001), total: 5001, want: []string{"0:0 file_too_many_rows count=5001 max=5000"}},
		{rule: "R3.7 5,001 pairs and a mistake", file: "1/2,3\n" + manyRows(5001), total: 5002, want: []string{"0:0 file_too_many_rows count=5002 max=5000", `1:1 authorization number_characters "1/2" characters=/`}},
		{rule: "R3.2 a header of 257 columns", file: "Authorization,License" + strings.Repeat(",", 255) + "x\n1,1\n", total: 1, want: []string{`1:0 warning header_skipped "Authorization,License` + strings.Repeat(",", 234) + `…"`, "1:0 header_too_wide count=257 max=256"}},
		{rule: "R3.2 a header below a row", file: "1,1\nAuthorization,License\n", total: 2, want: []string{"2:0 header_not_first"}},
		{rule: "R3.3 4 MiB and a byte", file: strings.Repeat("x", pairfile.MaxBytes+1), want: []string{"0:0 file_too_large"}},
		{rule: "R3.3 file name of 129 characters", file: plain, name: strings.Repeat("é", 125) + ".csv", total: 2, want: []string{`0:0 file_name_too_long "` + strings.Repeat("é", 125) + `.csv" length=129 max=128`}},
		{
			rule: "R3.7 a long file name and no text", file: gzipped(plain), name: strings.Repeat("a", 125) + ".csv",
			want: []string{`0:0 file_name_too_long "` + strings.Repeat("a", 125) + `.csv" length=129 max=128`, "0:0 file_gzip"},
		},
		{rule: "R3.3 UTF-16LE", file: "\xff\xfe" + asUTF16(binary.LittleEndian, plain), want: []string{"0:0 file_utf16"}},
		{rule: "R3.3 UTF-16BE", file: "\xfe\xff" + asUTF16(binary.BigEndian, plain), want: []string{"0:0 file_utf16"}},
		{rule: "R3.3 UTF-16LE without a mark", file: asUTF16(binary.LittleEndian, plain), want: []string{"0:0 file_utf16"}},
		{rule: "R3.3 UTF-16BE without a mark", file: asUTF16(binary.BigEndian, "1,1"), want: []string{"0:0 file_utf16"}},
		{rule: "R3.3 UTF-16 with accents", file: asUTF16(binary.LittleEndian, "Numéro;Licence;Été\n1;1;Œuvre"), want: []string{"0:0 file_utf16"}},
		{rule: "R3.3 XLSX", file: zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), want: []string{"0:0 file_xlsx"}},
		{rule: "R3.3 OpenDocument", file: zipped("mimetype", "content.xml"), want: []string{"0:0 file_xlsx"}},
		{rule: "R3.3 ZIP", file: zipped("agreements.csv"), want: []string{"0:0 file_zip"}},
		{rule: "R3.3 empty ZIP", file: zipped(), want: []string{"0:0 file_zip"}},
		{rule: "R3.3 XLS", file: "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 504), want: []string{"0:0 file_xls"}},
		{rule: "R3.3 gzip", file: gzipped(plain), want: []string{"0:0 file_gzip"}},
		{rule: "R3.3 PDF", file: "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", want: []string{"0:0 file_pdf"}},
		{rule: "R3.3 HTML", file: "\ufeff\n<!DOCTYPE html>\n<html>", want: []string{"0:0 file_html"}},
		{rule: "R3.3 an HTML table", file: "<table><tr><td>1</td>", want: []string{"0:0 file_html"}},
		{rule: "R3.3 XML", file: `<?xml version="1.0"?><Workbook/>`, want: []string{"0:0 file_html"}},
		{rule: "R3.3 NUL bytes", file: "1,1\r\n2,2\r3,3\x00\n4,4\x00\n", want: []string{"3:0 file_nul"}},
		{rule: "R3.3 only NUL bytes", file: strings.Repeat("\x00", 100), want: []string{"1:0 file_nul"}},
		{
			rule: "R3.2 header without a number column", file: "Agreement name,License number\nOffice,1\nServers,2\n", total: 2,
			want: []string{`1:0 warning header_skipped "Agreement name,License number"`, "1:0 header_incomplete column=authorization"},
		},
	} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			f := read(t, c.file, pairfile.Options{FileName: c.name})
			if !f.Refused {
				t.Error("not refused")
			}
			if f.Total != c.total {
				t.Errorf("%d rows in total, want %d", f.Total, c.total)
			}
			if diff := cmp.Diff(c.want, findings(f.Findings)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if copied := f.Annotate(f.Findings, english); copied != nil {
				t.Errorf("R3.8: an annotated copy of %d bytes", len(copied))
			}
		})
	}
}

func TestReadRefusesAnUnknownProgramOnce(t *testing.T) {
	t.Parallel()
	f := read(t, plain, pairfile.Options{Program: "gold"})
	want := []string{`0:0 program_unknown "gold" value=gold`}
	if diff := cmp.Diff(want, findings(f.Findings)); diff != "" || !f.Refused || f.Rejected != 2 {
		t.Errorf("R3.5: refused %v, rejected %d (-want +got):\n%s", f.Refused, f.Rejected, diff)
	}
}

func TestReadAtItsLimits(t *testing.T) {
	t.Parallel()
	pad := func(file string) string { return file + strings.Repeat("\n", pairfile.MaxBytes-len(file)) }
	for rule, file := range map[string]string{
		"R3.3 5,000 pairs": manyRows(5000),
		"R3.3 4 MiB":       pad(manyRows(5000)),
	} {
		f := read(t, file, pairfile.Options{FileName: strings.Repeat("é", 124) + ".csv"}) // 128 characters
		if len(f.Rows) != 5000 || f.Findings != nil {
			t.Errorf("%s: %d rows, %v", rule, len(f.Rows), findings(f.Findings))
		}
	}
}

// hostile is far more than any of these files takes. An algorithm that is not linear takes minutes.
const hostile = 10 * time.Second

// TestReadHostile checks that malicious files are answered clearly, fast and in little memory. It
// is not parallel, because it measures.
func TestReadHostile(t *testing.T) {
	fill := func(unit string) string { return strings.Repeat(unit, pairfile.MaxBytes/len(unit)) }
	for _, c := range []struct {
		rule  string
		file  string
		count int    // of findings
		first string // prefix of the first finding
	}{
		{"R3.2 4 MiB in one line", fill("x"), 1, `1:2 license columns "xxx`},
		{"R3.2 10,000 columns", strings.Repeat("1,", 10_000) + "1\n", 1, `1:4 columns "1,1,`},
		{"R3.2 10,000 columns with an accent", strings.Repeat("é,", 10_000) + "1\n", 12, `1:1 authorization not_ascii "é"`},
		{"R3.2 2 million columns", fill("1,"), 1, `1:4 columns "1,1,`},
		{"R3.2 2 million empty columns", fill(","), 1, `0:0 file_empty`},
		{"R3.2 4 million blank lines", fill("\n"), 1, `0:0 file_empty`},
		{"R3.2 4 million quotes", fill(`"`), 1, `1:`},
		{"R3.2 a million unclosed quotes", fill("\"a\n"), 5001, `0:0 file_too_many_rows count=1398101`},
		{"R3.2 a million quoted cells after an unclosed quote", "1,1,\"x\n" + fill(`"a",`)[7:], 2, `1:3 name unclosed_quote`},
		{"R3.2 doubled quotes", "1,1,\"" + fill(`""`)[6:], 1, `1:3 name unclosed_quote`},
		{"R3.2 doubled quotes on every line", fill("\"\"\"\"\"\"\"\n"), 10_001, `0:0 file_too_many_rows`},
		{"R3.2 quotes and no end", fill("\"\"\"\"a,\r"), 10_001, `0:0 file_too_many_rows`},
		{"R3.2 one quote that is never closed", "\"" + fill("a\n")[1:], 5001, `0:0 file_too_many_rows`},
		{"R3.2 10,000 stray quotes in a row", strings.Repeat("a\"b,", 10_000) + "1\n", 12, `1:1 authorization stray_quote`},
		{"R3.2 stray quotes and openings", fill("x\",\"\"\"y\n"), 12, `1:1 authorization stray_quote`},
		{"R3.3 4 MiB beyond ASCII", "1,1," + fill("é")[4:], 2, `1:3 name `},
		{"R3.3 no UTF-8", fill("\xff1,\xff1\n"), 10_001, `0:0 file_too_many_rows`},
		{"R3.2 no number", fill("\xff,\xff\n"), 1, `1:0 header_unknown`},
		{"R2.1 4 MiB of forbidden characters", "1,1," + fill("&")[4:], 1, `1:3 name `},
		{"R3.3 a million rows", fill("1,1\n"), pairfile.MaxLines, `0:0 file_too_many_rows count=1048576`},
		{"R3.2 a header of 100,000 columns", fill("Name,License,x,x,x,x,x,\n"[:23])[:400_000] + "\n1,1\n", 2, `1:0 warning header_skipped`},
		{"R3.2 10,000 rows below a header of 256 columns", "Authorization,License,Name" + strings.Repeat(",", 253) + "x\n" + manyRows(5000) + manyRows(5000), 5002, `1:0 warning header_skipped`},
		{"R3.2 20,000 rows below a header of 16,000 columns", "Authorization,License" + strings.Repeat(",", 16_000) + "x\n" + strings.Repeat("1,1\n", pairfile.MaxLines), 2, `1:0 warning header_skipped`},
		{"R3.7 4 MiB of groups", "sep=;\n1.234" + fill(".234")[20:] + ";1\n", 2, `2:1 authorization`},
		{"R3.2 4 MiB of lines in a column that is not read", "Authorization,License,Notes\n1,1,\"" + fill("a,1\n")[50:] + "\"\n", 2, `1:0 warning header_skipped`},
		{"R3.3 zeros", fill("\x00"), 1, `1:0 file_nul`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			data := []byte(c.file)
			var f *pairfile.File
			var annotated []byte
			var before, after runtime.MemStats
			took := time.Hour
			for try := 0; try == 0 || measured && try < 4 && took > hostile; try++ { // repeat on a busy machine
				runtime.GC()
				runtime.ReadMemStats(&before)
				start := time.Now()
				f = pairfile.Read(data, pairfile.Options{FileName: "a.csv"})
				annotated = f.Annotate(f.Findings, english)
				took = time.Since(start)
				runtime.ReadMemStats(&after)
			}
			t.Logf("%v, %d MiB", took, (after.TotalAlloc-before.TotalAlloc)>>20)
			checkFile(t, c.file, f)
			if got := findings(f.Findings); len(got) != c.count || !strings.HasPrefix(got[0], c.first) {
				t.Errorf("%d findings that start with %.100q, want %d that start with %q", len(got), got[0], c.count, c.first)
			}
			if measured && took > hostile {
				t.Errorf("took %v", took)
			}
			if used := after.TotalAlloc - before.TotalAlloc; measured && used > 36<<20 {
				t.Errorf("allocated %d MiB for a file of %d KiB", used>>20, len(c.file)>>10)
			}
			if !f.Refused && !bytes.HasPrefix(annotated, []byte("\xef\xbb\xbf")) {
				t.Error("no annotated copy")
			}
		})
	}
}
