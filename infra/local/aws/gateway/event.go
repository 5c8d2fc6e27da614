package gateway

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"
)

// event is a request in API Gateway's payload format 2.0.
type event struct {
	Version               string            `json:"version"`
	RouteKey              string            `json:"routeKey"`
	RawPath               string            `json:"rawPath"`
	RawQueryString        string            `json:"rawQueryString"`
	Cookies               []string          `json:"cookies,omitempty"`
	Headers               map[string]string `json:"headers"`
	QueryStringParameters map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext        requestContext    `json:"requestContext"`
	PathParameters        map[string]string `json:"pathParameters,omitempty"`
	Body                  string            `json:"body,omitempty"`
	IsBase64Encoded       bool              `json:"isBase64Encoded"`
}

type requestContext struct {
	AccountID    string      `json:"accountId"`
	APIID        string      `json:"apiId"`
	Authorizer   *authorizer `json:"authorizer,omitempty"`
	DomainName   string      `json:"domainName"`
	DomainPrefix string      `json:"domainPrefix"`
	HTTP         httpContext `json:"http"`
	RequestID    string      `json:"requestId"`
	RouteKey     string      `json:"routeKey"`
	Stage        string      `json:"stage"`
	Time         string      `json:"time"`
	TimeEpoch    int64       `json:"timeEpoch"` // ms
}

type httpContext struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

type authorizer struct {
	JWT jwtContext `json:"jwt"`
}

type jwtContext struct {
	Claims map[string]string `json:"claims"`
	Scopes []string          `json:"scopes"` // null: no route requires scopes
}

// newEvent returns the event for a request that matched a route. The claims are nil if
// the route has no authorizer.
func newEvent(r *http.Request, routeKey string, parameters map[string]string, claims map[string]string, body []byte, id string, now time.Time) event {
	source, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		source = r.RemoteAddr
	}
	e := event{
		Version:               "2.0",
		RouteKey:              routeKey,
		RawPath:               r.URL.Path,
		RawQueryString:        r.URL.RawQuery,
		Headers:               map[string]string{"host": r.Host},
		QueryStringParameters: joined(r.URL.Query()),
		PathParameters:        parameters,
		RequestContext: requestContext{
			AccountID:    "000000000000",
			APIID:        "local",
			DomainName:   r.Host,
			DomainPrefix: "local",
			HTTP: httpContext{
				Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent(),
			},
			RequestID: id,
			RouteKey:  routeKey,
			Stage:     "$default",
			Time:      now.UTC().Format("02/Jan/2006:15:04:05 -0700"),
			TimeEpoch: now.UnixMilli(),
		},
	}
	for name, values := range r.Header {
		if name != "Cookie" {
			e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
		}
	}
	if e.Headers["x-amzn-trace-id"] == "" {
		e.Headers["x-amzn-trace-id"] = traceID(now)
	}
	e.Headers["x-forwarded-for"] = source
	e.Headers["x-forwarded-proto"] = "http"
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		e.Headers["x-forwarded-port"] = port
	}
	for _, header := range r.Header.Values("Cookie") {
		for cookie := range strings.SplitSeq(header, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				e.Cookies = append(e.Cookies, cookie)
			}
		}
	}
	if claims != nil {
		e.RequestContext.Authorizer = &authorizer{JWT: jwtContext{Claims: claims}}
	}
	if isText(r.Header.Get("Content-Type")) && utf8.Valid(body) {
		e.Body = string(body)
	} else if len(body) > 0 {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return e
}

func joined(query url.Values) map[string]string {
	if len(query) == 0 {
		return nil
	}
	parameters := make(map[string]string, len(query))
	for name, values := range query {
		parameters[name] = strings.Join(values, ",")
	}
	return parameters
}

// isText reports whether API Gateway passes a body of this type as text. It encodes other
// types, including forms, in base64.
func isText(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch kind {
	case "application/json", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml")
}

// response is a function's response in payload format 2.0.
type response struct {
	StatusCode      *int              `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Cookies         []string          `json:"cookies"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

// hasStatus reports whether an answer has a status, even if it cannot be decoded as a response.
func hasStatus(payload []byte) bool {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(payload, &fields) // only an object can have a status
	return fields["statusCode"] != nil && string(fields["statusCode"]) != "null"
}

// write writes a function's answer as the HTTP response. It returns an error, and writes
// nothing, if the answer is malformed.
func write(w http.ResponseWriter, payload []byte) error {
	var out response
	err := json.Unmarshal(payload, &out)
	if out.StatusCode == nil {
		if hasStatus(payload) {
			return err
		}
		// Without a status, the whole answer is the body.
		w.Header().Set("Content-Type", "application/json")
		w.Write(payload)
		return nil
	}
	if err != nil {
		return err
	}
	status := *out.StatusCode
	if status < 200 || status > 599 {
		return fmt.Errorf("status %d", status)
	}
	body := []byte(out.Body)
	if out.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(out.Body)
		if err != nil {
			return errors.New("the body is not base64")
		}
		body = decoded
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain;charset=UTF-8") // unless the function says otherwise
	for name, value := range out.Headers {
		switch http.CanonicalHeaderKey(name) {
		case "Connection", "Content-Length", "Transfer-Encoding": // set by the server
		default:
			h.Set(name, value)
		}
	}
	for _, cookie := range out.Cookies {
		h.Add("Set-Cookie", cookie)
	}
	w.WriteHeader(status)
	w.Write(body)
	return nil
}

// requestID returns an id in the form of API Gateway's: 15 characters of base64 and "=".
func requestID(now time.Time) string {
	var b [11]byte
	_, _ = rand.Read(b[:])                                // never fails
	binary.BigEndian.PutUint32(b[:4], uint32(now.Unix())) // ids sort by time in the logs
	return base64.RawURLEncoding.EncodeToString(b[:]) + "="
}

// traceID returns an X-Ray trace id: the start time in hexadecimal and 12 random bytes.
func traceID(now time.Time) string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("Root=1-%08x-%x", now.Unix(), b)
}
