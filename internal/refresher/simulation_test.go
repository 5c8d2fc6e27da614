package refresher_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trueup/internal/audit"
	"trueup/internal/refresher"
)

// TestRandomSchedules runs processes that crash, sleep and run out of time, a source with every
// failure, and people who add and remove pairs and request and confirm runs, all concurrently.
// Then all failures stop: every pair must have the answer of the source.
func TestRandomSchedules(t *testing.T) {
	const schedules = 150 // fixed seeds: enough that every final state occurs
	t.Parallel()
	happened := map[string]int{}
	seeds := []uint64{
		0x2d4c775cdc,       // a pair is removed and added again during its question
		0x6575f5dc8066107f, // a pair moves to an agreement that is later in the same batch
	}
	for seed := range uint64(schedules) {
		seeds = append(seeds, seed)
	}
	for range 20 { // plus random seeds, which need not reach every state
		seeds = append(seeds, rand.Uint64())
	}
	for _, seed := range seeds {
		var mu sync.Mutex
		var failures []string
		synctest.Test(t, func(t *testing.T) {
			s := newStand(t)
			s.fails = func(format string, args ...any) {
				mu.Lock()
				defer mu.Unlock()
				failures = append(failures, fmt.Sprintf(format, args...))
			}
			simulate(s, rand.New(rand.NewPCG(seed, 1)))
			for _, r := range s.runs {
				happened[string(r.State)]++
				happened[string(r.Hold)]++
				happened["attempts"] = max(happened["attempts"], r.Attempt)
			}
		})
		for _, f := range failures {
			t.Errorf("seed %#x: %s", seed, f)
		}
	}
	for _, what := range []string{"succeeded", "partial", "failed", "confirmed", "discarded"} {
		if happened[what] == 0 && !t.Failed() {
			t.Errorf("no run was ever %s", what)
		}
	}
	if happened["attempts"] < 3 {
		t.Error("no run took three attempts")
	}
}

func simulate(s *stand, rng *rand.Rand) {
	most := 20 + rng.IntN(600)
	edit := func() {
		n := rng.IntN(most)
		switch rng.IntN(4) {
		case 0:
			s.remove(n)
		case 1:
			s.source.say(n)
		default:
			s.source.say(n, rng.IntN(20), rng.IntN(20))
			s.add(n, fmt.Sprint("agreement ", rng.IntN(most/3)), fmt.Sprint("group ", rng.IntN(2)))
		}
	}
	for range most * 2 {
		edit()
	}
	bad := rng.Float64() * 0.7
	s.source.delay = time.Duration(rng.IntN(20_000)) * time.Millisecond
	s.allow = askTimeout + reserve + pause + time.Duration(1+rng.IntN(200))*time.Second
	source := rand.New(rand.NewPCG(rng.Uint64(), 2))
	s.source.behave = func(int) behavior { // the caller holds the source's lock
		if source.Float64() < bad {
			return misbehaviors[source.IntN(len(misbehaviors))]
		}
		return good
	}
	triggers := []refresher.Trigger{refresher.TriggerNow, refresher.TriggerImport, refresher.TriggerDeletion}
	var workers sync.WaitGroup
	for range 3 + rng.IntN(20) {
		trigger, group := triggers[rng.IntN(3)], ""
		if trigger == refresher.TriggerNow && rng.IntN(2) == 0 {
			group = fmt.Sprint("group ", rng.IntN(2))
		}
		p := &process{}
		if rng.IntN(3) == 0 {
			p.dieAt, p.after = 1+rng.IntN(40), rng.IntN(2) == 0
			if rng.IntN(3) == 0 {
				p.sleep = time.Duration(rng.IntN(120)) * time.Second
			}
		}
		edits := rng.IntN(20)
		rest := time.Duration(rng.IntN(60_000)) * time.Millisecond
		id := s.request(trigger, group).ID
		s.confirmAny()
		workers.Go(func() {
			if next, err := s.handle(p, id); err == nil && next != "" {
				_, _ = s.handle(&process{}, next) // a later invocation finds what is left
			}
		})
		for range edits {
			time.Sleep(rest / 20)
			edit()
		}
		time.Sleep(rest)
		s.whole()
	}
	workers.Wait()

	s.source.mu.Lock()
	s.source.behave, s.source.delay = func(int) behavior { return good }, time.Second
	s.source.mu.Unlock()
	s.allow = 15 * time.Minute
	time.Sleep(lease)
	if id, err := s.process(&process{}).Waiting(context.Background()); err != nil {
		s.fails("waiting: %v", err)
	} else if id != "" {
		s.complete(id)
	}
	run := s.run()
	if run.State == refresher.StatePartial && run.Hold == refresher.HoldOn {
		run = s.confirm(run.ID)
	}
	if run.State != refresher.StateSucceeded {
		s.fails("at the end: %s", numbers(run))
	}
	s.checkAnswersAreCurrent()
	for id, r := range s.runs {
		if !r.Final() {
			s.fails("%s is left open: %+v", id, r)
		}
		if r.Hold == refresher.HoldOn {
			s.fails("%s is still held", id)
		}
	}
}

// whole checks that no reader sees part of an answer, also while runs are open.
func (s *stand) whole() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, p := range s.pairs {
		if !s.source.ever[key][lines(p.entitlements)] {
			s.fails("half of an answer: %s has %v", key, p.entitlements)
		}
	}
}

// confirmAny confirms all held runs.
func (s *stand) confirmAny() {
	r := s.process(&process{})
	held, err := r.Store.Held(context.Background())
	if err != nil {
		s.fails("held: %v", err)
	}
	for _, h := range held {
		if _, err := r.Confirm(context.Background(), h.ID, audit.Event{}); err != nil && !errors.Is(err, refresher.ErrBusy) {
			continue // another process may have confirmed it
		}
	}
}
