package e2e_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"trueup/infra/local/aws/gateway"
	"trueup/infra/local/aws/issuer"
	"trueup/infra/local/aws/lambda"
	"trueup/infra/local/stack"
	"trueup/internal/access"
	"trueup/internal/httpapi/route"
)

// recorder replaces the functions and records the events that reach them.
type recorder struct {
	mu   sync.Mutex
	seen []passed
}

// passed describes an event that reached a function.
type passed struct{ Function, RouteKey, Subject, Groups string }

// Invoke implements gateway.Invoker.
func (d *recorder) Invoke(_ context.Context, function string, payload []byte) (lambda.Result, error) {
	var event struct {
		RouteKey       string
		RequestContext struct {
			Authorizer struct {
				JWT struct{ Claims map[string]string }
			}
		}
	}
	if err := json.Unmarshal(payload, &event); err != nil {
		return lambda.Result{}, err
	}
	claims := event.RequestContext.Authorizer.JWT.Claims
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen = append(d.seen, passed{function, event.RouteKey, claims[access.SubjectClaim], claims[access.GroupsClaim]})
	return lambda.Result{Payload: []byte(`{"statusCode":204}`)}, nil
}

// let returns the events since the last call.
func (d *recorder) let() []passed {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := d.seen
	d.seen = nil
	return seen
}

var parameter = regexp.MustCompile(`\{[^}]*\}`)

// TestTokens requests every route with every kind of invalid token, through the gateway
// with its authorizer. The response must be API Gateway's 401, and no function may be
// called (SPEC 11, 13). The open routes are repeated here, so that the test fails for a new
// one until it is added.
func TestTokens(t *testing.T) {
	t.Parallel()
	open := []string{"GET /openapi.json", "GET /{$}", "GET /console/{path...}", "POST /console/{path...}", "GET /signed-in", "GET /feeds/{file}"}

	now := time.Now()
	clock := func() time.Time { return now }
	key := func() string { return filepath.Join(t.TempDir(), "key.pem") }
	door := &recorder{}
	server := httptest.NewUnstartedServer(nil)
	address := "http://" + server.Listener.Addr().String()
	signer, err := issuer.Open(key(), address+gateway.IssuerPath, clock)
	must(t, err)
	server.Config.Handler = gateway.New(gateway.Options{Routes: stack.Routes(), Invoker: door, Issuer: signer, Now: clock})
	server.Start()
	t.Cleanup(server.Close)

	bad := badTokens(t, signer, key, address, now)
	good, err := signer.Token("jo", []string{string(access.PasswordAdmin)}, time.Minute)
	must(t, err)

	ask := func(r route.Route, token string) (*http.Response, string) {
		t.Helper()
		request, err := http.NewRequest(r.Method, address+parameter.ReplaceAllString(strings.Replace(r.Path, "{$}", "", 1), "nothing"), strings.NewReader("{}"))
		must(t, err)
		if token != "" {
			request.Header.Set("Authorization", token)
		}
		response, err := http.DefaultTransport.RoundTrip(request)
		must(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		must(t, err)
		return response, string(body)
	}
	for _, r := range route.Table {
		t.Run(r.Key(), func(t *testing.T) {
			isOpen := slices.Contains(open, r.Key())
			for name, token := range bad {
				response, body := ask(r, token)
				let := door.let()
				if isOpen {
					if response.StatusCode != http.StatusNoContent || len(let) != 1 || let[0].Subject != "" {
						t.Errorf("%s: %d, and %v got to the function", name, response.StatusCode, let)
					}
					continue
				}
				if response.StatusCode != http.StatusUnauthorized || body != `{"message":"Unauthorized"}` {
					t.Errorf("%s: %d %s", name, response.StatusCode, body)
				}
				if let != nil {
					t.Errorf("%s: %v got to the function", name, let)
				}
				header := response.Header
				if header.Get("Content-Type") != "application/json" || !strings.HasPrefix(header.Get("WWW-Authenticate"), "Bearer") || header.Get("Apigw-Requestid") == "" {
					t.Errorf("%s: headers %v", name, header)
				}
			}
			want := passed{r.Function, r.GatewayKey(), "jo", "[password-admin]"}
			if isOpen {
				want.Subject, want.Groups = "", ""
			}
			response, body := ask(r, "Bearer "+good)
			if diff := cmp.Diff([]passed{want}, door.let()); diff != "" || response.StatusCode != http.StatusNoContent {
				t.Errorf("a good token: %d %s, got to the function (-want +got)\n%s", response.StatusCode, body, diff)
			}
		})
	}
	for _, name := range open {
		if !slices.ContainsFunc(route.Table, func(r route.Route) bool { return r.Key() == name }) {
			t.Errorf("%s is no route", name)
		}
	}
}

// badTokens returns invalid Authorization headers, by the reason.
func badTokens(t *testing.T, signer *issuer.Issuer, key func() string, address string, now time.Time) map[string]string {
	t.Helper()
	// claims returns valid claims with some changes; nil removes a claim.
	claims := func(change map[string]any) map[string]any {
		all := map[string]any{
			"iss": signer.URL, "sub": "jo", "client_id": issuer.ClientID, "token_use": "access",
			access.GroupsClaim: []string{"global-admin"}, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		}
		for name, value := range change {
			if all[name] = value; value == nil {
				delete(all, name)
			}
		}
		return all
	}
	signed := func(by *issuer.Issuer, change map[string]any) string {
		token, err := by.Sign(claims(change))
		must(t, err)
		return token
	}
	stranger, err := issuer.Open(key(), signer.URL, func() time.Time { return now })
	must(t, err)
	good := signed(signer, nil)
	parts := strings.Split(good, ".")
	encoded := func(v any) string {
		b, err := json.Marshal(v)
		must(t, err)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	bad := map[string]string{
		"no token":          "",
		"an empty token":    "Bearer ",
		"garbage":           "Bearer garbage",
		"garbage in three":  "Bearer x.y.z",
		"another scheme":    "Basic " + good,
		"expired":           "Bearer " + signed(signer, map[string]any{"exp": now.Unix() - 1}),
		"no expiry":         "Bearer " + signed(signer, map[string]any{"exp": nil}),
		"not yet valid":     "Bearer " + signed(signer, map[string]any{"nbf": now.Unix() + 2}),
		"issued later":      "Bearer " + signed(signer, map[string]any{"iat": now.Unix() + 2}),
		"wrong audience":    "Bearer " + signed(signer, map[string]any{"aud": "other"}),
		"wrong client":      "Bearer " + signed(signer, map[string]any{"client_id": "other"}),
		"no audience":       "Bearer " + signed(signer, map[string]any{"client_id": nil}),
		"wrong issuer":      "Bearer " + signed(signer, map[string]any{"iss": "https://elsewhere.example"}),
		"no issuer":         "Bearer " + signed(signer, map[string]any{"iss": nil}),
		"a stranger's key":  "Bearer " + signed(stranger, nil),
		"alg none":          "Bearer " + encoded(map[string]string{"alg": "none", "typ": "JWT"}) + "." + parts[1] + ".",
		"alg None, signed":  "Bearer " + encoded(map[string]string{"alg": "None", "typ": "JWT"}) + "." + parts[1] + "." + parts[2],
		"no signature":      "Bearer " + parts[0] + "." + parts[1] + ".",
		"bad signature":     "Bearer " + parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])),
		"changed afterward": "Bearer " + parts[0] + "." + encoded(claims(map[string]any{"sub": "boss"})) + "." + parts[2],
	}
	for form, secret := range publicKey(t, address) {
		hs256, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: secret}, (&jose.SignerOptions{}).WithType("JWT"))
		must(t, err)
		token, err := jwt.Signed(hs256).Claims(claims(nil)).Serialize()
		must(t, err)
		bad["HS256 with the public key as "+form] = "Bearer " + token
	}
	return bad
}

// publicKey returns the issuer's public key in the forms that a faulty verifier could use
// as an HMAC secret.
func publicKey(t *testing.T, address string) map[string][]byte {
	t.Helper()
	response, err := http.Get(address + gateway.IssuerPath + issuer.KeysPath)
	must(t, err)
	defer response.Body.Close()
	set, err := io.ReadAll(response.Body)
	must(t, err)
	var keys jose.JSONWebKeySet
	must(t, json.Unmarshal(set, &keys))
	der, err := x509.MarshalPKIXPublicKey(keys.Keys[0].Key)
	must(t, err)
	one, err := keys.Keys[0].MarshalJSON()
	must(t, err)
	return map[string][]byte{
		"DER": der, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "JWK": one,
	}
}
