package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/stack"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/directories"
	"trueup/internal/intake/kind"
	"trueup/internal/licensing"
	"trueup/internal/people"
	"trueup/internal/subscription"
)

// onePut is the number of items that an assignment of one licence writes: the seats, the user, the audit
// event, and the head and the entry of the journal. inTransaction is the number that a full transaction
// of users writes: 48 users with their events, and the other three.
const (
	onePut        = 5
	inTransaction = 48*2 + 3
)

// assignments measures assigning licences by many callers who compete for the last ones. The floor is
// transactions of as many puts. The part people measures single assignments and bulks, beside many users.
func (b *bench) assignments(ctx context.Context) error {
	e, err := b.engine(ctx, "licenses")
	if err != nil {
		return err
	}
	defer e.Stop()
	return b.competing(ctx, e)
}

// registered is a table with users who have no licence of a subscription.
type registered struct {
	client       *dynamodb.Client
	table        string
	store        *dynamo.Table
	sample       item
	ids          []string
	subscription string // its id
}

func (b *bench) registered(ctx context.Context, e *engine.Engine, users, quantity int) (*registered, error) {
	const table = "competing"
	r := &registered{client: engine.NewClient(e.URL), table: table, subscription: subscriptionID(0)}
	if err := stack.CreateTable(ctx, r.client, table); err != nil {
		return nil, err
	}
	r.store = dynamo.Open(r.client, table)
	var err error
	if r.sample, err = userSample(ctx, r.client, table, r.store); err != nil {
		return nil, err
	}
	var items []item
	for i := range users {
		it := userItem(r.sample, i)
		items, r.ids = append(items, it), append(r.ids, text(it["id"]))
	}
	if err := write(ctx, r.client, table, items, 2); err != nil {
		return nil, err
	}
	return r, subscribe(ctx, r.store, 0, quantity, 0)
}

// licensing returns what a process has that changes licences.
func (r *registered) licensing(client *dynamodb.Client) *licensing.Licensing {
	store := dynamo.Open(client, r.table)
	return &licensing.Licensing{
		Subscriptions: store.Subscriptions, People: store.People, Register: people.New(store.People, store.Journal, nil, nil), Log: slog.New(slog.DiscardHandler),
	}
}

// assign assigns licences to users, and returns how many got one.
func (r *registered) assign(ctx context.Context, l *licensing.Licensing, ids []string) (n int, err error) {
	results, err := l.Change(ctx, licensing.Request{
		UserIDs: ids, Want: subscription.Want{Add: []subscription.Assignment{{Subscription: r.subscription}}},
		Call: subscription.Call{ID: rand.Text(), By: "bench", At: time.Now()}, Today: subscription.Today{Now: time.Now(), Zone: time.UTC},
		Event: event,
	})
	for _, result := range results {
		if len(result.Added) > 0 {
			n++
		}
	}
	return n, err
}

// bare puts that many new items in one transaction.
func (r *registered) bare(ctx context.Context, client *dynamodb.Client, made *atomic.Int64, items int) error {
	actions := make([]types.TransactWriteItem, items)
	for i := range actions {
		it := maps.Clone(r.sample)
		it[schema.PK] = str(fmt.Sprintf("BARE#%d", made.Add(1)))
		actions[i].Put = &types.Put{TableName: &r.table, Item: it, ConditionExpression: aws.String("attribute_not_exists(pk)")}
	}
	_, err := client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	return err
}

// assigning measures one assignment and a bulk, by one caller, in an organisation with many users.
func (b *bench) assigning(ctx context.Context, o *organisation) error {
	single, bulk, parts := b.size(300, 2), b.size(10_000, 100), b.size(4, 1)
	r := &registered{client: o.client, table: o.stack.Table, store: o.store, sample: o.user, ids: o.users, subscription: subscriptionID(subscriptions)}
	if err := subscribe(ctx, r.store, subscriptions, single+bulk, 0); err != nil {
		return err
	}
	l, made := r.licensing(r.client), &atomic.Int64{}
	left := slices.Clone(r.ids)
	some := func(n int) timed {
		return took(func(ctx context.Context) error {
			ids := left[:n]
			left = left[n:]
			for part := range slices.Chunk(ids, 1000) { // as many as one request may have
				if got, err := r.assign(ctx, l, part); err != nil || got != len(part) {
					return fmt.Errorf("%d of %d users got a licence: %w", got, len(part), err)
				}
			}
			return nil
		})
	}
	puts := func(transactions, items int) timed {
		return took(func(ctx context.Context) error {
			for range transactions {
				if err := r.bare(ctx, r.client, made, items); err != nil {
					return err
				}
			}
			return nil
		})
	}
	middle, err := medians(ctx, single, some(1), puts(1, onePut))
	if err != nil {
		return err
	}
	b.table.add(row{
		what:  fmt.Sprintf("assign one licence, %d users stored, against a transaction of %d puts", len(r.ids), onePut),
		value: show(middle[0]), floor: show(middle[1]), limits: []limit{ratio(middle[0], middle[1], 1.75)}, // ADR 0032: a read comes first
	})
	each := bulk / parts
	transactions := (each + 47) / 48
	all, err := rounds(ctx, parts, some(each), puts(transactions, inTransaction))
	if err != nil {
		return err
	}
	got, least := sum(all[0]), sum(all[1])
	b.table.add(row{
		what:  fmt.Sprintf("assign licences to %d users, %d stored, against %d transactions of %d puts, one after another", bulk, len(r.ids), parts*transactions, inTransaction),
		value: show(got), floor: show(least), limits: []limit{ratio(got, least, 1.3)},
	})
	return nil
}

func sum(all []time.Duration) (total time.Duration) {
	for _, d := range all {
		total += d
	}
	return total
}

// competing measures callers who compete for half as many licences as there are users.
func (b *bench) competing(ctx context.Context, e *engine.Engine) error {
	callers, each := b.size(32, 4), b.size(63, 2)
	users := callers * each
	r, err := b.registered(ctx, e, users, users/2)
	if err != nil {
		return err
	}
	clients := make([]*dynamodb.Client, callers)
	processes := make([]*licensing.Licensing, callers)
	for i := range callers {
		clients[i] = engine.NewClient(e.URL)
		processes[i] = r.licensing(clients[i])
	}
	var next, got, made atomic.Int64
	subject := newWriterGroup(callers, each, func(ctx context.Context, member int) error {
		n, err := r.assign(ctx, processes[member], r.ids[next.Add(1)-1:][:1])
		got.Add(int64(n))
		return err
	})
	floor := newWriterGroup(callers, each, func(ctx context.Context, member int) error {
		return r.bare(ctx, clients[member], &made, onePut)
	})
	least, err := floor.run(ctx)
	if err != nil {
		return err
	}
	d, err := subject.run(ctx)
	if err != nil {
		return err
	}
	h, err := r.store.Subscriptions.Subscription(ctx, subscriptionID(0))
	if err != nil {
		return err
	}
	if int(got.Load()) != users/2 || h.Seats.Assigned != users/2 || h.Seats.Available != 0 {
		return fmt.Errorf("%d of %d licences were assigned, and the seats say %d", got.Load(), users/2, h.Seats.Assigned)
	}
	b.table.add(row{
		what:  fmt.Sprintf("%d callers assign %d licences to %d users: exactly %d get one", callers, users/2, users, users/2),
		value: show(d), floor: show(least), limits: []limit{ratio(d, least, 2)},
	})
	return nil
}

// listOfUsers measures a list of new users, from the upload until it is done, in an organisation with many users.
// The floor writes the same items to a new table: those of a list in an empty organisation.
func (b *bench) listOfUsers(ctx context.Context, e *engine.Engine, o *organisation) error {
	users := b.size(5000, 100)
	items, err := b.itemsOfList(ctx, e, users)
	if err != nil {
		return err
	}
	series := 0
	subject := took(func(ctx context.Context) error {
		series++
		return listed(ctx, o.stack, o.store, series, users)
	})
	if _, err := subject(ctx); err != nil { // starts the function, which reads the users
		return err
	}
	middle, err := medians(ctx, b.size(3, 1), subject, floor(o.client, items, 1))
	if err != nil {
		return err
	}
	b.table.add(row{
		what:  fmt.Sprintf("a list of %d new users, %d stored, against writing the same items", users, len(o.users)),
		value: show(middle[0]), floor: show(middle[1]), limits: []limit{ratio(middle[0], middle[1], 1.5)},
	})
	return nil
}

// itemsOfList returns what a list of new users writes.
func (b *bench) itemsOfList(ctx context.Context, e *engine.Engine, users int) ([]item, error) {
	s, err := b.stack(ctx, e, "list-of-users")
	if err != nil {
		return nil, err
	}
	defer s.Stop(time.Second)
	if err := listed(ctx, s, dynamo.Open(s.DynamoDB(), s.Table), 0, users); err != nil {
		return nil, err
	}
	return everything(ctx, s.DynamoDB(), s.Table)
}

// listed uploads a list of new users and waits until it is done.
func listed(ctx context.Context, s *stack.Stack, store *dynamo.Table, series, users int) error {
	var csv bytes.Buffer
	csv.WriteString("userPrincipalName,displayName,objectId,userType,department,accountEnabled,usageLocation\n")
	for i := range users {
		fmt.Fprintf(&csv, "user%06d.%d@example.org,User %d,8a1f0000-%04d-4000-8000-%012d,Member,Finance,True,BE\n", i, series, i, series, i)
	}
	name := kind.Users.Key("", fmt.Sprintf("users-%02d.csv", series))
	_, err := s.S3().PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(stack.UploadsBucket), Key: &name, Body: bytes.NewReader(csv.Bytes())})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("list %s: %w", name, ctx.Err())
		case <-poll.C:
		}
		newest, err := store.DirectoryFiles.Files(ctx, 1, "")
		if err != nil {
			return err
		}
		if len(newest.Items) == 0 || newest.Items[0].Name() != name || !newest.Items[0].Final() {
			continue
		}
		if r := newest.Items[0]; r.State != directories.StateSucceeded || r.Created != users {
			return fmt.Errorf("list %s: %+v", name, r)
		}
		return nil
	}
}
