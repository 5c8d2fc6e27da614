package reports

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"trueup/internal/access"
	"trueup/internal/httpapi"
	"trueup/internal/objects"
	"trueup/internal/view"
)

// Exporter makes the files of saved views. It calls the operations of the API, with the roles of the owner: what a
// file holds, and whether the owner may read it, is decided where it is decided for a person.
type Exporter struct{ operations http.Handler }

// NewExporter returns an Exporter of the reports of a source.
func NewExporter(s Source) Exporter {
	httpapi.Require(s)
	s.Reports = caughtBucket{s.Reports}
	o := &operations{Deps: Deps{Source: s}}
	return Exporter{httpapi.Only(httpapi.Function{Name: Name, Enums: enums, Operations: o.fileOperations(), Log: s.Log})}
}

// Export returns the file of a view, with the roles of the caller. Its error is a *view.Refusal, or worth a retry.
func (e Exporter) Export(ctx context.Context, caller access.Principal, v view.View) ([]byte, error) {
	query := v.Parameters()
	query.Set("lang", string(v.Schedule.Lang))
	file := caught{}
	ctx = access.WithCall(context.WithValue(ctx, caughtKey{}, &file), access.Call{Principal: &caller, RequestID: "view/" + v.ID})
	r := (&http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: "/reports/" + string(v.Report) + "." + string(v.Schedule.Format), RawQuery: query.Encode()},
		Header: http.Header{"Cache-Control": {"no-cache"}, "Accept-Language": {string(v.Schedule.Lang)}}, Body: http.NoBody,
	}).WithContext(ctx)
	e.operations.ServeHTTP(&file, r)
	switch {
	case file.status == http.StatusSeeOther: // it is too large for a response
		return file.stored, nil
	case file.status < http.StatusMultipleChoices:
		return file.body.Bytes(), nil
	}
	return nil, refusal(file.status, file.body.Bytes())
}

// refusal returns the error of a problem document.
func refusal(status int, body []byte) error {
	var p httpapi.Problem
	if err := json.Unmarshal(body, &p); err != nil || status >= http.StatusInternalServerError {
		return fmt.Errorf("reports: the report of a view has status %d, code %q", status, p.Code)
	}
	r := &view.Refusal{Denied: status == http.StatusForbidden, Code: p.Code, Text: p.Detail}
	if len(p.Errors) > 0 {
		r.Code, r.Text = p.Errors[0].Code, p.Errors[0].Message
	}
	return r
}

// caught is a response that is kept in memory, or the file that it redirects to.
type caught struct {
	status int
	header http.Header
	body   bytes.Buffer
	stored []byte
}

func (c *caught) Header() http.Header {
	if c.header == nil {
		c.header = http.Header{}
	}
	return c.header
}

func (c *caught) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *caught) Write(b []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	return c.body.Write(b)
}

type caughtKey struct{}

// caughtBucket keeps files that are too large for a response in memory.
type caughtBucket struct{ objects.Bucket }

// Put implements objects.Bucket.
func (caughtBucket) Put(ctx context.Context, _, _ string, body []byte) error {
	ctx.Value(caughtKey{}).(*caught).stored = body //nolint:forcetypeassert // Export has set it
	return nil
}

// PresignGet implements objects.Bucket. Nothing follows the address.
func (caughtBucket) PresignGet(context.Context, string, string, time.Duration) (string, error) {
	return "/", nil
}
