package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/audit"
	"trueup/internal/inventory"
	"trueup/internal/objects"
)

// store keeps a summary and the events.
type store struct {
	summary inventory.Summary
	events  []audit.Event
	fails   error
}

func (s *store) Summary(context.Context) (inventory.Summary, error) { return s.summary, nil }

func (s *store) SetSummary(_ context.Context, summary inventory.Summary, events ...audit.Event) error {
	if s.fails == nil {
		s.summary, s.events = summary, append(s.events, events...)
	}
	return s.fails
}

// files is a bucket of texts.
type files struct {
	objects.Bucket
	texts map[string]string
	fails error
}

func (f files) Open(_ context.Context, key, _, _ string) (objects.Object, error) {
	text, ok := f.texts[key]
	switch {
	case f.fails != nil:
		return objects.Object{}, f.fails
	case !ok:
		return objects.Object{}, fmt.Errorf("%s: %w", key, objects.ErrNotFound)
	}
	return objects.Object{Body: io.NopCloser(strings.NewReader(text)), Size: int64(len(text))}, nil
}

func TestR6_1_Receive(t *testing.T) {
	t.Parallel()
	const head = "ApplicationName,ApplicationPublisher,DeviceId\n"
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	bucket := files{texts: map[string]string{
		"inventory/a.csv":      head + "Visio,Microsoft,pc1\nVisio,Microsoft,pc2\nAcrobat,Adobe,pc1\n",
		"inventory/b.csv":      head + "Visio,Microsoft,pc1\n",
		"inventory/notes.txt":  "nothing of the kind",
		"inventory/folder.d/":  "",
		"inventory/broken.csv": head + "Visio,Microsoft\nVisio,Microsoft,pc1\n",
	}}
	known := inventory.Summary{Devices: 2, Titles: 2, At: noon, Source: "inventory/a.csv"}
	fault := errors.New("fault")
	for name, c := range map[string]struct {
		key    string
		at     time.Time
		before inventory.Summary
		bucket error
		store  error
		want   inventory.Summary
		err    error
	}{
		"the first":             {key: "inventory/a.csv", at: noon, want: known},
		"again":                 {key: "inventory/a.csv", at: noon, before: known, want: known},
		"a newer one":           {key: "inventory/b.csv", at: noon.Add(1), before: known, want: inventory.Summary{Devices: 1, Titles: 1, At: noon, Source: "inventory/b.csv"}},
		"an older one, late":    {key: "inventory/b.csv", at: noon.Add(-time.Hour), before: known, want: known},
		"R6.4 a bad row":        {key: "inventory/broken.csv", at: noon, want: inventory.Summary{Devices: 1, Titles: 1, At: noon, Source: "inventory/broken.csv"}},
		"no inventory":          {key: "inventory/notes.txt", at: noon, before: known, want: known},
		"a folder":              {key: "inventory/folder.d/", at: noon, before: known, want: known},
		"gone":                  {key: "inventory/c.csv", at: noon, before: known, want: known},
		"the bucket fails":      {key: "inventory/a.csv", at: noon, bucket: fault, err: fault},
		"the store fails":       {key: "inventory/a.csv", at: noon, store: fault, err: fault},
		"both, with one known":  {key: "inventory/a.csv", at: noon, bucket: fault, before: known, want: known, err: fault},
		"the same moment, late": {key: "inventory/b.csv", at: noon, before: known, want: inventory.Summary{Devices: 1, Titles: 1, At: noon, Source: "inventory/b.csv"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &store{summary: c.before, fails: c.store}
			b := bucket
			b.fails = c.bucket
			r := inventory.Receiver{Store: s, Uploads: b, NewID: func(time.Time) string { return "id" }, Log: slog.New(slog.DiscardHandler)}
			if err := r.Receive(t.Context(), c.key, "1", "e", "admin", c.at); !errors.Is(err, c.err) {
				t.Fatalf("got %v, want %v", err, c.err)
			}
			if diff := cmp.Diff(c.want, s.summary); diff != "" {
				t.Errorf("the summary (-want +got):\n%s", diff)
			}
			for _, e := range s.events {
				if e.By != "admin" || e.Action != "inventory.received" || e.Subject != "inventory" || e.After["source"] != c.key {
					t.Errorf("audit event %+v", e)
				}
			}
			if changed := s.summary != c.before; len(s.events) == 0 && changed {
				t.Error("no audit event")
			}
		})
	}
}
