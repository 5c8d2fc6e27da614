package golden_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"trueup/internal/testkit/golden"
)

// recorder records whether a test fails.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = true
	panic(fmt.Sprintf(format, args...))
}

func TestEqual(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "want.txt")
	if err := os.WriteFile(path, []byte("a\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for got, wantFailed := range map[string]bool{"a\r\n": false, "a\n": true, "": true} {
		r := &recorder{TB: t}
		golden.Equal(r, path, []byte(got))
		if r.failed != wantFailed {
			t.Errorf("Equal(%q) failed = %v, want %v", got, r.failed, wantFailed)
		}
	}
}

func TestEqualWithoutAFile(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	func() {
		defer func() { _ = recover() }()
		golden.Equal(r, filepath.Join(t.TempDir(), "missing.txt"), nil)
	}()
	if !r.failed {
		t.Error("a missing golden file passed")
	}
}
