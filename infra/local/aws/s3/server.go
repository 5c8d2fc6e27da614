// Package s3 is the S3 of the local stack: gofakes3 with its own store, stricter than that
// library where the product depends on the behaviour of S3.
//
//   - Signatures (Version 4, in headers and presigned) are checked, with expiry and signed
//     length; unsigned requests are rejected. Requests signed in headers with a foreign key
//     are accepted without checking the signature.
//   - A request with a presigned URL and an Authorization header is rejected.
//   - Pages of other origins may do what the CORS rule of a bucket allows.
//   - Unsupported operations (tagging, ACLs and so on) are answered with 501 instead of
//     being treated as an ordinary put.
//   - Buckets are versioned, and all data survives a restart.
//   - Each created object sends the same event as a bucket notification. The receiver has
//     stored it before the put is answered; it gets an event twice only after a crash.
//
// It supports only path style. It is meant for one machine: listen on the loopback
// interface.
package s3

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/johannesboyne/gofakes3"
)

// Region is the region of the buckets.
const Region = "eu-west-1"

// Options configures a Server.
type Options struct {
	Dir     string          // folder of the data
	Buckets []string        // created if missing
	Keys    []Key           // whose signatures are checked; only they can presign URLs
	CORS    map[string]Rule // by bucket; pages of other origins cannot use a bucket without a rule
	Notify  Notifier        // receives the events
	Now     func() time.Time
}

// Key is an access key, and the principal that acts with it, as events name it: "AWS:" and the
// unique id of a user, or of a role with ":" and the name of the session.
type Key struct {
	aws.Credentials
	Principal string
}

// Server serves the S3 API.
type Server struct {
	options Options
	store   *store
	next    http.Handler
}

// New opens the data and creates missing buckets. Only one server can use a folder at a
// time.
func New(o Options) (*Server, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	st, err := openStore(dir, o.Now, o.Notify)
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	for _, bucket := range o.Buckets {
		if err := st.CreateBucket(bucket); err != nil && !gofakes3.IsAlreadyExists(err) {
			return nil, errors.Join(fmt.Errorf("s3: %w", err), st.Close())
		}
	}
	fake := gofakes3.New(st, gofakes3.WithTimeSkewLimit(0)) // verify checks the time
	return &Server{options: o, store: st, next: fake.Server()}, nil
}

// Redeliver sends the events that the last run did not deliver. Call it before the first
// request.
func (s *Server) Redeliver() error { return s.store.redeliver() }

// Close closes the data. Requests in progress must have ended.
func (s *Server) Close() error { return s.store.Close() }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions {
		s.preflight(w, r)
		return
	}
	out := s.cross(w, r)
	defer out.end()
	w = out
	if err := s.admit(r); err != nil {
		writeError(w, r, err)
		return
	}
	// gofakes3 ignores the version id in a HEAD request.
	if r.Method == http.MethodHead && r.URL.Query().Has("versionId") {
		get := *r // net/http still omits the body, because the client sent HEAD
		get.Method = http.MethodGet
		r = &get
	}
	s.next.ServeHTTP(w, r)
}

// admit checks a request and decodes its body into plain bytes.
func (s *Server) admit(r *http.Request) error {
	principal, err := s.verify(r)
	if err != nil {
		return err
	}
	r.Header.Set(principalHeader, principal)
	if err := implemented(r); err != nil {
		return err
	}
	return unchunk(r)
}

// known lists the query parameters of the implemented operations.
var known = map[string]bool{
	"list-type": true, "prefix": true, "delimiter": true, "max-keys": true, "marker": true, "continuation-token": true,
	"start-after": true, "fetch-owner": true, "encoding-type": true, "location": true, "versioning": true, "versionId": true,
	"uploads": true, "uploadId": true, "partNumber": true, "delete": true, "part-number-marker": true, "max-parts": true,
	"x-id": true,
}

func implemented(r *http.Request) error {
	for name := range r.URL.Query() {
		lower := strings.ToLower(name)
		if !known[name] && !strings.HasPrefix(lower, "x-amz-") && !strings.HasPrefix(lower, "response-") {
			return notImplemented(name)
		}
	}
	switch {
	case r.Method == http.MethodPost && len(r.URL.Query()) == 0:
		return notImplemented("browser upload with a POST policy")
	case r.Header.Get("X-Amz-Copy-Source") == "":
		return nil
	case r.URL.Query().Has("uploadId"):
		return notImplemented("copy of a part")
	case strings.EqualFold(r.Header.Get("X-Amz-Metadata-Directive"), "REPLACE"):
		return notImplemented("copy with other metadata")
	case strings.Contains(r.Header.Get("X-Amz-Copy-Source"), "?versionId="):
		return notImplemented("copy of a version")
	}
	return nil
}

// failure is an error response of S3.
type failure struct {
	XMLName xml.Name `xml:"Error"`
	Code    string
	Message string
	status  int
}

func (f *failure) Error() string { return f.Code + ": " + f.Message }

func refuse(code, message string) error {
	return &failure{Code: code, Message: message, status: http.StatusForbidden}
}

func malformed(code, message string) error {
	return &failure{Code: code, Message: message, status: http.StatusBadRequest}
}

func notImplemented(what string) error {
	return &failure{
		Code: "NotImplemented", Message: "The local stack does not implement this: " + what, status: http.StatusNotImplemented,
	}
}

func writeError(w http.ResponseWriter, r *http.Request, err error) {
	var f *failure
	if !errors.As(err, &f) {
		f = &failure{Code: "InternalError", Message: err.Error(), status: http.StatusInternalServerError}
	}
	// The client may still be sending the body. Closing makes it stop and read the response.
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(f.status)
	if r.Method != http.MethodHead {
		body, _ := xml.Marshal(f) // strings always marshal
		w.Write(append([]byte(xml.Header), body...))
	}
}
