package e2e_test

import (
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/infra/local/stack"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestTheReadmesTour runs what the README tells a new user to type, block by
// block in one shell: three files become a report, in less than five minutes.
func TestTheReadmesTour(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("the tour needs " + tool)
		}
	}
	readme, err := os.ReadFile("../../../README.md")
	must(t, err)
	_, tour, found := strings.Cut(string(readme), "\n## From three files to a report\n")
	tour, _, _ = strings.Cut(tour, "\n## ")
	blocks := shellBlock.FindAllStringSubmatch(tour, -1)
	if !found || len(blocks) < 3 {
		t.Fatalf("the README has no tour: %d blocks", len(blocks))
	}
	base := usedBy(t, "jo", "global-admin")(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "tour"})
	defer s.stop()
	var script strings.Builder
	for _, block := range blocks {
		script.WriteString(strings.NewReplacer("http://127.0.0.1:8080", s.FrontURL, "http://127.0.0.1:9000", s.S3URL).Replace(block[1]))
	}
	begin := time.Now()
	shell := exec.Command("bash", "-eu", "-c", script.String())
	shell.Dir = t.TempDir()
	must(t, os.CopyFS(shell.Dir+"/events", os.DirFS("../../../events")))
	out, err := shell.CombinedOutput()
	if took := time.Since(begin); err != nil || took > 5*time.Minute {
		t.Fatalf("after %v: %v\n%s", took, err, out)
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
		{"Acrobat DC", "unlicensed", 0, 1, 0, 1},
		{"Photoshop", "covered", 25, 0, 0, 0},
		{"Photoshop 2025", "covered", 0, 1, 1, 0},
		{"AutoCAD 2025", "unlicensed", 0, 1, 0, 1},
		{"Microsoft 365 Apps for enterprise", "covered", 2, 2, 0, 0},
		{"Access 2021", "unused", 1, 0, 0, 0},
		{"Office Professional Plus 2016", "short", 0, 3, 2, 1},
		{"Office Professional Plus 2021", "covered", 2, 0, 0, 0},
		{"Office Standard 2019", "unused", 3, 0, 0, 0},
		{"Project Standard 2021", "unused", 2, 0, 0, 0},
		{"SQL Server Standard 2019", "unused", 2, 0, 0, 0},
		{"Visio Plan 2", "unlicensed", 0, 1, 0, 1},
		{"Visio Professional 2016", "covered", 0, 1, 1, 0},
		{"Visio Professional 2019", "covered", 1, 0, 0, 0},
		{"Visual Studio Professional 2022", "unused", 1, 0, 0, 0},
		{"Windows Enterprise 11", "unused", 5, 0, 0, 0},
		{"Windows Server - Device CAL 2022", "unused", 50, 0, 0, 0},
		{"Windows Server Standard 2022", "unused", 4, 0, 0, 0},
	}
	if diff := cmp.Diff(want, report.Rows); diff != "" || report.Stale {
		t.Errorf("stale %v (-want +got):\n%s", report.Stale, diff)
	}
	for _, line := range []string{"Office Professional Plus 2016", "succeeded"} {
		if !strings.Contains(string(out), line) {
			t.Errorf("the tour does not show %q:\n%s", line, out)
		}
	}
	status, err := s.call(http.MethodGet, "/reports/snapshots", nil, nil)
	if err != nil || status != http.StatusOK {
		t.Errorf("snapshots: %d, %v", status, err)
	}
}
