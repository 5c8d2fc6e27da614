package vlsc

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"trueup/internal/entitlement"
)

// How long a token is used.
const (
	tokenLife    = 5 * time.Minute  // maximum, so that a changed secret is used soon
	tokenUnsaid  = time.Minute      // if the response has no lifetime
	tokenMargin  = 30 * time.Second // before it expires; at most half its life
	maxTokenBody = 64 << 10
)

// tokens caches the token of the client credentials grant (RFC 6749, section 4.4).
// golang.org/x/oauth2 is not used: it keeps a token and a secret until they expire, cannot
// discard a rejected token, and puts the response of the token endpoint, which may quote the
// secret, into its errors.
type tokens struct {
	config Config
	client *http.Client
	lock   chan struct{} // held while reading or fetching; unlike a mutex, a wait for it can be cancelled

	value string
	until time.Time
}

// get returns the token, and fetches a new one if it is too old. Concurrent calls fetch it once.
func (t *tokens) get(ctx context.Context) (string, *fault) {
	if why := t.acquire(ctx); why != nil {
		return "", why
	}
	defer t.release()
	if t.value != "" && t.config.Now().Before(t.until) {
		return t.value, nil
	}
	value, life, why := t.fetch(ctx)
	if why != nil {
		why.token = true
		return "", why
	}
	t.value, t.until = value, t.config.Now().Add(life)
	return value, nil
}

// forget discards the given token, unless a newer one is cached.
func (t *tokens) forget(value string) {
	t.lock <- struct{}{}
	defer t.release()
	if t.value == value {
		t.value = ""
	}
}

func (t *tokens) acquire(ctx context.Context) *fault {
	select {
	case t.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &fault{reason: entitlement.ReasonTimeout, cause: ctx.Err(), token: true, retry: true}
	}
}

func (t *tokens) release() { <-t.lock }

// fetch requests a token and returns how long to use it.
func (t *tokens) fetch(ctx context.Context) (value string, life time.Duration, why *fault) {
	clientID, secret, err := t.config.Credentials(ctx)
	if err != nil {
		return "", 0, &fault{reason: entitlement.ReasonUnreachable, detail: "no credentials", cause: err, retry: true}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.config.TokenURL, strings.NewReader("grant_type=client_credentials&scope=entitlements.read"))
	if err != nil {
		return "", 0, &fault{reason: entitlement.ReasonRefused, cause: err}
	}
	// RFC 6749, section 2.3.1: form-encode both first.
	request.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(secret))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	body, why := send(ctx, t.client, request, maxTokenBody, t.config.Now)
	if why != nil {
		if why.status == http.StatusBadRequest {
			why.reason = entitlement.ReasonDenied // many servers answer a wrong secret with 400
		}
		return "", 0, why
	}
	// RFC 6749 allows additional members.
	var token struct {
		AccessToken string   `json:"access_token"`
		TokenType   string   `json:"token_type"`
		ExpiresIn   *float64 `json:"expires_in"`
	}
	// Omit the decoder's error: it may quote the token.
	if json.Unmarshal(body, &token) != nil || token.AccessToken == "" || strings.ContainsFunc(token.AccessToken, notInToken) || !strings.EqualFold(token.TokenType, "Bearer") {
		return "", 0, &fault{reason: entitlement.ReasonDamaged, detail: "the answer is no bearer token"}
	}
	life = tokenUnsaid
	if token.ExpiresIn != nil {
		life = time.Duration(min(max(*token.ExpiresIn, 0), time.Hour.Seconds()) * float64(time.Second))
	}
	return token.AccessToken, min(life-min(tokenMargin, life/2), tokenLife), nil
}

// notInToken reports whether a header cannot contain r.
func notInToken(r rune) bool { return r <= ' ' || r > '~' }
