package access_test

import (
	"testing"

	"trueup/internal/access"
)

// The claims are those that the documentation of each issuer has.
func TestIDTokensGiveNoAccess(t *testing.T) {
	t.Parallel()
	const (
		v1, v2    = `"iss": "https://sts.windows.net/7a0c1f2e/"`, `"iss": "https://login.microsoftonline.com/7a0c1f2e/v2.0"`
		customers = `"iss": "https://7a0c1f2e.ciamlogin.com/7a0c1f2e/v2.0"`
		china     = `"iss": "https://login.partner.microsoftonline.cn/7a0c1f2e/v2.0"`
		domain    = `"iss": "https://login.example.org/7a0c1f2e/v2.0/"`
		keycloak  = `"iss": "https://id.example.org/realms/one"`
	)
	for name, c := range map[string]struct {
		signIn  access.SignIn
		payload string
		want    bool
	}{
		"Cognito, access token":          {access.SignIn{}, `{"sub": "jo", "token_use": "access"}`, true},
		"Cognito, ID token":              {access.SignIn{}, `{"sub": "jo", "token_use": "id"}`, false},
		"Cognito, an empty use":          {access.SignIn{}, `{"sub": "jo", "token_use": ""}`, false},
		"Cognito, another spelling":      {access.SignIn{}, `{"sub": "jo", "token_use": "Access"}`, false},
		"Entra ID 1, access token":       {access.SignIn{Claim: "roles"}, `{"sub": "jo", ` + v1 + `, "appid": "c", "appidacr": "0", "scp": "x"}`, true},
		"Entra ID 1, ID token":           {access.SignIn{Claim: "roles"}, `{"sub": "jo", ` + v1 + `, "roles": ["global-admin"]}`, false},
		"Entra ID 2, access token":       {access.SignIn{Claim: "roles"}, `{"sub": "jo", ` + v2 + `, "azp": "c", "scp": "x"}`, true},
		"Entra ID 2, a program":          {access.SignIn{Claim: "roles"}, `{"sub": "jo", ` + v2 + `, "azp": "c", "idtyp": "app"}`, true},
		"Entra ID 2, ID token":           {access.SignIn{Claim: "roles"}, `{"sub": "jo", ` + v2 + `, "roles": ["global-admin"], "nonce": "n"}`, false},
		"Entra ID 2, ID token, no nonce": {access.SignIn{Claim: "roles"}, `{"sub": "jo", ` + v2 + `, "roles": ["global-admin"]}`, false},
		"Entra ID for customers":         {access.SignIn{Claim: "roles"}, `{"sub": "jo", ` + customers + `}`, false},
		"Entra ID in China":              {access.SignIn{Claim: "roles"}, `{"sub": "jo", ` + china + `}`, false},
		"a domain, access token":         {access.SignIn{Claim: "roles", Entra: true}, `{"sub": "jo", ` + domain + `, "azp": "c", "scp": "x"}`, true},
		"a domain, ID token":             {access.SignIn{Claim: "roles", Entra: true}, `{"sub": "jo", ` + domain + `, "roles": ["global-admin"]}`, false},
		"a domain, unknown as Entra ID":  {access.SignIn{Claim: "roles"}, `{"sub": "jo", ` + domain + `, "roles": ["global-admin"]}`, true},
		"Keycloak, access token":         {access.SignIn{Claim: "roles"}, `{"sub": "jo", ` + keycloak + `, "typ": "Bearer", "azp": "c"}`, true},
		"old Keycloak, access token":     {access.SignIn{Claim: "roles"}, `{"sub": "jo", ` + keycloak + `, "typ": "Bearer", "azp": "c", "nonce": "n"}`, true},
		"Keycloak, ID token":             {access.SignIn{Claim: "roles"}, `{"sub": "jo", ` + keycloak + `, "typ": "ID", "azp": "c"}`, false},
		"another issuer, access token":   {access.SignIn{Claim: "roles"}, `{"sub": "jo", "iss": "https://id.example.org"}`, true},
		"another issuer, ID token":       {access.SignIn{Claim: "roles"}, `{"sub": "jo", "iss": "https://id.example.org", "nonce": "n"}`, false},
		"ID token with an access token":  {access.SignIn{Claim: "roles"}, `{"sub": "jo", "iss": "https://id.example.org", "at_hash": "h"}`, false},
		"ID token with a code":           {access.SignIn{Claim: "roles"}, `{"sub": "jo", "iss": "https://id.example.org", "c_hash": "h"}`, false},
	} {
		claims, authorization := request(t, c.payload)
		if _, got := c.signIn.Caller(claims, authorization); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
