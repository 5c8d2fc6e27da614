package e2e_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"trueup/infra/local/stack"
)

// TestR16_1_FilesAtOnceInANewAccount puts 20 files at once in an account with 10 concurrent
// executions, the limit of a new one. The API answers meanwhile, and every file is imported.
func TestR16_1_FilesAtOnceInANewAccount(t *testing.T) {
	t.Parallel()
	s := start(t, stack.Options{InMemory: true, Executions: 10, Concurrency: 10})
	defer s.stop()
	const files = 20
	var all sync.WaitGroup
	for i := range files {
		all.Go(func() {
			var rows string
			for n := range 20 {
				rows += fmt.Sprintf("%02d-%05d,1,Agreement %d\n", i+10, n, i*20+n)
			}
			s.put(fmt.Sprintf("agreements/Group %d/file %d.csv", i%5, i), rows, nil)
		})
	}
	asked, refused := 0, 0
	var imports struct{ Items []struct{ State string } }
	for deadline := time.Now().Add(3 * time.Minute); ; {
		for _, path := range []string{"/imports?limit=100", "/agreements?limit=10", "/groups"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.FrontURL+path, nil)
			must(t, err)
			request.Header.Set("Authorization", "Bearer "+s.token)
			response, err := http.DefaultClient.Do(request)
			must(t, err)
			response.Body.Close()
			if asked++; response.StatusCode != http.StatusOK {
				refused++
				t.Logf("%s: %d", path, response.StatusCode)
			}
		}
		s.get("/imports?limit=100", &imports)
		ended := 0
		for _, imp := range imports.Items {
			if imp.State == "succeeded" {
				ended++
			}
		}
		if ended == files {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d files are imported", ended, files)
		}
		time.Sleep(20 * time.Millisecond)
	}
	all.Wait()
	if refused > 0 || asked < 6 {
		t.Errorf("the API refused %d of %d requests", refused, asked)
	}
	if letters, err := s.DeadLetters(); err != nil || len(letters) > 0 {
		t.Errorf("%d dead letters, %v", len(letters), err)
	}
}
