package httpapi_test

import (
	"testing"
	"time"

	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/httpapi"
)

// SPEC 12: the client of the token says whether a call is of the console.
func TestSourceOfEvents(t *testing.T) {
	t.Parallel()
	k := httpapi.Kernel{NewID: func() string { return "seed" }}
	for console, want := range map[bool]audit.Source{false: audit.SourceAPI, true: audit.SourceConsole} {
		ctx := access.WithCall(t.Context(), access.Call{Principal: &access.Principal{Subject: "ann", Roles: []access.Role{access.GlobalAdmin}, Console: console}})
		if got := k.Event(ctx, time.Now(), "test").Source; got != want {
			t.Errorf("console %v: %s, want %s", console, got, want)
		}
	}
}
