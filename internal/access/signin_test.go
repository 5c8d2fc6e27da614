package access_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
)

// request returns the claims as API Gateway passes them, and the header with the token.
func request(t testing.TB, payload string) (claims map[string]string, authorization string) {
	t.Helper()
	var values map[string]any
	if err := json.Unmarshal([]byte(payload), &values); err != nil {
		t.Fatal(err)
	}
	claims = map[string]string{}
	for name, value := range values {
		claims[name] = fmt.Sprint(value)
	}
	return claims, "Bearer e30." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".c2ln"
}

func mapping(t testing.TB, s string) access.Mapping {
	t.Helper()
	m, err := access.ParseMapping(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const (
	admins = "11111111-aaaa-4bbb-8ccc-000000000001"
	buyers = "11111111-aaaa-4bbb-8ccc-000000000002"
	person = "99999999-aaaa-4bbb-8ccc-000000000009"
)

func TestR16_4_Caller(t *testing.T) {
	t.Parallel()
	ids := access.SignIn{Claim: "groups", Mapping: mapping(t, `{"global-admin": ["`+strings.ToUpper(admins)+`"], "billing-admin": ["`+buyers+`", "Buyers"]}`)}
	names := access.SignIn{Claim: "groups", Mapping: mapping(t, `{"global-admin": ["Licence Admins"], "billing-admin": ["Buyers"], "user-admin": ["Buyers"]}`)}
	app := access.SignIn{Claim: "roles"}
	for name, test := range map[string]struct {
		signIn  access.SignIn
		payload string
		want    access.Principal
	}{
		"app roles of Entra ID, version 2": {
			app, `{"iss": "https://login.microsoftonline.com/t/v2.0", "azp": "c", "sub": "pairwise", "oid": "` + person + `", "preferred_username": "ann@example.org", "name": "Ann", "roles": ["global-admin", "Reader"], "ver": "2.0"}`,
			access.Principal{Subject: person, Name: "ann@example.org", Roles: []access.Role{access.GlobalAdmin}},
		},
		"app roles of Entra ID, version 1": {
			app, `{"iss": "https://sts.windows.net/t/", "appid": "c", "sub": "pairwise", "oid": "` + person + `", "upn": "ann@example.org", "name": "Ann", "roles": ["billing-admin"], "ver": "1.0"}`,
			access.Principal{Subject: person, Name: "ann@example.org", Roles: []access.Role{access.BillingAdmin}},
		},
		"a program has no name": {
			app, `{"sub": "` + person + `", "oid": "` + person + `", "idtyp": "app", "roles": ["service-admin"]}`,
			access.Principal{Subject: person, Roles: []access.Role{access.ServiceAdmin}},
		},
		"object ids in any case": {
			ids, `{"sub": "s", "groups": ["` + admins + `", "` + strings.ToUpper(buyers) + `"]}`,
			access.Principal{Subject: "s", Roles: []access.Role{access.GlobalAdmin, access.BillingAdmin}},
		},
		"a name with a space": {
			names, `{"sub": "s", "groups": ["Sales", "Licence Admins"]}`,
			access.Principal{Subject: "s", Roles: []access.Role{access.GlobalAdmin}},
		},
		"a group whose name contains the name of another": {
			names, `{"sub": "s", "groups": ["Sales Buyers", "[Buyers]", "Buyers ", "buyers"]}`, access.Principal{Subject: "s"},
		},
		"a group whose name contains an object id": {ids, `{"sub": "s", "groups": ["Sales ` + admins + `"]}`, access.Principal{Subject: "s"}},
		"one value for two roles": {
			names, `{"sub": "s", "groups": ["Buyers"]}`, access.Principal{Subject: "s", Roles: []access.Role{access.BillingAdmin, access.UserAdmin}},
		},
		"a text instead of a list":                  {app, `{"sub": "s", "roles": "global-admin"}`, access.Principal{Subject: "s", Roles: []access.Role{access.GlobalAdmin}}},
		"a text is one value":                       {app, `{"sub": "s", "roles": "x global-admin"}`, access.Principal{Subject: "s"}},
		"values of other types":                     {app, `{"sub": "s", "roles": [1, null, ["global-admin"], {"a": "global-admin"}, "user-admin"]}`, access.Principal{Subject: "s", Roles: []access.Role{access.UserAdmin}}},
		"an object":                                 {app, `{"sub": "s", "roles": {"global-admin": true}}`, access.Principal{Subject: "s"}},
		"no such claim":                             {app, `{"sub": "s"}`, access.Principal{Subject: "s"}},
		"the claim of another issuer":               {app, `{"sub": "s", "cognito:groups": ["global-admin"], "groups": ["global-admin"], "Roles": ["global-admin"]}`, access.Principal{Subject: "s"}},
		"a mapping replaces the names of the roles": {names, `{"sub": "s", "groups": ["global-admin"]}`, access.Principal{Subject: "s"}},
		"too many groups": {
			ids, `{"sub": "s", "name": "Ann", "_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example"}}}`,
			access.Principal{Subject: "s", Name: "Ann", GroupsLeftOut: true},
		},
		"too many groups for an address":         {ids, `{"sub": "s", "hasgroups": true}`, access.Principal{Subject: "s", GroupsLeftOut: true}},
		"too many groups for an address, a text": {ids, `{"sub": "s", "hasgroups": "true"}`, access.Principal{Subject: "s", GroupsLeftOut: true}},
		"hasgroups beside the groups":            {ids, `{"sub": "s", "hasgroups": true, "groups": ["` + admins + `"]}`, access.Principal{Subject: "s", Roles: []access.Role{access.GlobalAdmin}}},
		"too many groups, but roles decide":      {app, `{"sub": "s", "roles": ["global-admin"], "hasgroups": true, "_claim_names": {"groups": "src1"}}`, access.Principal{Subject: "s", Roles: []access.Role{access.GlobalAdmin}}},
		"too many groups and no role":            {app, `{"sub": "s", "hasgroups": true, "_claim_names": {"groups": "src1"}}`, access.Principal{Subject: "s"}},
		"something else is elsewhere":            {ids, `{"sub": "s", "_claim_names": {"address": "src1"}}`, access.Principal{Subject: "s"}},
		"a claim with an address as its name": {
			access.SignIn{Claim: "https://example.org/roles"},
			`{"sub": "s", "https://example.org/roles": ["global-admin"]}`,
			access.Principal{Subject: "s", Roles: []access.Role{access.GlobalAdmin}},
		},
		"a name gives no right":            {app, `{"sub": "s", "preferred_username": "global-admin", "name": "[global-admin]"}`, access.Principal{Subject: "s", Name: "global-admin"}},
		"a name with invisible characters": {app, `{"sub": "s", "email": "  ", "name": "Ann\u202e\u0000 \n Peeters"}`, access.Principal{Subject: "s", Name: "Ann Peeters"}},
		"a long name":                      {app, `{"sub": "s", "name": "` + strings.Repeat("é", 300) + `"}`, access.Principal{Subject: "s", Name: strings.Repeat("é", 255) + "…"}},
		"oid of another issuer": {
			app, `{"iss": "https://idp.example.org", "sub": "s", "oid": "` + person + `", "roles": ["user-admin"]}`,
			access.Principal{Subject: "s", Roles: []access.Role{access.UserAdmin}},
		},
		"oid of Entra ID with a domain of the organisation": {
			access.SignIn{Claim: "roles", Entra: true},
			`{"iss": "https://login.example.org/t/v2.0/", "sub": "s", "oid": "` + person + `", "azp": "c", "roles": ["user-admin"]}`,
			access.Principal{Subject: person, Roles: []access.Role{access.UserAdmin}},
		},
		"Entra ID without an oid": {
			access.SignIn{Claim: "roles", Entra: true}, `{"iss": "https://login.example.org/t/v2.0/", "sub": "s", "azp": "c"}`, access.Principal{Subject: "s"},
		},
		"oid of an issuer with a name like that of Entra ID": {
			app, `{"iss": "https://login.microsoftonline.com.example.org/t/v2.0", "sub": "s", "oid": "` + person + `"}`, access.Principal{Subject: "s"},
		},
		"a user name of the user pool":    {access.SignIn{}, `{"sub": "s", "username": "Entra_ann@example.org", "cognito:groups": ["user-admin"]}`, access.Principal{Subject: "s", Name: "Entra_ann@example.org", Roles: []access.Role{access.UserAdmin}}},
		"a user name that is the sub":     {access.SignIn{Claim: access.GroupsClaim}, `{"sub": "s", "username": "s"}`, access.Principal{Subject: "s"}},
		"the user pool has no object ids": {access.SignIn{}, `{"sub": "s", "oid": "` + person + `"}`, access.Principal{Subject: "s"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claims, authorization := request(t, test.payload)
			for _, header := range []string{authorization, strings.TrimPrefix(authorization, "Bearer "), strings.Replace(authorization, "Bearer ", "bearer  ", 1)} {
				got, ok := test.signIn.Caller(claims, header)
				if diff := cmp.Diff(test.want, got); diff != "" || !ok {
					t.Errorf("ok = %v, (-want +got)\n%s", ok, diff)
				}
			}
		})
	}
}

// The token must be the one that the gateway has verified.
func TestR16_4_CallerOfAnotherToken(t *testing.T) {
	t.Parallel()
	signIn := access.SignIn{Claim: "roles"}
	claims, _ := request(t, `{"iss": "https://issuer.example", "sub": "ann"}`)
	for name, payload := range map[string]string{
		"another person": `{"iss": "https://issuer.example", "sub": "bob", "roles": ["global-admin"]}`,
		"another issuer": `{"iss": "https://other.example", "sub": "ann", "roles": ["global-admin"]}`,
		"no person":      `{"iss": "https://issuer.example", "roles": ["global-admin"]}`,
	} {
		_, authorization := request(t, payload)
		if p, ok := signIn.Caller(claims, authorization); ok {
			t.Errorf("%s: %+v", name, p)
		}
	}
	_, valid := request(t, `{"iss": "https://issuer.example", "sub": "ann", "roles": ["global-admin"]}`)
	if _, ok := signIn.Caller(claims, valid); !ok {
		t.Fatal("the token itself is refused")
	}
	for _, header := range []string{"", "Bearer", "Bearer a.b", "Bearer a.!.c", "Bearer a.e30.c", "Bearer a.bnVsbA.c", "Bearer a.W10.c", valid + "," + valid, valid + ".d", "Basic " + strings.TrimPrefix(valid, "Bearer ")} {
		if p, ok := signIn.Caller(claims, header); ok {
			t.Errorf("%q: %+v", header, p)
		}
	}
}

func TestR16_4_Mapping(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", " \n"} {
		if m := mapping(t, s); m.String() != "" {
			t.Errorf("%q is %q", s, m)
		}
	}
	const canonical = `{"billing-admin":["` + buyers + `","R&D <buyers>"],"global-admin":["Licence Admins"]}`
	m := mapping(t, ` {"global-admin": ["Licence Admins"], "billing-admin": ["`+strings.ToUpper(buyers)+`", "R&D <buyers>"]} `)
	if m.String() != canonical || !m.Equal(mapping(t, canonical)) || m.Equal(access.Mapping{}) || m.Equal(mapping(t, `{"global-admin": ["x"]}`)) {
		t.Errorf("the mapping is %s", m)
	}
	for given, want := range map[string]string{
		`{}`:                             "leave the setting out",
		`[]`:                             "give a JSON object",
		`global-admin=x`:                 "give a JSON object",
		`{"global-admin": ["x"]`:         "give a JSON object",
		`{"global-admin": ["x"]} {}`:     "give a JSON object",
		`{"global-admin" ["x"]}`:         "give a JSON object",
		`{"global-admin": }`:             "give a JSON object",
		`{"Global-Admin": ["x"]}`:        "the roles are global-admin, billing-admin",
		`{"global-admin": "x"}`:          "give a list",
		`{"global-admin": []}`:           "give a list",
		`{"global-admin": [7]}`:          "put it in quotes",
		`{"global-admin": ["x "]}`:       "correct it",
		`{"global-admin": [""]}`:         "correct it",
		`{"global-admin": ["a\u200bb"]}`: "type it again",
		`{"global-admin": ["x", "x"]}`:   "remove one",
		`{"global-admin": ["` + admins + `", "` + strings.ToUpper(admins) + `"]}`: "remove one",
		`{"global-admin": ["x"], "global-admin": ["y"]}`:                          "in one list",
		`{"global-admin": ["` + strings.Repeat("x", 257) + `"]}`:                  "use the id",
		`{"global-admin": ["` + strings.Repeat("x", 2048) + `"]}`:                 "name fewer",
	} {
		if m, err := access.ParseMapping(given); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %s, %v; want %q", given, m, err, want)
		}
	}
	_, err := access.ParseMapping(`{"owner": ["x"], "global-admin": []}`)
	if err == nil || !strings.Contains(err.Error(), "owner") || !strings.Contains(err.Error(), `"global-admin"`) {
		t.Errorf("%v does not have both mistakes", err)
	}
}

func FuzzMapping(f *testing.F) {
	for _, seed := range []string{`{"global-admin": ["a"]}`, `{"global-admin": ["a"], "x": 1}`, `{`, `{"global-admin": ["` + admins + `"]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := access.ParseMapping(s)
		if err != nil {
			return
		}
		again, err := access.ParseMapping(m.String())
		if err != nil || !again.Equal(m) {
			t.Fatalf("%q is %s, which is %s (%v)", s, m, again, err)
		}
	})
}

func FuzzCaller(f *testing.F) {
	f.Add("s", "Bearer a.e30.c")
	f.Add("s", "Bearer a."+base64.RawURLEncoding.EncodeToString([]byte(`{"sub": "s", "roles": ["global-admin"], "_claim_names": 1}`))+".c")
	f.Fuzz(func(t *testing.T, subject, header string) {
		p, _ := access.SignIn{Claim: "roles"}.Caller(map[string]string{"sub": subject}, header)
		for i, role := range p.Roles {
			if !slices.Contains(access.Roles, role) || slices.Contains(p.Roles[:i], role) {
				t.Fatalf("roles %q of %q", p.Roles, header)
			}
		}
	})
}
