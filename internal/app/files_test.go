package app

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/app/program"
	"trueup/internal/aws/trigger"
	"trueup/internal/config"
	"trueup/internal/intake/kind"
	"trueup/internal/manifest"
)

// TestEveryKindOfFileHasAReceiver compares the receivers of the functions as assembled for Lambda
// with the table of kinds: a file without a receiver would be ignored.
func TestEveryKindOfFileHasAReceiver(t *testing.T) {
	t.Parallel()
	quiet := slog.New(slog.DiscardHandler)
	settings := config.Config{
		Table: "table", UploadsBucket: "uploads", ReportsBucket: "reports", RefreshFunction: "refresh", RefreshTimeZone: time.UTC,
	}
	c := program.Environment(func(string) string { return "" }) // nothing is called
	refresh, err := Refresher(settings, c, nil, quiet)
	if err != nil {
		t.Fatal(err)
	}
	jobs := map[string]trigger.Jobs{"import": Importer(settings, c, quiet), "inventory": Inventory(settings, c, quiet), "directory": Directory(settings, c, quiet), "refresh": refresh}
	for _, f := range manifest.Functions {
		var want, got []string
		for _, k := range kind.Of(f.Name) {
			want = append(want, k.Name)
		}
		for _, r := range jobs[f.Name].Files {
			if r.Receive == nil {
				t.Errorf("%s: the receiver of %s does nothing", f.Name, r.Kind.Name)
			}
			got = append(got, r.Kind.Name)
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("receivers of %s (-kinds +receivers)\n%s", f.Name, diff)
		}
	}
}
