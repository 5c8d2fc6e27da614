package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"trueup/infra/local/stack"
)

// listed is the record of a list of users or subscriptions.
type listed struct {
	FileName, State, Reason                                      string
	Final                                                        bool
	Rows, Created, Unchanged, Skipped, Assigned, Refused, Differ int
}

// applied waits until the newest version of a file is final.
func (s system) applied(fileName string, versions int) listed {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		files, err := all[listed](s, "/directory-files?limit=50")
		must(s.t, err)
		n := 0
		var newest listed
		for _, f := range files {
			if f.FileName == fileName {
				if n++; n == 1 {
					newest = f
				}
			}
		}
		if n == versions && newest.Final {
			return newest
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s is not applied: %+v", fileName, files)
		}
	}
}

// TestR9_2_Lists: lists of subscriptions and users that are put in the bucket are applied by the function,
// with as many licences as there are, and the nightly count finds them right.
func TestR9_2_Lists(t *testing.T) {
	t.Parallel()
	base := usedBy(t, "jo", "global-admin")(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "lists"})
	defer s.stop()
	s.put("subscriptions/licenses.csv", strings.Replace(sample(t, "subscriptions/licenses.csv"), "Microsoft 365 E3,25,", "Microsoft 365 E3,1,", 1), nil)
	if f := s.applied("subscriptions/licenses.csv", 1); f.State != "succeeded" || f.Created != f.Rows {
		t.Fatalf("%+v", f)
	}
	users := sample(t, "users/active-users.csv")
	s.put("users/active-users.csv", users, nil)
	if f := s.applied("users/active-users.csv", 1); f.State != "succeeded" || f.Created != 5 || f.Assigned != 0 || f.Differ != 3 {
		t.Fatalf("%+v", f)
	}
	s.put("users/active-users.csv", users, map[string]string{"licenses": "adopt"})
	// An has a licence of each; for Bo and Chloé no licence of Microsoft 365 E3 is left.
	if f := s.applied("users/active-users.csv", 2); f.State != "succeeded" || f.Unchanged != 5 || f.Assigned != 1 || f.Refused != 2 {
		t.Fatalf("%+v", f)
	}
	var holders page[struct{ DisplayName string }]
	s.get("/users?licensed=true", &holders)
	if len(holders.Items) != 1 || holders.Items[0].DisplayName != "Peeters, An" {
		t.Errorf("%+v", holders)
	}
	s.put("users/inventory.csv", sample(t, "inventory/appinvrawdata.csv"), nil)
	if f := s.applied("users/inventory.csv", 1); f.State != "refused" || f.Reason != "directory_inventory" {
		t.Errorf("%+v", f)
	}
	for _, event := range []string{"nightly.json", "schedule.json"} {
		result, err := s.Invoke(context.Background(), "directory", []byte(sample(t, event)))
		must(t, err)
		if result.FunctionError != "" {
			t.Errorf("%s: %s", event, result.Payload)
		}
	}
}

// TestR9_2_LicenseJobs: a job is done by the function as soon as it is made, and with no more rights than granted.
func TestR9_2_LicenseJobs(t *testing.T) {
	t.Parallel()
	base := usedBy(t, "jo", "global-admin")(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, FunctionsDynamoDB: onlyGranted(t, base.DynamoDBEndpoint), TableName: "jobs", Executions: stack.NewAccount})
	defer s.stop()
	var suite struct{ ID string }
	status, err := s.call(http.MethodPost, "/subscriptions", map[string]any{"name": "Suite", "quantity": 30}, &suite)
	must(t, err)
	equal(t, "subscription", status, http.StatusCreated)
	var users strings.Builder
	users.WriteString("User principal name,Display name,Usage location\n")
	for i := range 40 {
		fmt.Fprintf(&users, "u%02d@example.org,User %02d,BE\n", i, i)
	}
	s.put("users/jobs.csv", users.String(), nil)
	if f := s.applied("users/jobs.csv", 1); f.Created != 40 {
		t.Fatalf("%+v", f)
	}
	type made struct {
		ID, State        string
		Final            bool
		Users, Processed int
		Totals           struct{ Assigned, Removed, Unchanged, Refused int }
	}
	ended := func(j made) made {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !j.Final; time.Sleep(50 * time.Millisecond) {
			if s.get("/license-jobs/"+j.ID, &j); time.Now().After(deadline) {
				t.Fatalf("the job does not end: %+v", j)
			}
		}
		return j
	}
	var assign, remove made
	status, err = s.call(http.MethodPost, "/license-jobs", map[string]any{"action": "assign", "licenses": []any{map[string]any{"subscription": suite.ID}}, "selection": map[string]any{"sort": "userPrincipalName"}}, &assign)
	must(t, err)
	equal(t, "assign", status, http.StatusAccepted)
	assign = ended(assign)
	equal(t, "assigned", []any{assign.State, assign.Processed, assign.Totals.Assigned, assign.Totals.Refused}, []any{"succeeded", 40, 30, 10})
	results, err := all[struct{ UserPrincipalName, Outcome string }](s, "/license-jobs/"+assign.ID+"/results?limit=7")
	must(t, err)
	if len(results) != 40 || results[29].UserPrincipalName != "u29@example.org" || results[29].Outcome != "assigned" || results[30].Outcome != "refused" {
		t.Errorf("%+v", results)
	}
	var file string
	s.get("/license-jobs/"+assign.ID+"/results.csv", &file)
	if n := strings.Count(file, "\n"); n != 41 {
		t.Errorf("%d lines in the file of results", n)
	}
	status, err = s.call(http.MethodPost, "/license-jobs", map[string]any{"action": "remove", "subscriptions": []string{suite.ID}, "selection": map[string]any{"licensed": true}, "acknowledge": "service-data"}, &remove)
	must(t, err)
	equal(t, "remove", status, http.StatusAccepted)
	remove = ended(remove)
	equal(t, "removed", []any{remove.State, remove.Users, remove.Totals.Removed}, []any{"succeeded", 30, 30})
}
