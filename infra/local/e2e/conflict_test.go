package e2e_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trueup/infra/local/stack"
)

// TestR9_4_ThousandUsers puts a list of 1,000 users into the bucket, assigns each a licence by one call, and reads the
// holders as a file. Fewer licences are a conflict, which a purchase ends. No log has anything about a user.
func TestR9_4_ThousandUsers(t *testing.T) {
	t.Parallel()
	const users, short = 1000, 10
	base := usedBy(t, "jo", "global-admin")(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, FunctionsDynamoDB: onlyGranted(t, base.DynamoDBEndpoint), TableName: "thousand", Executions: stack.NewAccount})
	defer s.stop()
	var suite struct {
		ID                            string
		Version                       int64
		Quantity, Assigned, Available int
	}
	status, err := s.call(http.MethodPost, "/subscriptions", map[string]any{"name": "Suite", "quantity": users}, &suite)
	must(t, err)
	equal(t, "subscription", status, http.StatusCreated)

	var list strings.Builder
	list.WriteString("User principal name,Display name,Usage location,Department\n")
	var names []string
	for i := range users {
		names = append(names, fmt.Sprintf("canary%03d@example.org", i))
		fmt.Fprintf(&list, "%s,Canary %03d,BE,Canaries\n", names[i], i)
	}
	s.put("users/everybody.csv", list.String(), nil)
	if f := s.applied("users/everybody.csv", 1); f.State != "succeeded" || f.Created != users {
		t.Fatalf("%+v", f)
	}

	var done struct {
		Totals struct{ Users, Assigned, Refused int }
	}
	status, err = s.call(http.MethodPost, "/license-assignments", map[string]any{"users": names, "licenses": []any{map[string]any{"subscription": suite.ID}}}, &done)
	must(t, err)
	equal(t, "assigned", []int{status, done.Totals.Users, done.Totals.Assigned, done.Totals.Refused}, []int{http.StatusOK, users, users, 0})

	var file string
	s.get("/subscriptions/"+suite.ID+"/users.csv?lang=en", &file)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff"))).ReadAll()
	must(t, err)
	held := map[string]bool{}
	for _, row := range rows[1:] {
		held[row[0]] = true
	}
	if len(rows) != users+1 || len(held) != users || !held[names[0]] || !held[names[users-1]] {
		t.Errorf("%d rows of %d users in the file of holders", len(rows)-1, len(held))
	}

	type conflict struct {
		Subscription, Kind          string
		ShortBy, DaysLeft, Assigned int
		WaysOut                     []struct{ Action string }
	}
	var conflicts struct{ Items []conflict }
	s.get("/conflicts", &conflicts)
	equal(t, "conflicts before", len(conflicts.Items), 0)
	s.get("/subscriptions/"+suite.ID, &suite)
	tag := fmt.Sprintf(`"%d-en"`, suite.Version)
	var problem struct{ Code string }
	status, err = s.call(http.MethodPut, "/subscriptions/"+suite.ID+"/quantity", map[string]any{"quantity": users - short}, &problem, "If-Match", tag)
	must(t, err)
	equal(t, "fewer licences without an acknowledgement", []any{status, problem.Code}, []any{http.StatusConflict, "quantity_below_assigned"})
	status, err = s.call(http.MethodPut, "/subscriptions/"+suite.ID+"/quantity", map[string]any{"quantity": users - short, "acknowledge": "conflict"}, &suite, "If-Match", tag)
	must(t, err)
	equal(t, "fewer licences", []int{status, suite.Quantity, suite.Assigned, suite.Available}, []int{http.StatusOK, users - short, users, -short})
	s.get("/conflicts", &conflicts)
	want := conflict{suite.ID, "shortage", short, 90, users, []struct{ Action string }{{"buy"}, {"remove-licenses"}, {"delete-users"}}}
	equal(t, "conflicts", conflicts.Items, []conflict{want})

	status, err = s.call(http.MethodPost, "/subscriptions/"+suite.ID+"/purchases", map[string]any{"quantity": short}, &suite)
	must(t, err)
	equal(t, "purchase", []int{status, suite.Quantity, suite.Assigned, suite.Available}, []int{http.StatusCreated, users, users, 0})
	conflicts.Items = nil
	s.get("/conflicts", &conflicts)
	equal(t, "conflicts after the purchase", conflicts.Items, []conflict{})

	logs, err := filepath.Glob(filepath.Join(s.DataDir, "logs", "*.log"))
	must(t, err)
	for _, name := range logs {
		text, err := os.ReadFile(name)
		must(t, err)
		if i := strings.Index(strings.ToLower(string(text)), "canar"); i >= 0 {
			t.Errorf("%s has a user: %.200q", filepath.Base(name), text[i:])
		}
	}
	if len(logs) < 3 {
		t.Errorf("only %d logs", len(logs))
	}
}
