package dynamo

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/day"
	"trueup/internal/notifier"
	"trueup/internal/reminder"
)

// Reminders stores which reminders were sent. It is safe for concurrent use.
type Reminders struct {
	heldLease

	db *engine
}

var _ notifier.Store = (*Reminders)(nil)

func newReminders(db *engine) *Reminders {
	return &Reminders{heldLease{db, keyed(remindersPK, remindersLeaseSK), notifier.ErrLost}, db}
}

// sentItem is a mark: a reminder was sent at an offset.
type sentItem struct {
	itemKey
	At      int64 `dynamodbav:"at"`
	Expires int64 `dynamodbav:"expires"` // schema.TTL
}

// digestDayItem has the day of the last digest.
type digestDayItem struct {
	itemKey
	Day day.Date `dynamodbav:"day"`
}

// What is sent about an end is not needed when the end has passed. Conflicts and refreshes that fail are
// reminded of until they are solved, so their marks last: one that is not solved in a year is sent again.
const (
	keepSent      = 2 * oneDay // after the date
	keepSentUntil = 366 * oneDay
)

// Sent implements reminder.Marks. The marks of each date are a partition.
func (s *Reminders) Sent(ctx context.Context, dates []day.Date) (map[string]int, error) {
	found := make([]map[string]int, len(dates))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, date := range dates {
		g.Go(func() (err error) {
			found[i], err = s.sentAbout(ctx, date)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	all := map[string]int{}
	for _, some := range found {
		for id, offset := range some {
			all[id] = offset
		}
	}
	return all, nil
}

func (s *Reminders) sentAbout(ctx context.Context, date day.Date) (map[string]int, error) {
	sent := map[string]int{}
	err := s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p"),
		ProjectionExpression:      aws.String("sk"),
		ExpressionAttributeValues: item{":p": str(string(sentPK(date)))},
	}, func(it item) (bool, error) {
		key := attr(it, "sk")
		at := strings.LastIndexByte(key, '#')
		if at < 0 {
			return false, fmt.Errorf("dynamo: %q is not the key of a reminder that was sent", key)
		}
		offset, err := strconv.Atoi(key[at+1:])
		if last, was := sent[key[:at]]; !was || offset < last {
			sent[key[:at]] = offset
		}
		return true, err
	})
	return sent, err
}

// Mark implements reminder.Marks. The first mark stays.
func (s *Reminders) Mark(ctx context.Context, sent []reminder.Reminder, at time.Time) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, r := range sent {
		g.Go(func() error {
			i := sentItem{keyed(sentKey(r.Date, r.ID(), r.Offset())), millis(at), expiryOf(r, at).Unix()}
			return ignoreCondition(s.db.one(ctx, func() error {
				_, err := s.db.client.PutItem(ctx, &dynamodb.PutItemInput{
					TableName: &s.db.table, Item: marshal(i), ConditionExpression: aws.String("attribute_not_exists(pk)"), ReturnValues: types.ReturnValueNone,
				})
				return err
			}))
		})
	}
	return g.Wait()
}

// expiryOf returns when the mark of a reminder is not needed any more.
func expiryOf(r reminder.Reminder, at time.Time) time.Time {
	if r.Kind == reminder.Agreement || r.Kind == reminder.Subscription {
		if date, ok := r.Date.Time(); ok {
			return date.Add(oneDay + keepSent)
		}
	}
	return at.Add(keepSentUntil)
}

// Day implements reminder.Marks.
func (s *Reminders) Day(ctx context.Context) (day.Date, error) {
	it, err := s.db.get(ctx, remindersPK, digestDaySK)
	if err != nil || it == nil {
		return "", err
	}
	i, err := decode[digestDayItem](it)
	return i.Day, err
}

// SetDay implements reminder.Marks. Only the holder of the lease calls it.
func (s *Reminders) SetDay(ctx context.Context, date day.Date) error {
	return s.db.one(ctx, func() error {
		_, err := s.db.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.db.table, Item: marshal(digestDayItem{keyed(remindersPK, digestDaySK), date})})
		return err
	})
}
