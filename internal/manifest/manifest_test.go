package manifest_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"trueup/internal/catalog/feeder"
	"trueup/internal/config"
	"trueup/internal/importer"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/inventories"
	"trueup/internal/inventory"
	"trueup/internal/jobs"
	"trueup/internal/journal"
	"trueup/internal/manifest"
	"trueup/internal/reminder"
	"trueup/internal/report"
	"trueup/internal/view"
)

// Without permission to list the bucket, S3 answers 403 for a missing object, and the function
// would return a fault instead of "not found".
func TestReadersMayListObjects(t *testing.T) {
	t.Parallel()
	for _, f := range manifest.Functions {
		for _, g := range f.Grants {
			if slices.Contains(g.Actions, "s3:GetObject") && !slices.Contains(g.Actions, "s3:ListBucket") {
				t.Errorf("%s reads objects of %s and may not list it", f.Name, g.Resource)
			}
		}
	}
}

// The scratch files of inventory fit beside the archive.
func TestR6_2_ScratchFilesFit(t *testing.T) {
	t.Parallel()
	f, _ := manifest.Find("inventory")
	if need := (inventory.MaxArchiveBytes + inventory.MaxScratch) >> 20; f.Scratch < need {
		t.Errorf("%d MB for %d MB of scratch files", f.Scratch, need)
	}
}

// S3 rejects notifications of one event type whose prefixes overlap.
func TestNoFileCallsTwoFunctions(t *testing.T) {
	t.Parallel()
	var all []string
	for _, f := range manifest.Functions {
		for _, prefix := range f.Prefixes() {
			for _, other := range all {
				if strings.HasPrefix(prefix, other) || strings.HasPrefix(other, prefix) {
					t.Errorf("%q and %q overlap", prefix, other)
				}
			}
			all = append(all, prefix)
		}
	}
}

// A function that calls another has a setting with its name, and may call no other.
func TestInvokersHaveTheFunctionName(t *testing.T) {
	t.Parallel()
	names := map[string]string{} // of settings, by function
	for _, s := range config.Settings {
		if s.Function != "" {
			names[s.Function] = s.Name
		}
	}
	for _, f := range manifest.Functions {
		for called, setting := range names {
			if slices.Contains(f.Calls, called) != slices.Contains(f.Settings, setting) {
				t.Errorf("%s calls %q; the setting %s must be there just then", f.Name, f.Calls, setting)
			}
		}
		for _, called := range f.Calls {
			if _, ok := manifest.Find(called); !ok || names[called] == "" {
				t.Errorf("%s calls %s, which is no function, or has no setting", f.Name, called)
			}
		}
		for _, s := range config.Settings {
			if s.Service && f.ReadsSecret() != slices.Contains(f.Settings, s.Name) {
				t.Errorf("%s has some of the settings of the entitlement service; %s must be there just if the others are", f.Name, s.Name)
			}
		}
	}
}

// A setting that is a name is the name of something that is deployed.
func TestSettingsNameWhatExists(t *testing.T) {
	t.Parallel()
	for _, s := range config.Settings {
		switch manifest.Resource(s.Resource) {
		case "", manifest.Table, manifest.Uploads, manifest.Reports, manifest.Sessions, manifest.Notices, manifest.UserPool:
		default:
			t.Errorf("%s is the name of %q, which is no resource", s.Name, s.Resource)
		}
		if _, ok := manifest.Find(s.Function); s.Function != "" && !ok {
			t.Errorf("%s is the name of %q, which is no function", s.Name, s.Function)
		}
	}
}

// R3.1, R3.8: triggers and grants have the prefixes of the keys in use.
func TestPrefixesAreThoseOfTheKeys(t *testing.T) {
	t.Parallel()
	imp := importer.Import{Head: intake.Head{ID: "id"}, Attempt: 1}
	keys := map[manifest.Resource]map[string][]string{
		manifest.Uploads: {},
		manifest.Reports: {
			kind.Agreements.Results:  {imp.ReportKey(), imp.AnnotatedKey("en")},
			kind.Catalog.Results:     {feeder.ResultKey(kind.Catalog.Key("", "a.csv"))},
			report.SnapshotPrefix:    {report.LegacyLatestKey, report.LegacyManifestKey("2026-11-21"), report.Published{Date: "2026-11-21"}.Key()},
			inventories.Tallies:      {inventories.Tallies + "2026-11/checksum"},
			inventories.PCs:          {inventories.PCs + "2026-11-30/checksum"},
			journal.CopiesPrefix:     nil,
			manifest.ExportsPrefix:   nil,
			manifest.JobsPrefix:      {jobs.Prefix + "a.json"},
			manifest.RemindersPrefix: {reminder.TermsKey},

			manifest.AnnotatedPrefix: nil,
			manifest.ViewsPrefix:     {view.File{View: "id", Day: "2026-11-21", Format: view.CSV}.Key()},
		},
	}
	for _, k := range kind.Table {
		keys[manifest.Uploads][k.Prefix] = []string{k.Key("", "a.csv"), k.Key("folder", "a.csv")}
		if k.Results != "" {
			keys[manifest.Reports][k.Results] = append(keys[manifest.Reports][k.Results], k.Results+"a.json")
		}
	}
	for resource, byPrefix := range keys {
		for prefix, below := range byPrefix {
			for _, key := range below {
				if !strings.HasPrefix(key, prefix) {
					t.Errorf("the key %q of %s is not below %q", key, resource, prefix)
				}
			}
		}
	}
	var called []string
	for _, f := range manifest.Functions {
		called = append(called, f.Prefixes()...)
		for _, prefix := range f.Prefixes() {
			if !slices.ContainsFunc(f.Grants, func(g manifest.Grant) bool { return g.Resource == manifest.Uploads && g.Prefix == prefix }) {
				t.Errorf("%s is called for %q, which it may not read", f.Name, prefix)
			}
		}
		for _, g := range f.Grants {
			if _, used := keys[g.Resource][g.Prefix]; g.Resource.IsBucket() && !used {
				t.Errorf("%s is granted %q of %s, which nothing uses", f.Name, g.Prefix, g.Resource)
			}
		}
	}
	slices.Sort(called)
	if want := slices.Sorted(maps.Keys(keys[manifest.Uploads])); !slices.Equal(called, want) {
		t.Errorf("functions are called for %q, and files are put under %q", called, want)
	}
}

// R16.1: a new account has 10 concurrent executions. Files leave enough of them to the API.
func TestR16_1_FilesLeaveExecutions(t *testing.T) {
	t.Parallel()
	const account, other = 10, 3 // a refresh, schedules and calls
	files := 0
	for _, f := range manifest.Functions {
		if (f.AtOnce >= 2) != (f.Trigger == manifest.Objects) {
			t.Errorf("%s receives %d files at once; the minimum of AWS is 2", f.Name, f.AtOnce)
		}
		if f.Reserved != 0 && f.Reserved <= f.AtOnce {
			t.Errorf("%s: %d reserved executions are not enough for %d files and its schedule", f.Name, f.Reserved, f.AtOnce)
		}
		if f.Name == "directory" {
			files++ // a second delivery ends at once: see package directories
		} else {
			files += f.AtOnce
		}
		if f.Trigger != manifest.Objects {
			continue
		}
		if f.Hidden() <= f.Timeout || f.Hidden() > 12*time.Hour {
			t.Errorf("%s: a file is hidden for %v", f.Name, f.Hidden())
		}
		if tried := time.Duration(f.Deliveries()) * f.Hidden(); f.Deliveries() < 5 || tried < manifest.MaxWait {
			t.Errorf("%s: %d deliveries in %v", f.Name, f.Deliveries(), tried)
		}
	}
	if files+other > account {
		t.Errorf("%d files at once", files)
	}
}

// The costs that the documentation states are those of all queues of files.
func TestR16_5_QueuesOfFilesHaveAPrice(t *testing.T) {
	t.Parallel()
	queues := 0
	for _, f := range manifest.Functions {
		if f.Trigger == manifest.Objects {
			queues++
		}
	}
	requests := float64(queues) * 5 * 3 * 43_800 / 1e6
	text, err := os.ReadFile("../docs/deploying.md")
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("| %d queues × 5 pollers × 3 requests a minute × 43,800 minutes = %.2f million requests; 1 million are free, then 0.40 a million | %.2f |", queues, requests, (requests-1)*0.4)
	if !strings.Contains(string(text), want) {
		t.Errorf("internal/docs/deploying.md lacks %q", want)
	}
}

// Only the refresh calls itself, to continue work that takes longer than one invocation.
func TestWhoCallsItself(t *testing.T) {
	t.Parallel()
	for _, f := range manifest.Functions {
		if got, want := f.CallsItself(), f.Name == "refresh"; got != want {
			t.Errorf("%s calls itself: %v", f.Name, got)
		}
	}
}

// SPEC 14: the function that faces browsers may use its sessions and nothing else of the organisation,
// and no other function may use the sessions.
func TestConsoleHasOnlySessions(t *testing.T) {
	t.Parallel()
	for _, f := range manifest.Functions {
		for _, g := range f.Grants {
			if (g.Resource == manifest.Sessions) != f.IsConsole() {
				t.Errorf("%s may use %s", f.Name, g.Resource)
			}
		}
		if f.IsConsole() && (len(f.Grants) != 1 || f.Calls != nil || f.Asynchronous() || f.ReadsSecret()) {
			t.Errorf("%s has other rights than for its sessions", f.Name)
		}
	}
}

// SPEC 12: a function that writes audit events of callers knows the client of the console.
func TestAuditSourceNeedsTheClient(t *testing.T) {
	t.Parallel()
	for _, f := range manifest.Functions {
		if f.Trigger == manifest.HTTP && !slices.Contains(f.Settings, config.ConsoleClient) {
			t.Errorf("%s serves HTTP and does not know the client of the console", f.Name)
		}
	}
}
