package console

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"trueup/internal/access"
	"trueup/internal/console/client"
	"trueup/internal/console/session"
	"trueup/internal/errs"
	"trueup/internal/i18n"
)

// Errors of the console itself.
var (
	errNotFound  = errors.New("console: no such page")
	errCrossSite = errors.New("console: a form of another site")
	errPanic     = errors.New("console: panic")
)

// denied is the error of a page that the person's roles do not allow.
type denied struct{ permission access.Permission }

func (d *denied) Error() string { return "console: needs " + string(d.permission) }

// unreadable is the error of a form that is too large or no form.
type unreadable struct{ cause error }

func (u *unreadable) Error() string { return "console: form: " + u.cause.Error() }
func (u *unreadable) Unwrap() error { return u.cause }

// trouble is what the page of an error says: what happened, whether anything changed, and one way on.
type trouble struct {
	Status  int
	Icon    string
	Title   string
	Text    string
	Change  string   // whether anything changed; empty on pages that only read
	Items   []reason // what is wrong with the values
	Href    string   // the way on, unless Resend is given
	Label   string
	Resend  url.Values // fields of the form to send again
	Action  string     // where to send it
	SignIn  string     // address at which to sign in again in another tab before that
	Code    string     // of the API
	Request string     // id of the request in the logs
}

// reason is one error in a value, with the address of a page about it.
type reason struct{ Text, Href string }

// fail responds with the page of an error.
func (v *visit) fail(err error) {
	if errors.Is(err, session.ErrNoSession) && v.r.Method == http.MethodGet && v.navigates() {
		if err = v.site.Sessions.SignIn(v.w, v.r, v.here()); err == nil {
			return
		}
	}
	t := v.trouble(err)
	if t.Status >= http.StatusInternalServerError && !errors.Is(err, errPanic) {
		v.log(t.Status, err)
	}
	if err := v.render(t.Status, troublePage(v, t)); err != nil {
		v.log(http.StatusInternalServerError, err)
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// log logs the cause of a status of 500 or above.
func (v *visit) log(status int, cause error) {
	line := append(v.whereabouts(), "error", cause)
	if status == http.StatusServiceUnavailable {
		v.site.Log.WarnContext(v.r.Context(), "unavailable", line...)
		return
	}
	v.site.Log.ErrorContext(v.r.Context(), "fault", line...)
}

// whereabouts returns the attributes of log lines: the page and the id of the request. Addresses are not
// logged, because queries have names of people.
func (v *visit) whereabouts() []any {
	return []any{"page", v.page.Method + " " + v.page.Path, access.RequestIDKey, access.CallFrom(v.r.Context()).RequestID}
}

// signedOut reports whether an error means that the person is not signed in any more. Only a session that has ended
// leads to the sign-in by itself: if the API refused each new token, that would never end.
func (v *visit) signedOut(err error) bool {
	var p *client.Problem
	return errors.Is(err, session.ErrNoSession) || errors.As(err, &p) && p.Status == http.StatusUnauthorized
}

// navigates reports whether the browser shows the response as a page. A script gets an error instead of a
// redirect to another site, and then loads the page as a whole.
func (v *visit) navigates() bool {
	mode := v.r.Header.Get("Sec-Fetch-Mode")
	return mode == "" || mode == "navigate"
}

// trouble describes an error.
func (v *visit) trouble(err error) trouble {
	t := trouble{Icon: "short", Request: access.CallFrom(v.r.Context()).RequestID}
	var (
		problem     *client.Problem
		role        *denied
		form        *unreadable
		tooLarge    *http.MaxBytesError
		unreachable *client.Unreachable
	)
	switch {
	case v.signedOut(err):
		t.describe(v, http.StatusUnauthorized, "console_trouble_signed_out")
		if v.r.Method == http.MethodGet {
			t.Text, t.Href, t.Label = v.T("console_signed_out_read"), to("/console/sign-in", "to", v.here()), v.T("console_sign_in")
		} else {
			t.SignIn = to("/console/sign-in", "to", "/console/overview")
		}
	case errors.As(err, &problem):
		t.ofProblem(v, problem)
	case errors.As(err, &role):
		t.describe(v, http.StatusForbidden, "console_trouble_denied")
		t.Icon, t.Text = "lock", v.deniedText(role.permission)
	case errors.As(err, &tooLarge):
		t.describe(v, http.StatusRequestEntityTooLarge, "console_trouble_too_large")
	case errors.As(err, &form):
		t.describe(v, http.StatusBadRequest, "console_trouble_form")
	case errors.Is(err, errNoFile):
		t.describe(v, http.StatusUnprocessableEntity, "console_trouble_no_file")
	case errors.As(err, &unreachable):
		t.describe(v, http.StatusServiceUnavailable, "console_trouble_unavailable")
	case errors.Is(err, errNotFound):
		t.describe(v, http.StatusNotFound, "console_trouble_not_found")
	case errors.Is(err, errCrossSite):
		t.describe(v, http.StatusForbidden, "console_trouble_cross_site")
	case errs.KindOf(err) == errs.Unavailable:
		t.describe(v, http.StatusServiceUnavailable, "console_trouble_unavailable")
		t.say(v, errs.As(err))
	case errs.As(err) != nil: // of signing in
		t.describe(v, http.StatusForbidden, "console_trouble_sign_in")
		t.say(v, errs.As(err))
		t.Href, t.Label = "/console/sign-in", v.T("console_sign_in")
	default:
		t.describe(v, http.StatusInternalServerError, "console_trouble_fault")
	}
	t.lead(v)
	return t
}

// describe sets what the page says about a kind of trouble: the title has its code, and the text that code
// with _text.
func (t *trouble) describe(v *visit, status int, code string) {
	t.Status, t.Title, t.Text = status, v.T(code), v.T(code+"_text")
}

// say sets the text to the message of an error.
func (t *trouble) say(v *visit, e *errs.Error) {
	t.Text, t.Code = i18n.PageText(v.lang, e.Code, e.Args), e.Code
}

// Kinds of trouble of the API.
const (
	refused     = "console_trouble_denied"
	invalid     = "console_trouble_invalid"
	unavailable = "console_trouble_unavailable"
	fault       = "console_trouble_fault"
)

// kinds are the kinds of trouble of statuses of the API. Others are a fault.
var kinds = map[int]string{
	http.StatusBadRequest: invalid, http.StatusUnprocessableEntity: invalid, http.StatusForbidden: refused, http.StatusNotFound: "console_trouble_gone",
	http.StatusConflict: "console_trouble_conflict", http.StatusPreconditionFailed: "console_trouble_stale", http.StatusRequestEntityTooLarge: "console_trouble_too_large",
	http.StatusTooManyRequests: "console_trouble_busy", http.StatusBadGateway: unavailable, http.StatusServiceUnavailable: unavailable, http.StatusGatewayTimeout: unavailable,
}

// ofProblem describes a problem of the API. Its own sentence comes before the console's.
func (t *trouble) ofProblem(v *visit, p *client.Problem) {
	kind, status := kinds[p.Status], p.Status
	if kind == "" {
		kind, status = fault, http.StatusInternalServerError
	}
	if kind == unavailable {
		status = http.StatusServiceUnavailable
	}
	t.describe(v, status, kind)
	if kind == refused {
		t.Icon = "lock"
	}
	if p.Detail != "" && kind != fault && kind != unavailable && kind != invalid {
		t.Text = p.Detail
	}
	t.Code = p.Code
	if p.RequestID != "" {
		t.Request = p.RequestID
	}
	for _, e := range p.Errors {
		t.Items = append(t.Items, reason{e.Message, other(e)})
	}
}

// other returns the address of a page with the agreement that a value clashes with; empty if there is none.
func other(e client.FieldError) string {
	switch e.Code {
	case "name_taken":
		return to("/console/agreements", "q", e.Value)
	case "pair_taken":
		number, _, _ := strings.Cut(e.Value, " + ")
		return to("/console/agreements", "q", number)
	}
	return ""
}

// lead sets the way on, and says whether anything changed.
func (t *trouble) lead(v *visit) {
	if t.Href != "" {
		return
	}
	again := t.Status == http.StatusTooManyRequests || t.Status >= http.StatusInternalServerError || t.SignIn != ""
	if v.r.Method == http.MethodGet {
		switch {
		case again:
			t.Href, t.Label = v.here(), v.T("console_again")
		case t.Status == http.StatusUnprocessableEntity:
			t.Href, t.Label = v.r.URL.Path, v.T("console_clear")
		default:
			t.Href, t.Label = "/console/overview", v.T("console_to_overview")
		}
		return
	}
	t.Change = v.T("console_nothing_changed")
	if t.Status >= http.StatusInternalServerError {
		t.Change = v.T("console_perhaps_changed")
	}
	if form, err := v.form(); again && err == nil && len(form) > 0 && v.r.MultipartForm == nil {
		t.Resend, t.Action = resendable(form), v.r.URL.Path
		return
	}
	t.Href, t.Label = v.back(), v.T("console_back")
}

// resendable returns the fields of a form without agreement details, which no other page may have (R2.7).
func resendable(form url.Values) url.Values {
	fields := maps.Clone(form)
	delete(fields, "details")
	return fields
}

// back returns the address of the page with the form.
func (v *visit) back() string {
	from, err := url.Parse(v.r.Referer())
	if err == nil {
		if address := from.RequestURI(); from.Host == v.r.Host && isLocal(address) {
			return address
		}
	}
	return "/console/overview"
}

// deniedText says which roles the person has, and which one is needed.
func (v *visit) deniedText(permission access.Permission) string {
	needed := v.roles(access.RolesWith(permission))
	switch {
	case v.person.Caller.GroupsLeftOut:
		return v.T("groups_overage")
	case len(v.person.Caller.Roles) == 0:
		return v.T("console_denied_none", "needed", needed)
	}
	return v.T("console_denied_why", "roles", v.roles(v.person.Caller.Roles), "needed", needed)
}
