package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/dynamo/schema"
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
