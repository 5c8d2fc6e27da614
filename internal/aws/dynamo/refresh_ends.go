package dynamo

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/refresher"
	"trueup/internal/retry"
)

// Finish implements refresher.Store.
func (r *Refreshes) Finish(ctx context.Context, attempt refresher.Run, events []audit.Event) (queued string, err error) {
	err = retry.Do(ctx, rebuilding, func() (err error) {
		queued, err = r.finish(ctx, attempt, events)
		if conditionOf(err) != nil { // a request changed the run that follows, or the attempt lost this one
			return retry.Again(err)
		}
		return err
	})
	return queued, err
}

// finish is one attempt of Finish.
func (r *Refreshes) finish(ctx context.Context, attempt refresher.Run, events []audit.Event) (queued string, err error) {
	db := r.db
	i, err := r.record(ctx, attempt.ID)
	if err != nil {
		return "", err
	}
	if i.State != refresher.StateRunning || i.Attempt != attempt.Attempt {
		return "", refresher.ErrLost
	}
	now, err := r.now(ctx)
	if err != nil {
		return "", err
	}
	if attempt.Settled() {
		now.Seen = max(now.Seen, attempt.Seen)
		if !attempt.LeavesPairs() {
			now.Settled = laterPoint(now.Settled, attempt.Reached)
		}
	}
	if attempt.Refreshed() {
		now.At, now.Full = max(now.At, millis(attempt.StartedAt)), laterPoint(now.Full, attempt.Reached)
	}
	if !now.knowsLatest() {
		last, settled, err := r.latestListed(ctx)
		if err != nil {
			return "", err
		}
		now.EndedRun, now.SettledRun = last.ID, settled.ID
	}
	if attempt.GroupID == "" {
		now.EndedRun = attempt.ID
	}
	if attempt.Settled() {
		now.SettledRun = attempt.ID
	}
	record := r.rewriting(owned(attempt), attempt)
	*record.UpdateExpression += " REMOVE #n"
	record.ExpressionAttributeNames["#n"] = "next"
	*record.ConditionExpression += " AND version = :version" // a request may change the run that follows
	record.ExpressionAttributeValues[":version"] = num(i.Version)
	if i.Next != nil {
		if queued, err = r.unless(ctx, i.Next.Record.ID); err != nil {
			return "", err
		}
	}
	state := marshal(now)
	actions := []*action{{Update: record}, {Update: &types.Update{
		TableName: &db.table, Key: key(refreshPK, refreshSK),
		UpdateExpression:         aws.String("SET run = :queued, #at = :at, seen = :seen, settled = :settled, #full = :full, ended_run = :ended, settled_run = :last, known_token = :token"),
		ConditionExpression:      aws.String("run = :id AND #t = :token"),
		ExpressionAttributeNames: map[string]string{"#at": "at", "#full": "full", "#t": "token"},
		ExpressionAttributeValues: item{
			":queued": str(queued), ":id": str(attempt.ID), ":at": state["at"], ":seen": state["seen"], ":settled": state["settled"], ":full": state["full"],
			":ended": str(now.EndedRun), ":last": str(now.SettledRun), ":token": state["token"],
		},
	}}}
	if queued != "" {
		actions = append(actions, db.put(*i.Next, "attribute_not_exists(pk)", nil))
	}
	if attempt.Hold == refresher.HoldOn {
		actions = append(actions, db.put(heldItem{keyed(heldKey(attempt.ID))}, "", nil))
	}
	for _, e := range events {
		actions = append(actions, db.put(newAuditItem(e), "", nil))
	}
	return queued, db.transact(ctx, append(actions, r.fenceActions(0)...))
}

// unless returns the id; empty if a run with the id exists.
func (r *Refreshes) unless(ctx context.Context, id string) (string, error) {
	switch _, err := r.record(ctx, id); errs.KindOf(err) {
	case errs.NotFound:
		return id, nil
	default:
		return "", err
	}
}

// Held implements refresher.Store.
func (r *Refreshes) Held(ctx context.Context) ([]refresher.Run, error) {
	var held []refresher.Run
	err := r.db.query(ctx, &dynamodb.QueryInput{
		ConsistentRead:            aws.Bool(true),
		KeyConditionExpression:    aws.String("pk = :p"),
		ExpressionAttributeValues: item{":p": str(string(heldPK))},
	}, func(it item) (bool, error) {
		run, err := r.Run(ctx, cutPrefix(it, "sk", refreshPrefix))
		if err == nil && run.Hold == refresher.HoldOn {
			held = append(held, run)
		}
		return true, err
	})
	slices.SortFunc(held, func(a, b refresher.Run) int { return cmp.Compare(a.ID, b.ID) })
	return held, err
}

// Discard implements refresher.Store.
func (r *Refreshes) Discard(ctx context.Context, attempt refresher.Run, held string) error {
	db := r.db
	p, sort := refreshKey(held)
	err := r.fenced(ctx, attempt, []*action{
		{Update: &types.Update{
			TableName: &db.table, Key: key(p, sort),
			UpdateExpression:         aws.String("SET #h = :discarded ADD version :one"),
			ConditionExpression:      aws.String("#h = :held AND #s <> :queued AND #s <> :running"),
			ExpressionAttributeNames: map[string]string{"#h": "hold", "#s": "state"},
			ExpressionAttributeValues: item{
				":discarded": str(string(refresher.HoldDiscarded)), ":held": str(string(refresher.HoldOn)), ":one": num(1),
				":queued": str(string(refresher.StateQueued)), ":running": str(string(refresher.StateRunning)),
			},
		}},
		{Delete: &types.Delete{TableName: &db.table, Key: key(heldKey(held))}},
	}, db.transact)
	return ignoreCondition(err) // the run is no longer held
}

// Confirm implements refresher.Store.
func (r *Refreshes) Confirm(ctx context.Context, read, confirmed refresher.Run, event audit.Event) (refresher.Run, error) {
	db := r.db
	record := r.rewriting(read, confirmed)
	*record.ConditionExpression += " AND version = :version"
	record.ExpressionAttributeValues[":version"] = num(read.Version)
	opening := r.opening(confirmed.ID)
	err := db.transact(ctx, []*action{
		opening,
		{Update: record},
		{Delete: &types.Delete{TableName: &db.table, Key: key(heldKey(confirmed.ID))}},
		db.put(newAuditItem(event), "", nil),
	})
	if _, busy := refused(err, opening); busy {
		return refresher.Run{}, refresher.ErrBusy
	}
	if conditionOf(err) != nil {
		return refresher.Run{}, errs.New(errs.Stale, "version_stale")
	}
	confirmed.Version = read.Version + 1
	return confirmed, err
}
