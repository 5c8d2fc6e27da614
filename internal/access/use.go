package access

import (
	"net/url"
	"slices"
	"strings"
)

// entraHosts are the hosts of issuers of Microsoft Entra ID: of both versions of tokens, and of
// national clouds. Issuers of customers have hosts below entraDomains.
var (
	entraHosts = []string{
		"login.microsoftonline.com", "sts.windows.net",
		"login.microsoftonline.us", "login.partner.microsoftonline.cn", "sts.chinacloudapi.cn",
	}
	entraDomains = []string{".ciamlogin.com", ".b2clogin.com"}
)

// isEntra reports whether the issuer of a token is Microsoft Entra ID.
func (s SignIn) isEntra(claims map[string]string) bool {
	if s.Entra {
		return true
	}
	u, err := url.Parse(claims[issuerClaim])
	if err != nil || u.Scheme != "https" {
		return false
	}
	host := u.Host
	return slices.Contains(entraHosts, host) || slices.ContainsFunc(entraDomains, func(d string) bool { return strings.HasSuffix(host, d) })
}

// isAccessToken reports whether the claims are from a token that gives access. An ID token names the
// same person and groups, and the JWT authorizer of API Gateway accepts it if it has the audience of
// the API, but it is meant for the page that the person signed in to. The claims that tell them
// apart:
//
//   - token_use of Amazon Cognito: access or id;
//   - appid and azp of Entra ID, the client that uses the token: only access tokens have one;
//   - typ of Keycloak: Bearer or ID;
//   - at_hash, c_hash and nonce of OpenID Connect: ID tokens only. Old versions of Keycloak repeat
//     nonce in access tokens.
//
// For an issuer without any of these, a scope on the routes (signInScope) or an audience that only
// access tokens have keeps ID tokens out.
func (s SignIn) isAccessToken(claims map[string]string) bool {
	has := func(name string) bool { _, ok := claims[name]; return ok }
	switch kind := claims["typ"]; {
	case has("token_use"):
		return claims["token_use"] == "access"
	case s.isEntra(claims):
		return has("appid") || has("azp")
	default:
		return kind != "ID" && !has("at_hash") && !has("c_hash") && (!has("nonce") || kind == "Bearer")
	}
}
