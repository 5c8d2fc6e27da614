package e2e_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/infra/local/stack"
)

// TestR6_3_RulesInANewAccount adds 50 rules and removes them in an account with ten executions, by four
// callers at a time, while others read. One recount at a time leaves executions for the API: it never answers
// 503. The files of 8 sources are counted by the last rules without the schedule.
func TestR6_3_RulesInANewAccount(t *testing.T) {
	t.Parallel()
	s := start(t, stack.Options{InMemory: true, Executions: stack.NewAccount, Concurrency: stack.NewAccount})
	defer s.stop()
	const rules, sources, devices = 50, 8, 50
	for i := range sources {
		body := "ApplicationName,ApplicationPublisher,DeviceId\n"
		for n := range devices {
			body += fmt.Sprintf("Gadget %d,Contoso,pc%d\n", n, i*devices+n)
		}
		s.put(fmt.Sprintf("inventory/source %d/a.csv", i), body, nil)
	}
	counted := func(what string) {
		t.Helper()
		for end := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
			var now struct {
				Devices  int
				Counting bool
			}
			s.get("/inventory", &now)
			if now.Devices == sources*devices && !now.Counting && s.Pending() == 0 {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s: the files are not counted: %+v", what, now)
			}
		}
	}
	counted("files")

	var ended atomic.Bool
	var readers sync.WaitGroup
	for _, path := range []string{"/inventory", "/agreements?limit=10"} {
		readers.Go(func() {
			for ; !ended.Load(); time.Sleep(50 * time.Millisecond) {
				if status, err := s.call(http.MethodGet, path, nil, nil); err != nil || status != http.StatusOK {
					t.Errorf("GET %s: %d, %v", path, status, err)
				}
			}
		})
	}
	ids := make([]string, rules)
	each := func(method string, want int, path func(i int) string, body func(i int) any) {
		var calls errgroup.Group
		calls.SetLimit(4)
		for i := range rules {
			calls.Go(func() error {
				var answer struct{ ID, Code string }
				status, err := s.call(method, path(i), body(i), &answer)
				if err != nil || status != want {
					t.Errorf("%s: %d %+v, %v", method, status, answer, err)
				}
				ids[i] = answer.ID
				return nil
			})
		}
		_ = calls.Wait()
	}
	each(http.MethodPost, http.StatusCreated, func(int) string { return "/inventory/rules" }, func(i int) any {
		return map[string]any{"kind": "free", "name": fmt.Sprintf("gadget %d", i)}
	})
	each(http.MethodDelete, http.StatusOK, func(i int) string { return "/inventory/rules/" + ids[i] }, func(int) any { return nil })
	ended.Store(true)
	readers.Wait()
	counted("rules")
	if n := len(s.PIDs("inventory")); n > 3 { // two files at once, and one recount
		t.Errorf("%d processes counted", n)
	}
}
