package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"

	"trueup/internal/retry"
)

// engine sends requests for the table: it reads, queries, and writes in transactions, with
// retries. It does not know what the items mean. It is safe for concurrent use.
type engine struct {
	client *dynamodb.Client
	table  string
	// pageSize limits how many items one Query or Scan reads; 0 leaves it to the caller.
	// Tests set it to 2, so that every loop over pages runs.
	pageSize int32
	// retryTimeout is how long a request is retried, and how long an edit is built again.
	retryTimeout time.Duration
	callers      callers
}

const (
	maxTransaction = 100 // actions in a transaction, and keys in a BatchGetItem
	parallel       = 8   // concurrent requests of one call
)

type item = map[string]types.AttributeValue

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// isKeyText reports whether a key can have that id or name. DynamoDB refuses to read a sort key of more than
// 1,024 bytes, and keys begin with a prefix; nothing is stored under so long an id.
func isKeyText(id string) bool { return id != "" && len(id) <= 1000 }

func key(p pk, s sk) item { return item{"pk": str(string(p)), "sk": str(string(s))} }

// action is one action of a transaction. Its address identifies it in errors.
type action types.TransactWriteItem

// errCondition means that a condition of a write did not hold.
type errCondition struct {
	// failed has the actions whose conditions did not hold, with the item in the table:
	// nil if there was none, or if the action did not request it. It is empty for a
	// write that is not a transaction.
	failed map[*action]item
}

func (e *errCondition) Error() string { return "dynamo: a condition of the write was not met" }

// conditionOf returns the failed conditions of err, or nil if it is another error.
func conditionOf(err error) *errCondition {
	var e *errCondition
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// refused reports whether err means that the condition of an action did not hold, and
// returns the item in the table. It reports false for a nil action.
func refused(err error, a *action) (met item, refused bool) {
	if condition := conditionOf(err); condition != nil {
		met, refused = condition.failed[a]
	}
	return met, refused
}

// transact runs up to maxTransaction actions in one transaction; nil actions are left out.
// It retries after conflicts and throttling, which the SDK does not do for a cancelled
// transaction, until the engine's retryTimeout is over or ctx ends. It returns an *errCondition if
// a condition did not hold. After a lost reply it sends the same token again, so a
// transaction that was done is not done twice.
func (db *engine) transact(ctx context.Context, actions []*action) error {
	t := db.transaction(actions)
	if len(t.actions) == 0 {
		return nil
	}
	return db.retry(ctx, func() error { return db.try(ctx, t) })
}

// transaction is a request to DynamoDB, and the actions that it contains.
type transaction struct {
	*dynamodb.TransactWriteItemsInput
	actions []*action
}

// transaction returns the request for actions. Its token makes it safe to repeat.
func (db *engine) transaction(actions []*action) transaction {
	t := transaction{TransactWriteItemsInput: &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(rand.Text())}}
	for _, a := range actions {
		if a != nil {
			t.TransactItems, t.actions = append(t.TransactItems, types.TransactWriteItem(*a)), append(t.actions, a)
		}
	}
	return t
}

// try sends a transaction once. It returns an *errCondition if a condition did not hold,
// and an errTransient if it was not done because of concurrent requests or throttling.
func (db *engine) try(ctx context.Context, t transaction, options ...func(*dynamodb.Options)) error {
	_, err := db.client.TransactWriteItems(ctx, t.TransactWriteItemsInput, options...)
	var cancelled *types.TransactionCanceledException
	if err == nil {
		db.nameCaller(ctx, t.actions)
	}
	if !errors.As(err, &cancelled) {
		return err
	}
	condition := &errCondition{failed: map[*action]item{}}
	conflict := errConflict{error: err}
	for i, reason := range cancelled.CancellationReasons {
		switch code := aws.ToString(reason.Code); code {
		case "", "None":
		case "ConditionalCheckFailed":
			condition.failed[t.actions[i]] = reason.Item
		case "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded":
			conflict.at = append(conflict.at, t.actions[i])
		default:
			return err
		}
	}
	if len(condition.failed) > 0 {
		return condition
	}
	if len(conflict.at) > 0 {
		return errTransient{conflict}
	}
	return err
}

// unrepeated turns off the retries of the SDK for a request.
func unrepeated(o *dynamodb.Options) { o.Retryer = sdkretry.AddWithMaxAttempts(o.Retryer, 1) }

// errConflict means that a transaction was not done, because of concurrent requests for
// the same items, or because of throttling.
type errConflict struct {
	error
	at []*action // the actions that conflicted or were throttled
}

func (e errConflict) Unwrap() error { return e.error }

// errTransient marks an error after which a retry may succeed.
type errTransient struct{ error }

func (e errTransient) Unwrap() error { return e.error }

// retry calls do until it returns nil or an error that is not transient, or until
// retryTimeout is over. do must be repeatable: it may have succeeded although its
// reply was lost.
func (db *engine) retry(ctx context.Context, do func() error) error {
	// The longest pause is short: a transaction that waits longer than concurrent ones
	// always conflicts with them.
	policy := retry.Policy{Timeout: db.retryTimeout, First: 10 * time.Millisecond, Longest: 100 * time.Millisecond}
	return retry.Do(ctx, policy, func() error {
		err := do()
		if isTransient(err) {
			return retry.Again(err)
		}
		return err
	})
}

// rebuilding is the policy for a change that is built again because data that it was built
// from, such as the version of an item, changed before the write.
var rebuilding = retry.Policy{Attempts: 50, First: 5 * time.Millisecond, Longest: 100 * time.Millisecond}

// isTransient reports whether a retry may succeed.
func isTransient(err error) bool {
	var conflict *types.TransactionConflictException
	var throttled *types.ThrottlingException
	var exceeded *types.ProvisionedThroughputExceededException
	var transient errTransient
	var torn *smithy.DeserializationError // an incomplete reply, which the SDK does not retry
	var gaveUp *sdkretry.MaxAttemptsError // the SDK has retried after lost replies or server errors
	var underWay *types.TransactionInProgressException
	return errors.As(err, &transient) || errors.As(err, &conflict) || errors.As(err, &throttled) || errors.As(err, &exceeded) ||
		errors.As(err, &torn) || errors.As(err, &gaveUp) || errors.As(err, &underWay)
}

// one runs a single conditional write. It returns an *errCondition if the condition did
// not hold.
func (db *engine) one(ctx context.Context, write func() error) error {
	return db.retry(ctx, func() error {
		err := write()
		var failed *types.ConditionalCheckFailedException
		if errors.As(err, &failed) {
			return &errCondition{}
		}
		return err
	})
}

// update runs a single conditional UpdateItem. See one for its errors.
func (db *engine) update(ctx context.Context, in *dynamodb.UpdateItemInput) error {
	in.TableName = &db.table
	return db.one(ctx, func() error {
		_, err := db.client.UpdateItem(ctx, in)
		return err
	})
}

// put returns the action that stores v, of an item type, if the condition holds.
func (db *engine) put(v any, condition string, values item) *action {
	return db.putItem(marshal(v), condition, values)
}

// putItem returns the action that stores an item, if the condition holds.
func (db *engine) putItem(it item, condition string, values item) *action {
	put := &types.Put{TableName: &db.table, Item: it, ExpressionAttributeValues: values}
	if condition != "" {
		put.ConditionExpression = &condition
	}
	return &action{Put: put}
}

// ignoreCondition returns err, or nil if it means that a condition did not hold.
func ignoreCondition(err error) error {
	if conditionOf(err) != nil {
		return nil //nolint:nilerr // a condition that does not hold is an answer
	}
	return err
}

// removeAll deletes items whose attribute still has the value that was read.
func (db *engine) removeAll(ctx context.Context, items []item, attribute string) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for batch := range slices.Chunk(items, maxTransaction) {
		g.Go(func() error {
			actions := make([]*action, len(batch))
			for i, it := range batch {
				actions[i] = &action{Delete: db.deletion(it, attribute)}
			}
			err := db.transact(ctx, actions)
			if conditionOf(err) == nil || len(batch) == 1 {
				return ignoreCondition(err)
			}
			for _, it := range batch { // some were deleted or overwritten: delete one by one
				d := db.deletion(it, attribute)
				err := db.one(ctx, func() error {
					_, err := db.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
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

// deletion returns the deletion of an item, if its attribute has the value that was read.
func (db *engine) deletion(it item, attribute string) *types.Delete {
	return &types.Delete{
		TableName: &db.table, Key: item{"pk": it["pk"], "sk": it["sk"]}, ConditionExpression: aws.String("#a = :a"),
		ExpressionAttributeNames:  map[string]string{"#a": attribute},
		ExpressionAttributeValues: item{":a": it[attribute]},
	}
}
