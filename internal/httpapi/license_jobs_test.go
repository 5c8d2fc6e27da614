package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"trueup/internal/access"
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/licenses"
	"trueup/internal/jobs"
	"trueup/internal/subscription"
)

// crowd is a register of many users.
type crowd struct {
	subscription.Register
	users int
}

func (c crowd) All(context.Context, subscription.Query) (iter.Seq[subscription.User], subscription.Totals, error) {
	return func(yield func(subscription.User) bool) {
		for i := range c.users {
			if !yield(subscription.User{ID: fmt.Sprint("c", i), Version: 1}) {
				return
			}
		}
	}, subscription.Totals{Users: c.users}, nil
}

// listOf returns a list of user ids as JSON.
func listOf(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%026d"`, i)
	}
	return "[" + b.String()[1:] + "]"
}

// A job has at most 100,000 users, in a list or selected.
func TestR9_2_UsersOfAJob(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := asking{t, s.handlers, &strings.Builder{}}
	suite := answer[licenses.Subscription](a, http.MethodPost, "/subscriptions", `{"name":"Suite","quantity":1}`)
	started := 0
	limited := s.deps
	limited.StartJobs = func(context.Context) error { started++; return nil }
	withCrowd := func(n int) asking {
		limited.Users = crowd{users: n}
		return asking{t, map[string]http.Handler{licenses.Name: limited.handler(licenses.Name)}, &strings.Builder{}}
	}
	licence := fmt.Sprintf(`"action":"assign","licenses":[{"subscription":%q}]`, suite.ID)
	for name, c := range map[string]struct {
		crowd int
		body  string
		code  string // of the violation; empty if the job is made
		text  string
	}{
		"100,001 in a list": {0, `{` + licence + `,"users":` + listOf(100_001) + `}`, "items_max", `"pointer":"/users"`},
		"100,000 in a list": {0, `{` + licence + `,"users":` + listOf(100_000) + `}`, "", `"users":100000`},
		"100,001 selected":  {100_001, `{` + licence + `,"selection":{}}`, "license_job_too_many", "These filters select 100001 users, and a job changes 100000 or fewer."},
		"100,000 selected":  {100_000, `{` + licence + `,"selection":{}}`, "", `"users":100000`},
		"nobody selected":   {0, `{` + licence + `,"selection":{}}`, "license_job_nobody", `"pointer":"/selection"`},
		"too many bytes":    {0, `{` + licence + `,"users":["` + strings.Repeat("x", 4<<20) + `"]}`, "body_too_large", "4194304"},
	} {
		before := started
		status, body := withCrowd(c.crowd).ask(http.MethodPost, "/license-jobs", c.body)
		if (status == http.StatusAccepted) != (c.code == "") || !strings.Contains(string(body), c.code) || !strings.Contains(string(body), c.text) {
			t.Errorf("%s: %d %.300s", name, status, body)
		}
		if made := started - before; made != map[bool]int{true: 1}[c.code == ""] {
			t.Errorf("%s: %d jobs were started", name, made)
		}
	}
}

// A user that is deleted after the job was made has an outcome.
func TestAUserOfAJobIsDeleted(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	waiting := s.deps
	waiting.StartJobs = func(context.Context) error { return errors.New("no function") } // then the schedule does it
	var log strings.Builder
	waiting.Log = slog.New(slog.NewJSONHandler(&log, nil))
	a := asking{t, map[string]http.Handler{licenses.Name: waiting.handler(licenses.Name)}, &strings.Builder{}}
	suite := answer[licenses.Subscription](a, http.MethodPost, "/subscriptions", `{"name":"Suite","quantity":5}`)
	ann := answer[licenses.User](a, http.MethodPost, "/users", `{"userPrincipalName":"ann@x.org","usageLocation":"BE"}`)
	bob := answer[licenses.User](a, http.MethodPost, "/users", `{"userPrincipalName":"bob@x.org","usageLocation":"BE"}`)
	job := answer[licenses.LicenseJob](a, http.MethodPost, "/license-jobs", fmt.Sprintf(`{"action":"assign","licenses":[{"subscription":%q}],"selection":{"sort":"userPrincipalName"}}`, suite.ID))
	if job.State != jobs.StateReceived || job.Users != 2 || !strings.Contains(log.String(), `"license job not started"`) || strings.Contains(log.String(), "x.org") {
		t.Errorf("%+v\n%s", job, log.String())
	}
	if status, body := a.ask(http.MethodDelete, "/users/"+ann.ID+"?acknowledge=service-data", ""); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if err := s.deps.StartJobs(t.Context()); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); !job.Final; time.Sleep(10 * time.Millisecond) {
		if job = answer[licenses.LicenseJob](a, http.MethodGet, "/license-jobs/"+job.ID, ""); time.Now().After(end) {
			t.Fatalf("%+v", job)
		}
	}
	results := answer[httpapi.Page[licenses.UserResult]](a, http.MethodGet, "/license-jobs/"+job.ID+"/results", "")
	if len(results.Items) != 2 || results.Items[0].User != ann.ID || results.Items[0].Violations[0].Code != subscription.UserDeleted || results.Items[1].User != bob.ID || results.Items[1].Outcome != subscription.Assigned {
		t.Errorf("%+v", results)
	}
}

// SPEC 11: jobs need the permissions of the calls that do the same.
func TestSPEC11_LicenseJobs(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	a := asking{t, s.handlers, &strings.Builder{}}
	suite := answer[licenses.Subscription](a, http.MethodPost, "/subscriptions", `{"name":"Suite","quantity":5}`)
	ann := answer[licenses.User](a, http.MethodPost, "/users", `{"userPrincipalName":"ann@x.org","usageLocation":"BE"}`)
	for what, c := range map[string]struct {
		body   string
		needed []access.Permission
	}{
		"add":     {fmt.Sprintf(`{"action":"assign","licenses":[{"subscription":%q}],"users":[%q]}`, suite.ID, ann.ID), []access.Permission{access.AssignLicense}},
		"replace": {fmt.Sprintf(`{"action":"assign","mode":"replace","users":[%q],"acknowledge":"service-data"}`, ann.ID), []access.Permission{access.AssignLicense, access.RemoveLicense}},
		"remove":  {fmt.Sprintf(`{"action":"remove","subscriptions":[%q],"users":[%q],"acknowledge":"service-data"}`, suite.ID, ann.ID), []access.Permission{access.AssignLicense, access.RemoveLicense}},
	} {
		for _, role := range access.Roles {
			want := http.StatusAccepted
			for _, p := range c.needed {
				if !(&access.Principal{Roles: []access.Role{role}}).May(p) {
					want = http.StatusForbidden
				}
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/license-jobs", strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+string(role)+" someone")
			response, err := s.direct(r)
			if err != nil {
				t.Fatal(err)
			}
			if response.Body.Close(); response.StatusCode != want {
				t.Errorf("%s by %s: %d, want %d", what, role, response.StatusCode, want)
			}
		}
	}
}
