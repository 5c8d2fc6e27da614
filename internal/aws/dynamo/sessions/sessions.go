// Package sessions keeps the sessions of the console in a DynamoDB table of their own.
//
// The table has two kinds of items, both with the key "pk":
//
//   - session/<id>: a session. Its tokens are encrypted by package session.
//   - person/<hash>: the sessions of a person, each as "<end>.<id>" in a set, so that all of them can be
//     ended with one read that sees every session.
//
// Both have a time to live. The table has no backup: a session that a backup brings back would be one
// that was ended. It is apart from the other data so that the function which faces browsers has no right
// to those.
package sessions

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/console/session"
	"trueup/internal/retry"
)

// Store implements session.Store. It is safe for concurrent use.
type Store struct {
	client *dynamodb.Client
	table  string
}

var _ session.Store = (*Store)(nil)

// Open returns the store of a table. It sends no request. It panics if the name is empty, which is a
// mistake in the settings.
func Open(client *dynamodb.Client, table string) *Store {
	if table == "" {
		panic("sessions: a table without a name")
	}
	return &Store{client, table}
}

// sessionItem is a session. Times are in milliseconds since 1970, but for Expires.
type sessionItem struct {
	PK      string `dynamodbav:"pk"`
	Person  string `dynamodbav:"person"`
	Sealed  []byte `dynamodbav:"sealed"`
	Version int64  `dynamodbav:"version"`
	Created int64  `dynamodbav:"created"`
	Used    int64  `dynamodbav:"used"`
	Ends    int64  `dynamodbav:"ends"`
	Until   int64  `dynamodbav:"lasts"`   // Session.Expires
	Expires int64  `dynamodbav:"expires"` // schema.TTL: the same in seconds, rounded up
	Holder  string `dynamodbav:"holder"`
	Claimed int64  `dynamodbav:"claimed"` // end of the claim; 0 for none
}

// personItem lists the sessions of a person.
type personItem struct {
	PK      string   `dynamodbav:"pk"`
	Listed  []string `dynamodbav:"listed,stringset"`
	Expires int64    `dynamodbav:"expires"` // schema.TTL: the end of the newest session
}

type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func set(values ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: values} }

func sessionKey(id string) item { return item{schema.PK: text("session/" + id)} }

func personKey(hash string) item { return item{schema.PK: text("person/" + hash)} }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// ttl returns when the table may delete an item, in seconds.
func ttl(t time.Time) int64 { return t.Add(time.Second - 1).Unix() }

// entry returns a session in the list of its person.
func entry(s session.Session) string {
	return strconv.FormatInt(s.Ends.Unix(), 10) + "." + s.ID
}

// parseEntry returns the end and the id of a session in the list.
func parseEntry(e string) (ends int64, id string) {
	first, id, _ := strings.Cut(e, ".")
	ends, _ = strconv.ParseInt(first, 10, 64) // 0, which is over, if it is damaged
	return ends, id
}

// Create implements session.Store.
func (s *Store) Create(ctx context.Context, fresh session.Session) error {
	if err := s.tidy(ctx, fresh.Person, fresh.Created); err != nil {
		return err
	}
	stored, err := attributevalue.MarshalMap(sessionItem{
		PK: "session/" + fresh.ID, Person: fresh.Person, Sealed: fresh.Sealed, Version: fresh.Version, Created: fresh.Created.UnixMilli(), Used: fresh.Used.UnixMilli(),
		Ends: fresh.Ends.UnixMilli(), Until: fresh.Expires.UnixMilli(), Expires: ttl(fresh.Expires),
	})
	if err != nil {
		return err
	}
	in := &dynamodb.TransactWriteItemsInput{
		ClientRequestToken: aws.String(rand.Text()), // a repeated transaction is done once
		TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: &s.table, Item: stored}},
			{Update: &types.Update{
				TableName: &s.table, Key: personKey(fresh.Person), UpdateExpression: aws.String("ADD listed :new SET expires = :end"),
				ExpressionAttributeValues: item{":new": set(entry(fresh)), ":end": number(ttl(fresh.Ends))},
			}},
		},
	}
	return again(ctx, func() error {
		_, err := s.client.TransactWriteItems(ctx, in)
		return err
	})
}

// again repeats a write that was not done because of another one, such as when a person signs in twice
// at once. The SDK does not repeat it then.
func again(ctx context.Context, write func() error) error {
	policy := retry.Policy{Timeout: 5 * time.Second, First: 10 * time.Millisecond, Longest: 100 * time.Millisecond}
	return retry.Do(ctx, policy, func() error {
		err := write()
		if conflicts(err) {
			return retry.Again(err)
		}
		return err
	})
}

// conflicts reports whether a write was not done because of another one, or because of throttling.
func conflicts(err error) bool {
	var cancelled *types.TransactionCanceledException
	var running *types.TransactionInProgressException
	var conflict *types.TransactionConflictException
	if errors.As(err, &running) || errors.As(err, &conflict) {
		return true
	}
	if !errors.As(err, &cancelled) {
		return false
	}
	return !slices.ContainsFunc(cancelled.CancellationReasons, func(r types.CancellationReason) bool {
		code := aws.ToString(r.Code)
		return !slices.Contains([]string{"", "None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}, code)
	})
}

// tidy removes the sessions that are over from the list of a person, and the oldest ones if there would
// be too many.
func (s *Store) tidy(ctx context.Context, person string, now time.Time) error {
	listed, err := s.listed(ctx, person)
	if err != nil {
		return err
	}
	slices.SortFunc(listed, func(a, b string) int {
		first, _ := parseEntry(a)
		second, _ := parseEntry(b)
		return cmp.Or(cmp.Compare(first, second), strings.Compare(a, b))
	})
	var gone []string
	for i, e := range listed {
		ends, id := parseEntry(e)
		if isOld := i <= len(listed)-session.MaxSessions; !isOld && ends > now.Unix() {
			break
		}
		if err := s.remove(ctx, id); err != nil {
			return err
		}
		gone = append(gone, e)
	}
	return s.unlist(ctx, person, gone)
}

// listed returns the list of a person.
func (s *Store) listed(ctx context.Context, person string) ([]string, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.table, Key: personKey(person), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	var p personItem
	err = attributevalue.UnmarshalMap(out.Item, &p)
	return p.Listed, err
}

// unlist removes entries from the list of a person. It makes no list.
func (s *Store) unlist(ctx context.Context, person string, entries []string) error {
	if len(entries) == 0 {
		return nil
	}
	err := s.update(ctx, personKey(person), "DELETE listed :gone", "attribute_exists(pk)", item{":gone": set(entries...)})
	if errors.Is(err, errRefused) {
		return nil
	}
	return err
}

// errRefused means that the condition of a write did not hold.
var errRefused = errors.New("sessions: a condition of the write was not met")

// update runs a conditional update.
func (s *Store) update(ctx context.Context, key item, change, condition string, values item) error {
	err := again(ctx, func() error {
		_, err := s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &s.table, Key: key, UpdateExpression: &change, ConditionExpression: &condition, ExpressionAttributeValues: values,
		})
		return err
	})
	var refused *types.ConditionalCheckFailedException
	if errors.As(err, &refused) {
		return errRefused
	}
	return err
}

// Session implements session.Store.
func (s *Store) Session(ctx context.Context, id string) (session.Session, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.table, Key: sessionKey(id), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return session.Session{}, err
	}
	if out.Item == nil {
		return session.Session{}, session.ErrGone
	}
	var i sessionItem
	if err := attributevalue.UnmarshalMap(out.Item, &i); err != nil {
		return session.Session{}, err
	}
	read := session.Session{
		ID: id, Person: i.Person, Sealed: i.Sealed, Version: i.Version, Created: fromMillis(i.Created), Used: fromMillis(i.Used), Ends: fromMillis(i.Ends),
		Expires: fromMillis(i.Until), Holder: i.Holder,
	}
	if i.Claimed > 0 {
		read.Claimed = fromMillis(i.Claimed)
	}
	return read, nil
}

// Touch implements session.Store.
func (s *Store) Touch(ctx context.Context, id string, used, expires time.Time) error {
	err := s.update(ctx, sessionKey(id), "SET used = :used, lasts = :until, expires = :ttl", "attribute_exists(pk)",
		item{":used": number(used.UnixMilli()), ":until": number(expires.UnixMilli()), ":ttl": number(ttl(expires))})
	if errors.Is(err, errRefused) {
		return session.ErrGone
	}
	return err
}

// Claim implements session.Store. The holder in the condition makes a repeated request succeed whose
// first reply was lost.
func (s *Store) Claim(ctx context.Context, id string, version int64, holder string, now, until time.Time) error {
	err := s.update(ctx, sessionKey(id), "SET holder = :holder, claimed = :until", "version = :version AND (claimed <= :now OR holder = :holder)",
		item{":version": number(version), ":holder": text(holder), ":now": number(now.UnixMilli()), ":until": number(until.UnixMilli())})
	return s.explain(ctx, id, err)
}

// Renew implements session.Store. A repeated request whose first reply was lost finds its own version.
func (s *Store) Renew(ctx context.Context, fresh session.Session) error {
	err := s.update(ctx, sessionKey(fresh.ID), "SET sealed = :sealed, version = :version, used = :used, lasts = :until, expires = :ttl, claimed = :none",
		"holder = :holder AND version IN (:before, :version)",
		item{
			":sealed": &types.AttributeValueMemberB{Value: fresh.Sealed}, ":version": number(fresh.Version), ":before": number(fresh.Version - 1), ":holder": text(fresh.Holder),
			":used": number(fresh.Used.UnixMilli()), ":until": number(fresh.Expires.UnixMilli()), ":ttl": number(ttl(fresh.Expires)), ":none": number(0),
		})
	return s.explain(ctx, fresh.ID, err)
}

// explain turns a condition that did not hold into ErrGone or ErrClaimed.
func (s *Store) explain(ctx context.Context, id string, err error) error {
	if !errors.Is(err, errRefused) {
		return err
	}
	if _, err := s.Session(ctx, id); err != nil {
		return err
	}
	return session.ErrClaimed
}

// Delete implements session.Store.
func (s *Store) Delete(ctx context.Context, old session.Session) error {
	if err := s.remove(ctx, old.ID); err != nil {
		return err
	}
	return s.unlist(ctx, old.Person, []string{entry(old)})
}

func (s *Store) remove(ctx context.Context, id string) error {
	return again(ctx, func() error {
		_, err := s.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &s.table, Key: sessionKey(id)})
		return err
	})
}

// DeleteAll implements session.Store. Create lists a session in the transaction that stores it, so the
// list that is read has every session that was created before.
func (s *Store) DeleteAll(ctx context.Context, person string) error {
	listed, err := s.listed(ctx, person)
	if err != nil {
		return err
	}
	for _, e := range listed {
		_, id := parseEntry(e)
		if err := s.remove(ctx, id); err != nil {
			return err
		}
	}
	return s.unlist(ctx, person, listed)
}
