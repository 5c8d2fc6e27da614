// Package issuer is the sign-in of the local stack: an OpenID Connect issuer of tokens in the
// format of a Cognito user pool. Its sign-in page asks for a name and a role and for no password,
// so it must be reachable only from this machine.
//
// It is as strict as a user pool, and stricter where organisations have other issuers: callback
// addresses are compared letter by letter, a code works once and for five minutes, PKCE with S256 is
// required, and a refresh token works once. A second use of one revokes all that followed from it.
package issuer

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Clients for which tokens are issued.
const (
	ClientID        = "trueup-local"   // of Token
	ConsoleClientID = "trueup-console" // of the sign-in page
)

// Life is the default validity of a token, the same as in Cognito.
const Life = time.Hour

// Issuer signs tokens.
type Issuer struct {
	URL string // the claim "iss" of the tokens; prefix of all paths

	// Clients are the clients that people sign in to, and Groups the groups that they can choose. Both
	// are set before the first request.
	Clients []Client
	Groups  []string

	key    *rsa.PrivateKey
	keyID  string
	signer jose.Signer
	now    func() time.Time

	mu      sync.Mutex
	codes   map[string]code   // by code
	refresh map[string]family // by refresh token; it is lost when the process ends
	used    map[string]string // sign-ins by refresh token that was used
}

// Open returns the issuer at url. Its key is kept in file, so that tokens stay valid after
// a restart. Open creates the key if the file is missing.
func Open(file, url string, now func() time.Time) (*Issuer, error) {
	key, err := readKey(file)
	if errors.Is(err, os.ErrNotExist) {
		key, err = makeKey(file)
	}
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(&key.PublicKey))
	id := base64.RawURLEncoding.EncodeToString(sum[:12])
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: id}},
		(&jose.SignerOptions{}).WithType("JWT"),
	)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	return &Issuer{
		URL: url, key: key, keyID: id, signer: signer, now: now,
		codes: map[string]code{}, refresh: map[string]family{}, used: map[string]string{},
	}, nil
}

func readKey(file string) (*rsa.PrivateKey, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s contains no key; delete it to get a new one", file)
	}
	return x509.ParsePKCS1PrivateKey(block.Bytes)
}

func makeKey(file string) (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return key, os.WriteFile(file, pem.EncodeToMemory(block), 0o600)
}

// Keys returns the keys that verify the tokens.
func (i *Issuer) Keys() oidc.KeySet {
	return &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{&i.key.PublicKey}}
}

// claims are the claims of a Cognito access token. It has a client_id and no aud.
type claims struct {
	jwt.Claims
	Groups   []string `json:"cognito:groups,omitempty"`
	ClientID string   `json:"client_id"`
	Use      string   `json:"token_use"`
	Scope    string   `json:"scope"`
	AuthTime int64    `json:"auth_time"`
	Username string   `json:"username"`
}

// Token returns an access token for a person in the given groups, valid for life from now.
// With a negative life, the token has expired already.
func (i *Issuer) Token(subject string, groups []string, life time.Duration) (string, error) {
	return i.accessToken(ClientID, subject, groups, life)
}

// accessToken is Token for a client.
func (i *Issuer) accessToken(client, subject string, groups []string, life time.Duration) (string, error) {
	now := i.now()
	return i.Sign(claims{
		Claims: jwt.Claims{
			Issuer:   i.URL,
			Subject:  subject,
			IssuedAt: jwt.NewNumericDate(now),
			Expiry:   jwt.NewNumericDate(now.Add(life)),
			ID:       rand.Text(),
		},
		Groups:   groups,
		ClientID: client,
		Use:      "access",
		Scope:    "openid",
		AuthTime: now.Unix(),
		Username: subject,
	})
}

// Sign returns a token with any claims, for tests of invalid tokens.
func (i *Issuer) Sign(claims any) (string, error) {
	return jwt.Signed(i.signer).Claims(claims).Serialize()
}

// Paths below the issuer's URL.
const (
	DiscoveryPath = "/.well-known/openid-configuration"
	KeysPath      = "/.well-known/jwks.json"
	AuthorizePath = "/oauth2/authorize"
	TokenPath     = "/oauth2/token"
	RevokePath    = "/oauth2/revoke"
	SignInPath    = "/sign-in" // receives the form of the sign-in page
	LogoutPath    = "/logout"
)

// Handle adds the issuer's paths to a mux, below a prefix.
func (i *Issuer) Handle(mux *http.ServeMux, prefix string) {
	mux.HandleFunc("GET "+prefix+DiscoveryPath, i.ServeDiscovery)
	mux.HandleFunc("GET "+prefix+KeysPath, i.ServeKeys)
	mux.HandleFunc("GET "+prefix+AuthorizePath, i.authorize)
	mux.HandleFunc("POST "+prefix+SignInPath, i.chosen)
	mux.HandleFunc("POST "+prefix+TokenPath, i.token)
	mux.HandleFunc("POST "+prefix+RevokePath, i.revoke)
	mux.HandleFunc("GET "+prefix+LogoutPath, i.logout)
}

// ServeDiscovery serves the issuer's metadata (OpenID Connect Discovery).
func (i *Issuer) ServeDiscovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{
		"issuer":                                i.URL,
		"jwks_uri":                              i.URL + KeysPath,
		"authorization_endpoint":                i.URL + AuthorizePath,
		"token_endpoint":                        i.URL + TokenPath,
		"revocation_endpoint":                   i.URL + RevokePath,
		"end_session_endpoint":                  i.URL + LogoutPath,
		"response_types_supported":              []string{"code"},
		"code_challenge_methods_supported":      []string{"S256"},
		"scopes_supported":                      scopes,
		"token_endpoint_auth_methods_supported": []string{"none"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

// ServeKeys serves the public key as a JSON Web Key Set.
func (i *Issuer) ServeKeys(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{
		Key: &i.key.PublicKey, KeyID: i.keyID, Algorithm: string(jose.RS256), Use: "sig",
	}}})
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // fails only when the client has disconnected
}
