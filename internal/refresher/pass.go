package refresher

import (
	"context"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
	"trueup/internal/retry"
)

// concurrency is the number of batches in flight.
const concurrency = 4

// giveUpAfter is how many batches in a row may fail before the source counts as unavailable.
const giveUpAfter = 3

// attempt is one try at a run.
type attempt struct {
	*Worker
	claimed Run // as claimed: identifies the attempt in writes; never changes
	source  entitlement.Source
	saving  *semaphore.Weighted // one at a time, so that a save never overwrites a newer one

	mu     sync.Mutex // guards the fields below while batches are in flight
	run    Run        // current state, as the next save writes it
	begun  []*batch   // started batches after the position, in the order of the pairs
	inARow int        // batches that failed since the last success
	down   bool       // the source counts as unavailable
}

// batch is a range of pairs that are asked about together.
type batch struct {
	ask        []Known         // at most BatchSize
	next       string          // cursor after it; empty at the end of the pass
	counts     Counts          // what the batch adds to the run's counts
	agreements map[string]bool // agreements whose summary may have changed
	done       bool
}

// batchOf returns a page as a batch, with the pairs that concern this pass.
func batchOf(run Run, page PairPage) *batch {
	b := &batch{next: page.Next, agreements: map[string]bool{}}
	for _, k := range page.Items {
		switch {
		case k.Mark.Run == run.ID && k.Mark.Pass == run.Pass: // stored by an earlier attempt that did not save its counts
			b.count(k.Mark)
			b.agreements[k.AgreementID] = true
		case asksAbout(run, k):
			b.ask = append(b.ask, k)
		}
	}
	return b
}

// join appends the next range to the batch. A pair that is in both was removed after the first
// page was read and then added to another agreement; only the second is asked about.
func (b *batch) join(after *batch) {
	again := make(map[agreement.PairKey]bool, len(after.ask))
	for _, k := range after.ask {
		again[k.Pair.Key()] = true
	}
	b.ask = slices.DeleteFunc(b.ask, func(k Known) bool { return again[k.Pair.Key()] })
	b.ask = append(b.ask, after.ask...)
	b.next = after.next
	b.counts.add(after.counts)
	maps.Copy(b.agreements, after.agreements)
}

func (b *batch) count(m Mark) {
	b.counts.add(m.Counts)
	if m.Pass > 0 { // the pair was counted as failed in an earlier pass
		b.counts.add(Counts{Checked: -1, Failed: -1})
	}
}

// asksAbout reports whether this pass asks about a pair without an answer of this pass. The
// first pass asks about all pairs, or about those that wait if the run is pending. Later passes
// retry pairs that failed for a reason of the source. They do not ask about new pairs.
func asksAbout(run Run, k Known) bool {
	if run.Pass == 0 {
		return run.Kind != KindPending || k.waits()
	}
	return k.Mark.Run == run.ID && k.Mark.Failed > 0 && !entitlement.OfPair(k.Reason)
}

// waits reports whether the pair has no answer yet, or the source could not be asked.
func (k Known) waits() bool {
	return k.State == agreement.ValidationPending || k.State == agreement.ValidationError && !entitlement.OfPair(k.Reason)
}

// pass goes through the pairs once, starting at the saved position.
func (a *attempt) pass(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	err := a.feed(gctx, g)
	if fault := g.Wait(); fault != nil {
		return fault // the fault cancelled gctx, so err is only a consequence
	}
	return err
}

// feed starts batches until no pairs are left or time is short. Every started batch finishes,
// also if a later one fails. When the source is unavailable, feed continues without asking,
// because answers of earlier attempts must still be counted.
func (a *attempt) feed(ctx context.Context, g *errgroup.Group) error {
	at := a.run // no batch is in flight, so no lock is needed
	slots := make(chan struct{}, concurrency)
	paused := at.Pass == 0
	begin := func(b *batch) error {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if len(b.ask) > 0 && !a.isDown() {
			pause := a.Pause
			if paused {
				pause = 0
			}
			paused = true
			if !a.timeFor(ctx, pause+a.AskTimeout) {
				return errLate
			}
			if err := retry.Sleep(ctx, pause); err != nil {
				return err
			}
		}
		a.begin(b)
		g.Go(func() error {
			defer func() { <-slots }()
			return a.batch(ctx, at.Pass, b)
		})
		return nil
	}
	b := &batch{agreements: map[string]bool{}}
	for cursor := at.Cursor; ; {
		page, err := a.Store.Pairs(ctx, at.scope(), BatchSize, cursor)
		if err != nil {
			return err
		}
		more := batchOf(at, page)
		if len(b.ask)+len(more.ask) > BatchSize {
			if err := begin(b); err != nil {
				return err
			}
			b = more
		} else {
			b.join(more)
		}
		if cursor = page.Next; cursor == "" {
			return begin(b)
		}
	}
}

// begin registers a batch. It drops the questions of the batch when the source is unavailable.
func (a *attempt) begin(b *batch) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.down && len(b.ask) > 0 {
		b.ask = nil
		a.run.Stopped = a.run.Stopped || a.run.Pass == 0
	}
	a.begun = append(a.begun, b)
}

func (a *attempt) isDown() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.down
}

// batch asks about the pairs of a batch, and stores and counts the answers.
func (a *attempt) batch(ctx context.Context, pass int, b *batch) error {
	if len(b.ask) > 0 {
		answers, failure := a.ask(ctx, b.ask)
		if ctx.Err() != nil {
			return context.Cause(ctx) // the cause of the failed answers
		}
		a.countFailures(failure)
		now := a.Clock()
		checked := make([]Checked, len(answers))
		for i, answer := range answers {
			checked[i] = check(a.claimed.ID, pass, b.ask[i], answer, now)
		}
		gone, err := a.Store.Answer(ctx, a.claimed, checked)
		if err != nil {
			return err
		}
		for i, c := range checked {
			if slices.Contains(gone, c.Pair) {
				continue
			}
			b.count(c.Mark)
			if !c.Aside && agreement.Validation(c.State) != b.ask[i].State {
				b.agreements[c.AgreementID] = true
			}
		}
	}
	if err := a.summarize(ctx, b.agreements); err != nil {
		return err
	}
	return a.done(ctx, b)
}

func (a *attempt) summarize(ctx context.Context, agreements map[string]bool) error {
	if len(agreements) == 0 {
		return nil
	}
	return a.Store.Summarize(ctx, a.claimed, slices.Sorted(maps.Keys(agreements)))
}

// countFailures counts batches that failed in a row. failure is the reason, or empty when the source
// answered.
func (a *attempt) countFailures(failure string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if failure != "" && (a.run.Reason == "" || !entitlement.OfPair(failure)) {
		a.run.Reason = failure
	}
	switch {
	case failure == "", entitlement.OfPair(failure): // the source is available
		a.inARow = 0
	case failure == entitlement.ReasonDenied, failure == entitlement.ReasonQuota: // more questions would make it worse
		a.down = true
	default:
		a.inARow++
		a.down = a.down || a.inARow >= giveUpAfter
	}
}

// done saves the position after the finished batches, if it moved.
func (a *attempt) done(ctx context.Context, b *batch) error {
	if err := a.saving.Acquire(ctx, 1); err != nil {
		return context.Cause(ctx)
	}
	defer a.saving.Release(1)
	moved, more := a.advance(b)
	if !moved {
		return nil
	}
	if more {
		if err := a.recount(ctx); err != nil {
			return err
		}
	}
	if err := a.save(ctx); err != nil {
		return err
	}
	a.Progress(ctx, false)
	return nil
}

// recount counts the pairs again, because there are more than were counted at the start.
func (a *attempt) recount(ctx context.Context) error {
	total, err := a.Store.Count(ctx, a.claimed.scope())
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.run.Total = max(total, a.run.Checked)
	return nil
}

// advance moves the position past the leading batches that are done, and reports whether it
// moved, and whether more pairs were checked than were counted and the pass goes on.
func (a *attempt) advance(b *batch) (moved, more bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b.done = true
	for len(a.begun) > 0 && a.begun[0].done {
		first := a.begun[0]
		a.begun, moved = a.begun[1:], true
		a.run.Counts.add(first.counts)
		a.run.Cursor = first.next
		if a.run.Checked > a.run.Total {
			a.run.Total, more = a.run.Checked, true
		}
		if first.next != "" {
			continue
		}
		more = false
		if a.run.Pass == 0 && !a.run.Stopped {
			a.run.Total = a.run.Checked
		}
		a.run.Pass++
	}
	return moved, more
}

// save stores the current state of the run and extends its lease.
func (a *attempt) save(ctx context.Context) error {
	a.mu.Lock()
	a.run.Fruitless, a.run.Lease = 0, a.Clock().Add(a.Lease)
	run := a.run
	a.mu.Unlock()
	return a.Store.Save(ctx, run)
}
