package session

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"trueup/internal/errs"
	"trueup/internal/text"
)

// issuerTimeout limits each request to the issuer.
const issuerTimeout = 10 * time.Second

// maxAnswer limits the answers of the issuer, in bytes.
const maxAnswer = 1 << 20

// issuer is the OpenID Connect provider that signs people in.
type issuer struct {
	url, client, returns string
	scopes               []string
	secret               func(context.Context) (string, error) // nil for a public client
	http                 *http.Client
	clock                func() time.Time

	mu    sync.Mutex
	known *provider // nil until the metadata have been read
}

// provider is what the metadata say.
type provider struct {
	*oidc.Provider
	EndSession string   `json:"end_session_endpoint"`
	Revocation string   `json:"revocation_endpoint"`
	Methods    []string `json:"token_endpoint_auth_methods_supported"`
}

// limited returns a client that gives up after issuerTimeout, reads no large answer and follows no
// redirect: tokens and secrets go to the addresses of the metadata only.
func limited(c *http.Client) *http.Client {
	copied := *c
	copied.Timeout = issuerTimeout
	copied.Transport = sized{c.Transport}
	copied.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &copied
}

// sized limits the size of answers.
type sized struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (s sized) RoundTrip(r *http.Request) (*http.Response, error) {
	next := s.next
	if next == nil {
		next = http.DefaultTransport
	}
	answer, err := next.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	}
	return answer, err
}

// context returns a context with the client for go-oidc and oauth2.
func (i *issuer) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, i.http)
}

// provider returns the metadata. They are read at the first call that succeeds, and kept as long as the
// process lives. The keys are kept apart, and read again when a token has an unknown one.
func (i *issuer) provider(ctx context.Context) (*provider, error) {
	if i.client == "" || i.url == "" {
		return nil, problem(errors.New("session: the deployment has no client for the console"), errs.Unavailable, CodeUnset)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.known != nil {
		return i.known, nil
	}
	read, err := oidc.NewProvider(i.context(ctx), i.url)
	if err != nil {
		return nil, unavailable(errors.New(text.Shorten(err.Error(), 300))) // it may have a whole page
	}
	p := &provider{Provider: read}
	if err := read.Claims(p); err != nil {
		return nil, unavailable(err)
	}
	for name, address := range map[string]string{"authorization": p.Endpoint().AuthURL, "token": p.Endpoint().TokenURL} {
		if originOf(address) == "" {
			return nil, unavailable(fmt.Errorf("the metadata of the issuer have no %s endpoint", name))
		}
	}
	i.known = p
	return p, nil
}

// unavailable returns the error of an issuer that does not answer as it should. The cause is logged.
func unavailable(cause error) error { return problem(cause, errs.Unavailable, CodeUnavailable) }

// config returns the configuration of the client, with its secret if it is to call the issuer.
func (i *issuer) config(ctx context.Context, p *provider, calls bool) (oauth2.Config, error) {
	c := oauth2.Config{ClientID: i.client, Endpoint: p.Endpoint(), RedirectURL: i.returns, Scopes: i.scopes}
	// Both are named, because the library would find out with a second request, and the first one may
	// use the code up.
	c.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	if !calls || i.secret == nil {
		return c, nil
	}
	secret, err := i.secret(ctx)
	if err != nil {
		return oauth2.Config{}, err
	}
	c.ClientSecret = secret
	// Without the metadata, Basic is the method (OpenID Connect Discovery).
	if len(p.Methods) == 0 || slices.Contains(p.Methods, "client_secret_basic") {
		c.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	}
	return c, nil
}

// address returns the address at which a person signs in.
func (i *issuer) address(ctx context.Context, l login) (string, error) {
	p, err := i.provider(ctx)
	if err != nil {
		return "", err
	}
	c, err := i.config(ctx, p, false)
	if err != nil {
		return "", err
	}
	return c.AuthCodeURL(l.State, oidc.Nonce(l.Nonce), oauth2.S256ChallengeOption(l.Verifier)), nil
}

// errRevoked means that the issuer takes a code or a refresh token no more.
var errRevoked = errors.New("session: the issuer takes the code or the token no more")

// again lists the codes of token endpoints after which the person has to sign in again. Entra ID has
// the codes other than the first, for example when a second factor is due.
var again = []string{"invalid_grant", "interaction_required", "login_required", "consent_required"}

// exchange exchanges a code for tokens, and returns the verified ID token with them.
func (i *issuer) exchange(ctx context.Context, code string, l login) (*oauth2.Token, string, error) {
	p, err := i.provider(ctx)
	if err != nil {
		return nil, "", err
	}
	c, err := i.config(ctx, p, true)
	if err != nil {
		return nil, "", err
	}
	tokens, err := c.Exchange(i.context(ctx), code, oauth2.VerifierOption(l.Verifier))
	if err != nil {
		return nil, "", refusal(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: i.client, Now: i.clock}).Verify(i.context(ctx), raw)
	if err != nil {
		return nil, "", problem(err, errs.Denied, CodeToken)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(l.Nonce)) != 1 {
		return nil, "", problem(errors.New("session: the ID token has another nonce"), errs.Denied, CodeToken)
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(tokens.AccessToken); err != nil {
			return nil, "", problem(err, errs.Denied, CodeToken)
		}
	}
	return tokens, raw, nil
}

// refresh returns new tokens. If the issuer gives no new refresh token, the old one stays.
func (i *issuer) refresh(ctx context.Context, token string) (*oauth2.Token, error) {
	p, err := i.provider(ctx)
	if err != nil {
		return nil, err
	}
	c, err := i.config(ctx, p, true)
	if err != nil {
		return nil, err
	}
	tokens, err := c.TokenSource(i.context(ctx), &oauth2.Token{RefreshToken: token}).Token()
	if err != nil {
		return nil, refusal(err)
	}
	return tokens, nil
}

// refusal returns the error of a token endpoint. It never has what the endpoint wrote beside the code,
// which may name the person.
func refusal(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return unavailable(err)
	}
	if refused.Response != nil && refused.Response.StatusCode >= http.StatusInternalServerError || refused.ErrorCode == "" {
		return unavailable(fmt.Errorf("the token endpoint answered %s", refused.Response.Status))
	}
	if slices.Contains(again, refused.ErrorCode) {
		return errRevoked
	}
	code := codeOf(refused.ErrorCode)
	return problem(fmt.Errorf("the token endpoint refused: %s", code), errs.Denied, CodeRefused, "code", code)
}

// errorCode matches the codes of OAuth 2.0 and OpenID Connect.
var errorCode = text.Pattern(`^[a-z][a-z_]{0,60}$`)

// codeOf returns the code of an issuer's error. Anything else could be a text that an attacker puts in an
// address to have it shown on a page.
func codeOf(code string) string {
	if !errorCode().MatchString(code) {
		return "unknown"
	}
	return code
}

// revoke ends the refresh token at the issuer, if the issuer can do so.
func (i *issuer) revoke(ctx context.Context, token string) error {
	p, err := i.provider(ctx)
	if err != nil || p.Revocation == "" || token == "" {
		return err
	}
	c, err := i.config(ctx, p, true)
	if err != nil {
		return err
	}
	form := url.Values{"token": {token}, "token_type_hint": {"refresh_token"}}
	basic := c.Endpoint.AuthStyle == oauth2.AuthStyleInHeader
	if !basic {
		form.Set("client_id", c.ClientID)
		if c.ClientSecret != "" {
			form.Set("client_secret", c.ClientSecret)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.Revocation, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic {
		r.SetBasicAuth(url.QueryEscape(c.ClientID), url.QueryEscape(c.ClientSecret))
	}
	answer, err := i.http.Do(r)
	if err != nil {
		return unavailable(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return unavailable(fmt.Errorf("the revocation endpoint answered %s", answer.Status))
	}
	return nil
}

// leave returns the address at which the person leaves the issuer's own session, which then sends the
// browser to the address after; empty if the issuer has no such page. The hint is an ID token, or
// empty.
func (p *provider) leave(client, after, hint string) string {
	u, err := url.Parse(p.EndSession)
	if err != nil || p.EndSession == "" {
		return ""
	}
	query := u.Query()
	// Cognito has its own name for the address; others follow OpenID Connect RP-Initiated Logout. Each
	// ignores the name of the other.
	query.Set("client_id", client)
	query.Set("logout_uri", after)
	query.Set("post_logout_redirect_uri", after)
	if hint != "" {
		query.Set("id_token_hint", hint)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// isCognito reports whether an issuer is a user pool of Amazon Cognito.
func isCognito(issuer string) bool {
	u, err := url.Parse(issuer)
	return err == nil && strings.HasPrefix(u.Host, "cognito-idp.") && strings.Contains(u.Host, ".amazonaws.com")
}

// maxHint is the maximum length of an ID token that goes into the address for signing out: browsers and
// servers limit addresses.
const maxHint = 2000

// hintOf returns the ID token if the issuer may want it at sign-out.
func hintOf(issuer, token string) string {
	if isCognito(issuer) || len(token) > maxHint {
		return ""
	}
	return token
}

// issuedBy reports whether an answer at the return address is the issuer's, as far as it says so.
func issuedBy(answer url.Values, issuer string) bool {
	from := answer.Get("iss") // RFC 9207: the issuer that answers
	return from == "" || from == issuer
}
