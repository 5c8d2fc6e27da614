package e2e_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"trueup/infra/local/stack"
	"trueup/internal/access"
	"trueup/internal/config"
	"trueup/internal/httpapi/apiscript"
)

// TestScripts runs the API's scripts against the running system: the same files
// that package httpapi runs on its handlers and through Lambda events. Each
// script has a system of its own, on one engine.
func TestScripts(t *testing.T) {
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	apiscript.Run(t, filepath.Join("..", "..", "..", "internal", "httpapi", "testdata", "*.txt"), func(t *testing.T) apiscript.Target {
		env := []string{"INVENTORY_REQUIRED=false"} // what it means is tested beside the handlers
		if name := filepath.Base(t.Name()); name != "refreshes" && name != "statements" {
			// A refresh changes what agreements show, whenever it comes by; other scripts do not wait for it.
			env = append(env, config.RefreshFunction+"=none")
		}
		s := start(t, stack.Options{
			DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "script-" + filepath.Base(t.Name()), Env: env,
		})
		t.Cleanup(s.stop)
		return apiscript.Target{
			Base: s.FrontURL,
			Do:   http.DefaultTransport.RoundTrip, // follows no redirect
			Token: func(role, subject string) (string, error) {
				var roles []access.Role
				for name := range strings.SplitSeq(role, ",") {
					roles = append(roles, access.Role(name))
				}
				return s.Token(subject, roles...)
			},
		}
	})
}
