package inventories_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/day"
	"trueup/internal/intake"
	"trueup/internal/inventories"
	"trueup/internal/inventory"
	"trueup/internal/objects"
	"trueup/internal/retention"
)

// found returns how a device is found in the sources, and the sources without PCs.
func (w *world) found(t *testing.T, c *inventories.Counts, name string) (inventory.Match, []inventory.Unsearched) {
	t.Helper()
	sources, without, err := c.Indexed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return inventory.Select(sources, []inventory.Sought{{Name: name}}).Matches[0], without
}

// TestR8_2_PCsOfSources: the PCs of a source are those of its current file, and a source without them says why.
func TestR8_2_PCsOfSources(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := w.receiver()
	receive := func(key, content string, second int) {
		t.Helper()
		if err := r.Receive(t.Context(), w.put(key, content, noon.Add(time.Duration(second)*time.Second))); err != nil {
			t.Fatal(err)
		}
	}
	receive("inventory/a/one.csv", devices(3), 0)
	receive("inventory/b/numbers.csv", "ApplicationName,ApplicationPublisher,DeviceCount\nMicrosoft Visio Professional 2019,Microsoft,7\n", 0)
	counts := inventories.NewCounts(w, w.reports)
	numbers := inventory.Unsearched{Source: "b", Reason: inventory.WithoutDevices, PCs: 7}
	check := func(name string, want inventory.Match, without ...inventory.Unsearched) {
		t.Helper()
		for _, c := range []*inventories.Counts{counts, inventories.NewCounts(w, w.reports)} {
			got, other := w.found(t, c, name)
			if got != want || !slices.Equal(other, without) {
				t.Errorf("%s: %s, %v", name, got, other)
			}
		}
	}
	check("PC2", inventory.MatchName, numbers)
	receive("inventory/a/two.csv", devices(2), 1)
	check("PC2", inventory.MatchNone, numbers)
	check("PC1", inventory.MatchName, numbers)

	a := w.records["a"]
	lost := *a.Good
	for _, test := range []struct {
		change func(*inventories.Good)
		want   inventory.Unsearchable
	}{
		{func(g *inventories.Good) { g.PCs = "" }, inventory.NotYetCounted},
		{func(g *inventories.Good) { g.PCs, g.Kept = "", "inventory_gone" }, inventory.FileGone},
		{func(g *inventories.Good) { g.PCs, g.Devices = "", inventory.MaxPCs+1 }, inventory.TooManyDevices},
		{func(g *inventories.Good) { g.PCs = inventories.PCs + "2026-11-01/deleted" }, inventory.FileGone},
	} {
		good := lost
		test.change(&good)
		a.Good = &good
		w.records["a"] = a
		check("PC1", inventory.MatchNone, inventory.Unsearched{Source: "a", Reason: test.want, PCs: good.Devices}, numbers)
	}
}

// TestPCsThatAreReplacedMeanwhile: an object that is deleted between the read of its record and its own is read
// from the new record.
func TestPCsThatAreReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld()
	r := w.receiver()
	if err := r.Receive(t.Context(), w.put("inventory/a/one.csv", devices(3), noon)); err != nil {
		t.Fatal(err)
	}
	now := w.records["a"]
	before := now
	good := *now.Good
	good.PCs = inventories.PCs + "2026-11-01/deleted"
	before.Good = &good
	w.records["a"] = before
	reads := 0
	w.calls = func() {
		if reads++; reads == 2 {
			w.records["a"] = now
		}
	}
	if got, without := w.found(t, inventories.NewCounts(w, w.reports), "PC2"); got != inventory.MatchName || without != nil {
		t.Errorf("%s, %v", got, without)
	}
}

// TestDamagedPCs: damage is a fault, and never a report of fewer PCs.
func TestDamagedPCs(t *testing.T) {
	t.Parallel()
	w := newWorld()
	if err := w.receiver().Receive(t.Context(), w.put("inventory/a/one.csv", devices(3), noon)); err != nil {
		t.Fatal(err)
	}
	key := w.records["a"].Good.PCs
	if !strings.HasPrefix(key, "inventory/pcs/2026-11-21/") {
		t.Errorf("key %s", key)
	}
	w.reports.files[key] = w.reports.files[key][1:]
	if _, _, err := inventories.NewCounts(w, w.reports).Indexed(t.Context()); err == nil {
		t.Error("no error")
	}
}

// TestReplacedPCsAreForgotten: in the next night, unless they are of today or yesterday, and those of a file that
// is too old to be kept itself.
func TestReplacedPCsAreForgotten(t *testing.T) {
	t.Parallel()
	b := &tallies{stored: []objects.Listed{
		{Key: "inventory/pcs/2026-08-02/uploads-gone"},
		{Key: "inventory/pcs/2026-10-02/used"},
		{Key: "inventory/pcs/2026-10-02/waits"},
		{Key: "inventory/pcs/2026-10-02/old"},
		{Key: "inventory/pcs/2026-11-27/old"},
		{Key: "inventory/pcs/2026-11-28/yesterday"},
		{Key: "inventory/pcs/2026-11-29/today"},
	}}
	of := func(arrived day.Date, key string) *inventories.Good {
		at, _ := arrived.Time()
		return &inventories.Good{Object: intake.Object{At: at}, PCs: key}
	}
	s := sources{records: []inventories.Record{
		{Source: "a", Good: of("2026-08-30", "inventory/pcs/2026-10-02/used"), Next: of("2026-08-30", "inventory/pcs/2026-10-02/waits")},
		{Source: "b"},
		{Source: "c", Good: of("2026-08-29", "inventory/pcs/2026-08-02/uploads-gone")},
	}}
	for _, days := range []int{0, 365} { // however long other data is kept
		b.deleted = nil
		n, err := inventories.ForgetPCs(s, b).Forget(t.Context(), retention.CutoffOn("2026-11-29", days))
		if err != nil || n != 3 {
			t.Errorf("%d deleted, %v", n, err)
		}
		if diff := cmp.Diff([]string{"inventory/pcs/2026-08-02/uploads-gone", "inventory/pcs/2026-10-02/old", "inventory/pcs/2026-11-27/old"}, b.deleted); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
