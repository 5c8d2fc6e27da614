package dynamo

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/importer"
)

// Clear implements importer.Store.
func (s *Imports) Clear(ctx context.Context, l importer.Leftovers) error {
	keys := make([]item, 0, len(l.IDs)+len(l.Names)+len(l.Pairs)+len(l.Stages))
	for _, id := range l.IDs {
		keys = append(keys, key(agreementKey(id)))
	}
	for _, name := range l.Names {
		keys = append(keys, key(nameKey(name)))
	}
	for _, pair := range l.Pairs {
		keys = append(keys, key(pairKey(pair)))
	}
	for _, stage := range l.Stages { // exists if the stage was buried; its attempt cannot commit anyway
		keys = append(keys, key(stageKey(stage)))
	}
	var left []item
	err := s.db.getAll(ctx, keys, "pk, sk, stage", nil, func(it item) error {
		if slices.Contains(l.Stages, importer.Stage(attr(it, "stage"))) {
			left = append(left, it)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.removeStaged(ctx, left)
}

// ClearAll implements importer.Store.
func (s *Imports) ClearAll(ctx context.Context, id string) error {
	in := &dynamodb.ScanInput{
		TableName: &s.db.table, ConsistentRead: aws.Bool(true),
		FilterExpression: aws.String("begins_with(stage, :s)"), ProjectionExpression: aws.String("pk, sk, stage"),
		ExpressionAttributeValues: item{":s": str(id + ".")},
	}
	if s.db.pageSize > 0 {
		in.Limit = &s.db.pageSize
	}
	for {
		var out *dynamodb.ScanOutput
		err := s.db.retry(ctx, func() (err error) { out, err = s.db.client.Scan(ctx, in); return err })
		if err != nil {
			return err
		}
		if err := s.removeStaged(ctx, out.Items); err != nil {
			return err
		}
		if len(out.LastEvaluatedKey) == 0 {
			return nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// removeStaged deletes items that still have the stage that was read.
func (s *Imports) removeStaged(ctx context.Context, items []item) error {
	return s.db.removeAll(ctx, items, "stage")
}
