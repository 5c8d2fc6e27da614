//go:build cdk

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/config"
	"trueup/internal/httpapi/route"
	"trueup/internal/manifest"
)

const (
	tenant    = "7a0c1f2e-5d3b-4c6a-9e8f-0123456789ab"
	clientID  = "c0ffee00-5d3b-4c6a-9e8f-0123456789ab"
	version2  = "https://login.microsoftonline.com/" + tenant + "/v2.0"
	version1  = "https://sts.windows.net/" + tenant + "/"
	someRoles = `{"global-admin":["Licence admins"]}`
)

func TestR16_4_SettingsOfSignIn(t *testing.T) {
	mapping, err := access.ParseMapping(someRoles)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		context map[string]string
		want    func(*settings) // from the defaults
		wrong   []string
	}{
		"app roles": {
			context: map[string]string{issuer: version2, audience: clientID},
			want: func(s *settings) {
				s.Issuer, s.Audience, s.Functions.SignIn.Claim = version2, []string{clientID}, "roles"
			},
		},
		"groups": {
			context: map[string]string{issuer: version1, audience: "api://trueup, " + clientID, scope: "access", "signInClaim": "groups", "signInRoles": someRoles},
			want: func(s *settings) {
				s.Issuer, s.Audience, s.Scope = version1, []string{"api://trueup", clientID}, "access"
				s.Functions.SignIn = access.SignIn{Claim: "groups", Mapping: mapping}
			},
		},
		"another provider": {
			context: map[string]string{issuer: "https://login.example.org", audience: "trueup"},
			want: func(s *settings) {
				s.Issuer, s.Audience, s.Functions.SignIn.Claim = "https://login.example.org", []string{"trueup"}, "roles"
			},
		},
		"the console": {
			context: map[string]string{issuer: version1, audience: "api://trueup", consoleClient: "c0", consoleScopes: " openid  api://trueup/access", "consoleSecret": "trueup/console"},
			want: func(s *settings) {
				s.Issuer, s.Audience, s.Functions.SignIn.Claim = version1, []string{"api://trueup"}, "roles"
				s.ConsoleClient, s.ConsoleScopes, s.ConsoleIssuer, s.Functions.Console.Secret = "c0", "openid api://trueup/access", version2, "trueup/console"
			},
		},
		"the console of another provider": {
			context: map[string]string{issuer: "https://login.example.org", audience: "trueup", consoleClient: "c0", consoleScopes: "openid", consoleIssuer: "https://id.example.org"},
			want: func(s *settings) {
				s.Issuer, s.Audience, s.Functions.SignIn.Claim = "https://login.example.org", []string{"trueup"}, "roles"
				s.ConsoleClient, s.ConsoleScopes, s.ConsoleIssuer = "c0", "openid", "https://id.example.org"
			},
		},
		"the console without an issuer": {context: map[string]string{consoleClient: "c0", consoleScopes: "openid"}, wrong: []string{consoleClient, consoleScopes, "give " + issuer}},
		"the console without a client":  {context: map[string]string{issuer: version2, audience: "a", consoleScopes: "openid", "consoleSecret": "s"}, wrong: []string{consoleScopes, "consoleSecret", "give " + consoleClient}},
		"the console without scopes":    {context: map[string]string{issuer: version2, audience: "a", consoleClient: "c0"}, wrong: []string{consoleScopes, "offline_access"}},
		"a console with mistakes": {
			context: map[string]string{issuer: version2, audience: "a", consoleClient: "c 0", consoleScopes: "email", consoleIssuer: "http://login.example.org", "consoleSecret": "any*"},
			wrong:   []string{consoleClient, consoleScopes, consoleIssuer, "consoleSecret"},
		},
		"no issuer": {
			context: map[string]string{audience: clientID, scope: "access", "signInClaim": "roles", "signInRoles": someRoles},
			wrong:   []string{audience, scope, "signInClaim", "signInRoles", "give " + issuer},
		},
		"Entra ID with a domain": {
			context: map[string]string{issuer: "https://login.example.org/" + tenant + "/v2.0/", audience: clientID, "signInEntra": "true"},
			want: func(s *settings) {
				s.Issuer, s.Audience = "https://login.example.org/"+tenant+"/v2.0/", []string{clientID}
				s.Functions.SignIn = access.SignIn{Claim: "roles", Entra: true}
			},
		},
		"Entra ID without an issuer": {context: map[string]string{"signInEntra": "true"}, wrong: []string{"signInEntra", "give " + issuer}},
		"Entra ID perhaps":           {context: map[string]string{issuer: version2, audience: "a", "signInEntra": "yes"}, wrong: []string{"signInEntra"}},
		"no Entra ID, no issuer":     {context: map[string]string{"signInEntra": "false"}, want: func(*settings) {}},
		"no audience":                {context: map[string]string{issuer: version2, audience: " , "}, wrong: []string{audience + " is", "client id"}},
		"spaces between":             {context: map[string]string{issuer: version2, audience: "a b", scope: "a b"}, wrong: []string{audience + " is", scope + " is"}},
		"no https":                   {context: map[string]string{issuer: "http://login.example.org", audience: "a"}, wrong: []string{issuer, "the claim iss"}},
		"no address":                 {context: map[string]string{issuer: tenant, audience: "a"}, wrong: []string{issuer, "the claim iss"}},
		"the metadata":               {context: map[string]string{issuer: version2 + "/.well-known/openid-configuration", audience: "a"}, wrong: []string{issuer, "leave out"}},
		"every tenant":               {context: map[string]string{issuer: "https://login.microsoftonline.com/common/v2.0", audience: "a"}, wrong: []string{issuer, "id of the tenant"}},
		"a tenant by its name":       {context: map[string]string{issuer: "https://login.microsoftonline.com/example.org/v2.0", audience: "a"}, wrong: []string{issuer, "id of the tenant"}},
		"no version":                 {context: map[string]string{issuer: "https://login.microsoftonline.com/" + tenant, audience: "a"}, wrong: []string{issuer, "sts.windows.net"}},
		"version 2 and a slash":      {context: map[string]string{issuer: version2 + "/", audience: "a"}, wrong: []string{issuer, "/v2.0"}},
		"version 1, no slash":        {context: map[string]string{issuer: strings.TrimSuffix(version1, "/"), audience: "a"}, wrong: []string{issuer, "last slash"}},
		"no such role":               {context: map[string]string{issuer: version2, audience: "a", "signInRoles": `{"owner": ["a"]}`}, wrong: []string{"signInRoles", "owner", "global-admin"}},
		"two claims":                 {context: map[string]string{issuer: version2, audience: "a", "signInClaim": "roles groups"}, wrong: []string{"signInClaim"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readSettings(func(name string) string { return test.context[name] })
			if test.wrong == nil {
				want := byDefault
				test.want(&want)
				if diff := cmp.Diff(want, got, zones); diff != "" || err != nil {
					t.Errorf("%v (-want +got):\n%s", err, diff)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			for _, words := range test.wrong {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%q does not say %q", err, words)
				}
			}
		})
	}
}

// TestR16_4_AuthorizerOfTheOrganisation: the API accepts the tokens of the organisation's issuer and
// no others, and there is no user pool.
func TestR16_4_AuthorizerOfTheOrganisation(t *testing.T) {
	chosen, err := readSettings(func(name string) string {
		return map[string]string{
			issuer: version1, audience: "api://trueup," + clientID, scope: "access", "signInClaim": "groups", "signInRoles": someRoles,
			consoleClient: "c0ffee", consoleScopes: "openid api://trueup/access", "consoleSecret": "trueup/console",
		}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	got := parseTemplate(t, synthesise(chosen))
	authorizer := got.one("AWS::ApiGatewayV2::Authorizer")
	for path, want := range map[string]string{
		"AuthorizerType": "JWT", "IdentitySource": `["$request.header.Authorization"]`,
		"JwtConfiguration.Issuer": version1, "JwtConfiguration.Audience": `["api://trueup","` + clientID + `"]`,
	} {
		if got := authorizer.text(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	for _, r := range route.Table {
		want := `["access"]`
		if r.Permission == access.Anyone {
			want = ""
		}
		if got := got.where("AWS::ApiGatewayV2::Route", "RouteKey", r.GatewayKey())[0].text("AuthorizationScopes"); got != want {
			t.Errorf("%s has the scopes %s, want %s", r.GatewayKey(), got, want)
		}
	}
	for _, kind := range []string{"AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient", "AWS::Cognito::UserPoolDomain", "AWS::Cognito::UserPoolGroup"} {
		if n := len(got.of(kind)); n != 0 {
			t.Errorf("%d of %s", n, kind)
		}
	}
	for name, want := range map[string]string{config.SignInClaim: "groups", config.SignInRoles: someRoles} {
		for _, function := range []string{"agreements", "catalog", "groups", "reports", "console"} {
			if got := got.function(function).text("Environment.Variables." + name); got != want {
				t.Errorf("%s: %s is %q, want %q", function, name, got, want)
			}
		}
	}
}

// TestR16_4_ConsoleOfTheOrganisation: the console signs people in with the organisation's issuer, and only the
// console reads the secret of its client.
func TestR16_4_ConsoleOfTheOrganisation(t *testing.T) {
	chosen, err := readSettings(func(name string) string {
		return map[string]string{issuer: version1, audience: "api://trueup", consoleClient: "c0ffee", consoleScopes: "openid api://trueup/access", "consoleSecret": "trueup/console"}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	got := parseTemplate(t, synthesise(chosen))
	for name, want := range map[string]string{
		config.ConsoleIssuer: version2, config.ConsoleClient: "c0ffee", config.ConsoleScopes: "openid api://trueup/access", config.ConsoleSecret: "trueup/console",
	} {
		if got := got.function("console").text("Environment.Variables." + name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, f := range manifest.Functions {
		role := got.Resources[strings.TrimSuffix(strings.TrimPrefix(got.function(f.Name).text("Role"), "${"), ".Arn}")]
		reads := false
		for _, s := range role.statements("Policies.0.PolicyDocument") {
			reads = reads || slices.Contains(s.Actions, "secretsmanager:GetSecretValue")
		}
		if reads != f.IsConsole() {
			t.Errorf("%s reads the secret: %v", f.Name, reads)
		}
		if f.Trigger != manifest.HTTP {
			continue
		}
		if got := got.function(f.Name).text("Environment.Variables." + config.ConsoleClient); got != "c0ffee" {
			t.Errorf("%s takes %q for the console", f.Name, got)
		}
	}
}

// TestContextText: values of cdk.context.json may have the types of JSON.
func TestContextText(t *testing.T) {
	for _, test := range []struct {
		value any
		want  string
	}{
		{nil, ""},
		{"a", "a"},
		{true, "true"},
		{float64(60), "60"},
		{[]any{"a", "b"}, "a,b"},
		{map[string]any{"global-admin": []any{"Licence admins"}}, someRoles},
	} {
		if got := contextText(test.value); got != test.want {
			t.Errorf("%v is %q, want %q", test.value, got, test.want)
		}
	}
}
