package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/stack"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/aws/dynamo"
	"trueup/internal/importer"
	"trueup/internal/intake/kind"
)

// pollEvery is the interval at which the state of an import is read.
const pollEvery = 20 * time.Millisecond

// writers are the concurrencies of the floor; the fastest is used.
var writers = []int{1, 2, 4, 8}

type item = map[string]types.AttributeValue

// imports measures imports of the largest file on the local stack, into few agreements and into
// one agreement per pair.
func (b *bench) imports(ctx context.Context) error {
	e, err := b.engine(ctx, "imports")
	if err != nil {
		return err
	}
	defer e.Stop()
	pairs := b.size(pairfile.MaxRows, 200)
	if err := b.importInto(ctx, e, pairs, pairs/100, 5); err != nil {
		return err
	}
	return b.importInto(ctx, e, pairs, pairs, 3) // three times as many items
}

// engine starts an engine with its data on disk, like the local stack.
func (b *bench) engine(ctx context.Context, name string) (*engine.Engine, error) {
	return engine.Start(ctx, engine.Options{Dir: filepath.Join(b.scratch, name, "dynamodb")})
}

// stack starts a local stack on an engine, with its own table.
func (b *bench) stack(ctx context.Context, e *engine.Engine, table string) (*stack.Stack, error) {
	return stack.Start(ctx, b.options(e, table))
}

func (b *bench) options(e *engine.Engine, table string) stack.Options {
	return stack.Options{
		Functions: b.functions, Data: filepath.Join(b.scratch, table), DynamoDBEndpoint: e.URL, TableName: table, Unscheduled: true,
	}
}

// importInto measures imports of that many pairs into that many agreements, from the upload to
// the state succeeded. The floor writes the same items to a new table of the same engine.
func (b *bench) importInto(ctx context.Context, e *engine.Engine, pairs, agreements, rounds int) error {
	s, err := b.stack(ctx, e, fmt.Sprintf("imports-%d", agreements))
	if err != nil {
		return err
	}
	defer s.Stop(time.Second)
	client := s.DynamoDB()
	store := dynamo.Open(client, s.Table)
	series := 0
	subject := took(func(ctx context.Context) error {
		series++
		return imported(ctx, s, store, file(series, pairs, agreements), series)
	})

	// The first import is not counted: it starts the function and warms the engine.
	if _, err := subject(ctx); err != nil {
		return err
	}
	items, err := everything(ctx, client, s.Table)
	if err != nil {
		return err
	}
	// The floor uses the fastest number of writers, determined with a part of the items.
	trials := make([]timed, len(writers))
	for i, n := range writers {
		trials[i] = floor(client, items[:len(items)/5], n)
	}
	once, err := medians(ctx, b.size(3, 1), trials...)
	if err != nil {
		return err
	}
	best := slices.Index(once, slices.Min(once))
	b.say("%d items written by %v writers in %v", len(items)/5, writers, once)

	middle, err := medians(ctx, b.size(rounds, 1), subject, floor(client, items, writers[best]))
	if err != nil {
		return err
	}
	b.table.add(row{
		what:  fmt.Sprintf("import %d pairs into %d agreements", pairs, agreements),
		value: show(middle[0]), floor: show(middle[1]), limits: []limit{ratio(middle[0], middle[1], 2)},
	})
	return nil
}

// imported uploads a file and waits until its import has succeeded.
func imported(ctx context.Context, s *stack.Stack, store *dynamo.Table, data []byte, series int) error {
	name := fmt.Sprintf("series-%02d.csv", series)
	_, err := s.S3().PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(stack.UploadsBucket), Key: aws.String(kind.Agreements.Key("", name)), Body: bytes.NewReader(data),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("import of %s: %w", name, ctx.Err())
		case <-poll.C:
		}
		newest, err := store.Imports.Imports(ctx, 1, "")
		if err != nil {
			return err
		}
		if len(newest.Items) == 0 || newest.Items[0].File != name || !newest.Items[0].Final() {
			continue
		}
		if imp := newest.Items[0]; imp.State != importer.StateSucceeded || imp.Added != imp.Rows {
			return fmt.Errorf("import of %s: %+v", name, imp)
		}
		return nil
	}
}

// floor measures writing items to a new table, each on the condition that it does not exist, in
// transactions of the maximum size.
func floor(client *dynamodb.Client, items []item, concurrency int) timed {
	tables := 0
	return func(ctx context.Context) (time.Duration, error) {
		tables++
		table := fmt.Sprintf("floor-%d-%d-%d", len(items), concurrency, tables)
		if err := stack.CreateTable(ctx, client, table); err != nil {
			return 0, err
		}
		d, err := took(func(ctx context.Context) error { return write(ctx, client, table, items, concurrency) })(ctx)
		if err != nil {
			return 0, err
		}
		_, err = client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &table})
		return d, err
	}
}

func write(ctx context.Context, client *dynamodb.Client, table string, items []item, concurrency int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for batch := range slices.Chunk(items, 100) {
		g.Go(func() error {
			actions := make([]types.TransactWriteItem, len(batch))
			for i, it := range batch {
				actions[i].Put = &types.Put{TableName: &table, Item: it, ConditionExpression: aws.String("attribute_not_exists(pk)")}
			}
			_, err := client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: actions})
			return err
		})
	}
	return g.Wait()
}

// everything reads all items of a table.
func everything(ctx context.Context, client *dynamodb.Client, table string) (items []item, err error) {
	pages := dynamodb.NewScanPaginator(client, &dynamodb.ScanInput{TableName: &table, ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
	}
	return items, nil
}
