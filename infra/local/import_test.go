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
	empty, escaped := filepath.Join(t.TempDir(), "empty.csv"), filepath.Join(t.TempDir(), "escaped.csv")
	for name, content := range map[string]string{empty: "", escaped: "01-07030,01-07030,\"R&D <x> \"\"y\"\" \\\"\n"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		arguments []string // arguments of import.sh after API
		status    int
		want      []string
		locale    string
	}{
		{[]string{"../../events/mistakes.csv"}, 1, []string{
			"mistakes.csv: rejected", "24 rejected",
			"error, line 5, Authorization number (01/07002): Use only", `Remove the invisible characters from the name: tab`,
			"warning, line 1 (Cost centre): ",
		}, ""},
		{[]string{spaced, "My group"}, 0, []string{filepath.Base(spaced) + ": succeeded", "12 added", "4 agreements created"}, "C.UTF-8"},
		{[]string{"../../events/open-value.csv", "", "open-value", "skip", "true"}, 0, []string{": succeeded", "dry run: nothing was stored"}, ""},
		{[]string{"../../events/open-value.csv", "", "", "SKIP", "yes"}, 0, []string{": succeeded", "er is niets opgeslagen"}, "nl_BE.UTF-8"},
		{[]string{escaped}, 1, []string{`erreur, ligne 1, Nom de l'accord (R&D <x> "y" \): `, `& < > " \`}, "fr_FR.UTF-8"},
		{[]string{empty}, 1, []string{"empty.csv: the file is empty"}, ""},
		{[]string{"import_test.go"}, 1, []string{"not accepted", "file_name_extension", "Save the sheet as CSV."}, ""},
		{[]string{"missing.csv"}, 1, []string{"there is no file missing.csv"}, ""},
		{[]string{""}, 1, []string{"name a file"}, ""},
	} {
		command := exec.Command("bash", append([]string{"import.sh", r.front}, step.arguments...)...)
		command.Env = append(os.Environ(), "LC_ALL="+step.locale, "LANG=")
		out, err := command.CombinedOutput()
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
