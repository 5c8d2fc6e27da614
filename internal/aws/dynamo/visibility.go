package dynamo

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/importer"
)

// Visibility. What an import writes carries its stage and counts only once the
// stage is committed: then an item STAGE#<stage> holds the commit's sequence
// number, and COMMITS holds the highest. That a stage is committed never
// changes, so a process remembers it and a warm reader pays nothing; a process
// forgets it when the table was restored, see Store.watch. A stage that was taken
// for dead has such an item without a number, and can never be committed.
//
// A listing shows one moment, the number of commits when its first page was
// read, and carries it in the cursor: rows of later commits stay hidden.

const (
	// unknownSeq is a sequence number this process has not read yet.
	unknownSeq int64 = -1
	// latest is the moment that sees every commit.
	latest int64 = 1<<63 - 1
)

// committed says whether a stage counts at a moment. No stage always does: the
// row was written by a single transaction.
func (s *Store) committed(stage importer.Stage, moment int64) bool {
	if stage == "" {
		return true
	}
	seq, ok := s.commits.Load(stage)
	return ok && seq.(int64) <= moment
}

// learn finds out which of the stages are committed, for committed to tell.
// It must be called after the rows that carry them were read: then a row of a
// stage that is not committed was read before its commit.
func (s *Store) learn(ctx context.Context, stages map[importer.Stage]bool) error {
	var keys []item
	for stage := range stages {
		if stage == "" {
			continue
		}
		if _, known := s.commits.Load(stage); !known {
			keys = append(keys, key(stageKey(stage)))
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return s.getAll(ctx, keys, "", nil, func(it item) error {
		if it["seq"] == nil {
			return nil // buried
		}
		seq, err := number(it, "seq")
		if err != nil {
			return err
		}
		s.commits.Store(importer.Stage(attr(it, "stage")), seq)
		return nil
	})
}

// moment reads how many imports were committed.
func (s *Store) moment(ctx context.Context) (int64, error) {
	it, err := s.get(ctx, commitsPK, commitsSK)
	if err != nil || it == nil {
		return 0, err
	}
	return number(it, "seq")
}

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
