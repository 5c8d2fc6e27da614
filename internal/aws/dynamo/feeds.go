package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/reminder"
)

// Feeds stores the calendars of people. A feed has two items: the one of its owner has the hash of the token
// that counts, and one by which the hash is found. It is safe for concurrent use.
type Feeds struct{ db *engine }

var _ reminder.Feeds = (*Feeds)(nil)

type feedItem struct {
	itemKey
	Owner    string    `dynamodbav:"owner"`
	Hash     string    `dynamodbav:"hash"`
	Language i18n.Lang `dynamodbav:"language"`
	Made     int64     `dynamodbav:"made"`
	Seen     int64     `dynamodbav:"seen"`
	Read     int64     `dynamodbav:"read"`
	Expires  int64     `dynamodbav:"expires"` // schema.TTL
}

// feedHashItem names the owner of the feed with a hash.
type feedHashItem struct {
	itemKey
	Owner   string `dynamodbav:"owner"`
	Expires int64  `dynamodbav:"expires"` // schema.TTL
}

// keepFeed is how long a feed is kept after it has stopped, so that its owner sees that it has.
const keepFeed = 30 * oneDay

// Feed implements reminder.Feeds.
func (s *Feeds) Feed(ctx context.Context, owner string) (reminder.Feed, error) {
	p, sort := feedKey(owner)
	it, err := s.db.get(ctx, p, sort)
	if err != nil || it == nil {
		return reminder.Feed{}, err
	}
	i, err := decode[feedItem](it)
	if err != nil || i.Owner != owner { // the key of a long subject has only its hash
		return reminder.Feed{}, err
	}
	return i.feed(), nil
}

func (i feedItem) feed() reminder.Feed {
	return reminder.Feed{
		Owner: i.Owner, Hash: i.Hash, Language: i.Language, MadeAt: fromMillis(i.Made), SeenAt: fromMillis(i.Seen), ReadAt: fromMillis(i.Read), Version: i.Made,
	}
}

// FeedByHash implements reminder.Feeds.
func (s *Feeds) FeedByHash(ctx context.Context, hash string) (reminder.Feed, error) {
	p, sort := feedHashKey(hash)
	it, err := s.db.get(ctx, p, sort)
	if err != nil || it == nil {
		return reminder.Feed{}, err
	}
	i, err := decode[feedHashItem](it)
	if err != nil {
		return reminder.Feed{}, err
	}
	f, err := s.Feed(ctx, i.Owner)
	if err != nil || f.Hash != hash {
		return reminder.Feed{}, err
	}
	return f, nil
}

// Make implements reminder.Feeds.
func (s *Feeds) Make(ctx context.Context, read, feed reminder.Feed, event audit.Event) error {
	event.Subject = "reminder-feed/" + feed.Owner
	expires := feed.StopsAt().Add(keepFeed).Unix()
	return s.change(ctx, read, event, func(e *edit) *action {
		e.add(s.db.put(feedHashItem{keyed(feedHashKey(feed.Hash)), feed.Owner, expires}, "", nil), nil)
		return s.db.put(feedItem{
			keyed(feedKey(feed.Owner)), feed.Owner, feed.Hash, feed.Language, millis(feed.MadeAt), millis(feed.SeenAt), millis(feed.ReadAt), expires,
		}, "", nil)
	})
}

// Revoke implements reminder.Feeds.
func (s *Feeds) Revoke(ctx context.Context, read reminder.Feed, event audit.Event) error {
	event.Subject = "reminder-feed/" + read.Owner
	return s.change(ctx, read, event, func(*edit) *action {
		return &action{Delete: &types.Delete{TableName: &s.db.table, Key: key(feedKey(read.Owner))}}
	})
}

// change makes a change of the feed that was read, and removes its address.
func (s *Feeds) change(ctx context.Context, read reminder.Feed, event audit.Event, of func(*edit) *action) error {
	_, err := s.db.edit(ctx, event.At, func(e *edit) error {
		a := of(e)
		condition, values := aws.String("attribute_not_exists(pk)"), item(nil)
		if read.Hash != "" {
			condition, values = aws.String("#h = :h"), item{":h": str(read.Hash)}
			e.add(&action{Delete: &types.Delete{TableName: &s.db.table, Key: key(feedHashKey(read.Hash))}}, nil)
		}
		names := map[string]string(nil)
		if values != nil {
			names = map[string]string{"#h": "hash"} // a reserved word
		}
		if a.Put != nil {
			a.Put.ConditionExpression, a.Put.ExpressionAttributeValues, a.Put.ExpressionAttributeNames = condition, values, names
		} else {
			a.Delete.ConditionExpression, a.Delete.ExpressionAttributeValues, a.Delete.ExpressionAttributeNames = condition, values, names
		}
		e.add(a, func(item) error { return errs.New(errs.Stale, "version_stale") })
		e.audit(event)
		return nil
	})
	return err
}

// NoteSeen implements reminder.Feeds.
func (s *Feeds) NoteSeen(ctx context.Context, f reminder.Feed, at time.Time) error {
	f.SeenAt = at
	expires := num(f.StopsAt().Add(keepFeed).Unix())
	update := func(k item, set string, values item, names map[string]string, condition string) *action {
		return &action{Update: &types.Update{
			TableName: &s.db.table, Key: k, UpdateExpression: &set, ConditionExpression: &condition, ExpressionAttributeValues: values, ExpressionAttributeNames: names,
		}}
	}
	return ignoreCondition(s.db.transact(ctx, []*action{
		update(key(feedKey(f.Owner)), "SET seen = :s, expires = :e", item{":s": num(millis(at)), ":e": expires, ":h": str(f.Hash)}, map[string]string{"#h": "hash"}, "#h = :h"),
		update(key(feedHashKey(f.Hash)), "SET expires = :e", item{":e": expires}, nil, "attribute_exists(pk)"),
	}))
}

// NoteRead implements reminder.Feeds.
func (s *Feeds) NoteRead(ctx context.Context, f reminder.Feed, at time.Time) error {
	return ignoreCondition(s.db.update(ctx, &dynamodb.UpdateItemInput{
		Key: key(feedKey(f.Owner)), UpdateExpression: aws.String("SET #r = :r"), ConditionExpression: aws.String("#h = :h"),
		ExpressionAttributeValues: item{":r": num(millis(at)), ":h": str(f.Hash)}, ExpressionAttributeNames: map[string]string{"#h": "hash", "#r": "read"},
	}))
}
