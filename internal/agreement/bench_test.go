package agreement_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"trueup/internal/agreement"
)

// benchFile is 5,000 rows in 50 agreements, as an admin writes them.
func benchFile() []byte {
	var b bytes.Buffer
	for i := range agreement.MaxFileRows {
		fmt.Fprintf(&b, "%02d-%05d, %02d-%05d, Office agreements of branch %d\r\n", i%100, i, i%100, i, i%50)
	}
	return b.Bytes()
}

// BenchmarkEncodingCSV is the floor: the same bytes, read and not checked.
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
		if n != agreement.MaxFileRows {
			b.Fatalf("%d rows", n)
		}
	}
}

func BenchmarkReadFile(b *testing.B) {
	data := benchFile()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if f := agreement.ReadFile(data, agreement.Options{FileName: "a.csv"}); len(f.Rows) != agreement.MaxFileRows {
			b.Fatalf("%d good rows, %v", len(f.Rows), f.Findings)
		}
	}
}

// BenchmarkReadFileOfMistakes reads a file every row of which has three mistakes.
func BenchmarkReadFileOfMistakes(b *testing.B) {
	data := []byte(strings.Repeat("01/07001, --, Sales & Marketing\r\n", agreement.MaxFileRows))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		f := agreement.ReadFile(data, agreement.Options{FileName: "a.csv"})
		if len(f.Findings) != 3*agreement.MaxFileRows {
			b.Fatalf("%d findings", len(f.Findings))
		}
		f.Annotate(f.Findings, english)
	}
}
