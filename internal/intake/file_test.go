package intake_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/objects"
)

var small = kind.Kind{Prefix: "agreements/", MaxBytes: 8}

// bucket is a bucket of one object, which counts the bytes read from it.
type bucket struct {
	objects.Bucket
	object objects.Object
	err    error // of opening the object

	asked  [3]string // key, version and etag
	read   int64
	closed bool
}

func (b *bucket) Open(_ context.Context, key, version, etag string) (objects.Object, error) {
	b.asked = [3]string{key, version, etag}
	if b.err != nil {
		return objects.Object{}, b.err
	}
	o := b.object
	o.Body = &body{o.Body, b}
	return o, nil
}

type body struct {
	io.ReadCloser
	bucket *bucket
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.bucket.read += int64(n)
	return n, err
}

func (b *body) Close() error {
	b.bucket.closed = true
	return errors.New("a connection that is gone")
}

func TestBytes(t *testing.T) {
	t.Parallel()
	fault := errors.New("the connection was reset")
	text := strings.NewReader
	for name, c := range map[string]struct {
		size int64
		body io.Reader
		want string
		err  error
		read int64
	}{
		"a file":                       {5, text("hello"), "hello", nil, 5},
		"an empty file":                {0, text(""), "", nil, 0},
		"the largest file":             {8, text("12345678"), "12345678", nil, 8},
		"a file that is too large":     {9, text("123456789"), "", intake.ErrTooLarge, 0},
		"a size that is not true":      {8, text(strings.Repeat("a", 1000)), "", intake.ErrTooLarge, 9},
		"a file that is cut off":       {5, text("hel"), "", io.ErrUnexpectedEOF, 3},
		"a file that breaks off":       {5, io.MultiReader(text("hel"), iotest.ErrReader(io.ErrUnexpectedEOF)), "", io.ErrUnexpectedEOF, 3},
		"a fault":                      {5, io.MultiReader(text("hel"), iotest.ErrReader(fault)), "", fault, 3},
		"a fault above the limit":      {5, io.MultiReader(text("123456789"), iotest.ErrReader(fault)), "", intake.ErrTooLarge, 9},
		"a file in the smallest parts": {5, iotest.OneByteReader(text("hello")), "hello", nil, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &bucket{object: objects.Object{Size: c.size, Body: io.NopCloser(c.body), Metadata: map[string]string{"import": "i1"}}}
			o := object(func(*intake.Object) {})
			file, err := intake.Open(t.Context(), b, small, o)
			if err != nil {
				t.Fatal(err)
			}
			got, err := file.Bytes()
			if string(got) != c.want || !errors.Is(err, c.err) || b.read != c.read {
				t.Errorf("%q, %v after %d bytes; want %q, %v after %d", got, err, b.read, c.want, c.err, c.read)
			}
			if err != nil && !errors.Is(err, intake.ErrTooLarge) && !strings.Contains(err.Error(), o.Key) {
				t.Errorf("the error %q does not name the file", err)
			}
			if want := [3]string{o.Key, o.Version, o.ETag}; b.asked != want || file.Metadata["import"] != "i1" {
				t.Errorf("opened %q with metadata %v, want %q", b.asked, file.Metadata, want)
			}
			if file.Close(); !b.closed {
				t.Error("the file is still open")
			}
		})
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]error{"a missing object": objects.ErrNotFound, "a fault": errors.New("the bucket does not answer")} {
		file, err := intake.Open(t.Context(), &bucket{err: want}, small, intake.Object{Key: "agreements/a.csv"})
		if !errors.Is(err, want) || !strings.Contains(err.Error(), "agreements/a.csv") || file.Body != nil {
			t.Errorf("%s: %v, body %v", name, err, file.Body)
		}
		file.Close() // does nothing
	}
}
