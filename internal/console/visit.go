package console

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/a-h/templ"

	"trueup/internal/access"
	"trueup/internal/console/client"
	"trueup/internal/console/session"
	"trueup/internal/errs"
	"trueup/internal/i18n"
)

// visit is one request of a person, with what templates need.
type visit struct {
	w      http.ResponseWriter
	r      *http.Request
	site   *site
	page   *Page
	query  url.Values
	person session.Person // zero on pages that need no sign-in
	lang   i18n.Lang
	theme  string            // light or dark; empty for that of the device
	said   *note             // what the person's last request did
	key    string            // new for each page: the Idempotency-Key of its forms
	names  map[string]string // of callers on the page, by id: see know
	poll   bool              // whether the page shows something that goes on, so that browsers without script reload it
}

// Cookies of preferences.
const (
	languageCookie = "__Host-trueup-lang"
	themeCookie    = "__Host-trueup-theme"
)

func (s *site) visit(w http.ResponseWriter, r *http.Request, p *Page) *visit {
	v := &visit{w: w, r: r, site: s, page: p, query: r.URL.Query(), key: rand.Text()}
	if list := v.query[columnsParameter]; len(list) > 1 { // the boxes of a form; the API has one list
		v.query.Set(columnsParameter, strings.Join(list, ","))
	}
	v.lang = i18n.Language(r.Header.Get("Accept-Language"))
	if c, err := r.Cookie(languageCookie); err == nil {
		if lang, ok := i18n.Parse(c.Value); ok {
			v.lang = lang
		}
	}
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		v.theme = c.Value
	}
	return v
}

// T returns a message in the language of the person. args alternates names and values of placeholders.
func (v *visit) T(code string, args ...string) string {
	return i18n.PageText(v.lang, code, errs.Pairs(args...))
}

// may reports whether the person's roles grant a permission. The API decides; this decides what is shown.
func (v *visit) may(permission access.Permission) bool { return v.person.Caller.May(permission) }

// name returns the name of the person, or the id if the token has no name.
func (v *visit) name() string {
	if v.person.Caller.Name != "" {
		return v.person.Caller.Name
	}
	return v.person.Caller.Subject
}

// q returns a value of the query.
func (v *visit) q(name string) string { return v.query.Get(name) }

// only returns the values of the query with these names, for a call of the API, which refuses others.
func (v *visit) only(names ...string) url.Values {
	values := url.Values{}
	for _, name := range names {
		if value := v.q(name); value != "" {
			values.Set(name, value)
		}
	}
	return values
}

// filtered reports whether the query has one of the values.
func (v *visit) filtered(names ...string) bool { return len(v.only(names...)) > 0 }

// with returns the address of this page with other values: pairs of a name and a value, empty to remove it.
// It leads to the first page of a list.
func (v *visit) with(pairs ...string) string {
	values := url.Values{}
	for name, list := range v.query {
		values[name] = list
	}
	values.Del("cursor")
	setAll(values, pairs)
	return address(v.r.URL.Path, values)
}

// here returns the address of this page, for forms that lead back to it.
func (v *visit) here() string { return address(v.r.URL.Path, v.query) }

// address returns a path with a query.
func address(path string, values url.Values) string {
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// to returns an address with a query of names and values; empty values are left out.
func to(path string, pairs ...string) string {
	values := url.Values{}
	setAll(values, pairs)
	return address(path, values)
}

// setAll sets values: pairs of a name and a value, empty to remove it.
func setAll(values url.Values, pairs []string) {
	for pair := range slices.Chunk(pairs, 2) {
		values.Del(pair[0])
		if value := pair[len(pair)-1]; value != "" {
			values.Set(pair[0], value)
		}
	}
}

// isLocal reports whether an address is a page of the console, so that a redirect to it stays here.
func isLocal(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "" && u.Host == "" && u.User == nil && strings.HasPrefix(u.Path, "/console/") &&
		!strings.ContainsAny(address, "\\\r\n\t") && !strings.Contains(u.Path, "//")
}

// call returns a call of the API for the person.
func (v *visit) call() client.Call { return client.Call{Token: v.person.Token, Lang: string(v.lang)} }

// change returns a call with the key of the form, so that sending the form twice has one effect, and with
// the version that the form was made from.
func (v *visit) change(body any) client.Call {
	c := v.call()
	c.Body, c.Key, c.IfMatch = body, v.r.PostForm.Get("key"), whole(v.r.PostForm.Get("version"))
	if v.r.PostForm.Get("version") == "0" {
		c.IfMatch = client.Unversioned
	}
	return c
}

// send calls an operation.
func send[Out any](v *visit, o client.Operation[Out], c client.Call, path ...string) (Out, error) {
	c.Path = path
	return client.Do(v.r.Context(), v.site.api, o, c)
}

// calls is calls of the API that run at the same time.
type calls struct {
	v    *visit
	wait sync.WaitGroup
	errs []*error // in the order in which the calls were started
}

func (v *visit) calls() *calls { return &calls{v: v} }

// fetch starts a call of an operation that reads, whose response is in out once Wait has returned.
func fetch[Out any](c *calls, o client.Operation[Out], query url.Values, out *Out, path ...string) {
	call, failed := c.v.call(), new(error)
	call.Query, call.Path = query, path
	c.errs = append(c.errs, failed)
	c.wait.Go(func() { *out, *failed = client.Do(c.v.r.Context(), c.v.site.api, o, call) })
}

// Wait waits for all calls. Of several errors it returns the error of the call that was started
// first, which is the one about the subject of the page: without the subject, others fail, too.
func (c *calls) Wait() error {
	c.wait.Wait()
	for _, err := range c.errs {
		if *err != nil {
			return *err
		}
	}
	return nil
}

// render responds with a page, also when the time of the request is up: then it is the page that says so.
func (v *visit) render(status int, page templ.Component) error {
	if v.signedIn() {
		v.said = v.takeNote() // a redirect leaves it for the page to which it leads
	}
	var b bytes.Buffer
	if err := page.Render(context.WithoutCancel(v.r.Context()), &b); err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(v.lang))
	h.Set("Vary", "Accept-Encoding")
	compressed(v.w, v.r, status, b.Bytes())
	return nil
}

// compressible is the size from which compression is worth it, in bytes.
const compressible = 1000

// compressed sends a body, with gzip if the browser accepts it. The HTTP API of API Gateway does not
// compress. No page has a secret beside text that another person chose, which its size could tell.
func compressed(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	if len(body) >= compressible && acceptsGzip(r) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(body); err == nil && z.Close() == nil {
			w.Header().Set("Content-Encoding", "gzip")
			body = b.Bytes()
		}
	}
	w.WriteHeader(status)
	w.Write(body)
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") {
			return strings.TrimSpace(weight) != "q=0"
		}
	}
	return false
}

// redirect leads to a page after a change.
func (v *visit) redirect(address string) error {
	http.Redirect(v.w, v.r, address, http.StatusSeeOther) //nolint:gosec,nolintlint // only some runs of its taint analysis come this far; a page of the console: isLocal has checked what comes from a request
	return nil
}

// maxForm is the maximum size of a form in bytes, and maxFile the maximum of a form with a file: 4 MiB, which is
// 5.6 MB of the 6 that an event of Lambda may have.
const (
	maxForm = 1 << 20
	maxFile = 4 << 20
)

// form reads the form of a POST request.
func (v *visit) form() (url.Values, error) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if err := v.r.ParseForm(); err != nil {
		return nil, &unreadable{err}
	}
	return v.r.PostForm, nil
}
