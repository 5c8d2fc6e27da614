package snapshot_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/day"
	"trueup/internal/objects"
	"trueup/internal/report"
	"trueup/internal/retention"
	"trueup/internal/snapshot"
)

// Days that are older than the organisation keeps them are gone at once, and their objects 36 days
// later. The newest snapshot stays.
func TestR8_5_OldDaysAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	today := day.Of(now)
	ago := func(n int) day.Date { return retention.DaysBefore(today, n) }
	for i, n := range []int{100, 80, 50, 31, 30, 3} {
		w.publish(t, attempt(int64(i+1), ago(n)))
	}
	w.publish(t, attempt(9, ago(200))) // a refresh that continued late is the newest
	forget := func(days, least int) {
		t.Helper()
		n, err := snapshot.Forget(w.index(), w.files).Forget(t.Context(), retention.CutoffOn(today, days))
		if err != nil || n < least || least == 0 && n > 0 {
			t.Errorf("%d deleted, %v", n, err)
		}
	}
	shown := func() (days []day.Date) {
		t.Helper()
		all, err := w.index().Days(t.Context(), ago(300), today)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			days = append(days, p.Date)
			w.seen(t, p.Date)
		}
		return days
	}
	stored := func() []string {
		t.Helper()
		folders, err := w.files.Folders(t.Context(), report.SnapshotPrefix)
		if err != nil {
			t.Fatal(err)
		}
		return folders
	}
	equal := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	before := shown()
	forget(0, 0)
	equal("days, if all are kept", shown(), before)
	forget(30, 5)
	equal("days", shown(), []day.Date{ago(200), ago(30), ago(3)})
	equal("days with objects", stored(), []string{string(ago(200)), string(ago(50)), string(ago(31)), string(ago(30)), string(ago(3))})
	forget(30, 0)
	w.seen(t, "")
	if v, err := w.library().On(t.Context(), ago(50)); err == nil {
		t.Errorf("a forgotten day is shown: %+v", v)
	}
}

// listing is a bucket with the times of its objects.
type listing struct {
	objects.Bucket
	at map[string]string // day and time by key
}

func (l *listing) Folders(context.Context, string) (folders []string, _ error) {
	for key := range l.at {
		folders = append(folders, strings.Split(key, "/")[1])
	}
	slices.Sort(folders)
	return slices.Compact(folders), nil
}

func (l *listing) List(_ context.Context, prefix string) (all []objects.Listed, _ error) {
	for _, key := range slices.Sorted(maps.Keys(l.at)) {
		at, err := time.Parse("2006-01-02 15", l.at[key])
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(key, prefix) {
			all = append(all, objects.Listed{Key: key, Modified: at})
		}
	}
	return all, nil
}

func (l *listing) Delete(_ context.Context, keys ...string) error {
	for _, key := range keys {
		delete(l.at, key)
	}
	return nil
}

// newestOnly is an index of which only the newest snapshot matters.
type newestOnly struct {
	snapshot.Index
	published report.Published
}

func (n newestOnly) Newest(context.Context) (report.Published, error) { return n.published, nil }

// A supplement is deleted 36 days after something has replaced it, so that a table of an earlier
// time still finds it.
func TestReplacedSupplementsAreForgotten(t *testing.T) {
	t.Parallel()
	const today = "2026-11-29" // 36 days ago is the 24th of October
	files := &listing{at: map[string]string{
		"snapshots/2026-10-20/1-r/manifest-a.json":            "2026-10-20 02",
		"snapshots/2026-10-20/1-r/held-a.json.gz":             "2026-10-20 02",
		"snapshots/2026-10-20/2-r/supplement-first.json.gz":   "2026-10-20 09",
		"snapshots/2026-10-20/3-r/supplement-last.json.gz":    "2026-10-20 17", // replaced by the next day
		"snapshots/2026-10-21/4-r/manifest-b.json":            "2026-10-21 02",
		"snapshots/2026-10-21/5-r/supplement-first.json.gz":   "2026-10-21 09",
		"snapshots/2026-10-21/6-r/supplement-second.json.gz":  "2026-10-23 09", // replaced too late, on the 24th
		"snapshots/2026-10-21/7-r/supplement-third.json.gz":   "2026-10-24 09",
		"snapshots/2026-11-20/8-r/manifest-c.json":            "2026-11-20 02",
		"snapshots/2026-11-20/9-r/supplement-first.json.gz":   "2026-11-20 09",
		"snapshots/2026-11-20/10-r/supplement-second.json.gz": "2026-11-20 10",
		"snapshots/latest.json/x":                             "2026-01-01 00",
	}}
	want := maps.Clone(files.at)
	for _, key := range []string{"2026-10-20/2-r/supplement-first", "2026-10-20/3-r/supplement-last", "2026-10-21/5-r/supplement-first"} {
		delete(want, "snapshots/"+key+".json.gz")
	}
	for _, newest := range []string{"snapshots/2026-11-20/10-r/supplement-second.json.gz", ""} {
		index := newestOnly{published: report.Published{Date: "2026-11-20", Supplement: report.Object{Key: newest}}}
		if _, err := snapshot.Forget(index, files).Forget(t.Context(), retention.CutoffOn(today, 0)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, files.at); diff != "" {
			t.Errorf("objects (-want +got):\n%s", diff)
		}
	}

	// An organisation that stopped: its newest supplement stays, whatever its age.
	stopped := &listing{at: map[string]string{
		"snapshots/2026-10-20/1-r/manifest-a.json":          "2026-10-20 02",
		"snapshots/2026-10-20/2-r/supplement-first.json.gz": "2026-10-20 09",
		"snapshots/2026-10-20/3-r/supplement-last.json.gz":  "2026-10-20 17",
	}}
	index := newestOnly{published: report.Published{Date: "2026-10-20", Supplement: report.Object{Key: "snapshots/2026-10-20/3-r/supplement-last.json.gz"}}}
	if n, err := snapshot.Forget(index, stopped).Forget(t.Context(), retention.CutoffOn(today, 0)); n != 1 || err != nil || len(stopped.at) != 2 {
		t.Errorf("%d deleted, %v, left %v", n, err, stopped.at)
	}
}
