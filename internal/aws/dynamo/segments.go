package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"
)

// walkSegments is the number of segments of the table that are scanned concurrently.
const walkSegments = 8

// segments scans the whole table for the items that a filter selects, a page of each segment at a time.
type segments struct {
	db     *engine
	filter string
	values item // of the filter
	next   [walkSegments]item
	done   [walkSegments]bool
}

// scanned is a page of each segment; nil for a segment that has ended.
type scanned [walkSegments]*dynamodb.ScanOutput

func (p *scanned) items() (all []item) {
	for _, page := range p {
		if page != nil {
			all = append(all, page.Items...)
		}
	}
	return all
}

// read reads the next page of each segment. A second call reads the same pages, until advance.
func (s *segments) read(ctx context.Context) (*scanned, error) {
	var pages scanned
	g, ctx := errgroup.WithContext(ctx)
	for segment := range pages {
		if !s.done[segment] {
			g.Go(func() (err error) {
				pages[segment], err = s.page(ctx, segment)
				return err
			})
		}
	}
	return &pages, g.Wait()
}

// advance makes read continue after pages. It reports whether they were the last ones.
func (s *segments) advance(pages *scanned) (last bool) {
	last = true
	for segment, page := range pages {
		if page != nil {
			s.next[segment], s.done[segment] = page.LastEvaluatedKey, len(page.LastEvaluatedKey) == 0
		}
		last = last && s.done[segment]
	}
	return last
}

func (s *segments) page(ctx context.Context, segment int) (out *dynamodb.ScanOutput, err error) {
	in := &dynamodb.ScanInput{
		TableName: &s.db.table, ConsistentRead: aws.Bool(true), ExclusiveStartKey: s.next[segment],
		Segment: aws.Int32(int32(segment)), TotalSegments: aws.Int32(walkSegments),
		FilterExpression: &s.filter, ExpressionAttributeValues: s.values,
	}
	if s.db.pageSize > 0 {
		in.Limit = &s.db.pageSize
	}
	err = s.db.retry(ctx, func() error { out, err = s.db.client.Scan(ctx, in); return err })
	return out, err
}
