package importer_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"path"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/internal/agreement/pairfile"
	"trueup/internal/importer"
	"trueup/internal/objects"
)

// Limits of the cost of one bad file. Most take some milliseconds; an algorithm that is not linear
// takes minutes.
const (
	worstTime   = 10 * time.Second
	worstMemory = 64 << 20
)

// meter is a bucket that counts the bytes read from it. It can also return a generated body.
type meter struct {
	objects.Bucket
	claimed int64 // size of a generated object of one endless line; 0 for the bucket's own objects
	read    int64
}

func (m *meter) Open(ctx context.Context, key, version, etag string) (objects.Object, error) {
	o, err := m.Bucket.Open(ctx, key, version, etag)
	if err != nil {
		return o, err
	}
	if m.claimed != 0 {
		o.Body.Close()
		o.Size, o.Body = m.claimed, io.NopCloser(&line{left: 1 << 30})
	}
	o.Body = &counted{o.Body, m}
	return o, nil
}

type counted struct {
	io.ReadCloser
	meter *meter
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.meter.read += int64(n)
	return n, err
}

// line is a reader of the letter A, without line ends.
type line struct{ left int }

func (l *line) Read(p []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), l.left)
	for i := range p[:n] {
		p[i] = 'A'
	}
	l.left -= n
	return n, nil
}

func inUTF16(s string, order binary.AppendByteOrder, mark bool) string {
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	var b []byte
	for _, u := range units {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

func zipped(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, err := w.Create(name)
		must(t, err)
		_, err = f.Write([]byte("01-07001,01-07001,Office\n"))
		must(t, err)
	}
	must(t, w.Close())
	return b.String()
}

// different returns n rows with different pairs.
func different(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,%d,Office\n", i+1, i+1)
	}
	return b.String()
}

// TestBadInput is not parallel, because it measures time and memory.
func TestBadInput(t *testing.T) {
	if !measured {
		t.Skip("nothing runs at the same time, so the race detector finds nothing")
	}
	const whole = pairfile.MaxBytes
	const good = "01-07001,01-07001,Office\n"
	name := func(s string) string { return "agreements/" + s }
	for what, c := range map[string]struct {
		upload
		claimed int64  // size of a generated body of one line; 0 for the upload's own body
		want    string // numbers
		first   string // first finding
		most    int64  // maximum of bytes read from it; -1 for any number
	}{
		"R3.3 4 MiB and a byte": {
			upload: file(name("a.csv"), good+strings.Repeat("x", whole+1-len(good))),
			want:   "rejected file_too_large: 0 rows = 0 added + 0 unchanged + 0 rejected, 0 created, 0 extended", first: "error 0.0 file_too_large",
		},
		"R3.3 1 GB in one line": {
			upload: file(name("a.csv"), good), claimed: 1 << 30,
			want: "rejected file_too_large: 0 rows = 0 added + 0 unchanged + 0 rejected, 0 created, 0 extended", first: "error 0.0 file_too_large",
		},
		"R3.3 1 GB in one line that claims to be small": {
			upload: file(name("a.csv"), good), claimed: 100, most: whole + 1,
			want: "rejected file_too_large: 0 rows = 0 added + 0 unchanged + 0 rejected, 0 created, 0 extended", first: "error 0.0 file_too_large",
		},
		"R3.3 4 MiB in one line": {
			upload: file(name("a.csv"), strings.Repeat("x", whole)), most: -1,
			want: "rejected: 1 rows = 0 added + 0 unchanged + 1 rejected, 0 created, 0 extended", first: "error 1.2 columns",
		},
		"R3.2 4 MiB of separators": {
			upload: file(name("a.csv"), "1"+strings.Repeat(",", whole-2)+"2"), most: -1,
			want: "rejected: 1 rows = 0 added + 0 unchanged + 1 rejected, 0 created, 0 extended", first: "error 1.4 columns",
		},
		"R3.2 4 MiB of quotes": {
			upload: file(name("a.csv"), strings.Repeat(`"`, whole-1)), most: -1,
			want: "rejected: 1 rows = 0 added + 0 unchanged + 1 rejected, 0 created, 0 extended", first: "error 1.1 unclosed_quote",
		},
		"R3.2 10,000 columns": {
			upload: file(name("a.csv"), good+strings.Repeat("7,", 9_999)+"7\n"), most: -1,
			want: "rejected: 2 rows = 0 added + 0 unchanged + 2 rejected, 0 created, 0 extended", first: "error 2.4 columns",
		},
		"R3.2 an unclosed quote": {
			upload: file(name("a.csv"), "1,1,\"Office\n2,2,Office\n"), most: -1,
			want: "rejected: 2 rows = 0 added + 0 unchanged + 2 rejected, 0 created, 0 extended", first: "error 1.3 unclosed_quote",
		},
		"R3.3 no pair": {
			upload: file(name("a.csv"), "\r\n\n ,,\r"), most: -1,
			want: "rejected file_empty: 0 rows = 0 added + 0 unchanged + 0 rejected, 0 created, 0 extended", first: "error 0.0 file_empty",
		},
		"R3.3 5,001 pairs": {
			upload: file(name("a.csv"), different(pairfile.MaxRows+1)), most: -1,
			want:  "rejected file_too_many_rows: 5001 rows = 0 added + 0 unchanged + 5001 rejected, 0 created, 0 extended",
			first: "error 0.0 file_too_many_rows",
		},
		"R3.7 everything wrong in 5,000 rows": {
			upload: file(name("a.csv"), strings.Repeat("/1é,,'~"+strings.Repeat("é", 100)+"\n", pairfile.MaxRows)), most: -1,
			want: "rejected: 5000 rows = 0 added + 0 unchanged + 5000 rejected, 0 created, 0 extended", first: "error 1.1 not_ascii",
		},
		"R3.3 NUL": {
			upload: file(name("a.csv"), good+"1,\x001,Office\n"), most: -1,
			want: "rejected file_nul: 0 rows = 0 added + 0 unchanged + 0 rejected, 0 created, 0 extended", first: "error 2.0 file_nul",
		},
		"R3.3 UTF-16 with a mark": {
			upload: file(name("a.csv"), inUTF16(good, binary.LittleEndian, true)), most: -1,
			want: "rejected file_utf16: 0 rows = 0 added + 0 unchanged + 0 rejected, 0 created, 0 extended", first: "error 0.0 file_utf16",
		},
		"R3.3 UTF-16 without a mark": {
			upload: file(name("a.csv"), inUTF16(good, binary.BigEndian, false)), most: -1,
			want: "rejected file_utf16: 0 rows = 0 added + 0 unchanged + 0 rejected, 0 created, 0 extended", first: "error 0.0 file_utf16",
		},
		"R3.3 ZIP": {
			upload: file(name("a.csv"), zipped(t, "a.csv")), most: -1,
			want: "rejected file_zip: 0 rows = 0 added + 0 unchanged + 0 rejected, 0 created, 0 extended", first: "error 0.0 file_zip",
		},
		"R3.3 XLSX": {
			upload: file(name("a.csv"), zipped(t, "[Content_Types].xml", "_rels/.rels", "xl/workbook.xml")), most: -1,
			want: "rejected file_xlsx: 0 rows = 0 added + 0 unchanged + 0 rejected, 0 created, 0 extended", first: "error 0.0 file_xlsx",
		},
		"R6.1 an inventory": {
			upload: file(name("a.csv"), "DeviceName,ApplicationName\r\nPC-1,Visio\r\nPC-2,Visio\r\n"), most: -1,
			want: "rejected file_inventory: 3 rows = 0 added + 0 unchanged + 3 rejected, 0 created, 0 extended", first: "error 0.0 file_inventory",
		},
		"R6.1 JSON of an inventory": {
			upload: file(name("a.csv"), `{"value":[{"displayName":"Visio","deviceCount":3}]}`), most: -1,
			want: "rejected file_inventory: 1 rows = 0 added + 0 unchanged + 1 rejected, 0 created, 0 extended", first: "error 0.0 file_inventory",
		},
		"R6.1 a file of another system, with its extension": {
			upload: file(name("a.txt"), "DeviceName,ApplicationName\r\nPC-1,Visio\r\nPC-2,Visio\r\n"), most: -1,
			want: "rejected file_inventory: 3 rows = 0 added + 0 unchanged + 3 rejected, 0 created, 0 extended", first: "error 0.0 file_inventory",
		},
		"R7.2 a statement": {
			upload: file(name("a.csv"), "License ID,Product family,Version,Product pool,Type,Effective quantity,Active SA quantity\r\n8123456,Visio,2021,Applications,License,35,0\r\n"), most: -1,
			want: "rejected file_statement: 2 rows = 0 added + 0 unchanged + 2 rejected, 0 created, 0 extended", first: "error 0.0 file_statement",
		},
		"R3.9 a key with plus, %2B, spaces and Unicode": {
			upload: file(name("a + b%2B c  Übersicht 日本 100%.csv"), good), most: -1,
			want: "succeeded: 1 rows = 1 added + 0 unchanged + 0 rejected, 1 created, 0 extended",
		},
		"R3.9 a folder with plus and %2B": {
			upload: file(name("a + b%2B/a.csv"), good), most: -1,
			want: "rejected group_name_invalid: 1 rows = 0 added + 0 unchanged + 1 rejected, 0 created, 0 extended", first: "error 0.0 group_name_invalid",
		},
		"R3.3 a file name in a key of 1,024 bytes": {
			upload: file(name(strings.Repeat("é", (1024-len("agreements/"))/2)), good), most: -1,
			want: "rejected file_name_too_long: 1 rows = 0 added + 0 unchanged + 1 rejected, 0 created, 0 extended", first: "error 0.0 file_name_too_long",
		},
		"R4.1 a folder in a key of 1,024 bytes": {
			upload: file(name(strings.Repeat("x", 1024-len("agreements/")-len("/a.csv"))+"/a.csv"), good), most: -1,
			want: "rejected group_name_invalid: 1 rows = 0 added + 0 unchanged + 1 rejected, 0 created, 0 extended", first: "error 0.0 group_name_invalid",
		},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStand(t)
			m := &meter{Bucket: s.Uploads, claimed: c.claimed}
			s.Uploads = m
			var event []byte
			allocatesLittle(t, func() { event, m.read = s.put(c.upload), 0 }, func() {
				// An error would cause a retry, which cannot succeed.
				must(t, deliver(t.Context(), s.Importer, event))
			})
			imp := s.record(idOf(t, event))
			equal(t, "import", numbers(imp), c.want)
			equal(t, "file", imp.File, path.Base(c.key))
			if c.most >= 0 && m.read > c.most {
				t.Errorf("read %d bytes, want at most %d", m.read, c.most)
			}
			findings := s.findings(imp)
			if (len(findings) > 0) != (c.first != "") || len(findings) > 0 && findings[0] != c.first {
				t.Errorf("findings %.200q, want first %q", findings, c.first)
			}
			if imp.State != importer.StateSucceeded {
				equal(t, "store", s.seen(), []string{})
			}
		})
	}
}

// allocatesLittle runs prepare, then do within the limits for a bad file. Memory is the peak of the
// live heap, including the S3 server in this process.
func allocatesLittle(t *testing.T, prepare, do func()) {
	t.Helper()
	prepare()
	held := peak()
	start := time.Now()
	do()
	took := time.Since(start)
	memory := held()
	t.Logf("%v, %d KiB", took.Round(time.Millisecond), memory>>10)
	if !measured {
		return
	}
	if memory > worstMemory {
		t.Errorf("held %d MiB, want at most %d", memory>>20, worstMemory>>20)
	}
	if took > worstTime {
		t.Errorf("took %v, want at most %v", took, worstTime)
	}
}

// peak samples the live heap. The returned function stops it and returns the largest growth in
// bytes.
func peak() func() int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	heap := func() int64 {
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	runtime.GC()
	before := heap()
	highest := before
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			highest = max(highest, heap())
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-stopped
		return highest - before
	}
}

func TestObjectDeletedBeforeItIsRead(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	const key = "agreements/Sales/a.csv"
	event := s.put(file(key, "1,1,Office\n"))
	src := objectOf(t, event)
	_, err := s.files.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("uploads"), Key: aws.String(key), VersionId: &src.Version})
	must(t, err)
	for range 2 {
		must(t, deliver(t.Context(), s.Importer, event))
		imp := s.record(src.ID(src.Bucket))
		equal(t, "import", numbers(imp), "failed object_missing: 0 rows = 0 added + 0 unchanged + 0 rejected, 0 created, 0 extended")
		equal(t, "attempts", imp.Attempt, 1)
		s.findings(imp)
	}
	equal(t, "store", s.seen(), []string{})
}
