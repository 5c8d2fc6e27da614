package sheet_test

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/sheet"
)

// csvRows reads a file with encoding/csv.
func csvRows(file string) (rows [][]string, err error) {
	r := csv.NewReader(strings.NewReader(file))
	r.FieldsPerRecord = -1
	return r.ReadAll()
}

// FuzzStream compares with encoding/csv: every file that it accepts gives the same rows.
func FuzzStream(f *testing.F) {
	for _, seed := range []string{
		"a,b\n1,2\n", "a,b\r\n\"1\",\"2\"\r\n\r\n3,\"x\"\"y\"", "a,b\n\"1\n2\",3\n", "a,b\n1\n", "a\n\"\"\n", "a,b\n\"1,2\n", "a,b\n1,2\r", "a,b\n\"x\"\r", "\n\na,b\n,\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		want, wrong := csvRows(file)
		table := sheet.NewStream(strings.NewReader(file), make([]byte, sheet.StreamBuffer))
		if ok, err := table.Header(func(names []string) (int, bool) { return len(names) - 1, true }); !ok || err != nil {
			if wrong == nil && len(want) > 0 && len(want[0]) <= sheet.MaxStreamColumns && len(file) < sheet.MaxStreamRow {
				t.Fatalf("no header, %v: encoding/csv read %q", err, want)
			}
			return
		}
		var got [][]string
		for range len(file) + 2 {
			flaw, err := table.Next()
			if errors.Is(err, io.EOF) {
				if wrong == nil && len(file) < sheet.MaxStreamRow && len(want[0]) == table.Columns {
					if diff := cmp.Diff(sameWidth(want), got); diff != "" {
						t.Errorf("(-encoding/csv +got):\n%s", diff)
					}
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if flaw == 0 {
				got = append(got, cells(table))
			}
		}
		t.Error("it does not end")
	})
}

func cells(table *sheet.Stream) (row []string) {
	for _, cell := range table.Cells {
		// encoding/csv replaces CRLF inside quotes by LF.
		row = append(row, strings.ReplaceAll(string(cell), "\r\n", "\n"))
	}
	return row
}

// sameWidth returns the rows after the first that have as many cells.
func sameWidth(rows [][]string) (same [][]string) {
	for _, row := range rows[1:] {
		if len(row) == len(rows[0]) {
			same = append(same, row)
		}
	}
	return same
}
