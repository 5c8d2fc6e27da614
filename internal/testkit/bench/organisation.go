package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/stack"
	"trueup/internal/access"
	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/aws/s3bucket"
	"trueup/internal/group"
	"trueup/internal/manifest"
	"trueup/internal/once"
	"trueup/internal/register"
)

// organisation is a stack with agreements, and its clients.
type organisation struct {
	stack  *stack.Stack
	bare   *stack.Stack // the same table behind the minimal function
	client *dynamodb.Client
	store  *dynamo.Table
	tokens map[*stack.Stack]string
	ids    []string
	large  []string // ids of the agreements of one license group
	users  []string // ids of all users
	user   item     // of a user
}

// largeGroup is the id of a license group with a tenth of the agreements.
const largeGroup = "benchgroup"

// organisation starts a stack with that many agreements. The first are imported. The others are
// copies with their own names, ids and keys, half of them of type other, which takes one minute
// instead of five; their name and pair items are left out because no list reads them. All are
// appended to the journal, and the schedule saves a copy of it.
func (b *bench) organisation(ctx context.Context, e *engine.Engine, imports, agreements int) (*organisation, error) {
	s, err := b.stack(ctx, e, fmt.Sprintf("organisation-%d", agreements))
	if err != nil {
		return nil, err
	}
	bare, err := b.minimal(ctx, e, s.Table)
	if err != nil {
		s.Stop(0)
		return nil, err
	}
	o, err := newOrganisation(s, bare)
	if err != nil {
		return nil, err
	}
	return o, o.fill(ctx, imports, agreements)
}

// fill imports agreements, and stores copies of them up to a number, see organisation.
func (o *organisation) fill(ctx context.Context, imports, agreements int) error {
	if err := imported(ctx, o.stack, o.store, file(1, imports, imports), 1); err != nil {
		return err
	}
	items, err := everything(ctx, o.client, o.stack.Table)
	if err != nil {
		return err
	}
	var copies []item
	for _, it := range items {
		if text(it[schema.SK]) != "AGREEMENT" {
			continue
		}
		o.ids = append(o.ids, text(it["id"]))
		for n := 1; n < agreements/imports; n++ {
			copies = append(copies, o.copied(it, n))
		}
		if len(copies) >= 2000 {
			if err := o.add(ctx, copies); err != nil {
				return err
			}
			copies = copies[:0]
		}
	}
	if err := o.add(ctx, copies); err != nil {
		return err
	}
	if len(o.ids) != agreements {
		return fmt.Errorf("%d agreements stored, not %d", len(o.ids), agreements)
	}
	if err := o.count(ctx, agreements-imports); err != nil {
		return err
	}
	if err := o.page(ctx); err != nil {
		return err
	}
	return o.saveCopy(ctx)
}

// newOrganisation returns the organisation of a stack; bare may be nil.
func newOrganisation(s, bare *stack.Stack) (*organisation, error) {
	o := &organisation{stack: s, bare: bare, client: s.DynamoDB(), tokens: map[*stack.Stack]string{}}
	o.store = dynamo.Open(o.client, s.Table)
	for _, front := range []*stack.Stack{s, bare} {
		if front == nil {
			continue
		}
		token, err := front.Token("bench", access.GlobalAdmin)
		if err != nil {
			return nil, err
		}
		o.tokens[front] = token
	}
	return o, nil
}

// minimal starts a second stack on a table, whose function agreements is the minimal one.
func (b *bench) minimal(ctx context.Context, e *engine.Engine, table string) (*stack.Stack, error) {
	functions := filepath.Join(b.scratch, "minimal")
	if err := os.MkdirAll(filepath.Join(functions, "agreements"), 0o700); err != nil {
		return nil, err
	}
	binary, err := filepath.Abs(b.bare)
	if err != nil {
		return nil, err
	}
	if err := os.Symlink(binary, filepath.Join(functions, "agreements", "bootstrap")); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	options := b.options(e, table)
	options.Data = filepath.Join(b.scratch, table+"-minimal")
	s, err := stack.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	if err := s.Deploy(functions, "agreements"); err != nil {
		s.Stop(0)
		return nil, err
	}
	return s, nil
}

// stop stops both stacks.
func (o *organisation) stop() {
	o.stack.Stop(time.Second)
	o.bare.Stop(time.Second)
}

// saveCopy runs the schedule, which saves a copy of the register.
func (o *organisation) saveCopy(ctx context.Context) error {
	result, err := o.stack.Invoke(ctx, "import", []byte(`{"source":"`+manifest.ScheduleSource+`"}`))
	if err == nil && result.FunctionError != "" {
		err = fmt.Errorf("the schedule failed: %s", result.Payload)
	}
	if err != nil {
		return err
	}
	head, err := o.store.Journal.Head(ctx, register.JournalName)
	if err == nil && head.Saved != head.Weight && head.Weight > 1000 { // fewer changes are read in a negligible time
		err = fmt.Errorf("the saved copy has %d changes of %d", head.Saved, head.Weight)
	}
	return err
}

// copied returns the n-th copy of an agreement's item.
func (o *organisation) copied(it item, n int) item {
	c := item{}
	for name, value := range it {
		c[name] = value
	}
	id := text(it["id"])
	fresh := fmt.Sprintf("%s-%03d", id[:len(id)-4], n) // no id has a hyphen
	c["id"], c["name"] = str(fresh), str(fmt.Sprintf("%s %03d", text(it["name"]), n))
	c[schema.PK] = str(strings.Replace(text(it[schema.PK]), id, fresh, 1))
	if n%2 == 0 {
		c["type"], c["pairs"] = str(string(agreement.TypeOther)), number(0)
		c["publisher"], c["product"] = str(fmt.Sprintf("Publisher %02d", n%40)), str(fmt.Sprintf("Product %02d of branch %d", n%40, n))
		c["licenses"] = number(n)
		c["start"], c["end"] = str(fmt.Sprintf("2026-%02d-01", n%12+1)), str(fmt.Sprintf("2027-%02d-28", n%12+1))
	}
	if n%10 == 5 {
		c["group"] = str(largeGroup)
		o.large = append(o.large, fresh)
	}
	return c
}

// add writes agreements and appends them to the journal, agreements of type volume with three
// pairs each.
func (o *organisation) add(ctx context.Context, items []item) error {
	if len(items) == 0 {
		return nil
	}
	if err := write(ctx, o.client, o.stack.Table, items, 2); err != nil {
		return err
	}
	changes := make([]register.Change, len(items))
	for i, it := range items {
		changes[i].ID, changes[i].Version = text(it["id"]), 1
		if text(it["type"]) == string(agreement.TypeVolume) {
			for range 3 {
				pair := agreement.Pair{Authorization: fmt.Sprintf("%07d", mathrand.IntN(1e7)), License: fmt.Sprintf("%07d", mathrand.IntN(1e7))}
				changes[i].Added = append(changes[i].Added, pair.Key())
			}
		}
		o.ids = append(o.ids, changes[i].ID)
	}
	head, err := o.store.Journal.Head(ctx, register.JournalName)
	if err != nil {
		return err
	}
	_, err = o.store.Journal.Append(ctx, register.JournalName, head, register.Body(changes, ""), len(changes), once.Entry{})
	return err
}

// count stores the groups of that many copies.
func (o *organisation) count(ctx context.Context, copies int) error {
	add := func(sk, attribute string, n int) error {
		_, err := o.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &o.stack.Table, Key: item{schema.PK: str("GROUPS"), schema.SK: str(sk)},
			UpdateExpression: aws.String("ADD #a :n"), ExpressionAttributeNames: map[string]string{"#a": attribute},
			ExpressionAttributeValues: item{":n": number(n)},
		})
		return err
	}
	if err := add("COUNT", "n", 1); err != nil {
		return err
	}
	return write(ctx, o.client, o.stack.Table, []item{
		{
			schema.PK: str("GROUPS"), schema.SK: str("GROUP#" + largeGroup), "id": str(largeGroup), "name": str("Bench"),
			"created": number(1), "version": number(1),
		},
		{schema.PK: str("GROUPS"), schema.SK: str("NAME#bench"), "id": str(largeGroup), "name": str("bench")},
	}, 1)
}

// pagePK is the partition of the items for direct queries: as large as agreements, and sorted by
// name.
const pagePK = "BENCH"

func (o *organisation) page(ctx context.Context) error {
	items := make([]item, 20*pageSize)
	for i := range items {
		items[i] = item{
			schema.PK: str(pagePK), schema.SK: str(fmt.Sprintf("office agreements of branch %04d", i)), "id": str(fmt.Sprintf("0123456789-%05d", i)),
			"name": str(fmt.Sprintf("Office agreements of branch %04d", i)), "type": str("volume"), "group": str(group.UnassignedID),
			"pairs": number(3), "added": &types.AttributeValueMemberM{}, "created": number(i), "created_by": str("import/0123456789"), "version": number(1),
		}
	}
	return write(ctx, o.client, o.stack.Table, items, 2)
}

// query requests a page of the same size from the minimal function.
func (o *organisation) query(ctx context.Context) error {
	after := fmt.Sprintf("office agreements of branch %04d", mathrand.IntN(18*pageSize))
	body, err := o.fetch(ctx, o.bare, "/agreements?partition="+pagePK+"&after="+url.QueryEscape(after))
	if err != nil {
		return err
	}
	var items []json.RawMessage
	if err := json.Unmarshal(body, &items); err != nil || len(items) != pageSize {
		return fmt.Errorf("%d items in the page: %w", len(items), err)
	}
	return nil
}

// list requests a first page through the front.
func (o *organisation) list(filter string) func(context.Context) error {
	return func(ctx context.Context) error {
		return o.request(ctx, fmt.Sprintf("/agreements?limit=%d%s", pageSize, filter))
	}
}

// search requests a first page of agreements that contain a text: a word, a part of one, a
// number, or a text that no agreement contains.
func (o *organisation) search(ctx context.Context) error {
	texts := []string{"office", "ranch 01", "uct 2", "e", fmt.Sprintf("%04d", mathrand.IntN(1e4)), fmt.Sprintf("01-%03d", mathrand.IntN(1000)), "no such text"}
	return o.request(ctx, fmt.Sprintf("/agreements?limit=%d&q=%s", pageSize, url.QueryEscape(texts[mathrand.IntN(len(texts))])))
}

// read reads one agreement through the front.
func (o *organisation) read(ctx context.Context) error { return o.request(ctx, "/agreements/"+o.any()) }

// get reads one agreement through the minimal function.
func (o *organisation) get(ctx context.Context) error {
	body, err := o.fetch(ctx, o.bare, "/agreements/"+o.any())
	if err == nil && string(body) == "null" {
		err = errors.New("an agreement is missing")
	}
	return err
}

func (o *organisation) any() string { return o.ids[mathrand.IntN(len(o.ids))] }

func (o *organisation) request(ctx context.Context, path string) error {
	_, err := o.fetch(ctx, o.stack, path)
	return err
}

func (o *organisation) fetch(ctx context.Context, s *stack.Stack, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.FrontURL+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+o.tokens[s])
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, response.Status, body)
	}
	return body, err
}

// deleteGroup deletes the large group and moves its agreements in the table.
func (o *organisation) deleteGroup(ctx context.Context) (time.Duration, error) {
	reg := register.New(o.store.Agreements, o.store.Journal, s3bucket.New(o.stack.S3(), stack.ReportsBucket), nil)
	if _, err := reg.InDeletedGroups(ctx); err != nil { // loads the register, as in a warm process
		return 0, err
	}
	return took(func(ctx context.Context) error {
		read, err := o.store.Groups.Group(ctx, largeGroup)
		if err != nil {
			return err
		}
		if err := o.store.Groups.DeleteGroup(ctx, read, event("group.deleted")); err != nil {
			return err
		}
		inDeleted, err := reg.InDeletedGroups(ctx)
		if err != nil {
			return err
		}
		if n := len(inDeleted[largeGroup]); n != len(o.large) {
			return fmt.Errorf("%d agreements to move, not %d", n, len(o.large))
		}
		return o.store.Upkeep.Empty(ctx, largeGroup, inDeleted[largeGroup])
	})(ctx)
}

func event(action string) audit.Event {
	return audit.Event{ID: rand.Text(), At: time.Now(), By: "bench", Action: action, Source: audit.SourceAPI}
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: fmt.Sprint(n)}
}

func text(v types.AttributeValue) string {
	s, _ := v.(*types.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}
