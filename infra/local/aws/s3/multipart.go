package s3

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
)

// Multipart uploads are stored in files, because the library would keep a whole inventory
// in memory, twice. Uploads in progress are lost when the process ends; the client must
// start again.

var _ gofakes3.MultipartBackend = (*store)(nil)

type upload struct {
	bucket, key string
	metadata    map[string]string
	started     time.Time
	dir         string

	mu    sync.Mutex
	parts map[int]part
}

type part struct {
	file     string
	etag     string
	size     int64
	modified time.Time
}

// CreateMultipartUpload implements gofakes3.MultipartBackend.
func (s *store) CreateMultipartUpload(bucket, key string, metadata map[string]string) (gofakes3.UploadID, error) {
	id := gofakes3.UploadID(rand.Text())
	u := &upload{
		bucket: bucket, key: key, metadata: metadata, started: s.now(),
		dir: filepath.Join(s.parts, string(id)), parts: map[int]part{},
	}
	if err := os.Mkdir(u.dir, 0o700); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uploads[id] = u
	return id, nil
}

func (s *store) upload(bucket, key string, id gofakes3.UploadID) (*upload, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uploads[id]
	if u == nil || u.bucket != bucket || u.key != key {
		return nil, gofakes3.ErrNoSuchUpload
	}
	return u, nil
}

// UploadPart implements gofakes3.MultipartBackend.
func (s *store) UploadPart(bucket, key string, id gofakes3.UploadID, number int, length int64, body io.Reader) (string, error) {
	u, err := s.upload(bucket, key, id)
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(u.dir, "")
	if err != nil {
		return "", err
	}
	sum := md5.New()
	n, err := io.Copy(io.MultiWriter(f, sum), body)
	err = errors.Join(err, f.Close())
	if err == nil && n != length {
		err = gofakes3.ErrIncompleteBody
	}
	if err != nil {
		os.Remove(f.Name())
		return "", unjoin(err)
	}
	p := part{file: f.Name(), etag: hex.EncodeToString(sum.Sum(nil)), size: n, modified: s.now()}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.parts[number] = p
	return `"` + p.etag + `"`, nil
}

// CompleteMultipartUpload implements gofakes3.MultipartBackend.
func (s *store) CompleteMultipartUpload(bucket, key string, id gofakes3.UploadID, input *gofakes3.CompleteMultipartUploadRequest) (gofakes3.VersionID, string, error) {
	u, err := s.upload(bucket, key, id)
	if err != nil {
		return "", "", err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(input.Parts) == 0 {
		return "", "", gofakes3.ErrorMessage(gofakes3.ErrMalformedXML, "no parts")
	}
	ascending := slices.IsSortedFunc(input.Parts, func(a, b gofakes3.CompletedPart) int { return a.PartNumber - b.PartNumber })
	if !ascending {
		return "", "", gofakes3.ErrInvalidPartOrder
	}
	bodies := make([]io.Reader, 0, len(input.Parts))
	for _, in := range input.Parts {
		p, ok := u.parts[in.PartNumber]
		if !ok || strings.Trim(in.ETag, `"`) != p.etag {
			return "", "", gofakes3.ErrorMessagef(gofakes3.ErrInvalidPart, "part %d was not uploaded, or differs from the uploaded one", in.PartNumber)
		}
		f, err := os.Open(p.file)
		if err != nil {
			return "", "", err
		}
		defer f.Close()
		bodies = append(bodies, f)
	}
	v, err := s.put(bucket, key, u.metadata, io.MultiReader(bodies...), -1, eventComplete, nil)
	if err != nil {
		return "", "", err
	}
	s.forget(id, u)
	return gofakes3.VersionID(v.ID), gofakes3.FormatETag(v.hash()), nil
}

// AbortMultipartUpload implements gofakes3.MultipartBackend.
func (s *store) AbortMultipartUpload(bucket, key string, id gofakes3.UploadID) error {
	u, err := s.upload(bucket, key, id)
	if err != nil {
		return err
	}
	s.forget(id, u)
	return nil
}

func (s *store) forget(id gofakes3.UploadID, u *upload) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.uploads, id)
	os.RemoveAll(u.dir) // the next start removes any files left
}

// ListParts implements gofakes3.MultipartBackend.
func (s *store) ListParts(bucket, key string, id gofakes3.UploadID, marker int, limit int64) (*gofakes3.ListMultipartUploadPartsResult, error) {
	u, err := s.upload(bucket, key, id)
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	result := &gofakes3.ListMultipartUploadPartsResult{
		Bucket: bucket, Key: key, UploadID: id, MaxParts: limit, PartNumberMarker: marker,
	}
	numbers := make([]int, 0, len(u.parts))
	for number := range u.parts {
		if number > marker {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	for i, number := range numbers {
		if int64(i) == limit {
			result.IsTruncated = true
			result.NextPartNumberMarker = numbers[i-1]
			break
		}
		p := u.parts[number]
		result.Parts = append(result.Parts, gofakes3.ListMultipartUploadPartItem{
			PartNumber: number, ETag: fmt.Sprintf("%q", p.etag), Size: p.size,
			LastModified: gofakes3.NewContentTime(p.modified),
		})
	}
	return result, nil
}

// ListMultipartUploads implements gofakes3.MultipartBackend. No caller needs it.
func (s *store) ListMultipartUploads(string, *gofakes3.UploadListMarker, gofakes3.Prefix, int64) (*gofakes3.ListMultipartUploadsResult, error) {
	return nil, gofakes3.ErrNotImplemented
}
