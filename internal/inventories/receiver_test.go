package inventories_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/inventories"
	"trueup/internal/inventory"
	"trueup/internal/objects"
	"trueup/internal/once"
)

var (
	errFault = errors.New("fault")
	noon     = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
)

// faults makes the n-th write fail, from 1: before or after it is executed.
type faults struct {
	writes, at int
	done       bool // whether the failing write is executed
	dies       bool // whether all writes after it fail
}

// write executes a write, unless it fails before.
func (f *faults) write(do func()) error {
	f.writes++
	switch {
	case f.dies && f.at > 0 && f.writes > f.at:
		return errFault
	case f.writes != f.at:
		do()
		return nil
	}
	if f.done {
		do()
	}
	return errFault
}

// world is a store and two buckets in memory.
type world struct {
	faults
	records map[string]inventories.Record
	head    inventories.RulesHead
	events  []audit.Event
	answers map[string][]byte
	uploads bucket
	reports bucket
	before  func() // called once, before a record is stored

	holder string // of the lease on recounts
	until  time.Time
	calls  func() // called before each call of the store; may be nil
	now    time.Time
}

func newWorld() *world {
	w := &world{now: noon.Add(time.Hour), records: map[string]inventories.Record{}, answers: map[string][]byte{}}
	w.uploads = bucket{faults: &w.faults, files: map[string]string{}, failing: map[string]error{}}
	w.reports = bucket{faults: &w.faults, files: map[string]string{}}
	return w
}

func (w *world) Records(context.Context) (records []inventories.Record, _ error) {
	w.called()
	for _, source := range slices.Sorted(maps.Keys(w.records)) {
		r := w.records[source]
		for _, g := range []**inventories.Good{&r.Good, &r.Next} {
			if *g != nil {
				good := **g
				*g = &good
			}
		}
		records = append(records, r)
	}
	return records, nil
}

func (w *world) Summary(ctx context.Context) (inventory.Summary, error) {
	records, err := w.Records(ctx)
	return inventories.Summarize(records), err
}

func (w *world) SaveRecords(_ context.Context, records []inventories.Record, events ...audit.Event) error {
	w.called()
	if before := w.before; before != nil {
		w.before = nil
		before()
	}
	if len(records)+len(events) > 100 {
		return errors.New("too many actions for a transaction")
	}
	for _, r := range records {
		if w.records[r.Source].Version != r.Version-1 {
			return errs.New(errs.Stale, "version_stale")
		}
	}
	return w.write(func() {
		for _, r := range records {
			w.records[r.Source] = r
		}
		w.events = append(w.events, events...)
	})
}

func (w *world) AnnounceFile(_ context.Context, c once.Change) ([]byte, error) {
	return nil, w.write(func() { w.events = append(w.events, c.Event) })
}

func (w *world) RulesHead(context.Context) (inventories.RulesHead, error) {
	w.called()
	return w.head, nil
}

func (w *world) called() {
	if w.calls != nil {
		w.calls()
	}
}

func (w *world) AcquireRecount(_ context.Context, holder string, now, until time.Time) error {
	w.called()
	if !now.After(w.until) && holder != w.holder {
		return inventories.ErrRecounting
	}
	return w.write(func() { w.holder, w.until = holder, until })
}

func (w *world) ReleaseRecount(_ context.Context, holder string) error {
	w.called()
	if holder != w.holder {
		return nil
	}
	return w.write(func() { w.holder, w.until = "", time.Time{} })
}

func (w *world) SetRulesHead(_ context.Context, head inventories.RulesHead, c once.Change) ([]byte, error) {
	if first, used := w.answers[c.Entry.Key]; used {
		return first, nil
	}
	if w.head.Version != head.Version-1 {
		return nil, errs.New(errs.Stale, "version_stale")
	}
	return nil, w.write(func() {
		w.head, w.events = head, append(w.events, c.Event)
		if c.Entry.Key != "" {
			w.answers[c.Entry.Key] = c.Entry.Response
		}
	})
}

// bucket is a bucket in memory.
type bucket struct {
	objects.Bucket
	*faults
	files map[string]string
	fails error // error of opening a file
	torn  bool  // whether reading a file breaks off

	failing map[string]error // errors of opening files, by key
}

func (b bucket) Open(_ context.Context, key, _, _ string) (objects.Object, error) {
	text, ok := b.files[key]
	switch {
	case b.fails != nil:
		return objects.Object{}, b.fails
	case b.failing[key] != nil:
		return objects.Object{}, b.failing[key]
	case !ok:
		return objects.Object{}, fmt.Errorf("%s: %w", key, objects.ErrNotFound)
	}
	var body io.Reader = strings.NewReader(text)
	if b.torn {
		body = io.MultiReader(strings.NewReader(text[:len(text)/2]), failing{})
	}
	return objects.Object{Body: io.NopCloser(body), Size: int64(len(text))}, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func (b bucket) Put(_ context.Context, key, _ string, body []byte) error {
	return b.write(func() { b.files[key] = string(body) })
}

// receiver returns the receiver of another process.
func (w *world) receiver() *inventories.Receiver {
	n := 0
	return &inventories.Receiver{
		Store: w, Counts: inventories.NewCounts(w, w.reports), Uploads: w.uploads, Clock: func() time.Time { return w.now },
		NewID: func(time.Time) string { n++; return fmt.Sprint("event ", n) }, Log: slog.New(slog.DiscardHandler),
	}
}

// put adds a file to the uploads bucket.
func (w *world) put(key, content string, at time.Time) intake.Object {
	w.uploads.files[key] = content
	return intake.Object{Key: key, Version: "v" + at.Format(time.TimeOnly), ETag: "e", Size: int64(len(content)), At: at, By: "AWS:admin"}
}

// counted returns what counts, by source: the file and its devices.
func (w *world) counted(t *testing.T) map[string]string {
	t.Helper()
	tallies, err := inventories.NewCounts(w, w.reports).Tallies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]string{}
	for _, c := range tallies {
		counted[c.Source] = fmt.Sprintf("%s %d", c.Key, c.Tally.Devices)
	}
	return counted
}

// kinds returns the kinds of the titles that count, and their number.
func (w *world) kinds(t *testing.T) map[inventory.Kind]int {
	t.Helper()
	tallies, err := inventories.NewCounts(w, w.reports).Tallies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[inventory.Kind]int{}
	for _, c := range tallies {
		for _, title := range c.Tally.Titles {
			kinds[title.Decision.Kind]++
		}
	}
	return kinds
}

const head = "ApplicationName,ApplicationPublisher,DeviceId\n"

// devices returns a report of n devices.
func devices(n int) string {
	var b strings.Builder
	b.WriteString(head)
	for i := range n {
		fmt.Fprintf(&b, "Microsoft Visio Professional 2019,Microsoft,pc%d\n", i)
	}
	return b.String()
}

func TestR6_1_Receive(t *testing.T) {
	t.Parallel()
	const glpi = `{"deviceid": "g1", "content": {"softwares": [{"name": "Visio", "publisher": "Microsoft"}]}}`
	type file struct {
		key, content string
		at           int // seconds
	}
	for name, c := range map[string]struct {
		files []file // in the order of their events
		want  map[string]string
		last  map[string]string // state of the newest file of each source
	}{
		"the first": {[]file{{"inventory/a.csv", devices(2), 0}}, map[string]string{"intune": "inventory/a.csv 2"}, map[string]string{"intune": "counted"}},
		"a newer one replaces it, whatever it is called": {
			[]file{{"inventory/a.csv", devices(2), 0}, {"inventory/b.csv", devices(1), 1}},
			map[string]string{"intune": "inventory/b.csv 1"},
			map[string]string{"intune": "counted"},
		},
		"both reports of Intune are of the same PCs": {
			[]file{{"inventory/a.csv", devices(2), 0}, {"inventory/b.csv", "ApplicationName,ApplicationPublisher,DeviceCount\nMicrosoft Visio Professional 2019,Microsoft,7\n", 1}},
			map[string]string{"intune": "inventory/b.csv 7"},
			map[string]string{"intune": "counted"},
		},
		"an older one that comes late": {
			[]file{{"inventory/b.csv", devices(1), 1}, {"inventory/a.csv", devices(2), 0}},
			map[string]string{"intune": "inventory/b.csv 1"},
			map[string]string{"intune": "counted"},
		},
		"one in a folder, late": {
			[]file{{"inventory/x/b.csv", devices(1), 1}, {"inventory/x/a.csv", devices(2), 0}},
			map[string]string{"x": "inventory/x/b.csv 1"},
			map[string]string{"x": "counted"},
		},
		"of the same moment, in either order": {
			[]file{{"inventory/x/b.csv", devices(1), 0}, {"inventory/x/a.csv", devices(2), 0}},
			map[string]string{"x": "inventory/x/b.csv 1"},
			map[string]string{"x": "counted"},
		},
		"of the same moment, in the other order": {
			[]file{{"inventory/x/a.csv", devices(2), 0}, {"inventory/x/b.csv", devices(1), 0}},
			map[string]string{"x": "inventory/x/b.csv 1"},
			map[string]string{"x": "counted"},
		},
		"sources are folders, and what a file is without one": {
			[]file{
				{"inventory/a.csv", devices(2), 0},
				{"inventory/g.json", glpi, 0},
				{"inventory/Head Office/a.csv", devices(3), 0},
				{"inventory/head  office/b.csv", devices(4), 1},
				{"inventory/emea/nl/a.csv", devices(5), 0},
			},
			map[string]string{
				"intune": "inventory/a.csv 2", "glpi": "inventory/g.json 1",
				"head office": "inventory/head  office/b.csv 4", "emea/nl": "inventory/emea/nl/a.csv 5",
			},
			map[string]string{"intune": "counted", "glpi": "counted", "head office": "counted", "emea/nl": "counted"},
		},
		"R6.4 a bad row": {[]file{{"inventory/a.csv", devices(1) + "x\n", 0}}, map[string]string{"intune": "inventory/a.csv 1"}, map[string]string{"intune": "counted"}},
		"what is no inventory": {
			[]file{{"inventory/a.csv", devices(2), 0}, {"inventory/notes.txt", "nothing of the kind", 1}},
			map[string]string{"intune": "inventory/a.csv 2"},
			map[string]string{"intune": "counted", "unknown": "inventory_format"},
		},
		"what is no inventory under the name of one": {
			[]file{{"inventory/a.csv", devices(2), 0}, {"inventory/a.csv", "nothing of the kind", 1}},
			map[string]string{"intune": "inventory/a.csv 2"},
			map[string]string{"intune": "inventory_format"},
		},
		"a damaged archive": {
			[]file{{"inventory/x/a.csv", devices(2), 0}, {"inventory/x/a.zip", "PK\x03\x04 and no more", 1}},
			map[string]string{"x": "inventory/x/a.csv 2"},
			map[string]string{"x": "inventory_archive"},
		},
		"no row": {
			[]file{{"inventory/x/a.csv", devices(2), 0}, {"inventory/x/b.csv", head, 1}},
			map[string]string{"x": "inventory/x/a.csv 2"},
			map[string]string{"x": "inventory_empty"},
		},
		"nothing": {
			[]file{{"inventory/x/a.csv", devices(2), 0}, {"inventory/x/b.csv", "", 1}},
			map[string]string{"x": "inventory/x/a.csv 2"},
			map[string]string{"x": "inventory_format"},
		},
		"no device": {
			[]file{{"inventory/x/a.csv", devices(2), 0}, {"inventory/x/b.csv", head + "Microsoft Visio Professional 2019,Microsoft,\n", 1}},
			map[string]string{"x": "inventory/x/a.csv 2"},
			map[string]string{"x": "inventory_empty"},
		},
		"a good one after a bad one": {
			[]file{{"inventory/x/a.csv", "no", 0}, {"inventory/x/b.csv", devices(2), 1}},
			map[string]string{"x": "inventory/x/b.csv 2"},
			map[string]string{"x": "counted"},
		},
		"a good one before a bad one, late": {
			[]file{{"inventory/x/a.csv", devices(1), 0}, {"inventory/x/c.csv", "no", 2}, {"inventory/x/b.csv", devices(2), 1}},
			map[string]string{"x": "inventory/x/b.csv 2"},
			map[string]string{"x": "inventory_format"},
		},
		"a bad one before a good one, late": {
			[]file{{"inventory/b.csv", devices(2), 1}, {"inventory/b.csv", "no", 0}},
			map[string]string{"intune": "inventory/b.csv 2"},
			map[string]string{"intune": "counted"},
		},
		"a folder": {[]file{{"inventory/folder.d/", "", 0}}, map[string]string{}, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			r := w.receiver()
			for _, f := range c.files {
				if err := r.Receive(t.Context(), w.put(f.key, f.content, noon.Add(time.Duration(f.at)*time.Second))); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(c.want, w.counted(t)); diff != "" {
				t.Errorf("what counts (-want +got):\n%s", diff)
			}
			last := map[string]string{}
			for source, record := range w.records {
				if last[source] = string(record.Last.State); record.Last.State == inventories.StateRefused {
					last[source] = record.Last.Reason
				}
			}
			if diff := cmp.Diff(c.last, last); diff != "" {
				t.Errorf("what became of the newest file (-want +got):\n%s", diff)
			}
			before, events := maps.Clone(w.records), len(w.events)
			for _, f := range c.files { // S3 may deliver twice; missing files are ignored
				u := w.put(f.key, f.content, noon.Add(time.Duration(f.at)*time.Second))
				if err := r.Receive(t.Context(), u); err != nil {
					t.Fatal(err)
				}
				u.At = u.At.Add(time.Hour)
				delete(w.uploads.files, f.key)
				if u.Version += " gone"; r.Receive(t.Context(), u) != nil {
					t.Error("a file that is gone comes again for ever")
				}
			}
			if diff := cmp.Diff(before, w.records); diff != "" || len(w.events) != events {
				t.Errorf("what the same events changed (-want +got):\n%s", diff)
			}
		})
	}
}

// The record and the audit events say what the result of a file is.
func TestR6_1_Record(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := w.receiver()
	u := w.put("inventory/x/a.csv", devices(2)+"Acrobat,Adobe,pc1\nTool nobody knows,Maker,pc1\nbad\n", noon)
	if err := r.Receive(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	record := w.records["x"]
	u.Size = int64(len(w.uploads.files[u.Key]))
	want := inventories.Record{
		Source: "x", Version: 1,
		Last: inventories.File{Object: u, ReadAt: noon.Add(time.Hour), State: inventories.StateCounted},
		Good: &inventories.Good{
			Object: u, ReadAt: noon.Add(time.Hour), Shape: inventory.AppInvRawData, Rules: inventory.StartingRules().ID, Rows: 5, BadRows: 1,
			Devices: 2, Titles: 3, Unknown: 2, Products: 1, Tally: record.Good.Tally, PCs: record.Good.PCs,
		},
	}
	if diff := cmp.Diff(want, record); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	bad := w.put("inventory/x/a.csv", "bad", noon.Add(time.Second))
	if err := r.Receive(t.Context(), bad); err != nil {
		t.Fatal(err)
	}
	event := audit.Event{At: noon.Add(time.Hour), By: "AWS:admin", Subject: "inventory/x", Source: audit.SourceImport}
	received, refused := event, event
	received.ID, received.Action = "event 1", "inventory.received"
	received.After = map[string]string{"file": "inventory/x/a.csv", "devices": "2", "titles": "3", "badRows": "1"}
	refused.ID, refused.Action = "event 2", "inventory.refused"
	refused.After = map[string]string{"file": "inventory/x/a.csv", "reason": "inventory_format"}
	if diff := cmp.Diff([]audit.Event{received, refused}, w.events); diff != "" {
		t.Errorf("audit events (-want +got):\n%s", diff)
	}
	summary, err := w.Summary(t.Context())
	if want := (inventory.Summary{Devices: 2, Titles: 3}); err != nil || summary != want {
		t.Errorf("R2.8: %+v, %v, want %+v", summary, err, want)
	}
}

// The record has the devices that do not count, and a list of one PC is named by its file.
func TestR6_1_OtherPlatforms(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for key, file := range map[string]string{
		"inventory/intune.csv": "ApplicationName,DeviceId,Platform\nA,pc,Windows\nA,phone,iOS\nB,phone,iOS\nA,mac,macOS\n",
		"inventory/pc-7.csv":   "DisplayName,DisplayVersion,Publisher\nA,1,P\n",
	} {
		if err := w.receiver().Receive(t.Context(), w.put(key, file, noon)); err != nil {
			t.Fatal(err)
		}
	}
	intune, registry := w.records["intune"].Good, w.records["powershell"].Good
	if diff := cmp.Diff([]inventory.PlatformCount{{Platform: "iOS", Devices: 1}, {Platform: "macOS", Devices: 1}}, intune.OtherPlatforms); diff != "" || intune.Devices != 1 {
		t.Errorf("%d devices (-want +got):\n%s", intune.Devices, diff)
	}
	if registry.Devices != 1 || registry.OtherPlatforms != nil {
		t.Errorf("%+v", registry)
	}
}

// A choice about macOS counts the current file again.
func TestR6_1_MacOSIsCountedByChoice(t *testing.T) {
	t.Parallel()
	w := newWorld()
	if err := w.receiver().Receive(t.Context(), w.put("inventory/intune.csv", "ApplicationName,DeviceId,Platform\nA,pc,Windows\nA,mac,macOS\n", noon)); err != nil {
		t.Fatal(err)
	}
	for _, macOS := range []bool{true, true, false} {
		r := w.receiver()
		r.MacOS = macOS
		before := w.records["intune"]
		if err := r.Recount(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
		now, devices := w.records["intune"], map[bool]int{true: 2, false: 1}[macOS]
		if again := now.Version > before.Version; now.Good.Devices != devices || now.Good.MacOS != macOS || again == (before.Good.MacOS == macOS) {
			t.Errorf("macOS %v: %d devices, %v, counted again %v", macOS, now.Good.Devices, now.Good.MacOS, again)
		}
	}
}

// Whichever write fails, executed or not, either the old or the new tally counts, and the next
// delivery finishes the work.
func TestR6_1_ReceiveDiesAnywhere(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		for _, done := range []bool{false, true} {
			w := newWorld()
			if err := w.receiver().Receive(t.Context(), w.put("inventory/a.csv", devices(1), noon)); err != nil {
				t.Fatal(err)
			}
			w.faults = faults{at: at, done: done}
			u := w.put("inventory/b.csv", devices(2), noon.Add(time.Second))
			err := w.receiver().Receive(t.Context(), u)
			if err == nil {
				if at != 4 {
					t.Errorf("%d writes, want the tally, the PCs and the record", at-1)
				}
				return
			}
			if !errors.Is(err, errFault) {
				t.Fatalf("write %d: %v", at, err)
			}
			if got := w.counted(t)["intune"]; got != "inventory/a.csv 1" && got != "inventory/b.csv 2" {
				t.Errorf("write %d, done %v: %s counts", at, done, got)
			}
			if err := w.receiver().Receive(t.Context(), u); err != nil {
				t.Fatal(err)
			}
			if got := w.counted(t)["intune"]; got != "inventory/b.csv 2" {
				t.Errorf("write %d, done %v, once more: %s counts", at, done, got)
			}
		}
	}
}

// A file is not refused because the bucket fails.
func TestR6_1_FaultsOfTheBucket(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(*bucket){
		"it does not open":    func(b *bucket) { b.fails = errFault },
		"it breaks off":       func(b *bucket) { b.torn = true },
		"an archive does too": func(b *bucket) { b.torn = true; b.files["inventory/a.csv"] = "PK\x03\x04" + devices(9) },
	} {
		w := newWorld()
		u := w.put("inventory/a.csv", devices(2), noon)
		fail(&w.uploads)
		if err := w.receiver().Receive(t.Context(), u); err == nil || errs.As(err) != nil || len(w.records) > 0 {
			t.Errorf("%s: %v, %v", name, err, w.records)
		}
	}
}

// Concurrent counts of two files of a source leave the newer one.
func TestR6_1_FilesRace(t *testing.T) {
	t.Parallel()
	for name, seconds := range map[string][2]int{"the newer wins": {0, 1}, "the older loses": {1, 0}} {
		w := newWorld()
		one := w.put("inventory/x/a.csv", devices(1), noon.Add(time.Duration(seconds[0])*time.Second))
		other := w.put("inventory/x/b.csv", devices(2), noon.Add(time.Duration(seconds[1])*time.Second))
		w.before = func() {
			if err := w.receiver().Receive(t.Context(), other); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.receiver().Receive(t.Context(), one); err != nil {
			t.Fatal(err)
		}
		want := "inventory/x/b.csv 2"
		if seconds[0] > seconds[1] {
			want = "inventory/x/a.csv 1"
		}
		if got := w.counted(t)["x"]; got != want || len(w.events) == 0 {
			t.Errorf("%s: %s counts, want %s", name, got, want)
		}
	}
}

// ruled sets rules of admins.
func (w *world) ruled(t *testing.T, rules ...inventory.Rule) {
	t.Helper()
	counts := inventories.NewCounts(w, w.reports)
	list, err := counts.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := counts.SetRules(t.Context(), list, rules, nil, once.Change{}); err != nil {
		t.Fatal(err)
	}
}

// TestR16_2_CountedAgain checks that a file which was counted again after a restore, from a
// listing of the bucket, is not counted once more when S3's own event arrives.
func TestR16_2_CountedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	own := w.put("inventory/x/a.csv", devices(2), noon.Add(123*time.Millisecond))
	own.Sequencer = "0055AED6DCD90281E5"
	listed := own
	listed.At, listed.Sequencer = noon, "000000000000000001"
	for _, u := range []intake.Object{listed, own, listed} {
		if err := w.receiver().Receive(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	if w.counted(t)["x"] != "inventory/x/a.csv 2" || len(w.events) != 1 {
		t.Errorf("%v, %d events", w.counted(t), len(w.events))
	}
}

// TestR16_2_RulesOfALaterBranch checks that a process with rules in its cache does not use them
// for other rules that got the same version after the store was restored.
func TestR16_2_RulesOfALaterBranch(t *testing.T) {
	t.Parallel()
	w := newWorld()
	rule := func(id, name string) inventory.Rule {
		return inventory.Rule{ID: id, Kind: inventory.Ignored, Name: name}
	}
	w.ruled(t, rule("r1", "*one*"))
	point := w.head
	w.ruled(t, rule("r2", "*two*"))
	warm := inventories.NewCounts(w, w.reports)
	check := func(when, want string) {
		t.Helper()
		for _, c := range []*inventories.Counts{warm, inventories.NewCounts(w, w.reports)} {
			list, err := c.Rules(t.Context())
			if err != nil || len(list.Admin) != 1 || list.Admin[0].ID != want {
				t.Errorf("%s: %+v, want %s: %v", when, list.Admin, want, err)
			}
		}
	}
	check("before", "r2")
	w.head = point
	check("put back", "r1")
	w.head.Version = 1
	w.ruled(t, rule("r3", "*three*"))
	check("another future", "r3")
	if w.head.Version != 2 {
		t.Errorf("version %d", w.head.Version)
	}
}

func TestR6_3_Recount(t *testing.T) {
	t.Parallel()
	ignore := inventory.Rule{ID: "r1", Kind: inventory.Ignored, Name: "*visio*"}
	for name, c := range map[string]struct {
		meanwhile func(*testing.T, *world) // called after the rules changed
		want      string                   // what counts
		kind      inventory.Kind           // kind of its title
		kept      string
	}{
		"the same file by the new rules": {nil, "inventory/x/a.csv 2", inventory.Ignored, ""},
		"the file is gone": {
			func(_ *testing.T, w *world) { delete(w.uploads.files, "inventory/x/a.csv") },
			"inventory/x/a.csv 2", inventory.Product, "inventory_gone",
		},
		"the file is no good any more": {
			func(_ *testing.T, w *world) { w.uploads.files["inventory/x/a.csv"] = head },
			"inventory/x/a.csv 2", inventory.Product, "inventory_empty",
		},
		"a newer file comes while it is counted": {
			func(t *testing.T, w *world) {
				newer := w.put("inventory/x/b.csv", devices(3), noon.Add(time.Second))
				w.before = func() {
					if err := w.receiver().Receive(t.Context(), newer); err != nil {
						t.Fatal(err)
					}
				}
			}, "inventory/x/b.csv 3", inventory.Ignored, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			r := w.receiver()
			if err := r.Receive(t.Context(), w.put("inventory/x/a.csv", devices(2), noon)); err != nil {
				t.Fatal(err)
			}
			w.ruled(t, ignore)
			if c.meanwhile != nil {
				c.meanwhile(t, w)
			}
			writes := 0
			for range 3 { // the second and the third time have nothing to do
				if err := r.Recount(t.Context(), ""); err != nil {
					t.Fatal(err)
				}
				if writes == 0 {
					writes = w.writes
				}
			}
			if w.writes != writes {
				t.Errorf("%d writes in all, and %d the first time", w.writes, writes)
			}
			tallies, err := r.Counts.Tallies(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := tallies[0].Tally
			if w.counted(t)["x"] != c.want || got.Titles[0].Decision.Kind != c.kind || w.records["x"].Good.Kept != c.kept {
				t.Errorf("%v counts, and its title is %q (%s)", w.counted(t), got.Titles[0].Decision.Kind, w.records["x"].Good.Kept)
			}
			if last := w.records["x"].Last; last.State != inventories.StateCounted {
				t.Errorf("the newest file is %q", last.State)
			}
		})
	}
}

// TestR6_3_RecountAllAtOnce: new rules count for all sources or for none, whatever happens meanwhile.
func TestR6_3_RecountAllAtOnce(t *testing.T) {
	t.Parallel()
	ignore := inventory.Rule{ID: "r1", Kind: inventory.Ignored, Name: "*visio*"}
	free := inventory.Rule{ID: "r2", Kind: inventory.Free, Name: "*visio*"}
	for name, c := range map[string]struct {
		sources   int
		meanwhile func(*testing.T, *world) // after the rules changed
		again     func(*testing.T, *world) // after a recount that failed; nil if it must not fail
		before    inventory.Kind           // of all titles after the recount that failed
		want      map[inventory.Kind]int
	}{
		"more than fit in a transaction": {sources: 101, want: map[inventory.Kind]int{inventory.Ignored: 101}},
		"one file cannot be read for a while": {
			sources: 3, before: inventory.Product,
			meanwhile: func(_ *testing.T, w *world) { w.uploads.failing["inventory/source 1/a.csv"] = errFault },
			again:     func(_ *testing.T, w *world) { clear(w.uploads.failing) },
			want:      map[inventory.Kind]int{inventory.Ignored: 3},
		},
		"the rules change again after some were counted": {
			sources: 3, before: inventory.Product,
			meanwhile: func(_ *testing.T, w *world) { w.uploads.failing["inventory/source 2/a.csv"] = errFault },
			again:     func(t *testing.T, w *world) { clear(w.uploads.failing); w.ruled(t, free) },
			want:      map[inventory.Kind]int{inventory.Free: 3},
		},
		"the rules change while it counts": {
			sources:   3,
			meanwhile: func(t *testing.T, w *world) { w.before = func() { w.ruled(t, free) } },
			want:      map[inventory.Kind]int{inventory.Free: 3},
		},
		"another process is faster": {
			sources: 3,
			meanwhile: func(t *testing.T, w *world) {
				w.before = func() {
					w.until = time.Time{} // as if the holder had stopped for longer than the lease
					if err := w.receiver().Recount(t.Context(), "another"); err != nil {
						t.Fatal(err)
					}
				}
			},
			want: map[inventory.Kind]int{inventory.Ignored: 3},
		},
		"a file is gone": {
			sources:   3,
			meanwhile: func(_ *testing.T, w *world) { delete(w.uploads.files, "inventory/source 1/a.csv") },
			want:      map[inventory.Kind]int{inventory.Ignored: 2, inventory.Product: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			for i := range c.sources {
				if err := w.receiver().Receive(t.Context(), w.put(fmt.Sprintf("inventory/source %d/a.csv", i), devices(1), noon)); err != nil {
					t.Fatal(err)
				}
			}
			w.ruled(t, ignore)
			if c.meanwhile != nil {
				c.meanwhile(t, w)
			}
			err := w.receiver().Recount(t.Context(), "")
			if c.again != nil {
				if diff := cmp.Diff(map[inventory.Kind]int{c.before: c.sources}, w.kinds(t)); diff != "" || err == nil {
					t.Errorf("%v (-want +got):\n%s", err, diff)
				}
				c.again(t, w)
				err = w.receiver().Recount(t.Context(), "")
			}
			if diff := cmp.Diff(c.want, w.kinds(t)); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			events := 0
			for _, e := range w.events {
				if e.Action == "inventory.recounted" {
					events++
				}
			}
			if counted := c.sources - c.want[inventory.Product]; events != counted {
				t.Errorf("%d events for %d files", events, counted)
			}
			for _, r := range w.records {
				if r.Next != nil {
					t.Errorf("%s still waits", r.Source)
				}
			}
		})
	}
}

func TestR6_3_RecountDiesAnywhere(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		for _, done := range []bool{false, true} {
			w := newWorld()
			for i, key := range []string{"inventory/x/a.csv", "inventory/y/a.csv"} {
				if err := w.receiver().Receive(t.Context(), w.put(key, devices(i+1), noon)); err != nil {
					t.Fatal(err)
				}
			}
			w.ruled(t, inventory.Rule{ID: "r1", Kind: inventory.Ignored, Name: "*visio*"})
			w.faults = faults{at: at, done: done}
			err := w.receiver().Recount(t.Context(), "")
			if err == nil {
				if at != 10 {
					t.Errorf("%d writes, want three for each source, one for all, and two of the lease", at-1)
				}
				return
			}
			if kinds := w.kinds(t); len(kinds) != 1 {
				t.Errorf("write %d, done %v: sources by different rules: %v", at, done, kinds)
			}
			want := map[string]string{"x": "inventory/x/a.csv 1", "y": "inventory/y/a.csv 2"}
			if diff := cmp.Diff(want, w.counted(t)); diff != "" {
				t.Errorf("write %d, done %v (-want +got):\n%s", at, done, diff)
			}
			if err := w.receiver().Recount(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
			rules, err := w.receiver().Counts.Rules(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, record := range w.records {
				if record.Outdated(rules.All) {
					t.Errorf("write %d, done %v: %s is still by other rules", at, done, record.Source)
				}
			}
		}
	}
}

// An object that does not match its key is a fault, never a wrong number.
func TestCountsReadWhatWasStored(t *testing.T) {
	t.Parallel()
	w := newWorld()
	if err := w.receiver().Receive(t.Context(), w.put("inventory/a.csv", devices(2), noon)); err != nil {
		t.Fatal(err)
	}
	w.ruled(t, inventory.Rule{ID: "r1", Kind: inventory.Ignored, Name: "*visio*"})
	for key, content := range w.reports.files {
		for _, damaged := range []string{content[:len(content)-1], string(bytes.ToUpper([]byte(content))) + "x", ""} {
			w.reports.files[key] = damaged
			counts := inventories.NewCounts(w, w.reports)
			_, tallies := counts.Tallies(t.Context())
			_, rules := counts.Rules(t.Context())
			_, _, pcs := counts.Indexed(t.Context())
			if err := errors.Join(tallies, rules, pcs); err == nil || errs.As(err) != nil {
				t.Errorf("%s as %.20q: %v", key, damaged, err)
			}
		}
		w.reports.files[key] = content
	}
	counts := inventories.NewCounts(w, w.reports)
	first, err := counts.Tallies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clear(w.reports.files)
	if again, err := counts.Tallies(t.Context()); err != nil || again[0].Tally != first[0].Tally {
		t.Errorf("read again: %v", err)
	}
}
