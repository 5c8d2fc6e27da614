package catalog

import (
	"context"
	"fmt"

	"trueup/internal/journal"
)

// Prepare implements journal.State.
func (c *Catalog) Prepare(_ context.Context, _ journal.Head, entries []journal.Entry) (apply func(), err error) {
	var steps []step
	for _, e := range entries {
		more, err := parseEntry(e.Body)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", e.Seq, err)
		}
		steps = append(steps, more...)
	}
	return func() {
		c.ready()
		for _, s := range steps {
			c.apply(s)
		}
	}, nil
}
