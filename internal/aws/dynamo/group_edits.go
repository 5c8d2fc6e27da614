package dynamo

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/once"
	"trueup/internal/text"
)

// CreateGroup implements group.Store.
func (s *Groups) CreateGroup(ctx context.Context, g group.Group, c once.Change) (first []byte, err error) {
	if group.IsReserved(g.Name) {
		return nil, groupNameTaken(g.Name)(nil)
	}
	return s.db.edit(ctx, g.CreatedAt, func(e *edit) error {
		event := c.Event
		e.remember(c.Entry)
		group, name, count := s.stored.groupCreation(g, g.CreatedAt)
		e.add(group, nil)
		e.add(name, groupNameTaken(g.Name))
		e.add(count, groupLimit)
		event.Subject, event.After = "group/"+g.ID, map[string]string{"name": g.Name}
		e.audit(event)
		return nil
	})
}

// RenameGroup implements group.Store.
func (s *Groups) RenameGroup(ctx context.Context, read group.Group, name string, event audit.Event) (group.Group, error) {
	switch {
	case read.ID == group.UnassignedID:
		return group.Group{}, errs.New(errs.Conflict, "group_built_in")
	case group.IsReserved(name):
		return group.Group{}, groupNameTaken(name)(nil)
	}
	after := read
	after.Name = name
	after.Version++
	_, err := s.db.edit(ctx, event.At, func(e *edit) error {
		stale := func(item) error { return errs.New(errs.Stale, "version_stale") }
		e.add(&action{Update: &types.Update{
			TableName: &s.db.table, Key: key(groupKey(read.ID)),
			UpdateExpression:          aws.String("SET #n = :name, version = :next"),
			ConditionExpression:       aws.String("version = :was"),
			ExpressionAttributeNames:  map[string]string{"#n": "name"},
			ExpressionAttributeValues: item{":name": str(name), ":next": num(after.Version), ":was": num(read.Version)},
		}}, stale)
		if was, is := text.Fold(read.Name), text.Fold(name); was != is {
			e.add(s.db.put(newGroupNameItem(read.ID, name), "attribute_not_exists(pk)", nil), groupNameTaken(name))
			e.add(s.stored.releasingName(was, read.ID), stale)
		}
		event.Subject, event.Before, event.After = "group/"+read.ID, map[string]string{"name": read.Name}, map[string]string{"name": name}
		e.audit(event)
		return nil
	})
	return after, err
}

// DeleteGroup implements group.Store. The number of items that it writes does not depend
// on the number of agreements in the group. Readers know that the group was deleted, and
// count its agreements as Unassigned. Upkeep.Empty moves them in the table.
func (s *Groups) DeleteGroup(ctx context.Context, read group.Group, event audit.Event) error {
	if read.ID == group.UnassignedID {
		return errs.New(errs.Conflict, "group_built_in")
	}
	return s.stored.remove(ctx, read.ID, func(e *edit) error {
		g, err := s.stored.group(ctx, read.ID)
		if err != nil {
			return err
		}
		if g.Version != read.Version {
			return errs.New(errs.Stale, "version_stale")
		}
		e.add(&action{Delete: &types.Delete{
			TableName: &s.db.table, Key: key(groupKey(g.ID)), ConditionExpression: aws.String("version = :v"),
			ExpressionAttributeValues: item{":v": num(g.Version)},
		}}, nil)
		e.add(s.stored.releasingName(text.Fold(g.Name), g.ID), nil)
		e.add(&action{Update: &types.Update{
			TableName: &s.db.table, Key: key(groupsPK, groupCountSK), UpdateExpression: aws.String("ADD n :less"),
			ExpressionAttributeValues: item{":less": num(-1)},
		}}, nil)
		event.Subject = "group/" + g.ID
		event.Before = map[string]string{"name": g.Name, "agreements": strconv.Itoa(read.Agreements)}
		e.audit(event)
		return nil
	}, event.At)
}
