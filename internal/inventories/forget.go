package inventories

import (
	"context"
	"strings"
	"time"

	"trueup/internal/day"
	"trueup/internal/objects"
	"trueup/internal/retention"
)

// talliesOf returns the prefix of the tallies that are stored in a month: nothing is stored below it
// after the month, so that old tallies can be deleted while files are counted. Earlier releases
// stored tallies directly below Tallies.
func talliesOf(now time.Time) string { return Tallies + now.UTC().Format("2006-01") + "/" }

// Forget returns the step that deletes old tallies that no source has.
func Forget(store Store, reports objects.Bucket) retention.Step {
	return retention.Step{Name: "tallies", Forget: func(ctx context.Context, c retention.Cutoff) (int, error) {
		if c.Files == "" {
			return 0, nil
		}
		stored, err := reports.List(ctx, Tallies)
		if err != nil {
			return 0, err
		}
		used, err := inUse(ctx, store, func(g *Good) string { return g.Tally })
		if err != nil {
			return 0, err
		}
		month := string(c.Files[:len("2006-01")])
		var old []string
		for _, o := range stored {
			stale := day.Of(o.Modified) < c.Files
			if folder, _, ok := strings.Cut(strings.TrimPrefix(o.Key, Tallies), "/"); ok {
				stale = stale && folder < month
			}
			if stale && !used[o.Key] {
				old = append(old, o.Key)
			}
		}
		return len(old), reports.Delete(ctx, old...)
	}}
}
