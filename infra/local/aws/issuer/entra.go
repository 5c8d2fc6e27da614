package issuer

import (
	"crypto/rand"
	"time"
)

// EntraURL returns the issuer of the access tokens of a tenant of Microsoft Entra ID, in version 1 or
// 2 of its tokens.
func EntraURL(tenant string, version int) string {
	if version == 1 {
		return "https://sts.windows.net/" + tenant + "/"
	}
	return "https://login.microsoftonline.com/" + tenant + "/v2.0"
}

// Entra describes an access token of Microsoft Entra ID for an API.
type Entra struct {
	Tenant   string
	Version  int
	Audience string // client id of the API; in version 1 also its application ID URI, api://…
	Object   string // object id of the person or the program
	UserName string // empty for a program
	Name     string // display name
	Roles    []string
	Groups   []string
	Life     time.Duration
	// TooMany leaves the groups out, as Entra ID does with more than 200.
	TooMany bool
	// Hidden leaves the groups out, as Entra ID does in the implicit flow.
	Hidden bool
}

// EntraToken returns the token, signed by the issuer. The names of the claims are in Microsoft's
// reference of access token claims.
func (i *Issuer) EntraToken(e Entra) (string, error) {
	now := i.now()
	claims := map[string]any{
		"iss": EntraURL(e.Tenant, e.Version), "aud": e.Audience, "tid": e.Tenant, "oid": e.Object,
		// The subject differs from one application to the next.
		"sub": "pairwise-of-" + e.Object,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(e.Life).Unix(), "uti": rand.Text(), "aio": rand.Text(),
		"acrs": []string{"p1"}, "rh": "0.A",
	}
	application := "00000000-0000-0000-0000-00000000c11e"
	switch {
	case e.Version == 1 && e.UserName != "":
		claims["upn"], claims["unique_name"] = e.UserName, e.UserName
		fallthrough
	case e.Version == 1:
		claims["ver"], claims["appid"], claims["appidacr"] = "1.0", application, "0"
	default:
		claims["ver"], claims["azp"], claims["azpacr"] = "2.0", application, "0"
		if e.UserName != "" {
			claims["preferred_username"] = e.UserName
		}
	}
	if e.UserName == "" {
		claims["idtyp"] = "app"
		claims["sub"] = e.Object
	} else {
		claims["scp"], claims["name"] = "access", e.Name
	}
	if e.Roles != nil {
		claims["roles"] = e.Roles
	}
	switch {
	case e.TooMany:
		claims["_claim_names"] = map[string]string{"groups": "src1"}
		claims["_claim_sources"] = map[string]any{
			"src1": map[string]string{"endpoint": "https://graph.windows.net/" + e.Tenant + "/users/" + e.Object + "/getMemberObjects"},
		}
	case e.Hidden:
		claims["hasgroups"] = true
	case e.Groups != nil:
		claims["groups"] = e.Groups
	}
	return i.Sign(claims)
}
