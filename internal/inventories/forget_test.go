package inventories_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/inventories"
	"trueup/internal/objects"
	"trueup/internal/retention"
)

type tallies struct {
	objects.Bucket
	stored  []objects.Listed
	deleted []string
}

func (b *tallies) List(context.Context, string) ([]objects.Listed, error) { return b.stored, nil }

func (b *tallies) Delete(_ context.Context, keys ...string) error {
	b.deleted = append(b.deleted, keys...)
	return nil
}

type sources struct {
	inventories.Store
	records []inventories.Record
}

func (s sources) Records(context.Context) ([]inventories.Record, error) { return s.records, nil }

// Old tallies that no source has are deleted. A tally of the month of the cutoff stays: a file of
// that month could still store the same tally again.
func TestOldTalliesAreForgotten(t *testing.T) {
	t.Parallel()
	at := func(day string) time.Time {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	b := &tallies{stored: []objects.Listed{
		{Key: "inventory/tallies/2026-07/old", Modified: at("2026-07-09")},
		{Key: "inventory/tallies/2026-07/used", Modified: at("2026-07-09")},
		{Key: "inventory/tallies/2026-07/waits", Modified: at("2026-07-09")},
		{Key: "inventory/tallies/2026-07/late", Modified: at("2026-09-25")},
		{Key: "inventory/tallies/2026-09/month", Modified: at("2026-09-02")},
		{Key: "inventory/tallies/2026-11/new", Modified: at("2026-11-02")},
		{Key: "inventory/tallies/earlier", Modified: at("2026-07-09")},
		{Key: "inventory/tallies/earlierused", Modified: at("2026-07-09")},
		{Key: "inventory/tallies/earliernew", Modified: at("2026-11-02")},
	}}
	s := sources{records: []inventories.Record{
		{Source: "a", Good: &inventories.Good{Tally: "inventory/tallies/2026-07/used"}},
		{Source: "b"},
		{Source: "c", Good: &inventories.Good{Tally: "inventory/tallies/earlierused"}, Next: &inventories.Good{Tally: "inventory/tallies/2026-07/waits"}},
	}}
	for days, want := range map[int][]string{0: nil, 30: {"inventory/tallies/2026-07/old", "inventory/tallies/earlier"}} {
		b.deleted = nil
		n, err := inventories.Forget(s, b).Forget(t.Context(), retention.CutoffOn("2026-11-29", days))
		if err != nil || n != len(want) {
			t.Errorf("%d days: %d deleted, %v", days, n, err)
		}
		slices.Sort(b.deleted)
		if diff := cmp.Diff(want, b.deleted); diff != "" {
			t.Errorf("%d days (-want +got):\n%s", days, diff)
		}
	}
}
