package httpapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"trueup/internal/audit"
	"trueup/internal/id"
	"trueup/internal/once"
	"trueup/internal/subscription"
	"trueup/internal/testkit/storetest/faultproxy"
)

// personal matches what the tests below say about a person: names, department, usage location and activity.
var personal = regexp.MustCompile(`(?i)canary|2019-03-07|155191680|\bGL\b`)

// without requires that the log has lines, with these texts among them, and nothing about a person.
func (l *lines) without(t *testing.T, texts ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	all := strings.Join(l.all, "")
	for _, text := range texts {
		if !strings.Contains(all, text) {
			t.Errorf("no line has %q: %.2000s", text, all)
		}
	}
	for _, line := range l.all {
		if found := personal.FindString(line); found != "" {
			t.Errorf("a line has %q: %s", found, line)
		}
	}
}

// canaries sends requests about persons, and keeps the answers.
type canaries struct {
	t    *testing.T
	s    *stack
	seen strings.Builder
}

// send sends a request through the function of the route, or uploads a file, and returns the answer.
func (c *canaries) send(method, address, body string, headers ...string) (status int, answer []byte) {
	c.t.Helper()
	send := http.DefaultTransport.RoundTrip
	if !strings.HasPrefix(address, "http") {
		address, send = base+address, c.s.lambda
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if strings.HasPrefix(address, base) {
		r.Header.Set("Authorization", "Bearer global-admin someone canary.admin@example.org")
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := send(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err = io.ReadAll(response.Body); err != nil {
		c.t.Fatal(err)
	}
	if response.StatusCode >= 500 {
		c.t.Errorf("%s %s: %d %s", method, address, response.StatusCode, answer)
	}
	c.seen.Write(answer)
	return response.StatusCode, answer
}

// made sends a request that must be successful, and returns the id in the answer.
func (c *canaries) made(method, address, body string, headers ...string) string {
	c.t.Helper()
	status, answer := c.send(method, address, body, headers...)
	if status >= 300 {
		c.t.Fatalf("%s %s: %d %s", method, address, status, answer)
	}
	var thing struct{ ID string }
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &thing); err != nil {
			c.t.Fatal(err)
		}
	}
	return thing.ID
}

// refused sends a request that must be refused.
func (c *canaries) refused(method, address, body string, headers ...string) {
	c.t.Helper()
	if status, answer := c.send(method, address, body, headers...); status < 400 {
		c.t.Errorf("%s %s: %d %s", method, address, status, answer)
	}
}

// put announces a list of users, uploads it, and waits until it is done.
func (c *canaries) put(name, content, options string) {
	c.t.Helper()
	status, answer := c.send(http.MethodPost, "/directory-files", fmt.Sprintf(`{"list":"users","fileName":%q,"size":%d%s}`, name, len(content), options))
	var announced struct {
		File   struct{ ID string }
		Upload struct {
			URL     string
			Headers map[string]string
		}
	}
	if err := json.Unmarshal(answer, &announced); err != nil || status != http.StatusCreated {
		c.t.Fatalf("%d %s (%v)", status, answer, err)
	}
	var headers []string
	for name, value := range announced.Upload.Headers {
		headers = append(headers, name, value)
	}
	c.send(http.MethodPut, announced.Upload.URL, content, headers...)
	c.final("/directory-files/" + announced.File.ID)
}

// final waits for the end of a job or a list.
func (c *canaries) final(path string) {
	c.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var now struct{ Final bool }
		_, answer := c.send(http.MethodGet, path, "")
		if err := json.Unmarshal(answer, &now); err != nil || time.Now().After(end) {
			c.t.Fatalf("%s does not end (%v): %s", path, err, answer)
		}
		if now.Final {
			return
		}
	}
}

// TestPeopleAreInNoLog adds, changes, licenses, exports and deletes users by calls, lists, jobs and the façade of
// Microsoft Graph, with mistakes in each: no line of a log has anything about a person, nor the name of the admin.
func TestPeopleAreInNoLog(t *testing.T) {
	t.Parallel()
	var log lines
	c := &canaries{t: t, s: newLoggingStack(t, slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))}
	suite := c.made("POST", "/subscriptions", `{"name":"Suite","quantity":2,"sku":"05e9a617-0261-4cee-bb44-138d3ef5d965"}`)
	const ann = `{"userPrincipalName":"canary.ann@example.org","displayName":"Canary Ann","department":"Canaries","usageLocation":"GL","lastSignInAt":"2019-03-07"`
	c.made("POST", "/users", ann+`,"licenses":[{"subscription":"`+suite+`"}]}`)
	c.made("POST", "/users", `{"userPrincipalName":"canary.bob@example.org","displayName":"Canary Bob"}`)
	c.made("PATCH", "/users/canary.bob@example.org", `{"department":"Canaries","lastSignInAt":"2019-03-07"}`, "If-Match", "*")
	c.refused("POST", "/users", ann+`}`)
	c.refused("POST", "/users", `{"userPrincipalName":"canary","displayName":"Canary\u0000","usageLocation":"CANARYLAND","lastSignInAt":"Canary"}`)
	c.refused("POST", "/users", `{"userPrincipalName":["canary"]`)
	c.refused("PATCH", "/users/canary.bob@example.org", `{"userPrincipalName":"canary.ann@example.org"}`, "If-Match", "*")
	c.refused("GET", "/users/canary.nobody@example.org", "")
	c.refused("GET", "/users?subscription=canary&location=CANARYLAND", "")
	c.refused("GET", "/users?canary=1", "")
	c.refused("GET", "/Canary", "")
	for _, path := range []string{"/users?q=canary&department=canaries&location=GL", "/users.csv?q=canary", "/users.xlsx", "/subscriptions/" + suite + "/users", "/license-assignments.csv", "/license-suggestions?heldDays=0"} {
		c.send("GET", path, "")
	}

	assign := func(users, more string) string {
		return `{"users":[` + users + `],"licenses":[{"subscription":"` + suite + `"}]` + more + `}`
	}
	c.send("POST", "/license-assignments", assign(`"canary.ann@example.org","canary.bob@example.org","canary.nobody@example.org"`, ""))
	c.refused("POST", "/license-assignments", assign(`"canary.ann@example.org","canary.ann@example.org"`, ""))
	c.refused("POST", "/license-removals", `{"users":["canary.ann@example.org"],"subscriptions":["`+suite+`"]}`)
	c.refused("PUT", "/users/canary.bob@example.org/licenses/"+suite, `{}`)
	c.made("PATCH", "/users/canary.bob@example.org", `{"usageLocation":"GL"}`, "If-Match", "*")
	for _, users := range []string{`"selection":{"q":"canary","department":"Canaries","location":"GL"}`, `"users":["canary.ann@example.org","canary.nobody@example.org"]`} {
		job := c.made("POST", "/license-jobs", `{"action":"assign","licenses":[{"subscription":"`+suite+`"}],`+users+`}`)
		c.final("/license-jobs/" + job)
		c.send("GET", "/license-jobs/"+job+"/results", "")
		c.send("GET", "/license-jobs/"+job+"/results.csv", "")
	}
	c.refused("POST", "/license-jobs", `{"action":"assign","licenses":[{"subscription":"canary"}],"users":["canary.ann@example.org"]}`)

	const columns = "User principal name,Display name,Department,Usage location,Licenses\n"
	c.put("good.csv", columns+"canary.cas@example.org,Canary Cas,Canaries,GL,Suite\ncanary.dot@example.org,Canary Dot,Canaries,GL,Suite\n", `,"licenses":"adopt"`)
	c.put("mistakes.csv", columns+"canary.cas@example.org,Canary Cas,Canaries,CANARYLAND,Canary plan\ncanary.cas@example.org,Canary,,,\ncanary\n,Canary,,,\n", "")
	c.put("broken.json", `{"value":[{"userPrincipalName":"canary.eva@example.org","displayName":"Canary`, "")
	c.put("other.csv", "canary,canaries\n1,2\n", "")
	c.put("fewer.csv", columns+"canary.cas@example.org,Canary Cas,Canaries,GL,Suite\n", `,"missing":"delete","acknowledge":["service-data"]`)

	const graph = "/v1.0/users"
	c.send("GET", graph+"?$filter=startswith(displayName,'Canary')&$select=displayName,department,usageLocation,signInActivity", "")
	c.send("GET", graph+"/canary.ann@example.org/licenseDetails", "")
	c.refused("GET", graph+"?$filter=canary+eq+'canary'", "")
	c.refused("GET", graph+"/canary.nobody@example.org", "")
	c.refused("POST", graph+"/canary.bob@example.org/assignLicense", `{"addLicenses":[{"skuId":"canary"}],"removeLicenses":[]}`)
	c.refused("POST", graph+"/canary.bob@example.org/assignLicense", `{"canary":"canary"}`)
	c.refused("DELETE", graph+"/canary.ann@example.org", "")
	c.made("DELETE", graph+"/canary.ann@example.org", "", "Prefer", "trueup.acknowledge=service-data")
	c.refused("POST", "/users/canary.ann@example.org/restoration", `{"userPrincipalName":"canary"}`)
	c.send("POST", "/users/deletions", `{"users":["canary.bob@example.org","canary.nobody@example.org"],"acknowledge":"service-data"}`)

	c.send("GET", "/callers?id=someone,canary", "")
	c.refused("GET", "/callers?id=canary,,canary.admin@example.org", "")
	c.refused("GET", "/callers?canary=canary", "")
	c.refused("PUT", "/callers/me", `{"name":"canary.admin@example.org"}`)
	c.refused("PUT", "/callers/me", `{"name":"  ","canary":"canary.admin@example.org"}`)

	for _, what := range []string{`[{"id":"someone","name":"canary.admin@example.org"}]`, "canary.ann@example.org", "Canary Cas", "Canaries", "2019-03-07", `"usageLocation":"GL"`, "CANARYLAND"} {
		if !strings.Contains(c.seen.String(), what) {
			t.Errorf("no answer has %q", what)
		}
	}
	log.without(t, "directory file read", "license job ended")
}

// TestPeopleAreInNoCause does so while the store fails: each 5xx has a line with its cause, and nothing about a person.
func TestPeopleAreInNoCause(t *testing.T) {
	t.Parallel()
	for _, kind := range []faultproxy.Kind{faultproxy.AccessDenied, faultproxy.TransactionConflict} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			f := newFaulty(t, faultproxy.Faults{{Kind: kind, Rate: 1, Operations: []string{"TransactWriteItems"}}})
			now := time.Now()
			event := func(action string) audit.Event {
				return audit.Event{ID: id.New(now, action), At: now, By: "someone", Action: action, Source: audit.SourceAPI}
			}
			user := subscription.User{ID: "one", UPN: "canary.ann@example.org", Name: "Canary Ann", Department: "Canaries", Location: "GL", Type: subscription.Member, Seen: now, CreatedAt: now, Version: 1}
			_, refused, err := f.store.People.Apply(t.Context(), []subscription.Change{{After: user, Event: event("user.created")}}, subscription.Today{Now: now, Zone: time.UTC}, once.Entry{})
			if err != nil || refused != nil {
				t.Fatal(refused, err)
			}
			suite := subscription.Holding{
				Subscription: subscription.Subscription{ID: "suite", Name: "Suite", Kind: subscription.ForUsers, CreatedAt: now, Version: 1},
				Seats:        subscription.Seats{Quantity: 1, Available: 1, AsOf: now, Version: 1},
			}
			if _, err := f.store.Subscriptions.Create(t.Context(), suite, once.Change{Event: event("subscription.created")}); err != nil {
				t.Fatal(err)
			}
			requests := []struct{ method, path, body string }{
				{"POST", "/users", `{"userPrincipalName":"canary.bob@example.org","displayName":"Canary Bob","department":"Canaries","usageLocation":"GL","lastSignInAt":"2019-03-07"}`},
				{"PATCH", "/users/canary.ann@example.org", `{"displayName":"Canary","lastSignInAt":"2019-03-07"}`},
				{"DELETE", "/users/canary.ann@example.org?acknowledge=service-data", ""},
				{"PUT", "/users/canary.ann@example.org/licenses/suite", `{}`},
				{"POST", "/license-jobs", `{"action":"assign","licenses":[{"subscription":"suite"}],"selection":{"q":"canary","location":"GL"}}`},
				{"POST", "/v1.0/users/canary.ann@example.org/assignLicense", `{"addLicenses":[{"skuId":"suite"}],"removeLicenses":[]}`},
			}
			failed := make([]int, len(requests))
			atOnce(len(requests), len(requests), func(i int) {
				r := requests[i]
				failed[i], _, _ = f.do(r.method, r.path, r.body, "If-Match", "*", "Authorization", secretToken, requestID, fmt.Sprint("request-", i))
			})
			var causes []string
			for i, r := range requests {
				if failed[i] < 500 {
					t.Errorf("%s %s: %d", r.method, r.path, failed[i])
				}
				causes = append(causes, fmt.Sprint("request-", i))
			}
			f.log.without(t, causes...)
		})
	}
}
