package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// leaseItem is a lease on work that one process at a time does. It ends by the clock, so that a dead
// process blocks the others no longer than that.
type leaseItem struct {
	itemKey
	Holder string `dynamodbav:"holder"` // empty for none
	Lease  int64  `dynamodbav:"lease"`  // end
}

// acquire gives a lease to a holder until a time, or extends it, if it is free, has ended or is the
// holder's. Otherwise it returns an *errCondition. It needs no permission but to put items.
func (db *engine) acquire(ctx context.Context, lease itemKey, holder string, now, until time.Time) error {
	return db.putLease(ctx, leaseItem{lease, holder, millis(until)}, "attribute_not_exists(pk) OR lease < :now OR holder = :h",
		item{":h": str(holder), ":now": num(millis(now))})
}

// renew moves the end of a lease. It returns an *errCondition if the holder does not have the lease.
func (db *engine) renew(ctx context.Context, lease itemKey, holder string, until time.Time) error {
	return db.putLease(ctx, leaseItem{lease, holder, millis(until)}, "holder = :h", item{":h": str(holder)})
}

// release ends a lease, if the holder has it. It puts a lease that has ended, because not every function
// may delete items.
func (db *engine) release(ctx context.Context, lease itemKey, holder string) error {
	return ignoreCondition(db.putLease(ctx, leaseItem{itemKey: lease}, "holder = :h", item{":h": str(holder)}))
}

// putLease stores a lease if the condition holds.
func (db *engine) putLease(ctx context.Context, l leaseItem, condition string, values item) error {
	return db.one(ctx, func() error {
		_, err := db.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: &db.table, Item: marshal(l), ConditionExpression: aws.String(condition), ExpressionAttributeValues: values,
		})
		return err
	})
}

// heldLease is one lease of a store that works on records.
type heldLease struct {
	db   *engine
	key  itemKey
	lost error // of Renew, if the holder does not hold the lease
}

// Acquire takes the lease until a moment, if it is free, has expired before now, or is the holder's.
func (l heldLease) Acquire(ctx context.Context, holder string, now, until time.Time) (acquired bool, err error) {
	err = l.db.acquire(ctx, l.key, holder, now, until)
	return err == nil, ignoreCondition(err) // another process holds it
}

// Renew moves the end of the lease.
func (l heldLease) Renew(ctx context.Context, holder string, until time.Time) error {
	err := l.db.renew(ctx, l.key, holder, until)
	if conditionOf(err) != nil {
		return l.lost
	}
	return err
}

// Release ends the lease if the holder holds it.
func (l heldLease) Release(ctx context.Context, holder string) error {
	return l.db.release(ctx, l.key, holder)
}
