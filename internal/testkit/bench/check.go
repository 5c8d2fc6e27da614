package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"runtime"

	"trueup/internal/agreement/pairfile"
)

// file returns a CSV file of rows for that many agreements, as an admin writes it. Files of
// different series share no pairs and no names, and have the same size.
func file(series, rows, agreements int) []byte {
	var b bytes.Buffer
	for i := range rows {
		number := fmt.Sprintf("%02d-%05d", series, i)
		fmt.Fprintf(&b, "%s, %s, Office agreements of branch %02d.%04d\r\n", number, number, series, i%agreements)
	}
	return b.Bytes()
}

// check measures reading and checking a file with the maximum number of rows, against reading
// alone.
func (b *bench) check(ctx context.Context) error {
	rows := b.size(pairfile.MaxRows, 500)
	data := file(1, rows, rows/100)
	read := func(context.Context) error {
		r := csv.NewReader(bytes.NewReader(data))
		r.ReuseRecord = true
		n := 0
		for ; ; n++ {
			if _, err := r.Read(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return err
			}
		}
		if n != rows {
			return fmt.Errorf("encoding/csv read %d rows of %d", n, rows)
		}
		return nil
	}
	check := func(context.Context) error {
		f := pairfile.Read(data, pairfile.Options{FileName: "agreements.csv"})
		if len(f.Rows) != rows || len(f.Findings) != 0 {
			return fmt.Errorf("%d good rows of %d, %v", len(f.Rows), rows, f.Findings)
		}
		return nil
	}
	middle, err := medians(ctx, b.size(200, 3), took(read), took(check))
	if err != nil {
		return err
	}
	allocated, err := allocates(ctx, check)
	if err != nil {
		return err
	}
	b.table.add(row{
		what: fmt.Sprintf("check %d rows, no store", rows), value: show(middle[1]), floor: show(middle[0]),
		limits: []limit{ratio(middle[1], middle[0], 20), {milliseconds(middle[1]), 40, " ms"}},
	})
	b.table.add(row{
		what: "memory of that, garbage included", value: fmt.Sprintf("%.1f MB", megabytes(allocated)),
		limits: []limit{{megabytes(allocated), 32, " MB"}},
	})
	return nil
}

// allocates returns the total number of bytes that do allocates. Its memory at any moment is
// smaller.
func allocates(ctx context.Context, do func(context.Context) error) (int, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := do(ctx)
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc), err
}
