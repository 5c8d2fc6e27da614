package dynamo_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/group"
	"trueup/internal/id"
	"trueup/internal/once"
	"trueup/internal/testkit/storetest"
)

// happened returns an event with the id that every writer gives it.
func happened(at time.Time, seed string) audit.Event {
	return audit.Event{
		ID: id.New(at, seed), At: at, By: "ann", Role: "global-admin", Action: "agreement.updated", Subject: "agreement/k3v8t2q9x7w4m5n6",
		Before: map[string]string{"name": "Before " + seed}, After: map[string]string{"name": "After " + seed}, RequestID: "JKJaXmPLvHcESHA=", Source: audit.SourceAPI,
	}
}

// unsharded returns the item of an event as releases without shards stored it.
func unsharded(e audit.Event) map[string]types.AttributeValue {
	it := dynamo.AuditItem(e)
	it["pk"] = &types.AttributeValueMemberS{Value: "AUDIT#" + e.At.Format(time.DateOnly)}
	return it
}

// store writes items, 25 in each request, with concurrent requests.
func store(t *testing.T, table string, items []map[string]types.AttributeValue) {
	t.Helper()
	client := storetest.Client(t)
	var g errgroup.Group
	g.SetLimit(8)
	for some := range slices.Chunk(items, 25) {
		g.Go(func() error {
			var puts []types.WriteRequest
			for _, it := range some {
				puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: it}})
			}
			for left := map[string][]types.WriteRequest{table: puts}; len(left) > 0; {
				out, err := client.BatchWriteItem(context.Background(), &dynamodb.BatchWriteItemInput{RequestItems: left})
				if err != nil {
					return err
				}
				left = out.UnprocessedItems
			}
			return nil
		})
	}
	must(t, g.Wait())
}

func ids(events []audit.Event) []string {
	list := []string{}
	for _, e := range events {
		list = append(list, e.ID)
	}
	return list
}

// pages reads a list to its end.
func pages(t *testing.T, s *dynamo.Table, q audit.Query) (all []audit.Event, calls int) {
	t.Helper()
	for {
		p, err := s.Audit.Events(t.Context(), q)
		must(t, err)
		if len(p.Items) > q.Limit {
			t.Fatalf("a page of %d, want at most %d", len(p.Items), q.Limit)
		}
		all, calls = append(all, p.Items...), calls+1
		if q.Cursor = p.Next; q.Cursor == "" {
			return all, calls
		}
	}
}

// TestSPEC12_EveryShard lists a day that has events in all shards and in its partition by
// day, some of them in both.
func TestSPEC12_EveryShard(t *testing.T) {
	t.Parallel()
	table := storetest.Table(t)
	s := dynamo.Open(storetest.Client(t), table, dynamo.PageSize(2))
	var items []map[string]types.AttributeValue
	var want []string
	partitions := map[string]bool{}
	for i := range 120 {
		e := happened(noon.Add(time.Duration(i/3)*time.Second), fmt.Sprint(i)) // three with the same time
		want = append(want, e.ID)
		sharded := dynamo.AuditItem(e)
		partitions[sharded["pk"].(*types.AttributeValueMemberS).Value] = true
		switch i % 5 {
		case 0:
			items = append(items, unsharded(e))
		case 1:
			items = append(items, unsharded(e), sharded) // stored by an attempt and its retry
		default:
			items = append(items, sharded)
		}
	}
	var keys []string
	for n := range 8 {
		keys = append(keys, fmt.Sprint("AUDIT#", n))
	}
	equal(t, "partitions", slices.Sorted(maps.Keys(partitions)), keys)
	store(t, table, items)
	slices.SortFunc(want, func(a, b string) int { return strings.Compare(b, a) })
	for _, limit := range []int{2, 7, 1000} {
		got, _ := pages(t, s, audit.Query{From: noon.Add(-time.Hour), To: noon.Add(time.Hour), Limit: limit})
		equal(t, fmt.Sprint("pages of ", limit), ids(got), want)
	}
}

// TestSPEC12_CursorOfBefore continues from a cursor of a release without shards, with
// events that were written later.
func TestSPEC12_CursorOfBefore(t *testing.T) {
	t.Parallel()
	table := storetest.Table(t)
	s := dynamo.Open(storetest.Client(t), table)
	var items []map[string]types.AttributeValue
	var all []string
	for i := range 9 {
		e := happened(noon.Add(time.Duration(i-4)*6*time.Hour), "4")
		all = append([]string{e.ID}, all...)
		items = append(items, unsharded(e))
		if i%2 == 0 {
			items = append(items, dynamo.AuditItem(e))
		}
	}
	store(t, table, items)
	const issued = "RIMLgriGgnLBCTX6eyJhIjoiMDFtN3l6bWhnMDI3Z3phcDEyN3g2NzNkbnkiLCJtIjoxNzk1MjE5MjAwMDAwfQ" // after the event of noon
	got, err := s.Audit.Events(t.Context(), audit.Query{From: noon.Add(-48 * time.Hour), To: noon.Add(36 * time.Hour), Limit: 10, Cursor: issued})
	must(t, err)
	equal(t, "the page", ids(got.Items), all[5:])
}

// TestSPEC12_Writers has several processes write events concurrently: all events are
// stored in the shards, and the list has each once.
func TestSPEC12_Writers(t *testing.T) {
	t.Parallel()
	client, table := storetest.Client(t), storetest.Table(t)
	var mu sync.Mutex
	var want []string
	var g errgroup.Group
	for writer := range 8 {
		g.Go(func() error {
			s := dynamo.Open(client, table, dynamo.RetryTimeout(30*time.Second))
			for i := range 10 {
				name := fmt.Sprintf("%d of %d", i, writer)
				e := happened(noon.Add(time.Duration(i)*time.Hour), name)
				if _, err := s.Groups.CreateGroup(context.Background(), group.Group{ID: e.ID, Name: name, CreatedAt: e.At, Version: 1}, once.Change{Event: e}); err != nil {
					return err
				}
				mu.Lock()
				want = append(want, e.ID)
				mu.Unlock()
			}
			return nil
		})
	}
	must(t, g.Wait())
	slices.SortFunc(want, func(a, b string) int { return strings.Compare(b, a) })
	got, _ := pages(t, dynamo.Open(client, table, dynamo.PageSize(2)), audit.Query{From: noon, To: noon.Add(48 * time.Hour), Limit: 7})
	equal(t, "events", ids(got), want)
	for key := range storetest.Dump(t, client, table) {
		if partition, _, _ := strings.Cut(key, "|"); strings.HasPrefix(key, "AUDIT#") && len(partition) != len("AUDIT#0") {
			t.Errorf("%s is in no shard", key)
		}
	}
}

// counting counts the queries of a client and the items that they return.
type counting struct {
	mu                    sync.Mutex
	queries, items, bytes int
}

// Do implements dynamodb.HTTPClient.
func (c *counting) Do(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultClient.Do(r)
	if err != nil || !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".Query") {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	_ = answer.Body.Close() // it was read completely
	answer.Body = io.NopCloser(bytes.NewReader(body))
	var page struct{ ScannedCount int }
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queries, c.items, c.bytes = c.queries+1, c.items+page.ScannedCount, c.bytes+len(body)
	return answer, nil
}

// TestSPEC12_ReadsWhatItShows lists a day of 10,000 events: a page reads about as many
// events as it shows, not all that fit in one response of DynamoDB.
func TestSPEC12_ReadsWhatItShows(t *testing.T) {
	t.Parallel()
	const events = 10_000
	table := storetest.Table(t)
	day := noon.Truncate(24 * time.Hour)
	before := day.Add(-24 * time.Hour) // stored in the partition by day
	var items []map[string]types.AttributeValue
	for i := range events {
		e := happened(day.Add(time.Duration(i)*8*time.Second), fmt.Sprint(i))
		if i%1000 == 500 {
			e.Action = "group.deleted"
		}
		items = append(items, dynamo.AuditItem(e))
		items = append(items, unsharded(happened(before.Add(time.Duration(i)*8*time.Second), fmt.Sprint(i))))
	}
	store(t, table, items)
	for name, test := range map[string]struct {
		query           audit.Query
		shown           int
		items, requests int // at most
	}{
		"one":                        {audit.Query{From: day, To: day.Add(24 * time.Hour), Limit: 1}, 1, 9, 9},
		"one, since an hour":         {audit.Query{From: day.Add(12 * time.Hour), To: day.Add(13 * time.Hour), Limit: 1}, 1, 9, 9},
		"one, of before":             {audit.Query{From: before, To: day, Limit: 1}, 1, 1, 9},
		"one, after a month without": {audit.Query{From: before, To: day.Add(30 * 24 * time.Hour), Limit: 1}, 1, 9, 8 + 31},
		"fifty":                      {audit.Query{From: day, To: day.Add(24 * time.Hour), Limit: 50}, 50, 150, 30},
		"fifty, of before":           {audit.Query{From: before, To: day, Limit: 50}, 50, 50, 9},
		"a thousand":                 {audit.Query{From: day, To: day.Add(24 * time.Hour), Limit: 1000}, 1000, 1300, 30},
		"one of a thousand":          {audit.Query{From: day, To: day.Add(24 * time.Hour), Limit: 1, Action: "group.deleted"}, 1, 2500, 80},
		"none of so many":            {audit.Query{From: day, To: day.Add(24 * time.Hour), Limit: 50, By: "no one"}, 0, 4500, 80},
		"a month without":            {audit.Query{From: day.Add(24 * time.Hour), To: day.Add(32 * 24 * time.Hour), Limit: 50}, 0, 100, 8 + 31},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &counting{}
			client := engine.NewClient(storetest.Endpoint(t), func(o *dynamodb.Options) { o.HTTPClient = c })
			begin := time.Now()
			page, err := dynamo.Open(client, table).Audit.Events(t.Context(), test.query)
			must(t, err)
			t.Logf("%d shown; %d queries, %d events, %d bytes read in %v", len(page.Items), c.queries, c.items, c.bytes, time.Since(begin))
			equal(t, "shown", len(page.Items), test.shown)
			if c.items > test.items || c.queries > test.requests {
				t.Errorf("%d events in %d queries, want at most %d in %d", c.items, c.queries, test.items, test.requests)
			}
		})
	}
}

// TestSPEC12_EmptyDaysAreReadOnce: a process remembers which days of releases without shards are empty,
// but not the last ones, in which such a release may still write during a deployment.
func TestSPEC12_EmptyDaysAreReadOnce(t *testing.T) {
	t.Parallel()
	table := storetest.Table(t)
	old, latest := unsharded(happened(noon.Add(-10*24*time.Hour), "old")), happened(noon, "latest")
	store(t, table, []map[string]types.AttributeValue{old, dynamo.AuditItem(latest)})
	c := &counting{}
	s := dynamo.Open(engine.NewClient(storetest.Endpoint(t), func(o *dynamodb.Options) { o.HTTPClient = c }), table).Audit
	query := audit.Query{From: noon.Add(-30 * 24 * time.Hour), To: noon.Add(time.Hour), Limit: 50}
	for _, step := range []struct {
		what           string
		write          map[string]types.AttributeValue // before the list
		shown, queries int
	}{
		{"all days", nil, 2, 8 + 31},
		// The day of the newest event, the day before and the day that has an event.
		{"days that may have events", nil, 2, 8 + 3},
		{"an event of the day before", unsharded(happened(noon.Add(-24*time.Hour), "yesterday")), 3, 8 + 3},
	} {
		if step.write != nil {
			store(t, table, []map[string]types.AttributeValue{step.write})
		}
		c.queries = 0
		page, err := s.Events(t.Context(), query)
		must(t, err)
		if len(page.Items) != step.shown || page.Next != "" || c.queries != step.queries {
			t.Errorf("%s: %d events (more: %t) in %d queries, want %d in %d", step.what, len(page.Items), page.Next != "", c.queries, step.shown, step.queries)
		}
	}
	// A list that ends on an empty day, and one that begins on one.
	page, err := s.Events(t.Context(), audit.Query{From: noon.Add(-20 * 24 * time.Hour), To: noon.Add(-5 * 24 * time.Hour), Limit: 50})
	must(t, err)
	equal(t, "events between empty days", len(page.Items), 1)
}

// TestSPEC12_PagesWhileEventsCome compares lists with a model while events are added: a
// list has every event that existed when it began once, in order.
func TestSPEC12_PagesWhileEventsCome(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for round := range 8 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, uint64(round)))
			table := storetest.Table(t)
			client := storetest.Client(t)
			var options []dynamo.Option
			if round%4 == 0 {
				options = append(options, dynamo.PageSize(2))
			}
			s := dynamo.Open(client, table, options...)
			begin, span := noon, time.Duration(1+rng.IntN(72))*time.Hour
			made := 0
			create := func(rng *rand.Rand) (audit.Event, []map[string]types.AttributeValue) {
				made++
				// Few different times, so that many events have the same one.
				e := happened(begin.Add(time.Duration(rng.Int64N(200))*span/200).Truncate(time.Millisecond), fmt.Sprint(made))
				e.By = fmt.Sprint("admin", rng.IntN(4))
				e.Action = []string{"agreement.created", "agreement.updated"}[rng.IntN(2)]
				return e, [][]map[string]types.AttributeValue{
					{dynamo.AuditItem(e)}, {dynamo.AuditItem(e)}, {unsharded(e)}, {unsharded(e), dynamo.AuditItem(e)},
				}[rng.IntN(4)]
			}
			var model []audit.Event
			var items []map[string]types.AttributeValue
			for range rng.IntN(300) {
				e, its := create(rng)
				model, items = append(model, e), append(items, its...)
			}
			store(t, table, items)
			slices.SortFunc(model, func(a, b audit.Event) int { return cmp.Compare(b.ID, a.ID) })
			ended := make(chan struct{})
			var adding errgroup.Group
			adding.Go(func() error {
				rng := rand.New(rand.NewPCG(seed, uint64(round)+100))
				for {
					select {
					case <-ended:
						return nil
					default:
					}
					_, its := create(rng)
					for _, it := range its {
						if _, err := client.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: it}); err != nil {
							return err
						}
					}
				}
			})
			was := map[string]bool{}
			for _, e := range model {
				was[e.ID] = true
			}
			for range 12 {
				q := audit.Query{
					From: begin.Add(-time.Hour).Add(time.Duration(rng.Int64N(int64(span/2 + 1)))), To: begin.Add(span).Add(-time.Duration(rng.Int64N(int64(span / 2)))),
				}
				if rng.IntN(2) == 0 {
					q.By = fmt.Sprint("admin", rng.IntN(4))
				}
				if rng.IntN(3) == 0 {
					q.Action = "agreement.created"
				}
				want := []string{}
				for _, e := range model {
					if !e.At.Before(q.From) && e.At.Before(q.To) && (q.By == "" || e.By == q.By) && (q.Action == "" || e.Action == q.Action) {
						want = append(want, e.ID)
					}
				}
				got := []string{}
				last := "~"
				for {
					q.Limit = 1 + rng.IntN(60)
					page, err := s.Audit.Events(t.Context(), q)
					must(t, err)
					for _, e := range page.Items {
						if e.ID >= last {
							t.Fatalf("%s follows %s", e.ID, last)
						}
						if last = e.ID; was[e.ID] {
							got = append(got, e.ID)
						}
					}
					if q.Cursor = page.Next; q.Cursor == "" {
						break
					}
				}
				equal(t, fmt.Sprintf("%+v", q), got, want)
			}
			close(ended)
			must(t, adding.Wait())
		})
	}
}
