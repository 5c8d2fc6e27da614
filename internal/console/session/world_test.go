package session_test

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trueup/infra/local/aws/issuer"
	"trueup/internal/console/session"
	"trueup/internal/errs"
)

// world is a console with its sessions, and the issuer of the local stack.
type world struct {
	t      *testing.T
	store  *memory
	keeper *session.Keeper
	issuer *issuer.Issuer
	front  *httptest.Server // the console
	log    *lockedBuffer

	mu   sync.Mutex
	now  time.Time
	skew time.Duration // of the issuer's clock

	signed session.Person // whom SignedIn returned last

	// token counts the requests to the token endpoint.
	token atomic.Int32
	// serve answers a request to the issuer in its place, if it reports true; nil for none.
	serve atomic.Pointer[func(w http.ResponseWriter, r *http.Request) bool]
}

// lockedBuffer is a buffer for concurrent use.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.String()
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// issuerClock is the clock of the issuer.
func (w *world) issuerClock() time.Time {
	now := w.clock()
	w.mu.Lock()
	defer w.mu.Unlock()
	return now.Add(w.skew)
}

// pass moves the clock.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// newWorld returns a world. change changes the options of the keeper.
func newWorld(t *testing.T, change ...func(*session.Options)) *world {
	t.Helper()
	w := &world{t: t, store: newMemory(), log: &lockedBuffer{}, now: time.Now().Truncate(time.Second)}
	mux := http.NewServeMux()
	door := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == issuer.TokenPath {
			w.token.Add(1)
		}
		if serve := w.serve.Load(); serve != nil && (*serve)(rw, r) {
			return
		}
		mux.ServeHTTP(rw, r)
	}))
	t.Cleanup(door.Close)
	var err error
	if w.issuer, err = issuer.Open(filepath.Join(t.TempDir(), "key"), door.URL, w.issuerClock); err != nil {
		t.Fatal(err)
	}
	w.front = httptest.NewServer(http.HandlerFunc(w.page))
	t.Cleanup(w.front.Close)
	w.issuer.Clients = []issuer.Client{{ID: issuer.ConsoleClientID, Callbacks: []string{w.front.URL + "/signed-in"}, Logouts: []string{w.front.URL + "/"}}}
	w.issuer.Groups = []string{"global-admin", "password-admin"}
	w.issuer.Handle(mux, "")
	o := session.Options{
		Store: w.store, Origin: w.front.URL, Issuer: door.URL, Client: issuer.ConsoleClientID, Scopes: []string{"openid", "email"},
		HTTP: http.DefaultClient, Clock: w.clock, Log: slog.New(slog.NewJSONHandler(w.log, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	w.keeper = session.New(o)
	return w
}

// page serves the console: a page says who is signed in.
func (w *world) page(rw http.ResponseWriter, r *http.Request) {
	var err error
	switch r.Method + " " + r.URL.Path {
	case "GET /console/sign-in":
		err = w.keeper.SignIn(rw, r, r.URL.Query().Get("to"))
	case "GET /signed-in":
		var p session.Person
		p, err = w.keeper.SignedIn(rw, r)
		w.mu.Lock()
		w.signed = p
		w.mu.Unlock()
	case "POST /console/sign-out":
		err = w.keeper.SignOut(rw, r)
	case "POST /console/sign-out-everywhere":
		err = w.keeper.SignOutEverywhere(rw, r)
	default:
		var p session.Person
		if p, err = w.keeper.Person(rw, r); err == nil {
			fmt.Fprintf(rw, "%s|%s|%v|%s", p.Caller.Subject, p.Caller.Name, p.Caller.Roles, p.Token)
		}
	}
	switch expected := errs.As(err); {
	case err == nil:
	case errors.Is(err, session.ErrNoSession):
		rw.WriteHeader(http.StatusUnauthorized)
	case expected != nil:
		rw.WriteHeader(http.StatusConflict)
		fmt.Fprintf(rw, "%s %s", expected.Code, expected.Args["code"])
	default:
		rw.WriteHeader(http.StatusInternalServerError)
		io.WriteString(rw, err.Error())
	}
}

// browser is a browser: it keeps cookies, and follows no redirects by itself.
type browser struct {
	*world
	cookies map[string]string
	set     []*http.Cookie // by the latest answer
}

func (w *world) browser() *browser { return &browser{world: w, cookies: map[string]string{}} }

// answer is what a server answered.
type answer struct {
	status int
	to     string // where it redirects to
	body   string
	header http.Header
}

func (b *browser) do(method, address string, form url.Values) answer {
	b.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.front.URL + address
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	own := strings.HasPrefix(address, b.front.URL)
	if own {
		for name, value := range b.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if own {
		b.set = response.Cookies()
		for _, c := range b.set {
			if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
				delete(b.cookies, c.Name)
			}
		}
	}
	return answer{response.StatusCode, response.Header.Get("Location"), string(text), response.Header}
}

func (b *browser) get(address string) answer { b.t.Helper(); return b.do(http.MethodGet, address, nil) }

var (
	hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	action = regexp.MustCompile(`action="([^"]*)"`)
)

// choose fills in the sign-in page of the issuer and returns where it sends the browser.
func (b *browser) choose(address, name, group string) string {
	b.t.Helper()
	page := b.get(address)
	if page.status != http.StatusOK {
		b.t.Fatalf("the sign-in page: %d %s", page.status, page.body)
	}
	form := url.Values{"name": {name}, "group": {group}}
	for _, field := range hidden.FindAllStringSubmatch(page.body, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	back := b.do(http.MethodPost, u.Scheme+"://"+u.Host+action.FindStringSubmatch(page.body)[1], form)
	if back.to == "" {
		b.t.Fatalf("the issuer: %d %s", back.status, back.body)
	}
	return back.to
}

// start begins to sign in and returns the address of the issuer's page.
func (b *browser) start(to string) string {
	b.t.Helper()
	a := b.get("/console/sign-in?to=" + url.QueryEscape(to))
	if a.status != http.StatusSeeOther {
		b.t.Fatalf("%d %s", a.status, a.body)
	}
	return a.to
}

// signIn signs a person in and returns the page that the console sends the browser to.
func (b *browser) signIn(name, group, to string) string {
	b.t.Helper()
	a := b.get(b.choose(b.start(to), name, group))
	if a.status != http.StatusSeeOther {
		b.t.Fatalf("signed in: %d %s", a.status, a.body)
	}
	return a.to
}

// who returns who is signed in: subject, name, roles and token.
func (b *browser) who() (who []string, status int) {
	b.t.Helper()
	a := b.get("/console/overview")
	if a.status != http.StatusOK {
		return nil, a.status
	}
	return strings.Split(a.body, "|"), a.status
}

// signedIn requires that a person is signed in, and returns the token.
func (b *browser) signedIn(subject string) (token string) {
	b.t.Helper()
	who, status := b.who()
	if status != http.StatusOK || who[0] != subject {
		b.t.Fatalf("%d %v, want %s", status, who, subject)
	}
	return who[3]
}

// signedOut requires that nobody is signed in.
func (b *browser) signedOut() {
	b.t.Helper()
	if who, status := b.who(); status != http.StatusUnauthorized {
		b.t.Fatalf("%d %v", status, who)
	}
}
