// Package objects stores files: uploads of admins and reports about them. Package s3bucket
// implements it for S3, in the cloud and in the local stack.
package objects

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrNotFound means that the object, or the requested version, does not exist.
var ErrNotFound = errors.New("objects: not found")

// Object is an open object. The caller must close Body.
type Object struct {
	Body     io.ReadCloser
	Size     int64
	ETag     string
	Version  string
	Modified time.Time         // when it was put, with a resolution of one second; zero if unknown
	Metadata map[string]string // user metadata, names in lower case
}

// Listed is an object as a listing of the bucket has it.
type Listed struct {
	Key      string
	Modified time.Time // when it was put, with a resolution of one second
}

// Upload is a presigned PUT. Send exactly these headers with the file.
type Upload struct {
	URL     string
	Headers map[string]string
	Expires time.Time
}

// Bucket is one bucket. If it is temporarily unavailable, errors are errs.Unavailable try_again.
// That error never stands for a missing object.
type Bucket interface {
	// Open opens one version of an object. An empty version means the current one; then a
	// non-empty etag must match. ErrNotFound if it does not exist.
	Open(ctx context.Context, key, version, etag string) (Object, error)
	// Put stores body under key and replaces the current object.
	Put(ctx context.Context, key, contentType string, body []byte) error
	// Folders returns the sorted names, without slashes, of the folders directly below a prefix
	// that ends in a slash. Empty folders do not exist.
	Folders(ctx context.Context, prefix string) ([]string, error)
	// List returns the objects whose keys begin with a prefix, sorted by key.
	List(ctx context.Context, prefix string) ([]Listed, error)
	// Delete deletes objects. Keys without an object are no error. If the bucket keeps versions, it
	// keeps the deleted ones for a time. After an error some may be deleted.
	Delete(ctx context.Context, keys ...string) error
	// PresignPut returns an upload of size bytes with the metadata, valid for d.
	PresignPut(ctx context.Context, key, contentType string, size int64, metadata map[string]string, d time.Duration) (Upload, error)
	// PresignGet returns an URL that downloads key as filename, valid for d.
	PresignGet(ctx context.Context, key, filename string, d time.Duration) (string, error)
}
