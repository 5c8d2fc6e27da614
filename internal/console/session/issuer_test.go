package session

import (
	"net/url"
	"strings"
	"testing"
)

func TestHint(t *testing.T) {
	t.Parallel()
	short, long := strings.Repeat("a", maxHint), strings.Repeat("a", maxHint+1)
	for issuer, hinted := range map[string]bool{
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc":      false,
		"https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_abc": false,
		"https://login.microsoftonline.com/t/v2.0":                       true,
		"https://example.okta.com/oauth2/default":                        true,
		"https://cognito-idp.example.org/x":                              true,
	} {
		if got := hintOf(issuer, short) != ""; got != hinted {
			t.Errorf("%s gets the ID token: %v", issuer, got)
		}
		if hintOf(issuer, long) != "" {
			t.Errorf("%s gets an ID token that is too long for an address", issuer)
		}
	}
}

func TestLeave(t *testing.T) {
	t.Parallel()
	if got := (&provider{}).leave("c", "https://console.example/", "h"); got != "" {
		t.Errorf("an issuer without a page for signing out has %s", got)
	}
	page, err := url.Parse((&provider{EndSession: "https://login.example/out?tenant=t"}).leave("c&d", "https://console.example/", "h"))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"tenant": {"t"}, "client_id": {"c&d"}, "logout_uri": {"https://console.example/"}, "post_logout_redirect_uri": {"https://console.example/"}, "id_token_hint": {"h"},
	}
	if page.Query().Encode() != want.Encode() || page.Path != "/out" {
		t.Errorf("%s", page)
	}
}

func TestCodesOfErrors(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"access_denied": "access_denied", "login_required": "login_required", "": "unknown", "Call us": "unknown", "<b>": "unknown", "a\nb": "unknown", strings.Repeat("a", 100): "unknown",
	} {
		if got := codeOf(code); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
}
