package stack

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"trueup/infra/local/aws/gateway"
	"trueup/infra/local/aws/issuer"
	"trueup/internal/access"
)

// hiddenField is a hidden field of the issuer's sign-in page.
var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// SignIn signs a person in to the console as a browser does, by the issuer's page, and returns the cookie of the session.
func (s *Stack) SignIn(ctx context.Context, name string, role access.Role) (*http.Cookie, error) {
	cookies := map[string]*http.Cookie{}
	send := func(method, address string, form url.Values) (to, body string, err error) {
		r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
		if err != nil {
			return "", "", err
		}
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", s.FrontURL)
		}
		for _, c := range cookies {
			r.AddCookie(c)
		}
		response, err := http.DefaultTransport.RoundTrip(r) // follows no redirect
		if err != nil {
			return "", "", err
		}
		defer response.Body.Close()
		for _, c := range response.Cookies() {
			cookies[c.Name] = c
		}
		text, err := io.ReadAll(response.Body)
		if err == nil && response.StatusCode >= http.StatusBadRequest {
			err = fmt.Errorf("%s: %s", address, response.Status)
		}
		return response.Header.Get("Location"), string(text), err
	}
	page, _, err := send(http.MethodGet, s.FrontURL+"/console/sign-in", nil)
	if err != nil {
		return nil, err
	}
	_, body, err := send(http.MethodGet, page, nil)
	if err != nil {
		return nil, err
	}
	form := url.Values{"name": {name}, "group": {string(role)}}
	for _, field := range hiddenField.FindAllStringSubmatch(body, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	back, _, err := send(http.MethodPost, s.FrontURL+gateway.IssuerPath+issuer.SignInPath, form)
	if err != nil {
		return nil, err
	}
	if _, _, err = send(http.MethodGet, back, nil); err != nil {
		return nil, err
	}
	session := cookies[sessionCookie]
	if session == nil {
		return nil, errors.New("signing in set no cookie of a session")
	}
	return session, nil
}

// sessionCookie is the name of the cookie of the console's sessions.
const sessionCookie = "__Host-trueup"
