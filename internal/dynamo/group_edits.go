package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/importer"
	"trueup/internal/once"
	"trueup/internal/text"
)

// CreateGroup implements group.Store.
func (s *Store) CreateGroup(ctx context.Context, g group.Group, event audit.Event, entry once.Entry) (first []byte, err error) {
	if group.IsReserved(g.Name) {
		return nil, groupNameTaken(g.Name)(nil)
	}
	return s.edit(ctx, g.CreatedAt, func(e *edit) error {
		e.remember(entry)
		actions := s.grouping(importer.Plan{At: g.CreatedAt, Group: g, NewGroup: true})
		e.add(actions[0], nil)
		e.add(actions[1], groupNameTaken(g.Name))
		e.add(actions[2], groupLimit)
		event.Subject, event.After = "group/"+g.ID, map[string]string{"name": g.Name}
		e.audit(event)
		return nil
	})
}

// RenameGroup implements group.Store.
func (s *Store) RenameGroup(ctx context.Context, read group.Group, name string, event audit.Event) (group.Group, error) {
	switch {
	case read.ID == group.UnassignedID:
		return group.Group{}, errs.New(errs.Conflict, "group_built_in")
	case group.IsReserved(name):
		return group.Group{}, groupNameTaken(name)(nil)
	}
	after := read
	after.Name = name
	after.Version++
	_, err := s.edit(ctx, event.At, func(e *edit) error {
		stale := func(item) error { return errs.New(errs.Stale, "version_stale") }
		e.add(types.TransactWriteItem{Update: &types.Update{
			TableName: &s.table, Key: key(groupKey(read.ID)),
			UpdateExpression:          aws.String("SET #n = :name, version = :next"),
			ConditionExpression:       aws.String("version = :was"),
			ExpressionAttributeNames:  map[string]string{"#n": "name"},
			ExpressionAttributeValues: item{":name": str(name), ":next": num(after.Version), ":was": num(read.Version)},
		}}, stale)
		if was, is := text.Fold(read.Name), text.Fold(name); was != is {
			taken := key(groupNameKey(is))
			taken["id"], taken["name"] = str(read.ID), str(is)
			e.add(s.putItem(taken, "attribute_not_exists(pk)", nil), groupNameTaken(name))
			e.add(types.TransactWriteItem{Delete: &types.Delete{
				TableName: &s.table, Key: key(groupNameKey(was)), ConditionExpression: aws.String("id = :id"),
				ExpressionAttributeValues: item{":id": str(read.ID)},
			}}, stale)
		}
		event.Subject, event.Before, event.After = "group/"+read.ID, map[string]string{"name": read.Name}, map[string]string{"name": name}
		e.audit(event)
		return nil
	})
	return after, err
}

func groupNameTaken(name string) func(item) error {
	return func(item) error {
		return &errs.Error{Kind: errs.Conflict, Code: "taken", Violations: []errs.Violation{{Code: "group_name_taken", Field: "name", Value: name}}}
	}
}
