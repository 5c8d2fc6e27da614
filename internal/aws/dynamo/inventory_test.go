package dynamo_test

import (
	"errors"
	"testing"
	"time"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/inventories"
	"trueup/internal/inventory"
	"trueup/internal/once"
)

func TestR6_1_InventoryRecords(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	summary, err := s.Inventories.Summary(ctx)
	must(t, err)
	equal(t, "R2.8 before the first", summary, inventory.Summary{})

	upload := intake.Object{Key: "inventory/a.csv", Version: "v", ETag: "e", Sequencer: "0A", Size: 7, At: noon, By: "AWS:admin"}
	refused := inventories.File{Object: upload, ReadAt: noon.Add(time.Second), State: inventories.StateRefused, Reason: "inventory_format", Args: errs.Pairs("a", "b")}
	good := &inventories.Good{
		Object: upload, ReadAt: noon.Add(time.Minute), Shape: inventory.GLPI, Estimated: true, Rules: "r", Rows: 1, BadRows: 2,
		Devices: 3, MacOS: true, OtherPlatforms: []inventory.PlatformCount{{Platform: "Linux", Devices: 1}, {Platform: "iOS", Devices: 2}}, Titles: 4, Unknown: 5, Products: 6, Tally: "inventory/tallies/t", Kept: "inventory_gone",
	}
	records := []inventories.Record{
		{Source: "a", Last: refused, Version: 1},
		{Source: "b", Last: refused, Good: good, Version: 1},
		{Source: "c", Last: inventories.File{Object: upload, State: inventories.StateCounted}, Good: good, Next: good, Version: 1},
	}
	must(t, s.Inventories.SaveRecords(ctx, records[:1], edited("inventory.received")))
	must(t, s.Inventories.SaveRecords(ctx, records[1:], edited("inventory.received"), edited("inventory.received"))) // all at once
	got, err := s.Inventories.Records(ctx)
	must(t, err)
	equal(t, "records", got, records)
	summary, err = s.Inventories.Summary(ctx)
	must(t, err)
	equal(t, "R2.8 the sum of the sources", summary, inventory.Summary{Devices: 6, Titles: 8})

	for name, version := range map[string]int64{"a second first": 1, "a version that is not there": 3} {
		if err := s.Inventories.SaveRecords(ctx, []inventories.Record{{Source: "a", Version: version}}); errs.KindOf(err) != errs.Stale {
			t.Errorf("%s: %v", name, err)
		}
	}
	both := []inventories.Record{records[1], {Source: "a", Version: 3}}
	if both[0].Version = 2; errs.KindOf(s.Inventories.SaveRecords(ctx, both)) != errs.Stale {
		t.Error("one of two has another version")
	}
	got, err = s.Inventories.Records(ctx)
	must(t, err)
	equal(t, "neither is stored", got, records)
	records[0].Version, records[0].Good = 2, good
	must(t, s.Inventories.SaveRecords(ctx, records[:1], edited("inventory.received")))
	got, err = s.Inventories.Records(ctx)
	must(t, err)
	equal(t, "records", got, records)
	events, err := s.Audit.Events(ctx, audit.Query{From: noon, To: noon.Add(time.Hour), Action: "inventory.received", Limit: 10})
	must(t, err)
	equal(t, "audit events", len(events.Items), 4)
}

func TestR6_3_RulesHead(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	none, err := s.Inventories.RulesHead(ctx)
	must(t, err)
	equal(t, "before the first", none, inventories.RulesHead{})
	answer := once.Entry{Key: "ann/k", BodyHash: "b", Response: []byte("first"), Expires: noon.Add(time.Hour)}
	one, two := inventories.RulesHead{Version: 1, Key: "one"}, inventories.RulesHead{Version: 2, Key: "two"}
	first, err := s.Inventories.SetRulesHead(ctx, one, once.Change{Event: edited("rule.added"), Entry: answer})
	must(t, err)
	equal(t, "the first answer", len(first), 0)
	first, err = s.Inventories.SetRulesHead(ctx, two, once.Change{Event: edited("rule.added"), Entry: answer})
	must(t, err)
	equal(t, "the repeated one", string(first), "first")
	if _, err := s.Inventories.SetRulesHead(ctx, one, once.Change{Event: edited("rule.added")}); errs.KindOf(err) != errs.Stale {
		t.Errorf("an old version: %v", err)
	}
	got, err := s.Inventories.RulesHead(ctx)
	must(t, err)
	equal(t, "the head", got, one)
	_, err = s.Inventories.SetRulesHead(ctx, two, once.Change{Event: edited("rule.added")})
	must(t, err)
	got, err = s.Inventories.RulesHead(ctx)
	must(t, err)
	equal(t, "the next head", got, two)
}

func TestR6_3_RecountLease(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t).Inventories
	acquire := func(holder string, after time.Duration) error {
		return s.AcquireRecount(ctx, holder, noon.Add(after), noon.Add(after+time.Minute))
	}
	busy := func(when string, err error) {
		t.Helper()
		if !errors.Is(err, inventories.ErrRecounting) {
			t.Errorf("%s: %v", when, err)
		}
	}
	must(t, s.ReleaseRecount(ctx, "nobody")) // none was ever held
	must(t, acquire("a", 0))
	busy("held", acquire("b", time.Minute))
	must(t, acquire("a", time.Minute)) // extends it
	busy("extended", acquire("b", 2*time.Minute))
	must(t, s.ReleaseRecount(ctx, "b")) // it is another's
	busy("still held", acquire("b", 2*time.Minute))
	must(t, acquire("b", 2*time.Minute+time.Millisecond)) // it has ended
	busy("lost", acquire("a", 2*time.Minute+time.Second))
	must(t, s.ReleaseRecount(ctx, "a"))
	busy("not released by a holder that lost it", acquire("a", 2*time.Minute+time.Second))
	must(t, s.ReleaseRecount(ctx, "b"))
	must(t, acquire("a", 0)) // free, by whatever clock
	records, err := s.Records(ctx)
	must(t, err)
	equal(t, "the lease is no source", len(records), 0)
}
