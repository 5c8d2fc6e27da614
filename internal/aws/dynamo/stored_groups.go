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

	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/register"
)

// group returns a license group, or errs.NotFound group_not_found.
func (db *engine) group(ctx context.Context, id string) (group.Group, error) {
	if id == group.UnassignedID {
		return group.Group{ID: id}, nil
	}
	p, sort := groupKey(id)
	it, err := db.get(ctx, p, sort)
	if err != nil {
		return group.Group{}, err
	}
	if it == nil {
		return group.Group{}, errs.New(errs.NotFound, "group_not_found", "id", id)
	}
	i, err := decode[groupItem](it)
	return i.group(), err
}

// groupByName returns the group with a folded name; its ID is empty if there is none.
func (db *engine) groupByName(ctx context.Context, folded string) (group.Group, error) {
	p, sort := groupNameKey(folded)
	it, err := db.get(ctx, p, sort)
	if err != nil || it == nil {
		return group.Group{}, err
	}
	i, err := decode[groupNameItem](it)
	if err != nil {
		return group.Group{}, err
	}
	g, err := db.group(ctx, i.ID)
	if errs.KindOf(err) == errs.NotFound { // deleted meanwhile
		return group.Group{}, nil
	}
	return g, err
}

// founding returns the actions that create a group: its item, its name, and the count of
// groups.
func (db *engine) founding(g group.Group, at time.Time) (item, name, count *action) {
	groupPK, groupSK := groupKey(g.ID)
	item = db.put(groupItem{
		PK: string(groupPK), SK: string(groupSK), ID: g.ID, Name: g.Name, Created: millis(at), Version: 1,
	}, "attribute_not_exists(pk)", nil)
	name = db.put(newGroupNameItem(g.ID, g.Name), "attribute_not_exists(pk)", nil)
	count = &action{Update: &types.Update{
		TableName: &db.table, Key: key(groupsPK, groupCountSK), UpdateExpression: aws.String("ADD n :one"),
		ConditionExpression:       aws.String("attribute_not_exists(n) OR n < :max"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": num(1), ":max": num(group.Max)},
	}}
	return item, name, count
}

// groupLimit returns the error for a refused count of groups.
func groupLimit(item) error {
	return errs.New(errs.Conflict, "group_limit", "max", strconv.Itoa(group.Max))
}

// releaseGroupName adds the action that deletes the folded name of a group.
func (e *edit) releaseGroupName(folded, id string, failed func(item) error) {
	e.add(&action{Delete: &types.Delete{
		TableName: &e.db.table, Key: key(groupNameKey(folded)), ConditionExpression: aws.String("id = :id"),
		ExpressionAttributeValues: item{":id": str(id)},
	}}, failed)
}

// groupNameTaken returns a function that returns the error for a refused name of a group.
func groupNameTaken(name string) func(item) error {
	return func(item) error {
		return &errs.Error{Kind: errs.Conflict, Code: "taken", Violations: []errs.Violation{{Code: "group_name_taken", Field: "name", Value: name}}}
	}
}

// gone returns the license groups that were deleted but not yet emptied.
func (db *engine) gone(ctx context.Context) ([]string, error) {
	p, sort := headKey(register.JournalName, 0)
	it, err := db.get(ctx, p, sort)
	if err != nil {
		return nil, err
	}
	head, err := decode[headItem](it)
	return head.gone(), err
}

// deleteGroup writes the actions that build adds, with a journal entry that makes all
// readers count the agreements of the group as Unassigned.
func (db *engine) deleteGroup(ctx context.Context, id string, build func(*edit) error, at time.Time) error {
	by := ""
	_, err := db.edit(ctx, at, func(e *edit) error {
		if err := build(e); err != nil {
			return err
		}
		if by == "" { // only once, even if the edit is built again
			by = rand.Text()
			if err := db.forewarn(ctx, id, by, at); err != nil {
				return err
			}
		}
		head, err := db.head(ctx, register.JournalName)
		if err != nil {
			return err
		}
		gone := register.Gone(head)
		if slices.Contains(gone, id) {
			return errs.New(errs.NotFound, "group_not_found", "id", id)
		}
		for _, action := range db.tombstones(id, at) {
			e.add(action, nil)
		}
		e.entry = record{
			name: register.JournalName, body: register.Body(nil, id), weight: 1, at: at,
			head: headChange{set: ", gone = :gone, deleted = :gone", values: item{":gone": list(append(slices.Clip(gone), id))}},
		}
		e.after = &head
		return nil
	})
	if err != nil && by != "" {
		// The deletion may have succeeded although it returned an error. Then its
		// tombstones have no announcement, so withdraw keeps them.
		ctx, enough := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer enough()
		err = errors.Join(err, db.withdraw(ctx, id, by))
	}
	return err
}
