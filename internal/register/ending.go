package register

import (
	"context"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/journal"
	"trueup/internal/slots"
)

// Ending returns the agreements of type other that end from one day to another, and those of the given ids that
// exist. It follows the order by end, so it costs what it returns.
func (r *Reader) Ending(ctx context.Context, from, to day.Date, ids []string) (found []agreement.Agreement, err error) {
	err = r.replica.Read(ctx, func(s *Register, _ journal.Head) error {
		found = s.table.ending(from, to, ids)
		return nil
	})
	return found, err
}

func (t *table) ending(from, to day.Date, ids []string) (found []agreement.Agreement) {
	added := map[string]bool{}
	// A row without an id and a name sorts before every agreement that ends on its day.
	before := &row{Agreement: agreement.Agreement{Terms: agreement.Terms{End: from}}}
	for slot := range slots.After(t.rows, t.order(agreement.SortEnd), by(agreement.SortEnd), before, false) {
		r := &t.rows[slot]
		if r.End == "" || r.End > to {
			break
		}
		added[r.ID] = true
		found = append(found, r.Agreement)
	}
	for _, id := range ids {
		if slot, exists := t.find(id); exists && !added[id] {
			added[id] = true
			found = append(found, t.rows[slot].Agreement)
		}
	}
	return found
}
