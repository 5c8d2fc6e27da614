package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/stack"
	"trueup/internal/access"
	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/httpapi/agreements"
	"trueup/internal/id"
	"trueup/internal/once"
	"trueup/internal/refresher"
	"trueup/internal/testkit/storetest/faultproxy"
)

// atOnce are the numbers of concurrent clients; each is served by its own process.
var atOnce = []int{1, 8, 32}

// onAWS models the conflicts of AWS. Its times are several times those of AWS, so that the
// engine does not limit the rate.
var onAWS = faultproxy.Contention{Hold: 80 * time.Millisecond, Latency: 40 * time.Millisecond}

// posts measures concurrent POSTs of agreements. The floor is transactions of the same items,
// each put on the condition that it does not exist, by as many clients.
func (b *bench) posts(ctx context.Context) error {
	e, err := b.engine(ctx, "writers")
	if err != nil {
		return err
	}
	defer e.Stop()
	if err := b.postsAgainstFloor(ctx, e); err != nil {
		return err
	}
	return b.postsOnAWS(ctx, e)
}

func (b *bench) postsAgainstFloor(ctx context.Context, e *engine.Engine) error {
	p, err := b.poster(ctx, e, "writers", "")
	if err != nil {
		return err
	}
	defer p.stack.Stop(time.Second)
	f, err := newBareWriter(ctx, e)
	if err != nil {
		return err
	}
	for _, n := range atOnce {
		each := b.size(160/n, 2)
		subject, floor := newWriterGroup(n, each, p.post), newWriterGroup(n, each, f.put)
		middle, err := medians(ctx, b.size(5, 1), subject.run, floor.run)
		if err != nil {
			return err
		}
		b.table.add(row{
			what:  fmt.Sprintf("POST /agreements, %d at the same time", n),
			value: perSecond(n*each, middle[0]), floor: perSecond(n*each, middle[1]), limits: []limit{ratio(middle[0], middle[1], 2)},
		})
		b.table.add(row{
			what: fmt.Sprintf("refused of %d of these", len(subject.latencies)), value: fmt.Sprint(p.refused), limits: []limit{{float64(p.refused), 0, ""}},
		})
		if n == slices.Max(atOnce) {
			got, least := percentile(subject.latencies, 99), percentile(floor.latencies, 99)
			b.table.add(row{
				what:  fmt.Sprintf("99th percentile of POST /agreements, %d at the same time", n),
				value: show(got), floor: show(least), limits: []limit{ratio(got, least, 3)},
			})
		}
		p.refused = 0
	}
	single := newWriterGroup(b.size(100, 4), 1, p.post)
	if _, err := single.run(ctx); err != nil {
		return err
	}
	b.table.add(row{
		what:  fmt.Sprintf("refused of %d single POSTs that come at once, and the slowest", len(single.latencies)),
		value: fmt.Sprintf("%d, %s", p.refused, show(slices.Max(single.latencies))), limits: []limit{{float64(p.refused), 0, ""}},
	})
	return nil
}

// postsOnAWS measures the gain of many writers of different agreements over one, where
// conflicting transactions cancel each other.
func (b *bench) postsOnAWS(ctx context.Context, e *engine.Engine) error {
	proxy := faultproxy.New(e.URL, 1, nil)
	defer proxy.Close()
	p, err := b.poster(ctx, e, "writers-aws", proxy.URL)
	if err != nil {
		return err
	}
	defer p.stack.Stop(time.Second)
	proxy.Contend(onAWS)
	each, most := b.size(20, 2), slices.Max(atOnce)
	one, many := newWriterGroup(1, each, p.post), newWriterGroup(most, each, p.post)
	middle, err := medians(ctx, b.size(3, 1), one.run, many.run)
	if err != nil {
		return err
	}
	// At least 8 times the rate: at most a quarter of 32 times the time of one writer.
	b.table.add(row{
		what:  fmt.Sprintf("time of %d writers for as many POSTs each as one, where transactions conflict as on AWS (%s and %s)", most, perSecond(most*each, middle[1]), perSecond(each, middle[0])),
		value: show(middle[1]), floor: show(middle[0]), limits: []limit{ratio(middle[1], middle[0], float64(most)/8)},
	})
	b.table.add(row{
		what: fmt.Sprintf("refused of %d of these", len(one.latencies)+len(many.latencies)), value: fmt.Sprint(p.refused), limits: []limit{{float64(p.refused), 0, ""}},
	})
	return nil
}

func perSecond(n int, took time.Duration) string {
	return fmt.Sprintf("%.0f/s", float64(n)/took.Seconds())
}

// writerGroup is a number of members who concurrently call do, each several times.
type writerGroup struct {
	members, each int
	do            func(ctx context.Context, member int) error

	mu        sync.Mutex
	latencies []time.Duration // of all runs
}

func newWriterGroup(members, each int, do func(context.Context, int) error) *writerGroup {
	return &writerGroup{members: members, each: each, do: do}
}

// run measures the duration of all calls.
func (c *writerGroup) run(ctx context.Context) (time.Duration, error) {
	return took(func(ctx context.Context) error {
		g, ctx := errgroup.WithContext(ctx)
		for member := range c.members {
			g.Go(func() error {
				for range c.each {
					begin := time.Now()
					if err := c.do(ctx, member); err != nil {
						return err
					}
					c.mu.Lock()
					c.latencies = append(c.latencies, time.Since(begin))
					c.mu.Unlock()
				}
				return nil
			})
		}
		return g.Wait()
	})(ctx)
}

// poster posts different agreements.
type poster struct {
	stack  *stack.Stack
	client *http.Client
	token  string

	mu      sync.Mutex
	made    int
	refused int // answers other than 201
}

// poster starts a stack with enough processes. Its functions use the table at another address if
// functionsDynamoDB is not empty.
func (b *bench) poster(ctx context.Context, e *engine.Engine, table, functionsDynamoDB string) (*poster, error) {
	o := b.options(e, table)
	o.Concurrency, o.FunctionsDynamoDB = slices.Max(atOnce), functionsDynamoDB
	s, err := stack.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	p := &poster{stack: s, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}}
	// Each POST requests a refresh of licence data, which would start in another function and
	// take CPU time from the measured one. A queued refresh that no function starts satisfies
	// all POSTs.
	waiting := refresher.Run{ID: id.New(time.Now(), "bench"), Trigger: refresher.TriggerImport, RequestedAt: time.Now(), State: refresher.StateQueued}
	_, _, err = dynamo.NewRefreshes(dynamo.Open(s.DynamoDB(), table), nil).Request(ctx, waiting, once.Change{})
	if err == nil {
		p.token, err = s.Token("bench", access.GlobalAdmin)
	}
	if err == nil {
		_, err = newWriterGroup(slices.Max(atOnce), 3, p.post).run(ctx) // starts the processes
	}
	if err != nil {
		s.Stop(0)
		return nil, err
	}
	p.refused = 0
	return p, nil
}

func (p *poster) post(ctx context.Context, _ int) error {
	p.mu.Lock()
	p.made++
	number := fmt.Sprintf("%07d", p.made)
	p.mu.Unlock()
	body, err := json.Marshal(agreements.NewAgreement{
		Type: agreement.TypeVolume, Name: "Agreement " + number, Pairs: []agreements.NewPair{{AuthorizationNumber: number, LicenseNumber: number}},
	})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.stack.FrontURL+"/agreements", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	r.Header.Set("Content-Type", "application/json")
	response, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusCreated {
		p.mu.Lock()
		p.refused++
		p.mu.Unlock()
	}
	return nil
}

// bareWriter writes the items of an agreement directly.
type bareWriter struct {
	table   string
	items   []item
	clients []*dynamodb.Client // one per member of a writerGroup

	mu   sync.Mutex
	made int
}

func newBareWriter(ctx context.Context, e *engine.Engine) (*bareWriter, error) {
	client := engine.NewClient(e.URL)
	sample := "writers-sample"
	if err := stack.CreateTable(ctx, client, sample); err != nil {
		return nil, err
	}
	number := "0000001"
	_, _, err := dynamo.Open(client, sample).Agreements.Create(agreement.New{
		Type: agreement.TypeVolume, ID: "sample", Name: "Agreement " + number, By: "bench", At: time.Now(),
		Pairs: []agreement.Pair{{Authorization: number, License: number, Program: agreement.ProgramOpenValue}},
	}).Apply(ctx, once.Change{Event: event("agreement.created")})
	if err != nil {
		return nil, err
	}
	w := &bareWriter{table: "writers-floor"}
	if w.items, err = everything(ctx, client, sample); err != nil {
		return nil, err
	}
	for range slices.Max(atOnce) {
		w.clients = append(w.clients, engine.NewClient(e.URL))
	}
	return w, stack.CreateTable(ctx, client, w.table)
}

func (w *bareWriter) put(ctx context.Context, member int) error {
	w.mu.Lock()
	w.made++
	n := w.made
	w.mu.Unlock()
	actions := make([]types.TransactWriteItem, len(w.items))
	for i, it := range w.items {
		it = maps.Clone(it)
		it[schema.PK] = str(fmt.Sprintf("%s#%d", text(it[schema.PK]), n))
		actions[i].Put = &types.Put{TableName: &w.table, Item: it, ConditionExpression: aws.String("attribute_not_exists(pk)")}
	}
	_, err := w.clients[member].TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
	return err
}
