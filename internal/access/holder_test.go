package access_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
)

// SPEC 12: only the client of the token makes a call one of the console.
func TestConsoleIsTheClientOfTheToken(t *testing.T) {
	t.Parallel()
	pool := access.SignIn{Console: "c0"}
	entra := access.SignIn{Claim: "roles", Console: "c0"}
	for name, test := range map[string]struct {
		signIn  access.SignIn
		payload string
		want    bool
	}{
		"Cognito":                      {pool, `{"sub": "s", "token_use": "access", "client_id": "c0"}`, true},
		"Cognito, a script":            {pool, `{"sub": "s", "token_use": "access", "client_id": "c1"}`, false},
		"Entra ID, version 2":          {entra, `{"iss": "https://login.microsoftonline.com/t/v2.0", "sub": "s", "azp": "c0"}`, true},
		"Entra ID, version 1":          {entra, `{"iss": "https://sts.windows.net/t/", "sub": "s", "appid": "c0"}`, true},
		"Entra ID, a script":           {entra, `{"iss": "https://login.microsoftonline.com/t/v2.0", "sub": "s", "azp": "c1"}`, false},
		"Okta":                         {entra, `{"sub": "s", "cid": "c0"}`, true},
		"the first claim decides":      {entra, `{"sub": "s", "client_id": "c1", "azp": "c0"}`, false},
		"the audience is no client":    {entra, `{"sub": "s", "aud": "c0"}`, false},
		"in another case":              {entra, `{"sub": "s", "azp": "C0"}`, false},
		"a token that names no client": {entra, `{"sub": "s"}`, false},
		"no console":                   {access.SignIn{Claim: "roles"}, `{"sub": "s"}`, false},
		"no console, an empty client":  {access.SignIn{Claim: "roles"}, `{"sub": "s", "azp": ""}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims, authorization := request(t, test.payload)
			if p, ok := test.signIn.Caller(claims, authorization); !ok || p.Console != test.want {
				t.Errorf("%+v, %v", p, ok)
			}
		})
	}
}

func TestHolder(t *testing.T) {
	t.Parallel()
	expires := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		signIn  access.SignIn
		payload string
		want    access.Principal
	}{
		"of Cognito": {
			access.SignIn{},
			`{"sub": "s", "token_use": "access", "client_id": "c", "username": "ann", "cognito:groups": ["global-admin", "user-admin"], "exp": 1796040000}`,
			access.Principal{Subject: "s", Name: "ann", Roles: []access.Role{access.GlobalAdmin, access.UserAdmin}},
		},
		"of Entra ID": {
			access.SignIn{Claim: "roles"},
			`{"iss": "https://login.microsoftonline.com/t/v2.0", "azp": "c", "sub": "p", "oid": "` + person + `", "preferred_username": "ann@example.org", "roles": ["billing-admin"], "exp": 1796040000.7}`,
			access.Principal{Subject: person, Name: "ann@example.org", Roles: []access.Role{access.BillingAdmin}},
		},
		"with claims of other types": {
			access.SignIn{}, `{"sub": "s", "cognito:groups": [], "a": null, "b": {"c": [1]}, "d": true, "exp": 1796040000}`, access.Principal{Subject: "s"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, authorization := request(t, test.payload)
			p, at, ok := test.signIn.Holder(strings.TrimPrefix(authorization, "Bearer "))
			if diff := cmp.Diff(test.want, p); diff != "" || !ok || !at.Equal(expires) {
				t.Errorf("%v %v (-want +got)\n%s", ok, at, diff)
			}
		})
	}
	for _, payload := range []string{
		`{"sub": "s"}`, `{"sub": "s", "exp": "1796040000"}`, `{"sub": "s", "exp": 0}`, `{"sub": "s", "exp": -1}`, `{"sub": "s", "exp": 1e300}`,
		`{"sub": "", "exp": 1796040000}`, `{"sub": "s", "token_use": "id", "exp": 1796040000}`, `[]`, `null`, `{`,
	} {
		raw := "e30." + encoded(payload) + ".c2ln"
		if p, _, ok := (access.SignIn{}).Holder(raw); ok {
			t.Errorf("%s: %+v", payload, p)
		}
	}
	for _, raw := range []string{"", "opaque", "a.b", "a.b.c.d", "e30 e30.e30.e30"} {
		if p, _, ok := (access.SignIn{}).Holder(raw); ok {
			t.Errorf("%q: %+v", raw, p)
		}
	}
}

func TestNameIn(t *testing.T) {
	t.Parallel()
	for payload, want := range map[string]string{
		`{"sub": "s", "email": "ann@example.org", "cognito:username": "s"}`: "ann@example.org",
		`{"sub": "s", "name": "Ann", "email": "ann@example.org"}`:           "ann@example.org",
		`{"sub": "s", "email": "s"}`:                                        "",
		`{"sub": "s"}`:                                                      "",
		`[]`:                                                                "",
	} {
		if got := access.NameIn("e30." + encoded(payload) + ".c2ln"); got != want {
			t.Errorf("%s: %q, want %q", payload, got, want)
		}
	}
}

func encoded(payload string) string { return base64.RawURLEncoding.EncodeToString([]byte(payload)) }
