package dynamo

import (
	"context"

	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/once"
	"trueup/internal/position"
	"trueup/internal/report"
)

// Adjustments stores the manual adjustments of licences, as one item: they are few, are always read
// together, and have one version. It is safe for concurrent use.
type Adjustments struct{ db *engine }

var _ report.AdjustmentStore = (*Adjustments)(nil)

type adjustmentsItem struct {
	PK      string             `dynamodbav:"pk"`
	SK      string             `dynamodbav:"sk"`
	Version int64              `dynamodbav:"version"`
	All     []adjustmentRecord `dynamodbav:"all"`
}

type adjustmentRecord struct {
	Product  adjustedProduct `dynamodbav:"product"`
	Quantity int             `dynamodbav:"quantity"`
	Note     string          `dynamodbav:"note"`
	End      day.Date        `dynamodbav:"end,omitempty"`
}

type adjustedProduct struct {
	Publisher string `dynamodbav:"publisher"`
	Family    string `dynamodbav:"family"`
	Edition   string `dynamodbav:"edition,omitempty"`
	Version   string `dynamodbav:"version,omitempty"`
}

// Adjustments implements report.AdjustmentStore.
func (s *Adjustments) Adjustments(ctx context.Context) (all report.Adjustments, err error) {
	it, err := s.db.get(ctx, adjustmentsPK, adjustmentsSK)
	if err != nil || it == nil {
		return report.Adjustments{}, err
	}
	i, err := decode[adjustmentsItem](it)
	all.Version = i.Version
	for _, r := range i.All {
		all.All = append(all.All, report.Adjustment{Product: position.Product(r.Product), Quantity: r.Quantity, Note: r.Note, End: r.End})
	}
	return all, err
}

// SetAdjustments implements report.AdjustmentStore.
func (s *Adjustments) SetAdjustments(ctx context.Context, all report.Adjustments, c once.Change) (first []byte, err error) {
	i := adjustmentsItem{PK: string(adjustmentsPK), SK: string(adjustmentsSK), Version: all.Version}
	for _, a := range all.All {
		i.All = append(i.All, adjustmentRecord{Product: adjustedProduct(a.Product), Quantity: a.Quantity, Note: a.Note, End: a.End})
	}
	return s.db.edit(ctx, c.Event.At, func(e *edit) error {
		e.remember(c.Entry)
		condition, values := versioned(all.Version)
		e.add(s.db.put(i, condition, values), func(item) error { return errs.New(errs.Stale, "version_stale") })
		e.audit(c.Event)
		return nil
	})
}
