package console_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"trueup/internal/httpapi/route"
)

// called are the operations of the API that the pages of all worlds have called.
var called = newCalls()

// calls records operations by their ids.
type calls struct {
	routes *http.ServeMux
	ids    map[string]string // by key of the route

	mu   sync.Mutex
	made map[string]bool
}

func newCalls() *calls {
	c := &calls{routes: http.NewServeMux(), ids: map[string]string{}, made: map[string]bool{}}
	for _, r := range route.API {
		c.routes.Handle(r.Key(), http.NotFoundHandler())
		c.ids[r.Key()] = r.Operation
	}
	return c
}

func (c *calls) add(r *http.Request) {
	_, key := c.routes.Handler(r)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made[c.ids[key]] = true
}

// apart are the operations that no page calls, and why.
var apart = map[string]string{
	"openapi":          "describes the API to programs",
	"readFeed":         "programs for calendars read the address",
	"deleteRule":       "deleteRules deletes the ticked rules, also a single one",
	"getTitleDecision": "listTitleDecisions has the same, with the version that a change is based on",
}

// TestWorlds runs the tests of pages in worlds. Each world has its own API. After that, every
// operation of the API was called by a page or an action, or is apart (SPEC 14: everything that the API can
// do, a person can do in the console).
func TestWorlds(t *testing.T) {
	t.Parallel()
	worlds := map[string]func(*testing.T){"filled": testFilled, "first use": testFirstUse, "stock": testStock}
	var mu sync.Mutex
	run := 0
	t.Run("in", func(t *testing.T) {
		for name, test := range worlds {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				mu.Lock()
				run++
				mu.Unlock()
				test(t)
			})
		}
	})
	if t.Failed() || run < len(worlds) {
		t.Skip("not all worlds were run to their end")
	}
	file, err := os.ReadFile("../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	if err := json.Unmarshal(file, &document); err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for path, methods := range document.Paths {
		if strings.HasPrefix(path, "/v1.0/") { // the façade repeats operations for clients of Microsoft Graph
			continue
		}
		for _, o := range methods {
			described[o.OperationID] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(described)) {
		if called.made[id] == (apart[id] != "") {
			t.Errorf("%s: called by a page: %v, and in the list of operations that none calls: %q", id, called.made[id], apart[id])
		}
	}
	for id := range apart {
		if !described[id] {
			t.Errorf("%s is no operation", id)
		}
	}
	if len(described) < 130 {
		t.Errorf("only %d operations found", len(described))
	}
}
