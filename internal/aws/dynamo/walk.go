package dynamo

import (
	"context"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/importer"
	"trueup/internal/register"
)

// Owned implements register.Source.
func (s *Agreements) Owned(ctx context.Context, pairs []register.PairRef) (map[register.PairRef]bool, error) {
	owned := make(map[register.PairRef]bool, len(pairs))
	seen := make(map[agreement.PairKey]bool, len(pairs))
	var keys []item
	for _, ref := range pairs {
		owned[ref] = false
		if !seen[ref.Pair] {
			seen[ref.Pair] = true
			keys = append(keys, key(pairKey(ref.Pair)))
		}
	}
	var found []pairItem
	stages := map[importer.Stage]bool{}
	err := s.db.getAll(ctx, keys, ownership, placeholders(ownership), func(it item) error {
		i, err := decode[pairItem](it)
		stages[i.Stage] = true
		found = append(found, i)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.visibility.learn(ctx, stages); err != nil {
		return nil, err
	}
	for _, i := range found {
		ref := register.PairRef{AgreementID: i.Agreement, Pair: i.pair().Key()}
		if _, asked := owned[ref]; asked {
			owned[ref] = s.visibility.committed(i.Stage, latest)
		}
	}
	return owned, nil
}

// walkSegments is the number of segments of the table that are scanned concurrently.
const walkSegments = 8

// walk reads the whole table, a page of each segment at a time.
type walk struct {
	store *Agreements
	next  [walkSegments]item // start of the next page of each segment
	done  [walkSegments]bool
}

// Walk implements register.Source.
func (s *Agreements) Walk() register.Walk { return &walk{store: s} }

// Next implements register.Walk.
func (w *walk) Next(ctx context.Context) (agreements []agreement.Agreement, pairs []register.PairRef, last bool, err error) {
	var mu sync.Mutex
	var items []agreementItem
	var owned []pairItem
	stages := map[importer.Stage]bool{}
	var pages [walkSegments]*dynamodb.ScanOutput
	g, gctx := errgroup.WithContext(ctx)
	for segment := range pages {
		if w.done[segment] {
			continue
		}
		g.Go(func() error {
			page, err := w.page(gctx, segment)
			if err != nil {
				return err
			}
			pages[segment] = page
			mu.Lock()
			defer mu.Unlock()
			for _, it := range page.Items {
				if strings.HasPrefix(attr(it, "pk"), pairPrefix) {
					i, err := decode[pairItem](it)
					if err != nil {
						return err
					}
					stages[i.Stage] = true
					owned = append(owned, i)
					continue
				}
				i, err := decode[agreementItem](it)
				if err != nil {
					return err
				}
				i.stages(stages)
				items = append(items, i)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, false, err
	}
	if err := w.store.visibility.learn(ctx, stages); err != nil {
		return nil, nil, false, err
	}
	for _, i := range items {
		if w.store.visibility.committed(i.Stage, latest) {
			agreements = append(agreements, w.store.stored.agreement(i, nil))
		}
	}
	for _, i := range owned {
		if w.store.visibility.committed(i.Stage, latest) {
			pairs = append(pairs, register.PairRef{AgreementID: i.Agreement, Pair: i.pair().Key()})
		}
	}
	last = true
	for segment, page := range pages {
		if page != nil {
			w.next[segment], w.done[segment] = page.LastEvaluatedKey, len(page.LastEvaluatedKey) == 0
		}
		last = last && w.done[segment]
	}
	return agreements, pairs, last, nil
}

func (w *walk) page(ctx context.Context, segment int) (out *dynamodb.ScanOutput, err error) {
	in := &dynamodb.ScanInput{
		TableName: &w.store.db.table, ConsistentRead: aws.Bool(true), ExclusiveStartKey: w.next[segment],
		Segment: aws.Int32(int32(segment)), TotalSegments: aws.Int32(walkSegments),
		FilterExpression: aws.String("begins_with(pk, :pair) OR begins_with(pk, :agreement) AND sk = :sk"),
		ExpressionAttributeValues: item{
			":pair": str(pairPrefix), ":agreement": str(agreementPrefix), ":sk": str(string(agreementSK)),
		},
	}
	if w.store.db.pageSize > 0 {
		in.Limit = &w.store.db.pageSize
	}
	err = w.store.db.retry(ctx, func() error { out, err = w.store.db.client.Scan(ctx, in); return err })
	return out, err
}
