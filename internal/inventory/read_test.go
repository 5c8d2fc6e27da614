package inventory_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/errs"
	"trueup/internal/inventory"
	"trueup/internal/misfiled"
)

const header = "ApplicationKey,ApplicationName,ApplicationPublisher,ApplicationShortVersion,ApplicationVersion,DeviceId,DeviceName,OSDescription,OSVersion,Platform,UserId,EmailAddress,UserName\r\n"

// row returns a line of AppInvRawData.
func row(device, title, publisher string) string {
	name := "PC"
	if device == "" {
		name = ""
	}
	return fmt.Sprintf("k1,%s,%s,1,1.0,%s,%s,Windows,10.0,Windows,u1,a@example.com,A\r\n", title, publisher, device, name)
}

const aggregateHeader = "ApplicationId,ApplicationKey,ApplicationName,ApplicationPublisher,ApplicationShortVersion,ApplicationVersion,DeviceCount,Platform\r\n"

// read reads a valid file.
func read(t *testing.T, file string) *inventory.Tally {
	t.Helper()
	tally, err := inventory.Read(t.Context(), iotest.OneByteReader(strings.NewReader(file)), inventory.Options{Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

// told is the compared part of a tally, with titles as "publisher|name|version: devices".
type told struct {
	Shape   inventory.Shape
	Devices int
	Titles  []string
	Bad     []inventory.BadRow
}

func tell(tally *inventory.Tally) (w told) {
	w = told{Shape: tally.Shape, Devices: tally.Devices, Bad: tally.Bad}
	for _, c := range tally.Titles {
		w.Titles = append(w.Titles, fmt.Sprintf("%s|%s|%s: %d", c.Publisher, c.Name, c.Version, c.Devices))
	}
	return w
}

func bad(code string, lines ...int) (rows []inventory.BadRow) {
	for _, line := range lines {
		rows = append(rows, inventory.BadRow{Line: line, Code: code})
	}
	return rows
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file string
		want told
	}{
		"R6.1 AppInvRawData": {
			header + row("d1", "Photoshop", "Adobe") + row("d2", "Photoshop", "Adobe") + row("d1", "Reader", "Adobe"),
			told{inventory.AppInvRawData, 2, []string{"Adobe|Photoshop|1.0: 2", "Adobe|Reader|1.0: 1"}, nil},
		},
		"R6.3 spellings of one title count once, and are shown the same in any order": {
			header + row("d1", "  PHOTOSHOP ", "adobe") + row("D1", "Photoshop", "Adobe") + row("d2", "photoshop", "Adobe"),
			told{inventory.AppInvRawData, 2, []string{"Adobe|Photoshop|1.0: 2"}, nil},
		},
		"R6.3 a device that comes back": {
			header + row("d1", "A", "") + row("d2", "A", "") + row("d1", "A", "") + row("d1", "B", ""),
			told{inventory.AppInvRawData, 2, []string{"|A|1.0: 2", "|B|1.0: 1"}, nil},
		},
		"R6.3 a device is a GUID in any case": {
			header + row("3F2504E0-4F89-41D3-9A0C-0305E82C3301", "A", "") + row("d", "A", "") + row(" 3f2504e0-4f89-41d3-9a0c-0305e82c3301", "A", ""),
			told{inventory.AppInvRawData, 2, []string{"|A|1.0: 2"}, nil},
		},
		"R6.3 versions, and a title of two publishers, are apart": {
			"DeviceId,ApplicationName,ApplicationPublisher,ApplicationVersion\nd1,Reader,Adobe,1\nd1,Reader,Foxit,1\nd1,Reader,Foxit,1.0\n",
			told{inventory.AppInvRawData, 1, []string{"Adobe|Reader|1: 1", "Foxit|Reader|1: 1", "Foxit|Reader|1.0: 1"}, nil},
		},
		"R6.1 columns in any order, a byte-order mark, no others, no line end": {
			"\xef\xbb\xbfdeviceid, ApplicationName \nd1,Photoshop\nd2,Reader",
			told{inventory.AppInvRawData, 2, []string{"|Photoshop|: 1", "|Reader|: 1"}, nil},
		},
		"R6.1 semicolons and a quoted header": {
			"\"DeviceId\";\"ApplicationName\"\nd1;\"Photo;shop\"\n",
			told{inventory.AppInvRawData, 1, []string{"|Photo;shop|: 1"}, nil},
		},
		"quoted cells, with commas, quotes and line ends in them": {
			header + row("d1", `"Photoshop, ""CC"""`, `"Adobe, Inc."`) + row("d1", `12" Ruler`, "X") + row("d1", "\"A\nB\"", "X") + row("", "A", "X"),
			told{
				inventory.AppInvRawData, 1,
				[]string{`Adobe, Inc.|Photoshop, "CC"|1.0: 1`, `X|12" Ruler|1.0: 1`, "X|A B|1.0: 1"},
				bad("inventory_row_device", 6),
			},
		},
		"text that is not UTF-8 is Windows-1252": {
			header + row("d1", "Caf\xe9\x99", ""),
			told{inventory.AppInvRawData, 1, []string{"|Café™|1.0: 1"}, nil},
		},
		"R6.4 rows that cannot be read": {
			header + row("d1", "Photoshop", "Adobe") + "k1,Photoshop\r\n\r\n" + row("", "Reader", "Adobe") + row("d2", " ", "Adobe") + row("d3", "Reader", "Adobe"),
			told{
				inventory.AppInvRawData, 2,
				[]string{"Adobe|Photoshop|1.0: 1", "Adobe|Reader|1.0: 1"},
				slices.Concat(bad("inventory_row_columns", 3), bad("inventory_row_device", 5), bad("inventory_row_title", 6)),
			},
		},
		"R6.4 a quote that is not closed costs its own line": {
			header + row("d1", `"Photoshop`, "Adobe") + strings.Repeat(row("d2", "Reader", "Adobe"), 2000),
			told{inventory.AppInvRawData, 1, []string{"Adobe|Reader|1.0: 1"}, bad("inventory_row_quote", 2)},
		},
		"R6.4 text after a quote": {
			header + row("d1", `"Photo"shop`, "Adobe") + row("d2", "Reader", "Adobe"),
			told{inventory.AppInvRawData, 1, []string{"Adobe|Reader|1.0: 1"}, bad("inventory_row_quote", 2)},
		},
		"R6.4 a row, a title and a device that are too long": {
			header + row("d1", strings.Repeat("x", 3<<20), "Adobe") + row("d2", strings.Repeat("x", 2000), "Adobe") + row(strings.Repeat("x", 300), "A", "") + row("d2", "Reader", "Adobe"),
			told{inventory.AppInvRawData, 1, []string{"Adobe|Reader|1.0: 1"}, bad("inventory_row_long", 2, 3, 4)},
		},
		"only a header": {header, told{Shape: inventory.AppInvRawData}},
		"R6.1 AppInvAggregate": {
			aggregateHeader + "1,k,Photoshop,Adobe,1,1.0,5,Windows\r\n1,k,Photoshop,Adobe,1,1.0,2,MacOS\r\n1,k,Reader,Adobe,1,1.0,many,Windows\r\n1,k,Old,Adobe,1,1.0,0,Windows\r\n",
			told{inventory.AppInvAggregate, 5, []string{"Adobe|Photoshop|1.0: 5"}, bad("inventory_row_number", 4)},
		},
		"R6.1 GLPI, documents one after the other": {
			`{"action":"inventory","content":{"softwares":[{"name":"Photoshop","publisher":"Adobe","version":26.1},{"publisher":"Adobe"}]},"deviceid":"PC-1-2026"}
{"content":{"hardware":{"name":"PC-2"},"softwares":[{"name":"Photoshop","publisher":"Adobe","version":"26.1"}]}}`,
			told{inventory.GLPI, 2, []string{"Adobe|Photoshop|26.1: 2"}, bad("inventory_row_title", 1)},
		},
		"R6.1 GLPI, an array": {
			` [{"deviceid":"PC-1","content":{"softwares":[{"name":"A"}]}}, {"deviceid":"pc-1","content":{"softwares":[{"name":"A"}]}} , {"deviceid":"PC-2","content":{"softwares":[]}} ]`,
			told{inventory.GLPI, 1, []string{"|A|: 1"}, nil},
		},
		"R6.1 osquery, what osqueryi prints": {
			"[\n  {\"identifying_number\":\"x\",\"name\":\"A\",\"publisher\":\"P\",\"version\":\"1\"},\n  {\"name\":\"B\",\"publisher\":\"P\",\"version\":\"1\"}\n]\n[{\"name\":\"A\",\"publisher\":\"P\",\"version\":\"1\"}]",
			told{inventory.Osquery, 2, []string{"P|A|1: 2", "P|B|1: 1"}, nil},
		},
		"R6.1 osquery, rows that name the device": {
			`[{"name":"A","publisher":"P","version":"1","host_display_name":"x"},{"name":"A","publisher":"P","version":"1","uuid":"y"}]`,
			told{inventory.Osquery, 2, []string{"P|A|1: 2"}, nil},
		},
		"R6.1 osquery, a log": {
			`{"name":"pack_programs","hostIdentifier":"h1","columns":{"name":"A","publisher":"P","version":"1"},"action":"added"}
{"name":"pack_programs","hostIdentifier":"h1","columns":{"name":"B","publisher":"P","version":"1"},"action":"removed"}
{"name":"pack_programs","hostIdentifier":"h2","snapshot":[{"name":"A","publisher":"P","version":"1"},{"name":"C","publisher":"P","version":"1"}],"action":"snapshot"}`,
			told{inventory.Osquery, 2, []string{"P|A|1: 2", "P|C|1: 1"}, nil},
		},
		"R6.1 JSON with escapes, and values of other kinds": {
			`[{"name":"Caf\u00e9 \"x\"","publisher":null,"version":1.50,"hostname":"h"},{"name":["A"],"version":"1","hostname":"h"}]`,
			told{inventory.Osquery, 1, []string{`|Café "x"|1.50: 1`}, bad("inventory_row_title", 1)},
		},
		"R6.4 a JSON line that was cut short": {
			`{"hostIdentifier":"h1","columns":{"name":"A","vers` + "\n" + `{"hostIdentifier":"h1","columns":{"name":` + "\n" + `{"hostIdentifier":"h2","columns":{"name":"B"}}` + "\nnonsense\n" + `{"hostIdentifier":"h3","columns":{"name":"B"}}` + "\n" + `{"hostIdentifier":"h3","col`,
			told{inventory.Osquery, 2, []string{"|B|: 2"}, bad("inventory_row_document", 1, 2, 4, 6)},
		},
		"R6.4 a document of something else": {
			`[{"deviceid":"PC-1","content":{"softwares":[{"name":"A"}]}},{"a":1},5,"x",[1]]`,
			told{inventory.GLPI, 1, []string{"|A|: 1"}, bad("inventory_row_document", 1, 1, 1, 1)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tally := read(t, test.file)
			if diff := cmp.Diff(test.want, tell(tally)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if tally.BadRows != len(test.want.Bad) || tally.Rows < tally.BadRows {
				t.Errorf("%d bad rows of %d", tally.BadRows, tally.Rows)
			}
		})
	}
}

func TestReadTellsTheFirstBadRowsR6_4(t *testing.T) {
	t.Parallel()
	tally := read(t, header+strings.Repeat("x\n", 150)+row("d1", "A", ""))
	if tally.BadRows != 150 || tally.Rows != 151 || len(tally.Bad) != inventory.MaxBadRows || tally.Bad[99].Line != 101 {
		t.Errorf("%d bad rows of %d, %d told", tally.BadRows, tally.Rows, len(tally.Bad))
	}
}

// file is a file of an archive.
type file struct{ name, content string }

func archive(t testing.TB, files ...file) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		entry, err := w.Create(f.name)
		if err == nil {
			_, err = io.WriteString(entry, f.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReadArchiveR6_1(t *testing.T) {
	t.Parallel()
	sent := archive(t,
		file{"AppInvRawData_1.csv", header + row("d1", "A", "")},
		file{"folder/", ""}, file{"__MACOSX/._AppInvRawData_1.csv", "x"}, file{".DS_Store", "x"},
		file{"readme.txt", "how to read this\n"},
		file{"b/AppInvRawData_2.csv", header + row("d1", "A", "") + row("d2", "A", "") + "x\n"},
		file{"pc1.json", `[{"name":"A","publisher":"","version":"1.0"}]`},
		file{"pc2.json", `[{"name":"A","publisher":"","version":"1.0"}]`},
	)
	want := told{inventory.AppInvRawData, 4, []string{"|A|1.0: 4"}, []inventory.BadRow{
		{File: "readme.txt", Code: "inventory_row_file"},
		{File: "b/AppInvRawData_2.csv", Line: 4, Code: "inventory_row_columns"},
	}}
	scratch := t.TempDir()
	for name, reader := range map[string]io.Reader{
		"as a stream": iotest.HalfReader(strings.NewReader(sent)), "where it is": strings.NewReader(sent),
	} {
		if name == "as a stream" { // hides the random access
			reader = struct{ io.Reader }{reader}
		}
		tally, err := inventory.Read(t.Context(), reader, inventory.Options{Scratch: scratch})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, tell(tally)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
		t.Errorf("%d scratch files are left, %v", len(left), err)
	}
}

// TestReadArchiveWithBackslashes: no file that a person put in an archive is dropped unheard, whatever
// its name; hidden files and folders are.
func TestReadArchiveWithBackslashes(t *testing.T) {
	t.Parallel()
	sent := archive(t,
		file{`..\AppInvRawData_1.csv`, header + row("d1", "A", "")}, file{`C:\x\..\AppInvRawData_2.csv`, header + row("d2", "A", "")},
		file{`..\readme.txt`, "hello"}, file{"../../other.txt", "hello"},
		file{`folder\`, ""}, file{`__MACOSX\._AppInvRawData_1.csv`, "x"}, file{`PC1\.DS_Store`, "x"},
	)
	tally, err := inventory.Read(t.Context(), strings.NewReader(sent), inventory.Options{Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	want := told{inventory.AppInvRawData, 2, []string{"|A|1.0: 2"}, []inventory.BadRow{
		{File: `..\readme.txt`, Code: "inventory_row_file"}, {File: "../../other.txt", Code: "inventory_row_file"},
	}}
	if diff := cmp.Diff(want, tell(tally)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestArchiveWithOtherFilesR6_4: a file that is no inventory is one bad row, and takes none from other files.
func TestArchiveWithOtherFilesR6_4(t *testing.T) {
	t.Parallel()
	rows := strings.Repeat("x\n", 60)
	for _, other := range []string{"[1,2,3]", strings.Repeat("[{\"a\":1}]\n", 99), strings.Repeat("[{\"a\":1}]\n", 100), strings.Repeat("[{\"a\":1}]\n", 500)} {
		for _, bad := range []int{60, 120} {
			sent := archive(t, file{"a.csv", header + row("d1", "A", "") + strings.Repeat(rows, bad/60)}, file{"b.json", other}, file{"c.csv", header + row("d2", "A", "") + "x\n"})
			got, err := inventory.Read(t.Context(), strings.NewReader(sent), inventory.Options{Scratch: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			if got.Devices != 2 || got.Rows != bad+4 || got.BadRows != bad+2 || len(got.Bad) != min(bad+2, inventory.MaxBadRows) || got.Bad[59].File != "a.csv" {
				t.Errorf("%d bad rows, %.20s: %d rows, %d bad, %d told", bad, other, got.Rows, got.BadRows, len(got.Bad))
			}
			if bad == 60 {
				want := []inventory.BadRow{{File: "b.json", Code: "inventory_row_file"}, {File: "c.csv", Line: 3, Code: "inventory_row_columns"}}
				if diff := cmp.Diff(want, got.Bad[60:]); diff != "" {
					t.Errorf("%.20s (-want +got):\n%s", other, diff)
				}
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	good := header + row("d1", "A", "")
	packed := archive(t, file{"a.csv", good + strings.Repeat(row("d2", "B", ""), 1000)})
	damaged := []byte(packed)
	for i := 60; i < 90; i++ { // inside the deflated data
		damaged[i] ^= 0x5a
	}
	misplaced, beyond := []byte(packed), []byte(packed)
	directory := strings.Index(packed, "PK\x01\x02")
	misplaced[directory+24], misplaced[directory+42] = 0xff, 0xff // another size, and a place of the file that is past its end
	copy(beyond[directory+42:], []byte{0xf0, 0xff, 0xff, 0xff})   // a place that is 4 GB further
	start := []byte(packed)
	copy(start[strings.Index(packed, "PK\x05\x06")+16:], "\xff\xff") // a place of the directory that moves the files before the start
	encrypted := []byte(packed)
	encrypted[strings.Index(packed, "PK\x01\x02")+8] |= 1
	for name, test := range map[string]struct{ file, code string }{
		"empty":                         {"", "inventory_format"},
		"blank lines":                   {"\n\n", "inventory_format"},
		"agreements":                    {"01-07001,01-07001,Office\n", "inventory_agreements"},
		"agreements with a header":      {"\xef\xbb\xbfOvereenkomstnummer;Licentienummer;Naam\n01-07001;01-07001;Office\n", "inventory_agreements"},
		"a statement":                   {"Name,Publisher,Version,Language,EffectiveQuantity\nAcrobat,Adobe,2020,en,5\n", "inventory_statement"},
		"agreements in an archive":      {archive(t, file{"a.csv", "01-07001,01-07001,Office\n"}, file{"b.txt", "x"}), "inventory_agreements"},
		"a list of devices":             {"displayName,deviceId,operatingSystem,manufacturer\nPC-1,d1,Windows,Maker\n", "inventory_devices"},
		"a catalog":                     {"Uitgever;Producttitel\nContoso;Expense Manager\n", "inventory_format"},
		"no devices":                    {"ApplicationName,Platform\nPhotoshop,5\n", "inventory_format"},
		"one long line":                 {strings.Repeat("a", 3<<20), "inventory_format"},
		"a long line before the header": {strings.Repeat("a", 3<<20) + "\n" + good, "inventory_format"},
		"UTF-16":                        {"\xff\xfeD\x00e\x00v\x00", "inventory_format"},
		"a picture":                     {"\x89PNG\r\n\x1a\n\x00\x00", "inventory_format"},
		"other JSON":                    {`{"name":"x","settings":{}}`, "inventory_format"},
		"many other JSON documents":     {strings.Repeat("[{\"a\":1}]\n", 1000), "inventory_format"},
		"no JSON":                       {"{{{{{{", "inventory_format"},
		"an archive cut short":          {packed[:len(packed)/2], "inventory_archive"},
		"an archive of its mark":        {"PK\x03\x04\x14\x00\x00\x00", "inventory_archive"},
		"a damaged archive":             {string(damaged), "inventory_archive"},
		"a file past the end":           {string(misplaced), "inventory_archive"},
		"a file far past the end":       {string(beyond), "inventory_archive"},
		"a file before the start":       {string(start), "inventory_archive"},
		"an encrypted archive":          {string(encrypted), "inventory_archive"},
		"an archive of something else":  {archive(t, file{"a.txt", "x"}, file{"b.json", "[1]"}), "inventory_format"},
		"an archive in an archive":      {archive(t, file{"a.zip", packed}), "inventory_packed"},
		"a bomb":                        {archive(t, file{"a.csv", good + strings.Repeat("x", 100<<20)}), "inventory_bomb"},
		"both reports":                  {archive(t, file{"a.csv", good}, file{"b.csv", aggregateHeader}), "inventory_mixed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tally, err := inventory.Read(t.Context(), strings.NewReader(test.file), inventory.Options{Scratch: t.TempDir(), Other: misfiled.InInventory})
			if errs.KindOf(err) != errs.Invalid || errs.CodeOf(err) != test.code || tally != nil {
				t.Errorf("%v, want %s", err, test.code)
			}
		})
	}
}

func TestReadRefusesTooManyTitles(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	go func() {
		_, err := io.WriteString(w, header)
		for i := 0; err == nil; i++ {
			_, err = io.WriteString(w, row("d", fmt.Sprint("Title ", i), "Maker"))
		}
	}()
	defer r.Close()
	if _, err := inventory.Read(t.Context(), r, inventory.Options{}); errs.CodeOf(err) != "inventory_titles" {
		t.Error(err)
	}
}

func TestReadTellsFaults(t *testing.T) {
	t.Parallel()
	cut := errors.New("cut")
	for name, start := range map[string]string{
		"CSV": header + row("d1", "Photoshop", "Adobe") + "k1,Pho", "JSON": `[{"name":"A","version":"1"},{"na`, "ZIP": "PK\x03\x04\x14",
		"nothing": "",
	} {
		_, err := inventory.Read(t.Context(), io.MultiReader(strings.NewReader(start), iotest.ErrReader(cut)), inventory.Options{})
		if !errors.Is(err, cut) || errs.KindOf(err) != errs.Fault {
			t.Errorf("%s: error %v", name, err)
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := inventory.Read(stopped, strings.NewReader(header), inventory.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	// More rows than fit in memory, and no scratch folder.
	many := io.MultiReader(strings.NewReader(header), &fleet{devices: 3000, titles: 500})
	if _, err := inventory.Read(t.Context(), many, inventory.Options{Scratch: "/dev/null/none"}); err == nil || errs.KindOf(err) != errs.Fault {
		t.Errorf("no scratch: %v", err)
	}
}

// FuzzRead checks that any bytes are either counted or refused, and that counts are consistent.
func FuzzRead(f *testing.F) {
	samples, err := filepath.Glob("../../events/inventory/*")
	if err != nil || len(samples) < 5 {
		f.Fatal(samples, err)
	}
	for _, name := range samples {
		sample, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(sample))
	}
	f.Add("DeviceId,ApplicationName\n\"a,b\n")
	f.Fuzz(func(t *testing.T, file string) {
		tally, err := inventory.Read(t.Context(), strings.NewReader(file), inventory.Options{Scratch: t.TempDir()})
		if err != nil {
			if errs.KindOf(err) != errs.Invalid {
				t.Error(err)
			}
			return
		}
		total := 0
		for _, c := range tally.Titles {
			total += c.Devices
			if c.Devices < 1 || c.Devices > tally.Devices && !tally.Estimated || c.Name == "" {
				t.Errorf("%+v of %d devices", c, tally.Devices)
			}
		}
		if !tally.Estimated && total > 2*(tally.Rows-tally.BadRows) || tally.BadRows > tally.Rows || len(tally.Bad) > tally.BadRows {
			t.Errorf("%d of %d rows, %d bad", total, tally.Rows, tally.BadRows)
		}
		for _, p := range tally.Products {
			if p.Devices < 1 || p.Devices > tally.Devices && !tally.Estimated || len(tally.Evidence(p.Product)) == 0 {
				t.Errorf("%+v of %d devices", p, tally.Devices)
			}
		}
	})
}
