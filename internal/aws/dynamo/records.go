package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/once"
)

// storeAnnounced stores the record of an announced file, with its event. If the
// Idempotency-Key of c was used before, it stores nothing and returns the stored answer.
func storeAnnounced(ctx context.Context, db *engine, record any, c once.Change, at time.Time) (first []byte, err error) {
	remember := remembering(db, c.Entry, at)
	err = db.transact(ctx, []*action{
		db.put(record, "attribute_not_exists(pk)", nil),
		db.put(newAuditItem(c.Event), "attribute_not_exists(pk)", nil),
		remember,
	})
	if old, used := refused(err, remember); used {
		return answered(old, c.Entry)
	}
	return nil, err
}

// newestFirst returns a page of a partition whose sort keys grow with time. Its cursors
// are bound to the name list.
func newestFirst[T any](ctx context.Context, db *engine, partition pk, list string, limit int, after string, of func(item) (T, error)) (items []T, next string, err error) {
	c, first, err := decodeCursor(after, list)
	if err != nil {
		return nil, "", err
	}
	in := &dynamodb.QueryInput{
		ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(int32(limit + 1)),
		KeyConditionExpression:    aws.String("pk = :p"),
		ExpressionAttributeValues: item{":p": str(string(partition))},
	}
	if !first {
		in.KeyConditionExpression = aws.String("pk = :p AND sk < :s")
		in.ExpressionAttributeValues[":s"] = str(c.After)
	}
	items = []T{}
	var last string
	err = db.query(ctx, in, func(it item) (bool, error) {
		if len(items) == limit {
			next = cursor{After: last}.encode(list)
			return false, nil
		}
		one, err := of(it)
		if err != nil {
			return false, err
		}
		items, last = append(items, one), attr(it, "sk")
		return true, nil
	})
	return items, next, err
}
