package e2e_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"trueup/infra/local/aws/gateway"
	"trueup/infra/local/aws/issuer"
	"trueup/infra/local/stack"
	"trueup/internal/access"
)

// browser keeps cookies, and follows no redirects by itself. The jar of net/http would not send Secure
// cookies over HTTP, as browsers do to this machine.
type browser struct {
	system
	cookies map[string]string
}

// do sends a request and returns the status, where it redirects to, and the body.
func (b *browser) do(method, address string, form url.Values) (status int, to, body string) {
	b.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.FrontURL + address
	}
	r, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	must(b.t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.FrontURL)
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	must(b.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(b.t, err)
	for _, c := range response.Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return response.StatusCode, response.Header.Get("Location"), string(text)
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// choose fills in the issuer's sign-in page, and returns where it sends the browser.
func (b *browser) choose(page, name string, role access.Role) string {
	b.t.Helper()
	status, _, body := b.do(http.MethodGet, page, nil)
	equal(b.t, "the sign-in page", status, http.StatusOK)
	form := url.Values{"name": {name}, "group": {string(role)}}
	for _, field := range hiddenField.FindAllStringSubmatch(body, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	status, back, body := b.do(http.MethodPost, gateway.IssuerPath+issuer.SignInPath, form)
	if status != http.StatusSeeOther {
		b.t.Fatalf("the sign-in: %d %s", status, body)
	}
	return back
}

// TestConsoleSignIn signs in to the console, uses it with another process of its function, and signs out.
// The function may use the table of sessions and no other.
func TestConsoleSignIn(t *testing.T) {
	t.Parallel()
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, FunctionsDynamoDB: onlyGranted(t, base.DynamoDBEndpoint), TableName: "console"})
	t.Cleanup(s.stop)
	b := &browser{s, map[string]string{}}

	status, page, _ := b.do(http.MethodGet, "/console/sign-in?to=/console/groups", nil)
	equal(t, "signing in", status, http.StatusSeeOther)
	back := b.choose(page, "Ann Peeters", access.BillingAdmin)
	status, to, body := b.do(http.MethodGet, back, nil)
	if status != http.StatusSeeOther || to != "/console/groups" || b.cookies["__Host-trueup"] == "" || len(b.cookies) != 1 {
		t.Fatalf("%d to %q with cookies %v: %s", status, to, b.cookies, body)
	}
	if status, _, body = b.do(http.MethodGet, back, nil); status != http.StatusSeeOther {
		t.Errorf("the return address again: %d %s", status, body)
	}
	s.Kill("console")
	status, _, body = b.do(http.MethodGet, "/console/overview", nil)
	if status != http.StatusOK && status != http.StatusNotFound || strings.Contains(body, "eyJ") {
		t.Errorf("%d %s", status, body)
	}

	key := b.cookies["__Host-trueup"]
	status, to, body = b.do(http.MethodPost, "/console/sign-out", url.Values{})
	if status != http.StatusSeeOther || !strings.HasPrefix(to, s.FrontURL+gateway.IssuerPath+issuer.LogoutPath) || len(b.cookies) != 0 {
		t.Fatalf("%d to %q with cookies %v: %s", status, to, b.cookies, body)
	}
	if status, to, _ = b.do(http.MethodGet, to, nil); status != http.StatusFound || to != s.FrontURL+"/" {
		t.Errorf("the issuer: %d to %q", status, to)
	}
	b.cookies["__Host-trueup"] = key
	status, to, _ = b.do(http.MethodGet, "/console/overview", nil)
	if status != http.StatusSeeOther || !strings.HasPrefix(to, "/console/sign-in") && !strings.HasPrefix(to, s.FrontURL+gateway.IssuerPath+issuer.AuthorizePath) {
		t.Errorf("signed out: %d to %q", status, to)
	}
}

// TestNamesOfSignIns: a person sees the name of another person who signed in, whose access token has none. A
// token of another client cannot set a name.
func TestNamesOfSignIns(t *testing.T) {
	t.Parallel()
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, FunctionsDynamoDB: onlyGranted(t, base.DynamoDBEndpoint), TableName: "names"})
	t.Cleanup(s.stop)
	signIn := func(name string, role access.Role) *browser {
		b := &browser{s, map[string]string{}}
		_, page, _ := b.do(http.MethodGet, "/console/sign-in?to=/console/groups", nil)
		status, _, body := b.do(http.MethodGet, b.choose(page, name, role), nil)
		if status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", name, status, body)
		}
		return b
	}
	status, _, body := signIn("Ann Peeters", access.BillingAdmin).do(http.MethodPost, "/console/groups", url.Values{"name": {"Sales"}, "key": {"0123456789abcdef"}})
	if status != http.StatusSeeOther {
		t.Fatalf("a group: %d %s", status, body)
	}
	const titled = `<span title="ann-peeters">ann.peeters@example.org</span>`
	status, _, body = signIn("Bo Maes", access.PasswordAdmin).do(http.MethodGet, "/console/audit", nil)
	if status != http.StatusOK || !strings.Contains(body, titled) {
		t.Errorf("%d: the page of events has not %s: %s", status, titled, body)
	}

	var refused struct{ Code string }
	status, err := s.call(http.MethodPut, "/callers/me", map[string]string{"name": "Mallory"}, &refused)
	must(t, err)
	if status != http.StatusForbidden || refused.Code != "caller_named_by_token" {
		t.Errorf("a script: %d %s", status, refused.Code)
	}
}

// TestAuditSourceOfTheConsole: calls with the tokens of the console's client are of the source console,
// and other calls are not, whatever their headers say (SPEC 12).
func TestAuditSourceOfTheConsole(t *testing.T) {
	t.Parallel()
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "sources"})
	t.Cleanup(s.stop)
	b := &browser{s, map[string]string{}}

	const verifier = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
	sum := sha256.Sum256([]byte(verifier))
	callback := s.FrontURL + "/signed-in"
	back, err := url.Parse(b.choose(s.FrontURL+gateway.IssuerPath+issuer.AuthorizePath+"?"+url.Values{
		"client_id": {issuer.ConsoleClientID}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}, "nonce": {"n"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode(), "Ann", access.GlobalAdmin))
	must(t, err)
	_, _, body := b.do(http.MethodPost, gateway.IssuerPath+issuer.TokenPath, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {issuer.ConsoleClientID}, "redirect_uri": {callback}, "code": {back.Query().Get("code")}, "code_verifier": {verifier},
	})
	var tokens struct {
		Access string `json:"access_token"`
	}
	must(t, json.Unmarshal([]byte(body), &tokens))

	script := s.token
	for name, token := range map[string]string{"of the console": tokens.Access, "of a script": script} {
		s.token = token
		status, err := s.call(http.MethodPost, "/groups", map[string]string{"name": name}, nil)
		must(t, err)
		equal(t, name, status, http.StatusCreated)
	}
	want := map[string]string{"of the console": "console", "of a script": "api"}
	deadline := time.Now().Add(10 * time.Second)
	for {
		var events struct {
			Items []struct {
				Action, Source string
				After          map[string]string
			}
		}
		s.get("/audit", &events)
		got := map[string]string{}
		for _, e := range events.Items {
			if e.Action == "group.created" {
				got[e.After["name"]] = e.Source
			}
		}
		if len(got) == len(want) || time.Now().After(deadline) {
			equal(t, "sources", got, want)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}
