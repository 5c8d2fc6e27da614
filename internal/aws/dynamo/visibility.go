package dynamo

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/importer"
)

// Visibility. Rows that an import writes have its stage, and count only after the stage is
// committed: then the item STAGE#<stage> has the sequence number of the commit, and COMMITS
// has the highest number. A committed stage stays committed, so a process remembers it and
// does not read it again. A process forgets all stages after the table was restored, see
// engine.watch. The item of a buried stage has no number, and the stage can never be
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

// committed reports whether a stage counts at a moment. The empty stage always does: a
// single transaction wrote its row.
func (db *engine) committed(stage importer.Stage, moment int64) bool {
	if stage == "" {
		return true
	}
	seq, ok := db.commits.Load(stage)
	return ok && seq.(int64) <= moment
}

// learn reads which of the stages are committed, for committed. Call it after the rows that
// have the stages were read: then a row of a stage that is not committed was read before
// its commit.
func (db *engine) learn(ctx context.Context, stages map[importer.Stage]bool) error {
	var keys []item
	for stage := range stages {
		if stage == "" {
			continue
		}
		if _, known := db.commits.Load(stage); !known {
			keys = append(keys, key(stageKey(stage)))
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return db.getAll(ctx, keys, "", nil, func(it item) error {
		i, err := decode[stageItem](it)
		if err != nil {
			return err
		}
		if i.Seq > 0 {
			db.commits.Store(i.Stage, i.Seq)
		}
		return nil
	})
}

// moment reads how many imports were committed.
func (db *engine) moment(ctx context.Context) (int64, error) {
	it, err := db.get(ctx, commitsPK, commitsSK)
	if err != nil {
		return 0, err
	}
	i, err := decode[commitsItem](it)
	return i.Seq, err
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
func (db *engine) bury(ctx context.Context, dead map[importer.Stage]bool) error {
	for stage := range dead {
		err := db.transact(ctx, []*action{db.put(newStageItem(stage, 0), "attribute_not_exists(seq)", nil)})
		if conditionOf(err) != nil {
			return importer.ErrTaken
		}
		if err != nil {
			return err
		}
	}
	return nil
}
