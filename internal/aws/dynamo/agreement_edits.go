package dynamo

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/id"
	"trueup/internal/once"
	"trueup/internal/register"
	"trueup/internal/text"
)

// Create implements agreement.Store.
func (s *Agreements) Create(n agreement.New) once.Edit[agreement.Agreement] {
	return once.Edit[agreement.Agreement]{
		Preview: func(ctx context.Context) (agreement.Agreement, error) {
			g, _, err := s.target(ctx, n.Group, id.New(n.At, n.ID))
			return s.stored.agreement(newItem(n, g), nil), err
		},
		Apply: func(ctx context.Context, c once.Change) (agreement.Agreement, []byte, error) {
			return s.create(ctx, n, c)
		},
	}
}

// newItem returns the item of a new agreement in a group.
func newItem(n agreement.New, g group.Group) agreementItem {
	i := newAgreementItem(agreementItem{
		ID: n.ID, Type: n.Type, Name: n.Name, Group: g.ID, Pairs: len(n.Pairs), Created: millis(n.At), CreatedBy: n.By,
	})
	i.describe(n.Terms)
	return i
}

func (s *Agreements) create(ctx context.Context, n agreement.New, c once.Change) (a agreement.Agreement, first []byte, err error) {
	first, err = s.stored.edit(ctx, n.At, func(e *agreementEdit) error {
		g, fresh, err := s.target(ctx, n.Group, id.New(n.At, n.ID))
		if err != nil {
			return err
		}
		i, event := newItem(n, g), c.Event
		a = s.stored.agreement(i, nil)
		if err := c.Check(a); err != nil {
			return err
		}
		e.remember(c.Entry)
		e.add(s.db.put(i, "attribute_not_exists(pk)", nil), nil)
		e.claimName(n.ID, n.Name)
		e.claimPairs(n.ID, n.Pairs, event)
		if n.Details != "" {
			e.noteDetails(n.ID, n.Details)
		}
		e.join(g, fresh, event)
		event.Subject, event.After = "agreement/"+n.ID, described(a)
		if n.Type == agreement.TypeVolume {
			event.After["added"] = listed(n.Pairs)
		} else {
			event.After["details"] = noted(n.Details)
		}
		e.audit(event)
		e.change = register.Change{ID: n.ID, Version: a.Version, Added: keysOf(n.Pairs)}
		e.outdates(n.Type)
		return nil
	})
	return a, first, err
}

// Update implements agreement.Store.
func (s *Agreements) Update(ctx context.Context, read agreement.Agreement, change agreement.Edit, event audit.Event) (after agreement.Agreement, err error) {
	_, err = s.stored.edit(ctx, change.At, func(e *agreementEdit) error {
		i, before, gone, err := s.unchanged(ctx, read)
		if err != nil {
			return err
		}
		e.within(before.GroupID)
		after = before
		after.Version++
		next := s.revised(i, gone)
		if change.Name != nil {
			after.Name = *change.Name
			next.Name = after.Name
		}
		if change.Terms != nil {
			after.Terms = *change.Terms
			next.describe(after.Terms)
		}
		if change.Details != nil {
			e.noteDetails(read.ID, *change.Details)
		}
		if change.Group != nil {
			g, fresh, err := s.target(ctx, *change.Group, id.New(change.At, read.ID+event.ID))
			if err != nil {
				return err
			}
			if g.ID != before.GroupID {
				after.GroupID = g.ID
				next.Group = g.ID
				e.join(g, fresh, event)
			}
		}
		if was, is := text.Fold(before.Name), text.Fold(after.Name); was != is {
			e.releaseName(was, read.ID)
			e.claimName(read.ID, after.Name)
		}
		e.replace(i, next)
		event.Subject, event.Before, event.After = "agreement/"+read.ID, described(before), described(after)
		if change.Details != nil {
			event.After["details"] = noted(*change.Details)
		}
		e.audit(event)
		e.change = register.Change{ID: read.ID, Version: after.Version}
		return nil
	})
	return after, err
}

// orphansItem names a deleted agreement whose pairs are being removed.
type orphansItem struct {
	itemKey
	At int64 `dynamodbav:"at"` // when it was deleted
}

// Delete implements agreement.Store.
func (s *Agreements) Delete(ctx context.Context, read agreement.Agreement, event audit.Event) error {
	_, err := s.stored.edit(ctx, event.At, func(e *agreementEdit) error {
		i, before, _, err := s.unchanged(ctx, read)
		if err != nil {
			return err
		}
		e.within(before.GroupID)
		for stage := range i.Added {
			if !s.visibility.committed(stage, latest) {
				e.quiet[stage] = true // no import may add pairs to it from now on
			}
		}
		e.releaseName(text.Fold(before.Name), read.ID)
		condition, values := unchangedItem(i)
		e.add(&action{Delete: &types.Delete{
			TableName: &s.db.table, Key: key(agreementKey(read.ID)), ConditionExpression: &condition, ExpressionAttributeValues: values,
		}}, nil)
		if before.Type == agreement.TypeVolume {
			e.add(s.db.put(orphansItem{keyed(orphansKey(read.ID)), millis(event.At)}, "", nil), nil)
		} else {
			e.noteDetails(read.ID, "")
		}
		event.Subject, event.Before = "agreement/"+read.ID, described(before)
		e.audit(event)
		e.change = register.Change{ID: read.ID, Version: before.Version + 1}
		e.outdates(before.Type)
		return nil
	})
	if err != nil || read.PairCount == 0 || read.PairCount > agreement.MaxPairsByHand {
		return err
	}
	// The agreement is deleted and its pairs are free even if this fails. Upkeep.Tidy
	// removes the pairs that are left, and all pairs of a large agreement.
	_ = s.stored.removePairs(ctx, read.ID)
	return nil
}

// AddPairs implements agreement.Store.
func (s *Agreements) AddPairs(read agreement.Agreement, pairs []agreement.Pair) once.Edit[agreement.Agreement] {
	return once.Edit[agreement.Agreement]{
		Preview: func(context.Context) (agreement.Agreement, error) { return read.With(pairs), nil },
		Apply: func(ctx context.Context, c once.Change) (agreement.Agreement, []byte, error) {
			return s.addPairs(ctx, read, pairs, c)
		},
	}
}

// addPairs does not compare its result with the preview: a refresh may change the
// validation of the agreement at any time, which is no edit (R2.12).
func (s *Agreements) addPairs(ctx context.Context, read agreement.Agreement, pairs []agreement.Pair, c once.Change) (after agreement.Agreement, first []byte, err error) {
	first, err = s.stored.edit(ctx, c.Event.At, func(e *agreementEdit) error {
		i, before, gone, err := s.unchanged(ctx, read)
		if err != nil {
			return err
		}
		e.within(before.GroupID)
		event := c.Event
		after = before.With(pairs)
		e.remember(c.Entry)
		next := s.revised(i, gone)
		next.Pairs += len(pairs)
		next.Checked = after.Validation
		e.replace(i, next)
		e.claimPairs(read.ID, pairs, event)
		event.Subject, event.Before, event.After = "agreement/"+read.ID, described(before), described(after)
		event.After["added"] = listed(pairs)
		e.audit(event)
		e.change = register.Change{ID: read.ID, Version: after.Version, Added: keysOf(pairs)}
		e.outdates(before.Type)
		return nil
	})
	return after, first, err
}

// RemovePairs implements agreement.Store.
func (s *Agreements) RemovePairs(ctx context.Context, read agreement.Agreement, pairs []agreement.PairKey, event audit.Event) (after agreement.Agreement, err error) {
	_, err = s.stored.edit(ctx, event.At, func(e *agreementEdit) error {
		i, before, gone, err := s.unchanged(ctx, read)
		if err != nil {
			return err
		}
		e.within(before.GroupID)
		stored, err := s.pairsOf(ctx, read.ID, pairs)
		if err != nil {
			return err
		}
		after = before
		after.Version++
		after.PairCount -= len(pairs)
		if after.PairCount < 1 {
			return errs.New(errs.Conflict, "pairs_last")
		}
		if after.Validation, err = s.validationWithout(ctx, before, stored); err != nil {
			return err
		}
		next := s.revised(i, gone)
		next.Pairs -= len(pairs)
		next.Checked = after.Validation
		e.replace(i, next)
		var removed []agreement.Pair
		for _, pair := range stored {
			removed = append(removed, agreement.Pair{Authorization: attr(pair, "authorization"), License: attr(pair, "license")})
			e.add(&action{Delete: &types.Delete{
				TableName: &s.db.table, Key: item{"pk": pair["pk"], "sk": pair["sk"]}, ConditionExpression: aws.String("agreement = :a"),
				ExpressionAttributeValues: item{":a": str(read.ID)},
			}}, nil)
		}
		event.Subject, event.Before, event.After = "agreement/"+read.ID, described(before), described(after)
		event.Before["removed"] = listed(removed)
		e.audit(event)
		e.change = register.Change{ID: read.ID, Version: after.Version, Removed: pairs}
		e.outdates(before.Type)
		return nil
	})
	return after, err
}

// unchanged returns the agreement if it still has the version that was read, and the
// license groups that were deleted.
func (s *Agreements) unchanged(ctx context.Context, read agreement.Agreement) (i agreementItem, a agreement.Agreement, gone []string, err error) {
	i, a, gone, err = s.read(ctx, read.ID)
	if err == nil && a.Version != read.Version {
		err = errs.New(errs.Stale, "version_stale")
	}
	return i, a, gone, err
}

// revised returns the item for the next version of an agreement: in Unassigned if its
// group was deleted, with the pairs of committed stages added to its count.
func (s *Agreements) revised(i agreementItem, gone []string) agreementItem {
	next := s.stored.folded(i)
	if slices.Contains(gone, i.Group) {
		next.Group = group.UnassignedID
		next.Version++
	}
	next.Version++
	return next
}

// unchangedItem returns the condition that an agreement's item is as it was read.
func unchangedItem(i agreementItem) (condition string, values item) {
	old := marshal(i)
	values = item{":was": old["version"], ":added": old["added"]}
	return "version = :was AND added = :added AND " + unsummarized(i, values), values
}

// unsummarized returns the condition that no refresh has summarized the agreement
// since it was read. It adds the values of the condition to values.
func unsummarized(i agreementItem, values item) string {
	if i.Summaries == 0 {
		return "attribute_not_exists(summaries)"
	}
	values[":summaries"] = num(i.Summaries)
	return "summaries = :summaries"
}

// replace adds the action that stores next in place of was.
func (e *agreementEdit) replace(was, next agreementItem) {
	condition, values := unchangedItem(was)
	e.add(e.db.put(next, condition, values), nil)
}

// claimName adds the action that takes a name for an agreement.
func (e *agreementEdit) claimName(id, name string) {
	e.claim(newNameItem(id, name, ""), "id", claim{field: "name", value: name, code: "name_taken", wanted: id})
}

// releaseName adds the action that deletes the folded name of an agreement.
func (e *agreementEdit) releaseName(folded, id string) {
	e.add(&action{Delete: &types.Delete{
		TableName: &e.db.table, Key: key(nameKey(folded)), ConditionExpression: aws.String("id = :id"),
		ExpressionAttributeValues: item{":id": str(id)},
	}}, nil)
}

// claimPairs adds the actions that take pairs for an agreement.
func (e *agreementEdit) claimPairs(owner string, pairs []agreement.Pair, cause audit.Event) {
	for i, pair := range pairs {
		e.claim(newPairItem(owner, pair, e.now, cause.ID, ""), "agreement", claim{
			field: "pairs/" + strconv.Itoa(i), value: pair.String(), code: "pair_taken",
		})
	}
}

// join adds the actions that create a fresh group for an agreement, or the condition that
// the group exists.
func (e *agreementEdit) join(g group.Group, fresh bool, cause audit.Event) {
	if !fresh {
		e.within(g.ID)
		return
	}
	group, name, count := e.stored.groups.groupCreation(g, e.now)
	e.add(group, nil)
	e.add(name, nil)
	e.add(count, groupLimit)
	cause.ID += "g"
	cause.Action, cause.Subject, cause.Before, cause.After = "group.created", "group/"+g.ID, nil, map[string]string{"name": g.Name}
	e.audit(cause)
}

// detailsItem has the details of an agreement of type other.
type detailsItem struct {
	itemKey
	Details string `dynamodbav:"details"`
}

// noteDetails adds the action that stores the details of an agreement, or removes them
// if they are empty.
func (e *agreementEdit) noteDetails(id, details string) {
	if details == "" {
		e.add(&action{Delete: &types.Delete{TableName: &e.db.table, Key: key(detailsKey(id))}}, nil)
		return
	}
	e.add(e.db.put(detailsItem{keyed(detailsKey(id)), details}, "", nil), nil)
}

// described returns the attributes of an agreement that an audit event shows.
func described(a agreement.Agreement) map[string]string {
	said := map[string]string{"name": a.Name, "group": a.GroupID}
	if a.Type == agreement.TypeVolume {
		said["pairs"] = strconv.Itoa(a.PairCount)
		return said
	}
	said["publisher"], said["productTitle"] = a.Publisher, a.ProductTitle
	said["licenses"], said["start"], said["end"] = strconv.Itoa(a.Licenses), string(a.Start), string(a.End)
	return said
}

// noted returns whether an agreement has details. Audit events must not show them (R2.7).
func noted(details string) string {
	if details == "" {
		return "none"
	}
	return "noted"
}

func keysOf(pairs []agreement.Pair) []agreement.PairKey {
	keys := make([]agreement.PairKey, len(pairs))
	for i, p := range pairs {
		keys[i] = p.Key()
	}
	return keys
}

// listed returns added or removed pairs as an audit event shows them.
func listed(pairs []agreement.Pair) string {
	var numbers []string
	for _, p := range pairs {
		numbers = append(numbers, p.String())
	}
	slices.Sort(numbers)
	return strings.Join(numbers, ", ")
}

// target returns the chosen group. A fresh group does not exist yet; it has the given id.
func (s *Agreements) target(ctx context.Context, t agreement.Target, id string) (g group.Group, fresh bool, err error) {
	switch {
	case t.NewName == "" && t.GroupID == "", t.GroupID == group.UnassignedID, group.IsReserved(t.NewName):
		return group.Group{ID: group.UnassignedID}, false, nil
	case t.NewName == "":
		g, err = s.groups.group(ctx, t.GroupID)
		return g, false, err
	}
	g, err = s.groups.byName(ctx, text.Fold(t.NewName))
	if err != nil || g.ID != "" {
		return g, false, err
	}
	return group.Group{ID: id, Name: t.NewName}, true, nil
}
