package dynamo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/journal"
	"trueup/internal/refresher"
	"trueup/internal/register"
)

// A point of the changes is a position of the journal of agreements, as text without tips: a
// point is stored in the table of the journal, so both are of the same branch after a restore.
// The entries since a point name the pairs that were added and removed. The register says which
// of them exist.

// laterPoint returns the later of two points, and the first one if neither includes the other.
// An empty point is before all others.
func laterPoint(a, b string) string {
	first, ok := journal.Parse(a)
	second, alsoOK := journal.Parse(b)
	if b == "" || !alsoOK || ok && !second.Reaches(&first) {
		return a
	}
	return b
}

// sinceCache has the changes since a point that were read last. A listing of pairs needs them for
// every page, and reads only the entries that are new.
type sinceCache struct {
	sync.Mutex
	since   string
	upTo    journal.Position
	changes pairChanges
}

// pairChanges are pairs that were added and removed. A pair can be in both, and several times in
// added, with different agreements. Callers share them, so they are never changed.
type pairChanges struct {
	added   map[register.PairRef]bool
	removed map[agreement.PairKey]bool
}

// changesSince returns the changes after a point, which must not be changed. It returns
// refresher.ErrForgotten if some of their entries were deleted.
func (r *Refreshes) changesSince(ctx context.Context, point string) (pairChanges, error) {
	from, ok := journal.Parse(point)
	if !ok {
		return pairChanges{}, fmt.Errorf("%w: %q is no point", refresher.ErrForgotten, point)
	}
	head, err := r.journals.head(ctx, register.JournalName)
	if err != nil {
		return pairChanges{}, err
	}
	upTo := head.Position
	r.since.Lock()
	defer r.since.Unlock()
	changes := pairChanges{added: map[register.PairRef]bool{}, removed: map[agreement.PairKey]bool{}}
	if r.since.since == point {
		if r.since.upTo.Reaches(&upTo) { // also when another call has read the head later
			return r.since.changes, nil
		}
		if upTo.Reaches(&r.since.upTo) {
			from = r.since.upTo
			changes = pairChanges{added: maps.Clone(r.since.changes.added), removed: maps.Clone(r.since.changes.removed)}
		}
	}
	if !upTo.Reaches(&from) {
		return pairChanges{}, fmt.Errorf("%w: the journal does not reach %q", refresher.ErrForgotten, point)
	}
	var read [journal.Stripes][]register.Change
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for stripe, at := range from {
		if at.Seq == upTo[stripe].Seq {
			continue
		}
		g.Go(func() (err error) {
			read[stripe], err = r.stripeSince(gctx, stripe, at.Seq, upTo[stripe].Seq)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return pairChanges{}, err
	}
	for _, c := range slices.Concat(read[:]...) {
		for _, pair := range c.Added {
			changes.added[register.PairRef{AgreementID: c.ID, Pair: pair}] = true
		}
		for _, pair := range c.Removed {
			changes.removed[pair] = true
		}
	}
	r.since.since, r.since.upTo, r.since.changes = point, upTo, changes
	return changes, nil
}

// stripeSince returns the changes of pairs in the entries of a stripe after number after, up to
// upTo.
func (r *Refreshes) stripeSince(ctx context.Context, stripe int, after, upTo int64) (changes []register.Change, err error) {
	for after < upTo {
		entries, err := (&Journal{db: r.db, journals: r.journals}).Entries(ctx, register.JournalName, stripe, after, upTo)
		if errors.Is(err, journal.ErrTrimmed) {
			return nil, fmt.Errorf("%w: %w", refresher.ErrForgotten, err)
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			some, err := register.PairChanges(e.Body)
			if err != nil {
				return nil, err
			}
			changes, after = append(changes, some...), e.Seq
		}
	}
	return changes, nil
}

// addedSince returns the pairs that were added after a point and still belong to the agreement,
// in the order of Numbers.Pairs.
func (r *Refreshes) addedSince(ctx context.Context, point string) ([]register.PairRef, error) {
	changes, err := r.changesSince(ctx, point)
	if err != nil {
		return nil, err
	}
	return r.existing(ctx, changes)
}

func (r *Refreshes) existing(ctx context.Context, changes pairChanges) ([]register.PairRef, error) {
	ids := map[string]bool{}
	for ref := range changes.added {
		ids[ref.AgreementID] = true
	}
	owned, err := r.numbers.PairsOf(ctx, slices.Collect(maps.Keys(ids)))
	if err != nil {
		return nil, err
	}
	var refs []register.PairRef
	for id, pairs := range owned {
		for _, pair := range pairs {
			if ref := (register.PairRef{AgreementID: id, Pair: pair}); changes.added[ref] {
				refs = append(refs, ref)
			}
		}
	}
	slices.SortFunc(refs, compareRefs)
	return refs, nil
}

func compareRefs(a, b register.PairRef) int {
	return cmp.Or(cmp.Compare(a.AgreementID, b.AgreementID), cmp.Compare(a.Pair, b.Pair))
}

// AddedSince returns the pairs that were added after a point and exist. It returns
// refresher.ErrForgotten if the changes are too old to be known.
func (r *Refreshes) AddedSince(ctx context.Context, point string) ([]agreement.PairKey, error) {
	refs, err := r.addedSince(ctx, point)
	pairs := make([]agreement.PairKey, len(refs))
	for i, ref := range refs {
		pairs[i] = ref.Pair
	}
	return pairs, err
}

// ChangedSince implements refresher.Changed.
func (r *Refreshes) ChangedSince(ctx context.Context, point string) (pairs []agreement.PairKey, answered []refresher.Answered, err error) {
	changes, err := r.changesSince(ctx, point)
	if err != nil {
		return nil, nil, err
	}
	changed := maps.Clone(changes.removed)
	for ref := range changes.added {
		changed[ref.Pair] = true
	}
	refs, err := r.existing(ctx, changes)
	if err != nil {
		return nil, nil, err
	}
	answered, err = r.answered(ctx, refs)
	return slices.Sorted(maps.Keys(changed)), answered, err
}
