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

// TestScripts runs the scripts of the API against the running system. Package httpapi runs
// the same files on its handlers and through Lambda events. Each script has its own system;
// all share one engine.
func TestScripts(t *testing.T) {
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	apiscript.Run(t, filepath.Join("..", "..", "..", "internal", "httpapi", "testdata", "*.txt"), func(t *testing.T) apiscript.Target {
		env := []string{"INVENTORY_REQUIRED=false"} // the setting is tested with the handlers
		if name := filepath.Base(t.Name()); name != "refreshes" && name != "statements" {
			// A refresh changes agreements at any time, and the other scripts do not wait for it.
			env = append(env, config.RefreshFunction+"=none")
		}
		s := start(t, stack.Options{
			DynamoDBEndpoint: base.DynamoDBEndpoint, FunctionsDynamoDB: onlyGranted(t, base.DynamoDBEndpoint), TableName: "script-" + filepath.Base(t.Name()), Env: env, Executions: stack.NewAccount,
		})
		t.Cleanup(s.stop)
		return apiscript.Target{
			Base: s.FrontURL,
			Do:   http.DefaultTransport.RoundTrip, // does not follow redirects
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
