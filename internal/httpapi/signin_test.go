package httpapi_test

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"trueup/infra/local/aws/gateway"
	"trueup/infra/local/aws/issuer"
	"trueup/infra/local/aws/lambda"
	"trueup/internal/access"
	"trueup/internal/aws/trigger"
	"trueup/internal/httpapi/apiscript"
	"trueup/internal/httpapi/route"
)

// invoker calls the handlers of a stack as functions that read callers as signIn says.
type invoker struct {
	stack  *stack
	signIn access.SignIn
}

// Invoke implements gateway.Invoker.
func (i invoker) Invoke(ctx context.Context, function string, payload []byte) (lambda.Result, error) {
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(payload, &event); err != nil {
		return lambda.Result{}, err
	}
	out, err := trigger.HTTP(i.stack.handlers[function], i.signIn, quiet, time.Now)(ctx, event)
	if err != nil {
		return lambda.Result{}, err
	}
	answer, err := json.Marshal(out)
	return lambda.Result{Payload: answer}, err
}

const (
	tenant      = "7a0c1f2e-5d3b-4c6a-9e8f-0123456789ab"
	application = "c0ffee00-5d3b-4c6a-9e8f-0123456789ab"
	object      = "0b1ec700-5d3b-4c6a-9e8f-0123456789ab"
)

// TestR16_4_SignIn runs the scripts of testdata/signin through the local gateway, whose authorizer
// accepts tokens as Microsoft Entra ID issues them. "As" has the properties of the token.
func TestR16_4_SignIn(t *testing.T) {
	t.Parallel()
	ids, err := access.ParseMapping(`{"global-admin": ["11111111-5D3B-4c6a-9e8f-0123456789ab"], "billing-admin": ["22222222-5d3b-4c6a-9e8f-0123456789ab", "Licence Buyers"]}`)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		script, audience string
		version          int
		signIn           access.SignIn
	}{
		"app roles, version 2":                    {"roles", application, 2, access.SignIn{Claim: "roles"}},
		"app roles, version 1":                    {"roles", "api://" + application, 1, access.SignIn{Claim: "roles"}},
		"app roles, version 1, with the clientId": {"roles", application, 1, access.SignIn{Claim: "roles"}},
		"groups, version 2":                       {"groups", application, 2, access.SignIn{Claim: "groups", Mapping: ids}},
		"groups, version 1":                       {"groups", "api://" + application, 1, access.SignIn{Claim: "groups", Mapping: ids}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			apiscript.Run(t, "testdata/signin/"+test.script+".txt", func(t *testing.T) apiscript.Target {
				issue, err := issuer.Open(filepath.Join(t.TempDir(), "key"), issuer.EntraURL(tenant, test.version), time.Now)
				if err != nil {
					t.Fatal(err)
				}
				var routes []gateway.Route
				for _, r := range route.API {
					routes = append(routes, gateway.Route{Method: r.Method, Path: r.Path, Function: r.Function, Open: r.Permission == access.Anyone})
				}
				front := httptest.NewServer(gateway.New(gateway.Options{
					Routes: routes, Invoker: invoker{newStack(t), test.signIn}, Issuer: issue, Now: time.Now,
					Audience: []string{"api://" + application, application},
				}))
				t.Cleanup(front.Close)
				return apiscript.Target{
					Base: front.URL, Do: http.DefaultTransport.RoundTrip,
					Token: func(properties, _ string) (string, error) {
						p, err := url.ParseQuery(properties)
						if err != nil {
							return "", err
						}
						version := test.version
						if v := p.Get("version"); v != "" {
							if version, err = strconv.Atoi(v); err != nil {
								return "", err
							}
						}
						life, err := time.ParseDuration(cmp.Or(p.Get("life"), "1h"))
						if err != nil {
							return "", err
						}
						return issue.EntraToken(issuer.Entra{
							Tenant: cmp.Or(p.Get("tenant"), tenant), Version: version, Audience: cmp.Or(p.Get("audience"), test.audience),
							Object: object, UserName: p.Get("user"), Name: p.Get("name"), Roles: p["role"], Groups: p["group"],
							TooMany: p.Has("toomany"), Hidden: p.Has("hidden"), Life: life,
						})
					},
				}
			})
		})
	}
}
