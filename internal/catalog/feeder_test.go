package catalog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/catalog/feeder"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/intake/kind"
	"trueup/internal/sheet"
)

// feeding is a feeder with a log and buckets in memory.
type feeding struct {
	*feeder.Feeder
	log              *memoryLog
	uploads, reports *memoryBucket
	lines            bytes.Buffer
}

func newFeeding(t *testing.T) *feeding {
	t.Helper()
	f := &feeding{log: &memoryLog{}, uploads: &memoryBucket{}, reports: &memoryBucket{}}
	f.Feeder = &feeder.Feeder{
		Catalog: process(f.log, f.reports), Rules: noRules{}, Uploads: f.uploads, Reports: f.reports,
		Clock: func() time.Time { return time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC) },
		NewID: func(time.Time) string { return "event" },
		Log:   slog.New(slog.NewJSONHandler(&f.lines, nil)),
	}
	return f
}

// noRules receives files of rules that begin with "{": with one new rule, or an error.
type noRules struct{}

func (noRules) IsFile(data []byte) bool { return bytes.HasPrefix(data, []byte("{")) }

func (noRules) Add(_ context.Context, data []byte, _ func() audit.Event) (rows, unchanged int, found []sheet.Finding, err error) {
	switch string(data) {
	case "{bad}":
		return 2, 0, []sheet.Finding{
			{Severity: sheet.SeverityError, Line: 4, Column: "name", Code: "rule_name"}, {Severity: sheet.SeverityError, Line: 9, Code: "rule_kind"},
		}, nil
	case "{many}":
		return 2, 0, nil, errs.New(errs.Invalid, "rules_many", "max", "2000")
	case "{fault}":
		return 2, 0, nil, errs.New(errs.Unavailable, "try_again")
	case "{broad}":
		return 3, 1, []sheet.Finding{{Severity: sheet.SeverityWarning, Line: 4, Code: "rule_takes_more", Args: errs.Pairs("count", "7")}}, nil
	}
	return 3, 1, nil, nil
}

func TestR5_4_FilesOfRules(t *testing.T) {
	t.Parallel()
	f := newFeeding(t)
	for content, want := range map[string]struct {
		added, unchanged, rejected int
		codes                      []string
	}{
		"{}":      {2, 1, 0, nil},
		"{broad}": {2, 1, 0, []string{"4 warning rule_takes_more"}},
		"{bad}":   {0, 0, 2, []string{"4  rule_name", "9  rule_kind"}},
		"{many}":  {0, 0, 2, []string{"0  rules_many"}},
	} {
		f.put(t, "catalog/rules.json", content)
		if err := f.Receive(t.Context(), intake.Object{Key: "catalog/rules.json"}); err != nil {
			t.Fatal(err)
		}
		r := f.result(t, "catalog/rules.json")
		var codes []string
		for _, found := range r.Findings {
			codes = append(codes, fmt.Sprint(found.Line, " ", found.Severity, " ", found.Code))
		}
		if r.Added != want.added || r.Unchanged != want.unchanged || r.Rejected != want.rejected || !slices.Equal(codes, want.codes) {
			t.Errorf("%s: %+v", content, r)
		}
	}
	f.put(t, "catalog/rules.json", "{fault}")
	if err := f.Receive(t.Context(), intake.Object{Key: "catalog/rules.json"}); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("a fault is not returned: %v", err)
	}
	if len(f.log.entries) != 0 {
		t.Errorf("the catalog has changed: %v", f.log.entries)
	}
}

func (f *feeding) put(t *testing.T, key, content string) {
	t.Helper()
	if err := f.uploads.Put(t.Context(), key, "text/csv", []byte(content)); err != nil {
		t.Fatal(err)
	}
}

func (f *feeding) result(t *testing.T, key string) (r feeder.Result) {
	t.Helper()
	if err := json.Unmarshal(f.reports.files[feeder.ResultKey(key)], &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestR5_2_FeedAFile(t *testing.T) {
	t.Parallel()
	f := newFeeding(t)
	sample, err := os.ReadFile("../../events/catalog.csv")
	if err != nil {
		t.Fatal(err)
	}
	key := kind.Catalog.Key("sub", "catalog.csv")
	f.put(t, key, string(sample)+"Contoso;\"a\"b\n;nobody\n")
	for try := range 2 { // S3 may deliver twice
		if err := f.Receive(t.Context(), intake.Object{Key: key, By: "AWS:admin"}); err != nil {
			t.Fatal(err)
		}
		r := f.result(t, key)
		want := feeder.Result{File: key, At: f.Clock(), Rows: 9, Added: 7, Rejected: 2, Publishers: 4, Titles: 7, Findings: r.Findings}
		if try == 1 {
			want.Added, want.Unchanged, want.Publishers, want.Titles = 0, 7, 0, 0
		}
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("try %d: (-want +got)\n%s", try, diff)
		}
		if len(r.Findings) != 2 || r.Findings[0].Line != 9 || !strings.Contains(r.Findings[1].Messages["nl"], "uitgever") {
			t.Errorf("findings %+v", r.Findings)
		}
	}
	want := []audit.Event{{
		ID: "event", At: f.Clock(), By: "AWS:admin", Action: "catalog.fed", Subject: "catalog",
		After: map[string]string{"publishers": "4", "titles": "7"}, Source: audit.SourceImport,
	}}
	if diff := cmp.Diff(want, f.log.events); diff != "" {
		t.Errorf("events (-want +got)\n%s", diff)
	}
	if f.log.head.Saved != f.log.head.Weight || f.log.head.Weight != 7 {
		t.Errorf("the head is %+v after a copy was saved", f.log.head)
	}
	if lines := f.lines.String(); strings.Count(lines, "catalog fed") != 2 || !strings.Contains(lines, `"titles":7,"unchanged":0,"rejected":2`) {
		t.Errorf("log: %s", lines)
	}
	// A new process starts from the copy and reads no entry.
	f.log.entries = nil
	p, title, missing, err := process(f.log, f.reports).Resolve(t.Context(), "fabrikam, INC.", "c++ component library")
	if p.Titles != 2 || title.Name != "C++ Component Library" || missing != nil || err != nil {
		t.Errorf("%+v %+v %v %v", p, title, missing, err)
	}
}

func TestRejectedFiles(t *testing.T) {
	t.Parallel()
	f := newFeeding(t)
	f.put(t, "catalog/large.csv", strings.Repeat("a", catalog.MaxFileBytes+1))
	f.put(t, "catalog/book.csv", "PK\x03\x04[Content_Types].xml")
	f.put(t, "catalog/inventory.csv", "DeviceName,ApplicationName,ApplicationPublisher\nPC-1,Visio,Microsoft\n")
	f.put(t, "catalog/inventory.json", `[{"displayName":"Visio","deviceCount":1}]`)
	f.put(t, "catalog/hosts.json", `{"hosts":[{"hostname":"PC-1","software":[{"name":"Visio","version":"16"}]}]}`)
	f.put(t, "catalog/agreements.csv", "01-07001,01-07001,Office\n")
	f.put(t, "catalog/statement.csv", "Name,Publisher,Version,Language,EffectiveQuantity\nAcrobat Pro,Adobe,2020,English,25\n")
	f.put(t, "catalog/folder/", "")
	for key, code := range map[string]string{
		"catalog/large.csv": "feed_too_large", "catalog/book.csv": "file_xlsx", "catalog/inventory.csv": "feed_inventory", "catalog/inventory.json": "feed_inventory",
		"catalog/hosts.json":     "feed_inventory",
		"catalog/agreements.csv": "feed_agreements", "catalog/statement.csv": "feed_statement",
	} {
		if err := f.Receive(t.Context(), intake.Object{Key: key}); err != nil {
			t.Error(err)
		}
		if r := f.result(t, key); len(r.Findings) != 1 || r.Findings[0].Code != code || r.Findings[0].Messages["en"] == code {
			t.Errorf("%s: %+v", key, r)
		}
	}
	for _, key := range []string{"catalog/gone.csv", "catalog/folder/"} {
		if err := f.Receive(t.Context(), intake.Object{Key: key}); err != nil || f.reports.files[feeder.ResultKey(key)] != nil {
			t.Errorf("%s: %v, or a result", key, err)
		}
	}
	if len(f.log.entries) != 0 {
		t.Errorf("entries %v", f.log.entries)
	}
}

// A fault is returned for a retry, which adds what is missing.
func TestFaultsAreReturned(t *testing.T) {
	t.Parallel()
	f := newFeeding(t)
	f.put(t, "catalog/a.csv", "Contoso,Suite")
	f.log.err = errs.New(errs.Unavailable, "try_again")
	if err := f.Receive(t.Context(), intake.Object{Key: "catalog/a.csv"}); !errors.Is(err, f.log.err) {
		t.Errorf("%v", err)
	}
	f.log.err = nil
	if err := f.Receive(t.Context(), intake.Object{Key: "catalog/a.csv"}); err != nil || f.result(t, "catalog/a.csv").Titles != 1 {
		t.Error(err)
	}
}

// TestR5_4_FeedSubscriptions: a file of Microsoft's list is told from one of titles by its content.
func TestR5_4_FeedSubscriptions(t *testing.T) {
	t.Parallel()
	f := newFeeding(t)
	sample, err := os.ReadFile("../../events/microsoft-subscriptions.csv")
	if err != nil {
		t.Fatal(err)
	}
	key := kind.Catalog.Key("", "Product names and service plan identifiers for licensing.csv")
	f.put(t, key, string(sample)+",,g,TEAMS1,p,f\n")
	for try := range 2 { // S3 may deliver twice
		if err := f.Receive(t.Context(), intake.Object{Key: key, At: f.Clock()}); err != nil {
			t.Fatal(err)
		}
		r := f.result(t, key)
		want := feeder.Result{File: key, At: f.Clock(), Rows: 20, Added: 19, Rejected: 1, Titles: r.Titles, Findings: r.Findings}
		if try == 1 {
			want.Added, want.Unchanged = 0, 19
		}
		if diff := cmp.Diff(want, r); diff != "" || len(r.Findings) != 1 || r.Findings[0].Line != 21 {
			t.Errorf("try %d: findings %+v (-want +got)\n%s", try, r.Findings, diff)
		}
		if (r.Titles > 0) != (try == 0) {
			t.Errorf("try %d: %d titles added", try, r.Titles)
		}
	}
	if n, m := len(f.log.events), len(f.log.subscriptions.events); n != 1 || m != 1 {
		t.Errorf("%d and %d events", n, m)
	}
	// Another process finds the titles, by name and by id, and knows what the subscriptions include.
	s := process(f.log, f.reports)
	for typed, want := range map[string]string{"SPE_E3_USGOV_GCCHIGH": "Microsoft 365 E3_USGOV_GCCHIGH", "MCOEV": "Teams licences Phone", "Microsoft 365 E3": "Microsoft 365 E3"} {
		if _, title, missing, err := s.Resolve(t.Context(), "Microsoft", typed); title.Name != want || missing != nil || err != nil {
			t.Errorf("%s is %+v, %v %v", typed, title, missing, err)
		}
	}
	if got := included(t, s, "SPE_E3_USGOV_GCCHIGH"); got != apps+" of 2026-11-21" {
		t.Error(got)
	}
}

// TestR5_4_FaultsWhileSubscriptionsAreAdded: a fault between two entries of subscriptions, or before their titles, is
// returned for a retry, which adds the rest. The result counts every row once.
func TestR5_4_FaultsWhileSubscriptionsAreAdded(t *testing.T) {
	t.Parallel()
	many := plansHeader
	for i := range 5000 {
		many += fmt.Sprintf("A suite with quite a long name to fill an entry number %d,SUITE_WITH_A_LONG_IDENTIFIER_%d,g,OFFICESUBSCRIPTION,p,f\n", i, i)
	}
	for name, test := range map[string]struct {
		content string
		log     func(*memoryLog) *memoryLog // the one that fails
		entries int                         // before it fails
	}{
		"titles":        {plansHeader + "Harbour Suite,HARBOUR,g,OFFICESUBSCRIPTION,p,f\nHarbour Suite,HARBOUR,g,TEAMS1,p,f\n", func(l *memoryLog) *memoryLog { return l }, 0},
		"subscriptions": {many, func(l *memoryLog) *memoryLog { return l.of(catalog.SubscriptionsJournal) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFeeding(t)
			f.put(t, "catalog/a.csv", test.content)
			fault := errs.New(errs.Unavailable, "try_again")
			failing, entries := test.log(f.log), 0
			failing.appended = func() {
				if entries++; entries > test.entries {
					failing.err = fault
				}
			}
			object := intake.Object{Key: "catalog/a.csv", At: f.Clock()}
			if err := f.Receive(t.Context(), object); !errors.Is(err, fault) {
				t.Fatalf("%v", err)
			}
			failing.appended, failing.err = nil, nil
			if err := f.Receive(t.Context(), object); err != nil {
				t.Fatal(err)
			}
			rows := strings.Count(test.content, "\n") - 1
			if r := f.result(t, "catalog/a.csv"); r.Rows != rows || r.Added != rows || r.Unchanged != 0 || r.Titles == 0 {
				t.Errorf("%d rows: %+v", rows, r)
			}
		})
	}
}
