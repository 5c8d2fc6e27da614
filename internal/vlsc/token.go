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
	tokenLife    = 5 * time.Minute  // at most, so that a changed secret counts soon
	tokenUnsaid  = time.Minute      // when nobody says how long it is valid
	tokenMargin  = 30 * time.Second // before it expires; half its life if that is less
	maxTokenBody = 64 << 10
)

// tokens keeps the token of the client credentials grant (RFC 6749, section
// 4.4). golang.org/x/oauth2 would do it, but it keeps a token and a secret until
// they expire, cannot be told that a token was refused, and puts the token
// endpoint's answer, which may quote the secret, into its errors.
type tokens struct {
	config Config
	client *http.Client
	lock   chan struct{} // held while reading or fetching; unlike a mutex, one can stop waiting for it

	value string
	until time.Time
}

// get returns the token, a new one when it is too old. Of many that need a new
// one, one fetches it.
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

// forget makes the next get fetch a token, unless it has a newer one than the
// given one already.
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

// fetch gets a token, and says how long to use it.
func (t *tokens) fetch(ctx context.Context) (value string, life time.Duration, why *fault) {
	clientID, secret, err := t.config.Credentials(ctx)
	if err != nil {
		return "", 0, &fault{reason: entitlement.ReasonUnreachable, detail: "no credentials", cause: err, retry: true}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.config.TokenURL, strings.NewReader("grant_type=client_credentials&scope=entitlements.read"))
	if err != nil {
		return "", 0, &fault{reason: entitlement.ReasonRefused, cause: err}
	}
	// Both are form-encoded first (RFC 6749, section 2.3.1).
	request.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(secret))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	body, why := send(ctx, t.client, request, maxTokenBody, t.config.Now)
	if why != nil {
		if why.status == http.StatusBadRequest {
			why.reason = entitlement.ReasonDenied // how many answer a wrong secret
		}
		return "", 0, why
	}
	// Members that the contract does not have are allowed here: RFC 6749 says so.
	var token struct {
		AccessToken string   `json:"access_token"`
		TokenType   string   `json:"token_type"`
		ExpiresIn   *float64 `json:"expires_in"`
	}
	// The decoder's error is left out: it may quote the token.
	if json.Unmarshal(body, &token) != nil || token.AccessToken == "" || strings.ContainsFunc(token.AccessToken, notInToken) || !strings.EqualFold(token.TokenType, "Bearer") {
		return "", 0, &fault{reason: entitlement.ReasonDamaged, detail: "the answer is no bearer token"}
	}
	life = tokenUnsaid
	if token.ExpiresIn != nil {
		life = time.Duration(min(max(*token.ExpiresIn, 0), time.Hour.Seconds()) * float64(time.Second))
	}
	return token.AccessToken, min(life-min(tokenMargin, life/2), tokenLife), nil
}

// notInToken reports characters that a header cannot carry.
func notInToken(r rune) bool { return r <= ' ' || r > '~' }
