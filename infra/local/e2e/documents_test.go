package e2e_test

import (
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/infra/local/stack"
)

// TestReadme runs the commands of the README in one shell, like a new user. They must make
// a report of three files in at most five minutes.
func TestReadme(t *testing.T) {
	t.Parallel()
	s := documented(t, "readme")
	begin := time.Now()
	out, failed := s.runBlocks("README.md")
	if took := time.Since(begin); took > 5*time.Minute || len(failed) > 0 {
		t.Errorf("it took %v; failed requests: %v", took, failed)
	}
	for _, line := range []string{"first-import.csv: succeeded", "mistakes.csv: rejected", "Office Professional Plus 2016"} {
		if !strings.Contains(out, line) {
			t.Errorf("the output has no %q:\n%s", line, out)
		}
	}

	type row struct {
		Product, Verdict                        string
		Licenses, Installed, MovedIn, Shortfall int
	}
	var report struct {
		Stale bool
		Rows  []row
	}
	s.get("/reports/license-installations", &report)
	want := []row{
		{"Acrobat DC", "undecided", 0, 1, 0, 0},
		{"Photoshop", "covered", 25, 0, 0, 0},
		{"Photoshop 2025", "covered", 0, 1, 1, 0},
		{"AutoCAD 2025", "unlicensed", 0, 1, 0, 1},
		{"Microsoft 365 Apps for enterprise", "covered", 2, 2, 0, 0},
		{"Access 2021", "unused", 1, 0, 0, 0},
		{"Office Professional Plus 2016", "short", 0, 3, 2, 1},
		{"Office Professional Plus 2021", "covered", 2, 0, 0, 0},
		{"Office Standard 2019", "unused", 3, 0, 0, 0},
		{"Project Standard 2021", "unused", 2, 0, 0, 0},
		{"SQL Server Standard 2019", "not-measured", 2, 0, 0, 0},
		{"Visio (plan or perpetual)", "undecided", 0, 1, 0, 0},
		{"Visio Professional 2016", "covered", 0, 1, 1, 0},
		{"Visio Professional 2019", "covered", 1, 0, 0, 0},
		{"Visual Studio Professional 2022", "unused", 1, 0, 0, 0},
		{"Windows Enterprise 11", "unused", 5, 0, 0, 0},
		{"Windows Server CAL Device 2022", "not-measured", 50, 0, 0, 0},
		{"Windows Server Standard 2022", "not-measured", 4, 0, 0, 0},
	}
	if diff := cmp.Diff(want, report.Rows); diff != "" || report.Stale {
		t.Errorf("stale %v (-want +got):\n%s", report.Stale, diff)
	}
	if status, err := s.call(http.MethodGet, "/reports/snapshots", nil, nil); err != nil || status != http.StatusOK {
		t.Errorf("snapshots: %d, %v", status, err)
	}
}

// TestGuide runs the commands of the guide. Only the request with which the guide shows an
// error may fail.
func TestGuide(t *testing.T) {
	t.Parallel()
	s := documented(t, "guide")
	out, failed := s.runBlocks("internal/docs/guide.md")
	if diff := cmp.Diff([]string{"422 /imports"}, failed); diff != "" {
		t.Errorf("failed requests (-want +got):\n%s\n%s", diff, out)
	}
	for _, line := range []string{
		"mistakes.csv: rejected", "304 Not Modified", "Ghent and Bruges", "Key: 1234-5678", `"code":"invalid_input"`, "Expense Manager",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("the output has no %q:\n%s", line, out)
		}
	}
}

// documented starts a system for the commands of a document.
func documented(t *testing.T, table string) system {
	t.Helper()
	for _, tool := range []string{"bash", "curl", "make"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("the commands need " + tool)
		}
	}
	base := usedBy(t, "jo", "global-admin")(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: table, Executions: stack.NewAccount})
	t.Cleanup(s.stop)
	return s
}

var (
	shellBlock = regexp.MustCompile("(?ms)(^<!-- not run by the test: [^\n]*-->\n)?^```sh\n(.*?)^```$")
	answered   = regexp.MustCompile(`(?m)^answered (\d+) (\S+)$`)
)

// runBlocks runs the shell blocks of a document, in order and in one shell, with the
// addresses of this system. It stops at the first command that fails. It skips blocks after
// a comment "not run by the test". It returns the output, and the status and path of each
// failed request.
func (s system) runBlocks(document string) (out string, failed []string) {
	s.t.Helper()
	const root = "../../.."
	text, err := os.ReadFile(filepath.Join(root, document))
	must(s.t, err)
	front, err := url.Parse(s.FrontURL)
	must(s.t, err)
	// Every response adds a line to the output. make import fails for a rejected file; as in
	// an interactive shell, that does not end the script.
	script := `curl() { command curl -w '%{stderr}\nanswered %{http_code} %{url}\n' "$@"; }` + "\n" +
		`make() { command make "$@" || true; }` + "\n"
	blocks := 0
	for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
		if block[1] == "" {
			blocks++
			script += strings.NewReplacer("http://127.0.0.1:8080", s.FrontURL, "http://127.0.0.1:9000", s.S3URL).Replace(block[2])
		}
	}
	if blocks < 3 {
		s.t.Fatalf("%s: %d blocks of commands", document, blocks)
	}
	shell := exec.CommandContext(s.t.Context(), "bash", "-eu", "-c", script)
	shell.Env = append(os.Environ(), "MAKEFLAGS=", "PORT="+front.Port())
	shell.Dir = s.t.TempDir()
	must(s.t, os.CopyFS(filepath.Join(shell.Dir, "events"), os.DirFS(filepath.Join(root, "events"))))
	for _, name := range []string{"Makefile", "infra/local/import.sh"} { // for make import
		content, err := os.ReadFile(filepath.Join(root, name))
		must(s.t, err)
		must(s.t, os.MkdirAll(filepath.Dir(filepath.Join(shell.Dir, name)), 0o755))
		must(s.t, os.WriteFile(filepath.Join(shell.Dir, name), content, 0o644))
	}
	output, err := shell.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", document, err, output)
	}
	for _, response := range answered.FindAllStringSubmatch(string(output), -1) {
		if response[1] >= "400" || response[1] == "000" {
			failed = append(failed, response[1]+" "+strings.TrimPrefix(response[2], s.FrontURL))
		}
	}
	return string(output), slices.Compact(failed)
}
