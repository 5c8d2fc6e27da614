package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/journal"
	"trueup/internal/retry"
)

// A deleted license group leaves several tombstones, and transactions in different stripes
// check different ones: on AWS two transactions that name the same item conflict, even if
// both only check it. A deletion writes all tombstones in one transaction, which conflicts
// while any of them is in use. So the deletion first announces itself with one write for
// each tombstone, and other transactions wait if they find an announcement. Announcements
// delete nothing. They are removed if the deletion fails; if its process died, the next
// transaction that has waited for maxAnnounced removes them.

// tombstones writes and reads the tombstones of license groups.
type tombstones struct{ db *engine }

// tombstoneLife is how long the tombstones of a group are kept: longer than any transaction
// can take that was built while the group existed.
const tombstoneLife = 24 * time.Hour

// tombstonesPerGroup leaves room in a transaction for the other items that a deletion writes.
const tombstonesPerGroup = 32

const (
	// maxAnnounced is how long a transaction waits for announced deletions. The
	// default of RetryTimeout is longer.
	maxAnnounced = 3 * time.Second
	// announcedPause is the pause between two reads of the tombstones meanwhile.
	announcedPause = 100 * time.Millisecond
)

// announcement is the attribute with the id of an announcement. The tombstones of a
// deleted group do not have it.
const announcement = "announced"

// errDeletedGroup means that a license group of the transaction was deleted.
var errDeletedGroup = errors.New("dynamo: a license group was deleted during the transaction")

// errAnnounced means that a license group was about to be deleted.
var errAnnounced = errors.New("dynamo: a license group is being deleted")

// existing is the guard of a record that license groups were not deleted.
type existing struct {
	*tombstones
	groups []string
}

// conditions implements guard. It returns one condition for each group.
func (e existing) conditions(stripe int) []*action {
	conditions := make([]*action, len(e.groups))
	for i, id := range e.groups {
		conditions[i] = &action{ConditionCheck: &types.ConditionCheck{
			TableName: &e.db.table, Key: key(tombstoneKey(id, stripe%tombstonesPerGroup)), ConditionExpression: aws.String("attribute_not_exists(pk)"),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}}
	}
	return conditions
}

// failed implements guard. It returns journal.ErrMoved if a group was deleted: then the
// transaction has to be built again.
func (e existing) failed(ctx context.Context, conditions []*action, found map[*action]item) error {
	var all []met
	for i, c := range conditions {
		if tombstone, failed := found[c]; failed {
			all = append(all, met{e.groups[i], c.ConditionCheck.Key, tombstone})
		}
	}
	return e.wait(ctx, all)
}

// tombstoneItem is a tombstone, or an announcement if it has the id of one.
type tombstoneItem struct {
	itemKey
	Expires   int64  `dynamodbav:"expires"` // schema.TTL
	Announced string `dynamodbav:"announced,omitempty"`
}

// tombstone returns a tombstone of a group. by is the id of an announcement; empty for the
// tombstone of a deleted group.
func tombstone(id string, n int, at time.Time, by string) item {
	return marshal(tombstoneItem{keyed(tombstoneKey(id, n)), at.Add(tombstoneLife).Unix(), by})
}

// of returns the actions that keep agreements out of a group that is being deleted.
func (t *tombstones) of(id string, at time.Time) []*action {
	var actions []*action
	for n := range tombstonesPerGroup {
		actions = append(actions, t.db.putItem(tombstone(id, n, at, ""), "", nil))
	}
	return actions
}

// announceDeletion announces the deletion of a group; by is the id of the announcement. It does not
// change the tombstones of a deleted group.
func (t *tombstones) announceDeletion(ctx context.Context, id, by string, at time.Time) error {
	return eachTombstone(ctx, func(ctx context.Context, n int) error {
		it := tombstone(id, n, at, by)
		return ignoreCondition(t.db.one(ctx, func() error {
			_, err := t.db.client.PutItem(ctx, &dynamodb.PutItemInput{
				TableName: &t.db.table, Item: it, ConditionExpression: aws.String("attribute_not_exists(pk) OR attribute_exists(" + announcement + ")"),
			})
			return err
		}))
	})
}

// withdraw removes the announcement with the id by. It keeps tombstones of deleted groups.
func (t *tombstones) withdraw(ctx context.Context, id, by string) error {
	return eachTombstone(ctx, func(ctx context.Context, n int) error {
		return ignoreCondition(t.db.one(ctx, func() error {
			_, err := t.db.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
				TableName: &t.db.table, Key: key(tombstoneKey(id, n)), ConditionExpression: aws.String(announcement + " = :by"),
				ExpressionAttributeValues: item{":by": str(by)},
			})
			return err
		}))
	})
}

// eachTombstone calls do concurrently for the numbers of a group's tombstones.
func eachTombstone(ctx context.Context, do func(ctx context.Context, n int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for n := range tombstonesPerGroup {
		g.Go(func() error { return do(ctx, n) })
	}
	return g.Wait()
}

// met is a tombstone that a transaction found.
type met struct {
	group     string
	key       item
	tombstone item // nil after it was deleted
}

func (m met) by() string { return attr(m.tombstone, announcement) }

// wait returns the error of a transaction that found tombstones:
// journal.ErrMoved if a group was deleted, or a transient error. It waits up to
// maxAnnounced while there are announcements, and then removes the unchanged ones.
func (t *tombstones) wait(ctx context.Context, all []met) error {
	waiting, enough := context.WithTimeout(ctx, maxAnnounced)
	defer enough()
	first := make([]string, len(all))
	for i, m := range all {
		first[i] = m.by()
	}
	for {
		announced := false
		for _, m := range all {
			if m.tombstone != nil && m.by() == "" {
				return fmt.Errorf("%w: %w", journal.ErrMoved, errDeletedGroup)
			}
			announced = announced || m.tombstone != nil
		}
		if !announced {
			return errTransient{errAnnounced}
		}
		err := t.readTombstonesAgain(waiting, all)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if waiting.Err() != nil {
			break
		}
		if err != nil {
			return err
		}
	}
	for i, m := range all {
		if by := m.by(); by != "" && by == first[i] {
			if err := t.withdraw(ctx, m.group, by); err != nil {
				return err
			}
		}
	}
	return errTransient{errAnnounced}
}

// readTombstonesAgain reads the tombstones after a pause.
func (t *tombstones) readTombstonesAgain(ctx context.Context, all []met) (err error) {
	if err := retry.Sleep(ctx, announcedPause); err != nil {
		return err
	}
	for i, m := range all {
		if m.tombstone == nil {
			continue
		}
		if all[i].tombstone, err = t.db.get(ctx, pk(attr(m.key, "pk")), sk(attr(m.key, "sk"))); err != nil {
			all[i].tombstone = m.tombstone
			return err
		}
	}
	return nil
}
