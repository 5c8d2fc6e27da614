package inventories

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"trueup/internal/day"
	"trueup/internal/intake/kind"
	"trueup/internal/inventory"
	"trueup/internal/objects"
	"trueup/internal/retention"
)

// Indexed returns the PCs of the last good file of each source, and the sources that have none, both
// sorted by source. The PCs are shared; do not change them.
func (c *Counts) Indexed(ctx context.Context) (indexed []inventory.Indexed, without []inventory.Unsearched, err error) {
	for again := false; ; again = true {
		records, err := c.store.Records(ctx)
		if err != nil {
			return nil, nil, err
		}
		indexed, without, err = c.indexed(ctx, records, again)
		if again || !errors.Is(err, objects.ErrNotFound) {
			return indexed, without, err
		}
		// The objects were deleted after another file replaced theirs. The records name the new ones.
	}
}

// indexed is Indexed of records. If an object does not exist, the error is objects.ErrNotFound, or the
// source is one without PCs if missing is true.
func (c *Counts) indexed(ctx context.Context, records []Record, missing bool) (indexed []inventory.Indexed, without []inventory.Unsearched, err error) {
	counted, err := c.TalliesOf(ctx, records)
	if err != nil {
		return nil, nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	current, room := map[string]*inventory.PCs{}, inventory.MaxPCs
	for _, of := range counted {
		record := recordOf(records, of.Source)
		pcs, why, err := c.pcsOf(ctx, record.Good, room)
		if missing && errors.Is(err, objects.ErrNotFound) { // the table was restored to a moment before the object was replaced
			why, err = inventory.FileGone, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("source %s: %w", of.Source, err)
		}
		if pcs == nil {
			without = append(without, inventory.Unsearched{Source: of.Source, Reason: why, PCs: record.Good.Devices})
			continue
		}
		room -= record.Good.Devices
		current[record.Good.PCs] = pcs
		indexed = append(indexed, inventory.Indexed{Counted: of, PCs: pcs})
	}
	c.pcs = current
	return indexed, without, nil
}

// pcsOf returns the PCs of a file, or why there are none. room is how many there may be.
func (c *Counts) pcsOf(ctx context.Context, g *Good, room int) (*inventory.PCs, inventory.Unsearchable, error) {
	switch {
	case g.Estimated:
		return nil, inventory.WithoutDevices, nil
	case g.Devices > room:
		return nil, inventory.TooManyDevices, nil
	case g.PCs == "" && g.Kept != "":
		return nil, inventory.FileGone, nil
	case g.PCs == "":
		return nil, inventory.NotYetCounted, nil
	case c.pcs[g.PCs] != nil:
		return c.pcs[g.PCs], "", nil
	}
	b, err := c.read(ctx, g.PCs, PCs)
	if err != nil {
		return nil, "", err
	}
	pcs, err := inventory.DecodePCs(b)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", g.PCs, err)
	}
	return pcs, "", nil
}

// pcsOf returns the prefix of the PCs that are stored on a day. Nothing is stored below it after the day, so
// that old ones can be deleted while files are counted.
func pcsOf(now time.Time) string { return PCs + now.UTC().Format(time.DateOnly) + "/" }

// ForgetPCs returns the step that deletes the PCs that no source has, because they explain no number of an
// earlier day, and those of files that the uploads bucket no longer keeps,
// because names of devices are personal data. Those of today and yesterday stay, because a
// process may be about to store a record that names them.
func ForgetPCs(store Store, reports objects.Bucket) retention.Step {
	return retention.Step{Name: "PCs", Forget: func(ctx context.Context, c retention.Cutoff) (int, error) {
		stored, err := reports.List(ctx, PCs)
		if err != nil {
			return 0, err
		}
		oldest := retention.DaysBefore(c.Yesterday, kind.KeptDays)
		used, err := inUse(ctx, store, func(g *Good) string {
			if day.Of(g.At) < oldest {
				return ""
			}
			return g.PCs
		})
		if err != nil {
			return 0, err
		}
		var old []string
		for _, o := range stored {
			folder, _, _ := strings.Cut(strings.TrimPrefix(o.Key, PCs), "/")
			if day.Date(folder) < c.Yesterday && !used[o.Key] {
				old = append(old, o.Key)
			}
		}
		return len(old), reports.Delete(ctx, old...)
	}}
}

// inUse returns the keys that the sources have, of the counts in use and of those that wait.
func inUse(ctx context.Context, store Store, key func(*Good) string) (map[string]bool, error) {
	records, err := store.Records(ctx)
	used := map[string]bool{}
	for _, r := range records {
		for _, g := range []*Good{r.Good, r.Next} {
			if g != nil {
				used[key(g)] = true
			}
		}
	}
	return used, err
}
