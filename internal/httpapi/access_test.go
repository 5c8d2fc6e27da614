package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/route"
)

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read before the caller was known to be allowed")
	return 0, io.EOF
}

// parameter is a parameter of a route's path.
var parameter = regexp.MustCompile(`\{[^}]*\}`)

// probe sends a route's request with ids of nothing that exists, and returns the answer.
func probe(t *testing.T, s *stack, r route.Route, authorization string, body io.Reader) (status int, problem httpapi.Problem) {
	t.Helper()
	request, err := http.NewRequest(r.Method, base+parameter.ReplaceAllString(r.Path, "nothing"), body)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		request.Header.Set("Authorization", "Bearer "+authorization)
	}
	response, err := s.direct(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") {
		if err := json.NewDecoder(response.Body).Decode(&problem); err != nil {
			t.Fatal(err)
		}
	}
	return response.StatusCode, problem
}

// TestAccess calls every route of the table with every role (SPEC 11), without a role, with an
// unknown role, with an invalid token and without a token. The columns of SPEC 11 and the column
// of each route are repeated here, so that the test fails for a new route or role until it is
// added.
func TestAccess(t *testing.T) {
	t.Parallel()
	everybody := []access.Role{"global-admin", "billing-admin", "user-admin", "service-admin", "password-admin"} // read all
	managers := []access.Role{"global-admin", "billing-admin"}                                                   // agreements, groups, imports, catalog; and details (R2.7)
	public := []access.Role{"", "owner"}                                                                         // no role, an unknown role; allowed to everybody
	if diff := cmp.Diff(everybody, access.Roles); diff != "" {
		t.Errorf("roles (-SPEC 11 +code)\n%s", diff)
	}
	allowed := map[string][]access.Role{
		"GET /openapi.json":                                  slices.Concat(public, everybody),
		"GET /agreements":                                    everybody,
		"POST /agreements":                                   managers,
		"POST /agreements/moves":                             managers,
		"POST /agreements/deletions":                         managers,
		"GET /agreements/{id}":                               everybody,
		"PATCH /agreements/{id}":                             managers,
		"DELETE /agreements/{id}":                            managers,
		"GET /agreements/{id}/details":                       managers,
		"GET /agreements/{id}/pairs":                         everybody,
		"POST /agreements/{id}/pairs":                        managers,
		"DELETE /agreements/{id}/pairs/{pair}":               managers,
		"POST /imports":                                      managers,
		"GET /imports":                                       everybody,
		"GET /imports/{id}":                                  everybody,
		"GET /imports/{id}/findings":                         everybody,
		"GET /imports/{id}/annotated":                        everybody,
		"GET /groups":                                        everybody,
		"POST /groups":                                       managers,
		"GET /groups/{id}":                                   everybody,
		"PATCH /groups/{id}":                                 managers,
		"DELETE /groups/{id}":                                managers,
		"GET /catalog/publishers":                            everybody,
		"POST /catalog/publishers":                           managers,
		"GET /catalog/publishers/{id}":                       everybody,
		"POST /catalog/publishers/{id}/merge":                managers,
		"GET /catalog/publishers/{id}/titles":                everybody,
		"POST /catalog/publishers/{id}/titles":               managers,
		"GET /catalog/publishers/{id}/titles/{title}":        everybody,
		"POST /catalog/publishers/{id}/titles/{title}/merge": managers,
		"GET /inventory":                                     everybody,
		"POST /inventory":                                    managers,
		"GET /inventory/sources/{source}":                    everybody,
		"GET /inventory/titles":                              everybody,
		"GET /inventory/recognition":                         everybody,
		"GET /inventory/rules":                               everybody,
		"POST /inventory/rules":                              managers,
		"PUT /inventory/rules/{id}":                          managers,
		"DELETE /inventory/rules/{id}":                       managers,
		"POST /refreshes":                                    {"global-admin", "billing-admin", "service-admin"}, // refresh now
		"GET /refreshes":                                     everybody,
		"GET /refreshes/{id}":                                everybody,
		"POST /refreshes/{id}/confirmation":                  managers,
		"POST /statements":                                   managers,
		"GET /statements":                                    everybody,
		"GET /statements/{id}":                               everybody,
		"DELETE /statements/{id}":                            managers,
		"GET /audit":                                         everybody,
		"GET /audit.csv":                                     everybody,

		"GET /overview":                                            everybody,
		"GET /reports/license-purchases":                           everybody,
		"GET /reports/license-purchases.csv":                       everybody,
		"GET /reports/license-purchases.xlsx":                      everybody,
		"GET /reports/license-purchases.html":                      everybody,
		"GET /reports/license-installations":                       everybody,
		"GET /reports/license-installations.csv":                   everybody,
		"GET /reports/license-installations.xlsx":                  everybody,
		"GET /reports/license-installations.html":                  everybody,
		"GET /reports/license-installations/{product}/explanation": everybody,
		"GET /reports/comparison":                                  everybody,
		"GET /reports/comparison.csv":                              everybody,
		"GET /reports/comparison.xlsx":                             everybody,
		"GET /reports/comparison.html":                             everybody,
		"GET /reports/trend":                                       everybody,
		"GET /reports/snapshots":                                   everybody,
	}
	s := newStack(t)
	for _, r := range route.Table {
		roles, decided := allowed[r.Key()]
		if !decided {
			t.Errorf("nobody has decided who may call %s", r.Key())
			continue
		}
		t.Run(r.Key(), func(t *testing.T) {
			t.Parallel()
			isPublic := slices.Contains(roles, "")
			status, problem := probe(t, s, r, "", unread{t})
			if isPublic && status != http.StatusOK || !isPublic && (status != http.StatusUnauthorized || problem.Code != "unauthenticated") {
				t.Errorf("without a token: %d %s", status, problem.Code)
			}
			if status, problem := probe(t, s, r, "global-admin ", unread{t}); !isPublic && status != http.StatusUnauthorized {
				t.Errorf("with a token without a subject: %d %s", status, problem.Code)
			}
			for _, role := range slices.Concat(public, everybody) {
				if slices.Contains(roles, role) {
					status, problem := probe(t, s, r, string(role)+" someone", strings.NewReader(""))
					if status == http.StatusUnauthorized || status == http.StatusForbidden || status >= http.StatusInternalServerError {
						t.Errorf("as %q: %d %s", role, status, problem.Code)
					}
					continue
				}
				status, problem := probe(t, s, r, string(role)+" someone", unread{t})
				if status != http.StatusForbidden || problem.Code != "permission_denied" {
					t.Errorf("as %q: %d %s", role, status, problem.Code)
				}
			}
		})
	}
	for key := range allowed {
		if !slices.ContainsFunc(route.Table, func(r route.Route) bool { return r.Key() == key }) {
			t.Errorf("%s is no route", key)
		}
	}
}
