package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/day"
	"trueup/internal/pack"
	"trueup/internal/report"
	"trueup/internal/snapshot"
)

// Snapshots stores which snapshot counts for each day, and which is the newest of all. It
// is safe for concurrent use.
type Snapshots struct{ db *engine }

var _ snapshot.Index = (*Snapshots)(nil)

type snapshotItem struct {
	PK       string   `dynamodbav:"pk"`
	SK       string   `dynamodbav:"sk"`
	Date     day.Date `dynamodbav:"date"`
	Run      string   `dynamodbav:"run"`
	Sequence int64    `dynamodbav:"seq"`
	SHA256   string   `dynamodbav:"sha256"`
	// Supplement is of the newest snapshot only. Version 1 has no supplement.
	Supplement *supplementRecord `dynamodbav:"supplement,omitempty"`
	// Subscriptions is of days only. Earlier releases did not store it.
	Subscriptions *subscriptionsRecord `dynamodbav:"subscriptions,omitempty"`
}

// subscriptionsRecord is a report.SubscriptionReportTotals.
type subscriptionsRecord struct {
	Subscriptions int          `dynamodbav:"n"`
	Quantity      int          `dynamodbav:"quantity"`
	Assigned      int          `dynamodbav:"assigned"`
	Unused        int          `dynamodbav:"unused"`
	Short         int          `dynamodbav:"short"`
	Conflicts     int          `dynamodbav:"conflicts"`
	Overdue       int          `dynamodbav:"overdue"`
	Costs         []costRecord `dynamodbav:"costs"`
	UnusedCosts   []costRecord `dynamodbav:"unused_costs"`
}

type costRecord struct {
	Amount   int64  `dynamodbav:"amount"` // in hundredths
	Currency string `dynamodbav:"currency"`
}

func subscriptionsRecordOf(t *report.SubscriptionReportTotals) *subscriptionsRecord {
	if t == nil {
		return nil
	}
	cost := func(c report.MonthlyCost) costRecord { return costRecord(c) }
	return &subscriptionsRecord{t.Subscriptions, t.Quantity, t.Assigned, t.Unused, t.Short, t.Conflicts, t.Overdue, pack.Each(t.CostPerMonth, cost), pack.Each(t.UnusedCostPerMonth, cost)}
}

func (r *subscriptionsRecord) totals() *report.SubscriptionReportTotals {
	if r == nil {
		return nil
	}
	cost := func(c costRecord) report.MonthlyCost { return report.MonthlyCost(c) }
	return &report.SubscriptionReportTotals{
		Subscriptions: r.Subscriptions, Quantity: r.Quantity, Assigned: r.Assigned, Unused: r.Unused, Short: r.Short, Conflicts: r.Conflicts, Overdue: r.Overdue,
		CostPerMonth: pack.Each(r.Costs, cost), UnusedCostPerMonth: pack.Each(r.UnusedCosts, cost),
	}
}

// supplementRecord identifies a report.Supplement.
type supplementRecord struct {
	Run      string `dynamodbav:"run"`
	Sequence int64  `dynamodbav:"seq"`
	Bytes    int64  `dynamodbav:"bytes"`
	SHA256   string `dynamodbav:"sha256"`
}

func (i snapshotItem) published() report.Published {
	p := report.Published{Date: i.Date, Run: i.Run, Sequence: i.Sequence, SHA256: i.SHA256, Subscriptions: i.Subscriptions.totals()}
	if s := i.Supplement; s != nil {
		p.Supplement = report.Object{Name: report.ObjectSupplement, Key: report.SupplementKey(i.Date, s.Sequence, s.Run, s.SHA256), Bytes: s.Bytes, SHA256: s.SHA256}
	}
	return p
}

// Supplement implements snapshot.Index.
func (s *Snapshots) Supplement(ctx context.Context, base report.Published, sequence int64, run string, o report.Object) (done bool, err error) {
	err = s.db.update(ctx, &dynamodb.UpdateItemInput{
		Key:                 key(snapshotsPK, newestSnapshotSK),
		UpdateExpression:    aws.String("SET supplement = :supplement"),
		ConditionExpression: aws.String("seq = :base AND run = :run AND (attribute_not_exists(supplement) OR supplement.seq <= :seq)"),
		ExpressionAttributeValues: item{
			":supplement": value(supplementRecord{Run: run, Sequence: sequence, Bytes: o.Bytes, SHA256: o.SHA256}),
			":base":       num(base.Sequence), ":run": str(base.Run), ":seq": num(sequence),
		},
	})
	return err == nil, ignoreCondition(err)
}

// Publish implements snapshot.Index.
func (s *Snapshots) Publish(ctx context.Context, p report.Published) (newest bool, err error) {
	put := func(partition pk, sort sk, counted *report.SubscriptionReportTotals, condition string) *action {
		i := snapshotItem{PK: string(partition), SK: string(sort), Date: p.Date, Run: p.Run, Sequence: p.Sequence, SHA256: p.SHA256, Subscriptions: subscriptionsRecordOf(counted)}
		return s.db.put(i, condition, item{":seq": num(p.Sequence)})
	}
	partition, sort := snapshotKey(p.Date)
	ofDay := put(partition, sort, p.Subscriptions, "attribute_not_exists(pk) OR seq <= :seq")
	err = s.db.transact(ctx, []*action{
		ofDay, put(snapshotsPK, newestSnapshotSK, nil, "attribute_not_exists(pk) OR seq <= :seq AND (attribute_not_exists(supplement) OR supplement.seq <= :seq)"),
	})
	if conditionOf(err) == nil {
		return err == nil, err
	}
	if _, later := refused(err, ofDay); later {
		return false, nil
	}
	// The newest snapshot stays. If only its supplement has a larger sequence, the day stays too: no day
	// is newer than the newest snapshot.
	newer := &action{ConditionCheck: &types.ConditionCheck{
		TableName: &s.db.table, Key: key(snapshotsPK, newestSnapshotSK), ConditionExpression: aws.String("seq >= :seq"),
		ExpressionAttributeValues: item{":seq": num(p.Sequence)},
	}}
	return false, ignoreCondition(s.db.transact(ctx, []*action{ofDay, newer}))
}

// Forget implements snapshot.Index.
func (s *Snapshots) Forget(ctx context.Context, before day.Date) (removed int, err error) {
	newest, err := s.Newest(ctx)
	if err != nil {
		return 0, err
	}
	p, end := snapshotKey(before)
	_, kept := snapshotKey(newest.Date)
	var old []item
	err = s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("pk, sk, seq"),
		KeyConditionExpression:    aws.String("pk = :p AND sk BETWEEN :first AND :end"),
		ExpressionAttributeValues: item{":p": str(string(p)), ":first": str(snapshotPrefix), ":end": str(string(end))},
	}, func(it item) (bool, error) {
		if at := sk(attr(it, "sk")); at != end && at != kept {
			old = append(old, it)
		}
		return true, nil
	})
	if err != nil {
		return 0, err
	}
	return len(old), s.db.removeAll(ctx, old, "seq")
}

// Newest implements snapshot.Index.
func (s *Snapshots) Newest(ctx context.Context) (report.Published, error) {
	return s.read(ctx, snapshotsPK, newestSnapshotSK)
}

// Day implements snapshot.Index.
func (s *Snapshots) Day(ctx context.Context, date day.Date) (report.Published, error) {
	partition, sort := snapshotKey(date)
	return s.read(ctx, partition, sort)
}

func (s *Snapshots) read(ctx context.Context, partition pk, sort sk) (report.Published, error) {
	it, err := s.db.get(ctx, partition, sort)
	if err != nil {
		return report.Published{}, err
	}
	i, err := decode[snapshotItem](it)
	return i.published(), err
}

// Days implements snapshot.Index.
func (s *Snapshots) Days(ctx context.Context, from, to day.Date) (days []report.Published, err error) {
	if from > to {
		return nil, nil // DynamoDB rejects such a range
	}
	p, first := snapshotKey(from)
	_, last := snapshotKey(to)
	err = s.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p AND sk BETWEEN :from AND :to"),
		ExpressionAttributeValues: item{":p": str(string(p)), ":from": str(string(first)), ":to": str(string(last))},
	}, func(it item) (bool, error) {
		i, err := decode[snapshotItem](it)
		days = append(days, i.published())
		return true, err
	})
	return days, err
}
