package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/inventory"
)

type summaryItem struct {
	PK      string `dynamodbav:"pk"`
	SK      string `dynamodbav:"sk"`
	Devices int    `dynamodbav:"devices"`
	Titles  int    `dynamodbav:"titles"`
	At      int64  `dynamodbav:"at"`
	Source  string `dynamodbav:"source"`
}

// Summary implements inventory.Store.
func (s *Store) Summary(ctx context.Context) (inventory.Summary, error) {
	it, err := s.get(ctx, inventoryPK, summarySK)
	if err != nil || it == nil {
		return inventory.Summary{}, err
	}
	i, err := decode[summaryItem](it)
	return inventory.Summary{Devices: i.Devices, Titles: i.Titles, At: fromMillis(i.At), Source: i.Source}, err
}

// SetSummary implements inventory.Store.
func (s *Store) SetSummary(ctx context.Context, summary inventory.Summary, events ...audit.Event) error {
	actions := []types.TransactWriteItem{s.put(summaryItem{
		PK: string(inventoryPK), SK: string(summarySK),
		Devices: summary.Devices, Titles: summary.Titles, At: millis(summary.At), Source: summary.Source,
	}, "", nil)}
	for _, event := range events {
		actions = append(actions, s.put(newAuditItem(event), "", nil))
	}
	return s.transact(ctx, actions)
}
