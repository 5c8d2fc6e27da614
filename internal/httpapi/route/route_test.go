package route_test

import (
	"net/http"
	"regexp"
	"testing"

	"trueup/internal/access"
	"trueup/internal/httpapi/route"
)

func TestGatewayKey(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/agreements/{id}": "GET /agreements/{id}", "/pages/{rest...}": "GET /pages/{rest+}", "/pages/{a}/{rest...}": "GET /pages/{a}/{rest+}",
		"/{$}": "GET /",
	} {
		r := route.Route{Method: http.MethodGet, Path: path}
		if got := r.GatewayKey(); got != want || r.Key() != "GET "+path {
			t.Errorf("%s is %q and %q", path, r.Key(), got)
		}
	}
}

// TestTable: every path is valid for ServeMux and for API Gateway, and no two routes are the
// same.
func TestTable(t *testing.T) {
	t.Parallel()
	steps := regexp.MustCompile(`^(/([a-z][a-z.-]*|\{[a-z]+\}))+(/\{[a-z]+\.\.\.\})?$`)
	graph := regexp.MustCompile(`^/v1\.0(/([a-z][a-zA-Z]*|\{[a-z]+\}))+$`) // has names of its own
	mux := http.NewServeMux()                                              // panics on routes that conflict
	for _, r := range route.Table {
		if !steps.MatchString(r.Path) && !graph.MatchString(r.Path) && r.Path != "/{$}" {
			t.Errorf("path %s", r.Path)
		}
		mux.Handle(r.Key(), http.NotFoundHandler())
	}
}

// TestPermissions: everybody with a role may read, and changes need the permission to manage
// agreements. Routes with another permission are listed here.
func TestPermissions(t *testing.T) {
	t.Parallel()
	others := map[string]access.Permission{
		"GET /openapi.json":            access.Anyone,
		"GET /{$}":                     access.Anyone, // pages, which check sessions instead of tokens
		"GET /console/{path...}":       access.Anyone,
		"POST /console/{path...}":      access.Anyone,
		"GET /signed-in":               access.Anyone,
		"GET /feeds/{file}":            access.Anyone, // the address is the secret
		"PUT /reminder-feed":           access.Read,   // the caller's own
		"DELETE /reminder-feed":        access.Read,
		"PUT /callers/me":              access.Read, // the caller's own
		"GET /agreements/{id}/details": access.ReadDetails,
		"POST /refreshes":              access.RefreshNow,
	}
	for _, key := range []string{"POST /views", "PUT /views/{id}", "DELETE /views/{id}", "POST /views/{id}/stop"} {
		others[key] = access.Read // views of their own; sharing and schedules are checked by the operations
	}
	for permission, keys := range map[access.Permission][]string{
		access.Buy: {
			"POST /subscriptions", "PATCH /subscriptions/{id}", "DELETE /subscriptions/{id}", "POST /subscriptions/{id}/purchases", "PUT /subscriptions/{id}/quantity",
			"POST /subscriptions/{id}/renewals", "PUT /subscriptions/{id}/auto-renew",
		},
		access.ManageUsers: {
			"POST /users", "PATCH /users/{id}", "POST /devices", "PATCH /devices/{id}", "DELETE /devices/{id}",
			"POST /device-groups", "PATCH /device-groups/{id}", "DELETE /device-groups/{id}", "POST /device-groups/{id}/members", "POST /device-groups/{id}/members/removals",
		},
		access.PutLists:       {"POST /directory-files"},
		access.DeviceLicenses: {"POST /device-groups/{id}/members/confirmation", "POST /device-groups/{id}/members/rejection", "PUT /device-groups/{id}/subscription", "DELETE /device-groups/{id}/subscription"},
		access.DeleteUser: {
			"DELETE /users/{id}", "POST /users/deletions", "POST /users/{id}/restoration",
			"DELETE /v1.0/users/{id}", "POST /v1.0/directory/deletedItems/{id}/restore",
		},
		access.AssignLicense: {"DELETE /subscriptions/{id}/waiting/{user}", "PUT /users/{id}/licenses/{subscription}", "POST /license-assignments", "POST /license-jobs", "POST /v1.0/users/{id}/assignLicense"},
		access.RemoveLicense: {"DELETE /users/{id}/licenses/{subscription}", "POST /license-removals"},
	} {
		for _, key := range keys {
			others[key] = permission
		}
	}
	for _, r := range route.Table {
		want, other := others[r.Key()]
		switch {
		case other:
			delete(others, r.Key())
		case r.Method == http.MethodGet:
			want = access.Read
		default:
			want = access.ManageAgreements
		}
		if r.Permission != want {
			t.Errorf("%s needs the permission %s, want %s", r.Key(), r.Permission, want)
		}
	}
	for key := range others {
		t.Errorf("%s is no route", key)
	}
}

// TestPages: the console has the pages, and nothing else.
func TestPages(t *testing.T) {
	t.Parallel()
	console := map[string]bool{}
	for _, r := range route.Of("console") {
		console[r.Key()] = true
	}
	for _, r := range route.Pages {
		if !console[r.Key()] {
			t.Errorf("%s is not served by the console", r.Key())
		}
	}
	if len(console) != len(route.Pages) || len(route.Table) != len(route.Pages)+len(route.API) {
		t.Errorf("the console has %d routes, and %d are pages", len(console), len(route.Pages))
	}
}
