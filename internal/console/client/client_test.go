package client_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/console/client"
)

// thing is the response of the operations of these tests.
type thing struct {
	Name string `json:"name"`
}

// received is what a server received.
type received struct {
	Request string
	Headers map[string]string
	Body    string
}

// echo is a server that records requests and responds with a status, a header and a body.
func echo(t *testing.T, status int, location, body string) (*client.Client, *received) {
	t.Helper()
	var got received
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = received{r.Method + " " + r.RequestURI, map[string]string{}, string(sent)}
		for _, name := range []string{"Authorization", "Accept-Language", "Content-Type", "Idempotency-Key", "If-Match"} {
			if value := r.Header.Get(name); value != "" {
				got.Headers[name] = value
			}
		}
		if location != "" {
			w.Header().Set("Location", location)
		}
		w.Header().Set("Apigw-Requestid", "gateway-1")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return client.New(server.URL, server.Client()), &got
}

// TestCalls: what each operation sends.
func TestCalls(t *testing.T) {
	t.Parallel()
	plain := map[string]string{"Authorization": "Bearer token", "Accept-Language": "nl"}
	for name, test := range map[string]struct {
		operation client.Operation[thing]
		call      client.Call
		want      received
	}{
		"a read": {
			client.Get[thing]("/things"),
			client.Call{Query: url.Values{"q": {"a b&c"}, "empty": {""}, "list": {"1", "", "2"}}},
			received{"GET /things?list=1&list=2&q=a+b%26c", plain, ""},
		},
		"variables": {
			client.Get[thing]("/things/{id}/parts/{part}"),
			client.Call{Path: []string{"a/b?c", "é+1"}},
			received{"GET /things/a%2Fb%3Fc/parts/%C3%A9+1", plain, ""},
		},
		"a change": {
			client.Patch[thing]("/things/{id}"),
			client.Call{Path: []string{"1"}, Body: thing{"<new>"}, Key: "key-1", IfMatch: 7},
			received{
				"PATCH /things/1", map[string]string{
					"Authorization": "Bearer token", "Accept-Language": "nl", "Content-Type": "application/json", "Idempotency-Key": "key-1", "If-Match": `"7"`,
				}, `{"name":"\u003cnew\u003e"}`,
			},
		},
		"a deletion": {client.Delete[thing]("/things/{id}"), client.Call{Path: []string{"1"}}, received{"DELETE /things/1", plain, ""}},
		"an action":  {client.Post[thing]("/things/start"), client.Call{}, received{"POST /things/start", plain, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, got := echo(t, http.StatusOK, "", `{"name": "one", "more": true}`)
			test.call.Token, test.call.Lang = "token", "nl"
			out, err := client.Do(t.Context(), c, test.operation, test.call)
			if err != nil || out.Name != "one" {
				t.Fatalf("%+v, %v", out, err)
			}
			if diff := cmp.Diff(test.want, *got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestProblems: errors of the API, and of API Gateway.
func TestProblems(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   client.Problem
	}{
		"a problem document": {
			422, `{"status": 422, "code": "invalid_input", "detail": "Correct it.", "requestId": "r1", "errors": [{"pointer": "/name", "code": "name_required", "message": "Give it a name."}]}`,
			client.Problem{Status: 422, Code: "invalid_input", Detail: "Correct it.", RequestID: "r1", Errors: []client.FieldError{{Pointer: "/name", Code: "name_required", Message: "Give it a name."}}},
		},
		"API Gateway": {429, `{"message": "Too Many Requests"}`, client.Problem{Status: 429, RequestID: "gateway-1"}},
		"no JSON":     {502, "<html>", client.Problem{Status: 502, RequestID: "gateway-1"}},
		"a redirect":  {302, "", client.Problem{Status: 302, RequestID: "gateway-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := echo(t, test.status, "https://elsewhere.example/", test.body)
			_, err := client.Do(t.Context(), c, client.Get[thing]("/things"), client.Call{})
			var p *client.Problem
			if !errors.As(err, &p) {
				t.Fatalf("%v is no problem", err)
			}
			if diff := cmp.Diff(test.want, *p); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	p := client.Problem{Code: "taken", Errors: []client.FieldError{{Code: "name_taken"}}}
	if !p.Has("taken") || !p.Has("name_taken") || p.Has("pair_taken") {
		t.Errorf("%+v has other codes", p)
	}
}

// TestUnreachable: an error without a response never has the address, which may have names of people.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, c := range map[string]*client.Client{"closed": client.New(gone.URL, &http.Client{}), "no address": client.New("http://[", &http.Client{})} {
		_, err := client.Do(t.Context(), c, client.Get[thing]("/things"), client.Call{Query: url.Values{"q": {"anna"}}})
		var u *client.Unreachable
		if err == nil || strings.Contains(err.Error(), "anna") || name == "closed" && !errors.As(err, &u) {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, _ := echo(t, http.StatusOK, "", "not JSON")
	if _, err := client.Do(t.Context(), c, client.Get[thing]("/things"), client.Call{}); err == nil {
		t.Error("a response that is not JSON has no error")
	}
	if _, err := client.Do(t.Context(), c, client.Get[client.None]("/things"), client.Call{}); err != nil {
		t.Errorf("a response that is not read: %v", err)
	}
}

// TestOpen: files, and addresses of files, are for the browser.
func TestOpen(t *testing.T) {
	t.Parallel()
	c, got := echo(t, http.StatusSeeOther, "https://bucket.example/file?signature=1", "")
	response, err := c.Open(t.Context(), "/things/{id}/file", client.Call{Token: "token", Path: []string{"1"}})
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if to := response.Header.Get("Location"); to != "https://bucket.example/file?signature=1" || got.Request != "GET /things/1/file" {
		t.Errorf("%s: %s", got.Request, to)
	}
	c, _ = echo(t, http.StatusNotFound, "", `{"code": "gone"}`)
	var p *client.Problem
	if _, err := c.Open(t.Context(), "/things", client.Call{}); !errors.As(err, &p) || p.Code != "gone" {
		t.Errorf("a file that is gone: %v", err)
	}
}

// TestStored: a response that is too large for a function is read from the bucket, without the token. A bucket that
// refuses is an error without the address, which has a signature.
func TestStored(t *testing.T) {
	t.Parallel()
	for status, ok := range map[int]bool{http.StatusOK: true, http.StatusForbidden: false} {
		var asked http.Header
		bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = r.Header
			w.WriteHeader(status)
			io.WriteString(w, `{"name": "`+strings.Repeat("a", 7<<20)+`"}`)
		}))
		c, _ := echo(t, http.StatusSeeOther, bucket.URL+"/large?signature=secret", "")
		out, err := client.Do(t.Context(), c, client.Get[thing]("/things"), client.Call{Token: "token"})
		bucket.Close()
		var u *client.Unreachable
		if ok && (err != nil || len(out.Name) != 7<<20) || !ok && (!errors.As(err, &u) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%d: %d bytes, %v", status, len(out.Name), err)
		}
		if asked == nil || asked.Get("Authorization") != "" {
			t.Errorf("%d: the bucket received %v", status, asked)
		}
	}
}

// TestPut: a file goes to its address with exactly the headers that were signed, and without the token.
func TestPut(t *testing.T) {
	t.Parallel()
	for status, ok := range map[int]bool{http.StatusOK: true, http.StatusForbidden: false} {
		var header http.Header
		var body []byte
		bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			header = r.Header
			body, _ = io.ReadAll(r.Body)
			w.WriteHeader(status)
		}))
		c := client.New("http://unused.example", bucket.Client())
		err := c.Put(t.Context(), client.Upload{Method: "PUT", URL: bucket.URL + "/file?signature=secret", Headers: map[string]string{"X-Amz-Meta-By": "an"}}, []byte("content"))
		bucket.Close()
		var u *client.Unreachable
		if (err == nil) != ok || err != nil && (!errors.As(err, &u) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%d: %v", status, err)
		}
		if string(body) != "content" || header.Get("X-Amz-Meta-By") != "an" || header.Get("Authorization") != "" {
			t.Errorf("%d: %q %v", status, body, header)
		}
	}
}
