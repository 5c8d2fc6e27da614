package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Authorizer checks tokens like API Gateway's JWT authorizer: signature (only RS256),
// issuer, audience (or the client if there is no audience), and times.
type Authorizer struct {
	verifier *oidc.IDTokenVerifier
	audience []string
	now      func() time.Time

	mu   sync.Mutex
	seen map[string]checked // valid tokens; a caller sends the same one for an hour
}

// checked has the claims and the expiry of a valid token.
type checked struct {
	claims  map[string]string
	expires time.Time
}

// maxSeen limits the number of cached tokens. A full cache is cleared.
const maxSeen = 1000

// NewAuthorizer returns the authorizer of an issuer's tokens for any of the audiences.
func NewAuthorizer(issuer string, audience []string, keys oidc.KeySet, now func() time.Time) *Authorizer {
	return &Authorizer{
		verifier: oidc.NewVerifier(issuer, keys, &oidc.Config{
			SkipClientIDCheck:    true, // the verifier supports only aud; check does both
			SupportedSigningAlgs: []string{oidc.RS256},
			Now:                  now,
		}),
		audience: audience,
		now:      now,
		seen:     map[string]checked{},
	}
}

// claims checks the value of the Authorization header and returns the token's claims as
// API Gateway passes them to functions: all values are strings.
func (a *Authorizer) claims(ctx context.Context, header string) (map[string]string, error) {
	raw := header
	if scheme, rest, ok := strings.Cut(header, " "); ok && strings.EqualFold(scheme, "Bearer") {
		raw = strings.TrimSpace(rest)
	}
	if raw == "" {
		return nil, errors.New("no token")
	}
	a.mu.Lock()
	known, ok := a.seen[raw]
	a.mu.Unlock()
	if ok && a.now().Before(known.expires) {
		return known.claims, nil
	}
	claims, expires, err := a.check(ctx, raw)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.seen) >= maxSeen {
		clear(a.seen)
	}
	a.seen[raw] = checked{claims, expires}
	return claims, nil
}

// compact matches a token in the compact serialisation of JWS, the only one that API Gateway reads.
var compact = regexp.MustCompile(`^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$`)

// strict checks the types of the registered claims (RFC 7519): the verifier reads times that are
// texts, and takes null for an absent claim.
func strict(token *oidc.IDToken) error {
	var raw map[string]json.RawMessage
	if err := token.Claims(&raw); err != nil {
		return err
	}
	for name, value := range raw {
		var ok bool
		switch name {
		case "sub", "iss", "client_id", "jti", "token_use", "scope":
			ok = value[0] == '"'
		case "exp", "nbf", "iat":
			ok = value[0] == '-' || value[0] >= '0' && value[0] <= '9'
		default:
			ok = true
		}
		if !ok {
			return fmt.Errorf("the claim %s has the wrong type", name)
		}
	}
	return nil
}

// check checks a token that is not cached, and returns its claims and expiry.
func (a *Authorizer) check(ctx context.Context, raw string) (map[string]string, time.Time, error) {
	if !compact.MatchString(raw) { // the verifier also reads the JSON serialisation of JWS
		return nil, time.Time{}, errors.New("the token is not a JWT")
	}
	token, err := a.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, time.Time{}, err
	}
	if err := strict(token); err != nil {
		return nil, time.Time{}, err
	}
	var times struct {
		NotBefore float64 `json:"nbf"`
		IssuedAt  float64 `json:"iat"`
		ClientID  string  `json:"client_id"`
	}
	if err := token.Claims(&times); err != nil {
		return nil, time.Time{}, err
	}
	// The verifier allows a clock skew of five minutes; API Gateway does not.
	now := float64(a.now().UnixMilli()) / 1000
	if times.NotBefore > now || times.IssuedAt > now {
		return nil, time.Time{}, errors.New("the token is not valid yet")
	}
	accepted := func(audience string) bool { return slices.Contains(a.audience, audience) }
	switch {
	case len(token.Audience) > 0 && !slices.ContainsFunc(token.Audience, accepted):
		return nil, time.Time{}, errors.New("the token is for another audience")
	case len(token.Audience) == 0 && !accepted(times.ClientID):
		return nil, time.Time{}, errors.New("the token is for another client")
	}
	claims, err := texts(token)
	return claims, token.Expiry, err
}

// texts returns the claims as strings; a list becomes "[a b]".
func texts(token *oidc.IDToken) (map[string]string, error) {
	var raw json.RawMessage
	if err := token.Claims(&raw); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // avoids 1.79e+09
	var values map[string]any
	if err := decoder.Decode(&values); err != nil {
		return nil, err
	}
	claims := make(map[string]string, len(values))
	for name, value := range values {
		claims[name] = fmt.Sprint(value)
	}
	return claims, nil
}
