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

	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/register"
	"trueup/internal/retry"
)

// Upkeep is the scheduled maintenance of the table. No reader depends on when it runs. It
// is safe for concurrent use.
type Upkeep struct {
	db         *engine
	groups     *storedGroups
	agreements *storedAgreements
}

// orphanedFor is how long Tidy looks for the pairs of a deleted agreement in the index:
// after that time the index shows all of them.
const orphanedFor = 10 * time.Minute

// Tidy removes the pairs of deleted agreements. Other agreements can take these pairs
// before Tidy runs.
func (s *Upkeep) Tidy(ctx context.Context, now time.Time) error {
	return s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p"),
		ExpressionAttributeValues: item{":p": str(string(orphansPK))},
	}, func(it item) (bool, error) {
		id := cutPrefix(it, "sk", agreementPrefix)
		if err := s.agreements.removePairs(ctx, id); err != nil {
			return false, err
		}
		i, err := decode[orphansItem](it)
		if err != nil || now.Before(fromMillis(i.At).Add(orphanedFor)) {
			return true, err
		}
		return true, s.db.one(ctx, func() error {
			_, err := s.db.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.db.table, Key: key(orphansKey(id))})
			return err
		})
	})
}

// Empty moves agreements that still name a deleted group to Unassigned, where readers
// already count them. Then it removes the group from the list of deleted groups. ids must
// have all agreements that name the group; Empty skips agreements that were moved before.
func (s *Upkeep) Empty(ctx context.Context, groupID string, ids []string) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, id := range ids {
		g.Go(func() error {
			return ignoreCondition(s.db.update(gctx, &dynamodb.UpdateItemInput{
				Key:                       key(agreementKey(id)),
				UpdateExpression:          aws.String("SET #g = :to ADD version :one"),
				ConditionExpression:       aws.String("#g = :from"),
				ExpressionAttributeNames:  map[string]string{"#g": "group"},
				ExpressionAttributeValues: item{":from": str(groupID), ":to": str(group.UnassignedID), ":one": num(1)},
			}))
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return s.forget(ctx, groupID)
}

// forget removes a group from the list of deleted groups.
func (s *Upkeep) forget(ctx context.Context, groupID string) error {
	p, sort := headKey(register.JournalName, 0)
	return retry.Do(ctx, rebuilding, func() error {
		it, err := s.db.get(ctx, p, sort)
		if err != nil {
			return err
		}
		head, err := decode[agreementHead](it)
		if err != nil || !slices.Contains(head.gone(), groupID) {
			return err
		}
		without := func(was []string) types.AttributeValue {
			return list(slices.DeleteFunc(slices.Clone(was), func(id string) bool { return id == groupID }))
		}
		err = s.db.update(ctx, &dynamodb.UpdateItemInput{
			Key: key(p, sort), UpdateExpression: aws.String("SET gone = :gone, deleted = :deleted"),
			// A release without stripes writes only gone.
			ConditionExpression: aws.String("(gone = :was OR attribute_not_exists(gone)) AND (deleted = :known OR attribute_not_exists(deleted))"),
			ExpressionAttributeValues: item{
				":gone": without(head.Gone), ":was": list(head.Gone), ":deleted": without(head.Deleted), ":known": list(head.Deleted),
			},
		})
		if conditionOf(err) != nil { // another group was deleted or forgotten meanwhile
			return retry.Again(err)
		}
		return err
	})
}

// A release without stripes may run until an hour after the first run of this release: no
// invocation takes longer. It may delete or empty a group without moving the agreements
// that other stripes put into the group. So the schedule checks twice whether agreements
// are stored under groups that do not exist: when this release runs for the first time,
// and an hour later.
const (
	checks     = 2
	checkAfter = time.Hour
)

// IsCheckDue reports whether the groups that agreements are stored under have to be
// checked.
func (s *Upkeep) IsCheckDue(ctx context.Context, now time.Time) (bool, error) {
	p, sort := headKey(register.JournalName, 0)
	it, err := s.db.get(ctx, p, sort)
	if err != nil {
		return false, err
	}
	head, err := decode[agreementHead](it)
	return head.Checks < checks && (head.Checks == 0 || !now.Before(fromMillis(head.Checked).Add(checkAfter))), err
}

// Checked records that the groups that agreements are stored under were checked.
func (s *Upkeep) Checked(ctx context.Context, now time.Time) error {
	return s.db.update(ctx, &dynamodb.UpdateItemInput{
		Key: key(headKey(register.JournalName, 0)), UpdateExpression: aws.String("SET checked = :now ADD checks :one"),
		ExpressionAttributeValues: item{":now": num(millis(now)), ":one": num(1)},
	})
}

// Adopt makes readers count the agreements of groups that do not exist as Unassigned. A
// release that counted the agreements of a group in the group's item may have deleted the
// group while this release added agreements to it.
func (s *Upkeep) Adopt(ctx context.Context, groupIDs []string, now time.Time) error {
	for _, id := range groupIDs {
		err := s.groups.remove(ctx, id, func(e *edit) error {
			e.add(&action{ConditionCheck: &types.ConditionCheck{
				TableName: &s.db.table, Key: key(groupKey(id)), ConditionExpression: aws.String("attribute_not_exists(pk)"),
			}}, func(item) error { return errGroupExists })
			return nil
		}, now)
		if err != nil && !errors.Is(err, errGroupExists) && errs.KindOf(err) != errs.NotFound {
			return err
		}
	}
	return nil
}

var errGroupExists = errors.New("dynamo: the license group still exists")

// Retire sets the expiry of entries that a release without stripes appended to the journal
// of agreements without one. Each call sets it for the next retiredPerCall entries.
func (s *Upkeep) Retire(ctx context.Context, now time.Time) error {
	p, sort := headKey(register.JournalName, 0)
	it, err := s.db.get(ctx, p, sort)
	if err != nil {
		return err
	}
	head, err := decode[headItem](it)
	if err != nil {
		return err
	}
	own, err := decode[agreementHead](it)
	if err != nil || own.Retired >= head.Seq {
		return err
	}
	upTo := min(head.Seq, own.Retired+retiredPerCall)
	for n := own.Retired + 1; n <= upTo; n++ {
		err := ignoreCondition(s.db.update(ctx, &dynamodb.UpdateItemInput{
			Key: key(entryKey(register.JournalName, 0, n)), UpdateExpression: aws.String("SET expires = :at"),
			ConditionExpression:       aws.String("attribute_exists(pk) AND attribute_not_exists(expires)"),
			ExpressionAttributeValues: item{":at": num(now.Add(journalRetention).Unix())},
		}))
		if err != nil {
			return err
		}
	}
	return ignoreCondition(s.db.update(ctx, &dynamodb.UpdateItemInput{
		Key: key(p, sort), UpdateExpression: aws.String("SET retired = :n"),
		ConditionExpression:       aws.String("attribute_not_exists(retired) OR retired < :n"),
		ExpressionAttributeValues: item{":n": num(upTo)},
	}))
}

// retiredPerCall entries take some seconds.
const retiredPerCall = 500
