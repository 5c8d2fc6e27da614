package inventory

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"trueup/internal/errs"
	"trueup/internal/pack"
	"trueup/internal/position"
	"trueup/internal/text"
)

// suite recognises titles such as "suite 2 part 1".
var suite = func() *Rules {
	rules, violations := compileRules([]Rule{
		{ID: "hotfix", Kind: Update, Name: "suite {number} fix*"},
		{ID: "suite", Kind: Product, Name: "suite {number}*", Product: position.Product{Publisher: "Maker", Family: "Suite", Version: "{number}"}},
	})
	if violations != nil {
		panic(violations)
	}
	return newRules(rules, nil, "suite")
}()

// installed is a row.
type installed struct{ device, publisher, name, version string }

// naively counts with maps, as the reference for Read.
func naively(rows []installed) (devices int, titles map[string]int, products map[string]int) {
	type pair struct{ what, device string }
	seen := map[pair]bool{}
	titles, products = map[string]int{}, map[string]int{}
	for _, r := range rows {
		device := text.Fold(r.device)
		title := Title{r.publisher, r.name, r.version}
		if p := (pair{"", device}); !seen[p] {
			seen[p] = true
			devices++
		}
		if p := (pair{"t" + title.fold(), device}); !seen[p] {
			seen[p] = true
			titles[title.fold()]++
		}
		if d := suite.Recognize(title); d.Kind == Product {
			if p := (pair{"p" + d.Product.Version, device}); !seen[p] {
				seen[p] = true
				products[d.Product.Version]++
			}
		}
	}
	return devices, titles, products
}

// TestCountsAreExactR6_3 compares with maps, for rows in any order, repeated, with several
// spellings, and in several files of an archive. Memory is limited, so that records go to the
// scratch file.
func TestCountsAreExactR6_3(t *testing.T) {
	t.Parallel()
	scratch := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		device := rapid.Custom(func(t *rapid.T) string {
			id := fmt.Sprintf("3f2504e0-4f89-41d3-9a0c-0305e82c33%02x", rapid.IntRange(0, 20).Draw(t, "device"))
			return rapid.SampledFrom([]string{id, strings.ToUpper(id), id[:8], "PC " + id[34:], "  " + id}).Draw(t, "spelling")
		})
		row := rapid.Custom(func(t *rapid.T) installed {
			name := fmt.Sprintf("Suite %d %s", rapid.IntRange(0, 3).Draw(t, "suite"), rapid.SampledFrom([]string{"", "part", "Part", "FIX", "Größe", "GRÖSSE", `"x"`, "a,b"}).Draw(t, "name"))
			return installed{
				device.Draw(t, "device"), rapid.SampledFrom([]string{"Maker", "MAKER ", "Other, Inc.", ""}).Draw(t, "publisher"),
				name, rapid.SampledFrom([]string{"", "1.0", "2"}).Draw(t, "version"),
			}
		})
		rows := rapid.SliceOfN(row, 0, 300).Draw(t, "rows")
		if rapid.Bool().Draw(t, "by device") {
			slices.SortStableFunc(rows, func(a, b installed) int { return strings.Compare(a.device, b.device) })
		}
		parts := rapid.IntRange(1, 4).Draw(t, "parts")
		room := rapid.SampledFrom([]int{1, 40, 100, partitionBytes}).Draw(t, "room")

		r := &reading{ctx: t.Context(), options: Options{Rules: suite}, counter: newCounter(scratch)}
		r.counter.spill.room = room
		defer func() { _ = r.counter.spill.close() }()
		for i := range parts {
			var file bytes.Buffer
			w := csv.NewWriter(&file)
			_ = w.Write([]string{deviceColumn, publisherColumn, titleColumn, versionColumn})
			for _, row := range rows[i*len(rows)/parts : (i+1)*len(rows)/parts] {
				_ = w.Write([]string{row.device, row.publisher, row.name, row.version})
			}
			w.Flush()
			if err := r.readPlain(&file); err != nil {
				t.Fatal(err)
			}
		}
		tally, err := r.finish()
		if err != nil {
			t.Fatal(err)
		}

		devices, titles, products := naively(rows)
		gotTitles, gotProducts := map[string]int{}, map[string]int{}
		for _, c := range tally.Titles {
			gotTitles[c.fold()] += c.Devices
		}
		for _, p := range tally.Products {
			gotProducts[p.Product.Version] += p.Devices
		}
		if tally.Devices != devices || tally.Rows != len(rows) || tally.BadRows != 0 {
			t.Errorf("%d devices of %d, %d rows of %d", tally.Devices, devices, tally.Rows, len(rows))
		}
		if diff := cmp.Diff(titles, gotTitles); diff != "" {
			t.Errorf("titles (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(products, gotProducts); diff != "" {
			t.Errorf("products (-want +got):\n%s", diff)
		}

		decoded, err := Decode(tally.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tally, decoded); diff != "" {
			t.Errorf("decoded (-want +got):\n%s", diff)
		}
	})
}

// TestRunNumbersWrap: the counter of runs overflows.
func TestRunNumbersWrap(t *testing.T) {
	t.Parallel()
	c := newCounter(t.TempDir())
	c.runs = ^uint32(0) - 2
	for range 3 {
		for device := range 3 {
			if flaw, err := c.add([]byte{'a' + byte(device)}, nil, []byte("A"), nil); flaw != "" || err != nil {
				t.Fatal(flaw, err)
			}
		}
	}
	got, err := c.count([]int32{-1}, 0)
	if err != nil || got.devices != 3 || got.titles[0] != 3 {
		t.Errorf("%+v, %v", got, err)
	}
}

// FuzzDocuments checks that splitting a file into documents ends, and loses no document of a file
// of lines.
func FuzzDocuments(f *testing.F) {
	f.Add(`{"a":"}\""}`)
	f.Add("[{\"a\":1},{\"b\":[2]}]\n{\"c\":3}")
	f.Add("{\n{}\n\"\n{\"")
	f.Fuzz(func(t *testing.T, file string) {
		r := &reading{ctx: t.Context(), options: Options{Rules: suite}, counter: newCounter(t.TempDir())}
		err := r.readDocuments(bufio.NewReader(strings.NewReader(file)))
		if err != nil && errs.CodeOf(err) != "inventory_format" || r.tally.Rows > len(file) || r.tally.BadRows > r.tally.Rows {
			t.Errorf("%v, %d rows of %d bytes", err, r.tally.Rows, len(file))
		}
		// A document on its own line after it is still found, unless it is inside another value.
		if strings.ContainsAny(file, "{[\"") {
			return
		}
		r = &reading{ctx: t.Context(), options: Options{Rules: suite}, counter: newCounter(t.TempDir())}
		_ = r.readDocuments(bufio.NewReader(strings.NewReader(file + "\n" + `{"hostIdentifier":"h","columns":{"name":"A"}}`)))
		if r.tally.Shape != Osquery && strings.Count(file, "\n") < unknownDocuments-2 && !strings.Contains(file, ",") {
			t.Errorf("the last line was lost: %+v", r.tally)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(tallyFormat))
	tally := &Tally{
		Shape: GLPI, Rules: "r", Rows: 3, BadRows: 1, Bad: []BadRow{{Line: 1, Code: rowColumns, Args: map[string]string{"a": "b"}}}, Devices: 2,
		Titles:   []Count{{Title: Title{"P", "N", "1"}, Devices: 2, Decision: Decision{Kind: Product, Rule: "x"}}},
		Products: []ProductCount{{position.Product{Publisher: "P", Family: "N"}, 2}},
	}
	f.Add(tally.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if body := len(tallyFormat) + 4; len(b) > body {
			w := pack.Sealing(tallyFormat, len(b))
			w.Raw(b[body:])
			b = w.Sealed() // otherwise the checksum rejects everything
		}
		tally, err := Decode(b)
		if (tally == nil) == (err == nil) {
			t.Fatalf("%v, %v", tally, err)
		}
		if err == nil {
			if again, err := Decode(tally.Encode()); err != nil || !cmp.Equal(tally, again) {
				t.Errorf("%v: %s", err, cmp.Diff(tally, again))
			}
		}
	})
}

func TestDecodeRefusesDamage(t *testing.T) {
	t.Parallel()
	whole := (&Tally{Shape: GLPI, Rows: 3, Titles: []Count{{Title: Title{"P", "N", "1"}, Devices: 2}}}).Encode()
	if _, err := Decode(whole); err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 0x10
		if _, err := Decode(damaged); !errors.Is(err, errTally) {
			t.Errorf("byte %d: %v", i, err)
		}
		if _, err := Decode(whole[:i]); !errors.Is(err, errTally) {
			t.Errorf("%d bytes: %v", i, err)
		}
	}
}
