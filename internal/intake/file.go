package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"trueup/internal/intake/kind"
	"trueup/internal/objects"
)

// ErrTooLarge means that a file is larger than its kind allows.
var ErrTooLarge = errors.New("intake: the file is too large")

// File is an open file. The caller must close it.
type File struct {
	objects.Object // read Body only as a stream; Bytes reads a file that fits in memory

	key string
	max int64
}

// Open opens the version of a file that arrived. It returns an error that wraps
// objects.ErrNotFound if that version no longer exists; any other error is a fault.
func Open(ctx context.Context, uploads objects.Bucket, k kind.Kind, o Object) (File, error) {
	object, err := uploads.Open(ctx, o.Key, o.Version, o.ETag)
	if err != nil {
		return File{}, fmt.Errorf("open %s: %w", o.Key, err)
	}
	return File{Object: object, key: o.Key, max: k.MaxBytes}, nil
}

// Close closes the file, and does nothing for one that Open did not return. An error would mean
// nothing: the content was read, or is not needed.
func (f File) Close() {
	if f.Body != nil {
		_ = f.Body.Close()
	}
}

// TooLarge reports whether the file is larger than its kind allows.
func (f File) TooLarge() bool { return f.Size > f.max }

// Bytes reads the file. It returns ErrTooLarge for a file that is larger than its kind allows: it
// reads none of it if the size is known, and never more than one byte above the limit. A file that
// ends before its size is a fault.
func (f File) Bytes() ([]byte, error) {
	if f.TooLarge() {
		return nil, ErrTooLarge
	}
	data := bytes.NewBuffer(make([]byte, 0, f.Size+bytes.MinRead))
	n, err := data.ReadFrom(io.LimitReader(f.Body, f.max+1))
	switch {
	case err == nil && n > f.max:
		return nil, ErrTooLarge
	case err == nil && n < f.Size:
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.key, err)
	}
	return data.Bytes(), nil
}
