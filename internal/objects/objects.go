// Package objects keeps files: what an admin uploads, and the reports about
// it. Package s3bucket is the adapter, in the cloud and in the local stack.
package objects

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrNotFound means the object, or that version of it, does not exist.
var ErrNotFound = errors.New("objects: not found")

// Object is an open object. The caller closes Body.
type Object struct {
	Body     io.ReadCloser
	Size     int64
	ETag     string
	Version  string
	Modified time.Time         // when it was put, to the second; zero when not known
	Metadata map[string]string // user metadata, names in lower case
}

// Upload is a presigned PUT: send exactly these headers with the file.
type Upload struct {
	URL     string
	Headers map[string]string
	Expires time.Time
}

// Bucket is one bucket. When it is away for the moment, errors are errs.Unavailable
// try_again; what was there and what was not never is.
type Bucket interface {
	// Open opens one version of an object; an empty version means the current
	// one, and then a non-empty etag must match. ErrNotFound when it is gone.
	Open(ctx context.Context, key, version, etag string) (Object, error)
	// Put stores body under key, replacing what was there.
	Put(ctx context.Context, key, contentType string, body []byte) error
	// Folders returns the names of the folders right below a prefix that ends in a
	// slash, sorted and without slashes: those in which any object is.
	Folders(ctx context.Context, prefix string) ([]string, error)
	// PresignPut returns an upload of size bytes with that metadata, valid for d.
	PresignPut(ctx context.Context, key, contentType string, size int64, metadata map[string]string, d time.Duration) (Upload, error)
	// PresignGet returns an URL that downloads key as filename, valid for d.
	PresignGet(ctx context.Context, key, filename string, d time.Duration) (string, error)
}
