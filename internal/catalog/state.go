package catalog

import (
	"context"
	"fmt"
	"sync"

	"trueup/internal/journal"
)

// Reset implements journal.State.
func (c *Catalog) Reset() {
	c.start = sync.Once{}
	c.publishers, c.byID = shelf[publisher]{}, nil
}

// Prepare implements journal.State.
func (c *Catalog) Prepare(_ context.Context, _ journal.Head, entries []journal.Entry) (apply func(), err error) {
	var steps []step
	for _, e := range entries {
		if steps, err = parseEntry(steps, e.Body); err != nil {
			return nil, fmt.Errorf("entry %d: %w", e.Seq, err)
		}
	}
	return func() {
		c.ready()
		for _, s := range steps {
			c.apply(s)
		}
	}, nil
}
