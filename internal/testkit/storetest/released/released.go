// Package released writes to the table like the version before journals had stripes, for tests
// of R16.6: both versions may run at the same time during a deployment. It knows the items of
// that version and is independent of package dynamo.
//
// That version appended all changes of agreements to one list, without ids or
// versions, and counted the agreements of a group in the group.
package released

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// ErrRefused means that the version would have answered 503 after some retries.
var ErrRefused = errors.New("released: a condition does not hold")

const unassigned = "unassigned"

// Process is a process of that version.
type Process struct {
	Client *dynamodb.Client
	Table  string
	Now    int64 // in milliseconds
}

type item = map[string]types.AttributeValue

type head struct {
	Seq  int64
	Gone []string
}

func marshal(v any) types.AttributeValue {
	av, err := attributevalue.Marshal(v)
	if err != nil {
		panic(err) // a value of the test's own
	}
	return av
}

func key(pk, sk string) item { return item{"pk": marshal(pk), "sk": marshal(sk)} }

// get decodes an item into v. A missing item leaves v unchanged.
func (p *Process) get(ctx context.Context, k item, v any) error {
	out, err := p.Client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &p.Table, Key: k, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return err
	}
	return attributevalue.UnmarshalMap(out.Item, v)
}

func (p *Process) head(ctx context.Context) (h head, err error) {
	err = p.get(ctx, key("JOURNAL#agreements", "HEAD"), &h)
	return h, err
}

func (p *Process) put(it item, condition string) types.TransactWriteItem {
	put := &types.Put{TableName: &p.Table, Item: it}
	if condition != "" {
		put.ConditionExpression = &condition
	}
	return types.TransactWriteItem{Put: put}
}

func (p *Process) update(k item, expression, condition string, values map[string]any) types.TransactWriteItem {
	update := &types.Update{TableName: &p.Table, Key: k, UpdateExpression: &expression, ExpressionAttributeValues: item{}}
	if condition != "" {
		update.ConditionExpression = &condition
	}
	for name, v := range values {
		update.ExpressionAttributeValues[name] = marshal(v)
	}
	return types.TransactWriteItem{Update: update}
}

// tries is how often a transaction is attempted after conflicts.
const tries = 30

// transact runs actions, and appends an entry unless its body is empty.
func (p *Process) transact(ctx context.Context, actions []types.TransactWriteItem, body string, weight int, gone []string) error {
	var err error
	for range tries {
		all := actions
		if body != "" {
			h, err := p.head(ctx)
			if err != nil {
				return err
			}
			all = append(slices.Clip(actions), p.recording(h.Seq, body, weight, gone)...)
		}
		_, err = p.Client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: all})
		canceled := (*types.TransactionCanceledException)(nil)
		if !errors.As(err, &canceled) {
			return err
		}
	}
	return errors.Join(ErrRefused, err)
}

// recording returns the actions that append an entry after the one at seq.
func (p *Process) recording(seq int64, body string, weight int, gone []string) []types.TransactWriteItem {
	condition, values := "seq = :seq", map[string]any{":seq": seq, ":next": seq + 1, ":w": weight, ":now": p.Now, ":one": 1}
	if seq == 0 {
		condition = "attribute_not_exists(seq)"
		delete(values, ":seq")
	}
	set := "SET seq = :next, changed = :now"
	if gone != nil {
		set, values[":gone"] = set+", gone = :gone", gone
	}
	entry := key("JOURNAL#agreements", fmt.Sprintf("%016d", seq+1))
	entry["seq"], entry["body"] = marshal(seq+1), marshal(body)
	return []types.TransactWriteItem{p.update(key("JOURNAL#agreements", "HEAD"), set+" ADD weight :w, changes :one", condition, values), p.put(entry, "")}
}

// counting returns the action that adds n to the number of agreements in an existing group.
func (p *Process) counting(groupID string, n int) types.TransactWriteItem {
	if groupID == unassigned {
		return p.update(key("GROUPS", "GROUP#"+unassigned), "SET id = :id ADD agreements :n", "", map[string]any{":id": unassigned, ":n": n})
	}
	condition, values := "attribute_exists(pk)", map[string]any{":n": n}
	if n < 0 {
		condition, values[":one"] = "agreements >= :one", 1
	}
	return p.update(key("GROUPS", "GROUP#"+groupID), "ADD agreements :n", condition, values)
}

func (p *Process) pair(owner, number, stage string, shard int) item {
	k := number + "+" + number
	it := key("PAIR#"+k, "PAIR")
	for name, v := range map[string]any{
		"o_pk": fmt.Sprintf("AGREEMENT#%s#%d", owner, shard), "o_sk": k, "agreement": owner, "authorization": number, "license": number,
		"program": "open-value", "created": p.Now, "life": "released",
	} {
		it[name] = marshal(v)
	}
	if stage != "" {
		it["stage"] = marshal(stage)
	}
	return it
}

func (p *Process) making(id, name, groupID, stage string, numbers []string) (actions []types.TransactWriteItem, body string) {
	it := key("AGREEMENT#"+id, "AGREEMENT")
	for attribute, v := range map[string]any{
		"id": id, "type": "volume", "name": name, "group": groupID, "pairs": len(numbers), "added": map[string]int{},
		"created": p.Now, "created_by": "released", "version": 1,
	} {
		it[attribute] = marshal(v)
	}
	named := key("NAME#"+strings.ToLower(name), "NAME")
	named["id"], named["name"] = marshal(id), marshal(strings.ToLower(name))
	if stage != "" {
		it["stage"], named["stage"] = marshal(stage), marshal(stage)
	}
	actions = append(actions, p.put(it, "attribute_not_exists(pk)"), p.put(named, "attribute_not_exists(pk)"))
	body = "a " + id
	for _, n := range numbers {
		actions = append(actions, p.put(p.pair(id, n, stage, 0), "attribute_not_exists(pk)"))
		body += " +" + n + "+" + n
	}
	return actions, body + "\n"
}

// Create creates an agreement, as by hand. Names consist of ASCII letters.
func (p *Process) Create(ctx context.Context, id, name, groupID string, numbers ...string) error {
	actions, body := p.making(id, name, groupID, "", numbers)
	return p.transact(ctx, append(actions, p.counting(groupID, 1)), body, 1, nil)
}

// Import creates agreements in one import, each with one pair: its id in capitals.
func (p *Process) Import(ctx context.Context, stage, groupID string, ids ...string) error {
	body := ""
	for _, id := range ids {
		actions, line := p.making(id, "imported "+id, groupID, stage, []string{strings.ToUpper(id)})
		if err := p.transact(ctx, actions, "", 0, nil); err != nil {
			return err
		}
		body += line
	}
	var commits struct{ Seq int64 }
	if err := p.get(ctx, key("COMMITS", "COMMITS"), &commits); err != nil {
		return err
	}
	mark := key("STAGE#"+stage, "STAGE")
	mark["stage"], mark["seq"] = marshal(stage), marshal(commits.Seq+1)
	return p.transact(ctx, []types.TransactWriteItem{
		p.update(key("COMMITS", "COMMITS"), "SET seq = :next", "attribute_not_exists(seq) OR seq = :seq", map[string]any{":next": commits.Seq + 1, ":seq": commits.Seq}),
		p.put(mark, "attribute_not_exists(pk)"), p.counting(groupID, len(ids)),
	}, body, len(ids), nil)
}

// AddPair adds a pair to an agreement.
func (p *Process) AddPair(ctx context.Context, id, number string) error {
	return p.transact(ctx, []types.TransactWriteItem{
		p.update(key("AGREEMENT#"+id, "AGREEMENT"), "ADD pairs :one, version :one", "attribute_exists(pk)", map[string]any{":one": 1}),
		p.put(p.pair(id, number, "", 0), "attribute_not_exists(pk)"),
	}, "a "+id+" +"+number+"+"+number+"\n", 1, nil)
}

// RemovePair removes a pair from an agreement.
func (p *Process) RemovePair(ctx context.Context, id, number string) error {
	return p.transact(ctx, []types.TransactWriteItem{
		p.update(key("AGREEMENT#"+id, "AGREEMENT"), "ADD pairs :less, version :one", "attribute_exists(pk)", map[string]any{":one": 1, ":less": -1}),
		{Delete: &types.Delete{TableName: &p.Table, Key: key("PAIR#"+number+"+"+number, "PAIR"), ConditionExpression: aws.String("attribute_exists(pk)")}},
	}, "a "+id+" -"+number+"+"+number+"\n", 1, nil)
}

// CreateGroup creates a license group.
func (p *Process) CreateGroup(ctx context.Context, id, name string) error {
	it, named := key("GROUPS", "GROUP#"+id), key("GROUPS", "NAME#"+strings.ToLower(name))
	for attribute, v := range map[string]any{"id": id, "name": name, "agreements": 0, "created": p.Now, "version": 1} {
		it[attribute] = marshal(v)
	}
	named["id"], named["name"] = marshal(id), marshal(strings.ToLower(name))
	return p.transact(ctx, []types.TransactWriteItem{
		p.put(it, "attribute_not_exists(pk)"), p.put(named, "attribute_not_exists(pk)"),
		p.update(key("GROUPS", "COUNT"), "ADD n :one", "", map[string]any{":one": 1}),
	}, "", 0, nil)
}

// DeleteGroup deletes a license group. It appends no entry if the group counts no agreements.
func (p *Process) DeleteGroup(ctx context.Context, id string) error {
	h, err := p.head(ctx)
	if err != nil {
		return err
	}
	var g struct {
		Name       string
		Agreements int
		Version    int64
	}
	if err := p.get(ctx, key("GROUPS", "GROUP#"+id), &g); err != nil {
		return err
	}
	actions := []types.TransactWriteItem{
		{Delete: &types.Delete{
			TableName: &p.Table, Key: key("GROUPS", "GROUP#"+id), ConditionExpression: aws.String("version = :v AND agreements = :n"),
			ExpressionAttributeValues: item{":v": marshal(g.Version), ":n": marshal(g.Agreements)},
		}},
		{Delete: &types.Delete{TableName: &p.Table, Key: key("GROUPS", "NAME#"+strings.ToLower(g.Name))}},
		p.update(key("GROUPS", "COUNT"), "ADD n :less", "", map[string]any{":less": -1}),
	}
	if g.Agreements == 0 {
		return p.transact(ctx, actions, "", 0, nil)
	}
	return p.transact(ctx, append(actions, p.counting(unassigned, g.Agreements)), "g "+id+"\n", g.Agreements, append(h.Gone, id))
}

// EmptyGroup does what the schedule does after the deletion of a group: it moves the agreements
// that the process knows, and removes the group from the head's list of deleted groups.
func (p *Process) EmptyGroup(ctx context.Context, id string, known ...string) error {
	for _, a := range known {
		_, err := p.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &p.Table, Key: key("AGREEMENT#"+a, "AGREEMENT"), UpdateExpression: aws.String("SET #g = :to ADD version :one"),
			ConditionExpression: aws.String("#g = :from"), ExpressionAttributeNames: map[string]string{"#g": "group"},
			ExpressionAttributeValues: item{":from": marshal(id), ":to": marshal(unassigned), ":one": marshal(1)},
		})
		if failed := (*types.ConditionalCheckFailedException)(nil); err != nil && !errors.As(err, &failed) {
			return err
		}
	}
	h, err := p.head(ctx)
	if err != nil || !slices.Contains(h.Gone, id) {
		return err
	}
	left := append([]string{}, slices.DeleteFunc(slices.Clone(h.Gone), func(other string) bool { return other == id })...)
	_, err = p.Client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &p.Table, Key: key("JOURNAL#agreements", "HEAD"), UpdateExpression: aws.String("SET gone = :gone"),
		ConditionExpression:       aws.String("seq = :seq AND gone = :was"),
		ExpressionAttributeValues: item{":gone": marshal(left), ":was": marshal(h.Gone), ":seq": marshal(h.Seq)},
	})
	return err
}
