package jobs

import (
	"context"
	"strings"

	"trueup/internal/day"
	"trueup/internal/objects"
	"trueup/internal/retention"
)

// Forget returns the step that deletes the inputs and results of old jobs: they name users. The records stay,
// with their counts, and so does what an open job needs.
func Forget(store Store, reports objects.Bucket) retention.Step {
	return retention.Step{Name: "license jobs", Forget: func(ctx context.Context, c retention.Cutoff) (int, error) {
		if c.Files == "" {
			return 0, nil
		}
		stored, err := reports.List(ctx, Prefix)
		if err != nil {
			return 0, err
		}
		records, err := store.Open(ctx)
		if err != nil {
			return 0, err
		}
		open := map[string]bool{}
		for _, r := range records {
			open[r.ID] = true
		}
		var old []string
		for _, o := range stored {
			id, _, _ := strings.Cut(strings.TrimPrefix(o.Key, Prefix), ".")
			if day.Of(o.Modified) < c.Files && !open[id] {
				old = append(old, o.Key)
			}
		}
		return len(old), reports.Delete(ctx, old...)
	}}
}
