package golden_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trueup/internal/testkit/golden"
)

// TestShape changes a stored type in each way that changes the format.
func TestShape(t *testing.T) {
	t.Chdir(t.TempDir())
	type inner struct {
		N int `json:"n"`
	}
	type stored struct {
		inner
		A     string           `json:"a,omitempty"`
		List  []inner          `json:"list"`
		Named map[string]inner `json:"named"`
		At    time.Time        `json:"at"`
		Body  []byte           `dynamodbav:"body"`
		Next  *stored          `json:"next"`
		Left  string           `json:"-"`
		own   int
	}
	want := strings.Join([]string{
		".n int", ".a,omitempty string", ".list[].n int", ".named{}.n int", ".at time.Time", ".body bytes", ".next again", "",
	}, "\n")
	if err := os.MkdirAll(filepath.Join("testdata", "stored"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("testdata", "stored", "thing.1.shape"), []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = stored{own: 1}.own
	golden.Shape(t, "thing", 1, stored{})
	for name, changed := range map[string]any{
		"a field less": struct{ inner }{},
		"renamed": struct {
			stored
			A string `json:"b"`
		}{},
		"another type": struct {
			stored
			N string `json:"n"`
		}{},
	} {
		r := &recorder{TB: t}
		golden.Shape(r, "thing", 1, changed)
		if !r.failed {
			t.Errorf("%s: the shape is the same", name)
		}
	}
}

// TestVersions requires a sample of every version, and no more.
func TestVersions(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join("testdata", "stored"), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("testdata", "stored", name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("thing.1.json")
	write("things.1.json")
	for current, wantFailed := range map[int]bool{1: false, 2: true, 0: true} {
		r := &recorder{TB: t}
		read := ""
		golden.Versions(r, "thing", "json", current, nil, func(_ int, sample []byte) { read += string(sample) })
		if r.failed != wantFailed || current > 0 && read != "thing.1.json" {
			t.Errorf("current version %d: failed %v, read %q", current, r.failed, read)
		}
	}
}
