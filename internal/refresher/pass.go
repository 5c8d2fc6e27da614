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

// concurrency is how many batches are asked about at a time.
const concurrency = 4

// giveUpAfter is how many batches in a row may fail before the source counts as down.
const giveUpAfter = 3

// attempt is one try at a run.
type attempt struct {
	*Refresher
	claimed Run // names the attempt; never changes
	source  entitlement.Source
	saving  *semaphore.Weighted // of one: what is saved later is never older

	mu     sync.Mutex // guards what follows while batches are under way
	run    Run        // as it is to be saved
	begun  []*batch   // in the order of the pairs, from the position on
	inARow int        // batches that failed since one did not
	down   bool       // the source counts as down
}

// batch is a stretch of the pairs.
type batch struct {
	ask        []Known         // at most BatchSize
	next       string          // cursor after it; empty at the end of the pass
	counts     Counts          // what it adds
	agreements map[string]bool // whose summary may be another now
	done       bool
}

// stretch returns a page as a batch, as far as its pairs have to do with this pass.
func stretch(run Run, page PairPage) *batch {
	b := &batch{next: page.Next, agreements: map[string]bool{}}
	for _, k := range page.Items {
		switch {
		case k.Mark.Run == run.ID && k.Mark.Pass == run.Pass: // an attempt before this one did not come to count it
			b.count(k.Mark)
			b.agreements[k.AgreementID] = true
		case asksAbout(run, k):
			b.ask = append(b.ask, k)
		}
	}
	return b
}

// join adds the stretch that comes after the batch. A pair of both was removed
// after the first was read, and added to another agreement.
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
	if m.Pass > 0 { // it has failed in the passes before
		b.counts.add(Counts{Checked: -1, Failed: -1})
	}
}

// asksAbout reports whether a pair that has no answer of this pass gets one. In
// the first pass all do. In the others those that failed and may not fail again;
// what is new is left to another run.
func asksAbout(run Run, k Known) bool {
	return run.Pass == 0 ||
		k.Mark.Run == run.ID && k.Mark.Failed > 0 && !entitlement.OfPair(k.Reason)
}

// pass goes through the pairs once, from the position on.
func (a *attempt) pass(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	err := a.feed(gctx, g)
	if fault := g.Wait(); fault != nil {
		return fault // which ended gctx, and with it feed
	}
	return err
}

// feed begins batches until there are no more pairs or time is short. Every
// batch that it began comes to its end, whatever becomes of later ones. When
// the source is down it goes on without asking, because what an attempt before
// this one stored must still be counted.
func (a *attempt) feed(ctx context.Context, g *errgroup.Group) error {
	at := a.run // no batch is under way
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
		page, err := a.Store.Pairs(ctx, at.GroupID, BatchSize, cursor)
		if err != nil {
			return err
		}
		more := stretch(at, page)
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

// begin notes a batch. It asks nothing when the source is down.
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
			return context.Cause(ctx) // which is why they failed
		}
		a.judge(failure)
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

// judge counts batches that failed in a row. failure is the reason, empty when
// the source answered.
func (a *attempt) judge(failure string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if failure != "" && (a.run.Reason == "" || !entitlement.OfPair(failure)) {
		a.run.Reason = failure
	}
	switch {
	case failure == "", entitlement.OfPair(failure): // it is there
		a.inARow = 0
	case failure == entitlement.ReasonDenied, failure == entitlement.ReasonQuota: // asking more makes it worse
		a.down = true
	default:
		a.inARow++
		a.down = a.down || a.inARow >= giveUpAfter
	}
}

// done saves the position after the batches that are done, if it is another now.
func (a *attempt) done(ctx context.Context, b *batch) error {
	if err := a.saving.Acquire(ctx, 1); err != nil {
		return context.Cause(ctx)
	}
	defer a.saving.Release(1)
	if !a.advance(b) {
		return nil
	}
	if err := a.save(ctx); err != nil {
		return err
	}
	a.progressed(ctx, false)
	return nil
}

// advance moves the position after the batches that are done; false when it
// stays where it was.
func (a *attempt) advance(b *batch) (moved bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b.done = true
	for len(a.begun) > 0 && a.begun[0].done {
		first := a.begun[0]
		a.begun, moved = a.begun[1:], true
		a.run.Counts.add(first.counts)
		a.run.Cursor = first.next
		if first.next != "" {
			continue
		}
		if a.run.Pass == 0 && !a.run.Stopped {
			a.run.Total = a.run.Checked
		}
		a.run.Pass++
	}
	return moved
}

// save stores the run as it is.
func (a *attempt) save(ctx context.Context) error {
	a.mu.Lock()
	a.run.Fruitless, a.run.Lease = 0, a.Clock().Add(a.Lease)
	run := a.run
	a.mu.Unlock()
	return a.Store.Save(ctx, run)
}
