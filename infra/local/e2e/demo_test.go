package e2e_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	yearOf(s)
	s.put("agreements/mine.csv", "1,1,Mine\n", nil)
	out, err := exec.Command(demo, "-api", s.FrontURL, "-s3", s.S3URL).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "agreements/mine.csv") {
		t.Errorf("beside another's file: %v\n%s", err, out)
	}
}

// yearOf checks that the demo's past is there, for trends and comparisons, and hides nothing that is newer.
func yearOf(s system) {
	s.t.Helper()
	type point struct {
		Date     string
		Products struct{ Licenses, Installed, Shortfall int }

		Subscriptions *struct{ Quantity, Assigned int }
	}
	var trend struct{ Points []point }
	today := time.Now()
	before := func(days int) string { return today.AddDate(0, 0, -days).Format(time.DateOnly) }
	s.get("/reports/trend?from="+before(366), &trend)
	if n := len(trend.Points); n != 366 {
		s.t.Fatalf("%d days in the trend", n)
	}
	oldest, newest := trend.Points[0], trend.Points[365]
	if oldest.Products.Installed >= newest.Products.Installed || oldest.Products.Licenses >= newest.Products.Licenses || oldest.Subscriptions.Assigned >= newest.Subscriptions.Assigned {
		s.t.Errorf("from %+v to %+v", oldest, newest)
	}
	for i, p := range trend.Points[1:] {
		if p.Date <= trend.Points[i].Date || p.Subscriptions == nil {
			s.t.Errorf("%s after %s, subscriptions %v", p.Date, trend.Points[i].Date, p.Subscriptions)
		}
	}
	for _, to := range []string{"", "&to=" + before(10)} {
		var changed struct{ Rows []struct{ Product string } }
		if s.get("/reports/comparison?from="+before(40)+to, &changed); len(changed.Rows) < 3 {
			s.t.Errorf("%d products differ in a month (%q)", len(changed.Rows), to)
		}
	}
	var then, now installed
	s.get("/reports/license-installations?date="+before(300), &then)
	s.get("/reports/license-installations", &now)
	if then.Totals.Installed >= now.Totals.Installed || now.Totals.Installed != newest.Products.Installed || time.Since(now.DataAt) > time.Hour {
		s.t.Errorf("%d products were installed, %d are at %s, and %d in the trend", then.Totals.Installed, now.Totals.Installed, now.DataAt, newest.Products.Installed)
	}
}

type installed struct {
	DataAt time.Time
	Totals struct{ Installed int }
}
