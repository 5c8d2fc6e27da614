package dynamo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/group"
	"trueup/internal/importer"
	"trueup/internal/journal"
	"trueup/internal/register"
	"trueup/internal/text"
)

// Lookup implements importer.Store.
func (s *Imports) Lookup(ctx context.Context, w importer.Wanted) (importer.Known, error) {
	k := importer.Known{
		Agreements: map[string]agreement.Agreement{}, ByID: map[string]agreement.Agreement{}, Owners: map[agreement.PairKey]agreement.Agreement{},
		DeadNames: map[string]importer.Dead{}, DeadPairs: map[agreement.PairKey]importer.Dead{},
	}
	var names []nameItem
	var pairs []pairItem
	var gone []string
	stages := map[importer.Stage]bool{}
	keys := make([]item, 0, len(w.Names))
	for _, name := range w.Names {
		keys = append(keys, key(nameKey(name)))
	}
	pairKeys := make([]item, 0, len(w.Pairs))
	for _, pair := range w.Pairs {
		pairKeys = append(pairKeys, key(pairKey(pair)))
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { k.Commits, err = s.visibility.moment(gctx); return err })
	g.Go(func() (err error) { gone, err = s.groups.gone(gctx); return err })
	g.Go(func() (err error) {
		if w.Group == "" {
			k.Group = group.Group{ID: group.UnassignedID}
			return nil
		}
		k.Group, err = s.groups.byName(gctx, w.Group)
		return err
	})
	g.Go(func() error {
		it, err := s.db.get(gctx, groupsPK, groupCountSK)
		if err != nil {
			return err
		}
		count, err := decode[groupCountItem](it)
		k.Groups = count.N
		return err
	})
	g.Go(func() error {
		return s.db.getAll(gctx, keys, "", nil, func(it item) error {
			i, err := decode[nameItem](it)
			names = append(names, i)
			return err
		})
	})
	g.Go(func() error {
		return s.db.getAll(gctx, pairKeys, ownership, placeholders(ownership), func(it item) error {
			i, err := decode[pairItem](it)
			pairs = append(pairs, i)
			return err
		})
	})
	if err := g.Wait(); err != nil {
		return importer.Known{}, fmt.Errorf("look up names and pairs: %w", err)
	}
	for _, i := range names {
		stages[i.Stage] = true
	}
	for _, i := range pairs {
		stages[i.Stage] = true
	}
	if err := s.visibility.learn(ctx, stages); err != nil {
		return importer.Known{}, err
	}

	ids := slices.Clone(w.IDs)
	for _, i := range names {
		if s.visibility.committed(i.Stage, latest) {
			ids = append(ids, i.ID)
		} else {
			k.DeadNames[i.Name] = importer.Dead{Stage: i.Stage, Owner: i.ID}
		}
	}
	for _, i := range pairs {
		if s.visibility.committed(i.Stage, latest) {
			ids = append(ids, i.Agreement)
		} else {
			k.DeadPairs[i.pair().Key()] = importer.Dead{Stage: i.Stage, Owner: i.Agreement}
		}
	}
	slices.Sort(ids)
	agreements, err := s.agreements.byID(ctx, slices.Compact(ids), gone)
	if err != nil {
		return importer.Known{}, err
	}
	for _, id := range w.IDs {
		if a, exists := agreements[id]; exists {
			k.ByID[id] = a
		}
	}
	for _, i := range names {
		if _, staged := k.DeadNames[i.Name]; staged {
			continue
		}
		if a, ok := agreements[i.ID]; ok {
			k.Agreements[i.Name] = a
		}
	}
	for _, i := range pairs {
		pair := i.pair().Key()
		if _, staged := k.DeadPairs[pair]; staged {
			continue
		}
		if a, alive := agreements[i.Agreement]; alive {
			k.Owners[pair] = a
		} else { // its agreement was deleted
			k.DeadPairs[pair] = importer.Dead{Stage: i.Stage, Owner: i.Agreement, Orphan: true}
		}
	}
	return k, nil
}

// Stage implements importer.Store.
func (s *Imports) Stage(ctx context.Context, p importer.Plan) error {
	extensions, dead, err := s.extensions(ctx, p)
	if err != nil {
		return err
	}
	for _, rows := range []iter.Seq[importer.Dead]{maps.Values(p.Known.DeadNames), maps.Values(p.Known.DeadPairs)} {
		for row := range rows {
			if !row.Orphan { // the deleted agreement of an orphan cannot return
				dead[row.Stage] = true
			}
		}
	}
	if err := s.visibility.bury(ctx, dead); err != nil {
		return err
	}

	actions := make([]*action, 0, maxTransaction)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	flush := func() {
		batch := actions
		actions = make([]*action, 0, maxTransaction)
		g.Go(func() error { return s.db.transact(gctx, batch) })
	}
	add := func(action *action) {
		if actions = append(actions, action); len(actions) == maxTransaction {
			flush()
		}
	}
	pairs := func(owner string, pairs []agreement.Pair) {
		for _, pair := range pairs {
			i := newPairItem(owner, pair, p.At, string(p.Stage), p.Stage)
			add(s.agreements.putUnlessTaken(marshal(i), "agreement", p.Known.DeadPairs[pair.Key()]))
		}
	}
	for _, c := range p.Create {
		add(s.db.put(newAgreementItem(agreementItem{
			ID: c.ID, Type: agreement.TypeVolume, Name: c.Name, Group: p.Group.ID, Pairs: len(c.Pairs),
			Created: millis(p.At), CreatedBy: p.By, Stage: p.Stage,
		}), "attribute_not_exists(pk)", nil))
		add(s.agreements.putUnlessTaken(marshal(newNameItem(c.ID, c.Name, p.Stage)), "id", p.Known.DeadNames[text.Fold(c.Name)]))
		pairs(c.ID, c.Pairs)
	}
	for _, e := range p.Extend {
		action, ok := extensions[e.Agreement.ID]
		if !ok {
			return importer.ErrTaken // deleted since it was looked up
		}
		add(action)
		pairs(e.Agreement.ID, e.Pairs)
	}
	flush()
	err = g.Wait()
	if conditionOf(err) != nil {
		return importer.ErrTaken
	}
	return err
}

// extensions returns, by agreement, the action that announces the pairs that a plan adds to
// it. It also returns the stages of these agreements that are not committed.
func (s *Imports) extensions(ctx context.Context, p importer.Plan) (map[string]*action, map[importer.Stage]bool, error) {
	dead := map[importer.Stage]bool{}
	if len(p.Extend) == 0 {
		return nil, dead, nil
	}
	added := make(map[string]int, len(p.Extend))
	keys := make([]item, 0, len(p.Extend))
	for _, e := range p.Extend {
		added[e.Agreement.ID] = len(e.Pairs)
		keys = append(keys, key(agreementKey(e.Agreement.ID)))
	}
	var items []agreementItem
	stages := map[importer.Stage]bool{}
	err := s.db.getAll(ctx, keys, "", nil, func(it item) error {
		i, err := decode[agreementItem](it)
		i.stages(stages)
		items = append(items, i)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if err := s.visibility.learn(ctx, stages); err != nil {
		return nil, nil, err
	}
	for stage := range stages {
		if !s.visibility.committed(stage, latest) {
			dead[stage] = true
		}
	}
	actions := make(map[string]*action, len(items))
	for _, i := range items {
		announced := s.announce(i, p.Stage, added[i.ID])
		old, fresh := marshal(i), marshal(announced)
		update := &types.Update{
			TableName: &s.db.table, Key: key(agreementKey(i.ID)),
			UpdateExpression:    aws.String("SET added = :new, pairs = :pairs, version = :version"),
			ConditionExpression: aws.String("added = :old AND version = :was"),
			ExpressionAttributeValues: item{
				":new": fresh["added"], ":pairs": fresh["pairs"], ":version": fresh["version"],
				":old": old["added"], ":was": old["version"],
			},
		}
		if announced.Checked != i.Checked { // a refresh may change it concurrently
			*update.UpdateExpression += ", validation = :validation"
			*update.ConditionExpression += " AND " + unsummarized(i, update.ExpressionAttributeValues)
			update.ExpressionAttributeValues[":validation"] = fresh["validation"]
		}
		actions[i.ID] = &action{Update: update}
	}
	return actions, dead, nil
}

// announce returns the item with the number of pairs that a stage adds to it, and without
// the pairs that dead stages announced. The stages of the item must be learnt before.
func (s *Imports) announce(i agreementItem, stage importer.Stage, pairs int) agreementItem {
	i = s.agreements.folded(i)
	clear(i.Added)
	i.Added[stage] = pairs
	return i
}

// Commit implements importer.Store.
func (s *Imports) Commit(ctx context.Context, p importer.Plan, imp importer.Import, events []audit.Event) error {
	actions, ending := s.finishing(imp, events)
	seq := p.Known.Commits + 1
	moment := types.Update{
		TableName: &s.db.table, Key: key(commitsPK, commitsSK), UpdateExpression: aws.String("SET seq = :next"),
		ConditionExpression:       aws.String("seq = :seq"),
		ExpressionAttributeValues: item{":next": num(seq), ":seq": num(p.Known.Commits)},
	}
	if p.Known.Commits == 0 {
		moment.ConditionExpression = aws.String("attribute_not_exists(pk)")
		delete(moment.ExpressionAttributeValues, ":seq")
	}
	release := &action{Delete: &types.Delete{
		TableName: &s.db.table, Key: key(writerPK, writerSK), ConditionExpression: aws.String("holder = :h"),
		ExpressionAttributeValues: item{":h": str(string(p.Stage))},
	}}
	actions = append(actions,
		release,
		&action{Update: &moment},
		s.db.put(newStageItem(p.Stage, seq), "attribute_not_exists(pk)", nil), // fails if the stage is buried
	)
	entry := agreementRecord(register.Body(planned(p), ""), len(p.Create)+len(p.Extend), imp.FinishedAt)
	if entry.weight > 0 { // the import adds pairs
		entry.head = outdating(imp.FinishedAt)
	}
	switch {
	case p.NewGroup:
		group, name, count := s.groups.groupCreation(p.Group, p.At)
		actions = append(actions, group, name, count)
	case len(p.Create) > 0 && p.Group.ID != group.UnassignedID:
		entry.guard = existing{s.tombstones, []string{p.Group.ID}}
	}
	err := s.journals.append(ctx, actions, entry)
	if errors.Is(err, journal.ErrMoved) { // the group was deleted meanwhile
		return importer.ErrTaken
	}
	if err == nil {
		s.visibility.commit(p.Stage, seq)
		return nil
	}
	if conditionOf(err) == nil {
		return err
	}
	if _, failed := refused(err, ending); failed {
		return finished(err, ending, imp)
	}
	if _, failed := refused(err, release); failed {
		return importer.ErrLost
	}
	return importer.ErrTaken
}

// planned returns the changes of agreements that the journal records for a plan.
func planned(p importer.Plan) []register.Change {
	changes := make([]register.Change, 0, len(p.Create)+len(p.Extend))
	for _, c := range p.Create {
		changes = append(changes, register.Change{ID: c.ID, Version: 1, Added: keysOf(c.Pairs)})
	}
	for _, e := range p.Extend {
		// Without a version: an edit may change the agreement between the read and the
		// commit, so the version after the commit is not known yet.
		changes = append(changes, register.Change{ID: e.Agreement.ID, Added: keysOf(e.Pairs)})
	}
	return changes
}
