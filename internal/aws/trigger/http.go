package trigger

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"trueup/internal/access"
	"trueup/internal/i18n"
)

// spare is the time that a function reserves for its answer, so that a request that hangs gets
// an answer with the advice to retry instead of the gateway's own error.
const spare = time.Second

// HTTP returns the handler of a function behind an API Gateway HTTP API (payload 2.0). The
// request that h gets carries the caller and the request id as an access.Call; the gateway's JWT
// authorizer has checked the token, and the event contains its claims, from which signIn reads the
// caller. Each request logs one line, without its query, headers and bodies. A request that h cannot
// answer gets a 500, and another line logs the cause.
func HTTP(h http.Handler, signIn access.SignIn, log *slog.Logger, clock func() time.Time) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		begin := clock()
		if end, limited := ctx.Deadline(); limited {
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, end.Add(-spare))
			defer cancel()
		}
		out := answer(ctx, h, signIn, log, event)
		log.InfoContext(ctx, "request",
			"route", event.RouteKey,
			"status", out.StatusCode,
			"duration_ms", float64(clock().Sub(begin).Microseconds())/1000,
			access.RequestIDKey, event.RequestContext.RequestID,
			"trace", event.Headers["x-amzn-trace-id"],
		)
		return out, nil
	}
}

// maxAnswer is the maximum size, in bytes of JSON, of a function's answer. Lambda replaces a
// larger one with an error that names no request.
const maxAnswer = 6 << 20

// answer returns h's answer to an event.
func answer(ctx context.Context, h http.Handler, signIn access.SignIn, log *slog.Logger, event events.APIGatewayV2HTTPRequest) (out events.APIGatewayV2HTTPResponse) {
	where := []any{"route", event.RouteKey, access.RequestIDKey, event.RequestContext.RequestID}
	defer func() {
		if cause := recover(); cause != nil {
			log.ErrorContext(ctx, "panic", append(where, "error", fmt.Sprint(cause), "stack", string(debug.Stack()))...)
			out = fault(event)
		}
	}()
	r, err := request(ctx, signIn, event)
	if err == nil {
		var w response
		h.ServeHTTP(&w, r)
		out = w.event()
		err = fits(out)
	}
	if err != nil {
		log.ErrorContext(ctx, "fault", append(where, "error", err)...)
		return fault(event)
	}
	return out
}

// fits returns an error if an answer is too large for Lambda.
func fits(out events.APIGatewayV2HTTPResponse) error {
	if len(out.Body) < maxAnswer/8 { // JSON encodes a byte as at most six
		return nil
	}
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false) // as the runtime does
	if err := encoder.Encode(out); err != nil {
		return fmt.Errorf("trigger: encode the response: %w", err)
	}
	if encoded.Len() > maxAnswer {
		return fmt.Errorf("trigger: the response has %d bytes; the maximum of Lambda is %d", encoded.Len(), maxAnswer)
	}
	return nil
}

// fault returns the answer to an event that h could not answer: a problem like those of package
// httpapi.
func fault(event events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPResponse {
	const code = "internal_error"
	lang := i18n.Language(event.Headers["accept-language"])
	body, err := json.Marshal(map[string]any{
		"type": "about:blank", "title": http.StatusText(http.StatusInternalServerError), "status": http.StatusInternalServerError,
		"detail": i18n.Text(lang, code, nil), "code": code, "requestId": event.RequestContext.RequestID,
	})
	if err != nil {
		panic(err) // strings and a number
	}
	return events.APIGatewayV2HTTPResponse{
		StatusCode: http.StatusInternalServerError, Body: string(body),
		Headers: map[string]string{ // as package httpapi sets them
			"Content-Type": "application/problem+json", "Content-Language": string(lang), "Cache-Control": "private, no-cache",
			"Vary": "Accept-Language", "X-Content-Type-Options": "nosniff",
		},
	}
}

// request converts an event to a request. Values of headers of the same name arrive joined by
// commas and stay so: a date contains commas too.
func request(ctx context.Context, signIn access.SignIn, event events.APIGatewayV2HTTPRequest) (*http.Request, error) {
	body := []byte(event.Body)
	if event.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(event.Body)
		if err != nil {
			return nil, fmt.Errorf("trigger: body of the event: %w", err)
		}
		body = decoded
	}
	call := access.Call{RequestID: event.RequestContext.RequestID}
	if a := event.RequestContext.Authorizer; a != nil && a.JWT != nil {
		if p, ok := signIn.Caller(a.JWT.Claims, event.Headers["authorization"]); ok {
			call.Principal = &p
		}
	}
	r, err := http.NewRequestWithContext(access.WithCall(ctx, call), event.RequestContext.HTTP.Method, "/", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("trigger: method of the event: %w", err)
	}
	// API Gateway decodes the path, so it is not decoded again: %2F is text here.
	r.URL = &url.URL{Path: event.RawPath, RawQuery: event.RawQueryString}
	r.RequestURI = r.URL.RequestURI()
	r.RemoteAddr = event.RequestContext.HTTP.SourceIP
	for name, value := range event.Headers {
		r.Header.Set(name, value)
	}
	if event.Cookies != nil {
		r.Header.Set("Cookie", strings.Join(event.Cookies, "; "))
	}
	r.Host = r.Header.Get("Host")
	r.Header.Del("Host")
	return r, nil
}

// response collects a handler's answer.
type response struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (w *response) Header() http.Header {
	if w.header == nil {
		w.header = http.Header{}
	}
	return w.header
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *response) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// event converts the response for API Gateway. Only a body that is not text is encoded in
// base64. Cookies have a separate field because their values cannot be joined.
func (w *response) event() events.APIGatewayV2HTTPResponse {
	w.WriteHeader(http.StatusOK)
	out := events.APIGatewayV2HTTPResponse{StatusCode: w.status, Headers: map[string]string{}, Cookies: w.Header().Values("Set-Cookie")}
	for name, values := range w.Header() {
		if name != "Set-Cookie" {
			out.Headers[name] = strings.Join(values, ", ")
		}
	}
	if body := w.body.Bytes(); utf8.Valid(body) {
		out.Body = string(body)
	} else {
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return out
}
