package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/stack"
	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/entitlement"
	"trueup/internal/group"
	"trueup/internal/id"
	"trueup/internal/importer"
	"trueup/internal/intake"
	"trueup/internal/once"
	"trueup/internal/refresher"
	"trueup/internal/register"
)

const (
	refreshTable = "refresh"
	askTakes     = 100 * time.Millisecond // a service's time to answer a batch
	asksAtOnce   = 4                      // the concurrency of the refresher
)

// licensed is a source that answers every pair with one product. The number of licenses grows by
// one with each run.
type licensed struct{ run int }

// Ask implements entitlement.Source.
func (l *licensed) Ask(ctx context.Context, pairs []agreement.Pair) ([]entitlement.Answer, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(askTakes):
	}
	return l.answers(pairs), nil
}

func (l *licensed) answers(pairs []agreement.Pair) []entitlement.Answer {
	answers := make([]entitlement.Answer, len(pairs))
	for i, p := range pairs {
		answers[i] = entitlement.Answer{Pair: p.Key(), State: entitlement.StateValid, Entitlements: []entitlement.Entitlement{
			{Publisher: "Microsoft", Pool: "Applications", Family: "Office Professional Plus", Version: "2021", Effective: 100 + l.run, ActiveSA: 100, End: "2027-12-31"},
			{Publisher: "Microsoft", Pool: "Systems", Family: "Windows Enterprise", Version: "11", Effective: 100 + l.run, ActiveSA: 100, End: "2027-12-31"},
		}}
	}
	return answers
}

// refreshes measures a refresh of all pairs, among the maximum number of agreements, against
// sending the same questions and writing the same answers in transactions of the maximum size.
func (b *bench) refreshes(ctx context.Context) error {
	e, err := b.engine(ctx, "refresh")
	if err != nil {
		return err
	}
	defer e.Stop()
	pairs, agreements := b.size(pairfile.MaxRows, 200), b.size(100_000, 1000)
	client := engine.NewClient(e.URL)
	if err := stack.CreateTable(ctx, client, refreshTable); err != nil {
		return err
	}
	store := dynamo.Open(client, refreshTable)
	if err := others(ctx, client, store, agreements-pairs); err != nil {
		return err
	}
	if err := rowsInto(ctx, store, 1, file(1, pairs, pairs)); err != nil {
		return err
	}
	numbers := register.New(store.Agreements, store.Journal, nil, nil)
	n, err := numbers.CountPairs(ctx, "") // reads the register, like a new process
	if err == nil && n != pairs {
		err = fmt.Errorf("%d pairs, not %d", n, pairs)
	}
	if err != nil {
		return err
	}
	source := &licensed{}
	refreshes := dynamo.NewRefreshes(store, numbers)
	r := &refresher.Worker{
		Requests: &refresher.Requests{Queue: refreshes, Clock: time.Now, Log: slog.New(slog.DiscardHandler)},
		Store:    refreshes, Source: func(context.Context, refresher.Run) (entitlement.Source, error) { return source, nil }, Zone: time.UTC,
		Publish: func(context.Context, refresher.Run) error { return nil }, Progress: func(context.Context, bool) {},
		Lease: time.Minute, AskTimeout: time.Minute,
	}
	subject := func(ctx context.Context) (time.Duration, error) {
		source.run++
		run, err := r.Request(ctx, refresher.Order{ID: id.New(time.Now(), fmt.Sprint(source.run)), Kind: refresher.KindFull, Trigger: refresher.TriggerNow, By: "bench"})
		if err != nil {
			return 0, err
		}
		return took(func(ctx context.Context) error {
			if _, err := r.Handle(ctx, run.ID); err != nil {
				return err
			}
			run, err := r.Store.Run(ctx, run.ID)
			if err == nil && (run.State != refresher.StateSucceeded || run.Changed != pairs) {
				err = fmt.Errorf("refresh: %+v", run)
			}
			return err
		})(ctx)
	}
	first, err := subject(ctx) // which also validates every agreement
	if err != nil {
		return err
	}
	b.say("the first refresh, which validates %d agreements, takes %v", pairs, first)
	answers, err := answeredPairs(ctx, client, numbers, pairs)
	if err != nil {
		return err
	}
	trials := make([]timed, len(writers))
	for i, n := range writers {
		trials[i] = took(func(ctx context.Context) error { return ask(ctx, client, source, answers[:len(answers)/5], n) })
	}
	middle, err := medians(ctx, b.size(3, 1), trials...)
	if err != nil {
		return err
	}
	best := writers[slices.Index(middle, slices.Min(middle))]
	b.say("%d answers written by %v writers in %v", len(answers)/5, writers, middle)
	middle, err = medians(ctx, b.size(3, 1), subject, took(func(ctx context.Context) error { return ask(ctx, client, source, answers, best) }))
	if err != nil {
		return err
	}
	b.table.add(row{
		what: fmt.Sprintf("refresh %d pairs, %d agreements stored", pairs, agreements), value: show(middle[0]), floor: show(middle[1]),
		limits: []limit{ratio(middle[0], middle[1], 1.5)},
	})
	return nil
}

// others stores that many agreements of type other.
func others(ctx context.Context, client *dynamodb.Client, store *dynamo.Table, n int) error {
	items := make([]item, n)
	for i := range items {
		id := fmt.Sprintf("other-%06d", i)
		items[i] = item{
			schema.PK: str("AGREEMENT#" + id), schema.SK: str("AGREEMENT"), "id": str(id), "name": str("Licenses of branch " + id),
			"type": str(string(agreement.TypeOther)), "group": str(group.UnassignedID), "publisher": str("Adobe"), "product": str("Photoshop"),
			"licenses": number(5), "pairs": number(0), "added": &types.AttributeValueMemberM{}, "created": number(1), "created_by": str("bench"), "version": number(1),
		}
	}
	if err := write(ctx, client, refreshTable, items, 2); err != nil {
		return err
	}
	for part := range slices.Chunk(items, 5000) {
		changes := make([]register.Change, len(part))
		for i, it := range part {
			changes[i].ID, changes[i].Version = text(it["id"]), 1
		}
		head, err := store.Journal.Head(ctx, register.JournalName)
		if err != nil {
			return err
		}
		if _, err := store.Journal.Append(ctx, register.JournalName, head, register.Body(changes, ""), len(changes), once.Entry{}); err != nil {
			return err
		}
	}
	return nil
}

// rowsInto stores the rows of the n-th file, each in its own agreement.
func rowsInto(ctx context.Context, store *dynamo.Table, n int, data []byte) error {
	now := time.Now()
	source := intake.Object{Bucket: "bench", Key: fmt.Sprintf("agreements/bench-%d.csv", n), Version: "1", At: now, By: "bench"}
	imp := importer.Import{
		Head: intake.Head{ID: source.ID(), Object: source, Via: audit.SourceImport, At: now}, File: "bench.csv",
		State: importer.StateRunning, Attempt: 1, StartedAt: now, Lease: now.Add(time.Hour),
	}
	imp, err := store.Imports.Claim(ctx, importer.Import{Head: intake.Head{ID: imp.ID}}, imp)
	if err != nil {
		return err
	}
	plan := importer.Plan{Stage: imp.Stage(), At: now, By: "bench", Group: group.Group{ID: group.UnassignedID}}
	for i, row := range pairfile.Read(data, pairfile.Options{FileName: imp.File}).Rows {
		plan.Create = append(plan.Create, importer.Creation{ID: fmt.Sprintf("volume-%02d-%06d", n, i), Name: row.Name, Pairs: []agreement.Pair{row.Pair}})
	}
	if plan.Known, err = store.Imports.Lookup(ctx, importer.Wanted{}); err != nil {
		return err
	}
	if err := store.Imports.AcquireWriter(ctx, imp.Stage(), now, now.Add(time.Hour)); err != nil {
		return err
	}
	if err := store.Imports.Stage(ctx, plan); err != nil {
		return err
	}
	imp.State, imp.FinishedAt = importer.StateSucceeded, time.Now()
	return store.Imports.Commit(ctx, plan, imp, nil)
}

// answeredPairs reads the pairs with their answers.
func answeredPairs(ctx context.Context, client *dynamodb.Client, numbers *register.Reader, n int) (pairs []item, err error) {
	refs, err := numbers.Pairs(ctx, "", register.PairRef{}, n)
	if err != nil {
		return nil, err
	}
	for batch := range slices.Chunk(refs, refresher.BatchSize) {
		keys := make([]item, len(batch))
		for i, ref := range batch {
			keys[i] = item{schema.PK: str("PAIR#" + string(ref.Pair)), schema.SK: str("PAIR")}
		}
		out, err := client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{refreshTable: {Keys: keys}}})
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, out.Responses[refreshTable]...)
	}
	if len(pairs) != n {
		err = fmt.Errorf("%d pairs with answers, not %d", len(pairs), n)
	}
	return pairs, err
}

// ask is the floor: it asks about every pair and writes the answers.
func ask(ctx context.Context, client *dynamodb.Client, source entitlement.Source, pairs []item, concurrency int) error {
	asking := make(chan struct{}, asksAtOnce)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(concurrency, asksAtOnce))
	writing := make(chan struct{}, concurrency)
	for batch := range slices.Chunk(pairs, refresher.BatchSize) {
		g.Go(func() error {
			question := make([]agreement.Pair, len(batch))
			actions := make([]types.TransactWriteItem, len(batch))
			for i, it := range batch {
				question[i] = agreement.Pair{Authorization: text(it["authorization"]), License: text(it["license"])}
				update := &types.Update{
					TableName: aws.String(refreshTable), Key: item{schema.PK: it[schema.PK], schema.SK: it[schema.SK]},
					ExpressionAttributeNames: map[string]string{}, ExpressionAttributeValues: item{},
				}
				var set []string
				for _, name := range []string{"state", "reason", "checked", "effective", "fingerprint", "entitlements", "mark"} {
					update.ExpressionAttributeNames["#"+name], update.ExpressionAttributeValues[":"+name] = name, it[name]
					set = append(set, "#"+name+" = :"+name)
				}
				update.UpdateExpression = aws.String("SET " + strings.Join(set, ", "))
				actions[i].Update = update
			}
			asking <- struct{}{}
			_, err := source.Ask(ctx, question)
			<-asking
			if err != nil {
				return err
			}
			writing <- struct{}{}
			defer func() { <-writing }()
			_, err = client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
			return err
		})
	}
	return g.Wait()
}
