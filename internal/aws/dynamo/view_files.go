package dynamo

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/audit"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/pack"
	"trueup/internal/view"
)

// Files implements view.Store.
func (s *Views) Files(ctx context.Context, id string, limit int, after string) (page view.Page[view.File], err error) {
	list := "view-files " + id
	c, first, err := decodeCursor(after, list)
	if err != nil {
		return page, err
	}
	// Every other item of the partition has a sort key after those of files.
	from, below := filePrefix, filePrefix+":"
	if !first {
		below = c.After
	}
	page.Items = []view.File{}
	last := ""
	err = s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(int32(limit) + 1),
		KeyConditionExpression:    aws.String("pk = :p AND sk BETWEEN :from AND :below"),
		ExpressionAttributeValues: item{":p": str(viewPrefix + id), ":from": str(from), ":below": str(below)},
	}, func(it item) (bool, error) {
		if attr(it, "sk") == below { // the last one of the page before
			return true, nil
		}
		if len(page.Items) == limit {
			page.Next = cursor{After: last}.encode(list)
			return false, nil
		}
		i, err := decode[viewFileItem](it)
		page.Items, last = append(page.Items, i.file()), i.SK
		return true, err
	})
	return page, err
}

// File implements view.Store.
func (s *Views) File(ctx context.Context, id string, date day.Date) (view.File, error) {
	p, sort := viewFileKey(id, date)
	it, err := s.db.get(ctx, p, sort)
	if err != nil {
		return view.File{}, err
	}
	if it == nil {
		return view.File{}, errs.New(errs.NotFound, "view_file_not_found")
	}
	i, err := decode[viewFileItem](it)
	return i.file(), err
}

// Due implements delivery.Store. The places are sorted by time.
func (s *Views) Due(ctx context.Context, now time.Time) (ids []string, err error) {
	_, most := scheduledViewKey(now, "\uffff")
	err = s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":p": str(string(scheduledViewsPK)), ":from": str(duePrefix), ":to": str(string(most))},
	}, func(it item) (bool, error) {
		ids = append(ids, attr(it, "id"))
		return true, nil
	})
	return ids, err
}

// Advance implements delivery.Store.
func (s *Views) Advance(ctx context.Context, before, after view.View, file *view.File, event *audit.Event, now time.Time) error {
	_, err := s.db.edit(ctx, now, func(e *edit) error {
		s.replace(e, before, after)
		if file != nil {
			e.add(s.db.put(newViewFileItem(*file), "", nil), nil)
		}
		if event != nil {
			e.audit(*event)
		}
		return nil
	})
	return err
}

// Exist implements delivery.Store.
func (s *Views) Exist(ctx context.Context, ids []string) (map[string]bool, error) {
	found, err := s.views(ctx, ids)
	exist := map[string]bool{}
	for _, v := range found {
		exist[v.ID] = true
	}
	return exist, err
}

// ForgetFiles implements delivery.Store.
func (s *Views) ForgetFiles(ctx context.Context, files []view.File) error {
	type record struct {
		view string
		day  day.Date
	}
	var records []record // each once, as a transaction needs it: two files of a day differ in their format
	asked := map[record]bool{}
	for _, f := range files {
		if r := (record{f.View, f.Day}); !asked[r] {
			asked[r] = true
			records = append(records, r)
		}
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for batch := range slices.Chunk(records, maxTransaction) {
		g.Go(func() error {
			return s.db.transact(ctx, pack.Each(batch, func(r record) *action {
				return &action{Delete: &types.Delete{TableName: &s.db.table, Key: key(viewFileKey(r.view, r.day))}}
			}))
		})
	}
	return g.Wait()
}
