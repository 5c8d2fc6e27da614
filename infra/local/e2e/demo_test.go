package e2e_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"trueup/infra/local/stack"
	"trueup/internal/access"
)

// TestDemo runs the command of `make demo`, which checks the report itself: twice, because
// nothing may be counted twice, and then in a system with other files.
func TestDemo(t *testing.T) {
	t.Parallel()
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	demo := filepath.Join(t.TempDir(), "demo")
	if out, err := exec.Command("go", "build", "-o", demo, "../demo").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "demo", Executions: stack.NewAccount})
	defer s.stop()
	for _, run := range []string{"first", "second"} {
		out, err := exec.Command(demo, "-api", s.FrontURL, "-s3", s.S3URL).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "match the demo's own calculation") {
			t.Fatalf("the %s time: %v\n%s", run, err, out)
		}
		for _, line := range []string{"2000 PCs", "succeeded, 46 pairs checked", "short", "unlicensed", "unused", "covered"} {
			if !strings.Contains(string(out), line) {
				t.Errorf("the %s time it does not show %q:\n%s", run, line, out)
			}
		}
	}
	s.put("agreements/mine.csv", "1,1,Mine\n", nil)
	out, err := exec.Command(demo, "-api", s.FrontURL, "-s3", s.S3URL).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "agreements/mine.csv") {
		t.Errorf("beside another's file: %v\n%s", err, out)
	}
}
