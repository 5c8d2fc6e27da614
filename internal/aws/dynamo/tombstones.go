package dynamo

import (
	"context"
	"crypto/rand"
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

// A license group that is deleted leaves several tombstones, and transactions in
// different stripes check different ones: on AWS those that name the same item are in
// each other's way, also if they only check it. The deletion writes all of them in
// one transaction, for which it would have to find all of them free. So it first
// announces itself with each of them, one by one; who meets an announcement waits.
// Only the transaction deletes: an announcement of a process that died is removed by
// who has waited for it for long.

// tombstoneLife is how long the tombstones of a group are kept: longer than any
// transaction takes that was built when the group existed.
const tombstoneLife = 24 * time.Hour

// tombstonesPerGroup leaves a transaction room for what else a deletion writes.
const tombstonesPerGroup = 32

const (
	// maxAnnounced is how long others wait for an announced deletion: less than they
	// have patience.
	maxAnnounced = 3 * time.Second
	// announcedPause is after how long they look again.
	announcedPause = 100 * time.Millisecond
)

// announcement is the attribute that a tombstone has until the group is deleted: an
// id of the announcement.
const announcement = "announced"

// errDeletedGroup means that a license group was deleted that the transaction is about.
var errDeletedGroup = errors.New("dynamo: a license group was deleted meanwhile")

// errAnnounced means that a license group was about to be deleted.
var errAnnounced = errors.New("dynamo: a license group was about to be deleted")

// guards are the conditions that the groups of a record exist.
func (s *Store) guards(r record, stripe int) []types.TransactWriteItem {
	guards := make([]types.TransactWriteItem, len(r.within))
	for i, id := range r.within {
		guards[i] = types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &s.table, Key: key(tombstoneKey(id, stripe%tombstonesPerGroup)), ConditionExpression: aws.String("attribute_not_exists(pk)"),
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		}}
	}
	return guards
}

func (s *Store) tombstone(id string, n int, at time.Time) item {
	it := key(tombstoneKey(id, n))
	it["expires"] = num(at.Add(tombstoneLife).Unix())
	return it
}

// tombstones are the actions that keep agreements out of a group that is being deleted.
func (s *Store) tombstones(id string, at time.Time) []types.TransactWriteItem {
	var actions []types.TransactWriteItem
	for n := range tombstonesPerGroup {
		actions = append(actions, s.putItem(s.tombstone(id, n, at), "", nil))
	}
	return actions
}

// forewarn has others wait with what they do in a group, unless it is deleted already.
func (s *Store) forewarn(ctx context.Context, id string, at time.Time) error {
	by := str(rand.Text())
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for n := range tombstonesPerGroup {
		it := s.tombstone(id, n, at)
		it[announcement] = by
		g.Go(func() error {
			return ignoreCondition(s.one(ctx, func() error {
				_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{
					TableName: &s.table, Item: it, ConditionExpression: aws.String("attribute_not_exists(pk) OR attribute_exists(" + announcement + ")"),
				})
				return err
			}))
		})
	}
	return g.Wait()
}

// stoodAside is the error of a transaction that met a tombstone. It waits as long as
// that only announces a deletion.
func (s *Store) stoodAside(ctx context.Context, key, tombstone item) error {
	left := maxAnnounced
	for by := ""; ; left -= announcedPause {
		switch was := by; {
		case tombstone == nil:
			return errPassing{errAnnounced}
		case tombstone[announcement] == nil:
			return fmt.Errorf("%w: %w", journal.ErrMoved, errDeletedGroup)
		default:
			if by = attr(tombstone, announcement); by != was {
				left = maxAnnounced
			}
		}
		if left <= 0 {
			return s.forgetWarning(ctx, key, by)
		}
		if err := retry.Sleep(ctx, announcedPause); err != nil {
			return err
		}
		var err error
		if tombstone, err = s.get(ctx, pk(attr(key, "pk")), sk(attr(key, "sk"))); err != nil {
			return err
		}
	}
}

// forgetWarning removes the announcement of a deletion that was not done.
func (s *Store) forgetWarning(ctx context.Context, key item, by string) error {
	err := ignoreCondition(s.one(ctx, func() error {
		_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: &s.table, Key: key, ConditionExpression: aws.String(announcement + " = :by"),
			ExpressionAttributeValues: item{":by": str(by)},
		})
		return err
	}))
	if err != nil {
		return err
	}
	return errPassing{errAnnounced}
}
