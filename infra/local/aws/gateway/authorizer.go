package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Authorizer checks tokens as API Gateway's JWT authorizer does: signature
// (RS256 and nothing else), issuer, audience or else client, and times.
type Authorizer struct {
	verifier *oidc.IDTokenVerifier
	client   string
	now      func() time.Time

	mu   sync.Mutex
	seen map[string]checked // by token; a caller sends the same one for an hour
}

// checked is a token that was found good, and until when it is.
type checked struct {
	claims  map[string]string
	expires time.Time
}

// maxSeen bounds what is remembered; then it starts over.
const maxSeen = 1000

// NewAuthorizer returns the authorizer of an issuer's tokens for one client.
func NewAuthorizer(issuer, client string, keys oidc.KeySet, now func() time.Time) *Authorizer {
	return &Authorizer{
		verifier: oidc.NewVerifier(issuer, keys, &oidc.Config{
			SkipClientIDCheck:    true, // it knows aud only; checked here
			SupportedSigningAlgs: []string{oidc.RS256},
			Now:                  now,
		}),
		client: client,
		now:    now,
		seen:   map[string]checked{},
	}
}

// claims checks the value of the Authorization header and returns the token's
// claims as API Gateway passes them on: all of them strings.
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

// check checks a token that is not known.
func (a *Authorizer) check(ctx context.Context, raw string) (map[string]string, time.Time, error) {
	token, err := a.verifier.Verify(ctx, raw)
	if err != nil {
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
	// The verifier is lenient by five minutes; API Gateway is not.
	now := float64(a.now().UnixMilli()) / 1000
	if times.NotBefore > now || times.IssuedAt > now {
		return nil, time.Time{}, errors.New("the token is not valid yet")
	}
	switch audience := token.Audience; {
	case len(audience) > 0 && !slices.Contains(audience, a.client):
		return nil, time.Time{}, errors.New("the token is for another audience")
	case len(audience) == 0 && times.ClientID != a.client:
		return nil, time.Time{}, errors.New("the token is for another client")
	}
	claims, err := texts(token)
	return claims, token.Expiry, err
}

// texts turns claims into strings; a list becomes "[a b]".
func texts(token *oidc.IDToken) (map[string]string, error) {
	var raw json.RawMessage
	if err := token.Claims(&raw); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // no 1.79e+09
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
