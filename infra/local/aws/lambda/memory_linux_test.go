package lambda_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trueup/infra/local/aws/lambda"
)

// TestMemory: a child that uses more memory than its function has is killed, as in the service, and
// the next invocation gets a new one.
func TestMemory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h, console := start(t, dir, lambda.Function{Memory: 128})
	before, r := invoke(t, h, `{"do":"memory","for":40}`)
	if r.FunctionError != "" {
		t.Fatalf("40 of 128 MB: %s", r.Payload)
	}
	_, r = invoke(t, h, `{"do":"memory","for":256}`)
	if r.FunctionError != "Unhandled" || !bytes.Contains(r.Payload, []byte(`"Runtime.ExitError"`)) || !bytes.Contains(r.Payload, []byte("signal: killed")) {
		t.Errorf("256 of 128 MB: %q %.200s", r.FunctionError, r.Payload)
	}
	if after, r := invoke(t, h, `{}`); r.FunctionError != "" || after.PID == before.PID {
		t.Errorf("afterwards: pid %d, before %d, %s", after.PID, before.PID, r.Payload)
	}
	log, err := os.ReadFile(filepath.Join(dir, "logs", "probe.log"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(log), `"errorType":"Runtime.OutOfMemory"`) || !strings.Contains(string(log), `"memorySizeMB":128`) {
		t.Errorf("log: %s", log)
	}
	if !strings.Contains(console.String(), "of 128 MB of memory") {
		t.Errorf("console: %s", console)
	}
}

// TestNoMemoryLimit: without a limit nothing is killed.
func TestNoMemoryLimit(t *testing.T) {
	t.Parallel()
	h, _ := start(t, t.TempDir(), lambda.Function{})
	if _, r := invoke(t, h, `{"do":"memory","for":256}`); r.FunctionError != "" {
		t.Errorf("%s", r.Payload)
	}
}
