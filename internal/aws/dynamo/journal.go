package dynamo

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/audit"
	"trueup/internal/catalog"
	"trueup/internal/journal"
	"trueup/internal/once"
)

// Journal reads all journals, and appends entries of the catalog. The transactions that
// change agreements append the entries of the journal of agreements. Journal is safe for
// concurrent use.
type Journal struct {
	db       *engine
	journals *journals
}

var (
	_ journal.Log = (*Journal)(nil)
	_ catalog.Log = (*Journal)(nil)
)

// Head implements journal.Log.
func (s *Journal) Head(ctx context.Context, name journal.Name) (journal.Head, error) {
	return s.journals.head(ctx, name)
}

// Entries implements journal.Log. It reads one page.
func (s *Journal) Entries(ctx context.Context, name journal.Name, stripe int, after, upTo int64) ([]journal.Entry, error) {
	p, from := entryKey(name, stripe, after+1)
	_, to := entryKey(name, stripe, upTo)
	in := &dynamodb.QueryInput{
		TableName: &s.db.table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":p": str(string(p)), ":from": str(string(from)), ":to": str(string(to))},
		Limit:                     aws.Int32(entriesPerPage),
	}
	if s.db.pageSize > 0 {
		in.Limit = &s.db.pageSize
	}
	out, err := s.db.ask(ctx, in)
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", name, err)
	}
	entries := make([]journal.Entry, 0, len(out.Items))
	for _, it := range out.Items {
		e, err := decode[entryItem](it)
		if err != nil {
			return nil, fmt.Errorf("read journal %s: %w", name, err)
		}
		if e.Seq != after+int64(len(entries))+1 {
			break
		}
		entries = append(entries, journal.Entry{Stripe: stripe, Seq: e.Seq, Prev: e.Prev, Tip: e.Tip, Body: e.Body})
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("journal %s: entry %d of stripe %d: %w", name, after+1, stripe, journal.ErrTrimmed)
	}
	return entries, nil
}

// entriesPerPage limits how many entries are applied at a time. An entry of an import has
// up to 390 kB, so a page of 1 MB may have fewer.
const entriesPerPage = 200

// Append implements catalog.Log.
func (s *Journal) Append(ctx context.Context, name journal.Name, head journal.Head, body string, weight int, answer once.Entry, events ...audit.Event) (first []byte, err error) {
	var actions []*action
	var now time.Time
	for _, event := range events {
		actions = append(actions, s.db.put(newAuditItem(event), "", nil))
		now = event.At
	}
	remember := remembering(s.db, answer, now)
	err = s.journals.appendFirst(ctx, append(actions, remember), head, record{name: name, body: body, weight: weight})
	if old, used := refused(err, remember); used {
		return answered(old, answer)
	}
	return nil, err
}

// Saved implements journal.Log.
func (s *Journal) Saved(ctx context.Context, name journal.Name, head journal.Head, at time.Time) error {
	err := s.db.update(ctx, &dynamodb.UpdateItemInput{
		Key: key(headKey(name, 0)), UpdateExpression: aws.String("SET copied = :w, copied_at = :at"),
		ConditionExpression:       aws.String("attribute_not_exists(copied) OR copied <= :w"),
		ExpressionAttributeValues: item{":w": num(head.Weight), ":at": num(millis(at))},
	})
	return ignoreCondition(err)
}
