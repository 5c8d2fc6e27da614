package dynamo

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"

	"trueup/internal/audit"
	"trueup/internal/id"
)

// Limits of what one call of Events reads. The next page reads the rest.
const (
	maxAuditDays   = 31 // partitions of a day
	maxAuditEvents = 2000
)

// aboveEvents sorts after the id of every event.
const aboveEvents = "~"

const oneDay = 24 * time.Hour

// Audit reads audit events. The transaction of a change stores its events. Audit is safe
// for concurrent use.
type Audit struct {
	db *engine
	// empty has the days whose partition had no events after they were over. Releases without
	// shards, the only ones that write there, give an event the day on which they write it.
	empty sync.Map // days in milliseconds
}

var _ audit.Store = (*Audit)(nil)

// Events implements audit.Store. Ids sort by time, so Events merges the shards, and the
// partitions by day of releases without shards, by id.
func (s *Audit) Events(ctx context.Context, q audit.Query) (audit.Page, error) {
	query := []string{"audit", q.From.UTC().Format(time.RFC3339Nano), q.To.UTC().Format(time.RFC3339Nano), q.By, q.Action, q.Subject}
	if q.ByName != "" { // without it, cursors of releases that had no such filter still match
		query = append(query, q.ByName)
	}
	if q.Subscription != "" || q.Call != "" {
		query = append(query, "licenses", q.Subscription, q.Call)
	}
	c, first, err := decodeCursor(q.Cursor, query...)
	if err != nil {
		return audit.Page{}, err
	}
	day, before := q.To.Add(-time.Nanosecond).UTC().Truncate(oneDay), id.First(q.To)
	if !first {
		day, before = time.UnixMilli(c.Moment).UTC(), c.After
		if before == aboveEvents {
			before = id.First(day.Add(oneDay))
		}
	}
	list := s.auditList(q.From, day, before)
	defer list.learn()
	page := audit.Page{Items: []audit.Event{}}
	for read := 0; ; read++ {
		if len(page.Items) == q.Limit || read == maxAuditEvents {
			if list.hasMore() {
				page.Next = c.encode(query...)
			}
			return page, nil
		}
		// The number of missing events, times the events read so far for each one shown.
		wanted := (q.Limit - len(page.Items)) * (read + 1) / (len(page.Items) + 1)
		i, err := list.next(ctx, min(wanted, maxAuditEvents-read))
		if err != nil {
			return audit.Page{}, err
		}
		if i == nil {
			if list.unread() {
				page.Next = cursor{Moment: list.day.UnixMilli(), After: aboveEvents}.encode(query...)
			}
			return page, nil
		}
		e := i.event()
		c = cursor{Moment: e.At.Truncate(oneDay).UnixMilli(), After: e.ID}
		if q.Selects(e) {
			page.Items = append(page.Items, e)
		}
	}
}

// auditList is the events below an id, newest first, read as they are needed.
type auditList struct {
	*Audit
	before string
	from   string       // no event below this id is wanted
	parts  []*auditPart // the shards, and the days begun so far
	oldest time.Time    // oldest day that may have events
	day    time.Time    // next day whose partition has to be read
	days   int          // number of days begun
	latest time.Time    // when the newest event happened; zero before it was read
}

// auditPart is the events of one partition.
type auditPart struct {
	in    dynamodb.QueryInput
	parts int         // number of partitions that the events are spread over
	found []auditItem // read but not yet taken
	done  bool        // the partition has no more events
	day   time.Time   // of a partition of a day; zero for a shard
	any   bool        // an event was read
}

func (s *Audit) auditList(from, day time.Time, before string) *auditList {
	l := &auditList{Audit: s, before: before, from: id.First(from), oldest: from.UTC().Truncate(oneDay), day: day}
	for shard := range auditShards {
		l.parts = append(l.parts, l.part(auditShardPK(shard), auditShards))
	}
	if l.unread() {
		l.begin(l.day) // always needed, so it is read together with the shards
	}
	return l
}

func (l *auditList) part(partition pk, parts int) *auditPart {
	return &auditPart{parts: parts, in: dynamodb.QueryInput{
		TableName: &l.db.table, ConsistentRead: aws.Bool(true), ScanIndexForward: aws.Bool(false),
		KeyConditionExpression:    aws.String("pk = :p AND sk < :s"),
		ExpressionAttributeValues: item{":p": str(string(partition)), ":s": str(l.before)},
	}}
}

// unread reports whether there are days whose partition was not begun.
func (l *auditList) unread() bool { return !l.day.Before(l.oldest) }

// hasMore reports whether there may be more events.
func (l *auditList) hasMore() bool {
	for _, p := range l.parts {
		if len(p.found) > 0 || !p.done {
			return true
		}
	}
	return l.unread()
}

// next takes and returns the newest event; nil if there is none, or if it may be on a day
// that this call does not read (maxAuditDays). wanted is how many events the caller expects
// to take, including this one.
func (l *auditList) next(ctx context.Context, wanted int) (*auditItem, error) {
	for {
		if err := l.fill(ctx, wanted); err != nil {
			return nil, err
		}
		newest := l.newest()
		if newest != nil && l.latest.IsZero() {
			l.latest = fromMillis(newest.At)
		}
		until := l.oldest
		if newest != nil {
			until = fromMillis(newest.At).Truncate(oneDay)
		}
		if l.day.Before(until) || !l.unread() {
			l.take(newest)
			return newest, nil
		}
		if l.days == maxAuditDays {
			return nil, nil
		}
		l.begin(until)
	}
}

func (l *auditList) newest() (newest *auditItem) {
	for _, p := range l.parts {
		if len(p.found) > 0 && (newest == nil || p.found[0].SK > newest.SK) {
			newest = &p.found[0]
		}
	}
	return newest
}

// take removes an event from every partition that has it. A request that was retried
// during a deployment may have stored it in a shard and in the partition of its day.
func (l *auditList) take(taken *auditItem) {
	if taken == nil {
		return
	}
	for _, p := range l.parts {
		if len(p.found) > 0 && p.found[0].SK == taken.SK {
			p.found = p.found[1:]
		}
	}
}

// begin adds the partitions of the next days that may have events, not before until: first one, then
// several at a time, because most are empty since events are written to shards.
func (l *auditList) begin(until time.Time) {
	n := 1
	if l.days > 0 {
		n = min(parallel, maxAuditDays-l.days)
	}
	var days []time.Time
	for ; len(days) < n && !l.day.Before(until); l.day = l.day.Add(-oneDay) {
		if _, empty := l.empty.Load(l.day.UnixMilli()); !empty {
			days = append(days, l.day)
		}
	}
	for _, day := range days {
		p := l.part(auditDayPK(day), len(days))
		p.day = day
		l.parts = append(l.parts, p)
	}
	l.days += len(days)
}

// learn remembers the empty days that are over: at least one whole day before the newest event, so
// that clocks that differ do not matter.
func (l *auditList) learn() {
	over := l.latest.Truncate(oneDay).Add(-oneDay)
	for _, p := range l.parts {
		if p.done && !p.any && !p.day.IsZero() && p.day.Before(over) {
			l.empty.Store(p.day.UnixMilli(), nil)
		}
	}
}

// fill reads until each partition has an event or has ended. If it has to read one, it
// also reads the partitions that have few events left.
func (l *auditList) fill(ctx context.Context, wanted int) error {
	dry := false
	for _, p := range l.parts {
		dry = dry || len(p.found) == 0 && !p.done
	}
	if !dry {
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, p := range l.parts {
		if limit := p.limit(wanted); !p.done && len(p.found) <= limit/2 {
			g.Go(func() error { return l.read(ctx, p, limit) })
		}
	}
	return g.Wait()
}

// limit returns how many events to read of the partition if wanted are needed in all: an
// even share and two standard deviations, so that a second read is rare.
func (p *auditPart) limit(wanted int) int {
	share := float64(wanted) / float64(p.parts)
	return min(wanted, int(share+2*math.Sqrt(share))+1)
}

// read reads up to limit more events of a partition, and at least one if there is any.
func (l *auditList) read(ctx context.Context, p *auditPart, limit int) error {
	if l.db.pageSize > 0 {
		limit = min(limit, int(l.db.pageSize))
	}
	p.in.Limit = aws.Int32(int32(limit))
	for begin := len(p.found); len(p.found) == begin && !p.done; {
		out, err := l.db.ask(ctx, &p.in)
		if err != nil {
			return err
		}
		p.in.ExclusiveStartKey, p.done = out.LastEvaluatedKey, len(out.LastEvaluatedKey) == 0
		p.any = p.any || len(out.Items) > 0
		for _, it := range out.Items {
			i, err := decode[auditItem](it)
			if err != nil {
				return err
			}
			if i.SK < l.from {
				p.done = true
				break
			}
			p.found = append(p.found, i)
		}
	}
	return nil
}
