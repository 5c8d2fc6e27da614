package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/inventory"
)

const header = "ApplicationKey,ApplicationName,ApplicationPublisher,ApplicationShortVersion,ApplicationVersion,DeviceId,DeviceName,OSDescription,OSVersion,Platform,UserId,EmailAddress,UserName\r\n"

// row is a line of AppInvRawData.
func row(device, title, publisher string) string {
	return fmt.Sprintf("k1,%s,%s,1,1.0,%s,PC,Windows,10.0,Windows,u1,a@example.com,A\r\n", title, publisher, device)
}

func TestRead(t *testing.T) {
	t.Parallel()
	type counts struct{ Devices, Titles, BadRows int }
	for name, test := range map[string]struct {
		file string
		want counts
		code string
	}{
		"R6.1 AppInvRawData": {
			file: header + row("d1", "Photoshop", "Adobe") + row("d2", "Photoshop", "Adobe") + row("d1", "Reader", "Adobe"),
			want: counts{Devices: 2, Titles: 2},
		},
		"R6.3 spellings of one title count once": {
			file: header + row("d1", "Photoshop", "Adobe") + row("D1", "  PHOTOSHOP ", "adobe"),
			want: counts{Devices: 1, Titles: 1},
		},
		"a title of two publishers is two": {
			file: header + row("d1", "Reader", "Adobe") + row("d1", "Reader", "Foxit"),
			want: counts{Devices: 1, Titles: 2},
		},
		"R6.1 columns in any order, a byte-order mark, and no others": {
			file: "\xef\xbb\xbfdeviceid, ApplicationName \nd1,Photoshop\nd2,Reader",
			want: counts{Devices: 2, Titles: 2},
		},
		"quoted fields, with commas, quotes and line ends in them": {
			file: header + row("d1", `"Photoshop, ""CC""`+"\n"+`2026"`, `"Adobe, Inc."`) + row("d1", `12" Ruler`, "X"),
			want: counts{Devices: 1, Titles: 2},
		},
		"R6.4 rows that cannot be read are counted": {
			file: header + row("d1", "Photoshop", "Adobe") + "k1,Photoshop\r\n" + row("", "Reader", "Adobe") + row("d2", " ", "Adobe") + row("d3", "Reader", "Adobe"),
			want: counts{Devices: 2, Titles: 2, BadRows: 3},
		},
		"R6.4 a quote that is not closed": {
			file: header + row("d1", `"Photoshop`, "Adobe") + strings.Repeat(row("d2", "Reader", "Adobe"), 20_000),
			want: counts{Devices: 1, Titles: 1, BadRows: 2}, // the row it swallows, and the rest of the line where that ends
		},
		"only a header": {file: header},
		"empty":         {file: "", code: "inventory_format"},
		"agreements":    {file: "01-07001,01-07001,Office\n", code: "inventory_format"},
		"no devices":    {file: "ApplicationName,DeviceCount\nPhotoshop,5\n", code: "inventory_format"},
		"a ZIP archive": {file: "PK\x03\x04\x14\x00\x00\x00", code: "inventory_format"},
		"one long line": {file: strings.Repeat("a", 3<<20), code: "inventory_format"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got counts
			var err error
			got.Devices, got.Titles, got.BadRows, err = inventory.Read(iotest.OneByteReader(strings.NewReader(test.file)))
			if code := errs.CodeOf(err); code != test.code || (err != nil) != (test.code != "") {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadIsCutShort(t *testing.T) {
	t.Parallel()
	cut := errors.New("cut")
	_, _, _, err := inventory.Read(io.MultiReader(strings.NewReader(header+row("d1", "Photoshop", "Adobe")), iotest.ErrReader(cut)))
	if !errors.Is(err, cut) || errs.KindOf(err) != errs.Fault {
		t.Errorf("error %v", err)
	}
}

// many is a file of n rows of 1,000 PCs, made while it is read.
type many struct {
	n, at int
	rest  string
}

func (m *many) Read(p []byte) (int, error) {
	if m.rest == "" {
		if m.at == m.n {
			return 0, io.EOF
		}
		m.rest = row(fmt.Sprintf("d%d", m.at%1_000), fmt.Sprintf("Title %d", m.at%5_000), "Maker")
		m.at++
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

func TestReadKeepsLittleR6_2(t *testing.T) {
	before := live()
	file := &many{n: 300_000, rest: header}
	devices, titles, badRows, err := inventory.Read(file)
	if err != nil || devices != 1_000 || titles != 5_000 || badRows != 0 {
		t.Fatalf("%d devices, %d titles, %d bad rows, %v", devices, titles, badRows, err)
	}
	if kept := live() - before; kept > 8<<20 {
		t.Errorf("%d bytes are kept after a file of 27 MB", kept)
	}
}

func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// kept is a store of one summary.
type kept struct {
	summary inventory.Summary
	events  []audit.Event
}

func (k *kept) Summary(context.Context) (inventory.Summary, error) { return k.summary, nil }

func (k *kept) SetSummary(_ context.Context, s inventory.Summary, events ...audit.Event) error {
	k.summary, k.events = s, events
	return nil
}

func TestSummarize(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	var store kept
	event := audit.Event{ID: "e1", At: noon, Action: "inventory.replaced", Source: audit.SourceImport}
	s, badRows, err := inventory.Summarize(t.Context(), &store, strings.NewReader(header+row("d1", "Photoshop", "Adobe")+"x\n"), "inventory/a.csv", noon, event)
	if err != nil || badRows != 1 || !s.Known() {
		t.Fatalf("%+v, %d, %v", s, badRows, err)
	}
	event.Subject = "inventory"
	event.After = map[string]string{"source": "inventory/a.csv", "devices": "1", "titles": "1", "badRows": "1"}
	want := kept{inventory.Summary{Devices: 1, Titles: 1, At: noon, Source: "inventory/a.csv"}, []audit.Event{event}}
	if diff := cmp.Diff(want, store, cmp.AllowUnexported(kept{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	if _, _, err := inventory.Summarize(t.Context(), &store, strings.NewReader("x"), "inventory/b.csv", noon, event); errs.CodeOf(err) != "inventory_format" {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(want, store, cmp.AllowUnexported(kept{})); diff != "" {
		t.Errorf("R2.8 a file of another kind changed the summary (-want +got):\n%s", diff)
	}
}

func TestKnownR2_8(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		devices, titles int
		want            bool
	}{{0, 0, false}, {1, 0, false}, {0, 1, false}, {1, 1, true}} {
		if got := (inventory.Summary{Devices: test.devices, Titles: test.titles}).Known(); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(header + row("d1", "Photoshop", "Adobe"))
	f.Add("DeviceId,ApplicationName\n\"a,b\n")
	f.Fuzz(func(t *testing.T, file string) {
		devices, titles, badRows, err := inventory.Read(strings.NewReader(file))
		lines := strings.Count(file, "\n") + strings.Count(file, "\r") + 1
		if err != nil && errs.CodeOf(err) != "inventory_format" || devices > lines || titles > lines || badRows > lines {
			t.Errorf("%d, %d, %d, %v", devices, titles, badRows, err)
		}
	})
}
