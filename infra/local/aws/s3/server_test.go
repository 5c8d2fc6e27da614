package s3_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/encoding/httpbinding"
	"github.com/google/go-cmp/cmp"

	"trueup/infra/local/aws/s3"
)

var key = aws.Credentials{AccessKeyID: "local", SecretAccessKey: "secret"}

const origin = "http://127.0.0.1:8080"

// stand is a server and the events that it sent.
type stand struct {
	*s3.Server
	URL    string
	Client *awss3.Client

	mu     sync.Mutex
	events []string // "name bucket/key size"
	raw    [][]byte
	refuse bool // the notifier fails
}

func (s *stand) notify(bucket, key string, event []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse {
		return errors.New("the receiver is away")
	}
	var e s3.Event
	if err := json.Unmarshal(event, &e); err != nil {
		return err
	}
	r := e.Records[0]
	s.events = append(s.events, fmt.Sprintf("%s %s/%s %d", r.EventName, bucket, key, r.S3.Object.Size))
	s.raw = append(s.raw, event)
	return nil
}

func start(t *testing.T, dir string, now func() time.Time) *stand {
	t.Helper()
	s := &stand{}
	server, err := s3.New(s3.Options{
		Dir: dir, Buckets: []string{"uploads", "reports", "other"}, Keys: []s3.Key{{Credentials: key, Principal: "AWS:local"}}, Notify: s.notify, Now: now,
		CORS: map[string]s3.Rule{
			"uploads": {Origins: []string{origin}, Methods: []string{"PUT"}, Headers: []string{"content-type", "x-amz-meta-*"}, Expose: []string{"ETag"}},
			"reports": {Origins: []string{"*"}, Methods: []string{"GET", "HEAD"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = server
	if err := server.Redeliver(); err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(server)
	t.Cleanup(func() { front.Close(); server.Close() })
	s.URL = front.URL
	s.Client = client(front.URL, key)
	return s
}

func client(endpoint string, c aws.Credentials) *awss3.Client {
	return awss3.New(awss3.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(endpoint), UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials:                credentials.StaticCredentialsProvider{Value: c},
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
}

func (s *stand) put(t *testing.T, key, body string) *awss3.PutObjectOutput {
	t.Helper()
	out, err := s.Client.PutObject(context.Background(), &awss3.PutObjectInput{
		Bucket: aws.String("uploads"), Key: aws.String(key), Body: strings.NewReader(body),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestPutGetDeleteKeepVersions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := start(t, t.TempDir(), time.Now)
	first, err := s.Client.PutObject(ctx, &awss3.PutObjectInput{
		Bucket: aws.String("uploads"), Key: aws.String("agreements/a.csv"), Body: strings.NewReader("one"),
		Metadata: map[string]string{"on-error": "skip"}, ContentType: aws.String("text/csv"),
	})
	if err != nil {
		t.Fatal(err)
	}
	second := s.put(t, "agreements/a.csv", "second")

	got, err := s.Client.GetObject(ctx, &awss3.GetObjectInput{Bucket: aws.String("uploads"), Key: aws.String("agreements/a.csv")})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(got.Body)
	if string(body) != "second" || *got.VersionId != *second.VersionId || *got.ETag != *second.ETag {
		t.Errorf("current: %q version %s etag %s", body, *got.VersionId, *got.ETag)
	}
	if len(got.Metadata) != 0 {
		t.Errorf("metadata of the version before was carried over: %v", got.Metadata)
	}

	old, err := s.Client.GetObject(ctx, &awss3.GetObjectInput{
		Bucket: aws.String("uploads"), Key: aws.String("agreements/a.csv"), VersionId: first.VersionId, Range: aws.String("bytes=1-"),
	})
	if err != nil {
		t.Fatal(err)
	}
	body, _ = io.ReadAll(old.Body)
	if string(body) != "ne" || old.Metadata["on-error"] != "skip" || *old.ContentType != "text/csv" {
		t.Errorf("old version: %q %v", body, old.Metadata)
	}
	head, err := s.Client.HeadObject(ctx, &awss3.HeadObjectInput{
		Bucket: aws.String("uploads"), Key: aws.String("agreements/a.csv"), VersionId: first.VersionId,
	})
	if err != nil || *head.ContentLength != 3 {
		t.Errorf("head of the old version: %v %v", head, err)
	}

	if _, err := s.Client.DeleteObject(ctx, &awss3.DeleteObjectInput{Bucket: aws.String("uploads"), Key: aws.String("agreements/a.csv")}); err != nil {
		t.Fatal(err)
	}
	_, err = s.Client.GetObject(ctx, &awss3.GetObjectInput{Bucket: aws.String("uploads"), Key: aws.String("agreements/a.csv")})
	if code(err) != "NoSuchKey" {
		t.Errorf("after delete: %v", err)
	}
	if _, err := s.Client.GetObject(ctx, &awss3.GetObjectInput{
		Bucket: aws.String("uploads"), Key: aws.String("agreements/a.csv"), VersionId: first.VersionId,
	}); err != nil {
		t.Errorf("a version must outlive the delete: %v", err)
	}
	_, err = s.Client.GetObject(ctx, &awss3.GetObjectInput{
		Bucket: aws.String("uploads"), Key: aws.String("agreements/a.csv"), VersionId: aws.String("other"),
	})
	if code(err) != "NoSuchVersion" {
		t.Errorf("unknown version: %v", err)
	}
}

func TestListInPagesOfTwo(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), time.Now)
	for _, k := range []string{"agreements/a.csv", "agreements/g1/a.csv", "agreements/g1/b.csv", "agreements/g2/a.csv", "agreements/z.csv", "other/x"} {
		s.put(t, k, "x")
	}
	s.Client.DeleteObject(context.Background(), &awss3.DeleteObjectInput{Bucket: aws.String("uploads"), Key: aws.String("agreements/g2/a.csv")})
	for name, c := range map[string]struct {
		delimiter *string
		want      []string
	}{
		"flat":    {nil, []string{"agreements/a.csv", "agreements/g1/a.csv", "agreements/g1/b.csv", "agreements/z.csv"}},
		"folders": {aws.String("/"), []string{"agreements/a.csv", "agreements/g1/", "agreements/z.csv"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			pages := awss3.NewListObjectsV2Paginator(s.Client, &awss3.ListObjectsV2Input{
				Bucket: aws.String("uploads"), Prefix: aws.String("agreements/"), Delimiter: c.delimiter, MaxKeys: aws.Int32(2),
			})
			for pages.HasMorePages() {
				page, err := pages.NextPage(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				if n := len(page.Contents) + len(page.CommonPrefixes); n > 2 {
					t.Errorf("a page of %d", n)
				}
				var entries []string
				for _, o := range page.Contents {
					entries = append(entries, *o.Key)
				}
				for _, p := range page.CommonPrefixes {
					entries = append(entries, *p.Prefix)
				}
				got = append(got, entries...)
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEventsOncePerObjectMade(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := start(t, t.TempDir(), time.Now)
	s.put(t, "agreements/Zürich + co/my file.csv", "12345")
	if _, err := s.Client.CopyObject(ctx, &awss3.CopyObjectInput{
		Bucket: aws.String("uploads"), Key: aws.String("agreements/copy.csv"),
		CopySource: aws.String(httpbinding.EscapePath("uploads/agreements/Zürich + co/my file.csv", false)),
	}); err != nil {
		t.Fatal(err)
	}
	multipart(t, s.Client, "inventory/big.csv", bytes.Repeat([]byte("x"), 6<<20), 5<<20)
	s.Client.DeleteObject(ctx, &awss3.DeleteObjectInput{Bucket: aws.String("uploads"), Key: aws.String("agreements/copy.csv")})
	if _, err := s.Client.PutObject(ctx, &awss3.PutObjectInput{
		Bucket: aws.String("uploads"), Key: aws.String("agreements/copy.csv"), Body: strings.NewReader("x"), IfMatch: aws.String("nothing"),
	}); code(err) != "PreconditionFailed" {
		t.Errorf("conditional put: %v", err)
	}
	want := []string{
		"ObjectCreated:Put uploads/agreements/Zürich + co/my file.csv 5",
		"ObjectCreated:Copy uploads/agreements/copy.csv 5",
		"ObjectCreated:CompleteMultipartUpload uploads/inventory/big.csv 6291456",
	}
	if diff := cmp.Diff(want, s.events); diff != "" {
		t.Error(diff)
	}
}

func multipart(t *testing.T, c *awss3.Client, key string, body []byte, size int) {
	t.Helper()
	ctx := context.Background()
	up, err := c.CreateMultipartUpload(ctx, &awss3.CreateMultipartUploadInput{Bucket: aws.String("uploads"), Key: aws.String(key)})
	if err != nil {
		t.Fatal(err)
	}
	var done types.CompletedMultipartUpload
	for i := 0; i*size < len(body); i++ {
		part, err := c.UploadPart(ctx, &awss3.UploadPartInput{
			Bucket: aws.String("uploads"), Key: aws.String(key), UploadId: up.UploadId, PartNumber: aws.Int32(int32(i + 1)),
			Body: bytes.NewReader(body[i*size : min(len(body), (i+1)*size)]),
		})
		if err != nil {
			t.Fatal(err)
		}
		done.Parts = append(done.Parts, types.CompletedPart{ETag: part.ETag, PartNumber: aws.Int32(int32(i + 1))})
	}
	parts, err := c.ListParts(ctx, &awss3.ListPartsInput{Bucket: aws.String("uploads"), Key: aws.String(key), UploadId: up.UploadId})
	if err != nil || len(parts.Parts) != len(done.Parts) {
		t.Errorf("list parts: %v %v", parts, err)
	}
	if _, err := c.CompleteMultipartUpload(ctx, &awss3.CompleteMultipartUploadInput{
		Bucket: aws.String("uploads"), Key: aws.String(key), UploadId: up.UploadId, MultipartUpload: &done,
	}); err != nil {
		t.Fatal(err)
	}
	got, err := c.GetObject(ctx, &awss3.GetObjectInput{Bucket: aws.String("uploads"), Key: aws.String(key)})
	if err != nil {
		t.Fatal(err)
	}
	if whole, _ := io.ReadAll(got.Body); !bytes.Equal(whole, body) {
		t.Errorf("put together in parts: %d bytes", len(whole))
	}
}

func TestEventIsShapedAsS3Sends(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 9, 8, 7, 6_000_000, time.UTC)
	s := start(t, t.TempDir(), func() time.Time { return at })
	presigned := presignPut(t, s, "agreements/Héél goed/a+b c.csv", 4, nil, time.Hour, at)
	status, body := send(t, presigned, "1,2\n", nil)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	status, body = send(t, presignPut(t, s, "agreements/b.csv", 4, nil, time.Hour, at), "1,2\n", nil)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	var events [2]map[string]any
	for i := range events {
		if err := json.Unmarshal(s.raw[i], &events[i]); err != nil {
			t.Fatal(err)
		}
	}
	record := func(i int) map[string]any { return events[i]["Records"].([]any)[0].(map[string]any) }
	object := func(i int) map[string]any { return record(i)["s3"].(map[string]any)["object"].(map[string]any) }
	if a, b := object(0)["sequencer"].(string), object(1)["sequencer"].(string); len(a) != len(b) || a >= b {
		t.Errorf("the sequencer must rise: %s then %s", a, b)
	}
	id := object(0)["versionId"].(string)
	if id == "" || id == object(1)["versionId"] {
		t.Errorf("version %q", id)
	}
	delete(object(0), "versionId")
	delete(object(0), "sequencer")
	delete(record(0), "responseElements")
	want := map[string]any{
		"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1",
		"eventTime": "2026-11-21T09:08:07.006Z", "eventName": "ObjectCreated:Put",
		"userIdentity":      map[string]any{"principalId": "AWS:local"},
		"requestParameters": map[string]any{"sourceIPAddress": "127.0.0.1"},
		"s3": map[string]any{
			"s3SchemaVersion": "1.0", "configurationId": "local",
			"bucket": map[string]any{
				"name": "uploads", "arn": "arn:aws:s3:::uploads", "ownerIdentity": map[string]any{"principalId": "A3LOCALOWNER"},
			},
			"object": map[string]any{
				"key": "agreements/H%C3%A9%C3%A9l+goed/a%2Bb+c.csv", "size": 4.0, "eTag": "34db48131c4a8a1ee5ecb8c7cc8a1e10",
			},
		},
	}
	got := record(0)
	if got["s3"].(map[string]any)["object"].(map[string]any)["eTag"] == "" {
		t.Error("no eTag")
	}
	want["s3"].(map[string]any)["object"].(map[string]any)["eTag"] = md5hex("1,2\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPutsAtOnceOfOneKey(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), time.Now)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { s.put(t, "agreements/a.csv", strings.Repeat("x", i+1)) })
	}
	wg.Wait()
	type made struct{ sequencer, version string }
	var all []made
	for _, raw := range s.raw {
		var e s3.Event
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		o := e.Records[0].S3.Object
		all = append(all, made{o.Sequencer, o.VersionID})
	}
	slices.SortFunc(all, func(a, b made) int { return strings.Compare(a.sequencer, b.sequencer) })
	if distinct := slices.CompactFunc(slices.Clone(all), func(a, b made) bool { return a.sequencer == b.sequencer }); len(distinct) != 20 {
		t.Fatalf("%d sequencers of 20 puts", len(distinct))
	}
	head, err := s.Client.HeadObject(context.Background(), &awss3.HeadObjectInput{Bucket: aws.String("uploads"), Key: aws.String("agreements/a.csv")})
	if err != nil {
		t.Fatal(err)
	}
	if last := all[len(all)-1]; last.version != *head.VersionId {
		t.Errorf("the highest sequencer is of version %s, the current one is %s", last.version, *head.VersionId)
	}
}

func TestNoEventIsLostWhenTheReceiverFailed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir, time.Now)
	s.refuse = true
	_, err := s.Client.PutObject(context.Background(), &awss3.PutObjectInput{
		Bucket: aws.String("uploads"), Key: aws.String("agreements/a.csv"), Body: strings.NewReader("x"),
	})
	if err == nil {
		t.Fatal("a put whose event nobody kept was answered as done")
	}
	s.Close()

	again := start(t, dir, time.Now)
	if diff := cmp.Diff([]string{"ObjectCreated:Put uploads/agreements/a.csv 1"}, again.events); diff != "" {
		t.Error(diff)
	}
	again.Close()
	third := start(t, dir, time.Now)
	if len(third.events) != 0 {
		t.Errorf("handed over twice: %v", third.events)
	}
}

func TestDataSurvivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, dir, time.Now)
	put := s.put(t, "agreements/a.csv", "x")
	s.Close()
	s = start(t, dir, time.Now)
	got, err := s.Client.GetObject(context.Background(), &awss3.GetObjectInput{Bucket: aws.String("uploads"), Key: aws.String("agreements/a.csv")})
	if err != nil || *got.VersionId != *put.VersionId {
		t.Errorf("%v %v", got, err)
	}
	if _, err := s3.New(s3.Options{Dir: dir, Now: time.Now, Notify: s.notify}); err == nil || !strings.Contains(err.Error(), "in use by another run") {
		t.Errorf("a second server over the same folder: %v", err)
	}
}
