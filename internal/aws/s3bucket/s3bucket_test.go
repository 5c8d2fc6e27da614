package s3bucket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	local "trueup/infra/local/aws/s3"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/errs"
	"trueup/internal/objects"
)

func bucket(t *testing.T) (objects.Bucket, *s3.Client) {
	t.Helper()
	key := aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}
	server, err := local.New(local.Options{
		Dir: t.TempDir(), Buckets: []string{"uploads"}, Keys: []local.Key{{Credentials: key, Principal: "AWS:local"}}, Now: time.Now,
		Notify: func(string, string, []byte) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server)
	t.Cleanup(func() { front.Close(); server.Close() })
	client := s3.New(s3.Options{
		Region: local.Region, BaseEndpoint: &front.URL, UsePathStyle: true,
		Credentials: credentials.StaticCredentialsProvider{Value: key},
	})
	return s3bucket.New(client, "uploads"), client
}

func put(t *testing.T, client *s3.Client, key, body string) *s3.PutObjectOutput {
	t.Helper()
	out, err := client.PutObject(context.Background(), &s3.PutObjectInput{
		Bucket: aws.String("uploads"), Key: &key, Body: strings.NewReader(body),
		Metadata: map[string]string{"On-Error": "skip"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOpen(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b, client := bucket(t)
	const key = "agreements/Zürich + co/a b.csv"
	first := put(t, client, key, "first")
	second := put(t, client, key, "second")
	gone := put(t, client, "agreements/gone.csv", "x")
	if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String("uploads"), Key: aws.String("agreements/gone.csv")}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		key, version, etag string
		want               string // empty for not found
	}{
		"current":                {key: key, want: "second"},
		"current with its etag":  {key: key, etag: strings.Trim(*second.ETag, `"`), want: "second"},
		"etag in quotes":         {key: key, etag: *second.ETag, want: "second"},
		"etag of a replaced one": {key: key, etag: *first.ETag},
		"a version":              {key: key, version: *first.VersionId, etag: *second.ETag, want: "first"},
		"no such version":        {key: key, version: "nothing"},
		"no such key":            {key: "agreements/never.csv"},
		"deleted":                {key: "agreements/gone.csv"},
		"version of a deleted":   {key: "agreements/gone.csv", version: *gone.VersionId, want: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := b.Open(ctx, c.key, c.version, c.etag)
			if c.want == "" {
				if !errors.Is(err, objects.ErrNotFound) {
					t.Errorf("got %v, want ErrNotFound", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer o.Body.Close()
			body, err := io.ReadAll(o.Body)
			if err != nil || string(body) != c.want || o.Size != int64(len(c.want)) {
				t.Errorf("read %q (%d), %v", body, o.Size, err)
			}
			if o.Version == "" || strings.Contains(o.ETag, `"`) || o.Metadata["on-error"] != "skip" {
				t.Errorf("version %q, etag %q, metadata %v", o.Version, o.ETag, o.Metadata)
			}
		})
	}
	if _, err := s3bucket.New(client, "no-such-bucket").Open(ctx, key, "", ""); err == nil || errors.Is(err, objects.ErrNotFound) || errs.KindOf(err) != errs.Fault {
		t.Errorf("a missing bucket is a fault, not a missing object: %v", err)
	}
}

func TestPutReplaces(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b, _ := bucket(t)
	for _, body := range []string{"one", "two"} {
		if err := b.Put(ctx, "imports/1.json", "application/json", []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	o, err := b.Open(ctx, "imports/1.json", "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Body.Close()
	if body, _ := io.ReadAll(o.Body); string(body) != "two" {
		t.Errorf("read %q", body)
	}
}

func TestListAndDelete(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b, _ := bucket(t)
	var many []string
	for n := range 1003 { // more than one page
		key := fmt.Sprintf("snapshots/2026-01-01/%04d é+", n)
		many = append(many, key)
		if err := b.Put(ctx, key, "application/json", []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Put(ctx, "snapshots/2026-01-02/x", "application/json", []byte("{}")); err != nil {
		t.Fatal(err)
	}
	keys := func(prefix string) (keys []string) {
		t.Helper()
		all, err := b.List(ctx, prefix)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range all {
			keys = append(keys, o.Key)
			if age := time.Since(o.Modified); age < -time.Minute || age > time.Hour {
				t.Errorf("%s was put %v ago", o.Key, age)
			}
		}
		return keys
	}
	if diff := cmp.Diff(many, keys("snapshots/2026-01-01/")); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	for range 2 { // again: keys without objects
		if err := b.Delete(ctx, many...); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"snapshots/2026-01-02/x"}, keys("snapshots/")); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if err := b.Delete(ctx); err != nil {
		t.Error(err)
	}
}

func TestFolders(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b, _ := bucket(t)
	for _, key := range []string{"snapshots/2026-11-21/manifest.json", "snapshots/2026-11-21/1/data", "snapshots/2026-11-20/manifest.json", "snapshots/latest.json", "other/2026-01-01/x"} {
		if err := b.Put(ctx, key, "application/json", []byte("{}")); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string][]string{"snapshots/": {"2026-11-20", "2026-11-21"}, "nothing/": nil} {
		got, err := b.Folders(ctx, prefix)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", prefix, err, diff)
		}
	}
}

func TestR3_1_PresignedUpload(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b, _ := bucket(t)
	const key = "agreements/Éénheid/my file.csv"
	up, err := b.PresignPut(ctx, key, "text/csv", 5, map[string]string{"program": "open", "on-error": "skip"}, 10*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"Content-Type": "text/csv", "X-Amz-Meta-Program": "open", "X-Amz-Meta-On-Error": "skip"}
	if diff := cmp.Diff(want, up.Headers); diff != "" {
		t.Errorf("headers to send: %s", diff)
	}
	if left := time.Until(up.Expires); left < 9*time.Minute || left > 10*time.Minute {
		t.Errorf("expires in %v", left)
	}
	upload := func(body string, headers map[string]string) int {
		r, err := http.NewRequest(http.MethodPut, up.URL, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range headers {
			r.Header.Set(name, value)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	if got := upload("123456", up.Headers); got != http.StatusForbidden {
		t.Errorf("more bytes than announced: %d", got)
	}
	if got := upload("12345", map[string]string{"Content-Type": "text/csv"}); got != http.StatusForbidden {
		t.Errorf("without its metadata: %d", got)
	}
	if got := upload("12345", up.Headers); got != http.StatusOK {
		t.Errorf("as announced: %d", got)
	}
	o, err := b.Open(ctx, key, "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Body.Close()
	if diff := cmp.Diff(map[string]string{"program": "open", "on-error": "skip"}, o.Metadata); diff != "" {
		t.Error(diff)
	}
}

func TestPresignedDownload(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	b, _ := bucket(t)
	if err := b.Put(ctx, "imports/1.csv", "text/csv", []byte("a,b")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"my agreements.csv": `attachment; filename="my agreements.csv"`,
		`a".csv`:            `attachment; filename="a\".csv"`,
		"één.csv":           `attachment; filename*=utf-8''%C3%A9%C3%A9n.csv`,
	} {
		address, err := b.PresignGet(ctx, "imports/1.csv", name, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if got := response.Header.Get("Content-Disposition"); string(body) != "a,b" || got != want {
			t.Errorf("%s: %d %q %q, want %q", name, response.StatusCode, body, got, want)
		}
	}
}

// TestUnavailable: a bucket that does not answer is distinguished from one that does not exist.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(server.Close)
	b := s3bucket.New(s3.New(s3.Options{
		Region: local.Region, BaseEndpoint: &server.URL, UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}), "uploads")
	_, open := b.Open(t.Context(), "a", "", "")
	_, folders := b.Folders(t.Context(), "a/")
	for what, err := range map[string]error{
		"open": open, "folders": folders, "put": b.Put(t.Context(), "a", "text/plain", nil),
	} {
		if errs.KindOf(err) != errs.Unavailable || errs.CodeOf(err) != "try_again" {
			t.Errorf("%s: %v", what, err)
		}
	}
}
