package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/stack"
	"trueup/internal/access"
	"trueup/internal/console"
	"trueup/internal/console/session"
)

// Bounds of the console.
const (
	pageAgainstCalls = 3   // a page, as a multiple of the calls of the API that it makes
	firstVisit       = 40  // kB
	firstRequests    = 5   // with style, script and icons
	laterPage        = 15  // kB
	firstPaint       = 2.5 // s, on slow 3G
	laterPaint       = 1.5 // s
)

// consolePages are the pages that are measured in an organisation with inventory. The first visit is to the first one.
var consolePages = []string{
	"/console/overview", "/console/agreements", "/console/reports/installations", "/console/reports/purchases", "/console/reports/comparison", "/console/reports/trend",
	"/console/subscriptions", "/console/users", "/console/conflicts", "/console/device-groups",
}

// paintedPages are the pages whose bytes and paint are measured in a browser.
var paintedPages = consolePages[:3]

// consoles measures the pages of the console: against the calls of the API that they make, in a browser, and in an organisation with
// few and with many agreements and users.
func (b *bench) consoles(ctx context.Context) error {
	e, err := b.engine(ctx, "console")
	if err != nil {
		return err
	}
	defer e.Stop()
	if err := b.pages(ctx, e); err != nil {
		return err
	}
	return b.growingPages(ctx, e)
}

// demonstrated starts a stack with the demo, and a visitor.
func (b *bench) demonstrated(ctx context.Context, e *engine.Engine, table string) (*visitor, error) {
	s, err := b.stack(ctx, e, table)
	if err != nil {
		return nil, err
	}
	demo := exec.CommandContext(ctx, filepath.Join(b.functions, "bin", "demo"), "-api", s.FrontURL, "-s3", s.S3URL)
	if out, err := demo.CombinedOutput(); err != nil {
		s.Stop(0)
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	v, err := newVisitor(ctx, s)
	if err != nil {
		s.Stop(0)
	}
	return v, err
}

// pages measures the pages of the demo: the time of each page against the same calls of the API, and what a browser makes of them.
func (b *bench) pages(ctx context.Context, e *engine.Engine) error {
	v, err := b.demonstrated(ctx, e, "console-demo")
	if err != nil {
		return err
	}
	defer v.stack.Stop(time.Second)
	var things []timed
	calls := make([]int, len(consolePages))
	for i, path := range consolePages {
		waves, err := v.calls(ctx, path)
		if err != nil {
			return err
		}
		for _, wave := range waves {
			calls[i] += len(wave)
		}
		things = append(things, took(v.page(path)), took(func(ctx context.Context) error { return v.call(ctx, waves) }))
	}
	if _, err := rounds(ctx, b.size(20, 1), things...); err != nil { // warms functions and engine
		return err
	}
	middle, err := medians(ctx, b.size(100, 2), things...)
	if err != nil {
		return err
	}
	for i, path := range consolePages {
		subject, floor := middle[2*i], middle[2*i+1]
		b.table.add(row{
			what:  fmt.Sprintf("page %s, against its calls of the API: %d", path, calls[i]),
			value: show(subject), floor: show(floor), limits: []limit{ratio(subject, floor, pageAgainstCalls)},
		})
	}
	return b.painted(ctx, v)
}

// painted measures bytes, requests and paints of pages in Chromium. Without it the rows are left out.
func (b *bench) painted(ctx context.Context, v *visitor) error {
	if reason := noBrowser(); reason != "" {
		b.say("no rows of a browser: %s", reason)
		return nil
	}
	script := exec.CommandContext(ctx, "node", append([]string{"infra/tools/browser/measure.mjs", v.stack.FrontURL, strconv.Itoa(b.size(7, 1))}, paintedPages...)...)
	script.Env, script.Stderr = append(os.Environ(), "TRUEUP_SESSION="+v.session.Name+"="+v.session.Value), os.Stderr
	out, err := script.Output()
	if err != nil {
		return fmt.Errorf("measure.mjs: %w", err)
	}
	var measured struct {
		Sizes  []struct{ Bytes, Requests float64 }
		Paints [][]float64 // of each round, of each page
	}
	if err := json.Unmarshal(out, &measured); err != nil {
		return err
	}
	for i, path := range paintedPages {
		size, kB := measured.Sizes[i], measured.Sizes[i].Bytes/1000
		what, limits := "later page "+path, []limit{{kB, laterPage, " kB"}}
		if i == 0 {
			what, limits = "first visit, "+path, []limit{{kB, firstVisit, " kB"}, {size.Requests, firstRequests, " requests"}}
		}
		b.table.add(row{what: what + ", compressed", value: fmt.Sprintf("%.1f kB, requests: %.0f", kB, size.Requests), limits: limits})
	}
	for i, path := range paintedPages {
		var paints []time.Duration
		for _, round := range measured.Paints {
			paints = append(paints, time.Duration(round[i]*float64(time.Millisecond)))
		}
		paint, most, what := median(paints), laterPaint, "later page "
		if i == 0 {
			most, what = firstPaint, "first visit, "
		}
		b.table.add(row{
			what:  what + path + ": largest contentful paint on slow 3G (400 ms, 400 kb/s)",
			value: show(paint), limits: []limit{{paint.Seconds(), most, " s"}},
		})
	}
	return nil
}

// noBrowser returns why pages cannot be shown in Chromium; empty if they can.
func noBrowser() string {
	if _, err := exec.LookPath("node"); err != nil {
		return "node is missing"
	}
	_, noShell := exec.LookPath("chromium-headless-shell") // launch.mjs takes the first one
	if _, err := exec.LookPath("chromium"); err != nil && noShell != nil {
		return "chromium is missing"
	}
	if _, err := os.Stat("infra/tools/node_modules/playwright-core"); err != nil {
		return "playwright-core is missing: npm ci in infra/tools"
	}
	return ""
}

// growingPages measures pages in an organisation with few agreements and users, and in one with many.
func (b *bench) growingPages(ctx context.Context, e *engine.Engine) error {
	few, many := b.size(1000, 100), b.size(100_000, 1000)
	var things []timed // the same number for each organisation
	var paths []string
	for _, n := range []int{few, many} {
		begin := time.Now()
		v, o, err := b.populated(ctx, e, n)
		if err != nil {
			return err
		}
		defer v.stack.Stop(time.Second)
		b.say("%d agreements and users stored in %.0f s", n, time.Since(begin).Seconds())
		paths = []string{
			"/console/overview", "/console/agreements", "/console/agreements?q=branch+01&sort=end", "/console/agreements/" + o.ids[0], "/console/groups", "/console/groups/" + largeGroup,
			"/console/reports/installations", "/console/users", "/console/users?q=peeters", "/console/subscriptions", "/console/subscriptions/" + subscriptionID(1), "/console/conflicts",
		}
		for _, path := range paths {
			things = append(things, took(v.page(path)))
		}
	}
	if _, err := rounds(ctx, b.size(20, 1), things...); err != nil { // warms functions and engine
		return err
	}
	middle, err := medians(ctx, b.size(100, 2), things...)
	if err != nil {
		return err
	}
	for i, path := range paths {
		subject, floor := middle[len(paths)+i], middle[i]
		if path == "/console/agreements/"+filepath.Base(path) {
			path = "/console/agreements/{id}"
		}
		b.table.add(row{
			what:  fmt.Sprintf("page %s, %d agreements and users against %d", path, many, few),
			value: show(subject), floor: show(floor), limits: []limit{ratio(subject, floor, flat)},
		})
	}
	return nil
}

// populated starts a stack with that many agreements, as many users, and an inventory.
func (b *bench) populated(ctx context.Context, e *engine.Engine, n int) (_ *visitor, _ *organisation, err error) {
	s, err := b.stack(ctx, e, fmt.Sprintf("console-%d", n))
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			s.Stop(0)
		}
	}()
	o, err := newOrganisation(s, nil)
	if err != nil {
		return nil, nil, err
	}
	if err := o.fill(ctx, b.size(50, 5), n); err != nil {
		return nil, nil, err
	}
	if err := o.people(ctx, n); err != nil {
		return nil, nil, err
	}
	file, err := os.Open("events/inventory/appinvrawdata.csv")
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	if _, err := s.S3().PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(stack.UploadsBucket), Key: aws.String("inventory/appinvrawdata.csv"), Body: file}); err != nil {
		return nil, nil, err
	}
	for { // until it is counted
		body, err := o.fetch(ctx, s, "/inventory")
		if err != nil {
			return nil, nil, err
		}
		var known struct{ Devices int }
		if err := json.Unmarshal(body, &known); err != nil {
			return nil, nil, err
		}
		if known.Devices > 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	v, err := newVisitor(ctx, s)
	return v, o, err
}

// visitor is a person who uses the console of a stack.
type visitor struct {
	stack   *stack.Stack
	session *http.Cookie
	token   string // for the API
}

func newVisitor(ctx context.Context, s *stack.Stack) (*visitor, error) {
	cookie, err := s.SignIn(ctx, "Bench", access.GlobalAdmin)
	if err != nil {
		return nil, err
	}
	token, err := s.Token("bench", access.GlobalAdmin)
	return &visitor{s, cookie, token}, err
}

// page requests a page as a browser does.
func (v *visitor) page(path string) func(context.Context) error {
	return func(ctx context.Context) error {
		return v.get(ctx, path, func(r *http.Request) {
			r.AddCookie(v.session)
			r.Header.Set("Accept-Encoding", "gzip")
		})
	}
}

func (v *visitor) get(ctx context.Context, path string, prepare func(*http.Request)) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.stack.FrontURL+path, nil)
	if err != nil {
		return err
	}
	prepare(r)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %.300s", path, response.Status, body)
	}
	return err
}

// call makes calls of the API as a page does: those of a wave at the same time, one wave after another.
func (v *visitor) call(ctx context.Context, waves [][]apiCall) error {
	for _, wave := range waves {
		group, ctx := errgroup.WithContext(ctx)
		for _, call := range wave {
			group.Go(func() error { return v.get(ctx, call.path, func(r *http.Request) { r.Header = call.header.Clone() }) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// calls returns the calls of the API that a page makes, in waves of calls at the same time. It shows the page once with the
// handler of the console in this process.
func (v *visitor) calls(ctx context.Context, path string) ([][]apiCall, error) {
	recorder := &callRecorder{}
	handler := console.New(console.Options{
		API: v.stack.FrontURL, Client: &http.Client{Transport: recorder}, Sessions: oneSession{v.token}, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil))
	if w.Code != http.StatusOK {
		return nil, fmt.Errorf("%s: %d %.300s", path, w.Code, w.Body)
	}
	return recorder.waves, nil
}

// apiCall is a call of the API that reads.
type apiCall struct {
	path   string // with the query
	header http.Header
}

// callRecorder records the calls of one page.
type callRecorder struct {
	mu    sync.Mutex
	open  int // calls that have begun and not ended
	waves [][]apiCall
}

// RoundTrip makes a call and records it. Each call takes long enough for the others of its wave to begin.
func (c *callRecorder) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	if c.open == 0 {
		c.waves = append(c.waves, nil)
	}
	c.open++
	last := &c.waves[len(c.waves)-1]
	*last = append(*last, apiCall{r.URL.RequestURI(), r.Header.Clone()})
	c.mu.Unlock()
	time.Sleep(100 * time.Millisecond)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		var body []byte
		body, err = io.ReadAll(response.Body)
		response.Body.Close()
		response.Body = io.NopCloser(bytes.NewReader(body))
	}
	c.mu.Lock()
	c.open--
	c.mu.Unlock()
	return response, err
}

// oneSession is a session of a person with a token.
type oneSession struct{ token string }

// Person returns the person.
func (o oneSession) Person(http.ResponseWriter, *http.Request) (session.Person, error) {
	return session.Person{Token: o.token, Caller: access.Principal{Subject: "bench", Roles: access.Roles}}, nil
}

// Origin returns no issuer: nobody signs out.
func (oneSession) Origin() string { return "" }

// SignIn and the other methods are not used by pages that show something.
func (oneSession) SignIn(http.ResponseWriter, *http.Request, string) error { return errNoSignIn }

// SignedIn is not used.
func (oneSession) SignedIn(http.ResponseWriter, *http.Request) (session.Person, error) {
	return session.Person{}, errNoSignIn
}

// SignOut is not used.
func (oneSession) SignOut(http.ResponseWriter, *http.Request) error { return errNoSignIn }

// SignOutEverywhere is not used.
func (oneSession) SignOutEverywhere(http.ResponseWriter, *http.Request) error { return errNoSignIn }

var errNoSignIn = errors.New("bench: pages of the console are shown, and nobody signs in or out")
