package web

import (
	"errors"
	"fmt"
	"html"
	"net/http"

	"trueup/internal/config"
	"trueup/internal/console/session"
	"trueup/internal/errs"
)

// placeholder serves the sign-in until package console has the pages.
func placeholder(settings config.Config, keeper *session.Keeper, uploads string) http.Handler {
	mux := http.NewServeMux()
	do := func(pattern string, serve func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			err := serve(w, r)
			switch expected := errs.As(err); {
			case err == nil:
			case errors.Is(err, session.ErrNoSession):
				http.Redirect(w, r, "/console/sign-in", http.StatusSeeOther)
			case expected != nil && expected.Kind != errs.Unavailable:
				http.Error(w, expected.Code, http.StatusForbidden)
			case expected != nil:
				http.Error(w, expected.Code, http.StatusServiceUnavailable)
			default:
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			}
		})
	}
	show := func(w http.ResponseWriter, r *http.Request) error {
		p, err := keeper.Person(w, r)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; connect-src "+uploads+"; form-action 'self' "+keeper.Origin())
		_, err = fmt.Fprintf(w, "<!doctype html><title>trueup</title><p>%s %s<form method=post action=/console/sign-out><button>Sign out</button></form><p>%s",
			html.EscapeString(p.Caller.Name), html.EscapeString(fmt.Sprint(p.Caller.Roles)), html.EscapeString(settings.API))
		return err
	}
	do("GET /{$}", show)
	do("GET /console/{path...}", show)
	do("GET /console/sign-in", func(w http.ResponseWriter, r *http.Request) error {
		return keeper.SignIn(w, r, r.URL.Query().Get("to"))
	})
	do("GET /signed-in", keeper.SignedIn)
	do("POST /console/sign-out", keeper.SignOut)
	do("POST /console/sign-out-everywhere", keeper.SignOutEverywhere)
	return http.NewCrossOriginProtection().Handler(mux)
}
