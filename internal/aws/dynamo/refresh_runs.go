package dynamo

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/semaphore"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/journal"
	"trueup/internal/once"
	"trueup/internal/refresher"
	"trueup/internal/register"
	"trueup/internal/retry"
)

// Numbers lists the pairs of all agreements. *register.Reader implements it.
type Numbers interface {
	Pairs(ctx context.Context, groupID string, after register.PairRef, limit int) ([]register.PairRef, error)
	PairsOf(ctx context.Context, ids []string) (map[string][]agreement.PairKey, error)
	CountPairs(ctx context.Context, groupID string) (int, error)
}

// Refreshes stores the runs of refreshes, and their answers for pairs. It is safe for
// concurrent use.
//
// A write of an attempt is fenced: its transaction checks that a fence has the token of
// the attempt. Claiming or ending a run writes all fences. DynamoDB rejects one of two
// concurrent transactions that name the same item, so a process runs at most as many
// fenced transactions as there are fences, and each checks a different fence.
type Refreshes struct {
	db         *engine
	visibility *visibility
	journals   *journals
	agreements *storedAgreements
	numbers    Numbers

	since       sinceCache
	fences      chan int            // fences that no transaction of this process uses
	summarizing *semaphore.Weighted // one permit, see Summarize
}

var (
	_ refresher.Store   = (*Refreshes)(nil)
	_ refresher.Answers = (*Refreshes)(nil)
	_ refresher.Changed = (*Refreshes)(nil)
)

// fences is the number of fences, and the maximum of concurrent fenced transactions of a
// process. Two are enough: a source takes longer to answer than a write takes.
const fences = 2

// NewRefreshes returns the refreshes in a table, of the pairs that numbers lists.
func NewRefreshes(t *Table, numbers Numbers) *Refreshes {
	r := &Refreshes{
		db: t.db, visibility: t.visibility, journals: t.journals, agreements: t.agreements, numbers: numbers,
		fences: make(chan int, fences), summarizing: semaphore.NewWeighted(1),
	}
	for n := range fences {
		r.fences <- n
	}
	return r
}

// fenced runs actions with do, and the condition that the attempt owns its run. It returns
// refresher.ErrLost if the attempt does not.
func (r *Refreshes) fenced(ctx context.Context, attempt refresher.Run, actions []*action, do func(context.Context, []*action) error) error {
	var n int
	select {
	case n = <-r.fences:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { r.fences <- n }()
	fence := &action{ConditionCheck: &types.ConditionCheck{
		TableName: &r.db.table, Key: key(fenceKey(n)), ConditionExpression: aws.String("#t = :token"),
		ExpressionAttributeNames: map[string]string{"#t": "token"}, ExpressionAttributeValues: item{":token": num(attempt.Token)},
	}}
	err := do(ctx, append(slices.Clip(actions), fence))
	if _, lost := refused(err, fence); lost {
		return refresher.ErrLost
	}
	return err
}

// fenceActions returns the actions that let only the attempt with the token write. With token 0
// no attempt can write.
func (r *Refreshes) fenceActions(token int64) []*action {
	actions := make([]*action, fences)
	for n := range actions {
		actions[n] = r.db.put(fenceItem{keyed(fenceKey(n)), token}, "", nil)
	}
	return actions
}

// Run implements refresher.Records.
func (r *Refreshes) Run(ctx context.Context, id string) (refresher.Run, error) {
	i, err := r.record(ctx, id)
	return i.run(), err
}

func (r *Refreshes) record(ctx context.Context, id string) (runItem, error) {
	p, sort := refreshKey(id)
	it, err := r.db.get(ctx, p, sort)
	if err != nil {
		return runItem{}, err
	}
	if it == nil {
		return runItem{}, errs.New(errs.NotFound, "refresh_not_found", "id", id)
	}
	return decode[runItem](it)
}

// Runs implements refresher.Records.
func (r *Refreshes) Runs(ctx context.Context, limit int, after string) (refresher.Page, error) {
	items, next, err := newestFirst(ctx, r.db, refreshesPK, "refreshes", limit, after, func(it item) (refresher.Run, error) {
		i, err := decode[runItem](it)
		return i.run(), err
	})
	return refresher.Page{Items: items, Next: next}, err
}

// recentRuns is how many of the latest runs Latest searches if the runs that ended last are not known.
const recentRuns = 50

// Latest implements refresher.Store. It reads one item for each run, whose ids Finish stored. Only after
// a release that does not store them it reads the latest runs.
func (r *Refreshes) Latest(ctx context.Context) (last, settled refresher.Run, err error) {
	now, err := r.now(ctx)
	if err != nil {
		return last, settled, err
	}
	if !now.knowsLatest() {
		return r.latestListed(ctx)
	}
	if now.EndedRun != "" {
		if last, err = r.Run(ctx, now.EndedRun); err != nil {
			return last, settled, err
		}
	}
	switch now.SettledRun {
	case "":
	case now.EndedRun:
		settled = last
	default:
		settled, err = r.Run(ctx, now.SettledRun)
	}
	return last, settled, err
}

// latestListed is Latest from the latest runs.
func (r *Refreshes) latestListed(ctx context.Context) (last, settled refresher.Run, err error) {
	page, err := r.Runs(ctx, recentRuns, "")
	last, settled = refresher.Latest(page.Items)
	return last, settled, err
}

// now returns which run is open, and how old the licence data is.
func (r *Refreshes) now(ctx context.Context) (refreshItem, error) {
	it, err := r.db.get(ctx, refreshPK, refreshSK)
	if err != nil {
		return refreshItem{}, err
	}
	return decode[refreshItem](it)
}

// Freshness implements refresher.Records.
func (r *Refreshes) Freshness(ctx context.Context) (f refresher.Freshness, err error) {
	now, err := r.now(ctx)
	if err != nil {
		return refresher.Freshness{}, err
	}
	f.At, f.Seen, f.Settled, f.Full = fromMillis(now.At), now.Seen, now.Settled, now.Full
	f.Changes, f.ChangedAt, _, err = r.changes(ctx)
	return f, err
}

// Changes implements refresher.Store.
func (r *Refreshes) Changes(ctx context.Context) (n int64, point string, err error) {
	n, _, at, err := r.changes(ctx)
	return n, at.String(), err
}

// changes returns how many changes made licence data stale, when the last one did, and the
// position of the journal, from the heads of all its stripes.
func (r *Refreshes) changes(ctx context.Context) (n int64, last time.Time, at journal.Position, err error) {
	err = r.journals.heads(ctx, register.JournalName, func(stripe int, head item) error {
		point, err := decode[headItem](head)
		if err != nil {
			return err
		}
		at[stripe] = point.point()
		i, err := decode[agreementHead](head)
		n += i.Changes
		if changed := fromMillis(i.Changed); changed.After(last) {
			last = changed
		}
		return err
	})
	return n, last, at, err
}

// Open implements refresher.Store.
func (r *Refreshes) Open(ctx context.Context) (open refresher.Run, err error) {
	err = retry.Do(ctx, rebuilding, func() error {
		now, err := r.now(ctx)
		if err != nil || now.Run == "" {
			open = refresher.Run{}
			return err
		}
		if open, err = r.Run(ctx, now.Run); err == nil && open.Final() {
			return retry.Again(errRunEnded)
		}
		return err
	})
	return open, err
}

var errRunEnded = errors.New("dynamo: the open refresh ended while it was read")

// opening returns the action that makes a run the open one, if no run is open.
func (r *Refreshes) opening(id string) *action {
	return &action{Update: &types.Update{
		TableName: &r.db.table, Key: key(refreshPK, refreshSK),
		UpdateExpression:          aws.String("SET run = :id"),
		ConditionExpression:       aws.String("attribute_not_exists(run) OR run = :none"),
		ExpressionAttributeValues: item{":id": str(id), ":none": str("")},
	}}
}

// Requested implements refresher.Store.
func (r *Refreshes) Requested(ctx context.Context, run refresher.Run) (refresher.Run, error) {
	run.Version = 1
	found, fresh, err := r.requested(ctx, run)
	if err == nil && !fresh && !found.Final() {
		found.Next, _ = refresher.Following(found, run)
	}
	return found, err
}

// requested returns the run that a request for run gets: the stored or the open run, without
// what follows it because of the request, or run itself. fresh reports that it must be stored.
func (r *Refreshes) requested(ctx context.Context, run refresher.Run) (found refresher.Run, fresh bool, err error) {
	found, err = r.Run(ctx, run.ID)
	if errs.KindOf(err) == errs.NotFound {
		found, err = r.Open(ctx)
	}
	if err != nil || found.ID != "" {
		return found, false, err
	}
	return run, true, nil
}

// Request implements refresher.Store.
func (r *Refreshes) Request(ctx context.Context, run refresher.Run, c once.Change) (stored refresher.Run, first []byte, err error) {
	err = retry.Do(ctx, rebuilding, func() (err error) {
		stored, first, err = r.request(ctx, run, c)
		if conditionOf(err) != nil { // another run was opened meanwhile
			return retry.Again(err)
		}
		return err
	})
	return stored, first, err
}

// request is one attempt of Request.
func (r *Refreshes) request(ctx context.Context, run refresher.Run, c once.Change) (stored refresher.Run, first []byte, err error) {
	db := r.db
	run.Version = 1
	stored, fresh, err := r.requested(ctx, run)
	if err != nil {
		return refresher.Run{}, nil, err
	}
	var (
		actions []*action
		names   refresher.Run // the run that the event names
	)
	switch {
	case fresh:
		names = stored
		actions = append(actions, db.put(newRunItem(stored), "attribute_not_exists(pk)", nil), r.opening(run.ID))
	case !stored.Final():
		next, changed := refresher.Following(stored, run)
		if changed {
			names = *next
			actions = append(actions, r.followed(stored, *next))
		}
		stored.Next = next
	}
	if shown, ok := c.Of.(refresher.Run); ok && (shown.ID != stored.ID || nextID(shown) != nextID(stored)) {
		return refresher.Run{}, nil, once.ErrOutdated
	}
	if names.ID != "" && c.Event.ID != "" {
		c.Event.Subject = names.Subject()
		actions = append(actions, db.put(newAuditItem(c.Event), "", nil))
	}
	remember := remembering(db, c.Entry, run.RequestedAt)
	err = db.transact(ctx, append(actions, remember))
	if old, used := refused(err, remember); used {
		first, err = answered(old, c.Entry)
	}
	return stored, first, err
}

// nextID returns the id of the run that follows; empty for none.
func nextID(run refresher.Run) string {
	if run.Next == nil {
		return ""
	}
	return run.Next.ID
}

// followed returns the action that records the run that follows an open one, if neither has
// changed since open was read. The progress of open does not matter. Versions alone do not tell two
// runs apart: each one starts with 1, and the release before this function always stores 1.
func (r *Refreshes) followed(open, next refresher.Run) *action {
	p, sort := refreshKey(open.ID)
	update := &types.Update{
		TableName: &r.db.table, Key: key(p, sort),
		UpdateExpression:          aws.String("SET #n = :next ADD version :one"),
		ConditionExpression:       aws.String("#s = :state AND attribute_not_exists(#n)"),
		ExpressionAttributeNames:  map[string]string{"#s": "state", "#n": "next"},
		ExpressionAttributeValues: item{":next": value(newRunItem(next)), ":one": num(1), ":state": str(string(open.State))},
	}
	if open.Next != nil {
		update.ConditionExpression = aws.String("#s = :state AND #n.version = :read AND #n.#r.id = :id")
		update.ExpressionAttributeNames["#r"] = "record"
		update.ExpressionAttributeValues[":read"], update.ExpressionAttributeValues[":id"] = num(open.Next.Version), str(open.Next.ID)
	}
	return &action{Update: update}
}

// lost returns err, or refresher.ErrLost if err means that a condition did not hold.
func lost(err error) error {
	if conditionOf(err) != nil {
		return refresher.ErrLost
	}
	return err
}

// rewriting returns the update that replaces the record of a run if the stored run has the
// state and the attempt of was. It keeps the run that follows, and adds 1 to the version.
func (r *Refreshes) rewriting(was, run refresher.Run) *types.Update {
	i := newRunItem(run)
	p, sort := refreshKey(run.ID)
	return &types.Update{
		TableName: &r.db.table, Key: key(p, sort),
		UpdateExpression:         aws.String("SET #r = :record, #s = :state, #h = :hold, attempt = :attempt, #t = :token, lease = :lease ADD version :one"),
		ConditionExpression:      aws.String("#s = :was AND attempt = :from"),
		ExpressionAttributeNames: map[string]string{"#r": "record", "#s": "state", "#h": "hold", "#t": "token"},
		ExpressionAttributeValues: item{
			":record": value(i.Record), ":state": str(string(i.State)), ":hold": str(string(i.Hold)), ":attempt": num(int64(i.Attempt)),
			":token": num(i.Token), ":lease": num(i.Lease), ":one": num(1), ":was": str(string(was.State)), ":from": num(int64(was.Attempt)),
		},
	}
}

// owned returns a run with the state and the attempt that a run has while attempt owns it.
func owned(attempt refresher.Run) refresher.Run {
	return refresher.Run{State: refresher.StateRunning, Attempt: attempt.Attempt}
}

// Claim implements refresher.Store.
func (r *Refreshes) Claim(ctx context.Context, read, claimed refresher.Run) (owned refresher.Run, err error) {
	err = retry.Do(ctx, rebuilding, func() (err error) {
		owned, err = r.claim(ctx, read, claimed)
		return err
	})
	return owned, err
}

// claim is one attempt of Claim. Its error may be to try again.
func (r *Refreshes) claim(ctx context.Context, read, claimed refresher.Run) (refresher.Run, error) {
	db := r.db
	now, err := r.now(ctx)
	if err != nil {
		return refresher.Run{}, err
	}
	claimed.Token = max(now.Token+1, claimed.Token)
	known := now.KnownToken // which stays behind if the runs that ended last are not known
	if now.knowsLatest() {
		known = claimed.Token
	}
	actions := append([]*action{
		{Update: r.rewriting(read, claimed)},
		{Update: &types.Update{
			TableName: &db.table, Key: key(refreshPK, refreshSK),
			UpdateExpression:          aws.String("SET #t = :next, known_token = :known"),
			ConditionExpression:       aws.String("run = :id AND (attribute_not_exists(#t) OR #t = :now)"),
			ExpressionAttributeNames:  map[string]string{"#t": "token"},
			ExpressionAttributeValues: item{":next": num(claimed.Token), ":now": num(now.Token), ":id": str(claimed.ID), ":known": num(known)},
		}},
	}, r.fenceActions(claimed.Token)...)
	err = db.transact(ctx, actions)
	if err != nil && conditionOf(err) == nil {
		return refresher.Run{}, err
	}
	stored, readErr := r.Run(ctx, claimed.ID)
	switch {
	case readErr != nil:
		return refresher.Run{}, readErr
	case err == nil:
		claimed.Next, claimed.Version = stored.Next, stored.Version
		return claimed, nil
	case stored.Attempt != read.Attempt || stored.State != read.State:
		return refresher.Run{}, refresher.ErrBusy
	}
	return refresher.Run{}, retry.Again(err) // the token has changed since it was read
}

// Renew implements refresher.Store.
func (r *Refreshes) Renew(ctx context.Context, attempt refresher.Run, until time.Time) error {
	p, sort := refreshKey(attempt.ID)
	err := r.db.update(ctx, &dynamodb.UpdateItemInput{
		Key:                      key(p, sort),
		UpdateExpression:         aws.String("SET lease = :until ADD version :one"),
		ConditionExpression:      aws.String("#s = :running AND attempt = :attempt"),
		ExpressionAttributeNames: map[string]string{"#s": "state"},
		ExpressionAttributeValues: item{
			":until": num(millis(until)), ":one": num(1), ":running": str(string(refresher.StateRunning)), ":attempt": num(int64(attempt.Attempt)),
		},
	})
	return lost(err)
}

// Save implements refresher.Store. It needs no fence: the condition checks the attempt that
// is stored with the run.
func (r *Refreshes) Save(ctx context.Context, attempt refresher.Run) error {
	u := r.rewriting(owned(attempt), attempt)
	return lost(r.db.update(ctx, &dynamodb.UpdateItemInput{
		Key: u.Key, UpdateExpression: u.UpdateExpression, ConditionExpression: u.ConditionExpression,
		ExpressionAttributeNames: u.ExpressionAttributeNames, ExpressionAttributeValues: u.ExpressionAttributeValues,
	}))
}
