package dynamo

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/group"
	"trueup/internal/text"
)

// Groups stores license groups. It is safe for concurrent use.
type Groups struct {
	db     *engine
	stored *storedGroups
}

var _ group.Store = (*Groups)(nil)

// Groups implements group.Store.
func (s *Groups) Groups(ctx context.Context) ([]group.Group, error) {
	groups := []group.Group{{ID: group.UnassignedID}}
	err := s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND begins_with(sk, :s)"),
		ExpressionAttributeValues: item{":p": str(string(groupsPK)), ":s": str(groupPrefix)},
	}, func(it item) (bool, error) {
		i, err := decode[groupItem](it)
		if err != nil {
			return false, err
		}
		if i.ID != group.UnassignedID { // stored by older releases, which counted its agreements
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
func (s *Groups) Group(ctx context.Context, id string) (group.Group, error) {
	return s.stored.group(ctx, id)
}
