package trigger_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/aws/trigger"
	"trueup/internal/inventory"
)

// counting records what the handler of the inventory function calls.
type counting struct {
	uploads   []inventory.Upload
	recounted int
	fail      error
}

func (c *counting) Receive(_ context.Context, u inventory.Upload) error {
	c.uploads = append(c.uploads, u)
	return c.fail
}

func (c *counting) Recount(context.Context) error {
	c.recounted++
	return c.fail
}

func count(c *counting, payload []byte) error {
	return trigger.Inventories(c, slog.New(slog.DiscardHandler))(context.Background(), payload)
}

func TestInventoryEventsR6_1(t *testing.T) {
	t.Parallel()
	fault := errors.New("fault")
	for name, c := range map[string]struct {
		payload []byte
		want    counting
		refused string
	}{
		"a file": {payload: notified("ObjectCreated:Put", "inventory/Head+office/"), want: counting{uploads: []inventory.Upload{{
			Key: "inventory/Head office/my file.csv", Version: "v1", ETag: "e1", Sequencer: "0A", Size: 7,
			At: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), By: "AWS:admin",
		}}}},
		"a file that is deleted":     {payload: notified("ObjectRemoved:Delete", "inventory/")},
		"a file in another folder":   {payload: notified("ObjectCreated:Put", "agreements/")},
		"S3's test":                  {payload: sample(t, "s3-test-event.json")},
		"R6.3 the call":              {payload: sample(t, "call-recount.json"), want: counting{recounted: 1}},
		"R6.3 the schedule":          {payload: sample(t, "schedule.json"), want: counting{recounted: 1}},
		"a call for something else":  {payload: []byte(`{"source": "trueup.call", "run": "r1"}`), refused: "is not for the inventory"},
		"an event of somebody else":  {payload: []byte(`{"source": "aws.s3"}`), refused: "is not for the inventory"},
		"an event without a meaning": {payload: []byte(`{}`), refused: "no records"},
		"no JSON":                    {payload: []byte(`x`), refused: "not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got counting
			err := count(&got, c.payload)
			if (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
				t.Errorf("got %v, want %q", err, c.refused)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(counting{})); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if len(got.uploads)+got.recounted > 0 {
				if err := count(&counting{fail: fault}, c.payload); !errors.Is(err, fault) {
					t.Errorf("a fault became %v, and the event would not come again", err)
				}
			}
		})
	}
}
