// Package apiscript runs API scripts: text files of requests and expected responses. The same
// files run on the handlers, through Lambda events and against a running stack; only the
// transport of a request differs.
//
// A script is a list of steps. A line that begins with "##" names a step. The request line,
// headers and, after an empty line, the body follow. A line "=> STATUS" begins the expected
// response: headers and, after an empty line, the JSON body:
//
//	## R3.1 an upload is announced
//	POST /imports
//	As: billing-admin
//
//	{"fileName": "office.csv", "size": 18}
//
//	=> 201
//	Location: /imports/{{id}}
//
//	{"import": {"id": "{{id}}", "state": "received", "reason": "{{absent}}"}}
//
// The rules:
//
//   - "As" names the caller's role; the default is global-admin. "As: nobody"
//     sends no token. A script's subject is "someone" unless "Sub" names another.
//   - {{name}} stands for a variable. An unknown variable in an expected response is
//     set to the actual value; a variable in a request must be known. {{any}} matches
//     any value, {{absent}} only a missing one.
//   - A body sent below Base is application/json, unless Content-Type names another type.
//   - A header line "{{name}}" sends all the headers of a variable that is an object.
//   - Objects may have more members than expected; lists must be as long as
//     expected, unless the last expected item is "...".
//   - "=> STATUS within 20s" repeats the request until the response is as expected.
//   - A body or expectation of several lines is joined as it is, without the last
//     line end. "{{nl}}" stands for a line end.
package apiscript

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Target is the system under test.
type Target struct {
	// Base is what paths are appended to, for example "http://127.0.0.1:8080".
	Base string
	// Do sends a request. It also handles addresses that do not begin with Base, such as the
	// address of an upload. It does not follow redirects.
	Do func(*http.Request) (*http.Response, error)
	// Token returns a bearer token for a caller.
	Token func(role, subject string) (string, error)
	// Check, if not nil, checks every response below Base, for example against the OpenAPI
	// document.
	Check func(request *http.Request, response *http.Response, body []byte) error
	// Vars are variables with initial values.
	Vars map[string]string
}

// Run runs every script that matches the pattern, each on its own result of target and with its
// own variables; target may call t.Parallel. The steps of a script run in order, and the first
// failure ends it.
func Run(t *testing.T, pattern string, target func(*testing.T) Target) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || files == nil {
		t.Fatalf("no script matches %s (%v)", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			steps, err := parse(string(text))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			runner := runner{Target: target(t), vars: map[string]any{"nl": "\n"}}
			for name, value := range runner.Vars {
				runner.vars[name] = value
			}
			for _, s := range steps {
				if !t.Run(s.name, func(t *testing.T) { runner.step(t, file, s) }) {
					return
				}
			}
		})
	}
}

// runner runs one script.
type runner struct {
	Target
	vars map[string]any // string, or any other JSON value
}

func (r *runner) step(t *testing.T, file string, s step) {
	t.Helper()
	deadline := time.NewTimer(s.within)
	defer deadline.Stop()
	for {
		err := r.try(s)
		if err == nil {
			return
		}
		select {
		case <-deadline.C:
			t.Fatalf("%s:%d: %s: %v", file, s.line, s.request, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// try sends one request and compares the response. It keeps variables only if the whole response is
// as expected.
func (r *runner) try(s step) error {
	request, err := r.request(s)
	if err != nil {
		return err
	}
	response, err := r.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	m := matcher{vars: maps.Clone(r.vars)}
	var wrong []error
	if response.StatusCode != s.status {
		wrong = append(wrong, fmt.Errorf("status %d, want %d", response.StatusCode, s.status))
	}
	for _, h := range s.expectHeaders {
		wrong = append(wrong, m.text("header "+h.name, h.value, response.Header.Get(h.name), len(response.Header.Values(h.name)) > 0))
	}
	if s.expectBody != "" {
		wrong = append(wrong, m.body(s.expectBody, body))
	}
	if r.Check != nil && strings.HasPrefix(request.URL.String(), r.Base+"/") {
		wrong = append(wrong, r.Check(request, response, body))
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("%w\nthe response was %s\n%s", err, response.Status, body)
	}
	r.vars = m.vars
	return nil
}

func (r *runner) request(s step) (*http.Request, error) {
	method, target, _ := strings.Cut(s.request, " ")
	address, err := r.expand(target)
	if err != nil {
		return nil, err
	}
	external := strings.Contains(address, "://")
	if !external {
		address = r.Base + address
	}
	body, err := r.expand(s.body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(method, address, bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	if body != "" && !external {
		request.Header.Set("Content-Type", "application/json")
	}
	role, subject := "global-admin", "someone"
	for _, h := range s.headers {
		value, err := r.expand(h.value)
		switch {
		case err != nil:
			return nil, err
		case h.name == "As":
			role = value
		case h.name == "Sub":
			subject = value
		case strings.HasPrefix(h.name, "{{"):
			if err := r.headersOf(h.name, request.Header); err != nil {
				return nil, err
			}
		default:
			request.Header.Set(h.name, value)
		}
	}
	if role != "nobody" && !external {
		token, err := r.Token(role, subject)
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+token)
	}
	return request, nil
}

// headersOf adds the headers of a variable.
func (r *runner) headersOf(reference string, header http.Header) error {
	headers, ok := r.vars[strings.Trim(reference, "{}")].(map[string]any)
	if !ok {
		return fmt.Errorf("%s is no object", reference)
	}
	for name, value := range headers {
		header.Set(name, fmt.Sprint(value))
	}
	return nil
}

// expand replaces variables in text that is sent.
func (r *runner) expand(s string) (string, error) {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, "{{")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		name, rest, _ := strings.Cut(after, "}}")
		value, known := r.vars[name]
		if !known {
			return "", fmt.Errorf("{{%s}} is not known", name)
		}
		b.WriteString(spell(value))
		s = rest
	}
}

// spell formats a value as a script would write it.
func spell(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	b, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(b)
}

// step is one step of a script.
type step struct {
	name          string
	line          int    // of the request
	request       string // "GET /agreements"
	headers       []header
	body          string
	status        int
	within        time.Duration
	expectHeaders []header
	expectBody    string
}

type header struct{ name, value string }

// parse reads a script.
func parse(text string) ([]step, error) {
	var steps []step
	var current *step
	expecting, inBody := false, false
	for i, line := range strings.Split(text, "\n") {
		fail := func(problem string) error { return fmt.Errorf("line %d: %s: %q", i+1, problem, line) }
		switch {
		case strings.HasPrefix(line, "## "):
			steps = append(steps, step{name: strings.TrimPrefix(line, "## ")})
			current, expecting, inBody = &steps[len(steps)-1], false, false
		case current == nil:
			if line != "" && !strings.HasPrefix(line, "# ") {
				return nil, fail("before the first step")
			}
		case strings.HasPrefix(line, "=> "):
			fields := strings.Fields(line)
			var err error
			if current.status, err = strconv.Atoi(fields[1]); err != nil {
				return nil, fail("no status")
			}
			if len(fields) == 4 && fields[2] == "within" {
				if current.within, err = time.ParseDuration(fields[3]); err != nil {
					return nil, fail("no duration")
				}
			}
			expecting, inBody = true, false
		case !expecting && current.request == "":
			if line != "" {
				current.request, current.line = line, i+1
			}
		case inBody && expecting:
			current.expectBody += line + "\n"
		case inBody:
			current.body += line + "\n"
		case line == "":
			inBody = true
		default:
			name, value, ok := strings.Cut(line, ": ")
			if !ok && !strings.HasPrefix(line, "{{") {
				return nil, fail("neither a header nor an empty line")
			}
			h := header{name: name, value: value}
			if expecting {
				current.expectHeaders = append(current.expectHeaders, h)
			} else {
				current.headers = append(current.headers, h)
			}
		}
	}
	for i := range steps {
		s := &steps[i]
		if s.request == "" || s.status == 0 {
			return nil, fmt.Errorf("the step %q has no request or no expectation", s.name)
		}
		s.body, s.expectBody = strings.Trim(s.body, "\n"), strings.TrimSpace(s.expectBody)
	}
	return steps, nil
}
