package e2e_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trueup/infra/local/stack"
)

// TestR16_1_FilesAtOnceInANewAccount puts 20 files at once in a new account. Two at a time are
// processed, which leaves executions of the ten, so the API answers four requests at a time meanwhile,
// reads and writes, and every file is imported. When more requests come than there are executions, the only
// 5xx is the 503 of API Gateway: the function was not called, nothing was stored, and the same
// request can be sent again.
func TestR16_1_FilesAtOnceInANewAccount(t *testing.T) {
	t.Parallel()
	s := start(t, stack.Options{InMemory: true, Executions: stack.NewAccount, Concurrency: stack.NewAccount})
	defer s.stop()
	const files, rows = 20, 20
	var puts sync.WaitGroup
	for i := range files {
		puts.Go(func() {
			var body string
			for n := range rows {
				body += fmt.Sprintf("%02d-%05d,1,Agreement %d\n", i+10, n, i*rows+n)
			}
			s.put(fmt.Sprintf("agreements/Group %d/file %d.csv", i%5, i), body, nil)
		})
	}
	posted := map[string]bool{} // names of agreements that were answered 201
	var mu sync.Mutex
	post := func(name string) (status int, answer string) {
		status, err := s.call(http.MethodPost, "/agreements", map[string]any{
			"type": "volume", "name": name, "pairs": []map[string]any{{"authorizationNumber": "P" + name, "licenseNumber": "P" + name}},
		}, &answer)
		if err != nil {
			t.Error(err)
		}
		if status == http.StatusCreated {
			mu.Lock()
			posted[name] = true
			mu.Unlock()
		}
		return status, answer
	}

	var imported atomic.Bool
	var asked atomic.Int64
	var callers sync.WaitGroup
	for _, path := range []string{"/agreements?limit=10", "/groups", "/imports?limit=100"} {
		callers.Go(func() {
			deadline := time.Now().Add(3 * time.Minute)
			for !imported.Load() {
				var list struct{ Items []struct{ State string } }
				status, err := s.call(http.MethodGet, path, nil, &list)
				if asked.Add(1); err != nil || status != http.StatusOK {
					t.Errorf("GET %s: %d, %v", path, status, err)
				}
				ended := 0
				for _, item := range list.Items { // only imports have this state
					if item.State == "succeeded" {
						ended++
					}
				}
				if ended == files {
					imported.Store(true)
				}
				if time.Now().After(deadline) {
					t.Errorf("not all files are imported after three minutes: %s has %d", path, ended)
					imported.Store(true)
				}
			}
		})
	}
	callers.Go(func() {
		for i := 0; !imported.Load(); i++ {
			name := fmt.Sprintf("A%05d", i)
			if status, answer := post(name); status != http.StatusCreated {
				t.Errorf("POST %s: %d %s", name, status, answer)
			}
			asked.Add(1)
		}
	})
	callers.Wait()
	puts.Wait()
	if asked.Load() < files {
		t.Errorf("only %d requests during the imports", asked.Load())
	}

	// Four times as many requests as executions, until some are refused.
	var refused []string
	for round := 0; len(refused) == 0; round++ {
		if round == 100 {
			t.Fatal("no request was refused")
		}
		var all sync.WaitGroup
		for i := range 4 * stack.NewAccount {
			all.Go(func() {
				name := fmt.Sprintf("B%02d%03d", round, i)
				switch status, answer := post(name); {
				case status == http.StatusServiceUnavailable && answer == `{"message":"Service Unavailable"}`:
					mu.Lock()
					refused = append(refused, name)
					mu.Unlock()
				case status != http.StatusCreated:
					t.Errorf("POST %s: %d %s", name, status, answer)
				}
			})
		}
		all.Wait()
	}
	for _, name := range refused { // 409 if the first one was stored
		if status, answer := post(name); status != http.StatusCreated {
			t.Errorf("POST %s again: %d %s", name, status, answer)
		}
	}
	t.Logf("%d requests during the imports, then %d of %d posts refused", asked.Load(), len(refused), len(posted))

	s.refreshed()
	stored, err := all[agreement](s, "/agreements?limit=200")
	must(t, err)
	if len(stored) != files*rows+len(posted) {
		t.Errorf("%d agreements, want %d of files and %d of the API", len(stored), files*rows, len(posted))
	}
	if letters, err := s.DeadLetters(); err != nil || len(letters) > 0 {
		t.Errorf("%d dead letters, %v", len(letters), err)
	}
}
