package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/infra/local/engine"
	"trueup/infra/local/stack"
	"trueup/internal/access"
	"trueup/internal/dynamo"
	"trueup/internal/dynamo/schema"
)

// pageSize is the length of the page that is listed.
const pageSize = 50

// flat is how much longer a request may take with a hundred times as much
// stored. Reading what is shown and no more costs the same; the rest is noise.
const flat = 1.25

// lists measures listing a page of agreements and reading one through the HTTP
// front, in an organisation with few agreements and in one with many, against
// the same DynamoDB calls from this process.
func (b *bench) lists(ctx context.Context) error {
	e, err := b.engine(ctx, "lists")
	if err != nil {
		return err
	}
	defer e.Stop()
	few, many := b.size(1000, 100), b.size(100_000, 500)
	var things []timed // as many of each organisation
	for _, agreements := range []int{few, many} {
		begin := time.Now()
		o, err := b.organisation(ctx, e, few, agreements)
		if err != nil {
			return err
		}
		defer o.stack.Stop(time.Second)
		b.say("%d agreements stored in %.0f s", agreements, time.Since(begin).Seconds())
		things = append(things, took(o.list), took(o.queries), took(o.read), took(o.get), took(o.query))
	}
	if _, err := medians(ctx, b.size(100, 1), things...); err != nil { // warms functions and engine
		return err
	}
	middle, err := medians(ctx, b.size(500, 2), things...)
	if err != nil {
		return err
	}
	small, large := middle[:len(middle)/2], middle[len(middle)/2:]
	for i, what := range []string{fmt.Sprintf("list %d agreements", pageSize), "read one agreement"} {
		through, direct := 2*i, 2*i+1
		b.table.add(row{
			what:  fmt.Sprintf("%s, %d stored", what, few),
			value: show(small[through]), floor: show(small[direct]), limits: []limit{ratio(small[through], small[direct], 2)},
		})
		b.table.add(row{
			what:  fmt.Sprintf("%s, %d stored", what, many),
			value: show(large[through]), floor: show(large[direct]), limits: []limit{ratio(large[through], large[direct], 2)},
		})
		b.table.add(row{
			what:  fmt.Sprintf("%s, %d stored against %d", what, many, few),
			value: show(large[through]), floor: show(small[through]), limits: []limit{ratio(large[through], small[through], flat)},
		})
	}
	b.table.add(row{what: fmt.Sprintf("for comparison: a plain query of %d, %d stored", pageSize, many), value: show(large[4])})
	return nil
}

// organisation is a stack with agreements in it, and what reads them.
type organisation struct {
	stack  *stack.Stack
	client *dynamodb.Client
	token  string
	ids    []string
}

// organisation starts a stack with so many agreements. The first ones are
// imported. The others are copies of those with names, ids and keys of their
// own, because that takes a minute instead of five; their name and pair items
// are left out, as no list reads them.
func (b *bench) organisation(ctx context.Context, e *engine.Engine, imports, agreements int) (*organisation, error) {
	s, err := b.stack(ctx, e, fmt.Sprintf("organisation-%d", agreements))
	if err != nil {
		return nil, err
	}
	o := &organisation{stack: s, client: s.DynamoDB()}
	if o.token, err = s.Token("bench", access.GlobalAdmin); err != nil {
		return nil, err
	}
	if err := imported(ctx, s, dynamo.New(o.client, s.Table), file(1, imports, imports), 1); err != nil {
		return nil, err
	}
	items, err := everything(ctx, o.client, s.Table)
	if err != nil {
		return nil, err
	}
	items = slices.DeleteFunc(items, func(it item) bool {
		_, listed := it[schema.ByName.PK]
		return !listed
	})
	var copies []item
	for i, it := range items {
		o.ids = append(o.ids, text(it["id"]))
		for n := 1; n < agreements/imports; n++ {
			c := copied(it, n, items[(i+n)%len(items)])
			copies = append(copies, c)
			o.ids = append(o.ids, text(c["id"]))
		}
		if len(copies) >= 1000 {
			if err := write(ctx, o.client, s.Table, copies, 2); err != nil {
				return nil, err
			}
			copies = copies[:0]
		}
	}
	if err := write(ctx, o.client, s.Table, copies, 2); err != nil {
		return nil, err
	}
	if len(o.ids) != agreements {
		return nil, fmt.Errorf("%d agreements stored, not %d", len(o.ids), agreements)
	}
	return o, nil
}

// copied returns the n-th copy of an agreement's item, in the shard of another
// one: neighbours by name are spread over the shards as if they had been imported.
func copied(it item, n int, other item) item {
	c := item{}
	for name, value := range it {
		c[name] = value
	}
	id := text(it["id"])
	fresh := fmt.Sprintf("%s-%03d", id[:len(id)-4], n) // no id has a hyphen
	c["id"] = str(fresh)
	c[schema.PK] = str(strings.Replace(text(it[schema.PK]), id, fresh, 1))
	c[schema.ByName.PK], c[schema.ByGroup.PK] = other[schema.ByName.PK], other[schema.ByGroup.PK]
	for _, name := range []string{"name", schema.ByName.SK, schema.ByGroup.SK} {
		c[name] = str(fmt.Sprintf("%s %03d", text(it[name]), n))
	}
	return c
}

// list lists the first page through the front.
func (o *organisation) list(ctx context.Context) error {
	return o.request(ctx, fmt.Sprintf("/agreements?limit=%d", pageSize))
}

// read reads one agreement through the front.
func (o *organisation) read(ctx context.Context) error { return o.request(ctx, "/agreements/"+o.any()) }

func (o *organisation) any() string { return o.ids[rand.IntN(len(o.ids))] }

func (o *organisation) request(ctx context.Context, path string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, o.stack.FrontURL+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+o.token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, response.Status, body)
	}
	return err
}

// queries makes the calls of a first page: how many imports were committed,
// and each shard's share of the page and a little more, all at once.
func (o *organisation) queries(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return o.getItem(ctx, "COMMITS", "COMMITS") })
	for shard := range schema.Shards {
		g.Go(func() error { return o.queryShard(ctx, shard, pageSize/schema.Shards+pageSize/8+3) })
	}
	return g.Wait()
}

// query is a page of one shard by a single call, for comparison.
func (o *organisation) query(ctx context.Context) error { return o.queryShard(ctx, 0, pageSize) }

func (o *organisation) queryShard(ctx context.Context, shard, limit int) error {
	out, err := o.client.Query(ctx, &dynamodb.QueryInput{
		TableName: &o.stack.Table, IndexName: &schema.ByName.Name, Limit: aws.Int32(int32(limit)),
		KeyConditionExpression:    aws.String("#p = :p"),
		ExpressionAttributeNames:  map[string]string{"#p": schema.ByName.PK},
		ExpressionAttributeValues: item{":p": str(fmt.Sprintf("NAMES#%d", shard))},
	})
	if err == nil && len(out.Items) == 0 {
		err = fmt.Errorf("shard %d is empty", shard)
	}
	return err
}

// get makes the call of reading one agreement.
func (o *organisation) get(ctx context.Context) error {
	return o.getItem(ctx, "AGREEMENT#"+o.any(), "AGREEMENT")
}

func (o *organisation) getItem(ctx context.Context, pk, sk string) error {
	out, err := o.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &o.stack.Table, Key: item{schema.PK: str(pk), schema.SK: str(sk)}, ConsistentRead: aws.Bool(true),
	})
	if err == nil && out.Item == nil {
		err = fmt.Errorf("no item %s", pk)
	}
	return err
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func text(v types.AttributeValue) string {
	s, _ := v.(*types.AttributeValueMemberS)
	return s.Value
}
