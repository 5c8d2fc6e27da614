package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/audit"
)

// What one call of Events reads at most, before it leaves the rest to the next page.
const (
	maxAuditDays   = 31
	maxAuditEvents = 2000
)

// aboveEvents is above the id of every event of a day.
const aboveEvents = "~"

// Events implements audit.Store. It walks the days backwards, one partition each.
func (s *Store) Events(ctx context.Context, q audit.Query) (audit.Page, error) {
	query := []string{"audit", q.From.UTC().Format(time.RFC3339Nano), q.To.UTC().Format(time.RFC3339Nano), q.By, q.Action, q.Subject}
	c, first, err := decodeCursor(q.Cursor, query...)
	if err != nil {
		return audit.Page{}, err
	}
	day, after := q.To.Add(-time.Nanosecond).UTC().Truncate(24*time.Hour), ""
	if !first {
		day, after = time.UnixMilli(c.Moment).UTC(), c.After
	}
	page := audit.Page{Items: []audit.Event{}}
	oldest, read := q.From.UTC().Truncate(24*time.Hour), 0
	for days := 0; !day.Before(oldest); day, after, days = day.Add(-24*time.Hour), "", days+1 {
		if days == maxAuditDays {
			page.Next = cursor{Moment: day.UnixMilli(), After: aboveEvents}.encode(query...)
			return page, nil
		}
		p, _ := auditKey(day, "")
		in := &dynamodb.QueryInput{
			ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false),
			KeyConditionExpression:    aws.String("pk = :p"),
			ExpressionAttributeValues: item{":p": str(string(p))},
		}
		if after != "" {
			in.KeyConditionExpression = aws.String("pk = :p AND sk < :s")
			in.ExpressionAttributeValues[":s"] = str(after)
		}
		full := false
		err := s.query(ctx, in, func(it item) (bool, error) {
			if len(page.Items) == q.Limit || read == maxAuditEvents {
				full = true
				return false, nil
			}
			i, err := decode[auditItem](it)
			if err != nil {
				return false, err
			}
			read, after = read+1, i.SK
			if e := i.event(); selects(q, e) {
				page.Items = append(page.Items, e)
			}
			return true, nil
		})
		if err != nil {
			return audit.Page{}, err
		}
		if full {
			page.Next = cursor{Moment: day.UnixMilli(), After: after}.encode(query...)
			return page, nil
		}
	}
	return page, nil
}

func selects(q audit.Query, e audit.Event) bool {
	return !e.At.Before(q.From) && e.At.Before(q.To) &&
		(q.By == "" || q.By == e.By) && (q.Action == "" || q.Action == e.Action) && (q.Subject == "" || q.Subject == e.Subject)
}
