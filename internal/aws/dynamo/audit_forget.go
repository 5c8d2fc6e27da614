package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/id"
)

const (
	// forgetPause is the time between two deletions of up to maxTransaction events. They take turns
	// between the shards, so a partition keeps most of its write units for new events.
	forgetPause = 100 * time.Millisecond
	// emptyDays is how many days in a row without events show that there are no older ones, in the
	// partitions by day of releases without shards.
	emptyDays = 31
)

// Forget deletes the events before a time, and returns how many it deleted. Each shard loses its
// oldest events first, so an interrupted call leaves no gap in a shard.
func (s *Audit) Forget(ctx context.Context, before time.Time) (deleted int, err error) {
	shards := make([]pk, auditShards)
	for i := range shards {
		shards[i] = auditShardPK(i)
	}
	for len(shards) > 0 {
		var left []pk
		for _, shard := range shards {
			n, err := s.forgetSome(ctx, shard, before)
			if deleted += n; err != nil {
				return deleted, err
			}
			if n > 0 {
				left = append(left, shard)
			}
		}
		shards = left
	}
	date := before.UTC().Truncate(oneDay)
	for empty := 0; empty < emptyDays; {
		n, err := s.forgetSome(ctx, auditDayPK(date), before)
		if deleted += n; err != nil {
			return deleted, err
		}
		if n == 0 {
			empty++
			date = date.Add(-oneDay)
		} else {
			empty = -1 // the same day again, which is then empty
		}
	}
	return deleted, nil
}

// forgetSome deletes the oldest events of a partition before a time, and returns how many.
func (s *Audit) forgetSome(ctx context.Context, partition pk, before time.Time) (int, error) {
	limit := int32(maxTransaction)
	if s.db.pageSize > 0 {
		limit = min(limit, s.db.pageSize)
	}
	out, err := s.db.ask(ctx, &dynamodb.QueryInput{
		TableName: &s.db.table, ConsistentRead: aws.Bool(true), Limit: &limit,
		ProjectionExpression: aws.String("pk, sk, #at"), ExpressionAttributeNames: map[string]string{"#at": "at"},
		KeyConditionExpression:    aws.String("pk = :p AND sk < :s"),
		ExpressionAttributeValues: item{":p": str(string(partition)), ":s": str(id.First(before))},
	})
	if err != nil || len(out.Items) == 0 {
		return 0, err
	}
	if err := s.db.removeAll(ctx, out.Items, "at"); err != nil {
		return 0, err
	}
	select {
	case <-time.After(forgetPause):
		return len(out.Items), nil
	case <-ctx.Done():
		return len(out.Items), ctx.Err()
	}
}
