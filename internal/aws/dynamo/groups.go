package dynamo

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/text"
)

// Groups implements group.Store.
func (s *Store) Groups(ctx context.Context) ([]group.Group, error) {
	groups := []group.Group{{ID: group.UnassignedID}}
	err := s.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND begins_with(sk, :s)"),
		ExpressionAttributeValues: item{":p": str(string(groupsPK)), ":s": str(groupPrefix)},
	}, func(it item) (bool, error) {
		i, err := decode[groupItem](it)
		if err != nil {
			return false, err
		}
		if i.ID != group.UnassignedID { // which releases stored that counted its agreements
			groups = append(groups, i.group())
		}
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(groups[1:], func(a, b group.Group) int {
		return cmp.Compare(text.Fold(a.Name), text.Fold(b.Name))
	})
	return groups, nil
}

// Group implements group.Store.
func (s *Store) Group(ctx context.Context, id string) (group.Group, error) {
	if id == group.UnassignedID {
		return group.Group{ID: id}, nil
	}
	p, sort := groupKey(id)
	it, err := s.get(ctx, p, sort)
	if err != nil {
		return group.Group{}, err
	}
	if it == nil {
		return group.Group{}, errs.New(errs.NotFound, "group_not_found", "id", id)
	}
	i, err := decode[groupItem](it)
	return i.group(), err
}

// groupByName returns the group with a folded name; its ID is empty when there is none.
func (s *Store) groupByName(ctx context.Context, folded string) (group.Group, error) {
	p, sort := groupNameKey(folded)
	it, err := s.get(ctx, p, sort)
	if err != nil || it == nil {
		return group.Group{}, err
	}
	g, err := s.Group(ctx, attr(it, "id"))
	if errs.KindOf(err) == errs.NotFound { // deleted since
		return group.Group{}, nil
	}
	return g, err
}
