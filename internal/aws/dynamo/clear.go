package dynamo

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/importer"
)

// Clear implements importer.Store.
func (s *Store) Clear(ctx context.Context, l importer.Leftovers) error {
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
	for _, stage := range l.Stages { // if it was buried; its attempt can commit no more in any case
		keys = append(keys, key(stageKey(stage)))
	}
	var left []item
	err := s.getAll(ctx, keys, "pk, sk, stage", nil, func(it item) error {
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
func (s *Store) ClearAll(ctx context.Context, id string) error {
	in := &dynamodb.ScanInput{
		TableName: &s.table, ConsistentRead: aws.Bool(true),
		FilterExpression: aws.String("begins_with(stage, :s)"), ProjectionExpression: aws.String("pk, sk, stage"),
		ExpressionAttributeValues: item{":s": str(id + ".")},
	}
	if s.pageSize > 0 {
		in.Limit = &s.pageSize
	}
	for {
		var out *dynamodb.ScanOutput
		err := s.persist(ctx, func() (err error) { out, err = s.client.Scan(ctx, in); return err })
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

// removeStaged deletes items that still carry the stage they were read with.
func (s *Store) removeStaged(ctx context.Context, items []item) error {
	return s.removeAll(ctx, items, "stage")
}

// removeAll deletes items that still have the attribute they were read with.
func (s *Store) removeAll(ctx context.Context, items []item, attribute string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for batch := range slices.Chunk(items, maxTransaction) {
		g.Go(func() error {
			actions := make([]*action, len(batch))
			for i, it := range batch {
				actions[i] = &action{Delete: s.deletion(it, attribute)}
			}
			err := s.transact(ctx, actions)
			if conditionOf(err) == nil || len(batch) == 1 {
				return ignoreCondition(err)
			}
			for _, it := range batch { // some are gone or taken over: one by one
				d := s.deletion(it, attribute)
				err := s.one(ctx, func() error {
					_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
						TableName: d.TableName, Key: d.Key, ConditionExpression: d.ConditionExpression,
						ExpressionAttributeNames: d.ExpressionAttributeNames, ExpressionAttributeValues: d.ExpressionAttributeValues,
					})
					return err
				})
				if err := ignoreCondition(err); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func (s *Store) deletion(it item, attribute string) *types.Delete {
	return &types.Delete{
		TableName: &s.table, Key: item{"pk": it["pk"], "sk": it["sk"]}, ConditionExpression: aws.String("#a = :a"),
		ExpressionAttributeNames:  map[string]string{"#a": attribute},
		ExpressionAttributeValues: item{":a": it[attribute]},
	}
}

func ignoreCondition(err error) error {
	if conditionOf(err) != nil {
		return nil //nolint:nilerr // a condition that does not hold is an answer
	}
	return err
}
