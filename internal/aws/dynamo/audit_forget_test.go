package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/testkit/storetest"
)

// Events before a time are deleted, in shards and in the partitions of days of earlier releases, in
// several attempts. Other events stay.
func TestSPEC12_ForgetsOldEvents(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	s := dynamo.Open(client, table, dynamo.PageSize(3))
	before := noon.Add(-40 * 24 * time.Hour)
	var items []map[string]types.AttributeValue
	want := []string{}
	for n := range 60 {
		at := before.Add(time.Duration(n-50) * time.Hour) // 50 events are before
		e := happened(at, fmt.Sprint("new ", n))
		items = append(items, dynamo.AuditItem(e))
		if n >= 50 {
			want = append([]string{e.ID}, want...)
		}
	}
	for n := range 6 {
		items = append(items, unsharded(happened(before.Add(-time.Duration(n*9+1)*24*time.Hour), fmt.Sprint("day ", n))))
	}
	sameDay := happened(before.Truncate(24*time.Hour), "day, early") // before is at noon
	items = append(items, unsharded(sameDay))
	store(t, table, items)
	events := func() (ids []string) {
		t.Helper()
		q := audit.Query{From: before.Add(-100 * 24 * time.Hour), To: noon, Limit: 1000}
		for {
			page, err := s.Audit.Events(t.Context(), q)
			must(t, err)
			for _, e := range page.Items {
				ids = append(ids, e.ID)
			}
			if q.Cursor = page.Next; q.Cursor == "" {
				return ids
			}
		}
	}
	equal(t, "events before", len(events()), len(items))
	ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond) // time for two or three pages
	first, err := s.Audit.Forget(ctx, before)
	cancel()
	if !errors.Is(err, context.DeadlineExceeded) || first == 0 || len(events()) != len(items)-first {
		t.Errorf("an interrupted call deleted %d, %v, and left %d of %d", first, err, len(events()), len(items))
	}
	second, err := s.Audit.Forget(t.Context(), before)
	must(t, err)
	equal(t, "deleted", first+second, len(items)-len(want))
	equal(t, "events after", events(), want)
	again, err := s.Audit.Forget(t.Context(), before)
	must(t, err)
	equal(t, "deleted again", again, 0)
}
