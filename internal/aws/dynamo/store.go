package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/importer"
	"trueup/internal/inventory"
	"trueup/internal/journal"
	"trueup/internal/once"
	"trueup/internal/register"
	"trueup/internal/retry"
	"trueup/internal/statements"
)

// Store is the single-table store. It is safe for concurrent use.
type Store struct {
	client *dynamodb.Client
	table  string
	// pageSize bounds what one Query asks for; 0 for what the caller wants.
	// Tests set it to 2, so that every loop over pages runs.
	pageSize int32
	// patience is how long a transaction keeps trying against conflicts.
	patience time.Duration

	seq     atomic.Int64 // the highest commit sequence this process has seen
	commits sync.Map     // importer.Stage → int64, stages known to be committed
	striped sync.Map     // journal.Name → *stripes
	seen    seen
}

// seen is where journals stood when this process last looked.
type seen struct {
	sync.Mutex
	at map[journal.Name]journal.Position
}

var (
	_ agreement.Store  = (*Store)(nil)
	_ audit.Store      = (*Store)(nil)
	_ group.Store      = (*Store)(nil)
	_ importer.Store   = (*Store)(nil)
	_ inventory.Store  = (*Store)(nil)
	_ journal.Log      = (*Store)(nil)
	_ once.Store       = (*Store)(nil)
	_ register.Source  = (*Store)(nil)
	_ statements.Store = (*Store)(nil)
)

// Option changes a Store.
type Option func(*Store)

// PageSize makes every Query ask for at most n items.
func PageSize(n int) Option { return func(s *Store) { s.pageSize = int32(n) } }

// Patience sets how long a transaction keeps trying while others hold its
// items; the default, 6 s, suits a person who waits.
func Patience(d time.Duration) Option { return func(s *Store) { s.patience = d } }

// New returns the store in a table laid out as package schema says. It panics without
// the table's name, which is a mistake in a function's settings.
func New(client *dynamodb.Client, table string, options ...Option) *Store {
	if table == "" {
		panic("dynamo: a table without a name")
	}
	s := &Store{client: client, table: table, patience: 6 * time.Second, seen: seen{at: map[journal.Name]journal.Position{}}}
	s.seq.Store(unknownSeq)
	for _, o := range options {
		o(s)
	}
	return s
}

const (
	maxTransaction = 100 // actions in a transaction, and keys in a BatchGetItem
	parallel       = 8   // requests of one call under way at once
)

type item = map[string]types.AttributeValue

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func key(p pk, s sk) item { return item{"pk": str(string(p)), "sk": str(string(s))} }

// action is one action of a transaction. A transaction that is refused names its
// actions by their addresses.
type action types.TransactWriteItem

// errCondition means that a condition of a write did not hold.
type errCondition struct {
	// failed has the actions whose conditions did not hold, and the item that each
	// of them met: nil if there was none, or if the action did not ask for it. It is
	// empty for a write that is not a transaction.
	failed map[*action]item
}

func (e *errCondition) Error() string { return "dynamo: a condition did not hold" }

// conditionOf returns the failed conditions of err, or nil when it is another error.
func conditionOf(err error) *errCondition {
	var e *errCondition
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// refused reports whether err means that the condition of an action did not hold,
// and returns the item that the action met. No condition of a nil action is refused.
func refused(err error, a *action) (met item, refused bool) {
	if condition := conditionOf(err); condition != nil {
		met, refused = condition.failed[a]
	}
	return met, refused
}

// transact runs up to maxTransaction actions as one. Nil actions are left out. It repeats conflicts and
// throttling, which the SDK does not do inside a cancelled transaction, until
// the store's patience or ctx ends. It returns an *errCondition when a condition failed;
// a write whose answer was lost and is repeated counts as done, thanks to the token.
func (s *Store) transact(ctx context.Context, actions []*action) error {
	t := s.transaction(actions)
	if len(t.actions) == 0 {
		return nil
	}
	return s.persist(ctx, func() error { return s.try(ctx, t) })
}

// transaction is a request to DynamoDB, and the actions that it was made from.
type transaction struct {
	*dynamodb.TransactWriteItemsInput
	actions []*action
}

// transaction is the request for actions. Its token makes it safe to repeat.
func (s *Store) transaction(actions []*action) transaction {
	t := transaction{TransactWriteItemsInput: &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(rand.Text())}}
	for _, a := range actions {
		if a != nil {
			t.TransactItems, t.actions = append(t.TransactItems, types.TransactWriteItem(*a)), append(t.actions, a)
		}
	}
	return t
}

// try sends a transaction. It returns an *errCondition when a condition failed,
// and errPassing when the transaction was not done because of others.
func (s *Store) try(ctx context.Context, t transaction, options ...func(*dynamodb.Options)) error {
	_, err := s.client.TransactWriteItems(ctx, t.TransactWriteItemsInput, options...)
	var cancelled *types.TransactionCanceledException
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
		return errPassing{conflict}
	}
	return err
}

// unrepeated keeps the SDK from sending a request again by itself.
func unrepeated(o *dynamodb.Options) { o.Retryer = sdkretry.AddWithMaxAttempts(o.Retryer, 1) }

// errConflict means that a transaction was not done because others were at work
// on items of it, or because of throttling.
type errConflict struct {
	error
	at []*action
}

func (e errConflict) Unwrap() error { return e.error }

// errPassing marks an error that the same call may not meet again.
type errPassing struct{ error }

func (e errPassing) Unwrap() error { return e.error }

// persist calls do until it returns something else than a passing error. What
// do does must bear repetition: a call may have worked though its reply was lost.
func (s *Store) persist(ctx context.Context, do func() error) error {
	patient, impatient := context.WithTimeout(ctx, s.patience)
	defer impatient()
	// Short pauses at the end: a transaction that waits longer than the others loses
	// to them every time.
	pauses := retry.Backoff{First: 10 * time.Millisecond, Most: 100 * time.Millisecond}
	for {
		err := do()
		if !passes(err) {
			return err
		}
		if pauses.Wait(patient) == nil {
			continue
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: the last try: %s", context.Cause(ctx), err.Error())
		}
		return errs.Wrap(err, errs.Unavailable, "try_again")
	}
}

// passes reports whether the same call may not meet the error again.
func passes(err error) bool {
	var conflict *types.TransactionConflictException
	var throttled *types.ThrottlingException
	var exceeded *types.ProvisionedThroughputExceededException
	var passing errPassing
	var torn *smithy.DeserializationError // a reply that broke off: the SDK leaves it at that
	var gaveUp *sdkretry.MaxAttemptsError // the SDK has tried: lost replies, faults of the server
	var underWay *types.TransactionInProgressException
	return errors.As(err, &passing) || errors.As(err, &conflict) || errors.As(err, &throttled) || errors.As(err, &exceeded) ||
		errors.As(err, &torn) || errors.As(err, &gaveUp) || errors.As(err, &underWay)
}

// one runs a single conditional write and turns its refusal into *errCondition.
func (s *Store) one(ctx context.Context, write func() error) error {
	return s.persist(ctx, func() error {
		err := write()
		var failed *types.ConditionalCheckFailedException
		if errors.As(err, &failed) {
			return &errCondition{}
		}
		return err
	})
}

// get reads one item, strongly consistent; nil when there is none.
func (s *Store) get(ctx context.Context, p pk, sort sk) (item, error) {
	var found item
	err := s.persist(ctx, func() error {
		out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
			TableName: &s.table, Key: key(p, sort), ConsistentRead: aws.Bool(true),
		})
		if err == nil {
			found = out.Item
		}
		return err
	})
	return found, err
}

// getAll reads many items, strongly consistent, and calls found for each that
// exists, in no order and never two at a time. Keys must not repeat. With a projection only those
// attributes are read; names maps its placeholders.
func (s *Store) getAll(ctx context.Context, keys []item, projection string, names map[string]string, found func(item) error) error {
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
			left := map[string]types.KeysAndAttributes{s.table: request}
			for len(left) > 0 {
				var out *dynamodb.BatchGetItemOutput
				err := s.persist(ctx, func() (err error) {
					out, err = s.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: left})
					if err == nil && len(out.Responses[s.table]) == 0 && len(out.UnprocessedKeys) > 0 {
						return errPassing{errors.New("dynamo: no key of the batch was read")}
					}
					return err
				})
				if err != nil {
					return err
				}
				mu.Lock()
				for _, it := range out.Responses[s.table] {
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

// query calls each for every item of a partition of the base table whose sort
// key begins with prefix, strongly consistent, in the order of the sort key
// (or backwards), until each returns false.
func (s *Store) query(ctx context.Context, in *dynamodb.QueryInput, each func(item) (bool, error)) error {
	in.TableName = &s.table
	for {
		if s.pageSize > 0 {
			in.Limit = &s.pageSize
		}
		out, err := s.ask(ctx, in)
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
func (s *Store) ask(ctx context.Context, in *dynamodb.QueryInput) (out *dynamodb.QueryOutput, err error) {
	err = s.persist(ctx, func() error {
		out, err = s.client.Query(ctx, in)
		return err
	})
	return out, err
}

func attr(it item, name string) string {
	if v, ok := it[name].(*types.AttributeValueMemberS); ok {
		return v.Value
	}
	return ""
}

// cutPrefix returns the part of a sort key after its type.
func cutPrefix(it item, name, prefix string) string {
	return strings.TrimPrefix(attr(it, name), prefix)
}
