package httpapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/httpapi/agreements"
)

// calledBy is a call of a person whose token has a name.
func calledBy(subject, name string) access.Call {
	return access.Call{RequestID: "r1", Principal: &access.Principal{Subject: subject, Name: name, Roles: []access.Role{access.GlobalAdmin}}}
}

// change makes a caller add a license group.
func (s *stack) change(t *testing.T, by access.Call, group string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/groups", strings.NewReader(`{"name":"`+group+`"}`))
	r.Header.Set("Content-Type", "application/json")
	if w := call(s.handlers["groups"], r, by); w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
}

func (s *stack) callers(t *testing.T, ids ...string) *httptest.ResponseRecorder {
	t.Helper()
	query := url.Values{"id": {strings.Join(ids, ",")}}
	return call(s.handlers[agreements.Name], httptest.NewRequest(http.MethodGet, "/callers?"+query.Encode(), nil), admin)
}

// Names of callers are known after a change, in the order of the ids. The last name wins.
func TestCallers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.change(t, calledBy("ann-id", "ann@example.org"), "One")
	s.change(t, calledBy("bo-id", "Bo <b> & Co"), "Two")
	s.change(t, calledBy("cas-id", ""), "Three")
	s.change(t, calledBy("ann-id", "ann.new@example.org"), "Four")
	s.change(t, calledBy("ann-id", ""), "Five") // a token without a name takes none away
	got := answer[agreements.CallerNames](asking{t, s.handlers, &strings.Builder{}}, http.MethodGet, "/callers?id=bo-id,cas-id,ann-id,dot-id,bo-id,BO-ID", "")
	want := agreements.CallerNames{Items: []agreements.CallerName{{ID: "bo-id", Name: "Bo <b> & Co"}, {ID: "ann-id", Name: "ann.new@example.org"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got)\n%s", diff)
	}
}

// TestCallersLimits: one call takes 100 ids of 256 characters.
func TestCallersLimits(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ids := make([]string, 101)
	for i := range ids {
		ids[i] = fmt.Sprint(strings.Repeat("é", 253), i)
	}
	ids[100] = "last"
	if w := s.callers(t, ids[:100]...); w.Code != http.StatusOK {
		t.Errorf("100 ids: %d %s", w.Code, w.Body)
	}
	if p := problemOf(t, s.callers(t, ids...)); p.Status != http.StatusUnprocessableEntity || len(p.Errors) != 1 || p.Errors[0].Code != "items_max" {
		t.Errorf("101 ids: %+v", p)
	}
	if p := problemOf(t, s.callers(t, "a", "", strings.Repeat("é", 257), "b")); p.Status != http.StatusUnprocessableEntity || len(p.Errors) != 2 || p.Errors[0].Code != "length_min" || p.Errors[1].Code != "length_max" {
		t.Errorf("an empty id and a long one: %+v", p)
	}
}

// ofConsole is a call of a person by the console, whose token has no name.
func ofConsole(subject string, role access.Role) access.Call {
	return access.Call{RequestID: "r1", Principal: &access.Principal{Subject: subject, Roles: []access.Role{role}, Console: true}}
}

func (s *stack) nameCaller(by access.Call, name string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPut, "/callers/me", strings.NewReader(fmt.Sprintf(`{"name":%q}`, name)))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return call(s.handlers[agreements.Name], r, by)
}

// TestNameCaller: the console stores the name of a person of any role, and makes no audit event. Others cannot,
// whatever they send.
func TestNameCaller(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	for i, role := range access.Roles {
		subject := fmt.Sprint("id-", i)
		for _, name := range []string{"Old", " Name\u00a0of \u202e " + string(role) + " "} {
			if w := s.nameCaller(ofConsole(subject, role), name); w.Code != http.StatusNoContent || w.Body.Len() > 0 {
				t.Errorf("%s: %d %s", role, w.Code, w.Body)
			}
		}
		script := ofConsole(subject, role)
		script.Principal.Console = false
		for _, headers := range [][]string{nil, {"Origin", "https://console.example"}, {"client_id", "console"}} {
			if p := problemOf(t, s.nameCaller(script, "Mallory", headers...)); p.Status != http.StatusForbidden || p.Code != "caller_named_by_token" {
				t.Errorf("%s, a script with %v: %+v", role, headers, p)
			}
		}
		want := fmt.Sprintf(`{"items":[{"id":%q,"name":%q}]}`, subject, "Name of "+string(role))
		if w := s.callers(t, subject); strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("%d %s, want %s", w.Code, w.Body, want)
		}
	}
	if w := call(s.handlers[agreements.Name], httptest.NewRequest(http.MethodGet, "/audit", nil), admin); !strings.Contains(w.Body.String(), `"items":[]`) {
		t.Errorf("events: %d %s", w.Code, w.Body)
	}
}

// TestNameCallerRefuses: a name has 1 to 256 characters and is not the id.
func TestNameCallerRefuses(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	ann := ofConsole("ann-id", access.PasswordAdmin)
	for name, code := range map[string]string{
		"": "length_min", " \t\u200b\u2028": "length_min", strings.Repeat("é", 257): "length_max", "ann-id": "name_is_id", " ann-id\n": "name_is_id",
	} {
		if p := problemOf(t, s.nameCaller(ann, name)); p.Status != http.StatusUnprocessableEntity || len(p.Errors) != 1 || p.Errors[0].Code != code || p.Errors[0].Pointer != "/name" {
			t.Errorf("%q: %+v, want %s", name, p, code)
		}
	}
	longest := strings.Repeat("é", 256)
	if w := s.nameCaller(ann, "  "+longest+"  "); w.Code != http.StatusNoContent {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := s.callers(t, "ann-id"); !strings.Contains(w.Body.String(), longest) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
