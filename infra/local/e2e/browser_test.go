package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trueup/infra/local/stack"
	"trueup/internal/access"
)

// browserTests is the folder with the tests that run in Chromium, one file for each group of jobs.
const browserTests = "../../tools/browser"

// TestBrowser lets people use the console in Chromium, on the real stack with the demo: each job with a mouse, without script, by
// keyboard and on a phone, and each page under the real content policy and with axe. Each test of a file is a subtest.
func TestBrowser(t *testing.T) {
	t.Parallel()
	node := needBrowser(t)
	files, err := filepath.Glob(browserTests + "/*.test.mjs")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("no tests in " + browserTests)
	}
	s := demo(t, "browser")
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	empty := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "browser-first"})
	t.Cleanup(empty.stop)
	pages := filepath.Join(t.TempDir(), "pages.json")
	found, session := allPages(s)
	text, err := json.Marshal(found)
	must(t, err)
	must(t, os.WriteFile(pages, text, 0o600))
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test.mjs"), func(t *testing.T) {
			t.Parallel()
			runBrowserTests(t, node, file, "TRUEUP_CONSOLE="+s.FrontURL, "TRUEUP_CONSOLE_EMPTY="+empty.FrontURL, "TRUEUP_CONSOLE_PAGES="+pages, "TRUEUP_SESSION="+session.Name+"="+session.Value)
		})
	}
}

// needBrowser returns the path of Node.js. The test fails without it, Chromium or the packages. It takes minutes, so it is
// skipped unless it is asked for.
func needBrowser(t *testing.T) (node string) {
	t.Helper()
	if os.Getenv("TRUEUP_REQUIRE_BROWSER") != "1" {
		t.Skip("run the tests of the console in a browser with make browser")
	}
	node, noNode := exec.LookPath("node")
	_, noShell := exec.LookPath("chromium-headless-shell") // launch.mjs takes the first one
	_, noChromium := exec.LookPath("chromium")
	_, noPackages := os.Stat("../../tools/node_modules/playwright-core")
	if noNode == nil && (noShell == nil || noChromium == nil || os.Getenv("TRUEUP_CHROMIUM") != "") && noPackages == nil {
		return node
	}
	const missing = "the tests in a browser need Node.js, Chromium (Debian: apt-get install chromium-headless-shell fonts-noto-core) and the packages of infra/tools (npm ci in that folder)"
	t.Fatal(missing)
	return ""
}

// demo starts a stack on the shared engine, and loads the demo into it.
func demo(t *testing.T, table string) system {
	t.Helper()
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: table})
	t.Cleanup(s.stop)
	if out, err := exec.Command("go", "run", "../demo", "-api", s.FrontURL, "-s3", s.S3URL).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return s
}

// runBrowserTests runs a file of tests, and reports each of its tests as a subtest.
func runBrowserTests(t *testing.T, node, file string, env ...string) {
	t.Helper()
	var failures bytes.Buffer
	command := exec.CommandContext(t.Context(), node, "--test-reporter", browserTests+"/reporter.mjs", file)
	only := os.Getenv("TRUEUP_BROWSER_TESTS") // a pattern of names
	if only != "" {
		command.Args = append(command.Args[:1], append([]string{"--test-name-pattern", only}, command.Args[1:]...)...)
	}
	command.Env, command.Stderr = append(os.Environ(), env...), &failures
	command.WaitDelay = time.Second
	output, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	n, failed := 0, false
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var result struct {
			Name, Error     string
			Passed, Skipped bool
			MS              int
		}
		if err := json.Unmarshal(lines.Bytes(), &result); err != nil {
			t.Errorf("%v: %s", err, lines.Text())
			continue
		}
		if result.Skipped {
			continue
		}
		n, failed = n+1, failed || !result.Passed
		t.Run(result.Name, func(t *testing.T) {
			t.Logf("%d ms", result.MS)
			if !result.Passed {
				t.Error(result.Error)
			}
		})
	}
	if err := command.Wait(); err != nil && !failed {
		t.Errorf("%v: %s", err, &failures)
	}
	if n == 0 && only == "" {
		t.Errorf("%s has no tests: %s", file, &failures)
	}
}
