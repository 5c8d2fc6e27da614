package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"trueup/internal/aws/dynamo/schema"
)

// pageSize is the length of the listed page, and of the minimal function's.
const pageSize = 50

// direct is the maximum ratio of a list, or of reading one agreement, to the minimal function.
const direct = 1.5

// flat is the maximum ratio of durations with a hundred times as much data. The cost of reading
// only what is shown does not grow; the rest is noise.
const flat = 1.25

// filters are the measured lists, with their names.
var filters = []struct{ what, query string }{
	{"list 50 agreements by name", ""},
	{"list 50 of a group, by end", "&group=unassigned&sort=end"},
	{"list 50 by type, publisher and status, newest first", "&type=other&publisher=publisher+02&status=active&sort=created&order=desc"},
}

// lists measures listing, searching and reading agreements through the HTTP front, in an
// organisation with few agreements and in one with many. The floor is the minimal function behind
// the same gateway, which queries one page of the same size, or reads the item: the local gateway
// and Lambda cost about as much as a read of the local engine, and are no part of trueup.
func (b *bench) lists(ctx context.Context) error {
	e, err := b.engine(ctx, "lists")
	if err != nil {
		return err
	}
	defer e.Stop()
	few, many := b.size(1000, 100), b.size(100_000, 1000)
	var things []timed // the same number for each organisation
	var large *organisation
	for _, agreements := range []int{few, many} {
		begin := time.Now()
		o, err := b.organisation(ctx, e, b.size(50, 5), agreements)
		if err != nil {
			return err
		}
		defer o.stop()
		b.say("%d agreements stored in %.0f s", agreements, time.Since(begin).Seconds())
		for _, f := range filters {
			things = append(things, took(o.list(f.query)))
		}
		things = append(things, took(o.read), took(o.search), took(o.query), took(o.get))
		large = o
	}
	if _, err := rounds(ctx, b.size(100, 1), things...); err != nil { // warms functions and engine
		return err
	}
	all, err := rounds(ctx, b.size(500, 2), things...)
	if err != nil {
		return err
	}
	small, big := all[:len(all)/2], all[len(all)/2:]
	reading, searching, query, get := len(filters), len(filters)+1, len(filters)+2, len(filters)+3
	compare := func(what string, i, minimal int) {
		for n, times := range [][][]time.Duration{small, big} {
			subject, floor := median(times[i]), median(times[minimal])
			b.table.add(row{
				what:  fmt.Sprintf("%s, %d stored", what, []int{few, many}[n]),
				value: show(subject), floor: show(floor), limits: []limit{ratio(subject, floor, direct)},
			})
		}
		subject, floor := median(big[i]), median(small[i])
		b.table.add(row{
			what:  fmt.Sprintf("%s, %d stored against %d", what, many, few),
			value: show(subject), floor: show(floor), limits: []limit{ratio(subject, floor, flat)},
		})
	}
	for i, f := range filters {
		compare(f.what, i, query)
	}
	compare("read one agreement", reading, get)
	floor := median(big[query])
	for _, p := range []struct {
		percent int
		most    float64
	}{{50, 3}, {99, 10}} {
		subject := percentile(big[searching], p.percent)
		b.table.add(row{
			what:  fmt.Sprintf("search for text anywhere, %d stored: %d %% take at most", many, p.percent),
			value: show(subject), floor: show(floor), limits: []limit{ratio(subject, floor, p.most)},
		})
	}
	return b.groupDeletion(ctx, large)
}

// groupDeletion measures the deletion of a license group with many agreements, until no item in
// the table names it, against as many bare writes of the same kind.
func (b *bench) groupDeletion(ctx context.Context, o *organisation) error {
	var best time.Duration
	floor := func(concurrency int) error {
		d, err := took(func(ctx context.Context) error { return o.moves(ctx, concurrency) })(ctx)
		if best == 0 || d < best {
			best = d
		}
		return err
	}
	for _, concurrency := range []int{4, 8, 16} {
		if err := floor(concurrency); err != nil {
			return err
		}
	}
	subject, err := o.deleteGroup(ctx)
	if err != nil {
		return err
	}
	b.table.add(row{
		what:  fmt.Sprintf("delete a group with %d agreements", len(o.large)),
		value: show(subject), floor: show(best), limits: []limit{ratio(subject, best, 1.5)},
	})
	return nil
}

// moves updates as many agreements as the large group has, in the same way as a move.
func (o *organisation) moves(ctx context.Context, concurrency int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(concurrency)
	for _, id := range o.large {
		g.Go(func() error {
			_, err := o.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
				TableName: &o.stack.Table, Key: item{schema.PK: str("AGREEMENT#" + id), schema.SK: str("AGREEMENT")},
				UpdateExpression: aws.String("SET #g = :g ADD version :one"), ConditionExpression: aws.String("#g = :g"),
				ExpressionAttributeNames:  map[string]string{"#g": "group"},
				ExpressionAttributeValues: item{":g": str(largeGroup), ":one": number(1)},
			})
			return err
		})
	}
	return g.Wait()
}
