package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"trueup/internal/access"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/route"
	"trueup/internal/subscription"
)

// isGraph reports whether a route follows the formats of Microsoft Graph.
func isGraph(r route.Route) bool { return strings.HasPrefix(r.Path, "/v1.0/") }

// graphProblem returns an error of the façade as the problem that it stands for. ok is false for a body in another
// format.
func graphProblem(status int, body []byte) (p httpapi.Problem, ok bool) {
	var e struct {
		Error struct {
			Code, Message string
			Details       []struct{ Code, Message, Target string }
			InnerError    struct {
				Code, Date string
				RequestID  string `json:"request-id"`
				ClientID   string `json:"client-request-id"`
			}
		}
	}
	if json.Unmarshal(body, &e) != nil || e.Error.Code == "" || e.Error.InnerError.Date == "" || e.Error.InnerError.ClientID == "" {
		return p, false
	}
	p = httpapi.Problem{Status: status, Code: e.Error.InnerError.Code, Detail: e.Error.Message, RequestID: e.Error.InnerError.RequestID}
	for _, d := range e.Error.Details {
		v := httpapi.FieldError{Code: d.Code, Message: d.Message}
		if strings.HasPrefix(d.Target, "/") {
			v.Pointer = d.Target
		} else {
			v.Parameter = d.Target
		}
		p.Errors = append(p.Errors, v)
	}
	return p, true
}

// problemIn returns the problem in the body of a response of a route.
func problemIn(r route.Route, status int, contentType string, body []byte) (p httpapi.Problem, ok bool) {
	if isGraph(r) {
		if contentType != "application/json" || status < 400 {
			return p, false
		}
		return graphProblem(status, body)
	}
	if contentType != "application/problem+json" {
		return p, false
	}
	return p, json.Unmarshal(body, &p) == nil
}

func graphGet(t *testing.T, h http.Handler, path string, into any) {
	t.Helper()
	w := call(h, httptest.NewRequest(http.MethodGet, path, nil), admin)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %.300s", path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}

// brokenSubscriptions panics, like broken.
type brokenSubscriptions struct{ subscription.Store }

func (brokenSubscriptions) Subscriptions(context.Context) ([]subscription.Holding, error) {
	panic("secret of a panic")
}

// TestGraphErrors requires the format of Graph also from what answers before and without an operation.
func TestGraphErrors(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	d := unused(slog.New(slog.NewTextHandler(&log, nil)))
	d.Subscriptions = brokenSubscriptions{}
	h := d.handler("licenses")
	for _, test := range []struct {
		method, path string
		call         access.Call
		status       int
		code, inner  string
	}{
		{"GET", "/v1.0/me", admin, 404, "Request_ResourceNotFound", "route_not_found"},
		{"GET", "/v1.0/users/", admin, 404, "Request_ResourceNotFound", "route_not_found"},
		{"PATCH", "/v1.0/users/x", admin, 405, "Request_BadRequest", "method_not_allowed"},
		{"GET", "/v1.0/users", access.Call{RequestID: "r1"}, 401, "InvalidAuthenticationToken", "unauthenticated"},
		{"DELETE", "/v1.0/users/x", access.Call{RequestID: "r1", Principal: &access.Principal{Subject: "s", Roles: []access.Role{access.BillingAdmin}}}, 403, "Authorization_RequestDenied", "permission_denied"},
		{"GET", "/v1.0/subscribedSkus", admin, 500, "InternalServerError", "internal_error"},
	} {
		r := httptest.NewRequest(test.method, test.path, nil)
		r.Header.Set("client-request-id", "mine")
		w := call(h, r, test.call)
		p, ok := graphProblem(w.Code, w.Body.Bytes())
		var e struct{ Error struct{ Code string } }
		if err := json.Unmarshal(w.Body.Bytes(), &e); err != nil || !ok {
			t.Errorf("%s: %s", test.path, w.Body)
			continue
		}
		if w.Code != test.status || e.Error.Code != test.code || p.Code != test.inner || p.RequestID != "r1" || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s %s: %d %s", test.method, test.path, w.Code, w.Body)
		}
		if header := w.Header(); header.Get("Content-Type") != "application/json" || header.Get("request-id") != "r1" || header.Get("client-request-id") != "mine" || !strings.Contains(w.Body.String(), `"client-request-id":"mine"`) {
			t.Errorf("%s: %v %s", test.path, header, w.Body)
		}
	}
	if !strings.Contains(log.String(), "secret of a panic") {
		t.Errorf("the log does not tell the cause: %q", log.String())
	}
	// An id that is no header value is not repeated.
	for _, id := range []string{"a b", "\u00e9", strings.Repeat("x", 129)} {
		r := httptest.NewRequest(http.MethodGet, "/v1.0/me", nil)
		r.Header.Set("client-request-id", id)
		if w := call(h, r, admin); w.Header().Get("client-request-id") != "" || !strings.Contains(w.Body.String(), `"client-request-id":"r1"`) {
			t.Errorf("%q: %v %s", id, w.Header(), w.Body)
		}
	}
}

// TestGraphPages requires that pages are small enough for a function's answer, whatever $top says, and that all
// pages together have everything once.
func TestGraphPages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	h := s.handlers["licenses"]
	const number = 60
	var services []string
	for i := range 200 {
		services = append(services, fmt.Sprintf(`{"id": "S%d", "name": "%s"}`, i, strings.Repeat("n", 200)))
	}
	for i := range number {
		body := fmt.Sprintf(`{"name": "Large %d", "quantity": 1, "services": [%s]}`, i, strings.Join(services, ","))
		if w := call(h, httptest.NewRequest(http.MethodPost, "/subscriptions", strings.NewReader(body)), admin); w.Code != http.StatusCreated {
			t.Fatalf("%d %.300s", w.Code, w.Body)
		}
	}
	for _, path := range []string{"/v1.0/subscribedSkus", "/v1.0/directory/subscriptions"} {
		seen, pages := map[string]bool{}, 0
		for next := path + "?$top=999&$count=true"; next != ""; pages++ {
			var page struct {
				Count int    `json:"@odata.count"`
				Next  string `json:"@odata.nextLink"`
				Value []struct{ ID string }
			}
			graphGet(t, h, next, &page)
			for _, item := range page.Value {
				if seen[item.ID] {
					t.Errorf("%s: %s is listed twice", path, item.ID)
				}
				seen[item.ID] = true
			}
			if page.Count != number {
				t.Errorf("%s: @odata.count is %d", path, page.Count)
			}
			_, next, _ = strings.Cut(page.Next, "example.com")
		}
		if len(seen) != number || pages < 2 {
			t.Errorf("%s: %d items on %d pages", path, len(seen), pages)
		}
	}
}

// TestGraphUsersPages requires that pages have each user once, and the number of all on each page, with and without a
// filter.
func TestGraphUsersPages(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	h := s.handlers["licenses"]
	for i := range 7 {
		body := fmt.Sprintf(`{"userPrincipalName": "u%d@example.org", "displayName": "User %d", "department": "D%d"}`, i, i, i%2)
		if w := call(h, httptest.NewRequest(http.MethodPost, "/users", strings.NewReader(body)), admin); w.Code != http.StatusCreated {
			t.Fatalf("%d %.300s", w.Code, w.Body)
		}
	}
	for filter, want := range map[string]int{"": 7, "&$filter=department+eq+'d0'": 4, "&$filter=userPrincipalName+eq+'U3@example.org'": 1, "&$filter=userPrincipalName+eq+'nobody@example.org'": 0} {
		for _, count := range []string{"", "&$count=true"} {
			seen := map[string]bool{}
			listed := 0
			for next := "/v1.0/users?$top=2" + count + filter; next != ""; {
				var page struct {
					Count *int   `json:"@odata.count"`
					Next  string `json:"@odata.nextLink"`
					Value []struct{ ID string }
				}
				graphGet(t, h, next, &page)
				for _, item := range page.Value {
					seen[item.ID] = true
					listed++
				}
				if (page.Count != nil) != (count != "") || page.Count != nil && *page.Count != want {
					t.Errorf("%s%s: @odata.count is %v, want %d", filter, count, page.Count, want)
				}
				_, next, _ = strings.Cut(page.Next, "example.com")
			}
			if len(seen) != want || listed != want {
				t.Errorf("%s%s: %d users, listed %d times, want %d", filter, count, len(seen), listed, want)
			}
		}
	}
}

// TestGraphSharedID requires that an id of the directory that two users have names neither.
func TestGraphSharedID(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	h := s.handlers["licenses"]
	const shared = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"
	for _, name := range []string{"one", "two"} {
		body := fmt.Sprintf(`{"userPrincipalName": "%s@example.org", "objectId": %q}`, name, shared)
		if w := call(h, httptest.NewRequest(http.MethodPost, "/users", strings.NewReader(body)), admin); w.Code != http.StatusCreated {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	w := call(h, httptest.NewRequest(http.MethodGet, "/v1.0/users/"+shared, nil), admin)
	if p, ok := graphProblem(w.Code, w.Body.Bytes()); !ok || w.Code != http.StatusConflict || p.Code != "user_object_id_shared" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	remove := httptest.NewRequest(http.MethodDelete, "/v1.0/users/"+shared, nil)
	remove.Header.Set("Prefer", "trueup.acknowledge=service-data")
	if w := call(h, remove, admin); w.Code != http.StatusConflict {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	var user struct{ UserPrincipalName string }
	graphGet(t, h, "/v1.0/users/two@example.org", &user)
	if user.UserPrincipalName != "two@example.org" {
		t.Errorf("%+v", user)
	}
}
