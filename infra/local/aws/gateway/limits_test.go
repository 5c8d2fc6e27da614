package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"trueup/infra/local/aws/gateway"
)

func TestLimitOfBodies(t *testing.T) {
	t.Parallel()
	s := start(t)
	for size, want := range map[int]int{gateway.MaxBody + 1: 413, gateway.MaxBody: 413 /* the function's own limit is 6 MB */, 2 << 20: 200} {
		response, body := s.do(t, "POST", "/things", strings.Repeat("x", size), http.Header{"Content-Type": {"text/plain"}})
		if response.StatusCode != want || want == 413 && body != `{"message":"Request Entity Too Large"}` {
			t.Errorf("%d bytes: %d %.80s", size, response.StatusCode, body)
		}
	}
}

// TestLimitOfHeaders: a path, query or header that is too long for API Gateway is rejected,
// with or without a token required.
func TestLimitOfHeaders(t *testing.T) {
	t.Parallel()
	s := start(t)
	const most = gateway.MaxHeader - 200 // the rest of a request has at most 200 bytes
	for name, c := range map[string]struct {
		path   string
		header http.Header
		status int
	}{
		"query":          {"/open?a=" + strings.Repeat("x", most), nil, 200},
		"long query":     {"/open?a=" + strings.Repeat("x", gateway.MaxHeader), nil, 431},
		"long path":      {"/things/" + strings.Repeat("x", gateway.MaxHeader) + "/parts/1", nil, 431},
		"header":         {"/open", http.Header{"X-Long": {strings.Repeat("x", most)}}, 200},
		"long header":    {"/open", http.Header{"X-Long": {strings.Repeat("x", gateway.MaxHeader)}}, 431},
		"in two headers": {"/open", http.Header{"X-Long": {strings.Repeat("x", most/2), strings.Repeat("x", most/2+200)}}, 431},
		"long token":     {"/things", bearer(strings.Repeat("x", gateway.MaxHeader)), 431},
		"long and none":  {"/nothing?a=" + strings.Repeat("x", gateway.MaxHeader), nil, 431},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := s.do(t, "GET", c.path, "", c.header)
			if response.StatusCode != c.status || c.status == 431 && body != `{"message":"Request Header Fields Too Large"}` {
				t.Errorf("%d %.100s", response.StatusCode, body)
			}
		})
	}
}
