package e2e_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"trueup/internal/manifest"
)

// functionKey finds the function in the signature of its request: stack.keyOf names the key after it.
var functionKey = regexp.MustCompile(`Credential=ASIALOCAL([A-Z]+)/`)

// tableName finds the names of the tables of a request.
var tableName = regexp.MustCompile(`"TableName":"([^"]+)"`)

// tableOf returns which table a request is for: that of sessions or the other one.
func tableOf(body []byte) manifest.Resource {
	for _, found := range tableName.FindAllSubmatch(body, -1) {
		if bytes.HasSuffix(found[1], []byte("-sessions")) {
			return manifest.Sessions
		}
	}
	return manifest.Table
}

// onlyGranted returns the address of an engine that refuses what a function may not do with a table on
// AWS, by its grants in the manifest. Local engines know no permissions.
func onlyGranted(t *testing.T, endpoint string) string {
	t.Helper()
	target, err := url.Parse(endpoint)
	must(t, err)
	forward := httputil.NewSingleHostReverseProxy(target)
	forward.ErrorLog = log.New(io.Discard, "", 0) // processes are killed at the end of a test
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		function, granted := tableActions(r.Header.Get("Authorization"), tableOf(body))
		for _, action := range actionsOf(operation, body) {
			if !slices.Contains(granted, action) {
				t.Errorf("%s on the table is not granted to the function %q", action, function)
				w.WriteHeader(http.StatusBadRequest)
				io.WriteString(w, `{"__type":"com.amazon.coral.service#AccessDeniedException","Message":"not authorized to perform `+string(action)+`"}`)
				return
			}
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// tableActions returns the function that signed a request, and what it may do with a table.
func tableActions(signature string, table manifest.Resource) (name string, actions []manifest.Action) {
	found := functionKey.FindStringSubmatch(signature)
	if found == nil {
		return "", nil
	}
	name = strings.ToLower(found[1])
	function, _ := manifest.Find(name)
	for _, g := range function.Grants {
		if g.Resource == table {
			actions = append(actions, g.Actions...)
		}
	}
	return name, actions
}

// actionsOf returns the actions that IAM checks for a request: a transaction needs those of its parts.
func actionsOf(operation string, body []byte) (actions []manifest.Action) {
	switch operation {
	case "TransactGetItems":
		return []manifest.Action{"dynamodb:GetItem"}
	case "TransactWriteItems":
	default:
		return []manifest.Action{manifest.Action("dynamodb:" + operation)}
	}
	var transaction struct{ TransactItems []map[string]json.RawMessage }
	if json.Unmarshal(body, &transaction) != nil {
		return nil // the engine refuses it
	}
	for _, item := range transaction.TransactItems {
		for part := range item {
			action := manifest.Action("dynamodb:" + part + "Item")
			if part == "ConditionCheck" {
				action = "dynamodb:ConditionCheckItem"
			}
			actions = append(actions, action)
		}
	}
	return actions
}
