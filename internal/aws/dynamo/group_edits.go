package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/group"
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
		group, name, count := s.founding(g, g.CreatedAt)
		e.add(group, nil)
		e.add(name, groupNameTaken(g.Name))
		e.add(count, groupLimit)
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
		e.add(&action{Update: &types.Update{
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

// DeleteGroup implements group.Store. It writes as many items
// however many agreements are in the group: from then on they count as moved,
// because readers know that the group is gone. Tidy moves them in the table.
func (s *Store) DeleteGroup(ctx context.Context, read group.Group, event audit.Event) error {
	if read.ID == group.UnassignedID {
		return errs.New(errs.Conflict, "group_built_in")
	}
	return s.deleteGroup(ctx, read.ID, func(e *edit) error {
		g, err := s.Group(ctx, read.ID)
		if err != nil {
			return err
		}
		if g.Version != read.Version {
			return errs.New(errs.Stale, "version_stale")
		}
		e.add(&action{Delete: &types.Delete{
			TableName: &s.table, Key: key(groupKey(g.ID)), ConditionExpression: aws.String("version = :v"),
			ExpressionAttributeValues: item{":v": num(g.Version)},
		}}, nil)
		e.releaseGroupName(text.Fold(g.Name), g.ID, nil)
		e.add(&action{Update: &types.Update{
			TableName: &s.table, Key: key(groupsPK, groupCountSK), UpdateExpression: aws.String("ADD n :less"),
			ExpressionAttributeValues: item{":less": num(-1)},
		}}, nil)
		event.Subject = "group/" + g.ID
		event.Before = map[string]string{"name": g.Name, "agreements": strconv.Itoa(read.Agreements)}
		e.audit(event)
		return nil
	}, event.At)
}

// deleteGroup does what build adds, and makes all readers count the agreements of a
// group as Unassigned.
func (s *Store) deleteGroup(ctx context.Context, id string, build func(*edit) error, at time.Time) error {
	by := ""
	_, err := s.edit(ctx, at, func(e *edit) error {
		if err := build(e); err != nil {
			return err
		}
		if by == "" { // once, however often the edit is built
			by = rand.Text()
			if err := s.forewarn(ctx, id, by, at); err != nil {
				return err
			}
		}
		head, err := s.Head(ctx, register.JournalName)
		if err != nil {
			return err
		}
		gone := register.Gone(head)
		if slices.Contains(gone, id) {
			return errs.New(errs.NotFound, "group_not_found", "id", id)
		}
		for _, action := range s.tombstones(id, at) {
			e.add(action, nil)
		}
		e.entry = record{
			name: register.JournalName, body: register.Body(nil, id), weight: 1, at: at,
			gone: append(slices.Clip(gone), id),
		}
		e.after = &head
		return nil
	})
	if err != nil && by != "" {
		// Whether it was done may not be known: the tombstones of a deletion that was
		// done have no announcement, so they stay.
		ctx, enough := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer enough()
		err = errors.Join(err, s.withdraw(ctx, id, by))
	}
	return err
}

// Adopt takes the agreements for moved to Unassigned that name a group which is
// not there. A release that counted the agreements of a group in the group deleted
// it while this release added agreements that it did not count.
func (s *Store) Adopt(ctx context.Context, groupIDs []string, now time.Time) error {
	for _, id := range groupIDs {
		err := s.deleteGroup(ctx, id, func(e *edit) error {
			e.add(&action{ConditionCheck: &types.ConditionCheck{
				TableName: &s.table, Key: key(groupKey(id)), ConditionExpression: aws.String("attribute_not_exists(pk)"),
			}}, func(item) error { return errGroupExists })
			return nil
		}, now)
		if err != nil && !errors.Is(err, errGroupExists) && errs.KindOf(err) != errs.NotFound {
			return err
		}
	}
	return nil
}

var errGroupExists = errors.New("dynamo: the license group exists")

// releaseGroupName adds the action that gives a folded name back.
func (e *edit) releaseGroupName(folded, id string, failed func(item) error) {
	e.add(&action{Delete: &types.Delete{
		TableName: &e.store.table, Key: key(groupNameKey(folded)), ConditionExpression: aws.String("id = :id"),
		ExpressionAttributeValues: item{":id": str(id)},
	}}, failed)
}

func groupNameTaken(name string) func(item) error {
	return func(item) error {
		return &errs.Error{Kind: errs.Conflict, Code: "taken", Violations: []errs.Violation{{Code: "group_name_taken", Field: "name", Value: name}}}
	}
}
