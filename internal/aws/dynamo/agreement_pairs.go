package dynamo

import (
	"context"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/errs"
	"trueup/internal/importer"
	"trueup/internal/journal"
	"trueup/internal/register"
)

// listing reads the pairs of an agreement, which are spread over schema.Shards
// partitions of an index, in the order of the index's sort key.
type listing struct {
	id    string // of the agreement
	after string // sort key of the last pair shown; empty to start
	limit int
}

// page returns up to limit visible pairs. The first page (moment unknownSeq) also chooses
// the moment that the listing shows; later pages pass it in. next is the last sort key of
// the page, empty at the end of the list.
func (s *Agreements) page(ctx context.Context, l listing, moment int64) (pairs []pairItem, next string, at int64, err error) {
	shards := make([]*shard, schema.Shards)
	read := func(ctx context.Context) error {
		g, ctx := errgroup.WithContext(ctx)
		for i := range shards {
			shards[i] = &shard{listing: &l, store: s, partition: byOwnerPK(l.id, i)}
			g.Go(func() error { return shards[i].read(ctx) })
		}
		return g.Wait()
	}
	if moment != unknownSeq {
		err = read(ctx)
	} else {
		moment, err = s.visibility.momentOf(ctx, read)
	}
	if err != nil {
		return nil, "", 0, err
	}
	stages := map[importer.Stage]bool{}
	for _, shard := range shards {
		shard.stages(stages)
	}
	if err := s.visibility.learn(ctx, stages); err != nil {
		return nil, "", 0, err
	}
	var last string
	for {
		var least *shard
		for _, shard := range shards {
			if err := shard.fill(ctx); err != nil {
				return nil, "", 0, err
			}
			if len(shard.pairs) > 0 && (least == nil || shard.pairs[0].ByOwnerSK < least.pairs[0].ByOwnerSK) {
				least = shard
			}
		}
		if least == nil {
			return pairs, "", moment, nil
		}
		p := least.pairs[0]
		least.pairs = least.pairs[1:]
		if !s.visibility.committed(p.Stage, moment) {
			continue
		}
		if len(pairs) == l.limit {
			return pairs, last, moment, nil
		}
		pairs, last = append(pairs, p), p.ByOwnerSK
	}
}

// shard is the part of a listing that one partition holds.
type shard struct {
	listing   *listing
	store     *Agreements
	partition string
	pairs     []pairItem
	start     item // where the next Query starts
	done      bool
}

// read reads the next pairs of the partition.
func (p *shard) read(ctx context.Context) error {
	l := p.listing
	in := &dynamodb.QueryInput{
		TableName: &p.store.db.table, IndexName: &schema.ByOwner.Name, ExclusiveStartKey: p.start,
		// An even share and some more, so that a second read is rare.
		Limit:                     aws.Int32(int32(l.limit/schema.Shards + l.limit/8 + 3)),
		KeyConditionExpression:    aws.String("#p = :p"),
		ExpressionAttributeNames:  map[string]string{"#p": schema.ByOwner.PK},
		ExpressionAttributeValues: item{":p": str(p.partition)},
	}
	if p.store.db.pageSize > 0 {
		in.Limit = &p.store.db.pageSize
	}
	if l.after != "" {
		in.KeyConditionExpression = aws.String("#p = :p AND #s > :after")
		in.ExpressionAttributeNames["#s"] = schema.ByOwner.SK
		in.ExpressionAttributeValues[":after"] = str(l.after)
	}
	out, err := p.store.db.ask(ctx, in)
	if err != nil {
		return err
	}
	for _, it := range out.Items {
		pair, err := decode[pairItem](it)
		if err != nil {
			return err
		}
		p.pairs = append(p.pairs, pair)
	}
	p.start = out.LastEvaluatedKey
	p.done = len(p.start) == 0
	return nil
}

// fill reads until the shard has a pair or has ended.
func (p *shard) fill(ctx context.Context) error {
	for len(p.pairs) == 0 && !p.done {
		if err := p.read(ctx); err != nil {
			return err
		}
		stages := map[importer.Stage]bool{}
		p.stages(stages)
		if err := p.store.visibility.learn(ctx, stages); err != nil {
			return err
		}
	}
	return nil
}

func (p *shard) stages(to map[importer.Stage]bool) {
	for _, pair := range p.pairs {
		to[pair.Stage] = true
	}
}

// pairsOf returns the items of pairs of an agreement; errs.NotFound pair_not_found if it
// does not have one of them.
func (s *Agreements) pairsOf(ctx context.Context, id string, pairs []agreement.PairKey) ([]item, error) {
	keys := make([]item, len(pairs))
	for i, pair := range pairs {
		keys[i] = key(pairKey(pair))
	}
	var found []item
	stages := map[importer.Stage]bool{}
	const projection = ownership + ", #state"
	err := s.db.getAll(ctx, keys, projection, placeholders(projection), func(it item) error {
		stages[importer.Stage(attr(it, "stage"))] = true
		found = append(found, it)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := s.visibility.learn(ctx, stages); err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(it item) bool {
		return attr(it, "agreement") != id || !s.visibility.committed(importer.Stage(attr(it, "stage")), latest)
	})
	if len(found) < len(pairs) {
		return nil, errs.New(errs.NotFound, "pair_not_found")
	}
	return found, nil
}

// validationWithout returns the validation of an agreement without some of its pairs. It
// returns journal.ErrMoved if the pairs have changed since the agreement was read, or if
// the index does not show all of them yet.
func (s *Agreements) validationWithout(ctx context.Context, a agreement.Agreement, removed []item) (agreement.Validation, error) {
	without := map[string]bool{}
	for _, it := range removed {
		i, err := decode[knownItem](it)
		if err != nil {
			return "", err
		}
		without[i.PK] = i.state() == a.Validation || without[i.PK]
	}
	decided := true
	for _, worst := range without {
		decided = decided && !worst
	}
	if decided { // no removed pair has the worst validation
		return a.Validation, nil
	}
	var mu sync.Mutex
	var refs []register.PairRef
	g, gctx := errgroup.WithContext(ctx)
	for shard := range schema.Shards {
		g.Go(func() error {
			return s.db.query(gctx, &dynamodb.QueryInput{
				IndexName:              &schema.ByOwner.Name,
				KeyConditionExpression: aws.String("#p = :p"), ExpressionAttributeNames: map[string]string{"#p": schema.ByOwner.PK},
				ExpressionAttributeValues: item{":p": str(byOwnerPK(a.ID, shard))},
			}, func(it item) (bool, error) {
				mu.Lock()
				defer mu.Unlock()
				if _, gone := without[attr(it, "pk")]; !gone {
					refs = append(refs, register.PairRef{AgreementID: a.ID, Pair: agreement.PairKey(attr(it, schema.ByOwner.SK))})
				}
				return true, nil
			})
		})
	}
	if err := g.Wait(); err != nil {
		return "", err
	}
	left, err := s.stored.known(ctx, refs, summary)
	if err != nil {
		return "", err
	}
	if len(left) != a.PairCount-len(removed) {
		return "", journal.ErrMoved
	}
	worst := agreement.Validation("")
	for _, k := range left {
		worst = worst.Worst(k.state())
	}
	return worst, nil
}
