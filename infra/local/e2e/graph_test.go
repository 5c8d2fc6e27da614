package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"trueup/infra/local/stack"
	"trueup/internal/access"
)

// refusedByGraph is an error as Microsoft's client of Graph reads it.
type refusedByGraph struct {
	Status                int
	Code, Message         string
	HasRequestID, HasDate bool
	Body                  struct {
		InnerError struct{ Code string }
		Details    []struct{ Code, Target string }
	}
}

// TestGraphClient lets Microsoft's own client of Graph, which knows nothing of trueup, work on the façade: it reads
// the formats, follows the pages, and understands the errors.
func TestGraphClient(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Abs("../../tools/node_modules")
	must(t, err)
	if folder := os.Getenv("TRUEUP_GRAPH_MODULES"); folder != "" {
		modules = folder
	}
	_, missing := os.Stat(filepath.Join(modules, "@microsoft", "microsoft-graph-client"))
	node, without := exec.LookPath("node")
	if missing != nil || without != nil {
		const need = "the client of Graph is not installed: run npm ci in infra/tools"
		if os.Getenv("TRUEUP_REQUIRE_GRAPH") == "1" {
			t.Fatal(need)
		}
		t.Skip(need)
	}
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, FunctionsDynamoDB: onlyGranted(t, base.DynamoDBEndpoint), TableName: "graph", Executions: stack.NewAccount})
	t.Cleanup(s.stop)
	post := func(path string, body map[string]any, status int) (made struct{ ID string }) {
		t.Helper()
		if got, err := s.call(http.MethodPost, path, body, &made); err != nil || got != status {
			t.Fatalf("%s: %d (%v)", path, got, err)
		}
		return made
	}
	const (
		sku    = "05e9a617-0261-4cee-bb44-138d3ef5d965"
		rooms  = "cccccccc-0000-4000-8000-000000000009"
		person = "userPrincipalName"
	)
	post("/subscriptions", map[string]any{"name": "E3", "sku": sku, "partNumber": "SPE_E3", "quantity": 1, "services": []any{map[string]any{"id": "MAIL"}, map[string]any{"id": "CHAT"}}}, http.StatusCreated)
	post("/users", map[string]any{person: "graph-ann@example.org", "usageLocation": "BE"}, http.StatusCreated)
	post("/users", map[string]any{person: "graph-bob@example.org", "usageLocation": "BE"}, http.StatusCreated)
	pc := post("/devices", map[string]any{"displayName": "PC-1"}, http.StatusCreated)
	group := post("/device-groups", map[string]any{"name": "Rooms", "objectId": rooms}, http.StatusCreated)
	post("/device-groups/"+group.ID+"/members", map[string]any{"devices": []string{pc.ID}}, http.StatusOK)

	var failures bytes.Buffer
	command := exec.CommandContext(t.Context(), node, filepath.Join("..", "..", "tools", "graph", "client.cjs"), s.FrontURL, s.token, rooms)
	command.Env, command.Stderr = append(os.Environ(), "NODE_PATH="+modules), &failures
	printed, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, printed, &failures)
	}
	var got struct {
		Skus, Subscriptions, Details, Members          [][]any
		Count, Assigned, Consumed, Removed             int
		Users                                          []string
		NoneFree, NotAcknowledged, Gone, UnknownOption refusedByGraph
		Restored                                       string
		FullAddress                                    bool
	}
	if err := json.Unmarshal(printed, &got); err != nil {
		t.Fatalf("%v: %s", err, printed)
	}
	equal(t, "products", got.Skus, [][]any{{"SPE_E3", 0.0, 1.0}})
	equal(t, "subscriptions", got.Subscriptions, [][]any{{true, "Enabled", 1.0}})
	equal(t, "@odata.count", got.Count, 2)
	equal(t, "the address of the next page is full", got.FullAddress, true)
	equal(t, "users of all pages", got.Users, []string{"graph-ann@example.org", "graph-bob@example.org"})
	equal(t, "licences after assigning and removing, and consumed between", []int{got.Assigned, got.Consumed, got.Removed}, []int{1, 1, 0})
	equal(t, "licenseDetails", got.Details, [][]any{{"SPE_E3", 2.0}})
	equal(t, "restored", got.Restored, "graph-bob@example.org")
	equal(t, "members", got.Members, [][]any{{"#microsoft.graph.device", "PC-1"}})
	for name, test := range map[string]struct {
		got         refusedByGraph
		status      int
		code, inner string
		detail      string
	}{
		"none free":        {got.NoneFree, 400, "Request_BadRequest", "license_refused", "CountViolation"},
		"not acknowledged": {got.NotAcknowledged, 409, "Request_Conflict", "graph_acknowledgement_required", ""},
		"a deleted user":   {got.Gone, 404, "Request_ResourceNotFound", "user_not_found", ""},
		"$orderby":         {got.UnknownOption, 400, "Request_UnsupportedQuery", "invalid_input", "parameter_unknown"},
	} {
		e := test.got
		if e.Status != test.status || e.Code != test.code || e.Body.InnerError.Code != test.inner || e.Message == "" || !e.HasRequestID || !e.HasDate {
			t.Errorf("%s: %+v", name, e)
		}
		if test.detail != "" && (len(e.Body.Details) != 1 || e.Body.Details[0].Code != test.detail) {
			t.Errorf("%s: details %+v", name, e.Body.Details)
		}
	}
}
