package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/agreements"
	"trueup/internal/refresher"
)

// summary is a source in which only the pair K-1 exists.
type summary struct{}

func (summary) Ask(_ context.Context, pairs []agreement.Pair) ([]entitlement.Answer, error) {
	answers := make([]entitlement.Answer, len(pairs))
	for i, p := range pairs {
		answers[i] = entitlement.Answer{Pair: p.Key(), State: entitlement.StateInvalid, Reason: "vlsc_unknown"}
		if p.Key() == "K1+K1" {
			answers[i] = entitlement.Answer{Pair: p.Key(), State: entitlement.StateValid, Entitlements: []entitlement.Entitlement{{
				Publisher: "Microsoft", Pool: "Applications", Family: "Office", Version: "2021", Type: "L&SA", Effective: 25, ActiveSA: 20,
				Start: "2024-01-01", End: "2026-12-31", SAEnd: "2026-06-30",
			}}}
		}
	}
	return answers, nil
}

func read[T any](t *testing.T, s *stack, path, lang string) (body T, etag string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Language", lang)
	w := call(s.handlers["agreements"], r, admin)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	return body, w.Header().Get("ETag")
}

// TestR2_10_DeletionsThatMakeStale deletes an agreement of each type: only pairs are part of
// licence data.
func TestR2_10_DeletionsThatMakeStale(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := asking{t, s.handlers, &strings.Builder{}}
	add := func(body string) (id string) {
		t.Helper()
		status, answer := a.ask(http.MethodPost, "/agreements", body)
		if status != http.StatusCreated {
			t.Fatalf("%d %s", status, answer)
		}
		return member(t, answer, "id")
	}
	runs := func() int {
		t.Helper()
		page, err := s.deps.Refreshes.Queue.Runs(t.Context(), 10, "")
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Items)
	}
	other := func(name string) string {
		return add(`{"type": "other", "name": "` + name + `", "publisher": "Adobe", "productTitle": "Photoshop", "licenses": 1}`)
	}
	remove := func(id string) (deleted agreements.DeletedAgreement) {
		t.Helper()
		status, answer := a.ask(http.MethodDelete, "/agreements/"+id, "")
		if err := json.Unmarshal(answer, &deleted); err != nil || status != http.StatusOK {
			t.Fatalf("%d %s (%v)", status, answer, err)
		}
		return deleted
	}
	if deleted := remove(other("One")); deleted.Stale || strings.Contains(deleted.Notice, "refresh") {
		t.Errorf("type other: %+v", deleted)
	}
	if status, answer := a.ask(http.MethodPost, "/agreements/deletions", `{"ids": ["`+other("Two")+`"]}`); status != http.StatusOK || strings.Contains(member(t, answer, "notice"), "refresh") {
		t.Errorf("type other, at once: %d %s", status, answer)
	}
	if n := runs(); n != 0 {
		t.Errorf("%d refreshes were requested", n)
	}
	volume := add(`{"type": "volume", "name": "Three", "pairs": [{"authorizationNumber": "D-1", "licenseNumber": "D-1"}]}`)
	if deleted := remove(volume); !deleted.Stale || !strings.Contains(deleted.Notice, "refresh") {
		t.Errorf("type volume: %+v", deleted)
	}
	if n := runs(); n != 1 {
		t.Errorf("%d refreshes were requested", n)
	}
}

func TestR7_2_PairsAndR7_3_Stale(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	w := call(s.handlers["agreements"], httptest.NewRequest(http.MethodPost, "/agreements", strings.NewReader(
		`{"type": "volume", "name": "Known", "pairs": [{"authorizationNumber": "K-1", "licenseNumber": "K-1"}, {"authorizationNumber": "K-2", "licenseNumber": "K-2"}]}`)), admin)
	if w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	location, before := w.Header().Get("Location"), w.Header().Get("ETag")

	pending, _ := read[httpapi.Page[agreements.Pair]](t, s, location+"/pairs", "en")
	for _, p := range pending.Items {
		if p.Validation != agreement.ValidationPending || p.Reason != nil || !p.CheckedAt.IsZero() || p.Held || p.Entitlements == nil || len(p.Entitlements) > 0 {
			t.Errorf("not asked yet: %+v", p)
		}
	}
	list, _ := read[agreements.Agreements](t, s, "/agreements", "en")
	if !list.Stale || !list.DataAt.IsZero() {
		t.Errorf("R7.3 before: stale %v, of %v", list.Stale, list.DataAt)
	}

	r := *s.worker
	r.Source = func(context.Context, refresher.Run) (entitlement.Source, error) { return summary{}, nil }
	run, err := r.Request(t.Context(), refresher.Order{ID: "run", Trigger: refresher.TriggerNow, By: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Handle(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}
	if run, err = r.Store.Run(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}

	got, _ := read[httpapi.Page[agreements.Pair]](t, s, location+"/pairs", "nl")
	for i := range got.Items {
		if at := got.Items[i].CheckedAt; at.Before(run.StartedAt) {
			t.Errorf("checked at %v", at)
		}
		got.Items[i].CheckedAt = time.Time{}
	}
	want := []agreements.Pair{
		{
			ID: "K1+K1", AuthorizationNumber: "K-1", LicenseNumber: "K-1", Program: agreement.ProgramOpenValue, Validation: agreement.ValidationValid,
			Entitlements: []agreements.PairEntitlement{{
				Publisher: "Microsoft", ProductPool: "Applications", ProductFamily: "Office", Version: "2021", LicenseType: "L&SA", Effective: 25, ActiveSA: 20,
				Start: "2024-01-01", End: "2026-12-31", SAEnd: "2026-06-30",
			}},
		},
		{
			ID: "K2+K2", AuthorizationNumber: "K-2", LicenseNumber: "K-2", Program: agreement.ProgramOpenValue, Validation: agreement.ValidationInvalid,
			Reason: &httpapi.Reason{
				Code: "vlsc_unknown", Message: "Het Volume Licensing Service Center kent deze nummers niet. Vergelijk ze met de overeenkomst.",
			},
			Entitlements: []agreements.PairEntitlement{},
		},
	}
	if diff := cmp.Diff(want, got.Items); diff != "" {
		t.Error(diff)
	}
	list, _ = read[agreements.Agreements](t, s, "/agreements?validation=invalid", "en")
	if list.Stale || !list.DataAt.Equal(run.StartedAt) || len(list.Items) != 1 || list.Items[0].Version != 1 {
		t.Errorf("R7.3 afterwards: %+v; the run began at %v", list, run.StartedAt)
	}
	if _, after := read[agreements.Agreement](t, s, location, "en"); after == before {
		t.Errorf("the ETag is %s, before and after the refresh", after)
	}
	remove := httptest.NewRequest(http.MethodDelete, location+"/pairs/K2+K2", nil)
	remove.Header.Set("If-Match", before) // R2.12: a refresh is not an edit
	if w := call(s.handlers["agreements"], remove, admin); w.Code != http.StatusOK {
		t.Errorf("removed with the ETag of before the refresh: %d %s", w.Code, w.Body)
	}
	list, _ = read[agreements.Agreements](t, s, "/agreements?validation=valid", "en")
	if !list.Stale || len(list.Items) != 1 {
		t.Errorf("R7.3 after a removal: %+v", list)
	}
}
