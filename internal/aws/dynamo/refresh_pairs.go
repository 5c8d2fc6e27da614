package dynamo

import (
	"context"
	"slices"
	"sort"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	pagecursor "trueup/internal/cursor"
	"trueup/internal/entitlement"
	"trueup/internal/refresher"
	"trueup/internal/register"
)

// Projections of a pair: all attributes but its entitlements, the attributes that a summary
// needs, or the pair and its agreement.
const (
	withoutBlobs = "pk, agreement, #authorization, license, program, stage, life, #state, reason, checked, effective, fingerprint, mark, aside.#run"
	summary      = "pk, agreement, stage, #state"
	ownership    = "pk, sk, agreement, #authorization, license, program, stage"
)

// placeholders returns the placeholders of a projection, for names that DynamoDB reserves.
func placeholders(projection string) map[string]string {
	var names map[string]string
	for _, name := range []string{"authorization", "state", "run"} {
		if strings.Contains(projection, "#"+name) {
			if names == nil {
				names = map[string]string{}
			}
			names["#"+name] = name
		}
	}
	return names
}

// Count implements refresher.Store.
func (r *Refreshes) Count(ctx context.Context, s refresher.Scope) (int, error) {
	if s.Since == "" {
		return r.numbers.CountPairs(ctx, s.GroupID)
	}
	refs, err := r.addedSince(ctx, s.Since)
	return len(refs), err
}

// The record of a run has the cursor where it continues, so cursors are stored data.

func encodePairCursor(last register.PairRef) string { return pagecursor.Encode(last, "refresh") }

func decodePairCursor(after string) (last register.PairRef, err error) {
	_, err = pagecursor.Decode(after, &last, "refresh")
	return last, err
}

// Pairs implements refresher.Store.
func (r *Refreshes) Pairs(ctx context.Context, s refresher.Scope, limit int, after string) (refresher.PairPage, error) {
	last, err := decodePairCursor(after)
	if err != nil {
		return refresher.PairPage{}, err
	}
	var refs []register.PairRef
	if s.Since == "" {
		refs, err = r.numbers.Pairs(ctx, s.GroupID, last, limit+1)
	} else if refs, err = r.addedSince(ctx, s.Since); err == nil {
		refs = refs[sort.Search(len(refs), func(i int) bool { return compareRefs(refs[i], last) > 0 }):]
		refs = refs[:min(limit+1, len(refs))]
	}
	if err != nil {
		return refresher.PairPage{}, err
	}
	var page refresher.PairPage
	if len(refs) > limit {
		refs = refs[:limit]
		page.Next = encodePairCursor(refs[limit-1])
	}
	found, err := r.agreements.known(ctx, refs, withoutBlobs)
	for _, i := range found {
		page.Items = append(page.Items, i.known())
	}
	return page, err
}

// answersAtOnce is how many pairs Answers reads at a time.
const answersAtOnce = parallel * maxTransaction

// Answers implements refresher.Answers.
func (r *Refreshes) Answers(ctx context.Context, yield func([]refresher.Answered) error) error {
	for after := (register.PairRef{}); ; {
		refs, err := r.numbers.Pairs(ctx, "", after, answersAtOnce)
		if err != nil || len(refs) == 0 {
			return err
		}
		after = refs[len(refs)-1]
		answered, err := r.answered(ctx, refs)
		if err != nil {
			return err
		}
		if err := yield(answered); err != nil {
			return err
		}
	}
}

// AnswersTo returns the answers for pairs of an agreement, in the order of pairs. It omits
// pairs that the agreement does not have.
func (r *Refreshes) AnswersTo(ctx context.Context, agreementID string, pairs []agreement.PairKey) ([]refresher.Answered, error) {
	refs := make([]register.PairRef, len(pairs))
	for i, pair := range pairs {
		refs[i] = register.PairRef{AgreementID: agreementID, Pair: pair}
	}
	return r.answered(ctx, refs)
}

func (r *Refreshes) answered(ctx context.Context, refs []register.PairRef) ([]refresher.Answered, error) {
	found, err := r.agreements.known(ctx, refs, "")
	if err != nil {
		return nil, err
	}
	answered := make([]refresher.Answered, len(found))
	for i, known := range found {
		if answered[i], err = known.answered(); err != nil {
			return nil, err
		}
	}
	return answered, nil
}

// Limits of one transaction of answers. DynamoDB allows 100 actions and 4 MB.
const (
	answersPerWrite = 50
	bytesPerWrite   = 3 << 20
)

// pairWrite is a change of one pair.
type pairWrite struct {
	pair   agreement.PairKey
	size   int // bytes that it stores, except for a few hundred
	action *action
}

// Answer implements refresher.Store.
func (r *Refreshes) Answer(ctx context.Context, attempt refresher.Run, answers []refresher.Checked) (gone []agreement.PairKey, err error) {
	writes := make([]pairWrite, len(answers))
	for i, c := range answers {
		writes[i] = r.answering(attempt, c)
	}
	return r.writeAll(ctx, attempt, writes)
}

// answering returns the change that stores an answer.
func (r *Refreshes) answering(attempt refresher.Run, c refresher.Checked) pairWrite {
	w := pairWrite{pair: c.Pair}
	stored := answerItem{
		State: agreement.Validation(c.State), Reason: c.Reason, Checked: millis(c.At), Effective: c.Effective, Fingerprint: c.Fingerprint,
	}
	if c.State != entitlement.StateError {
		stored.Entitlements = encodeEntitlements(c.Entitlements)
		w.size = len(stored.Entitlements)
	}
	results := resultsItem{answerItem: stored, Mark: newMarkRecord(c.Mark)}
	if c.Aside {
		results = resultsItem{Mark: results.Mark, Aside: &asideRecord{answerItem: stored, Run: attempt.ID, Mark: results.Mark}}
	}
	it := marshal(results)
	var set []string
	remove := ""
	names, values := map[string]string{}, item{":mark": it["mark"]}
	switch {
	case c.Aside:
		set = []string{"aside = :aside"}
		values[":aside"] = it["aside"]
	default:
		attributes := answerAttributes
		if c.State == entitlement.StateError {
			attributes = []string{"state", "reason", "checked"}
		} else {
			remove = " REMOVE aside"
		}
		for _, name := range attributes {
			names["#"+name], values[":"+name] = name, it[name]
			set = append(set, "#"+name+" = :"+name)
		}
	}
	update := "SET mark = :mark, " + strings.Join(set, ", ") + remove
	condition := "agreement = :agreement AND " + sameLife(c.Tag, values)
	values[":agreement"] = str(c.AgreementID)
	w.action = r.pairUpdate(c.Pair, update, condition, names, values)
	return w
}

// sameLife returns the condition that a pair was not removed and added again since it was
// read. It adds the value of the condition to values.
func sameLife(tag string, values item) string {
	if tag == "" {
		return "attribute_not_exists(life)"
	}
	values[":life"] = str(tag)
	return "life = :life"
}

func (r *Refreshes) pairUpdate(pair agreement.PairKey, update, condition string, names map[string]string, values item) *action {
	if len(names) == 0 {
		names = nil
	}
	return &action{Update: &types.Update{
		TableName: &r.db.table, Key: key(pairKey(pair)), UpdateExpression: &update, ConditionExpression: &condition,
		ExpressionAttributeNames: names, ExpressionAttributeValues: values,
	}}
}

// Apply implements refresher.Store. The update copies the answer that was put aside within
// the item, so the answer need not be read.
func (r *Refreshes) Apply(ctx context.Context, attempt refresher.Run, pairs []refresher.Known) error {
	set := []string{"mark = aside.mark"}
	names := map[string]string{"#run": "run"}
	for _, name := range answerAttributes {
		names["#"+name] = name
		set = append(set, "#"+name+" = aside.#"+name)
	}
	update := "SET " + strings.Join(set, ", ") + " REMOVE aside"
	writes := make([]pairWrite, len(pairs))
	for i, k := range pairs {
		values := item{":run": str(attempt.ID), ":agreement": str(k.AgreementID)}
		condition := "aside.#run = :run AND agreement = :agreement AND " + sameLife(k.Tag, values)
		writes[i] = pairWrite{pair: k.Pair.Key(), action: r.pairUpdate(k.Pair.Key(), update, condition, names, values)}
	}
	_, err := r.writeAll(ctx, attempt, writes)
	return err
}

// writeAll makes the changes of an attempt in several transactions. It returns the pairs
// whose condition did not hold.
func (r *Refreshes) writeAll(ctx context.Context, attempt refresher.Run, writes []pairWrite) (gone []agreement.PairKey, err error) {
	g, gctx := errgroup.WithContext(ctx)
	var parts [][]pairWrite
	for begin := 0; begin < len(writes); {
		end, size := begin, 0
		for ; end < len(writes) && end-begin < answersPerWrite && (end == begin || size+writes[end].size <= bytesPerWrite); end++ {
			size += writes[end].size
		}
		parts = append(parts, writes[begin:end])
		begin = end
	}
	results := make([][]agreement.PairKey, len(parts))
	for i, part := range parts {
		g.Go(func() (err error) {
			results[i], err = r.writePart(gctx, attempt, part)
			return err
		})
	}
	err = g.Wait()
	return slices.Concat(results...), err
}

// writePart makes changes in one transaction, and omits changes whose condition does not
// hold. It returns the pairs of the omitted changes.
func (r *Refreshes) writePart(ctx context.Context, attempt refresher.Run, writes []pairWrite) (gone []agreement.PairKey, err error) {
	for {
		actions := make([]*action, len(writes))
		for i, w := range writes {
			actions[i] = w.action
		}
		// Run it even without changes, to check that the attempt owns its run.
		err := r.fenced(ctx, attempt, actions, r.db.transact)
		if conditionOf(err) == nil {
			return gone, err
		}
		var left []pairWrite
		for _, w := range writes {
			if _, failed := refused(err, w.action); failed {
				gone = append(gone, w.pair)
			} else {
				left = append(left, w)
			}
		}
		writes = left
	}
}
