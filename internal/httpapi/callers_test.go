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
