package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"net/url"
	"runtime"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/stack"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/once"
	"trueup/internal/people"
	"trueup/internal/subscription"
)

// subscriptions is the number of subscriptions of an organisation with users, and inConflict how many
// of them have too few licences.
const (
	subscriptions = 60
	inConflict    = 5
)

// lettersOfPeople are texts to search for: a word, a part of one, a number, or what no user has.
var lettersOfPeople = []string{"user", "ales", "41", "example.org", "e", "no such text"}

// newText is the row of searches for texts that were not searched for before, which read all texts, so that they take
// longer with more users. The pages of a list search for the same again.
const newText = "search users for a new text"

// peoples measures listing, searching and reading users and conflicts through the HTTP front, in an
// organisation with few users and in one with many, and loading the saved copy of the users. The floors
// are those of lists. Then it measures assignments and lists of users in the one with many.
func (b *bench) peoples(ctx context.Context) error {
	e, err := b.engine(ctx, "people")
	if err != nil {
		return err
	}
	defer e.Stop()
	few, many := b.size(1000, 100), b.size(100_000, 200)
	var things []timed // the same number for each organisation
	var large *organisation
	for _, users := range []int{few, many} {
		o, err := b.peopled(ctx, e, users)
		if err != nil {
			return err
		}
		defer o.stop()
		get := func(path string) timed { return took(func(ctx context.Context) error { return o.request(ctx, path) }) }
		search := func(ctx context.Context) error {
			letters := lettersOfPeople[mathrand.IntN(len(lettersOfPeople))]
			return o.request(ctx, fmt.Sprintf("/users?limit=%d&q=%s", pageSize, url.QueryEscape(letters)))
		}
		searchNew := func(ctx context.Context) error {
			return o.request(ctx, fmt.Sprintf("/users?limit=%d&q=%d", pageSize, mathrand.IntN(1_000_000)))
		}
		read := func(ctx context.Context) error { return o.request(ctx, "/users/"+o.any()) }
		things = append(
			things, get(fmt.Sprintf("/users?limit=%d", pageSize)), get(fmt.Sprintf("/users?limit=%d&without=%s", pageSize, subscriptionID(1))),
			took(search), took(searchNew), get("/conflicts"), took(read), took(o.query), took(o.get), took(o.seats),
		)
		large = o
	}
	if _, err := rounds(ctx, b.size(50, 1), things...); err != nil { // warms functions and engine
		return err
	}
	all, err := rounds(ctx, b.size(200, 2), things...)
	if err != nil {
		return err
	}
	small, big := all[:len(all)/2], all[len(all)/2:]
	const query, get, seats = 6, 7, 8
	for i, what := range []struct {
		name    string
		minimal int
		most    float64
	}{
		{"list 50 users by name", query, 2},
		{"list 50 users without a licence of a subscription", query, 2},
		{"search users for text anywhere", query, 3},
		{newText, query, 3},
		{fmt.Sprintf("list conflicts, %d of %d subscriptions", inConflict, subscriptions), seats, 2},
		{"read a user with licences", get, 2},
	} {
		subject, floor := median(big[i]), median(big[what.minimal])
		b.table.add(row{
			what:  fmt.Sprintf("%s, %d stored", what.name, many),
			value: show(subject), floor: show(floor), limits: []limit{ratio(subject, floor, what.most)},
		})
		if what.name == newText {
			continue
		}
		floor = median(small[i])
		b.table.add(row{
			what:  fmt.Sprintf("%s, %d stored against %d", what.name, many, few),
			value: show(subject), floor: show(floor), limits: []limit{ratio(subject, floor, flat)},
		})
	}
	if err := b.savedPeople(ctx, large, many); err != nil {
		return err
	}
	if err := b.assigning(ctx, large); err != nil {
		return err
	}
	return b.listOfUsers(ctx, e, large)
}

// savedPeople measures what a new process does to list users: it loads the saved copy.
func (b *bench) savedPeople(ctx context.Context, o *organisation, users int) error {
	var keep []*people.Reader
	load := func(ctx context.Context) error {
		r := people.New(o.store.People, o.store.Journal, s3bucket.New(o.stack.S3(), stack.ReportsBucket), nil)
		keep = append(keep[:0], r)
		page, err := r.List(ctx, subscription.Query{Limit: 1, Now: time.Now()})
		if err == nil && page.Totals.Users != users+1 { // and the sample
			err = fmt.Errorf("%d users, not %d", page.Totals.Users, users)
		}
		return err
	}
	before := live()
	held, err := peak(ctx, load)
	if err != nil {
		return err
	}
	kept := live() - before
	middle, err := medians(ctx, b.size(9, 1), took(load))
	if err != nil {
		return err
	}
	b.table.add(row{
		what:  fmt.Sprintf("load the saved copy of %d users", users),
		value: show(middle[0]), limits: []limit{{milliseconds(middle[0]), 60, " ms"}},
	})
	b.table.add(row{
		what: "memory that they take", value: fmt.Sprintf("%.0f MB", megabytes(kept)), limits: []limit{{megabytes(kept), 64, " MB"}},
	})
	return b.fits(held, "licenses")
}

// live returns the memory in use after a collection.
func live() int {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// seats reads an item, and the seats of all subscriptions, through the minimal function.
func (o *organisation) seats(ctx context.Context) error {
	body, err := o.fetch(ctx, o.bare, fmt.Sprintf("/agreements/%s?seats=%d", o.any(), subscriptions))
	if err != nil {
		return err
	}
	var items []json.RawMessage
	if err := json.Unmarshal(body, &items); err != nil || len(items) != subscriptions {
		return fmt.Errorf("%d seats: %w", len(items), err)
	}
	return nil
}

// peopled starts a stack with that many users, most with one or two licences. The items of their names
// are left out because no list reads them.
func (b *bench) peopled(ctx context.Context, e *engine.Engine, users int) (*organisation, error) {
	begin := time.Now()
	s, err := b.stack(ctx, e, fmt.Sprintf("people-%d", users))
	if err != nil {
		return nil, err
	}
	bare, err := b.minimal(ctx, e, s.Table)
	if err != nil {
		s.Stop(0)
		return nil, err
	}
	o, err := newOrganisation(s, bare)
	if err != nil {
		return nil, err
	}
	if err := o.people(ctx, users); err != nil {
		return o, err
	}
	if err := o.page(ctx); err != nil {
		return o, err
	}
	b.say("%d users stored in %.0f s", users, time.Since(begin).Seconds())
	return o, nil
}

// people stores subscriptions and users, and a saved copy of the users.
func (o *organisation) people(ctx context.Context, users int) error {
	sample, err := userSample(ctx, o.client, o.stack.Table, o.store)
	if err != nil {
		return err
	}
	o.user = sample
	assigned := make([]int, subscriptions)
	var items []item
	var changes []people.Change
	for i := range users {
		of := []int{i % subscriptions}
		if second := i * 7 % subscriptions; i%3 == 0 && second != of[0] {
			of = append(of, second)
		}
		for _, n := range of {
			assigned[n]++
		}
		it := userItem(sample, i, of...)
		o.ids = append(o.ids, text(it["id"]))
		items, changes = append(items, it), append(changes, people.Change{ID: text(it["id"]), Version: 1})
		if i < 500 { // for the floor: an item of the same size for the minimal function
			copied := maps.Clone(it)
			copied[schema.PK], copied[schema.SK] = str("AGREEMENT#"+text(it["id"])), str("AGREEMENT")
			items = append(items, copied)
		}
	}
	if err := write(ctx, o.client, o.stack.Table, items, 2); err != nil {
		return err
	}
	for n := range subscriptions {
		quantity := assigned[n] + 1
		if n < inConflict {
			quantity = max(assigned[n]-1, 0)
		}
		if err := subscribe(ctx, o.store, n, quantity, assigned[n]); err != nil {
			return err
		}
	}
	for len(changes) > 0 {
		some := changes[:min(len(changes), 2000)]
		changes = changes[len(some):]
		head, err := o.store.Journal.Head(ctx, people.JournalName)
		if err != nil {
			return err
		}
		if _, err := o.store.Journal.Append(ctx, people.JournalName, head, people.Body(some), len(some), once.Entry{}); err != nil {
			return err
		}
	}
	o.users, o.ids = o.ids, o.ids[:min(len(o.ids), 500)] // the ones that the floor has
	return people.New(o.store.People, o.store.Journal, s3bucket.New(o.stack.S3(), stack.ReportsBucket), nil).Save(ctx, 1, time.Now())
}

func subscriptionID(n int) string { return fmt.Sprintf("subscription-%02d", n) }

// subscribe stores a subscription with that many licences, some of them assigned.
func subscribe(ctx context.Context, store *dynamo.Table, n, quantity, assigned int) error {
	now := time.Now()
	h := subscription.Holding{
		Subscription: subscription.Subscription{
			ID: subscriptionID(n), Name: fmt.Sprintf("Suite %02d", n), Kind: subscription.ForUsers, CreatedAt: now, Version: 1,
			Services: []subscription.Service{{ID: fmt.Sprintf("mail-%02d", n), Name: "Mail"}, {ID: fmt.Sprintf("files-%02d", n), Name: "Files"}},
		},
		Seats: subscription.Seats{Quantity: quantity, Assigned: assigned, Available: quantity - assigned, AsOf: now, Version: 1},
	}
	if quantity < assigned {
		h.Seats.ShortSince = now
	}
	_, err := store.Subscriptions.Create(ctx, h, once.Change{Event: event("subscription.created")})
	return err
}

// userSample stores a user, and returns its item.
func userSample(ctx context.Context, client *dynamodb.Client, table string, store *dynamo.Table) (item, error) {
	now := time.Now()
	u := subscription.User{ID: "sample", UPN: "sample@example.org", Name: "Sample", Location: "BE", Department: "Sales", Type: subscription.Member, Seen: now, CreatedAt: now, Version: 1}
	_, refused, err := store.People.Apply(ctx, []subscription.Change{{After: u, Event: event("user.created")}}, subscription.Today{Now: now, Zone: time.UTC}, once.Entry{})
	if err != nil || refused != nil {
		return nil, fmt.Errorf("a user is not stored: %v %w", refused, err)
	}
	found, err := client.Query(ctx, &dynamodb.QueryInput{
		TableName: &table, ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("pk = :user"), ExpressionAttributeValues: item{":user": str("USER#" + u.ID)},
	})
	if err != nil || len(found.Items) != 1 {
		return nil, fmt.Errorf("no item of a user: %w", err)
	}
	return found.Items[0], nil
}

// userItem returns the item of the i-th user, who holds licences of subscriptions.
func userItem(sample item, i int, of ...int) item {
	it := maps.Clone(sample)
	id := fmt.Sprintf("user-%06d", i)
	it[schema.PK], it["id"] = str("USER#"+id), str(id)
	it["upn"], it["name"] = str(id+"@example.org"), str(fmt.Sprintf("User %05d %s", i*7919%100_003, []string{"Peeters", "Janssens", "Dubois", "Smith", "Müller"}[i%5]))
	it["department"] = str([]string{"Sales", "Finance", "Production", "IT"}[i%4])
	licenses := item{}
	for _, n := range of {
		licenses[subscriptionID(n)] = &types.AttributeValueMemberM{Value: item{
			"at": number(int(time.Now().UnixMilli())), "by": str("bench"), "via": str("direct"), "call": str("0123456789abcdef"),
		}}
	}
	if len(of) > 0 {
		it["licenses"] = &types.AttributeValueMemberM{Value: licenses}
	}
	return it
}
