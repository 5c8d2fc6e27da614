package s3

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/encoding/httpbinding"
	"github.com/johannesboyne/gofakes3"
)

const (
	algorithm       = "AWS4-HMAC-SHA256"
	unsignedPayload = "UNSIGNED-PAYLOAD"
	amzTime         = "20060102T150405Z"
	skew            = 15 * time.Minute   // maximum difference between the clocks of a client and S3
	longestLife     = 7 * 24 * time.Hour // maximum validity of a presigned URL
)

// signature has the parameters of a request's signature.
type signature struct {
	presigned     bool
	accessKey     string
	region        string
	signedHeaders []string // lower case
	value         string
	at            time.Time
	payloadHash   string
}

// verify checks the signature of a request: it signs the request again with the SDK's
// signer and compares. The body is checked against the signed hash while it is read. It
// returns the principal of the request.
//
// A request signed in its headers with a foreign key is accepted without a check: its
// secret is unknown, the server answers only this machine, and clients configured for AWS
// work unchanged. A presigned URL must be signed with one of the server's keys.
func (s *Server) verify(r *http.Request) (principal string, err error) {
	sig, err := readSignature(r)
	if err != nil {
		return "", err
	}
	now := s.options.Now()
	if sig.at.After(now.Add(skew)) || !sig.presigned && sig.at.Before(now.Add(-skew)) {
		return "", refuse("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	}
	if sig.presigned {
		if err := checkLife(r, sig, now); err != nil {
			return "", err
		}
	}
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(sig.signedHeaders, name) {
			return "", refuse("AccessDenied", "There were headers present in the request which were not signed: "+name)
		}
	}
	principal = "AWS:" + sig.accessKey
	i := slices.IndexFunc(s.options.Keys, func(k Key) bool { return k.AccessKeyID == sig.accessKey })
	switch {
	case i >= 0:
		principal = s.options.Keys[i].Principal
		again, err := sign(r.Context(), r, sig, s.options.Keys[i].Credentials)
		if err != nil {
			return "", err
		}
		if subtle.ConstantTimeCompare([]byte(again), []byte(sig.value)) != 1 {
			return "", refuse("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "+
				"Check the secret key, and that method, path, query, headers and length are those that were signed.")
		}
	case sig.presigned:
		return "", refuse("InvalidAccessKeyId", "The URL was not signed with an access key of this server.")
	}
	if sum, err := hex.DecodeString(sig.payloadHash); err == nil && len(sum) == sha256.Size {
		r.Body = &hashedBody{ReadCloser: r.Body, hash: sha256.New(), want: sum}
	}
	return principal, nil
}

func readSignature(r *http.Request) (signature, error) {
	var sig signature
	var credential, signedHeaders, date string
	query := r.URL.Query()
	header := r.Header.Get("Authorization")
	switch {
	case query.Has("X-Amz-Signature") && header != "":
		return sig, malformed("InvalidArgument", "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "+
			"Signature query string parameter or the Authorization header should be specified")
	case query.Has("X-Amz-Signature"):
		sig.presigned = true
		credential, signedHeaders, date = query.Get("X-Amz-Credential"), query.Get("X-Amz-SignedHeaders"), query.Get("X-Amz-Date")
		sig.value = query.Get("X-Amz-Signature")
		sig.payloadHash = unsignedPayload
		if hash := query.Get("X-Amz-Content-Sha256"); hash != "" {
			sig.payloadHash = hash
		}
		if query.Get("X-Amz-Algorithm") != algorithm {
			return sig, refuse("AuthorizationQueryParametersError", "X-Amz-Algorithm only supports "+algorithm)
		}
	case strings.HasPrefix(header, algorithm+" "):
		for field := range strings.SplitSeq(header[len(algorithm):], ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
			switch name {
			case "Credential":
				credential = value
			case "SignedHeaders":
				signedHeaders = value
			case "Signature":
				sig.value = value
			}
		}
		date, sig.payloadHash = r.Header.Get("X-Amz-Date"), r.Header.Get("X-Amz-Content-Sha256")
	default:
		return sig, refuse("AccessDenied", "Access Denied: the request is not signed (Signature Version 4).")
	}
	scope := strings.Split(credential, "/") // key/date/region/s3/aws4_request
	at, err := time.Parse(amzTime, date)
	if err != nil || len(scope) != 5 || scope[1] != date[:8] || scope[3] != "s3" || sig.value == "" || signedHeaders == "" {
		return sig, refuse("AuthorizationHeaderMalformed", "The authorization is malformed.")
	}
	sig.accessKey, sig.region, sig.at = scope[0], scope[2], at
	sig.signedHeaders = strings.Split(signedHeaders, ";")
	if !slices.Contains(sig.signedHeaders, "host") {
		return sig, refuse("SignatureDoesNotMatch", "The host is not signed.")
	}
	return sig, nil
}

func checkLife(r *http.Request, sig signature, now time.Time) error {
	seconds, err := strconv.Atoi(r.URL.Query().Get("X-Amz-Expires"))
	life := time.Duration(seconds) * time.Second
	if err != nil || life <= 0 || life > longestLife {
		return refuse("AuthorizationQueryParametersError", "X-Amz-Expires must be between 1 second and 7 days.")
	}
	if now.After(sig.at.Add(life)) {
		return refuse("AccessDenied", "Request has expired")
	}
	return nil
}

var signer = v4.NewSigner(func(o *v4.SignerOptions) {
	o.DisableURIPathEscaping = true // required for S3
	o.DisableHeaderHoisting = true  // hoisted headers are in the query already
})

// sign returns the signature that the request should have with a key. It signs a copy with only the
// headers that the client lists as signed.
func sign(ctx context.Context, r *http.Request, sig signature, key aws.Credentials) (string, error) {
	query := r.URL.Query()
	for _, name := range []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Signature"} {
		if sig.presigned {
			query.Del(name)
		}
	}
	again := &http.Request{
		Method: r.Method,
		Host:   r.Host,
		Header: http.Header{},
		URL: &url.URL{
			Path: r.URL.Path, RawPath: httpbinding.EscapePath(r.URL.Path, false), // independent of the client's escaping
			RawQuery: query.Encode(),
		},
	}
	for _, name := range sig.signedHeaders {
		switch name {
		case "host":
		case "content-length":
			again.ContentLength = r.ContentLength
		default:
			if values, ok := r.Header[http.CanonicalHeaderKey(name)]; ok {
				again.Header[http.CanonicalHeaderKey(name)] = values
			}
		}
	}
	if sig.presigned {
		uri, _, err := signer.PresignHTTP(ctx, key, again, sig.payloadHash, "s3", sig.region, sig.at)
		if err != nil {
			return "", err
		}
		signed, err := url.Parse(uri)
		if err != nil {
			return "", err
		}
		return signed.Query().Get("X-Amz-Signature"), nil
	}
	if err := signer.SignHTTP(ctx, key, again, sig.payloadHash, "s3", sig.region, sig.at); err != nil {
		return "", err
	}
	_, value, _ := strings.Cut(again.Header.Get("Authorization"), "Signature=")
	return value, nil
}

// hashedBody returns an error at its end if the body does not have the signed hash.
type hashedBody struct {
	io.ReadCloser
	hash hash.Hash
	want []byte
}

func (b *hashedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.hash.Write(p[:n])
	if err == io.EOF && !slices.Equal(b.hash.Sum(nil), b.want) {
		return n, gofakes3.ErrorMessage(gofakes3.ErrBadDigest, "The body differs from the signed one (X-Amz-Content-Sha256).")
	}
	return n, err
}
