package issuer_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"trueup/infra/local/aws/issuer"
)

const (
	callback = "https://console.example/signed-in"
	verifier = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
)

// stand is an issuer with two clients.
type stand struct {
	t   *testing.T
	mux *http.ServeMux
	now time.Time
	*issuer.Issuer
}

func newStand(t *testing.T) *stand {
	t.Helper()
	s := &stand{t: t, mux: http.NewServeMux(), now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}
	var err error
	if s.Issuer, err = issuer.Open(filepath.Join(t.TempDir(), "key"), "https://issuer.example/i", func() time.Time { return s.now }); err != nil {
		t.Fatal(err)
	}
	s.Clients = []issuer.Client{
		{ID: "console", Callbacks: []string{callback}, Logouts: []string{"https://console.example/"}},
		{ID: "other", Callbacks: []string{"https://other.example/back"}, Logouts: []string{"https://other.example/"}},
	}
	s.Groups = []string{"global-admin", "reader"}
	s.Handle(s.mux, "/i")
	return s
}

func (s *stand) do(method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, "https://issuer.example/i"+path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	return w
}

// asked returns a valid request to sign in, changed.
func asked(change ...string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	form := url.Values{
		"client_id": {"console"}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid email"}, "state": {"st&ate"}, "nonce": {"n"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(change); i += 2 {
		if form.Set(change[i], change[i+1]); change[i+1] == "" {
			form.Del(change[i])
		}
	}
	return form
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// code signs a person in and returns the code.
func (s *stand) code() string {
	s.t.Helper()
	page := s.do("GET", issuer.AuthorizePath+"?"+asked().Encode(), nil)
	if page.Code != http.StatusOK || !strings.Contains(page.Body.String(), `action="/i/sign-in"`) {
		s.t.Fatalf("%d %s", page.Code, page.Body)
	}
	form := url.Values{"name": {"Ann  Peeters"}, "group": {"global-admin"}}
	for _, field := range hidden.FindAllStringSubmatch(page.Body.String(), -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	w := s.do("POST", issuer.SignInPath, form)
	back, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther || !strings.HasPrefix(back.String(), callback+"?") || back.Query().Get("state") != "st&ate" {
		s.t.Fatalf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	return back.Query().Get("code")
}

func exchange(code string, change ...string) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "client_id": {"console"}, "redirect_uri": {callback}, "code": {code}, "code_verifier": {verifier}}
	for i := 0; i < len(change); i += 2 {
		if form.Set(change[i], change[i+1]); change[i+1] == "" {
			form.Del(change[i])
		}
	}
	return form
}

type tokens struct {
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Error   string `json:"error"`
}

func (s *stand) tokens(form url.Values, header ...string) (tokens, int) {
	s.t.Helper()
	w := s.do("POST", issuer.TokenPath, form, header...)
	var got tokens
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		s.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return got, w.Code
}

func (s *stand) refused(what string, form url.Values, code string, header ...string) {
	s.t.Helper()
	if got, status := s.tokens(form, header...); status != http.StatusBadRequest || got.Error != code || got.Access != "" {
		s.t.Errorf("%s: %d %+v, want %s", what, status, got, code)
	}
}

func TestCodeForTokens(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	got, status := s.tokens(exchange(s.code()))
	if status != http.StatusOK || got.Type != "Bearer" || got.Expires != 3600 || got.Refresh == "" {
		t.Fatalf("%d %+v", status, got)
	}
	check := func(raw, client string, access bool) map[string]any {
		t.Helper()
		token, err := oidc.NewVerifier(s.URL, s.Keys(), &oidc.Config{ClientID: client, SkipClientIDCheck: access, Now: func() time.Time { return s.now }}).Verify(t.Context(), raw)
		if err != nil {
			t.Fatal(err)
		}
		claims := map[string]any{}
		if err := token.Claims(&claims); err != nil {
			t.Fatal(err)
		}
		if !access {
			if err := token.VerifyAccessToken(got.Access); err != nil {
				t.Error(err)
			}
		}
		return claims
	}
	for name, want := range map[string]any{"sub": "ann-peeters", "client_id": "console", "token_use": "access"} {
		if claims := check(got.Access, "", true); claims[name] != want {
			t.Errorf("the access token has %s %v", name, claims[name])
		}
	}
	for name, want := range map[string]any{"sub": "ann-peeters", "aud": "console", "token_use": "id", "nonce": "n", "email": "ann.peeters@example.org"} {
		if claims := check(got.ID, "console", false); claims[name] != want {
			t.Errorf("the ID token has %s %v", name, claims[name])
		}
	}
}

func TestCodesAreStrict(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for what, form := range map[string]url.Values{
		"another verifier":   exchange(s.code(), "code_verifier", verifier+"x"),
		"no verifier":        exchange(s.code(), "code_verifier", ""),
		"another address":    exchange(s.code(), "redirect_uri", callback+"/"),
		"of another client":  exchange(s.code(), "client_id", "other"),
		"a code that is not": exchange("x"),
	} {
		s.refused(what, form, "invalid_grant")
		form.Set("code_verifier", verifier)
		form.Set("redirect_uri", callback)
		form.Set("client_id", "console")
		s.refused(what+", and then right", form, "invalid_grant") // the code is used up
	}
	once := exchange(s.code())
	if _, status := s.tokens(once); status != http.StatusOK {
		t.Fatalf("%d", status)
	}
	s.refused("again", once, "invalid_grant")
	late := exchange(s.code())
	s.now = s.now.Add(5 * time.Minute)
	s.refused("after five minutes", late, "invalid_grant")
	s.refused("an unknown client", exchange(s.code(), "client_id", "nobody"), "invalid_client")
	s.refused("a secret", exchange(s.code(), "client_secret", "x"), "invalid_client")
	s.refused("a secret in the header", exchange(s.code()), "invalid_client", "Authorization", "Basic eDp5")
	s.refused("another grant", exchange(s.code(), "grant_type", "password"), "unsupported_grant_type")
	s.refused("JSON", exchange(s.code()), "invalid_request", "Content-Type", "application/json")
}

func TestRefreshTokensRotate(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	refresh := func(token, client string) url.Values {
		return url.Values{"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {token}}
	}
	first, _ := s.tokens(exchange(s.code()))
	s.refused("another client", refresh(first.Refresh, "other"), "invalid_grant")
	second, status := s.tokens(refresh(first.Refresh, "console"))
	if status != http.StatusOK || second.Refresh == first.Refresh || second.Access == first.Access || second.ID == "" {
		t.Fatalf("%d %+v", status, second)
	}
	s.refused("a second use", refresh(first.Refresh, "console"), "invalid_grant")
	s.refused("what followed from it", refresh(second.Refresh, "console"), "invalid_grant")

	other, _ := s.tokens(exchange(s.code()))
	if w := s.do("POST", issuer.RevokePath, url.Values{"token": {other.Refresh}, "client_id": {"other"}}); w.Code != http.StatusOK {
		t.Errorf("%d", w.Code)
	}
	other, status = s.tokens(refresh(other.Refresh, "console"))
	if status != http.StatusOK { // another client cannot revoke it
		t.Fatalf("%d", status)
	}
	for _, token := range []string{other.Refresh, other.Refresh, "x"} {
		if w := s.do("POST", issuer.RevokePath, url.Values{"token": {token}, "client_id": {"console"}}); w.Code != http.StatusOK {
			t.Errorf("%d", w.Code)
		}
	}
	s.refused("a revoked one", refresh(other.Refresh, "console"), "invalid_grant")
	if w := s.do("POST", issuer.RevokePath, url.Values{"token": {"x"}, "client_id": {"nobody"}}); w.Code != http.StatusBadRequest {
		t.Errorf("%d", w.Code)
	}

	old, _ := s.tokens(exchange(s.code()))
	s.now = s.now.Add(11 * time.Hour)
	old, status = s.tokens(refresh(old.Refresh, "console"))
	if status != http.StatusOK {
		t.Fatalf("%d", status)
	}
	s.now = s.now.Add(time.Hour)
	s.refused("twelve hours after the sign-in", refresh(old.Refresh, "console"), "invalid_grant")
}

func TestRequestsAreStrict(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for what, form := range map[string]url.Values{
		"another client":              asked("client_id", "nobody"),
		"no client":                   asked("client_id", ""),
		"no address":                  asked("redirect_uri", ""),
		"the address of another":      asked("redirect_uri", "https://other.example/back"),
		"an address that begins so":   asked("redirect_uri", callback+"/x"),
		"an address with a query":     asked("redirect_uri", callback+"?x=y"),
		"an address in another case":  asked("redirect_uri", strings.ToUpper(callback)),
		"an address without a scheme": asked("redirect_uri", strings.TrimPrefix(callback, "https:")),
	} {
		for _, w := range []*httptest.ResponseRecorder{
			s.do("GET", issuer.AuthorizePath+"?"+form.Encode(), nil), s.do("POST", issuer.SignInPath, form),
		} {
			if w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
				t.Errorf("%s: %d to %q", what, w.Code, w.Header().Get("Location"))
			}
		}
	}
	twice := asked()
	twice.Add("nonce", "m")
	for what, test := range map[string]struct {
		form url.Values
		code string
	}{
		"no challenge":     {asked("code_challenge", ""), "invalid_request"},
		"a short one":      {asked("code_challenge", "abc"), "invalid_request"},
		"a plain one":      {asked("code_challenge_method", "plain"), "invalid_request"},
		"tokens at once":   {asked("response_type", "token"), "unsupported_response_type"},
		"a scope too many": {asked("scope", "openid offline_access"), "invalid_scope"},
		"no openid":        {asked("scope", "email"), "invalid_scope"},
		"twice":            {twice, "invalid_request"},
	} {
		for _, w := range []*httptest.ResponseRecorder{
			s.do("GET", issuer.AuthorizePath+"?"+test.form.Encode(), nil), s.do("POST", issuer.SignInPath, test.form),
		} {
			back, err := url.Parse(w.Header().Get("Location"))
			if err != nil || w.Code != http.StatusSeeOther || back.Query().Get("error") != test.code || back.Query().Get("state") != "st&ate" || back.Query().Has("code") {
				t.Errorf("%s: %d to %s, want %s", what, w.Code, w.Header().Get("Location"), test.code)
			}
		}
	}
	for what, form := range map[string]url.Values{"no name": asked("name", " - "), "a long name": asked("name", strings.Repeat("a", 61)), "no such group": asked("name", "Ann", "group", "owner")} {
		if w := s.do("POST", issuer.SignInPath, form); w.Code != http.StatusBadRequest || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d to %s", what, w.Code, w.Header().Get("Location"))
		}
	}
}

// The page is of use to people: it has every group, and repeats the request without running any of it.
func TestSignInPage(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	w := s.do("GET", issuer.AuthorizePath+"?"+asked("state", `"><script>alert(1)</script>`, "name", "x", "group", "y").Encode(), nil)
	page := w.Body.String()
	for _, want := range []string{`value="global-admin"`, `value="reader"`, `name="name" value="Jo Janssens"`, `<label for="name">`, `<html lang="en">`, "light-dark("} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s:\n%s", want, page)
		}
	}
	if strings.Contains(page, "<script") || w.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("the page runs what the address has:\n%s", page)
	}
	var names []string
	for _, field := range hidden.FindAllStringSubmatch(page, -1) {
		names = append(names, field[1])
	}
	if slices.Contains(names, "name") || slices.Contains(names, "group") || len(names) != 8 {
		t.Errorf("hidden fields %q", names)
	}
}

func TestLogout(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for query, status := range map[string]int{
		"client_id=console&logout_uri=https%3A%2F%2Fconsole.example%2F": http.StatusFound,
		"client_id=console&logout_uri=https%3A%2F%2Fconsole.example":    http.StatusBadRequest,
		"client_id=console&logout_uri=https%3A%2F%2Fother.example%2F":   http.StatusBadRequest,
		"client_id=nobody&logout_uri=https%3A%2F%2Fconsole.example%2F":  http.StatusBadRequest,
		"client_id=console": http.StatusBadRequest,
		"":                  http.StatusBadRequest,
	} {
		if w := s.do("GET", issuer.LogoutPath+"?"+query, nil); w.Code != status {
			t.Errorf("%s: %d, want %d", query, w.Code, status)
		}
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	server := httptest.NewServer(s.mux)
	t.Cleanup(server.Close)
	s.URL = server.URL + "/i"
	p, err := oidc.NewProvider(t.Context(), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	var more struct {
		EndSession string   `json:"end_session_endpoint"`
		Revocation string   `json:"revocation_endpoint"`
		Methods    []string `json:"code_challenge_methods_supported"`
	}
	if err := p.Claims(&more); err != nil {
		t.Fatal(err)
	}
	if p.Endpoint().AuthURL != s.URL+"/oauth2/authorize" || p.Endpoint().TokenURL != s.URL+"/oauth2/token" || more.EndSession != s.URL+"/logout" || more.Revocation != s.URL+"/oauth2/revoke" || len(more.Methods) != 1 {
		t.Errorf("%+v %+v", p.Endpoint(), more)
	}
}
