package pairfile_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"trueup/internal/agreement/pairfile"
)

// benchFile returns 5,000 rows in 50 agreements, in an admin's notation.
func benchFile() []byte {
	var b bytes.Buffer
	for i := range pairfile.MaxRows {
		fmt.Fprintf(&b, "%02d-%05d, %02d-%05d, Office agreements of branch %d\r\n", i%100, i, i%100, i, i%50)
	}
	return b.Bytes()
}

// BenchmarkEncodingCSV is the baseline: it reads the same bytes without checks.
func BenchmarkEncodingCSV(b *testing.B) {
	data := benchFile()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r := csv.NewReader(bytes.NewReader(data))
		r.ReuseRecord = true
		n := 0
		for {
			if _, err := r.Read(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != pairfile.MaxRows {
			b.Fatalf("%d rows", n)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	data := benchFile()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if f := pairfile.Read(data, pairfile.Options{FileName: "a.csv"}); len(f.Rows) != pairfile.MaxRows {
			b.Fatalf("%d good rows, %v", len(f.Rows), f.Findings)
		}
	}
}

// BenchmarkReadOfMistakes reads a file with three mistakes in every row.
func BenchmarkReadOfMistakes(b *testing.B) {
	data := []byte(strings.Repeat("01/07001, --, Sales & Marketing\r\n", pairfile.MaxRows))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		f := pairfile.Read(data, pairfile.Options{FileName: "a.csv"})
		if len(f.Findings) != 3*pairfile.MaxRows {
			b.Fatalf("%d findings", len(f.Findings))
		}
		f.Annotate(f.Findings, english)
	}
}
