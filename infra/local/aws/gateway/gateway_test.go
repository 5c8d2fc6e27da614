package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"trueup/infra/local/aws/gateway"
	"trueup/infra/local/aws/issuer"
	"trueup/infra/local/aws/lambda"
)

var mirror string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "mirror")
	if err != nil {
		panic(err)
	}
	mirror = filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", mirror, "./testdata/mirror")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v: %s", err, out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

var routes = []gateway.Route{
	{Method: "GET", Path: "/open", Function: "mirror", Open: true},
	{Method: "GET", Path: "/things", Function: "mirror"},
	{Method: "GET", Path: "/things/{id}/parts/{part}", Function: "mirror"},
	{Method: "GET", Path: "/pages/{rest...}", Function: "mirror"},
	{Method: "GET", Path: "/{$}", Function: "mirror", Open: true},
	{Method: "POST", Path: "/things", Function: "mirror", Open: true},
}

// stand is a gateway with one function.
type stand struct {
	URL    string
	Issuer *issuer.Issuer
	now    time.Time
	sick   error
}

func start(t *testing.T) *stand { return startWith(t, 20*time.Second) }

func startWith(t *testing.T, timeout time.Duration) *stand {
	t.Helper()
	s := &stand{now: time.Date(2026, 11, 21, 9, 8, 7, 6_000_000, time.UTC)}
	clock := func() time.Time { return s.now }
	dir := t.TempDir()
	host, err := lambda.Start(lambda.Options{
		Functions: []lambda.Function{{Name: "mirror", Binary: mirror, Timeout: 20 * time.Second}},
		Dir:       dir, Logs: dir, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		host.Close(ctx)
	})
	server := httptest.NewUnstartedServer(nil)
	s.URL = "http://" + server.Listener.Addr().String()
	s.Issuer, err = issuer.Open(filepath.Join(dir, "key.pem"), s.URL+gateway.IssuerPath, clock)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = gateway.New(gateway.Options{
		Groups: []string{"global-admin", "user-admin", "password-admin", "license-admin", "billing-admin", "reader"}, Routes: routes, Invoker: host, Issuer: s.Issuer, Timeout: timeout, Now: clock,
		Healthy: func(context.Context) error { return s.sick },
		Lambda:  "http://127.0.0.1:9", DynamoDB: "http://127.0.0.1:10", Table: "trueup",
	})
	server.Start()
	t.Cleanup(server.Close)
	return s
}

func (s *stand) do(t *testing.T, method, path, body string, header http.Header) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(answer)
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func TestEventIsShapedAsAPIGatewaySends(t *testing.T) {
	t.Parallel()
	s := start(t)
	token, err := s.Issuer.Token("jo", []string{"global-admin", "user-admin"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	response, body := s.do(t, "GET", "/things/a%252Fb%20c/parts/7?x=1&x=2&y=a%2Cb+c&z", "", http.Header{
		"Authorization": {"Bearer " + token}, "X-Twice": {"one", "two"}, "Cookie": {"a=1; b=2"}, "User-Agent": {"test"},
		"Accept-Encoding": {"identity"},
	})
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %s %s", response.StatusCode, response.Header, body)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(s.URL, "http://")
	_, port, _ := strings.Cut(host, ":")
	requestContext := got["requestContext"].(map[string]any)
	id := requestContext["requestId"]
	if id == "" || id != response.Header.Get("Apigw-Requestid") {
		t.Errorf("request id %q, header %q", id, response.Header.Get("Apigw-Requestid"))
	}
	claims := requestContext["authorizer"].(map[string]any)["jwt"].(map[string]any)["claims"].(map[string]any)
	if claims["jti"] == "" {
		t.Error("no jti")
	}
	delete(claims, "jti")
	headers := got["headers"].(map[string]any)
	if trace, _ := headers["x-amzn-trace-id"].(string); !regexp.MustCompile(`^Root=1-6[0-9a-f]{7}-[0-9a-f]{24}$`).MatchString(trace) {
		t.Errorf("trace %q", trace)
	}
	delete(headers, "x-amzn-trace-id")
	want := map[string]any{
		"version": "2.0", "routeKey": "GET /things/{id}/parts/{part}",
		"rawPath": "/things/a%2Fb c/parts/7", "rawQueryString": "x=1&x=2&y=a%2Cb+c&z",
		"cookies": []any{"a=1", "b=2"},
		"headers": map[string]any{
			"host": host, "authorization": "Bearer " + token, "x-twice": "one,two", "user-agent": "test",
			"accept-encoding": "identity",
			"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http", "x-forwarded-port": port,
		},
		"queryStringParameters": map[string]any{"x": "1,2", "y": "a,b c", "z": ""},
		"pathParameters":        map[string]any{"id": "a%2Fb c", "part": "7"},
		"isBase64Encoded":       false,
		"requestContext": map[string]any{
			"accountId": "000000000000", "apiId": "local", "domainName": host, "domainPrefix": "local",
			"http": map[string]any{
				"method": "GET", "path": "/things/a%2Fb c/parts/7", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test",
			},
			"requestId": id, "routeKey": "GET /things/{id}/parts/{part}", "stage": "$default",
			"time": "21/Nov/2026:09:08:07 +0000", "timeEpoch": 1795252087006.0,
			"authorizer": map[string]any{"jwt": map[string]any{
				"scopes": nil,
				"claims": map[string]any{
					"iss": s.Issuer.URL, "sub": "jo", "username": "jo", "client_id": "trueup-local", "token_use": "access", "scope": "openid",
					"cognito:groups": "[global-admin user-admin]", "exp": "1795255687", "iat": "1795252087", "auth_time": "1795252087",
				},
			}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestGreedyPaths: a greedy path variable has the syntax of API Gateway, and matches paths
// below its parent, not the parent itself.
func TestGreedyPaths(t *testing.T) {
	t.Parallel()
	s := start(t)
	token, err := s.Issuer.Token("jo", nil, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/pages/a": "a", "/pages/a/b%20c": "a/b c", "/pages/a%2Fb": "a/b", "/pages/a%3Fb": "a", "/pages": "", "/pages/": ""} {
		response, body := s.do(t, "GET", path, "", http.Header{"Authorization": {"Bearer " + token}})
		var got struct {
			RouteKey       string            `json:"routeKey"`
			PathParameters map[string]string `json:"pathParameters"`
		}
		if response.StatusCode == http.StatusOK {
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatal(err)
			}
		}
		switch {
		case want == "" && response.StatusCode != http.StatusNotFound:
			t.Errorf("%s: %d %s", path, response.StatusCode, body)
		case want != "" && (got.RouteKey != "GET /pages/{rest+}" || got.PathParameters["rest"] != want):
			t.Errorf("%s: %d %+v", path, response.StatusCode, got)
		}
	}
}

// TestRoot: the route of the path "/" is "GET /", and matches no other path.
func TestRoot(t *testing.T) {
	t.Parallel()
	s := start(t)
	for path, status := range map[string]int{"/": http.StatusOK, "/?a=b": http.StatusOK, "/nothing": http.StatusNotFound, "//": http.StatusNotFound} {
		response, body := s.do(t, "GET", path, "", http.Header{"Cookie": {"__Host-a=1; __Host-b=2"}})
		var got struct {
			RouteKey string   `json:"routeKey"`
			RawPath  string   `json:"rawPath"`
			Cookies  []string `json:"cookies"`
		}
		if response.StatusCode != status {
			t.Errorf("%s: %d %s", path, response.StatusCode, body)
		}
		if status != http.StatusOK {
			continue
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || got.RouteKey != "GET /" || got.RawPath != "/" || len(got.Cookies) != 2 {
			t.Errorf("%s: %+v, %v", path, got, err)
		}
	}
	if response, _ := s.do(t, "POST", "/", "", nil); response.StatusCode != http.StatusNotFound {
		t.Errorf("POST /: %d", response.StatusCode)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, c := range map[string]struct {
		kind, body string
		want       string
		encoded    bool
	}{
		"JSON":              {"application/json", `{"a":"é"}`, `{"a":"é"}`, false},
		"JSON with charset": {"application/json; charset=utf-8", `{}`, `{}`, false},
		"text":              {"text/csv", "a,b", "a,b", false},
		"not UTF-8":         {"text/csv", "\xff\xfe", "//4=", true},
		"binary":            {"application/zip", "PK", "UEs=", true},
		"form":              {"application/x-www-form-urlencoded", "a=1", "YT0x", true},
		"no type":           {"", "x", "eA==", true},
		"none":              {"application/json", "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, body := s.do(t, "POST", "/things", c.body, http.Header{"Content-Type": {c.kind}})
			var e struct {
				Body            string
				IsBase64Encoded bool
				RequestContext  struct{ Authorizer any }
			}
			if err := json.Unmarshal([]byte(body), &e); err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			if e.Body != c.want || e.IsBase64Encoded != c.encoded || e.RequestContext.Authorizer != nil {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	s := start(t)
	for name, c := range map[string]struct {
		answer string
		status int
		kind   string
		body   string
	}{
		"plain":              {`{"statusCode":201,"headers":{"Content-Type":"application/json"},"body":"{}"}`, 201, "application/json", `{}`},
		"base64":             {`{"statusCode":200,"headers":{"content-type":"text/csv"},"body":"//4=","isBase64Encoded":true}`, 200, "text/csv", "\xff\xfe"},
		"no type":            {`{"statusCode":200,"body":"x"}`, 200, "text/plain;charset=UTF-8", "x"},
		"problem":            {`{"statusCode":404,"headers":{"content-type":"application/problem+json"},"body":"{}"}`, 404, "application/problem+json", "{}"},
		"no status":          {`{"a":1}`, 200, "application/json", `{"a":1}`},
		"a list":             {`[1]`, 200, "application/json", `[1]`},
		"its own length":     {`{"statusCode":200,"headers":{"content-length":"99","content-type":"text/plain"},"body":"x"}`, 200, "text/plain", "x"},
		"bad status":         {`{"statusCode":99}`, 500, "application/json", `{"message":"Internal Server Error"}`},
		"status of a string": {`{"statusCode":"x"}`, 500, "application/json", `{"message":"Internal Server Error"}`},
		"bad base64":         {`{"statusCode":200,"body":"*","isBase64Encoded":true}`, 500, "application/json", `{"message":"Internal Server Error"}`},
		"failure":            {`fail`, 500, "application/json", `{"message":"Internal Server Error"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := s.do(t, "GET", "/open", "", http.Header{"X-Answer": {c.answer}})
			if response.StatusCode != c.status || response.Header.Get("Content-Type") != c.kind || body != c.body {
				t.Errorf("%d %q %q", response.StatusCode, response.Header.Get("Content-Type"), body)
			}
		})
	}
	response, _ := s.do(t, "GET", "/open", "", http.Header{"X-Answer": {`{"statusCode":200,"cookies":["a=1; Secure","b=2"]}`}})
	if diff := cmp.Diff([]string{"a=1; Secure", "b=2"}, response.Header.Values("Set-Cookie")); diff != "" {
		t.Error(diff)
	}
}

func TestFunctionThatIsTooSlow(t *testing.T) {
	t.Parallel()
	s := startWith(t, 100*time.Millisecond)
	response, body := s.do(t, "GET", "/open", "", http.Header{"X-Answer": {"sleep"}})
	if response.StatusCode != 503 || body != `{"message":"Service Unavailable"}` {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestNothingElseIsAnswered(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct{ method, path string }{
		{"POST", "/"},
		{"GET", "/other"},
		{"GET", "/things/"},
		{"GET", "//things"},
		{"GET", "/things/../things"},
		{"GET", "/THINGS"},
		{"HEAD", "/open"},
		{"PUT", "/things"},
		{"OPTIONS", "/things"},
		{"POST", "/healthz"},
		{"POST", "/dev/token"},
		{"GET", "/dev"},
		{"GET", "/dev/issuer"},
		{"GET", "/things/a"},
		{"GET", "/things/a/parts/b/c"},
		{"GET", "/things/a/parts/b%2Fc"},
	} {
		response, body := s.do(t, c.method, c.path, "", nil)
		if response.StatusCode != 404 || c.method != "HEAD" && body != `{"message":"Not Found"}` {
			t.Errorf("%s %s: %d %s", c.method, c.path, response.StatusCode, body)
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := start(t)
	other, err := issuer.Open(filepath.Join(t.TempDir(), "key.pem"), s.Issuer.URL, func() time.Time { return s.now })
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := issuer.Open(filepath.Join(t.TempDir(), "key.pem"), "https://elsewhere.example", func() time.Time { return s.now })
	if err != nil {
		t.Fatal(err)
	}
	good := token(t, s.Issuer, time.Hour)
	parts := strings.Split(good, ".")
	unix := s.now.Unix()
	secret, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("k", 32))}, nil)
	if err != nil {
		t.Fatal(err)
	}
	hs256, err := jwt.Signed(secret).Claims(map[string]any{"iss": s.Issuer.URL, "sub": "jo", "client_id": issuer.ClientID, "exp": unix + 60}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	none := "eyJhbGciOiJub25lIn0." + parts[1] + "." // {"alg":"none"}
	tampered := []byte(parts[1])
	tampered[len(tampered)/2] ^= 1
	for name, c := range map[string]struct {
		header http.Header
		status int
	}{
		"good":             {bearer(good), 200},
		"without Bearer":   {http.Header{"Authorization": {good}}, 200},
		"bearer":           {http.Header{"Authorization": {"bearer " + good}}, 200},
		"none":             {nil, 401},
		"empty":            {bearer(""), 401},
		"not a token":      {bearer("x.y.z"), 401},
		"expired":          {bearer(token(t, s.Issuer, -time.Second)), 401},
		"wrong issuer":     {bearer(token(t, elsewhere, time.Hour)), 401},
		"wrong key":        {bearer(token(t, other, time.Hour)), 401},
		"alg none":         {bearer(none), 401},
		"alg HS256":        {bearer(hs256), 401},
		"no signature":     {bearer(parts[0] + "." + parts[1] + "."), 401},
		"tampered":         {bearer(parts[0] + "." + string(tampered) + "." + parts[2]), 401},
		"wrong client":     {bearer(signed(t, s, map[string]any{"client_id": "other"})), 401},
		"no client":        {bearer(signed(t, s, map[string]any{"client_id": nil})), 401},
		"wrong audience":   {bearer(signed(t, s, map[string]any{"aud": "other"})), 401},
		"right audience":   {bearer(signed(t, s, map[string]any{"aud": []string{"x", issuer.ClientID}, "client_id": "other"})), 200},
		"not valid yet":    {bearer(signed(t, s, map[string]any{"nbf": unix + 1})), 401},
		"valid just now":   {bearer(signed(t, s, map[string]any{"nbf": unix})), 200},
		"issued later":     {bearer(signed(t, s, map[string]any{"iat": unix + 60})), 401},
		"no expiry":        {bearer(signed(t, s, map[string]any{"exp": nil})), 401},
		"basic":            {http.Header{"Authorization": {"Basic " + good}}, 401},
		"two in one":       {bearer(good + " " + good), 401},
		"expiry as text":   {bearer(signed(t, s, map[string]any{"exp": strconv.FormatInt(unix+60, 10)})), 401},
		"issued as text":   {bearer(signed(t, s, map[string]any{"iat": strconv.FormatInt(unix, 10)})), 401},
		"no subject":       {bearer(signed(t, s, map[string]any{"sub": json.RawMessage("null")})), 401},
		"a list as sub":    {bearer(signed(t, s, map[string]any{"sub": []string{"jo"}})), 401},
		"JSON":             {bearer(`{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`), 401},
		"JSON with dots":   {bearer(`{"x":"..","protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`), 401},
		"garbage at times": {bearer(signed(t, s, map[string]any{"nbf": "soon"})), 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := s.do(t, "GET", "/things", "", c.header)
			if response.StatusCode != c.status {
				t.Errorf("got %d %s, want %d", response.StatusCode, body, c.status)
			}
			if c.status == 401 && (body != `{"message":"Unauthorized"}` || !strings.HasPrefix(response.Header.Get("Www-Authenticate"), "Bearer")) {
				t.Errorf("%s, %v", body, response.Header)
			}
		})
	}
}

func token(t *testing.T, i *issuer.Issuer, life time.Duration) string {
	t.Helper()
	token, err := i.Token("jo", []string{"global-admin"}, life)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// signed returns a token signed with the issuer's key, with some claims changed, or removed if nil.
func signed(t *testing.T, s *stand, change map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"iss": s.Issuer.URL, "sub": "jo", "client_id": issuer.ClientID, "exp": s.now.Unix() + 60, "iat": s.now.Unix(),
	}
	for name, value := range change {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	token, err := s.Issuer.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestDevToken(t *testing.T) {
	t.Parallel()
	s := start(t)
	// A standard OpenID Connect client can discover the issuer and verify its tokens.
	provider, err := oidc.NewProvider(context.Background(), s.URL+gateway.IssuerPath)
	if err != nil {
		t.Fatal(err)
	}
	verifier := provider.Verifier(&oidc.Config{SkipClientIDCheck: true, Now: func() time.Time { return s.now }})
	for name, c := range map[string]struct {
		query  string
		status int
		groups []string
		life   time.Duration
	}{
		"one role":     {"role=global-admin&sub=someone", 200, []string{"global-admin"}, time.Hour},
		"repeated":     {"role=user-admin&role=billing-admin&sub=someone", 200, []string{"user-admin", "billing-admin"}, time.Hour},
		"with commas":  {"role=user-admin,%20billing-admin&sub=someone", 200, []string{"user-admin", "billing-admin"}, time.Hour},
		"no role":      {"sub=someone", 200, nil, time.Hour},
		"short":        {"role=global-admin&sub=someone&ttl=5m", 200, []string{"global-admin"}, 5 * time.Minute},
		"unknown role": {"role=emperor&sub=someone", 400, nil, 0},
		"one unknown":  {"role=global-admin,emperor", 400, nil, 0},
		"bad ttl":      {"role=global-admin&ttl=long", 400, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			response, body := s.do(t, "GET", "/dev/token?"+c.query, "", nil)
			if response.StatusCode != c.status || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain") {
				t.Fatalf("%d %v %s", response.StatusCode, response.Header, body)
			}
			if c.status != 200 {
				return
			}
			token, err := verifier.Verify(context.Background(), body)
			if err != nil {
				t.Fatal(err)
			}
			var claims struct {
				Groups   []string `json:"cognito:groups"`
				ClientID string   `json:"client_id"`
				Use      string   `json:"token_use"`
				ID       string   `json:"jti"`
			}
			if err := token.Claims(&claims); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.groups, claims.Groups); diff != "" {
				t.Error(diff)
			}
			if token.Subject != "someone" || claims.ClientID != issuer.ClientID || claims.Use != "access" || claims.ID == "" {
				t.Errorf("%q %+v", token.Subject, claims)
			}
			if life := token.Expiry.Sub(token.IssuedAt); life != c.life {
				t.Errorf("valid for %v", life)
			}
		})
	}
}

func TestHealthz(t *testing.T) {
	t.Parallel()
	s := start(t)
	if response, body := s.do(t, "GET", "/healthz", "", nil); response.StatusCode != 200 || body != "ok\n" {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	s.sick = errors.New("DynamoDB does not answer")
	if response, body := s.do(t, "GET", "/healthz", "", nil); response.StatusCode != 503 || !strings.Contains(body, "DynamoDB does not answer") {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestAddressesAreFound(t *testing.T) {
	t.Parallel()
	if response, body := start(t).do(t, "GET", "/dev/lambda", "", nil); response.StatusCode != 200 || body != "http://127.0.0.1:9\n" {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	if response, body := start(t).do(t, "GET", "/dev/table", "", nil); response.StatusCode != 200 || body != "http://127.0.0.1:10 trueup\n" {
		t.Errorf("%d %s", response.StatusCode, body)
	}
}

func TestKeySurvivesARestart(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "key.pem")
	first, err := issuer.Open(file, "http://127.0.0.1/dev/issuer", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	second, err := issuer.Open(file, "http://127.0.0.1/dev/issuer", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	verifier := oidc.NewVerifier(second.URL, second.Keys(), &oidc.Config{SkipClientIDCheck: true})
	if _, err := verifier.Verify(context.Background(), token(t, first, time.Hour)); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := issuer.Open(file, first.URL, time.Now); err == nil || !strings.Contains(err.Error(), "delete it to get a new one") {
		t.Errorf("%v", err)
	}
}
