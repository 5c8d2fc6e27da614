package apiscript

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	steps, err := parse(`# What it is about.

## First
POST /a?b={{c}}
As: nobody
{{headers}}

line 1

line 3

=> 201 within 20s
Location: /a/{{id}}

{"a": 1}

## Second
GET /a
=> 304
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []step{
		{
			name: "First", line: 4, request: "POST /a?b={{c}}",
			headers: []header{{"As", "nobody"}, {"{{headers}}", ""}}, body: "line 1\n\nline 3",
			status: 201, within: 20 * time.Second, expectHeaders: []header{{"Location", "/a/{{id}}"}}, expectBody: `{"a": 1}`,
		},
		{name: "Second", line: 18, request: "GET /a", status: 304},
	}
	if diff := cmp.Diff(want, steps, cmp.AllowUnexported(step{}, header{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, wrong := range []string{"GET /a\n", "## a\nGET /a\n", "## a\n=> 200\n", "## a\nGET /a\nno header\n=> 200\n", "## a\nGET /a\n=> OK\n", "## a\nGET /a\n=> 200 within long\n"} {
		if steps, err := parse(wrong); err == nil {
			t.Errorf("%q parses as %+v", wrong, steps)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, want, got string
		ok              bool
		learned         string // of {{new}}
	}{
		{"members that are not expected", `{"a": 1}`, `{"a": 1, "b": 2}`, true, ""},
		{"another value", `{"a": 1}`, `{"a": 2}`, false, ""},
		{"another type", `{"a": "1"}`, `{"a": 1}`, false, ""},
		{"a missing member", `{"a": 1}`, `{}`, false, ""},
		{"absent", `{"a": "{{absent}}"}`, `{}`, true, ""},
		{"absent, but there", `{"a": "{{absent}}"}`, `{"a": null}`, false, ""},
		{"anything", `{"a": "{{any}}"}`, `{"a": [1]}`, true, ""},
		{"anything, but missing", `{"a": "{{any}}"}`, `{}`, false, ""},
		{"a known variable", `{"a": "{{known}}"}`, `{"a": "k"}`, true, ""},
		{"a known variable that differs", `{"a": "{{known}}"}`, `{"a": "x"}`, false, ""},
		{"a new variable", `{"a": "{{new}}"}`, `{"a": "x"}`, true, "x"},
		{"a new variable inside text", `{"a": "/{{new}}/{{known}}"}`, `{"a": "/x/k"}`, true, "x"},
		{"a new variable twice", `["{{new}}", "{{new}}"]`, `["x", "y"]`, false, ""},
		{"text around a variable that differs", `{"a": "/{{known}}/b"}`, `{"a": "/k/c"}`, false, ""},
		{"a longer list", `[1]`, `[1, 2]`, false, ""},
		{"a shorter list", `[1, 2]`, `[1]`, false, ""},
		{"a list that may be longer", `[1, "..."]`, `[1, 2]`, true, ""},
		{"a list that may be longer, but is shorter", `[1, 2, "..."]`, `[1]`, false, ""},
		{"true", `true`, `false`, false, ""},
		{"large numbers", `{"a": 12345678901234567}`, `{"a": 12345678901234568}`, false, ""},
		{"no JSON", `{"a": 1}`, `<html>`, false, ""},
		{"text", `hello {{new}}`, "hello you\n", true, "you"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := matcher{vars: map[string]any{"known": "k"}}
			if err := m.body(test.want, []byte(test.got)); (err == nil) != test.ok {
				t.Errorf("matches: %v", err)
			}
			if test.learned != "" && m.vars["new"] != test.learned {
				t.Errorf("learned %v, want %q", m.vars["new"], test.learned)
			}
		})
	}
}

// TestRetry requires that a step is repeated until it succeeds, and that a failed attempt leaves
// no variable behind.
func TestRetry(t *testing.T) {
	t.Parallel()
	calls := 0
	r := runner{vars: map[string]any{}, Target: Target{
		Base:  "http://api.example",
		Token: func(role, subject string) (string, error) { return role + "/" + subject, nil },
		Do: func(r *http.Request) (*http.Response, error) {
			calls++
			w := httptest.NewRecorder()
			if got := r.Header.Get("Authorization"); got != "Bearer global-admin/someone" {
				t.Errorf("Authorization: %q", got)
			}
			_, err := io.WriteString(w, `{"id": "`+strings.Repeat("x", calls)+`", "done": `+map[bool]string{true: "true", false: "false"}[calls == 3]+`}`)
			return w.Result(), err
		},
	}}
	steps, err := parse("## a\nGET /a\n\n=> 200 within 5s\n\n{\"id\": \"{{id}}\", \"done\": true}\n")
	if err != nil {
		t.Fatal(err)
	}
	r.step(t, "a script", steps[0])
	if calls != 3 || r.vars["id"] != "xxx" {
		t.Errorf("%d calls, id = %v", calls, r.vars["id"])
	}
}
