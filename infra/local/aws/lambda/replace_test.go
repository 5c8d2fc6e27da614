package lambda_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"trueup/infra/local/aws/lambda"
)

// TestR16_6_Replace: in-flight invocations finish with the old binary. Later invocations
// run the new one, even if an old child was idle.
func TestR16_6_Replace(t *testing.T) {
	t.Parallel()
	h, _ := start(t, t.TempDir(), lambda.Function{})
	content, err := os.ReadFile(probe)
	if err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(newer, content, 0o700); err != nil {
		t.Fatal(err)
	}
	running := make(chan answer)
	go func() {
		a, _ := invoke(t, h, `{"do":"sleep","for":500}`)
		running <- a
	}()
	eventually(t, "it runs", func() bool { return len(h.PIDs("probe")) == 1 })
	if a, _ := invoke(t, h, `{}`); a.Binary != probe { // its child is idle now
		t.Errorf("before: %s", a.Binary)
	}
	if err := h.Replace("probe", newer); err != nil {
		t.Fatal(err)
	}
	if a, _ := invoke(t, h, `{}`); a.Binary != newer {
		t.Errorf("after: %s", a.Binary)
	}
	if a := <-running; a.Binary != probe {
		t.Errorf("what ran meanwhile: %s", a.Binary)
	}
	var all sync.WaitGroup
	for range 3 { // more calls than new children: the old child must not be reused
		all.Go(func() {
			if a, _ := invoke(t, h, `{"do":"sleep","for":100}`); a.Binary != newer {
				t.Errorf("later: %s", a.Binary)
			}
		})
	}
	all.Wait()
	if err := h.Replace("probe", "/nowhere/bootstrap"); err == nil {
		t.Error("a binary that is not there")
	}
	if err := h.Replace("nobody", newer); !errors.Is(err, lambda.ErrNotFound) {
		t.Errorf("a function that is not there: %v", err)
	}
}
