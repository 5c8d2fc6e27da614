package snapshot_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/aws/dynamo"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/refresher"
	"trueup/internal/report"
	"trueup/internal/snapshot"
	"trueup/internal/testkit/storetest"
)

// shown returns what a library shows for each day and live: licences, or an error code.
func (w *world) shown(t *testing.T, l *snapshot.Library, days ...day.Date) map[string]string {
	t.Helper()
	all := map[string]string{}
	say := func(what string, v *snapshot.View, err error) {
		switch {
		case err != nil && errs.CodeOf(err) == "":
			t.Fatal(err)
		case err != nil:
			all[what] = errs.CodeOf(err)
		case len(v.Data.Held) == 0:
			all[what] = "none"
		default:
			all[what] = fmt.Sprint(v.Data.Held[0].Entitlement.Effective)
		}
	}
	for _, date := range days {
		v, err := l.On(t.Context(), date)
		say(string(date), v, err)
	}
	v, _, err := l.Live(t.Context())
	say("live", v, err)
	manifests, err := l.Between(t.Context(), "2026-01-01", "2026-12-31")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range manifests {
		all["days"] += string(m.Date[5:]) + " "
	}
	return all
}

// TestR16_2_RestoredTable checks that with a restored table, a running and a new process show
// only the snapshots that the table names.
func TestR16_2_RestoredTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := storetest.Client(t)
	warm := w.library()
	check := func(when string, l *snapshot.Library, want map[string]string) {
		t.Helper()
		if diff := cmp.Diff(want, w.shown(t, l, "2026-11-20", today, "2026-11-22")); diff != "" {
			t.Errorf("%s: -want +got\n%s", when, diff)
		}
	}
	empty := storetest.Save(t, client, w.table)
	w.entitled(10)
	w.publish(t, attempt(1000, "2026-11-20"))
	w.entitled(11)
	w.publish(t, attempt(1001, today))
	point := storetest.Save(t, client, w.table)
	before := map[string]string{"2026-11-20": "10", "2026-11-21": "11", "2026-11-22": "snapshot_not_found", "live": "11", "days": "11-20 11-21 "}
	check("before", warm, before)
	w.entitled(20)
	w.publish(t, attempt(1002, today))
	w.publish(t, attempt(1003, "2026-11-22"))
	check("after", warm, map[string]string{"2026-11-20": "10", "2026-11-21": "20", "2026-11-22": "20", "live": "20", "days": "11-20 11-21 11-22 "})

	storetest.Restore(t, client, w.table, point)
	check("warm, restored", warm, before)
	check("fresh, restored", w.library(), before)
	w.entitled(30)
	w.publish(t, attempt(2000, "2026-11-22")) // the clock is later than the restored point
	again := map[string]string{"2026-11-20": "10", "2026-11-21": "11", "2026-11-22": "30", "live": "30", "days": "11-20 11-21 11-22 "}
	check("warm, another future", warm, again)
	check("fresh, another future", w.library(), again)

	storetest.Restore(t, client, w.table, empty)
	none := map[string]string{"2026-11-20": "snapshots_none", "2026-11-21": "snapshots_none", "2026-11-22": "snapshots_none", "live": "none"}
	check("warm, before the first refresh", warm, none)
	check("fresh, before the first refresh", w.library(), none)
}

// earlier publishes as the version without an index did: it replaces the day's manifest and the
// newest manifest.
func (w *world) earlier(t *testing.T, run refresher.Run) {
	t.Helper()
	w.runs = append(w.runs, run)
	elsewhere := dynamo.Open(storetest.Client(t), storetest.Table(t)).Snapshots
	p := w.publisher(w.files)
	p.Index = elsewhere
	if err := p.Publish(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	published, err := elsewhere.Newest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o, err := w.files.Open(t.Context(), published.Key(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer o.Body.Close()
	stored, err := io.ReadAll(o.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{report.LegacyManifestKey(run.Date), report.LegacyLatestKey} {
		if err := w.files.Put(t.Context(), key, "application/json", stored); err != nil {
			t.Fatal(err)
		}
	}
}

// TestR16_6_PublishedByAnEarlierVersion checks that days published by the version without an
// index stay, and that it may publish concurrently with this version.
func TestR16_6_PublishedByAnEarlierVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	warm := w.library()
	check := func(when string, want map[string]string) {
		t.Helper()
		for _, l := range []*snapshot.Library{warm, w.library()} {
			if diff := cmp.Diff(want, w.shown(t, l, "2026-11-20", today)); diff != "" {
				t.Errorf("%s: -want +got\n%s", when, diff)
			}
		}
	}
	w.entitled(10)
	w.earlier(t, attempt(1, "2026-11-20"))
	check("only the earlier version", map[string]string{"2026-11-20": "10", "2026-11-21": "snapshot_not_found", "live": "10", "days": "11-20 "})
	w.entitled(11)
	w.publish(t, attempt(1000, today))
	check("deployed", map[string]string{"2026-11-20": "10", "2026-11-21": "11", "live": "11", "days": "11-20 11-21 "})
	w.entitled(12)
	w.earlier(t, attempt(1001, today)) // by a process of the earlier version that is still running
	check("both", map[string]string{"2026-11-20": "10", "2026-11-21": "12", "live": "12", "days": "11-20 11-21 "})
	w.entitled(13)
	w.publish(t, attempt(1002, today))
	check("the earlier version is gone", map[string]string{"2026-11-20": "10", "2026-11-21": "13", "live": "13", "days": "11-20 11-21 "})
	w.entitled(9)
	w.earlier(t, attempt(2, today)) // an attempt that lost its run long ago
	check("a late attempt", map[string]string{"2026-11-20": "10", "2026-11-21": "13", "live": "13", "days": "11-20 11-21 "})
}

// TestR16_6_LegacyOnceAMinute checks that objects of earlier versions are read once a minute, and
// that new ones are then found.
func TestR16_6_LegacyOnceAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	files := &counted{Bucket: w.files}
	at := now
	l := w.library()
	l.Files, l.Clock = files, func() time.Time { return at }
	w.entitled(10)
	w.publish(t, attempt(1000, today))
	opened := func() int64 {
		before := files.opened.Load()
		w.shown(t, l, today)
		return files.opened.Load() - before
	}
	if first := opened(); first != 6 { // manifest, data and entitlements of the day and live, plus two missing objects
		t.Errorf("%d objects opened at first", first)
	}
	if again := opened(); again != 0 {
		t.Errorf("%d objects opened once more", again)
	}
	w.entitled(11)
	w.earlier(t, attempt(1001, today))
	if got := w.shown(t, w.library(), today)["live"]; got != "11" {
		t.Errorf("a new process shows %s", got)
	}
	at = at.Add(59 * time.Second)
	if got := w.shown(t, l, today)["live"]; got != "10" {
		t.Errorf("%s within the minute", got)
	}
	at = at.Add(time.Second)
	if got := w.shown(t, l, today); got["live"] != "11" || got["2026-11-21"] != "11" {
		t.Errorf("%v after a minute", got)
	}
}

// TestR16_2_EarlierVersionRestored checks that manifests of the version without an index count
// only if the restored store knows that their attempts have ended.
func TestR16_2_EarlierVersionRestored(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		restored func(last *refresher.Run) (known bool)
		counts   bool
	}{
		"over":                   {func(*refresher.Run) bool { return true }, true},
		"over, another attempt":  {func(r *refresher.Run) bool { r.Token++; return true }, true},
		"opened again":           {func(r *refresher.Run) bool { r.State = refresher.StateQueued; return true }, true},
		"unknown":                {func(*refresher.Run) bool { return false }, false},
		"not over at the point":  {func(r *refresher.Run) bool { r.State = refresher.StateRunning; return true }, false},
		"requested at the point": {func(r *refresher.Run) bool { r.State, r.Token = refresher.StateQueued, 0; return true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.entitled(10)
			w.earlier(t, attempt(1, "2026-11-20"))
			w.entitled(20)
			w.earlier(t, attempt(2, today))
			if last := len(w.runs) - 1; !test.restored(&w.runs[last]) {
				w.runs = w.runs[:last]
			}
			want := map[string]string{"2026-11-20": "10", "2026-11-21": "snapshot_not_found", "live": "10", "days": "11-20 "}
			if test.counts {
				want = map[string]string{"2026-11-20": "10", "2026-11-21": "20", "live": "20", "days": "11-20 11-21 "}
			}
			if diff := cmp.Diff(want, w.shown(t, w.library(), "2026-11-20", today)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
