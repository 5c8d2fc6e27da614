// Package client calls trueup's own HTTP API with the access token of a person.
//
// An operation is declared with the type of its response, which has only the fields that a page shows.
// A call returns the response, a *Problem that the API returned, or an *Unreachable error if there is no
// response. The package keeps no state of a person: each call names the token and the language.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Client calls the HTTP API at one address.
type Client struct {
	base string
	http *http.Client
}

// New returns a client of the API at an address without a slash at the end.
func New(base string, h *http.Client) *Client {
	own := *h
	// A response that redirects is for the browser, which may read files that the console may not.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{base: base, http: &own}
}

// Operation is one operation of the API. Out is the type of its response.
type Operation[Out any] struct {
	Method, Path string // as in the OpenAPI document
	Response     *Out   // nil: only its type is used
}

// None is the type of a response that is not read.
type None struct{}

// Get returns an operation that reads.
func Get[Out any](path string) Operation[Out] {
	return Operation[Out]{Method: http.MethodGet, Path: path}
}

// Post returns an operation that creates or starts something.
func Post[Out any](path string) Operation[Out] {
	return Operation[Out]{Method: http.MethodPost, Path: path}
}

// Put returns an operation that sets something.
func Put[Out any](path string) Operation[Out] {
	return Operation[Out]{Method: http.MethodPut, Path: path}
}

// Patch returns an operation that changes something.
func Patch[Out any](path string) Operation[Out] {
	return Operation[Out]{Method: http.MethodPatch, Path: path}
}

// Delete returns an operation that deletes something.
func Delete[Out any](path string) Operation[Out] {
	return Operation[Out]{Method: http.MethodDelete, Path: path}
}

// Call is what a call of an operation sends.
type Call struct {
	Token   string     // access token
	Lang    string     // BCP 47 tag of the language of texts in the answer
	Path    []string   // values of the variables in the path, in their order
	Query   url.Values // empty values are not sent
	Body    any        // sent as JSON; nil for none
	Key     string     // Idempotency-Key: repeated calls with the same key have one effect
	IfMatch int64      // version that must be current; 0 for any, Unversioned for version 0
	Fresh   bool       // whether the response must have all changes until now
}

// Unversioned is the IfMatch of a list that was never changed, whose version is 0.
const Unversioned = -1

// maxResponse is the maximum size of a response in bytes. A function of the API cannot send more.
const maxResponse = 6 << 20

// maxStored is the maximum size in bytes of a response that the API stored because it is larger than maxResponse.
const maxStored = 32 << 20

// Do calls an operation.
func Do[Out any](ctx context.Context, c *Client, o Operation[Out], call Call) (out Out, err error) {
	response, err := c.send(ctx, o.Method, o.Path, call)
	if err != nil {
		return out, err
	}
	limit := int64(maxResponse)
	if response.StatusCode == http.StatusSeeOther && o.Method == http.MethodGet {
		response.Body.Close()
		if response, err = c.stored(ctx, response.Header.Get("Location")); err != nil {
			return out, err
		}
		limit = maxStored
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return out, &Unreachable{cause: err}
	case response.StatusCode >= http.StatusMultipleChoices:
		return out, problem(response, body)
	}
	if _, none := any(out).(None); none {
		return out, nil
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return out, fmt.Errorf("client: response of %s %s: %w", o.Method, o.Path, err)
	}
	return out, nil
}

// stored opens a response that the API stored in a bucket. Its address needs no token.
func (c *Client) stored(ctx context.Context, address string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("client: address of a stored response: %w", withoutAddress(err))
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, &Unreachable{cause: withoutAddress(err)}
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, &Unreachable{cause: fmt.Errorf("the bucket responded %s", response.Status)}
	}
	return response, nil
}

// Open calls an operation that responds with a file, or with the address of one. The caller closes the
// body of the response.
func (c *Client) Open(ctx context.Context, path string, call Call) (*http.Response, error) {
	response, err := c.send(ctx, http.MethodGet, path, call)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK || response.StatusCode == http.StatusSeeOther {
		return response, nil
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxResponse))
	if err != nil {
		return nil, &Unreachable{cause: err}
	}
	return nil, problem(response, body)
}

// Upload is an address to which a file can be uploaded, from a response of the API.
type Upload struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
}

// Put uploads a file to its address.
func (c *Client) Put(ctx context.Context, to Upload, file []byte) error {
	request, err := http.NewRequestWithContext(ctx, to.Method, to.URL, bytes.NewReader(file))
	if err != nil {
		return fmt.Errorf("client: address of an upload: %w", err)
	}
	for name, value := range to.Headers {
		request.Header.Set(name, value)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return &Unreachable{cause: withoutAddress(err)}
	}
	defer response.Body.Close()
	if response.StatusCode >= http.StatusMultipleChoices {
		return &Unreachable{cause: fmt.Errorf("the bucket responded %s", response.Status)}
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path string, call Call) (*http.Response, error) {
	var body io.Reader
	if call.Body != nil {
		b, err := json.Marshal(call.Body)
		if err != nil {
			return nil, fmt.Errorf("client: body of %s %s: %w", method, path, err)
		}
		body = bytes.NewReader(b)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+fill(path, call.Path)+query(call.Query), body)
	if err != nil {
		return nil, fmt.Errorf("client: address of %s %s: %w", method, path, withoutAddress(err))
	}
	set := func(name, value string) {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	set("Authorization", "Bearer "+call.Token)
	set("Accept-Language", call.Lang)
	set("Idempotency-Key", call.Key) // net/http then repeats the call on a new connection if it finds a stale one
	if call.Body != nil {
		set("Content-Type", "application/json")
	}
	if call.IfMatch != 0 {
		set("If-Match", fmt.Sprintf(`"%d"`, max(0, call.IfMatch)))
	}
	if call.Fresh {
		request.Header.Set("Cache-Control", "no-cache")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, &Unreachable{cause: withoutAddress(err)}
	}
	return response, nil
}

// fill replaces the variables in a path.
func fill(path string, values []string) string {
	var b strings.Builder
	for _, value := range values {
		before, rest, _ := strings.Cut(path, "{")
		_, after, _ := strings.Cut(rest, "}")
		b.WriteString(before)
		b.WriteString(url.PathEscape(value))
		path = after
	}
	return b.String() + path
}

// query returns the values that are not empty, with a question mark.
func query(values url.Values) string {
	given := url.Values{}
	for name, list := range values {
		for _, value := range list {
			if value != "" {
				given.Add(name, value)
			}
		}
	}
	if len(given) == 0 {
		return ""
	}
	return "?" + given.Encode()
}
