package dynamo

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"trueup/internal/importer"
)

// Visibility. Rows that an import writes have its stage, and count only after the stage is
// committed: then the item STAGE#<stage> has the sequence number of the commit, and COMMITS
// has the highest number. A committed stage stays committed, so a process remembers it and
// does not read it again. A process forgets all stages after the table was restored, see
// journals.watch. The item of a buried stage has no number, and the stage can never be
// committed.
//
// A listing shows one moment, the number of commits when its first page was read. The
// cursor has the moment, so rows of later commits stay hidden.

const (
	// unknownSeq is a sequence number this process has not read yet.
	unknownSeq int64 = -1
	// latest is the moment that sees every commit.
	latest int64 = 1<<63 - 1
)

// stageItem is a committed or a buried stage.
type stageItem struct {
	itemKey
	Stage importer.Stage `dynamodbav:"stage"`
	Seq   int64          `dynamodbav:"seq,omitempty"` // of the commit, from 1; none for a buried stage
}

func newStageItem(stage importer.Stage, seq int64) stageItem {
	return stageItem{keyed(stageKey(stage)), stage, seq}
}

// commitsItem has the highest sequence number of a commit.
type commitsItem struct {
	itemKey
	Seq int64 `dynamodbav:"seq"`
}

// visibility knows which stages are committed. It is safe for concurrent use.
type visibility struct {
	db      *engine
	seq     atomic.Int64 // the highest commit sequence this process has seen
	commits sync.Map     // importer.Stage → int64, stages known to be committed
}

func newVisibility(db *engine) *visibility {
	v := &visibility{db: db}
	v.seq.Store(unknownSeq)
	return v
}

// forget forgets which stages are committed.
func (v *visibility) forget() {
	v.commits.Clear()
	v.seq.Store(unknownSeq)
}

// commit records that this process has committed a stage.
func (v *visibility) commit(stage importer.Stage, seq int64) { v.commits.Store(stage, seq) }

// committed reports whether a stage counts at a moment. The empty stage always does: a
// single transaction wrote its row.
func (v *visibility) committed(stage importer.Stage, moment int64) bool {
	if stage == "" {
		return true
	}
	seq, ok := v.commits.Load(stage)
	return ok && seq.(int64) <= moment
}

// learn reads which of the stages are committed, for committed. Call it after the rows that
// have the stages were read: then a row of a stage that is not committed was read before
// its commit.
func (v *visibility) learn(ctx context.Context, stages map[importer.Stage]bool) error {
	var keys []item
	for stage := range stages {
		if stage == "" {
			continue
		}
		if _, known := v.commits.Load(stage); !known {
			keys = append(keys, key(stageKey(stage)))
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return v.db.getAll(ctx, keys, "", nil, func(it item) error {
		i, err := decode[stageItem](it)
		if err != nil {
			return err
		}
		if i.Seq > 0 {
			v.commits.Store(i.Stage, i.Seq)
		}
		return nil
	})
}

// moment reads how many imports were committed.
func (v *visibility) moment(ctx context.Context) (int64, error) {
	it, err := v.db.get(ctx, commitsPK, commitsSK)
	if err != nil {
		return 0, err
	}
	i, err := decode[commitsItem](it)
	return i.Seq, err
}

// momentOf runs read and returns a moment for which its result is complete: every row of
// a commit up to it existed when read began. It reads rows and moment concurrently, which
// is correct if no import was committed since this process last read the moment; otherwise
// it reads again.
func (v *visibility) momentOf(ctx context.Context, read func(context.Context) error) (int64, error) {
	for {
		known := v.seq.Load()
		var now int64
		g, gctx := errgroup.WithContext(ctx)
		g.Go(func() (err error) { now, err = v.moment(gctx); return err })
		if known != unknownSeq {
			g.Go(func() error { return read(gctx) })
		}
		if err := g.Wait(); err != nil {
			return 0, err
		}
		if now <= known {
			return known, nil
		}
		v.seq.CompareAndSwap(known, now)
	}
}

// number returns a numeric attribute; 0 if there is none.
func number(it item, name string) (int64, error) {
	v, ok := it[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0, nil
	}
	return strconv.ParseInt(v.Value, 10, 64)
}

func num(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// bury makes sure that stages can never be committed, before their rows are overwritten.
// The holder of the writer's lease may overwrite the rows of stages that are not
// committed. But a process that was suspended does not know that it lost the lease, and
// the stage may belong to the new holder. Then the new holder's commit fails, instead of
// missing rows. It returns importer.ErrTaken if one of the stages was committed.
func (v *visibility) bury(ctx context.Context, dead map[importer.Stage]bool) error {
	for stage := range dead {
		err := v.db.transact(ctx, []*action{v.db.put(newStageItem(stage, 0), "attribute_not_exists(seq)", nil)})
		if conditionOf(err) != nil {
			return importer.ErrTaken
		}
		if err != nil {
			return err
		}
	}
	return nil
}
