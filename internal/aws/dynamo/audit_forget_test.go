package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

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
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	deletions := 0
	interrupted := dynamodb.New(client.Options(), func(o *dynamodb.Options) {
		o.APIOptions = append(slices.Clip(o.APIOptions), func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("interrupt", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				out, metadata, err := next.HandleInitialize(ctx, in)
				if _, is := in.Parameters.(*dynamodb.TransactWriteItemsInput); is && err == nil {
					if deletions++; deletions == 3 {
						cancel()
					}
				}
				return out, metadata, err
			}), middleware.Before)
		})
	})
	first, err := dynamo.Open(interrupted, table, dynamo.PageSize(3)).Audit.Forget(ctx, before)
	if left := len(items) - first; !errors.Is(err, context.Canceled) || first == 0 || first > 9 || len(events()) != left {
		t.Errorf("a call interrupted after three transactions deleted %d, %v, and left %d of %d", first, err, len(events()), len(items))
	}
	second, err := s.Audit.Forget(t.Context(), before)
	must(t, err)
	equal(t, "deleted", first+second, len(items)-len(want))
	equal(t, "events after", events(), want)
	again, err := s.Audit.Forget(t.Context(), before)
	must(t, err)
	equal(t, "deleted again", again, 0)
}
