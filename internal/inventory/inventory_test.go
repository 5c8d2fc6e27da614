package inventory_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/audit"
	"trueup/internal/inventory"
)

// kept is a store of one summary.
type kept struct {
	summary inventory.Summary
	events  []audit.Event
}

func (k *kept) Summary(context.Context) (inventory.Summary, error) { return k.summary, nil }

func (k *kept) SetSummary(_ context.Context, s inventory.Summary, events ...audit.Event) error {
	k.summary, k.events = s, events
	return nil
}

func TestSummarizeR2_8(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	tally := read(t, header+row("d1", "Photoshop", "Adobe")+row("d2", "PHOTOSHOP", "Adobe")+"x\n")
	var store kept
	event := audit.Event{ID: "e1", At: noon, Action: "inventory.replaced", Source: audit.SourceImport}
	s, err := inventory.Summarize(t.Context(), &store, tally, "inventory/a.csv", noon, event)
	if err != nil || !s.Known() {
		t.Fatalf("%+v, %v", s, err)
	}
	event.Subject = "inventory"
	event.After = map[string]string{"source": "inventory/a.csv", "devices": "2", "titles": "1", "badRows": "1"}
	want := kept{inventory.Summary{Devices: 2, Titles: 1, At: noon, Source: "inventory/a.csv"}, []audit.Event{event}}
	if diff := cmp.Diff(want, store, cmp.AllowUnexported(kept{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKnownR2_8(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		devices, titles int
		want            bool
	}{{0, 0, false}, {1, 0, false}, {0, 1, false}, {1, 1, true}} {
		if got := (inventory.Summary{Devices: test.devices, Titles: test.titles}).Known(); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}
