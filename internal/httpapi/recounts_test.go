package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/intake/kind"
)

// TestR6_3_ChangesAtOnce adds 50 rules and removes them, as many at once as a new account has executions.
// Each change succeeds, few recounts are called, and the last counts are by the last rules.
func TestR6_3_ChangesAtOnce(t *testing.T) {
	t.Parallel()
	const rules, executions, sources = 50, 10, 8
	s := newStack(t)
	for i := range sources {
		file := fmt.Sprintf("ApplicationName,ApplicationPublisher,DeviceId\nGadget,Contoso,pc%d\n", i)
		if err := s.deps.Uploads.Put(t.Context(), kind.Inventory.Key("", fmt.Sprintf("source %d/a.csv", i)), "text/csv", []byte(file)); err != nil {
			t.Fatal(err)
		}
	}
	a := asking{t, s.handlers, &strings.Builder{}}
	for end := time.Now().Add(20 * time.Second); answer[catalogapi.Inventory](a, http.MethodGet, "/inventory", "").Devices != sources; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the files are not counted")
		}
	}
	ids := make([]string, rules)
	each := func(call func(i int) (method, path, body string)) {
		var all errgroup.Group
		all.SetLimit(executions)
		for i := range rules {
			all.Go(func() error {
				method, path, body := call(i)
				one := asking{t, s.handlers, &strings.Builder{}}
				status, got := one.ask(method, path, body)
				if status >= http.StatusMultipleChoices {
					t.Errorf("%s %s: %d %s", method, path, status, got)
				} else {
					ids[i] = member(t, got, "id")
				}
				return nil
			})
		}
		_ = all.Wait()
	}
	each(func(i int) (method, path, body string) {
		return http.MethodPost, "/inventory/rules", fmt.Sprintf(`{"kind": "ignored", "name": "gadget %d*"}`, i)
	})
	if t.Failed() {
		return
	}
	each(func(i int) (method, path, body string) { return http.MethodDelete, "/inventory/rules/" + ids[i], "" })
	recounted(a)
	if n := s.recounts.Load(); n < 1 || n > rules/2 {
		t.Errorf("%d recounts for %d changes", n, 2*rules)
	}
}
