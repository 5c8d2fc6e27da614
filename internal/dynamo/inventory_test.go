package dynamo_test

import (
	"testing"
	"time"

	"trueup/internal/audit"
	"trueup/internal/inventory"
)

func TestR2_8_InventorySummary(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	got, err := s.Summary(ctx)
	must(t, err)
	equal(t, "before the first", got, inventory.Summary{})
	for _, want := range []inventory.Summary{
		{Devices: 2, Titles: 3, At: noon, Source: "inventory/a.csv"},
		{Devices: 1, Titles: 1, At: noon.Add(time.Hour), Source: "inventory/b.csv"},
	} {
		must(t, s.SetSummary(ctx, want, edited("inventory.received")))
		got, err := s.Summary(ctx)
		must(t, err)
		equal(t, "summary", got, want)
	}
	events, err := s.Events(ctx, audit.Query{From: noon, To: noon.Add(time.Hour), Action: "inventory.received", Limit: 10})
	must(t, err)
	equal(t, "audit events", len(events.Items), 2)
}
