package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"trueup/internal/dynamo/schema"
	"trueup/internal/importer"
)

// listing reads one list whose entries are spread over schema.Shards
// partitions of an index, in the order of the index's sort key.
type listing[T any] struct {
	index     schema.Index
	partition func(shard int) string
	prefix    string // of the sort key; empty for all
	after     string // sort key of the last row shown; empty to start
	limit     int
	only      func(T) bool // which rows are in the list; nil for all

	stages func(T, map[importer.Stage]bool) // what the row's visibility depends on
	stage  func(T) importer.Stage           // the row's own stage
}

// row is an entry and its sort key.
type row[T any] struct {
	sort  string
	value T
}

// page reads up to limit visible rows. A first page also fixes the moment the
// listing shows; the next ones are given it. next is the sort key to go on
// after, empty when the list ended.
func page[T any](ctx context.Context, s *Store, l listing[T], moment int64) (rows []T, next string, at int64, err error) {
	shards := make([]*shard[T], schema.Shards)
	read := func(ctx context.Context) error {
		g, ctx := errgroup.WithContext(ctx)
		for i := range shards {
			shards[i] = &shard[T]{listing: &l, store: s, partition: l.partition(i)}
			g.Go(func() error { return shards[i].read(ctx) })
		}
		return g.Wait()
	}
	if moment != unknownSeq {
		err = read(ctx)
	} else {
		moment, err = s.momentOf(ctx, read)
	}
	if err != nil {
		return nil, "", 0, err
	}
	stages := map[importer.Stage]bool{}
	for _, shard := range shards {
		shard.stages(stages)
	}
	if err := s.learn(ctx, stages); err != nil {
		return nil, "", 0, err
	}
	var last string
	for {
		var least *shard[T]
		for _, shard := range shards {
			if err := shard.fill(ctx); err != nil {
				return nil, "", 0, err
			}
			if len(shard.rows) > 0 && (least == nil || shard.rows[0].sort < least.rows[0].sort) {
				least = shard
			}
		}
		if least == nil {
			return rows, "", moment, nil
		}
		r := least.rows[0]
		least.rows = least.rows[1:]
		if !s.committed(l.stage(r.value), moment) || l.only != nil && !l.only(r.value) {
			continue
		}
		if len(rows) == l.limit {
			return rows, last, moment, nil
		}
		rows, last = append(rows, r.value), r.sort
	}
}

// momentOf runs read and returns a moment it is true for: every row of a
// commit up to it was there to be read. It reads both at the same time, which
// is right when no import was committed since this process last looked;
// otherwise it reads again.
func (s *Store) momentOf(ctx context.Context, read func(context.Context) error) (int64, error) {
	for {
		known := s.seq.Load()
		var now int64
		g, gctx := errgroup.WithContext(ctx)
		g.Go(func() (err error) { now, err = s.moment(gctx); return err })
		if known != unknownSeq {
			g.Go(func() error { return read(gctx) })
		}
		if err := g.Wait(); err != nil {
			return 0, err
		}
		if now <= known {
			return known, nil
		}
		s.seq.CompareAndSwap(known, now)
	}
}

// shard is the part of a listing that one partition holds.
type shard[T any] struct {
	listing   *listing[T]
	store     *Store
	partition string
	rows      []row[T]
	start     item // where the next Query starts
	done      bool
}

// read asks for the next rows of the partition.
func (p *shard[T]) read(ctx context.Context) error {
	l := p.listing
	in := &dynamodb.QueryInput{
		TableName: &p.store.table, IndexName: &l.index.Name, ExclusiveStartKey: p.start,
		// A fair share and some more, so that a second round is rare.
		Limit:                     aws.Int32(int32(l.limit/schema.Shards + l.limit/8 + 3)),
		KeyConditionExpression:    aws.String("#p = :p"),
		ExpressionAttributeNames:  map[string]string{"#p": l.index.PK},
		ExpressionAttributeValues: item{":p": str(p.partition)},
	}
	if p.store.pageSize > 0 {
		in.Limit = &p.store.pageSize
	}
	if l.after != "" || l.prefix != "" {
		in.KeyConditionExpression = aws.String("#p = :p AND #s BETWEEN :from AND :to")
		in.ExpressionAttributeNames["#s"] = l.index.SK
		from := l.prefix
		if l.after != "" {
			from = l.after + "\x00" // the least key above it
		}
		in.ExpressionAttributeValues[":from"] = str(from)
		in.ExpressionAttributeValues[":to"] = str(l.prefix + "\U0010FFFF")
	}
	out, err := p.store.ask(ctx, in)
	if err != nil {
		return err
	}
	for _, it := range out.Items {
		value, err := decode[T](it)
		if err != nil {
			return err
		}
		p.rows = append(p.rows, row[T]{attr(it, l.index.SK), value})
	}
	p.start = out.LastEvaluatedKey
	p.done = len(p.start) == 0
	return nil
}

// fill makes sure that the shard has a row, unless it has ended.
func (p *shard[T]) fill(ctx context.Context) error {
	for len(p.rows) == 0 && !p.done {
		if err := p.read(ctx); err != nil {
			return err
		}
		stages := map[importer.Stage]bool{}
		p.stages(stages)
		if err := p.store.learn(ctx, stages); err != nil {
			return err
		}
	}
	return nil
}

func (p *shard[T]) stages(to map[importer.Stage]bool) {
	for _, r := range p.rows {
		p.listing.stages(r.value, to)
	}
}
