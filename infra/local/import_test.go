package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestImportScript tests the script of `make import`: its output and its exit
// status show the result of a file.
func TestImportScript(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("import.sh needs curl")
	}
	command, functions := build(t)
	r := launch(t, command, functions, filepath.Join(t.TempDir(), "data"))
	good, err := os.ReadFile("../../events/first-import.csv")
	if err != nil {
		t.Fatal(err)
	}
	spaced := filepath.Join(t.TempDir(), `my "first" file, +é%20.csv`)
	if err := os.WriteFile(spaced, good, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		arguments []string // arguments of import.sh after API
		status    int
		want      []string
	}{
		{[]string{"../../events/mistakes.csv"}, 1, []string{
			"mistakes.csv: rejected", "24 rejected",
			"error, line 5, Authorization number (01/07002): Use only", `Remove the invisible characters from the name: tab`,
			"warning, line 1 (Cost centre): ",
		}},
		{[]string{spaced, "My group"}, 0, []string{filepath.Base(spaced) + ": succeeded", "12 added", "4 agreementsCreated"}},
		{[]string{"../../events/open-value.csv", "", "open-value", "skip", "true"}, 0, []string{": succeeded"}},
		{[]string{"import_test.go"}, 1, []string{"not accepted", "file_name_extension"}},
		{[]string{"missing.csv"}, 1, []string{"there is no file missing.csv"}},
		{[]string{""}, 1, []string{"name a file"}},
	} {
		out, err := exec.Command("bash", append([]string{"import.sh", r.front}, step.arguments...)...).CombinedOutput()
		status := 0
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			status = exit.ExitCode()
		}
		for _, want := range step.want {
			if status != step.status || !strings.Contains(string(out), want) {
				t.Errorf("%q: status %d, want %d and %q in:\n%s", step.arguments, status, step.status, want, out)
			}
		}
	}
}
