package dynamo

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/intake"
	"trueup/internal/inventories"
	"trueup/internal/inventory"
	"trueup/internal/once"
)

type inventoryItem struct {
	PK      string        `dynamodbav:"pk"`
	SK      string        `dynamodbav:"sk"`
	Source  string        `dynamodbav:"source"`
	Last    inventoryFile `dynamodbav:"last"`
	Good    *inventoryOf  `dynamodbav:"good,omitempty"`
	Next    *inventoryOf  `dynamodbav:"next,omitempty"`
	Version int64         `dynamodbav:"version"`
}

// inventoryUpload is the intake.Object of an inventories.File or an inventories.Good, and the
// time at which it was read.
type inventoryUpload struct {
	Key       string `dynamodbav:"key"`
	Version   string `dynamodbav:"object"`
	ETag      string `dynamodbav:"etag"`
	Sequencer string `dynamodbav:"sequencer"`
	Size      int64  `dynamodbav:"size"`
	At        int64  `dynamodbav:"at"`
	By        string `dynamodbav:"by"`
	ReadAt    int64  `dynamodbav:"read_at"`
}

// inventoryFile is an inventories.File.
type inventoryFile struct {
	Upload inventoryUpload   `dynamodbav:"upload"`
	State  inventories.State `dynamodbav:"state"`
	Reason string            `dynamodbav:"reason,omitempty"`
	Args   errs.Args         `dynamodbav:"args,omitempty"`
}

// inventoryOf is an inventories.Good.
type inventoryOf struct {
	Upload    inventoryUpload `dynamodbav:"upload"`
	Shape     inventory.Shape `dynamodbav:"shape"`
	Estimated bool            `dynamodbav:"estimated,omitempty"`
	MacOS     bool            `dynamodbav:"macos,omitempty"`
	Rules     string          `dynamodbav:"rules"`
	Rows      int             `dynamodbav:"rows"`
	BadRows   int             `dynamodbav:"bad_rows"`
	Devices   int             `dynamodbav:"devices"`
	Others    map[string]int  `dynamodbav:"other_platforms,omitempty"` // devices by platform
	Titles    int             `dynamodbav:"titles"`
	Unknown   int             `dynamodbav:"unknown"`
	Products  int             `dynamodbav:"products"`
	Tally     string          `dynamodbav:"tally"`
	PCs       string          `dynamodbav:"pcs,omitempty"`
	Kept      string          `dynamodbav:"kept,omitempty"`
}

func newInventoryItem(r inventories.Record) inventoryItem {
	p, sort := inventoryKey(r.Source)
	i := inventoryItem{
		PK: string(p), SK: string(sort), Source: r.Source, Version: r.Version,
		Last: inventoryFile{Upload: newInventoryUpload(r.Last.Object), State: r.Last.State, Reason: r.Last.Reason, Args: r.Last.Args},
	}
	i.Last.Upload.ReadAt = millis(r.Last.ReadAt)
	i.Good, i.Next = newInventoryOf(r.Good), newInventoryOf(r.Next)
	return i
}

// newInventoryOf returns nil for nil.
func newInventoryOf(g *inventories.Good) *inventoryOf {
	if g == nil {
		return nil
	}
	i := &inventoryOf{
		Upload: newInventoryUpload(g.Object), Shape: g.Shape, Estimated: g.Estimated, MacOS: g.MacOS, Rules: g.Rules, Rows: g.Rows, BadRows: g.BadRows,
		Devices: g.Devices, Titles: g.Titles, Unknown: g.Unknown, Products: g.Products, Tally: g.Tally, PCs: g.PCs, Kept: g.Kept,
	}
	i.Upload.ReadAt = millis(g.ReadAt)
	for _, other := range g.OtherPlatforms {
		if i.Others == nil {
			i.Others = map[string]int{}
		}
		i.Others[other.Platform] = other.Devices
	}
	return i
}

func newInventoryUpload(o intake.Object) inventoryUpload {
	return inventoryUpload{Key: o.Key, Version: o.Version, ETag: o.ETag, Sequencer: o.Sequencer, Size: o.Size, At: millis(o.At), By: o.By}
}

func (i inventoryUpload) object() intake.Object {
	return intake.Object{Key: i.Key, Version: i.Version, ETag: i.ETag, Sequencer: i.Sequencer, Size: i.Size, At: fromMillis(i.At), By: i.By}
}

func (i inventoryItem) record() inventories.Record {
	return inventories.Record{
		Source: i.Source, Version: i.Version,
		Last: inventories.File{
			Object: i.Last.Upload.object(), ReadAt: fromMillis(i.Last.Upload.ReadAt), State: i.Last.State, Reason: i.Last.Reason, Args: i.Last.Args,
		},
		Good: i.Good.good(), Next: i.Next.good(),
	}
}

// good returns nil for nil.
func (i *inventoryOf) good() *inventories.Good {
	if i == nil {
		return nil
	}
	g := &inventories.Good{
		Object: i.Upload.object(), ReadAt: fromMillis(i.Upload.ReadAt), Shape: i.Shape, Estimated: i.Estimated, MacOS: i.MacOS, Rules: i.Rules, Rows: i.Rows,
		BadRows: i.BadRows, Devices: i.Devices, Titles: i.Titles, Unknown: i.Unknown, Products: i.Products, Tally: i.Tally, PCs: i.PCs, Kept: i.Kept,
	}
	for _, platform := range slices.Sorted(maps.Keys(i.Others)) {
		g.OtherPlatforms = append(g.OtherPlatforms, inventory.PlatformCount{Platform: platform, Devices: i.Others[platform]})
	}
	return g
}

// Inventories stores the records of inventory files, and where the rules of admins are
// stored. It is safe for concurrent use.
type Inventories struct{ db *engine }

var _ inventories.Store = (*Inventories)(nil)

// Summary implements inventories.Store.
func (s *Inventories) Summary(ctx context.Context) (inventory.Summary, error) {
	records, err := s.Records(ctx)
	return inventories.Summarize(records), err
}

// Records implements inventories.Store.
func (s *Inventories) Records(ctx context.Context) (records []inventories.Record, err error) {
	err = s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND begins_with(sk, :s)"),
		ExpressionAttributeValues: item{":p": str(string(inventoryPK)), ":s": str(sourcePrefix)},
	}, func(it item) (bool, error) {
		i, err := decode[inventoryItem](it)
		records = append(records, i.record())
		return true, err
	})
	return records, err
}

// SaveRecords implements inventories.Store.
func (s *Inventories) SaveRecords(ctx context.Context, records []inventories.Record, events ...audit.Event) error {
	var actions []*action
	for _, r := range records {
		condition, values := versioned(r.Version)
		actions = append(actions, s.db.put(newInventoryItem(r), condition, values))
	}
	for _, event := range events {
		actions = append(actions, s.db.put(newAuditItem(event), "", nil))
	}
	err := s.db.transact(ctx, actions)
	if conditionOf(err) != nil {
		return errs.New(errs.Stale, "version_stale")
	}
	return err
}

// versioned returns the condition for writing a version: the stored one is the version
// before it, or there is none if it is the first.
func versioned(version int64) (condition string, values item) {
	if version == 1 {
		return "attribute_not_exists(pk)", nil
	}
	return "version = :before", item{":before": num(version - 1)}
}

// AnnounceFile implements inventories.Store.
func (s *Inventories) AnnounceFile(ctx context.Context, c once.Change) (first []byte, err error) {
	return s.db.edit(ctx, c.Event.At, func(e *edit) error {
		e.remember(c.Entry)
		e.audit(c.Event)
		return nil
	})
}

type rulesItem struct {
	PK      string `dynamodbav:"pk"`
	SK      string `dynamodbav:"sk"`
	Version int64  `dynamodbav:"version"`
	Key     string `dynamodbav:"key"`
}

// RulesHead implements inventories.Store.
func (s *Inventories) RulesHead(ctx context.Context) (inventories.RulesHead, error) {
	it, err := s.db.get(ctx, inventoryPK, rulesSK)
	if err != nil || it == nil {
		return inventories.RulesHead{}, err
	}
	i, err := decode[rulesItem](it)
	return inventories.RulesHead{Version: i.Version, Key: i.Key}, err
}

// SetRulesHead implements inventories.Store.
func (s *Inventories) SetRulesHead(ctx context.Context, head inventories.RulesHead, c once.Change) (first []byte, err error) {
	return s.db.edit(ctx, c.Event.At, func(e *edit) error {
		e.remember(c.Entry)
		condition, values := versioned(head.Version)
		e.add(s.db.put(rulesItem{PK: string(inventoryPK), SK: string(rulesSK), Version: head.Version, Key: head.Key}, condition, values), func(item) error {
			return errs.New(errs.Stale, "version_stale")
		})
		e.audit(c.Event)
		return nil
	})
}

// AcquireRecount implements inventories.Store.
func (s *Inventories) AcquireRecount(ctx context.Context, holder string, now, until time.Time) error {
	err := s.db.acquire(ctx, keyed(inventoryPK, recountSK), holder, now, until)
	if conditionOf(err) != nil {
		return inventories.ErrRecounting
	}
	return err
}

// ReleaseRecount implements inventories.Store.
func (s *Inventories) ReleaseRecount(ctx context.Context, holder string) error {
	return s.db.release(ctx, keyed(inventoryPK, recountSK), holder)
}
