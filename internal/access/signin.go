package access

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"trueup/internal/text"
)

// Names of the token claims that trueup reads.
const (
	SubjectClaim = "sub"
	// GroupsClaim has the groups of a user of an Amazon Cognito user pool.
	GroupsClaim = "cognito:groups"

	objectClaim  = "oid" // Entra ID: the user or service principal. Unlike sub it is the same for every application
	issuerClaim  = "iss"
	expiryClaim  = "exp"
	entraGroups  = "groups"
	sourcesClaim = "_claim_names" // OpenID Connect: claims that are not in the token
	hasGroups    = "hasgroups"    // Entra ID, where a token travels in an address
)

// nameClaims may name the caller, the best first: a name that only one person has comes before one
// that two people may share.
var nameClaims = []string{"preferred_username", "upn", "email", "name", "username"}

// MaxName is the maximum length of a name, in characters.
const MaxName = 256

// SignIn says how the roles of a caller are read from a token. The zero value is for the stack's own
// user pool.
type SignIn struct {
	Claim   string  // claim with the caller's groups or roles; GroupsClaim if empty
	Mapping Mapping // what its values stand for
	// Entra says that the issuer is Microsoft Entra ID. Without it, Entra ID is recognised by its hosts,
	// so not where the issuer has a domain of the organisation (Azure AD B2C, External ID).
	Entra bool
	// Console is the client id of the web console; empty if it has none. Tokens for that client are of
	// people who use the console.
	Console string
}

// Caller returns the caller of a request. The claims are from the token that the JWT authorizer of
// API Gateway has verified: one text for each claim, a list written as "[a b]". authorization is the
// header with that token. Caller reports false if the token has no subject, is another one, or gives
// no access because it is an ID token.
//
// Only a space separates the values of a list in the claims, and in the names of groups of most
// issuers a space is allowed: "Sales Licence-Admins" would read as two groups. Lists are therefore
// read from the token. The exception is GroupsClaim, because Cognito allows no space in the name of a
// group.
func (s SignIn) Caller(claims map[string]string, authorization string) (Principal, bool) {
	p := Principal{Subject: strings.TrimSpace(claims[SubjectClaim])}
	if p.Subject == "" || !s.isAccessToken(claims) {
		return Principal{}, false
	}
	var values []string
	if s.GroupsOfPool() {
		groups := claims[GroupsClaim]
		if strings.HasPrefix(groups, "[") && strings.HasSuffix(groups, "]") {
			groups = groups[1 : len(groups)-1]
		}
		values = strings.Split(groups, " ")
	} else {
		token, ok := payload(authorization)
		if !ok || token.text(SubjectClaim) != claims[SubjectClaim] || token.text(issuerClaim) != claims[issuerClaim] {
			return Principal{}, false
		}
		// Other issuers give the claim another meaning, or let people choose it.
		if id := strings.TrimSpace(token.text(objectClaim)); id != "" && s.isEntra(claims) {
			p.Subject = id
		}
		values, p.GroupsLeftOut = token.values(s.Claim)
	}
	p.Roles = s.Roles(values)
	p.Name = nameIn(claims, p.Subject)
	p.Console = s.Console != "" && clientIn(claims) == s.Console
	return p, true
}

// Roles returns the roles that values of the claim stand for, each once.
func (s SignIn) Roles(values []string) (roles []Role) {
	for _, value := range values {
		for _, role := range s.Mapping.roles(value) {
			if !slices.Contains(roles, role) {
				roles = append(roles, role)
			}
		}
	}
	return roles
}

// GroupsOfPool reports whether the roles are the groups of the user pool.
func (s SignIn) GroupsOfPool() bool { return s.Claim == "" || s.Claim == GroupsClaim }

// clientClaims may have the client for which a token was issued: client_id in tokens of Cognito and of
// RFC 9068, azp in those of Entra ID (version 2), Keycloak and Auth0, appid in those of Entra ID
// (version 1), cid in those of Okta. Only the issuer sets them.
var clientClaims = []string{"client_id", "azp", "appid", "cid"}

// clientIn returns the client for which a token was issued; empty if the token does not say it.
func clientIn(claims map[string]string) string {
	for _, claim := range clientClaims {
		if client := claims[claim]; client != "" {
			return client
		}
	}
	return ""
}

// Holder returns whom an access token names, and when it expires. It checks no signature: it is for a
// program that got the token from the issuer itself and shows what it says. It reports false if the
// token is not a JWT, has no expiry, or gives no access; see Caller.
func (s SignIn) Holder(raw string) (p Principal, expires time.Time, ok bool) {
	t, ok := payload(raw)
	if !ok {
		return Principal{}, time.Time{}, false
	}
	var seconds float64
	if json.Unmarshal(t[expiryClaim], &seconds) != nil || seconds <= 0 || seconds > maxExpiry {
		return Principal{}, time.Time{}, false
	}
	p, ok = s.Caller(t.claims(), raw)
	return p, time.Unix(int64(seconds), 0).UTC(), ok
}

// maxExpiry is the last second of the year 9999.
const maxExpiry = 253402300799

// NameIn returns the name in an ID token that was verified; empty if it has none.
func NameIn(raw string) string {
	t, _ := payload(raw)
	claims := t.claims()
	return nameIn(claims, strings.TrimSpace(claims[SubjectClaim]))
}

// nameIn returns the name of the caller. The subject is not one.
func nameIn(claims map[string]string, subject string) string {
	for _, claim := range nameClaims {
		if name := text.Shorten(CollapseName(claims[claim]), MaxName); name != "" && name != subject && name != claims[SubjectClaim] {
			return name
		}
	}
	return ""
}

// CollapseName returns a name in which one space replaces white space and invisible characters.
func CollapseName(name string) string {
	return text.Collapse(strings.Map(func(r rune) rune {
		if text.IsInvisible(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, name))
}

// token is the claims of a token by name.
type token map[string]json.RawMessage

// payload returns the claims of the token in an Authorization header, whose signature API Gateway has
// verified.
func payload(authorization string) (token, bool) {
	raw := strings.TrimSpace(authorization)
	if scheme, rest, found := strings.Cut(raw, " "); found && strings.EqualFold(scheme, "Bearer") {
		raw = strings.TrimSpace(rest)
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 || strings.ContainsAny(raw, " ,") { // another scheme, or two headers
		return nil, false
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, false
	}
	var t token
	err = json.Unmarshal(data, &t)
	return t, err == nil && t != nil
}

// claims returns the claims as API Gateway passes them to functions: a text for each, and a list as
// "[a b]".
func (t token) claims() map[string]string {
	claims := make(map[string]string, len(t))
	for name, raw := range t {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber() // avoids 1.79e+09
		var value any
		if decoder.Decode(&value) == nil && value != nil {
			claims[name] = fmt.Sprint(value)
		}
	}
	return claims
}

// text returns a claim that is a text; empty if it is missing or something else.
func (t token) text(claim string) string {
	var s string
	if json.Unmarshal(t[claim], &s) != nil {
		return ""
	}
	return s
}

// values returns the texts of a claim that is a list, or the only one if it is a text. It reports
// whether the issuer left the claim out because the list is too long.
func (t token) values(claim string) (values []string, leftOut bool) {
	if raw, there := t[claim]; there {
		var list []any
		if json.Unmarshal(raw, &list) != nil {
			list = []any{t.text(claim)}
		}
		for _, v := range list {
			if s, ok := v.(string); ok {
				values = append(values, s)
			}
		}
		return values, false
	}
	var elsewhere map[string]json.RawMessage
	if json.Unmarshal(t[sourcesClaim], &elsewhere) == nil && elsewhere[claim] != nil {
		return nil, true
	}
	has := string(t[hasGroups])
	return nil, claim == entraGroups && (has == "true" || has == `"true"`)
}
