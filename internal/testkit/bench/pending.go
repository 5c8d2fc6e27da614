package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"trueup/infra/local/stack"
	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/catalog"
	"trueup/internal/entitlement"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/inventories"
	"trueup/internal/objects"
	"trueup/internal/once"
	"trueup/internal/refresher"
	"trueup/internal/register"
	"trueup/internal/report"
	"trueup/internal/snapshot"
)

// noStatements is an organisation without statements.
type noStatements struct{}

func (noStatements) Current(context.Context) ([]entitlement.Statement, error) { return nil, nil }

// immediate answers like licensed, without taking time.
type immediate struct{ licensed }

// Ask implements entitlement.Source.
func (a *immediate) Ask(_ context.Context, pairs []agreement.Pair) ([]entitlement.Answer, error) {
	return a.answers(pairs), nil
}

// countedWrites counts the items and objects that are written.
type countedWrites struct {
	objects.Bucket
	n atomic.Int64
}

// Put implements objects.Bucket.
func (w *countedWrites) Put(ctx context.Context, key, contentType string, body []byte) error {
	w.n.Add(1)
	return w.Bucket.Put(ctx, key, contentType, body)
}

// count is an option of a client.
func (w *countedWrites) count(o *dynamodb.Options) {
	o.APIOptions = append(slices.Clip(o.APIOptions), func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("count", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			switch input := in.Parameters.(type) {
			case *dynamodb.TransactWriteItemsInput:
				w.n.Add(int64(len(input.TransactItems)))
			case *dynamodb.PutItemInput, *dynamodb.UpdateItemInput, *dynamodb.DeleteItemInput:
				w.n.Add(1)
			case *dynamodb.BatchWriteItemInput:
				for _, requests := range input.RequestItems {
					w.n.Add(int64(len(requests)))
				}
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	})
}

// pending measures the refresh after one pair was added to an organisation with the maximum number
// of pairs, in a process that has just started: from the claim until its answer is published.
func (b *bench) pending(ctx context.Context) error {
	e, err := b.engine(ctx, "pending")
	if err != nil {
		return err
	}
	defer e.Stop()
	s, err := b.stack(ctx, e, "pending")
	if err != nil {
		return err
	}
	defer s.Stop(time.Second)
	rows := b.size(pairfile.MaxRows, 50)
	files := b.size(20, 2)
	patient := dynamo.RetryTimeout(time.Minute) // the engine rejects some of many transactions at once
	store := dynamo.Open(s.DynamoDB(), s.Table, patient)
	for n := range files {
		if err := rowsInto(ctx, store, 1+n, file(1+n, rows, rows)); err != nil {
			return err
		}
	}
	count := &countedWrites{Bucket: s3bucket.New(s.S3(), stack.ReportsBucket)}
	source := &immediate{}
	log := slog.New(slog.DiscardHandler)
	var numbers *register.Reader
	process := func() *refresher.Worker {
		store := dynamo.Open(dynamodb.New(s.DynamoDB().Options(), count.count), s.Table, patient)
		numbers = register.New(store.Agreements, store.Journal, count, log)
		refreshes := dynamo.NewRefreshes(store, numbers)
		publisher := &snapshot.Publisher{
			Files: count, Index: store.Snapshots, Agreements: numbers, Answers: refreshes, Changed: refreshes, Statements: noStatements{}, Groups: store.Groups,
			Inventory: inventories.NewCounts(store.Inventories, count), Refreshes: refreshes, Catalog: catalog.New(store.Journal, count, log),
			Adjustments: store.Adjustments, Subscriptions: store.Subscriptions, Devices: store.Devices, Zone: time.UTC, Expiring: 90, Words: report.WordsIn(i18n.English), Clock: time.Now, Log: log,
		}
		return &refresher.Worker{
			Requests: &refresher.Requests{Queue: refreshes, Clock: time.Now, Log: log},
			Store:    refreshes, Source: func(context.Context, refresher.Run) (entitlement.Source, error) { return source, nil }, Zone: time.UTC,
			Publish: publisher.Publish, Progress: func(context.Context, bool) {}, Lease: time.Minute, AskTimeout: time.Minute,
		}
	}
	refresh := func(ctx context.Context, w *refresher.Worker, kind refresher.Kind, pairs int) error {
		source.run++
		run, err := w.Request(ctx, refresher.Order{ID: id.New(time.Now(), fmt.Sprint(source.run)), Kind: kind, Trigger: refresher.TriggerImport, By: "bench"})
		if err != nil {
			return err
		}
		if _, err := w.Handle(ctx, run.ID); err != nil {
			return err
		}
		run, err = w.Store.Run(ctx, run.ID)
		if err == nil && (run.State != refresher.StateSucceeded || run.Valid != pairs) {
			err = fmt.Errorf("refresh: %+v", run)
		}
		return err
	}
	first, err := took(func(ctx context.Context) error { return refresh(ctx, process(), refresher.KindFull, files*rows) })(ctx)
	if err != nil {
		return err
	}
	b.say("the full refresh of %d pairs takes %v", files*rows, first)
	if err := numbers.Save(ctx, 1, time.Now()); err != nil {
		return err
	}
	added := 0
	var most int64
	one := func(ctx context.Context) (time.Duration, error) {
		added++
		read, err := store.Agreements.Agreement(ctx, fmt.Sprintf("volume-01-%06d", added))
		if err != nil {
			return 0, err
		}
		number := fmt.Sprintf("99-%05d", added)
		pair := agreement.Pair{Authorization: number, License: number, Program: agreement.ProgramOpenValue}
		if _, _, err := store.Agreements.AddPairs(read, []agreement.Pair{pair}).Apply(ctx, once.Change{Event: event("agreement.pairs_added")}); err != nil {
			return 0, err
		}
		w, before := process(), count.n.Load()
		d, err := took(func(ctx context.Context) error { return refresh(ctx, w, refresher.KindPending, 1) })(ctx)
		most = max(most, count.n.Load()-before)
		return d, err
	}
	middle, err := medians(ctx, b.size(9, 1), one)
	if err != nil {
		return err
	}
	b.table.add(row{
		what:  fmt.Sprintf("refresh after one pair was added to %d, in a new process", files*rows),
		value: fmt.Sprintf("%s, %d writes", show(middle[0]), most), limits: []limit{{milliseconds(middle[0]), 1000, " ms"}, {float64(most), 200, " writes"}},
	})
	return nil
}
