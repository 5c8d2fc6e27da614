package httpapi_test

import (
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
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	problem, _ = problemIn(r, response.StatusCode, response.Header.Get("Content-Type"), answer)
	return response.StatusCode, problem
}

// TestAccess calls every route of the table with every role (SPEC 11), without a role, with an
// unknown role, with an invalid token and without a token. The columns of SPEC 11 are repeated
// here, so that the test fails for a new role or permission until it is added. TestPermissions in
// package route checks the permission of each route.
func TestAccess(t *testing.T) {
	t.Parallel()
	everybody := []access.Role{"global-admin", "billing-admin", "user-admin", "service-admin", "password-admin"}
	managers := []access.Role{"global-admin", "billing-admin"}
	public := []access.Role{"", "owner"} // no role, an unknown role
	if diff := cmp.Diff(everybody, access.Roles); diff != "" {
		t.Errorf("roles (-SPEC 11 +code)\n%s", diff)
	}
	allowed := map[access.Permission][]access.Role{
		"anyone":            slices.Concat(public, everybody),
		"read":              everybody,
		"read-details":      managers, // R2.7
		"manage-agreements": managers, // agreements, groups, imports, catalog
		"refresh-now":       {"global-admin", "billing-admin", "service-admin"},
	}
	users := []access.Role{"global-admin", "user-admin"}
	for _, permission := range []access.Permission{"assign-license", "remove-license", "delete-user", "manage-users"} {
		allowed[permission] = users
	}
	allowed["buy"] = managers
	allowed["device-licenses"] = []access.Role{"global-admin"} // R10.3
	allowed["put-lists"] = []access.Role{"global-admin", "billing-admin", "user-admin"}
	s := newStack(t)
	for _, r := range route.API {
		roles, known := allowed[r.Permission]
		if !known {
			t.Errorf("%s: the test does not know who has the permission %s", r.Key(), r.Permission)
			continue
		}
		t.Run(r.Key(), func(t *testing.T) {
			t.Parallel()
			isPublic := slices.Contains(roles, "")
			status, problem := probe(t, s, r, "", unread{t})
			if isPublic && status != http.StatusOK && problem.Code != "feed_not_found" || // the address is the secret
				!isPublic && (status != http.StatusUnauthorized || problem.Code != "unauthenticated") {
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
}
