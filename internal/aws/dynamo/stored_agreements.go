package dynamo

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/group"
	"trueup/internal/importer"
	"trueup/internal/register"
)

// storedAgreements reads and writes agreements and their names and pairs for several types. It is
// safe for concurrent use.
type storedAgreements struct {
	db         *engine
	visibility *visibility
	journals   *journals
	tombstones *tombstones
	groups     *storedGroups
}

// agreement returns the agreement that an item stores. The stages of the item must be
// learnt before. An agreement in a deleted group (gone) counts as moved to Unassigned.
func (s *storedAgreements) agreement(i agreementItem, gone []string) agreement.Agreement {
	a := agreement.Agreement{
		ID: i.ID, Type: i.Type, Name: i.Name, GroupID: i.Group, PairCount: i.Pairs, Validation: i.Checked,
		Terms:     agreement.Terms{Publisher: i.Publisher, ProductTitle: i.Product, Licenses: i.Licenses, Start: i.Start, End: i.End},
		CreatedAt: fromMillis(i.Created), CreatedBy: i.CreatedBy, Version: i.Version,
	}
	if a.Type == agreement.TypeVolume && a.Validation == "" {
		a.Validation = agreement.ValidationPending
	}
	for stage, pairs := range i.Added {
		if s.visibility.committed(stage, latest) {
			a.PairCount += pairs
			a.Version++
			a.Validation = a.Validation.Worst(agreement.ValidationPending)
		}
	}
	if slices.Contains(gone, i.Group) {
		a.GroupID = group.UnassignedID
		a.Version++
	}
	return a
}

// folded returns the item with the pairs of committed stages added to its count. Its
// stages must be learnt before.
func (s *storedAgreements) folded(i agreementItem) agreementItem {
	added := map[importer.Stage]int{}
	for stage, pairs := range i.Added {
		if s.visibility.committed(stage, latest) {
			i.Pairs += pairs
			i.Version++
			i.Checked = i.Checked.Worst(agreement.ValidationPending)
		} else {
			added[stage] = pairs
		}
	}
	i.Added = added
	return i
}

// byID returns the agreements that exist. Agreements in deleted groups (gone)
// count as moved to Unassigned.
func (s *storedAgreements) byID(ctx context.Context, ids, gone []string) (map[string]agreement.Agreement, error) {
	var items []agreementItem
	stages := map[importer.Stage]bool{}
	read := func(it item) error {
		i, err := decode[agreementItem](it)
		if err != nil {
			return err
		}
		i.stages(stages)
		items = append(items, i)
		return nil
	}
	keys := make([]item, len(ids))
	for i, id := range ids {
		keys[i] = key(agreementKey(id))
	}
	if err := s.db.getAll(ctx, keys, "", nil, read); err != nil {
		return nil, err
	}
	if err := s.visibility.learn(ctx, stages); err != nil {
		return nil, err
	}
	found := make(map[string]agreement.Agreement, len(items))
	for _, i := range items {
		if s.visibility.committed(i.Stage, latest) {
			found[i.ID] = s.agreement(i, gone)
		}
	}
	return found, nil
}

// known returns the pairs of refs that their agreement still has, in the order of refs. An
// empty projection reads all attributes. A pair that moves from one agreement to another
// while the register is read can be in refs with both agreements.
func (s *storedAgreements) known(ctx context.Context, refs []register.PairRef, projection string) ([]knownItem, error) {
	at := make(map[agreement.PairKey]int, len(refs)) // index in keys
	keys := make([]item, 0, len(refs))
	for _, ref := range refs {
		if _, twice := at[ref.Pair]; !twice { // a batch must not ask for one key twice
			at[ref.Pair] = len(keys)
			keys = append(keys, key(pairKey(ref.Pair)))
		}
	}
	found := make([]knownItem, len(keys))
	stages := map[importer.Stage]bool{}
	err := s.db.getAll(ctx, keys, projection, placeholders(projection), func(it item) error {
		i, err := decode[knownItem](it)
		stages[i.Stage] = true
		found[at[agreement.PairKey(strings.TrimPrefix(i.PK, pairPrefix))]] = i
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.visibility.learn(ctx, stages); err != nil {
		return nil, err
	}
	there := make([]knownItem, 0, len(refs))
	for _, ref := range refs {
		i := found[at[ref.Pair]]
		if i.PK != "" && i.Agreement == ref.AgreementID && s.visibility.committed(i.Stage, latest) {
			there = append(there, i)
		}
	}
	return there, nil
}

// putUnlessTaken returns the action that stores a name or a pair if no item, or only the
// dead one, has its key. owner is the attribute that names the agreement.
func (s *storedAgreements) putUnlessTaken(it item, owner string, dead importer.Dead) *action {
	if dead == (importer.Dead{}) {
		return s.db.putItem(it, "attribute_not_exists(pk)", nil)
	}
	values := item{":owner": str(dead.Owner)}
	stage := "attribute_not_exists(stage)"
	if dead.Stage != "" {
		stage, values[":stage"] = "stage = :stage", str(string(dead.Stage))
	}
	return s.db.putItem(it, "attribute_not_exists(pk) OR "+owner+" = :owner AND "+stage, values)
}

// removePairs removes the pairs of a deleted agreement that the index shows.
func (s *storedAgreements) removePairs(ctx context.Context, id string) error {
	for shard := range schema.Shards {
		var pairs []item
		err := s.db.query(ctx, &dynamodb.QueryInput{
			IndexName:              &schema.ByOwner.Name,
			KeyConditionExpression: aws.String("#p = :p"), ExpressionAttributeNames: map[string]string{"#p": schema.ByOwner.PK},
			ExpressionAttributeValues: item{":p": str(byOwnerPK(id, shard))},
		}, func(it item) (bool, error) {
			pairs = append(pairs, it)
			return true, nil
		})
		if err != nil {
			return err
		}
		if err := s.db.removeAll(ctx, pairs, "agreement"); err != nil {
			return err
		}
	}
	return nil
}
