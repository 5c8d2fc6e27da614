// Package s3bucket stores the files of package objects in Amazon S3, or in a service with the
// same API.
package s3bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"trueup/internal/errs"
	"trueup/internal/objects"
)

type s3Bucket struct {
	client  *s3.Client
	presign *s3.PresignClient
	name    string
}

// New returns the named bucket. The client's region must be the bucket's. It panics if the name
// is empty, which is a mistake in a function's settings.
func New(client *s3.Client, bucket string) objects.Bucket {
	if bucket == "" {
		panic("s3bucket: a bucket without a name")
	}
	presign := s3.NewPresignClient(client, func(o *s3.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(o *s3.Options) {
			// Otherwise the signature would require the checksum of a body that is not known
			// yet.
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
			o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		})
	})
	return &s3Bucket{client: client, presign: presign, name: bucket}
}

// Open implements objects.Bucket.
func (b *s3Bucket) Open(ctx context.Context, key, version, etag string) (objects.Object, error) {
	input := &s3.GetObjectInput{Bucket: &b.name, Key: &key}
	if version != "" {
		input.VersionId = &version
	} else if etag != "" {
		input.IfMatch = aws.String(quoted(etag))
	}
	out, err := b.client.GetObject(ctx, input)
	if err != nil {
		if gone(err) {
			err = errors.Join(objects.ErrNotFound, err)
		}
		return objects.Object{}, b.failed("get", key, err)
	}
	o := objects.Object{
		Body:     out.Body,
		Size:     aws.ToInt64(out.ContentLength),
		ETag:     strings.Trim(aws.ToString(out.ETag), `"`),
		Version:  aws.ToString(out.VersionId),
		Modified: aws.ToTime(out.LastModified),
		Metadata: map[string]string{},
	}
	for name, value := range out.Metadata {
		o.Metadata[strings.ToLower(name)] = value
	}
	// Not every server of the S3 API honours If-Match.
	if version == "" && etag != "" && o.ETag != strings.Trim(etag, `"`) {
		return objects.Object{}, errors.Join(fmt.Errorf("s3bucket: get %s/%s: replaced: %w", b.name, key, objects.ErrNotFound), out.Body.Close())
	}
	return o, nil
}

// failed wraps an error with its operation and key. A transient one becomes errs.Unavailable
// try_again.
func (b *s3Bucket) failed(what, key string, err error) error {
	err = fmt.Errorf("s3bucket: %s %s/%s: %w", what, b.name, key, err)
	if passes(err) {
		return errs.Wrap(err, errs.Unavailable, "try_again")
	}
	return err
}

// passes reports whether an error is transient: one that the SDK has already retried for a
// while, or a reply that broke off.
func passes(err error) bool {
	var torn *smithy.DeserializationError
	return errors.As(err, &torn) || errors.Is(err, io.ErrUnexpectedEOF) || retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool()
}

func quoted(etag string) string { return `"` + strings.Trim(etag, `"`) + `"` }

// gone reports whether the object, the version, or the object with that etag no longer exists.
// S3 answers 405 for a version that is a delete marker.
func gone(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		switch api.ErrorCode() {
		case "NoSuchKey", "NoSuchVersion", "NotFound", "PreconditionFailed", "MethodNotAllowed":
			return true
		}
	}
	return false
}

// Put implements objects.Bucket.
func (b *s3Bucket) Put(ctx context.Context, key, contentType string, body []byte) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, ContentType: &contentType, Body: bytes.NewReader(body),
	})
	if err != nil {
		return b.failed("put", key, err)
	}
	return nil
}

// List implements objects.Bucket.
func (b *s3Bucket) List(ctx context.Context, prefix string) ([]objects.Listed, error) {
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix})
	var all []objects.Listed
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, b.failed("list", prefix, err)
		}
		for _, o := range page.Contents {
			all = append(all, objects.Listed{Key: aws.ToString(o.Key), Modified: aws.ToTime(o.LastModified)})
		}
	}
	return all, nil
}

// Delete implements objects.Bucket. It deletes each object by itself: the code of DeleteObjects adds
// 12 kB to the zip of each function.
func (b *s3Bucket) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if _, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key}); err != nil {
			return b.failed("delete", key, err)
		}
	}
	return nil
}

// Folders implements objects.Bucket.
func (b *s3Bucket) Folders(ctx context.Context, prefix string) ([]string, error) {
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix, Delimiter: aws.String("/")})
	var folders []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, b.failed("list", prefix, err)
		}
		for _, found := range page.CommonPrefixes {
			folders = append(folders, strings.TrimSuffix(strings.TrimPrefix(aws.ToString(found.Prefix), prefix), "/"))
		}
	}
	return folders, nil
}

// PresignPut implements objects.Bucket.
func (b *s3Bucket) PresignPut(ctx context.Context, key, contentType string, size int64, metadata map[string]string, d time.Duration) (objects.Upload, error) {
	input := &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, ContentType: &contentType, ContentLength: &size, Metadata: metadata,
	}
	request, err := b.presign.PresignPutObject(ctx, input, s3.WithPresignExpires(d))
	if err != nil {
		return objects.Upload{}, fmt.Errorf("s3bucket: presign %s/%s: %w", b.name, key, err)
	}
	expires, err := expiry(request.URL)
	if err != nil {
		return objects.Upload{}, fmt.Errorf("s3bucket: presign %s/%s: %w", b.name, key, err)
	}
	return objects.Upload{URL: request.URL, Headers: uploadHeaders(request.SignedHeader), Expires: expires}, nil
}

// expiry returns the time at which a presigned URL expires.
func expiry(presigned string) (time.Time, error) {
	u, err := url.Parse(presigned)
	if err != nil {
		return time.Time{}, err
	}
	signed, err := time.Parse("20060102T150405Z", u.Query().Get("X-Amz-Date"))
	if err != nil {
		return time.Time{}, err
	}
	life, err := time.ParseDuration(u.Query().Get("X-Amz-Expires") + "s")
	return signed.Add(life), err
}

// uploadHeaders returns the signed headers that a client must set. HTTP clients set Host and
// Content-Length themselves, and browsers do not let scripts set them.
func uploadHeaders(signed http.Header) map[string]string {
	headers := map[string]string{}
	for name, values := range signed {
		switch name {
		case "Host", "Content-Length":
		default:
			headers[name] = strings.Join(values, ",")
		}
	}
	return headers
}

// PresignGet implements objects.Bucket.
func (b *s3Bucket) PresignGet(ctx context.Context, key, filename string, d time.Duration) (string, error) {
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": filename})
	request, err := b.presign.PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket: &b.name, Key: &key, ResponseContentDisposition: &disposition,
	}, s3.WithPresignExpires(d))
	if err != nil {
		return "", fmt.Errorf("s3bucket: presign %s/%s: %w", b.name, key, err)
	}
	return request.URL, nil
}
