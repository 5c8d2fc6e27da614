package dynamo

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/importer"
	"trueup/internal/refresher"
	"trueup/internal/register"
	"trueup/internal/retry"
)

// The validation of an agreement is the worst of its pairs. Edits that change the pairs
// write it, and a refresh summarizes the pairs after it has stored answers. Both read the
// agreement first and then its pairs, and write on the condition that the agreement is
// unchanged. Therefore a summary is written even if the validation stays the same: an edit
// that read the pairs before an answer was stored must not write an outdated validation.
//
// Pairs that an import adds need no write: they count as pending after its commit, see
// storedAgreements.agreement, until a summary counts them.

// summariesPerWrite is how many agreements one transaction summarizes. Together with the
// fence and the journal, these are at most maxTransaction actions.
const summariesPerWrite = 90

// Summarize implements refresher.Store. A process runs one call at a time: two calls for
// the same agreement would conflict.
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
	return retry.Do(ctx, rebuilding, func() error {
		summaries, again, err := r.summaries(ctx, ids)
		if err != nil {
			return err
		}
		err = r.writeSummaries(ctx, attempt, summaries)
		if conditionOf(err) != nil { // an agreement was edited meanwhile
			return retry.Again(err)
		}
		if err == nil && len(again) > 0 {
			ids = again
			return retry.Again(fmt.Errorf("dynamo: %d agreements were edited while they were read", len(ids)))
		}
		return err
	})
}

// summarized is an agreement and the worst validation of its pairs.
type summarized struct {
	was   agreementItem
	worst agreement.Validation
}

// summaries reads agreements and then their pairs. again has the agreements whose pairs
// changed meanwhile.
func (r *Refreshes) summaries(ctx context.Context, ids []string) (list []summarized, again []string, err error) {
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
		return r.db.getAll(gctx, keys, "", nil, func(it item) error {
			i, err := decode[agreementItem](it)
			i.stages(stages)
			items = append(items, i)
			return err
		})
	})
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	if err := r.visibility.learn(ctx, stages); err != nil {
		return nil, nil, err
	}
	items = slices.DeleteFunc(items, func(i agreementItem) bool { return !r.visibility.committed(i.Stage, latest) })
	var refs []register.PairRef
	for _, i := range items {
		for _, pair := range pairs[i.ID] {
			refs = append(refs, register.PairRef{AgreementID: i.ID, Pair: pair})
		}
	}
	known, err := r.agreements.known(ctx, refs, summary)
	if err != nil {
		return nil, nil, err
	}
	worst, counted := map[string]agreement.Validation{}, map[string]int{}
	for _, k := range known {
		counted[k.Agreement]++
		worst[k.Agreement] = worst[k.Agreement].Worst(k.state())
	}
	for _, i := range items {
		// The pairs may have been listed before the agreement was read. If all of them
		// exist and their count is right, they are the pairs that it had then.
		if counted[i.ID] != r.agreements.folded(i).Pairs {
			again = append(again, i.ID)
			continue
		}
		list = append(list, summarized{was: i, worst: worst[i.ID]})
	}
	return list, again, nil
}

// writeSummaries stores the validations, and appends the changed ones to the journal.
func (r *Refreshes) writeSummaries(ctx context.Context, attempt refresher.Run, summaries []summarized) error {
	var actions []*action
	var changes []register.Change
	for _, sum := range summaries {
		next := r.agreements.folded(sum.was)
		if next.Checked = sum.worst; r.agreements.agreement(sum.was, nil).Validation != sum.worst {
			changes = append(changes, register.Change{ID: next.ID, Version: next.Version})
		}
		next.Summaries++
		condition, values := unchangedItem(sum.was)
		it := marshal(next)
		for _, name := range []string{"validation", "pairs", "added", "version", "summaries"} {
			values[":next_"+name] = it[name]
		}
		actions = append(actions, &action{Update: &types.Update{
			TableName: &r.db.table, Key: key(agreementKey(next.ID)), ConditionExpression: &condition, ExpressionAttributeValues: values,
			UpdateExpression: aws.String("SET validation = :next_validation, pairs = :next_pairs, added = :next_added, version = :next_version, summaries = :next_summaries"),
		}})
	}
	return r.fenced(ctx, attempt, actions, func(ctx context.Context, actions []*action) error {
		if len(changes) == 0 {
			return r.db.transact(ctx, actions)
		}
		return r.journals.append(ctx, actions, agreementRecord(register.Body(changes, ""), len(changes), attempt.Lease))
	})
}
