package dynamo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/once"
	"trueup/internal/people"
	"trueup/internal/subscription"
)

// Apply implements subscription.People.
//
// Licences are never over-assigned, and no licence is lost, because one transaction changes the users,
// the seats of every subscription that they get or lose, the names and the journal. Each transaction
// that assigns n licences and releases m changes the seats by exactly n - m, on the condition that the
// users still have the versions from which the numbers were computed. DynamoDB evaluates all conditions
// at the moment of the commit. So there is no moment between a reservation and an assignment that a
// process could die in, and nothing has to be repaired.
func (s *People) Apply(ctx context.Context, changes []subscription.Change, today subscription.Today, entry once.Entry) (first []byte, refused *subscription.Refusal, err error) {
	a, refused, err := s.application(changes, day.In(today.Now, today.Zone))
	if err != nil || refused != nil {
		return nil, refused, err
	}
	remember := remembering(s.db, entry, today.Now)
	actions := slices.Clone(a.actions)
	if remember != nil {
		actions = append(actions, remember)
	}
	err = s.journals.append(ctx, actions, record{
		name: people.JournalName, body: people.Body(a.versions), weight: len(changes), expires: today.Now.Add(journalRetention),
	})
	condition := conditionOf(err)
	if condition == nil {
		return nil, nil, err
	}
	if old, used := condition.failed[remember]; used {
		first, err := answered(old, entry)
		return first, nil, err
	}
	refused, err = a.refusal(condition)
	return nil, refused, err
}

// application is the actions of changes of users, and the meaning of each condition.
type application struct {
	actions  []*action
	versions []people.Change
	users    map[*action]string // whose version the condition compares
	names    map[*action]naming
	seats    map[*action]string // subscription
}

// naming is what a transaction does with a folded user principal name.
type naming struct{ taker, releaser string } // ids of users; empty for none

// application returns the actions of changes, or a refusal if two of the users want one name.
func (s *People) application(changes []subscription.Change, today day.Date) (*application, *subscription.Refusal, error) {
	if len(changes) == 0 || subscription.Fitting(changes, len(changes)) < len(changes) {
		return nil, nil, fmt.Errorf("dynamo: %d changes of users are none, or do not fit one transaction", len(changes))
	}
	a := &application{users: map[*action]string{}, names: map[*action]naming{}, seats: map[*action]string{}}
	names := map[string]naming{}
	assign, release := map[string]int{}, map[string]int{}
	seen, joins := map[string]bool{}, map[string]bool{}
	var refused subscription.Refusal
	for _, c := range changes {
		id := c.After.ID
		if seen[id] || c.After.Version != c.Before.Version+1 || c.Before.Version > 0 && c.Before.ID != id {
			return nil, nil, fmt.Errorf("dynamo: an impossible change of user %s from version %d to %d", id, c.Before.Version, c.After.Version)
		}
		seen[id] = true
		condition, values := versioned(c.After.Version)
		put := s.db.put(newUserItem(c.After), condition, values)
		a.users[put] = id
		a.actions = append(a.actions, put, s.db.put(newAuditItem(changedUser(c)), "", nil))
		a.versions = append(a.versions, people.Change{ID: id, Version: c.After.Version})
		taken, released := c.Names()
		if released != "" {
			n := names[released]
			n.releaser = id
			names[released] = n
		}
		if taken != "" {
			n := names[taken]
			if n.taker != "" {
				refused.Names = append(refused.Names, id)
			}
			n.taker = id
			names[taken] = n
		}
		for subscription, n := range c.Delta() {
			assign[subscription] += max(n, 0)
			release[subscription] += max(-n, 0)
		}
		for _, id := range c.Joins() {
			joins[id] = true
		}
	}
	if len(refused.Names) > 0 {
		return nil, &refused, nil
	}
	for _, folded := range slices.Sorted(maps.Keys(names)) {
		n := names[folded]
		named := s.naming(folded, n)
		a.names[named] = n
		a.actions = append(a.actions, named)
	}
	for _, id := range slices.Sorted(maps.Keys(assign)) {
		seats := s.db.seating(id, assign[id], release[id], today)
		a.seats[seats] = id
		a.actions = append(a.actions, seats)
	}
	for _, id := range slices.Sorted(maps.Keys(joins)) {
		if _, both := assign[id]; both {
			return nil, nil, fmt.Errorf("dynamo: a transaction that changes the seats of subscription %s, and makes users wait for it", id)
		}
		full := s.db.waiting(id)
		a.seats[full] = id
		a.actions = append(a.actions, full)
	}
	return a, nil, nil
}

// naming returns the action that takes or releases a folded name, or passes it from one user of the
// transaction to another: a transaction can have only one action for an item.
func (s *People) naming(folded string, n naming) *action {
	const allOld = types.ReturnValuesOnConditionCheckFailureAllOld
	condition, values := "id = :releaser", item{":releaser": str(n.releaser)}
	if n.taker == "" {
		return &action{Delete: &types.Delete{
			TableName: &s.db.table, Key: key(upnKey(folded)), ConditionExpression: &condition, ExpressionAttributeValues: values,
			ReturnValuesOnConditionCheckFailure: allOld,
		}}
	}
	if n.releaser == "" {
		condition, values = "attribute_not_exists(pk) OR id = :taker", item{":taker": str(n.taker)}
	}
	put := s.db.put(upnItem{keyed(upnKey(folded)), n.taker}, condition, values)
	put.Put.ReturnValuesOnConditionCheckFailure = allOld
	return put
}

// refusal returns what the conditions that did not hold mean.
func (a *application) refusal(failed *errCondition) (*subscription.Refusal, error) {
	r := &subscription.Refusal{}
	moved, names := map[string]bool{}, map[string]bool{}
	for action, met := range failed.failed {
		n, isName := a.names[action]
		switch {
		case a.users[action] != "":
			moved[a.users[action]] = true
		case a.seats[action] != "":
			i, err := decode[seatsItem](met)
			if err != nil {
				return nil, err
			}
			if r.Seats == nil {
				r.Seats = map[string]subscription.Seats{}
			}
			r.Seats[a.seats[action]] = i.seats()
		case isName:
			// The version of a user that has a name says so. A name that is not the releaser's
			// belongs to a later version of that user.
			if n.releaser != "" {
				moved[n.releaser] = true
			}
			if owner := attr(met, "id"); n.taker != "" && owner != "" && owner != n.taker && owner != n.releaser {
				names[n.taker] = true
			}
		default:
			return nil, failed
		}
	}
	r.Moved, r.Names = slices.Sorted(maps.Keys(moved)), slices.Sorted(maps.Keys(names))
	return r, nil
}

// changedUser returns the audit event of a change. It has no personal data: licences by the ids of
// subscriptions and services, and the names of other fields that changed.
func changedUser(c subscription.Change) audit.Event {
	before, after := map[string]string{}, map[string]string{}
	was, is := slices.Sorted(maps.Keys(c.Before.Licenses)), slices.Sorted(maps.Keys(c.After.Licenses))
	if !slices.Equal(was, is) {
		before["licenses"], after["licenses"] = strings.Join(was, ", "), strings.Join(is, ", ")
	}
	waited, waits := slices.Sorted(maps.Keys(c.Before.Waiting)), slices.Sorted(maps.Keys(c.After.Waiting))
	if !slices.Equal(waited, waits) {
		before["waiting"], after["waiting"] = strings.Join(waited, ", "), strings.Join(waits, ", ")
	}
	for id, g := range c.After.Licenses {
		old := c.Before.Licenses[id].Off
		if slices.Equal(old, g.Off) {
			continue
		}
		if _, had := c.Before.Licenses[id]; had {
			before["servicesOff/"+id] = strings.Join(old, ", ")
		}
		after["servicesOff/"+id] = strings.Join(g.Off, ", ")
	}
	for id, g := range c.Before.Licenses {
		if _, has := c.After.Licenses[id]; !has && len(g.Off) > 0 {
			before["servicesOff/"+id] = strings.Join(g.Off, ", ")
		}
	}
	if fields := changedFields(c.Before, c.After); len(fields) > 0 && c.Before.Version > 0 {
		after["changed"] = strings.Join(fields, ", ")
	}
	return changed(c.Event, "user/"+c.After.ID, before, after)
}

// changedFields returns the names of the fields of a user, other than licences, that changed.
func changedFields(a, b subscription.User) (fields []string) {
	for _, f := range []struct {
		name    string
		changed bool
	}{
		{"userPrincipalName", a.UPN != b.UPN},
		{"displayName", a.Name != b.Name},
		{"usageLocation", a.Location != b.Location},
		{"department", a.Department != b.Department},
		{"objectId", a.ObjectID != b.ObjectID},
		{"type", a.Type != b.Type},
		{"enabled", a.Disabled != b.Disabled},
		{"lastSignIn", !a.Seen.Equal(b.Seen)},
		{"excludedFromSuggestions", a.Excluded != b.Excluded},
		{"excludedUntil", a.ExcludedUntil != b.ExcludedUntil},
	} {
		if f.changed {
			fields = append(fields, f.name)
		}
	}
	return fields
}
