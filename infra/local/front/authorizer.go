package front

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// Authorizer checks tokens as API Gateway's JWT authorizer does: signature
// (RS256 and nothing else), issuer, audience or else client, and times.
type Authorizer struct {
	verifier *oidc.IDTokenVerifier
	client   string
	now      func() time.Time
}

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
	token, err := a.verifier.Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	var times struct {
		NotBefore float64 `json:"nbf"`
		IssuedAt  float64 `json:"iat"`
		ClientID  string  `json:"client_id"`
	}
	if err := token.Claims(&times); err != nil {
		return nil, err
	}
	// The verifier is lenient by five minutes; API Gateway is not.
	now := float64(a.now().UnixMilli()) / 1000
	if times.NotBefore > now || times.IssuedAt > now {
		return nil, errors.New("the token is not valid yet")
	}
	if audience := token.Audience; len(audience) > 0 {
		for _, member := range audience {
			if member == a.client {
				return texts(token)
			}
		}
		return nil, errors.New("the token is for another audience")
	}
	if times.ClientID != a.client {
		return nil, errors.New("the token is for another client")
	}
	return texts(token)
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
