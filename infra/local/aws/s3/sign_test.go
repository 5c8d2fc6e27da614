package s3_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
)

func md5hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// presigned is a presigned upload.
type presigned struct {
	method, url string
	header      http.Header
}

// presignPut presigns an upload as of the time at, because the SDK always uses the current time.
func presignPut(t *testing.T, s *stand, key string, size int64, metadata map[string]string, life time.Duration, at time.Time) presigned {
	t.Helper()
	out, err := awss3.NewPresignClient(s.Client, func(o *awss3.PresignOptions) {
		o.Expires = life
		o.Presigner = signedAt{at}
	}).PresignPutObject(context.Background(), &awss3.PutObjectInput{
		Bucket: aws.String("uploads"), Key: aws.String(key), ContentLength: aws.Int64(size), Metadata: metadata,
	})
	if err != nil {
		t.Fatal(err)
	}
	return presigned{out.Method, out.URL, out.SignedHeader}
}

type signedAt struct{ at time.Time }

func (s signedAt) PresignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, _ time.Time, o ...func(*v4.SignerOptions)) (string, http.Header, error) {
	o = append(o, func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	return v4.NewSigner().PresignHTTP(ctx, c, r, hash, service, region, s.at, o...)
}

func send(t *testing.T, p presigned, body string, change func(*http.Request)) (int, string) {
	t.Helper()
	r, err := http.NewRequest(p.method, p.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range p.header {
		if name != "Host" && name != "Content-Length" {
			r.Header[name] = values
		}
	}
	if change != nil {
		change(r)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(answer)
}

func TestPresignedPut(t *testing.T) {
	t.Parallel()
	query := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			q := r.URL.Query()
			q.Set(name, value)
			r.URL.RawQuery = q.Encode()
		}
	}
	for name, c := range map[string]struct {
		age    time.Duration
		body   string
		change func(*http.Request)
		status int
		code   string
	}{
		"as signed":       {body: "12345", status: 200},
		"shorter":         {body: "1234", status: 403, code: "SignatureDoesNotMatch"},
		"longer":          {body: "123456", status: 403, code: "SignatureDoesNotMatch"},
		"unknown length":  {body: "12345", change: func(r *http.Request) { r.ContentLength = -1 }, status: 403, code: "SignatureDoesNotMatch"},
		"expired":         {age: 11 * time.Minute, body: "12345", status: 403, code: "AccessDenied"},
		"from the future": {age: -time.Hour, body: "12345", status: 403, code: "RequestTimeTooSkewed"},
		"life stretched":  {age: 11 * time.Minute, body: "12345", change: query("X-Amz-Expires", "3600"), status: 403, code: "SignatureDoesNotMatch"},
		"life too long":   {body: "12345", change: query("X-Amz-Expires", "999999"), status: 403, code: "AuthorizationQueryParametersError"},
		"other key":       {body: "12345", change: func(r *http.Request) { r.URL.Path = "/uploads/agreements/b.csv" }, status: 403, code: "SignatureDoesNotMatch"},
		"other method":    {body: "12345", change: func(r *http.Request) { r.Method = "DELETE" }, status: 403, code: "SignatureDoesNotMatch"},
		"other metadata":  {body: "12345", change: func(r *http.Request) { r.Header.Set("X-Amz-Meta-On-Error", "reject") }, status: 403, code: "SignatureDoesNotMatch"},
		"more metadata":   {body: "12345", change: func(r *http.Request) { r.Header.Set("X-Amz-Meta-Program", "open") }, status: 403, code: "AccessDenied"},
		"no metadata":     {body: "12345", change: func(r *http.Request) { r.Header.Del("X-Amz-Meta-On-Error") }, status: 403, code: "SignatureDoesNotMatch"},
		"tampered":        {body: "12345", change: query("X-Amz-Signature", strings.Repeat("0", 64)), status: 403, code: "SignatureDoesNotMatch"},
		"somebody's key":  {body: "12345", change: query("X-Amz-Credential", "other/20261121/eu-west-1/s3/aws4_request"), status: 403, code: "InvalidAccessKeyId"},
		"other bucket":    {body: "12345", change: func(r *http.Request) { r.URL.Path = "/reports/agreements/a.csv" }, status: 403, code: "SignatureDoesNotMatch"},
		"extra query":     {body: "12345", change: query("tagging", ""), status: 403, code: "SignatureDoesNotMatch"},
		"no signature":    {body: "12345", change: func(r *http.Request) { r.URL.RawQuery = "" }, status: 403, code: "AccessDenied"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
			s := start(t, t.TempDir(), func() time.Time { return now })
			p := presignPut(t, s, "agreements/a.csv", 5, map[string]string{"on-error": "skip"}, 10*time.Minute, now.Add(-c.age))
			status, body := send(t, p, c.body, c.change)
			if status != c.status || c.code != "" && !strings.Contains(body, "<Code>"+c.code+"</Code>") {
				t.Errorf("got %d %s, want %d %s", status, body, c.status, c.code)
			}
			if (len(s.events) == 1) != (status == 200) {
				t.Errorf("events: %v", s.events)
			}
		})
	}
}

func TestPresignedGetDownloadsUnderAName(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), time.Now)
	s.put(t, "agreements/a b.csv", "x")
	out, err := awss3.NewPresignClient(s.Client).PresignGetObject(context.Background(), &awss3.GetObjectInput{
		Bucket: aws.String("uploads"), Key: aws.String("agreements/a b.csv"), ResponseContentDisposition: aws.String(`attachment; filename="x.csv"`),
	})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Get(out.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if got := response.Header.Get("Content-Disposition"); response.StatusCode != 200 || got != `attachment; filename="x.csv"` {
		t.Errorf("%d, %q", response.StatusCode, got)
	}
	response, err = http.Get(strings.Replace(out.URL, "x.csv", "y.csv", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != 403 {
		t.Errorf("another name was answered with %d", response.StatusCode)
	}
}

func TestHeaderSignatures(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), time.Now)
	input := func() *awss3.PutObjectInput {
		return &awss3.PutObjectInput{Bucket: aws.String("uploads"), Key: aws.String("agreements/a.csv"), Body: strings.NewReader("x")}
	}
	if _, err := s.Client.PutObject(context.Background(), input()); err != nil {
		t.Errorf("our key: %v", err)
	}
	wrong := client(s.URL, aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: "guess"})
	if _, err := wrong.PutObject(context.Background(), input()); code(err) != "SignatureDoesNotMatch" {
		t.Errorf("our key with a wrong secret: %v", err)
	}
	other := client(s.URL, aws.Credentials{AccessKeyID: "AKIAOTHER", SecretAccessKey: "anything"})
	if _, err := other.PutObject(context.Background(), input()); err != nil {
		t.Errorf("a client set up for AWS: %v", err)
	}
	r, _ := http.NewRequest("PUT", s.URL+"/uploads/agreements/b.csv", strings.NewReader("x"))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 403 {
		t.Errorf("unsigned: %d", response.StatusCode)
	}
}

// signed sends a request that is signed in its headers.
func signed(t *testing.T, s *stand, method, path, body, hash string, header http.Header) (int, string) {
	t.Helper()
	u, err := url.Parse(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, presigned{method, u.String(), header}, body, func(r *http.Request) {
		r.Header.Set("X-Amz-Content-Sha256", hash)
		err := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).
			SignHTTP(context.Background(), key, r, hash, "s3", "eu-west-1", time.Now())
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestSubresourcesAreNotTakenForAPut(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), time.Now)
	s.put(t, "a", "kept")
	for _, path := range []string{"/uploads/a?tagging", "/uploads/a?acl", "/uploads/a?legal-hold", "/uploads?notification", "/uploads?policy", "/uploads?cors"} {
		status, body := signed(t, s, "PUT", path, "<x/>", "UNSIGNED-PAYLOAD", nil)
		if status != 501 || !strings.Contains(body, "NotImplemented") {
			t.Errorf("PUT %s: %d %s", path, status, body)
		}
	}
	if status, body := signed(t, s, "POST", "/uploads", "x", "UNSIGNED-PAYLOAD", nil); status != 501 {
		t.Errorf("POST: %d %s", status, body)
	}
	if status, body := signed(t, s, "GET", "/uploads/a", "", "UNSIGNED-PAYLOAD", nil); status != 200 || body != "kept" {
		t.Errorf("GET: %d %s", status, body)
	}
}

func TestBodyMustBeTheOneThatWasSigned(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), time.Now)
	hash := "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" // SHA-256 of "x"
	if status, body := signed(t, s, "PUT", "/uploads/a", "x", hash, nil); status != 200 {
		t.Errorf("as signed: %d %s", status, body)
	}
	if status, body := signed(t, s, "PUT", "/uploads/a", "y", hash, nil); status != 400 || !strings.Contains(body, "BadDigest") {
		t.Errorf("another body: %d %s", status, body)
	}
	if len(s.events) != 1 {
		t.Errorf("events: %v", s.events)
	}
}

func TestChunkedUploads(t *testing.T) {
	t.Parallel()
	const signedChunks = "5;chunk-signature=ad80\r\nhello\r\n6;chunk-signature=0055\r\n world\r\n0;chunk-signature=b6c6\r\n\r\n"
	for name, c := range map[string]struct {
		hash, length, body string
		status             int
		want               string
	}{
		"signed chunks":     {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "11", signedChunks, 200, "hello world"},
		"unsigned, trailer": {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "5", "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", 200, "hello"},
		"empty":             {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "0", "0\r\n\r\n", 200, ""},
		"cut":               {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "11", signedChunks[:60], 400, ""},
		"longer than said":  {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "10", signedChunks, 400, ""},
		"shorter than said": {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "12", signedChunks, 400, ""},
		"not chunks":        {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "5", "hello", 400, ""},
		"negative chunk":    {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "5", "-5\r\nhello\r\n0\r\n\r\n", 400, ""},
		"no length":         {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "", "5\r\nhello\r\n0\r\n\r\n", 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, t.TempDir(), time.Now)
			header := http.Header{"X-Amz-Decoded-Content-Length": {c.length}, "Content-Encoding": {"aws-chunked"}}
			status, body := signed(t, s, "PUT", "/uploads/a", c.body, c.hash, header)
			if status != c.status {
				t.Fatalf("got %d %s, want %d", status, body, c.status)
			}
			if status != 200 {
				return
			}
			got, err := s.Client.GetObject(context.Background(), &awss3.GetObjectInput{Bucket: aws.String("uploads"), Key: aws.String("a")})
			if err != nil {
				t.Fatal(err)
			}
			if stored, _ := io.ReadAll(got.Body); string(stored) != c.want || got.ContentEncoding != nil {
				t.Errorf("stored %q, encoding %v", stored, got.ContentEncoding)
			}
		})
	}
}

// TestCORS: pages may do what the rule of a bucket allows, as in S3: a preflight that no rule allows
// is refused, and an answer that a page may not read has no header that says otherwise.
func TestCORS(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), time.Now)
	s.put(t, "a", "one")
	for name, c := range map[string]struct {
		bucket, origin, method, headers string
		status                          int
		code                            string
	}{
		"an upload":                     {"uploads", origin, "PUT", "content-type, X-Amz-Meta-On-Error", 200, ""},
		"without headers":               {"uploads", origin, "PUT", "", 200, ""},
		"another origin":                {"uploads", "http://evil.example", "PUT", "", 403, "AccessForbidden"},
		"another method":                {"uploads", origin, "GET", "", 403, "AccessForbidden"},
		"another header":                {"uploads", origin, "PUT", "content-type,authorization", 403, "AccessForbidden"},
		"a rule for every origin":       {"reports", "null", "GET", "", 200, ""},
		"a bucket without a rule":       {"other", origin, "GET", "", 403, "AccessForbidden"},
		"a bucket that is not there":    {"nowhere", origin, "GET", "", 403, "AccessForbidden"},
		"a request that is no question": {"uploads", "", "", "", 400, "BadRequest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := http.NewRequest("OPTIONS", s.URL+"/"+c.bucket+"/a", nil)
			for name, value := range map[string]string{"Origin": c.origin, "Access-Control-Request-Method": c.method, "Access-Control-Request-Headers": c.headers} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, _ := io.ReadAll(response.Body)
			if response.StatusCode != c.status || !strings.Contains(string(body), c.code) {
				t.Errorf("%d %s", response.StatusCode, body)
			}
			if allowed := response.Header.Get("Access-Control-Allow-Origin"); (allowed != "") != (c.status == 200) {
				t.Errorf("allowed origin %q", allowed)
			}
		})
	}
	for name, c := range map[string]struct{ bucket, origin, method, allowed string }{
		"a page that reads reports":   {"reports", "null", "GET", "*"},
		"a page that reads uploads":   {"uploads", origin, "GET", ""},
		"a page that uploads":         {"uploads", origin, "PUT", origin},
		"another page that uploads":   {"uploads", "http://evil.example", "PUT", ""},
		"a bucket without a rule":     {"other", origin, "GET", ""},
		"a program, which is no page": {"reports", "", "GET", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			presign := awss3.NewPresignClient(s.Client)
			var signed *v4.PresignedHTTPRequest
			var err error
			if c.method == "PUT" {
				signed, err = presign.PresignPutObject(context.Background(), &awss3.PutObjectInput{Bucket: &c.bucket, Key: aws.String("b"), ContentLength: aws.Int64(1)})
			} else {
				signed, err = presign.PresignGetObject(context.Background(), &awss3.GetObjectInput{Bucket: &c.bucket, Key: aws.String("a")})
			}
			if err != nil {
				t.Fatal(err)
			}
			var body io.Reader
			if c.method == "PUT" {
				body = strings.NewReader("x")
			}
			r, _ := http.NewRequest(c.method, signed.URL, body)
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if got := response.Header.Get("Access-Control-Allow-Origin"); response.StatusCode == 403 || got != c.allowed {
				t.Errorf("%d, allowed origin %q, want %q", response.StatusCode, got, c.allowed)
			}
		})
	}
}

// TestBearerBesideAPresignedURL: S3 refuses two kinds of credentials, so clients must not forward the
// API's token when they follow a redirect.
func TestBearerBesideAPresignedURL(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir(), time.Now)
	s.put(t, "a", "one")
	signed, err := awss3.NewPresignClient(s.Client).PresignGetObject(context.Background(), &awss3.GetObjectInput{Bucket: aws.String("uploads"), Key: aws.String("a")})
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]int{"": 200, "Bearer x": 400} {
		r, _ := http.NewRequest("GET", signed.URL, nil)
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != want || want == 400 && !strings.Contains(string(body), "<Code>InvalidArgument</Code><Message>Only one auth mechanism allowed") {
			t.Errorf("%q: %d %s", header, response.StatusCode, body)
		}
	}
}
