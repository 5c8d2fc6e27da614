package dynamo

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/register"
)

// orphanedFor is how long Tidy looks after the pairs of a deleted agreement:
// until the index certainly shows all of them.
const orphanedFor = 10 * time.Minute

// Tidy removes what deleted agreements left behind. Nobody depends on it: the
// pairs of an agreement that is gone are free as it is.
func (s *Store) Tidy(ctx context.Context, now time.Time) error {
	return s.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p"),
		ExpressionAttributeValues: item{":p": str(string(orphansPK))},
	}, func(it item) (bool, error) {
		id := cutPrefix(it, "sk", "AGREEMENT#")
		if err := s.removePairsOf(ctx, id); err != nil {
			return false, err
		}
		at, err := number(it, "at")
		if err != nil || now.Before(fromMillis(at).Add(orphanedFor)) {
			return true, err
		}
		_, err = s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.table, Key: key(orphansKey(id))})
		return true, err
	})
}

// Empty moves agreements that still name a deleted group to Unassigned, where
// everybody counts them already. Then nothing names the group any more, and it
// is forgotten that it ever was. ids must be all of them; those that were moved
// before do no harm.
func (s *Store) Empty(ctx context.Context, groupID string, ids []string) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, id := range ids {
		g.Go(func() error {
			return ignoreCondition(s.one(gctx, func() error {
				_, err := s.client.UpdateItem(gctx, &dynamodb.UpdateItemInput{
					TableName: &s.table, Key: key(agreementKey(id)),
					UpdateExpression:          aws.String("SET #g = :to ADD version :one"),
					ConditionExpression:       aws.String("#g = :from"),
					ExpressionAttributeNames:  map[string]string{"#g": "group"},
					ExpressionAttributeValues: item{":from": str(groupID), ":to": str(group.UnassignedID), ":one": num(1)},
				})
				return err
			}))
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return s.forget(ctx, groupID)
}

// gone returns the license groups that were deleted and not emptied.
func (s *Store) gone(ctx context.Context) ([]string, error) {
	p, sort := headKey(register.JournalName, 0)
	it, err := s.get(ctx, p, sort)
	if err != nil {
		return nil, err
	}
	head, err := decode[headItem](it)
	return head.gone(), err
}

// forget removes a group from those that are gone.
func (s *Store) forget(ctx context.Context, groupID string) error {
	p, sort := headKey(register.JournalName, 0)
	for range maxTries {
		it, err := s.get(ctx, p, sort)
		if err != nil {
			return err
		}
		head, err := decode[headItem](it)
		if err != nil || !slices.Contains(head.gone(), groupID) {
			return err
		}
		without := func(was []string) types.AttributeValue {
			return list(slices.DeleteFunc(slices.Clone(was), func(id string) bool { return id == groupID }))
		}
		err = s.one(ctx, func() error {
			_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
				TableName: &s.table, Key: key(p, sort), UpdateExpression: aws.String("SET gone = :gone, deleted = :deleted"),
				// A release without stripes writes only one of them.
				ConditionExpression: aws.String("(gone = :was OR attribute_not_exists(gone)) AND (deleted = :known OR attribute_not_exists(deleted))"),
				ExpressionAttributeValues: item{
					":gone": without(head.Gone), ":was": list(head.Gone), ":deleted": without(head.Deleted), ":known": list(head.Deleted),
				},
			})
			return err
		})
		if conditionOf(err) == nil {
			return err
		}
	}
	return errs.Wrap(errors.New("dynamo: the list of deleted groups changes all the time"), errs.Unavailable, "try_again")
}

// A release without stripes may be at work until an hour after this release was at
// work for the first time: no invocation takes longer. It may delete a group, or
// empty it, without the agreements that other stripes say are in the group. So it
// is checked twice whether agreements are stored under groups that are not there:
// when this release looks for the first time, and an hour later.
const (
	checks     = 2
	checkAfter = time.Hour
)

// IsCheckDue reports whether it has to be checked where agreements are stored.
func (s *Store) IsCheckDue(ctx context.Context, now time.Time) (bool, error) {
	p, sort := headKey(register.JournalName, 0)
	it, err := s.get(ctx, p, sort)
	if err != nil {
		return false, err
	}
	head, err := decode[headItem](it)
	return head.Checks < checks && (head.Checks == 0 || !now.Before(fromMillis(head.Checked).Add(checkAfter))), err
}

// Checked notes that it was checked where agreements are stored.
func (s *Store) Checked(ctx context.Context, now time.Time) error {
	return s.one(ctx, func() error {
		_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.table, Key: key(headKey(register.JournalName, 0)), UpdateExpression: aws.String("SET checked = :now ADD checks :one"),
			ExpressionAttributeValues: item{":now": num(millis(now)), ":one": num(1)},
		})
		return err
	})
}

// removePairsOf removes the pairs of an agreement that was deleted.
func (s *Store) removePairsOf(ctx context.Context, id string) error {
	for shard := range schema.Shards {
		var pairs []item
		err := s.query(ctx, &dynamodb.QueryInput{
			IndexName:              &schema.ByOwner.Name,
			KeyConditionExpression: aws.String("#p = :p"), ExpressionAttributeNames: map[string]string{"#p": schema.ByOwner.PK},
			ExpressionAttributeValues: item{":p": str(byOwnerPK(id, shard))},
		}, func(it item) (bool, error) {
			pairs = append(pairs, it)
			return true, nil
		})
		if err != nil {
			return err
		}
		if err := s.removeAll(ctx, pairs, "agreement"); err != nil {
			return err
		}
	}
	return nil
}
