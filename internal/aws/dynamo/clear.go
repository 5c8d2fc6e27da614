package dynamo

import (
	"context"
	"slices"
	"time"

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

// clearingItem is the position of ClearAll.
type clearingItem struct {
	itemKey
	Attempt int    `dynamodbav:"attempt"` // the last attempt at the import that cleared
	AfterPK string `dynamodbav:"after_pk"`
	AfterSK string `dynamodbav:"after_sk"`
	Expires int64  `dynamodbav:"expires"` // schema.TTL
}

const (
	// clearingPages is how many pages of up to 1 MB are scanned before the position is stored.
	clearingPages = 8
	clearingFor   = 30 * 24 * time.Hour
)

// ClearAll implements importer.Store.
func (s *Imports) ClearAll(ctx context.Context, imp importer.Import) error {
	p, sort := clearingKey(imp.ID)
	it, err := s.db.get(ctx, p, sort)
	if err != nil {
		return err
	}
	from, err := decode[clearingItem](it)
	if err != nil {
		return err
	}
	in := &dynamodb.ScanInput{
		TableName: &s.db.table, ConsistentRead: aws.Bool(true),
		FilterExpression: aws.String("begins_with(stage, :s)"), ProjectionExpression: aws.String("pk, sk, stage"),
		ExpressionAttributeValues: item{":s": str(imp.ID + ".")},
	}
	if s.db.pageSize > 0 {
		in.Limit = &s.db.pageSize
	}
	save := func() error {
		from.itemKey, from.Attempt, from.Expires = keyed(p, sort), imp.Attempt, imp.Lease.Add(clearingFor).Unix()
		from.AfterPK, from.AfterSK = attr(in.ExclusiveStartKey, "pk"), attr(in.ExclusiveStartKey, "sk")
		return s.db.transact(ctx, []*action{s.db.put(from, "", nil)})
	}
	if it != nil && (from.Attempt == imp.Attempt || from.Attempt == imp.Attempt-1) {
		in.ExclusiveStartKey = key(pk(from.AfterPK), sk(from.AfterSK))
		// Otherwise the next attempt would begin anew if this one ends before the next position.
		if err := save(); err != nil {
			return err
		}
	}
	for pages := 1; ; pages++ {
		var out *dynamodb.ScanOutput
		err := s.db.retry(ctx, func() (err error) { out, err = s.db.client.Scan(ctx, in); return err })
		if err != nil {
			return err
		}
		if err := s.removeStaged(ctx, out.Items); err != nil {
			return err
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
		if len(out.LastEvaluatedKey) == 0 {
			return s.db.one(ctx, func() error {
				_, err := s.db.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.db.table, Key: key(p, sort)})
				return err
			})
		}
		if pages%clearingPages > 0 {
			continue
		}
		if err := save(); err != nil {
			return err
		}
	}
}

// removeStaged deletes items that still have the stage that was read.
func (s *Imports) removeStaged(ctx context.Context, items []item) error {
	return s.db.removeAll(ctx, items, "stage")
}
