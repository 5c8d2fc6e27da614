package dynamo

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/importer"
	"trueup/internal/journal"
	"trueup/internal/once"
	"trueup/internal/register"
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
			e.releaseGroupName(was, read.ID, stale)
		}
		event.Subject, event.Before, event.After = "group/"+read.ID, map[string]string{"name": read.Name}, map[string]string{"name": name}
		e.audit(event)
		return nil
	})
	return after, err
}

// DeleteGroup implements group.Store. It writes the same few items
// however many agreements are in the group: from then on they count as moved,
// because readers know that the group is gone. Tidy moves them in the table.
func (s *Store) DeleteGroup(ctx context.Context, read group.Group, event audit.Event) (moved int, err error) {
	if read.ID == group.UnassignedID {
		return 0, errs.New(errs.Conflict, "group_built_in")
	}
	_, err = s.edit(ctx, event.At, func(e *edit) error {
		head, err := s.Head(ctx, journal.Agreements)
		if err != nil {
			return err
		}
		g, err := s.Group(ctx, read.ID)
		if err != nil {
			return err
		}
		if g.Version != read.Version {
			return errs.New(errs.Stale, "version_stale")
		}
		moved = g.Agreements
		e.add(types.TransactWriteItem{Delete: &types.Delete{
			TableName: &s.table, Key: key(groupKey(g.ID)), ConditionExpression: aws.String("version = :v AND agreements = :n"),
			ExpressionAttributeValues: item{":v": num(g.Version), ":n": num(int64(g.Agreements))},
		}}, nil)
		e.releaseGroupName(text.Fold(g.Name), g.ID, nil)
		e.add(types.TransactWriteItem{Update: &types.Update{
			TableName: &s.table, Key: key(groupsPK, groupCountSK), UpdateExpression: aws.String("ADD n :less"),
			ExpressionAttributeValues: item{":less": num(-1)},
		}}, nil)
		if g.Agreements > 0 {
			e.add(s.counting(group.UnassignedID, g.Agreements), nil)
			e.entry = record{
				name: journal.Agreements, head: head, body: register.Body(nil, g.ID), weight: g.Agreements,
				gone: append(slices.Clip(head.Gone), g.ID),
			}
		}
		event.Subject = "group/" + g.ID
		event.Before = map[string]string{"name": g.Name, "agreements": strconv.Itoa(g.Agreements)}
		e.audit(event)
		return nil
	})
	return moved, err
}

// releaseGroupName adds the action that gives a folded name back.
func (e *edit) releaseGroupName(folded, id string, failed func(item) error) {
	e.add(types.TransactWriteItem{Delete: &types.Delete{
		TableName: &e.store.table, Key: key(groupNameKey(folded)), ConditionExpression: aws.String("id = :id"),
		ExpressionAttributeValues: item{":id": str(id)},
	}}, failed)
}

func groupNameTaken(name string) func(item) error {
	return func(item) error {
		return &errs.Error{Kind: errs.Conflict, Code: "taken", Violations: []errs.Violation{{Code: "group_name_taken", Field: "name", Value: name}}}
	}
}
