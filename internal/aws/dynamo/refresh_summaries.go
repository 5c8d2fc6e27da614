package dynamo

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/errs"
	"trueup/internal/importer"
	"trueup/internal/journal"
	"trueup/internal/refresher"
	"trueup/internal/register"
)

// The validation of an agreement is the worst of its pairs. Whoever changes its
// pairs writes it, and who answers them summarizes them afterwards. Either reads
// first the agreement, then its pairs, and writes if nobody has written the
// agreement meanwhile. Therefore a summary is written also when the validation
// stays as it is: an edit that read the pairs before an answer must not write
// what it made of them.
//
// Pairs that an import adds need no write: they count as pending from its commit
// on, see Store.agreement, until a summary counts them itself.

// summariesPerWrite is how many agreements one transaction summarizes: with the
// fence and the journal at most maxTransaction actions.
const summariesPerWrite = 90

// Summarize implements refresher.Store. One call of a process at a time: two of
// them about the same agreement would only be in each other's way.
func (r *Refreshes) Summarize(ctx context.Context, attempt refresher.Run, ids []string) error {
	if err := r.summarizing.Acquire(ctx, 1); err != nil {
		return context.Cause(ctx)
	}
	defer r.summarizing.Release(1)
	for part := range slices.Chunk(ids, summariesPerWrite) {
		if err := r.summarize(ctx, attempt, part); err != nil {
			return err
		}
	}
	return nil
}

func (r *Refreshes) summarize(ctx context.Context, attempt refresher.Run, ids []string) error {
	for range maxTries {
		summaries, again, err := r.summaries(ctx, ids)
		if err != nil {
			return err
		}
		err = r.writeSummaries(ctx, attempt, summaries)
		if conditionOf(err) != nil {
			continue // one was edited meanwhile
		}
		if err != nil || len(again) == 0 {
			return err
		}
		ids = again
	}
	return errs.Wrap(fmt.Errorf("dynamo: %d agreements change all the time", len(ids)), errs.Unavailable, "try_again")
}

// summarized is an agreement and what its pairs come to.
type summarized struct {
	was   agreementItem
	worst agreement.Validation
}

// summaries reads agreements and then their pairs. again are those whose pairs
// changed while they were read.
func (r *Refreshes) summaries(ctx context.Context, ids []string) (list []summarized, again []string, err error) {
	s := r.store
	var pairs map[string][]agreement.PairKey
	items := make([]agreementItem, 0, len(ids))
	stages := map[importer.Stage]bool{}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { pairs, err = r.numbers.PairsOf(gctx, ids); return err })
	keys := make([]item, len(ids))
	for i, id := range ids {
		keys[i] = key(agreementKey(id))
	}
	g.Go(func() error {
		return s.getAll(gctx, keys, "", nil, func(it item) error {
			i, err := decode[agreementItem](it)
			i.stages(stages)
			items = append(items, i)
			return err
		})
	})
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	if err := s.learn(ctx, stages); err != nil {
		return nil, nil, err
	}
	items = slices.DeleteFunc(items, func(i agreementItem) bool { return !s.committed(i.Stage, latest) })
	var refs []register.PairRef
	for _, i := range items {
		for _, pair := range pairs[i.ID] {
			refs = append(refs, register.PairRef{AgreementID: i.ID, Pair: pair})
		}
	}
	known, err := s.known(ctx, refs, summary)
	if err != nil {
		return nil, nil, err
	}
	worst, counted := map[string]agreement.Validation{}, map[string]int{}
	for _, k := range known {
		counted[k.Agreement]++
		worst[k.Agreement] = worst[k.Agreement].Worst(k.state())
	}
	for _, i := range items {
		// The numbers may be of before the agreement was read. That they are all
		// there, and there are no more, says that they are those it had then.
		if counted[i.ID] != s.folded(i).Pairs {
			again = append(again, i.ID)
			continue
		}
		list = append(list, summarized{was: i, worst: worst[i.ID]})
	}
	return list, again, nil
}

// writeSummaries stores the validations, and tells those who list agreements of
// the ones that are others now.
func (r *Refreshes) writeSummaries(ctx context.Context, attempt refresher.Run, summaries []summarized) error {
	s := r.store
	var actions []*action
	entry := record{name: register.JournalName, at: attempt.Lease}
	var changes []register.Change
	for _, sum := range summaries {
		next := s.folded(sum.was)
		if next.Checked = sum.worst; s.agreement(sum.was, nil).Validation != sum.worst {
			changes = append(changes, register.Change{ID: next.ID, Version: next.Version})
		}
		next.Summaries++
		condition, values := unchangedItem(sum.was)
		it := marshal(next)
		for _, name := range []string{"validation", "pairs", "added", "version", "summaries"} {
			values[":next_"+name] = it[name]
		}
		actions = append(actions, &action{Update: &types.Update{
			TableName: &s.table, Key: key(agreementKey(next.ID)), ConditionExpression: &condition, ExpressionAttributeValues: values,
			UpdateExpression: aws.String("SET validation = :next_validation, pairs = :next_pairs, added = :next_added, version = :next_version, summaries = :next_summaries"),
		}})
	}
	return r.fenced(ctx, attempt, actions, func(ctx context.Context, actions []*action) error {
		if len(changes) == 0 {
			return s.transact(ctx, actions)
		}
		entry.body, entry.weight = register.Body(changes, ""), len(changes)
		return s.transactWith(ctx, actions, entry)
	})
}

// validationWithout returns what the pairs of an agreement come to without some
// of them, which are its. journal.ErrMoved when its pairs have changed since it
// was read, or the index does not show all of them yet.
func (s *Store) validationWithout(ctx context.Context, a agreement.Agreement, removed []item) (agreement.Validation, error) {
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
	if decided { // what is left has the worst
		return a.Validation, nil
	}
	var mu sync.Mutex
	var refs []register.PairRef
	g, gctx := errgroup.WithContext(ctx)
	for shard := range schema.Shards {
		g.Go(func() error {
			return s.query(gctx, &dynamodb.QueryInput{
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
	left, err := s.known(ctx, refs, summary)
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
