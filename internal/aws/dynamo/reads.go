package dynamo

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"
)

// get reads one item with strong consistency. It returns nil if there is none.
func (db *engine) get(ctx context.Context, p pk, sort sk) (item, error) {
	var found item
	err := db.retry(ctx, func() error {
		out, err := db.client.GetItem(ctx, &dynamodb.GetItemInput{
			TableName: &db.table, Key: key(p, sort), ConsistentRead: aws.Bool(true),
		})
		if err == nil {
			found = out.Item
		}
		return err
	})
	return found, err
}

// getAll reads many items with strong consistency, and calls found for each that exists, in
// no particular order and never concurrently. Keys must not repeat. A projection limits the
// attributes that are read; names maps its placeholders.
func (db *engine) getAll(ctx context.Context, keys []item, projection string, names map[string]string, found func(item) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	var mu sync.Mutex
	for start := 0; start < len(keys); start += maxTransaction {
		request := types.KeysAndAttributes{
			Keys: keys[start:min(start+maxTransaction, len(keys))], ConsistentRead: aws.Bool(true), ExpressionAttributeNames: names,
		}
		if projection != "" {
			request.ProjectionExpression = &projection
		}
		g.Go(func() error {
			left := map[string]types.KeysAndAttributes{db.table: request}
			for len(left) > 0 {
				var out *dynamodb.BatchGetItemOutput
				err := db.retry(ctx, func() (err error) {
					out, err = db.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: left})
					if err == nil && len(out.Responses[db.table]) == 0 && len(out.UnprocessedKeys) > 0 {
						return errTransient{errors.New("dynamo: DynamoDB processed no key of the batch")}
					}
					return err
				})
				if err != nil {
					return err
				}
				mu.Lock()
				for _, it := range out.Responses[db.table] {
					if err := found(it); err != nil {
						mu.Unlock()
						return err
					}
				}
				mu.Unlock()
				left = out.UnprocessedKeys
			}
			return nil
		})
	}
	return g.Wait()
}

// together reads a few items as they are at one moment, and calls found for each that exists.
func (db *engine) together(ctx context.Context, keys []item, found func(item) error) error {
	in := &dynamodb.TransactGetItemsInput{}
	for _, k := range keys {
		in.TransactItems = append(in.TransactItems, types.TransactGetItem{Get: &types.Get{TableName: &db.table, Key: k}})
	}
	var out *dynamodb.TransactGetItemsOutput
	err := db.retry(ctx, func() (err error) {
		out, err = db.client.TransactGetItems(ctx, in)
		var cancelled *types.TransactionCanceledException
		if errors.As(err, &cancelled) { // one of the items was being written, or the table throttled it
			err = errTransient{err}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range out.Responses {
		if r.Item != nil {
			if err := found(r.Item); err != nil {
				return err
			}
		}
	}
	return nil
}

// query runs a Query page by page, and calls each for every item until each returns false.
func (db *engine) query(ctx context.Context, in *dynamodb.QueryInput, each func(item) (bool, error)) error {
	in.TableName = &db.table
	for {
		if db.pageSize > 0 {
			in.Limit = &db.pageSize
		}
		out, err := db.ask(ctx, in)
		if err != nil {
			return err
		}
		for _, it := range out.Items {
			more, err := each(it)
			if err != nil || !more {
				return err
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			return nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// ask runs one Query.
func (db *engine) ask(ctx context.Context, in *dynamodb.QueryInput) (out *dynamodb.QueryOutput, err error) {
	err = db.retry(ctx, func() error {
		out, err = db.client.Query(ctx, in)
		return err
	})
	return out, err
}

// attr returns a string attribute; empty if there is none.
func attr(it item, name string) string {
	if v, ok := it[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

// cutPrefix returns a key without the prefix of its type.
func cutPrefix(it item, name, prefix string) string {
	return strings.TrimPrefix(attr(it, name), prefix)
}
