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

// storedGroups reads and writes license groups for several types. It
// is safe for concurrent use.
type storedGroups struct {
	db         *engine
	journals   *journals
	tombstones *tombstones
}

// group returns a license group, or errs.NotFound group_not_found.
func (s *storedGroups) group(ctx context.Context, id string) (group.Group, error) {
	if id == group.UnassignedID {
		return group.Group{ID: id}, nil
	}
	p, sort := groupKey(id)
	it, err := s.db.get(ctx, p, sort)
	if err != nil {
		return group.Group{}, err
	}
	if it == nil {
		return group.Group{}, errs.New(errs.NotFound, "group_not_found", "id", id)
	}
	i, err := decode[groupItem](it)
	return i.group(), err
}

// byName returns the group with a folded name; its ID is empty if there is none.
func (s *storedGroups) byName(ctx context.Context, folded string) (group.Group, error) {
	p, sort := groupNameKey(folded)
	it, err := s.db.get(ctx, p, sort)
	if err != nil || it == nil {
		return group.Group{}, err
	}
	i, err := decode[groupNameItem](it)
	if err != nil {
		return group.Group{}, err
	}
	g, err := s.group(ctx, i.ID)
	if errs.KindOf(err) == errs.NotFound { // deleted meanwhile
		return group.Group{}, nil
	}
	return g, err
}

// groupCreation returns the actions that create a group: its item, its name, and the count of
// groups.
func (s *storedGroups) groupCreation(g group.Group, at time.Time) (item, name, count *action) {
	groupPK, groupSK := groupKey(g.ID)
	item = s.db.put(groupItem{
		PK: string(groupPK), SK: string(groupSK), ID: g.ID, Name: g.Name, Created: millis(at), Version: 1,
	}, "attribute_not_exists(pk)", nil)
	name = s.db.put(newGroupNameItem(g.ID, g.Name), "attribute_not_exists(pk)", nil)
	count = &action{Update: &types.Update{
		TableName: &s.db.table, Key: key(groupsPK, groupCountSK), UpdateExpression: aws.String("ADD n :one"),
		ConditionExpression:       aws.String("attribute_not_exists(n) OR n < :max"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":one": num(1), ":max": num(group.Max)},
	}}
	return item, name, count
}

// groupLimit returns the error for a refused count of groups.
func groupLimit(item) error {
	return errs.New(errs.Conflict, "group_limit", "max", strconv.Itoa(group.Max))
}

// releasingName returns the action that deletes the folded name of a group.
func (s *storedGroups) releasingName(folded, id string) *action {
	p, sort := groupNameKey(folded)
	return s.db.releasing(p, sort, id)
}

// groupNameTaken returns a function that returns the error for a refused name of a group.
func groupNameTaken(name string) func(item) error {
	return func(item) error {
		return &errs.Error{Kind: errs.Conflict, Code: "taken", Violations: []errs.Violation{{Code: "group_name_taken", Field: "name", Value: name}}}
	}
}

// gone returns the license groups that were deleted but not yet emptied.
func (s *storedGroups) gone(ctx context.Context) ([]string, error) {
	p, sort := headKey(register.JournalName, 0)
	it, err := s.db.get(ctx, p, sort)
	if err != nil {
		return nil, err
	}
	return deletedGroups(it)
}

// remove writes the actions that build adds, with a journal entry that makes all
// readers count the agreements of the group as Unassigned.
func (s *storedGroups) remove(ctx context.Context, id string, build func(*edit) error, at time.Time) error {
	by := ""
	_, err := s.db.edit(ctx, at, func(e *edit) error {
		if err := build(e); err != nil {
			return err
		}
		if by == "" { // only once, even if the edit is built again
			by = rand.Text()
			if err := s.tombstones.announceDeletion(ctx, id, by, at); err != nil {
				return err
			}
		}
		head, err := s.journals.head(ctx, register.JournalName)
		if err != nil {
			return err
		}
		gone := register.Gone(head)
		if slices.Contains(gone, id) {
			return errs.New(errs.NotFound, "group_not_found", "id", id)
		}
		for _, action := range s.tombstones.of(id, at) {
			e.add(action, nil)
		}
		entry := agreementRecord(register.Body(nil, id), 1, at)
		entry.head = headChange{set: ", gone = :gone, deleted = :gone", values: item{":gone": list(append(slices.Clip(gone), id))}}
		e.write = func(ctx context.Context, actions []*action) error {
			return againIfMoved(s.journals.appendFirst(ctx, actions, head, entry))
		}
		return nil
	})
	if err != nil && by != "" {
		// The deletion may have succeeded although it returned an error. Then its
		// tombstones have no announcement, so withdraw keeps them. After maxAnnounced
		// other transactions remove the announcements.
		ctx, enough := context.WithTimeout(context.WithoutCancel(ctx), maxAnnounced)
		defer enough()
		err = errors.Join(err, s.tombstones.withdraw(ctx, id, by))
	}
	return err
}
