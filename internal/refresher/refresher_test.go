package refresher_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
	"trueup/internal/refresher"
)

const (
	lease      = 30 * time.Second
	askTimeout = time.Minute
	reserve    = 20 * time.Second
	pause      = 10 * time.Second
)

// behavior is the reaction of a source to one question.
type behavior string

const (
	good      behavior = "good"
	hangs     behavior = "hangs"
	faulty    behavior = "fault"
	plain     behavior = "an error of its own"
	quota     behavior = "quota"
	denied    behavior = "denied"
	truncated behavior = "truncated"
	foreign   behavior = "foreign answers"
	longer    behavior = "ten times longer list"
	empty     behavior = "empty list"
	negative  behavior = "negative quantity"
	halfState behavior = "unknown state"
	swollen   behavior = "too many entitlements"
	wordy     behavior = "too much text"
	some      behavior = "every third pair fails"
)

var misbehaviors = []behavior{hangs, faulty, plain, quota, denied, truncated, foreign, longer, empty, negative, halfState, swollen, wordy, some}

// service is a fake source with correct answers and scripted failures.
type service struct {
	mu     sync.Mutex
	truth  map[agreement.PairKey]entitlement.Answer
	ever   map[agreement.PairKey]map[string]bool // every correct answer so far, as text
	asks   int
	asked  map[agreement.PairKey]int
	behave func(ask int) behavior
	delay  time.Duration
}

func newService() *service {
	return &service{
		truth: map[agreement.PairKey]entitlement.Answer{}, ever: map[agreement.PairKey]map[string]bool{}, asked: map[agreement.PairKey]int{},
		behave: func(int) behavior { return good }, delay: time.Second,
	}
}

// say sets the answer for a pair to one entitlement for each quantity; without quantities the
// pair is invalid.
func (s *service) say(n int, quantities ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := pair(n).Key()
	answer := entitlement.Answer{Pair: key, State: entitlement.StateInvalid, Reason: "source_unknown_pair"}
	if len(quantities) > 0 {
		answer = entitlement.Answer{Pair: key, State: entitlement.StateValid}
	}
	for i, q := range quantities {
		answer.Entitlements = append(answer.Entitlements, entitlement.Entitlement{Publisher: "Microsoft", Family: fmt.Sprint("Product ", i), Version: "2021", Effective: q})
	}
	s.truth[key] = answer
	if s.ever[key] == nil {
		s.ever[key] = map[string]bool{"[]": true}
	}
	s.ever[key][fmt.Sprint(answer.Entitlements)] = true
}

func (s *service) Ask(ctx context.Context, pairs []agreement.Pair) ([]entitlement.Answer, error) {
	s.mu.Lock()
	s.asks++
	does := s.behave(s.asks)
	answers := make([]entitlement.Answer, len(pairs))
	for i, p := range pairs {
		s.asked[p.Key()]++
		answers[i] = s.truth[p.Key()]
		answers[i].Pair = p.Key()
		if answers[i].State == "" {
			answers[i].State, answers[i].Reason = entitlement.StateInvalid, "source_unknown_pair"
		}
		// A different order must not count as a change.
		answers[i].Entitlements = slices.Clone(answers[i].Entitlements)
		if s.asks%2 == 0 {
			slices.Reverse(answers[i].Entitlements)
		}
	}
	s.mu.Unlock()
	select {
	case <-time.After(s.delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch does {
	case good:
	case hangs:
		<-ctx.Done()
		return nil, ctx.Err()
	case faulty:
		return nil, &entitlement.Fault{Reason: entitlement.ReasonUnreachable, Err: errors.New("reset")}
	case plain:
		return nil, errors.New("oops")
	case quota:
		return nil, &entitlement.Fault{Reason: entitlement.ReasonQuota, Err: errors.New("retry after 3600")}
	case denied:
		return nil, &entitlement.Fault{Reason: entitlement.ReasonDenied, Err: errors.New("401")}
	case truncated:
		return answers[:len(answers)-1], nil
	case foreign:
		for i := range answers {
			answers[i].Pair = "9" + answers[i].Pair
		}
	case longer:
		return slices.Repeat(answers, 10), nil
	case empty:
		return nil, nil
	case negative:
		answers[0] = entitlement.Answer{Pair: answers[0].Pair, State: entitlement.StateValid, Entitlements: []entitlement.Entitlement{{Effective: -1}}}
	case halfState:
		answers[0].State = "maybe"
	case swollen:
		answers[0] = entitlement.Answer{Pair: answers[0].Pair, State: entitlement.StateValid, Entitlements: make([]entitlement.Entitlement, refresher.MaxLines+1)}
	case wordy:
		long := entitlement.Entitlement{Family: strings.Repeat("ü", entitlement.TextMaxChars)}
		answers[0] = entitlement.Answer{Pair: answers[0].Pair, State: entitlement.StateValid, Entitlements: slices.Repeat([]entitlement.Entitlement{long}, refresher.MaxTexts/510+1)}
	case some:
		for i := range answers {
			if i%3 == 0 {
				answers[i] = entitlement.Answer{Pair: answers[i].Pair, State: entitlement.StateError, Reason: entitlement.ReasonFailed}
			}
		}
	}
	return answers, nil
}

// stand connects the refresher with a fake store and a fake source. Use it in a synctest bubble.
type stand struct {
	moves bool // Worker.Moves
	*world
	ctx    context.Context
	source *service
	n      int
	allow  time.Duration // time limit of an invocation
	fails  func(format string, args ...any)
}

func newStand(t *testing.T) *stand {
	return &stand{ctx: t.Context(), world: newWorld(), source: newService(), allow: 15 * time.Minute, fails: func(format string, args ...any) { t.Helper(); t.Errorf(format, args...) }}
}

// process returns a worker that fails as p specifies.
func (s *stand) process(p *process) *refresher.Worker {
	p.world, p.life = s.world, make(chan struct{}, 1)
	if p.kill == nil {
		p.kill = func() {}
	}
	return &refresher.Worker{
		Requests: &refresher.Requests{Queue: p, Clock: time.Now, Log: slog.New(slog.DiscardHandler)},
		Store:    p, Source: func(context.Context, refresher.Run) (entitlement.Source, error) { return s.source, nil }, Zone: time.UTC,
		Publish: func(context.Context, refresher.Run) error { return nil }, Progress: func(context.Context, bool) {},
		Lease: lease, AskTimeout: askTimeout, Reserve: reserve, Pause: pause, Moves: s.moves,
	}
}

// request requests a run and returns the open run.
func (s *stand) request(trigger refresher.Trigger, group string) refresher.Run {
	s.n++
	kind := refresher.KindFull
	if trigger == refresher.TriggerImport || trigger == refresher.TriggerDeletion {
		kind = refresher.KindPending
	}
	run, err := s.process(&process{}).Request(context.Background(), refresher.Order{ID: fmt.Sprintf("run %03d", s.n), Kind: kind, Trigger: trigger, GroupID: group, By: "ann"})
	if err != nil {
		s.fails("request: %v", err)
	}
	return run
}

// handle runs one invocation in a process.
func (s *stand) handle(p *process, id string) (string, error) {
	r := s.process(p)
	ctx, cancel := context.WithTimeout(context.Background(), s.allow)
	defer cancel()
	p.kill = cancel
	next, err := r.Handle(ctx, id)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && p.sleep == 0 {
		s.fails("an invocation of %s took all of its time", id)
	}
	return next, err
}

// complete runs invocations until no run waits, and returns the record of the run.
func (s *stand) complete(id string) refresher.Run {
	for next, tries := id, 0; next != ""; tries++ {
		waits, err := s.handle(&process{}, next)
		switch {
		case errors.Is(err, refresher.ErrBusy):
			time.Sleep(lease)
		case err != nil:
			s.fails("handle %s: %v", next, err)
			return refresher.Run{}
		default:
			next = waits
		}
		if tries > 200 {
			s.fails("%s does not come to an end: %+v", id, s.runs[id])
			return refresher.Run{}
		}
	}
	s.settled()
	return s.runs[id]
}

// run requests a run and completes it.
func (s *stand) run() refresher.Run { return s.complete(s.request(refresher.TriggerNow, "").ID) }

// settled checks the invariants that hold when no run is open.
func (s *stand) settled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, complaint := range s.failures {
		s.fails("%s", complaint)
	}
	s.failures = nil
	for key, p := range s.pairs {
		if list := slices.Clone(p.entitlements); !s.source.ever[key][lines(list)] {
			s.fails("R7.2 %s has entitlements that never were true: %v", key, list)
		}
	}
	for id, v := range s.validation {
		if worst := s.worst(id); v != worst {
			s.fails("%s is summarized as %s, and its worst pair is %s", id, v, worst)
		}
	}
}

// lines returns a list in the form of service.ever.
func lines(list []entitlement.Entitlement) string {
	slices.SortFunc(list, func(a, b entitlement.Entitlement) int { return cmp.Compare(a.Family, b.Family) })
	return fmt.Sprint(list)
}

// checkAnswersAreCurrent checks that every pair has the current answer of the source.
func (s *stand) checkAnswersAreCurrent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, p := range s.pairs {
		truth, known := s.source.truth[key]
		state := agreement.Validation(truth.State)
		if !known {
			state = agreement.ValidationInvalid
		}
		if p.State != state || lines(slices.Clone(p.entitlements)) != fmt.Sprint(truth.Entitlements) || p.Aside != "" {
			s.fails("%s is %s with %v (aside %q); the source says %s %v", key, p.State, p.entitlements, p.Aside, state, truth.Entitlements)
		}
	}
}

// numbers returns the state and counts of a run as text.
func numbers(r refresher.Run) string {
	text := string(r.State)
	for _, word := range []string{r.Reason, string(r.Hold)} {
		if word != "" {
			text += " " + word
		}
	}
	return fmt.Sprintf("%s: %d of %d checked = %d valid + %d invalid + %d failed, %d changed", text, r.Checked, r.Total, r.Valid, r.Invalid, r.Failed, r.Changed)
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// populated returns a stand with pairs of ten licences each. Three pairs make an agreement, and
// the agreements alternate between two groups.
func populated(t *testing.T, pairs int) *stand {
	s := newStand(t)
	for n := range pairs {
		s.source.say(n, 4, 6)
		s.add(n, fmt.Sprintf("agreement %05d", n/3), fmt.Sprint("group ", n/3%2))
	}
	return s
}

func TestR7_1_Run(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 1000)
		s.source.say(7)
		run := s.run()
		equal(t, "first", numbers(run), "succeeded: 1000 of 1000 checked = 999 valid + 1 invalid + 0 failed, 999 changed")
		s.checkAnswersAreCurrent()
		equal(t, "R7.2 worst of its pairs", s.validation["agreement 00002"], agreement.ValidationInvalid)
		if s.source.asks > 10+3 { // pages have uneven lengths
			t.Errorf("%d questions for 1000 pairs", s.source.asks)
		}
		// Four concurrent batches, of one second each.
		if took := run.EndedAt.Sub(run.StartedAt); took > 4*time.Second {
			t.Errorf("took %v", took)
		}
		s.source.say(8, 4, 7)
		equal(t, "again", numbers(s.run()), "succeeded: 1000 of 1000 checked = 999 valid + 1 invalid + 0 failed, 1 changed")
		s.checkAnswersAreCurrent()
		group := s.complete(s.request(refresher.TriggerNow, "group 1").ID)
		equal(t, "one group", numbers(group), "succeeded: 499 of 499 checked = 499 valid + 0 invalid + 0 failed, 0 changed")
		equal(t, "events", len(s.events), 3)
		equal(t, "event", s.events[2].Action+" "+s.events[2].Subject+" "+s.events[2].After["checked"]+" "+string(s.events[2].Source), "refresh.succeeded refresh/run 003 499 refresh")
	})
}

func TestR7_1_NoPairs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		equal(t, "run", numbers(newStand(t).run()), "succeeded: 0 of 0 checked = 0 valid + 0 invalid + 0 failed, 0 changed")
	})
}

func TestR7_3_Freshness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 10)
		stale := func() bool {
			f, err := s.process(&process{}).Store.Freshness(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return f.Stale()
		}
		equal(t, "stale before", stale(), true)
		s.complete(s.request(refresher.TriggerNow, "group 0").ID)
		equal(t, "stale after a group", stale(), true)
		began := time.Now()
		s.run()
		equal(t, "stale after a run", stale(), false)
		equal(t, "time of the data", s.fresh.At, began)
		equal(t, "R8.6 old", [2]bool{s.fresh.Old(began.Add(24 * time.Hour)), s.fresh.Old(began.Add(24*time.Hour + 1))}, [2]bool{false, true})
		s.remove(3)
		equal(t, "R2.10 stale after a deletion", stale(), true)
		s.source.behave = func(int) behavior { return faulty }
		s.run()
		equal(t, "stale after a failure", stale(), true)
		s.source.behave = func(int) behavior { return good }

		// The run may have missed a change that was made while it was open.
		id := s.request(refresher.TriggerNow, "").ID
		p := &process{during: func(call string) {
			if call == "Answer" {
				s.add(50, "late", "group 0")
			}
		}}
		if _, err := s.handle(p, id); err != nil {
			t.Fatal(err)
		}
		equal(t, "stale after a change meanwhile", stale(), true)
	})
}

func TestR7_2_BadSources(t *testing.T) {
	t.Parallel()
	want := map[behavior]string{
		hangs: "failed source_timeout", faulty: "failed source_unreachable", plain: "failed source_failed", quota: "failed source_quota", denied: "failed source_denied",
		truncated: "failed source_damaged", foreign: "failed source_damaged", longer: "failed source_damaged", empty: "failed source_damaged",
		negative: "failed source_damaged", halfState: "failed source_damaged", swollen: "partial refresh_pairs_failed", wordy: "partial refresh_pairs_failed", // for some pairs only
		some: "partial refresh_pairs_failed",
	}
	for _, b := range misbehaviors {
		t.Run(string(b), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := populated(t, 1500)
				s.run()
				s.source.say(0, 1)
				asks, began := s.source.asks, time.Now()
				s.source.behave = func(int) behavior { return b }
				run := s.run()
				equal(t, "run", string(run.State)+" "+run.Reason, want[b])
				equal(t, "entitlements changed", run.Changed, 0)
				for key, p := range s.pairs {
					if p.Effective != 10 && key != pair(0).Key() {
						t.Errorf("%s has %d licenses", key, p.Effective)
					}
				}
				answering := run.State == refresher.StatePartial
				if asked := s.source.asks - asks; !answering && asked > 6 {
					t.Errorf("a source that is down was asked %d times", asked)
				}
				if took := time.Since(began); !answering && took > 2*askTimeout {
					t.Errorf("it took %v to notice that the source is down", took)
				}
				s.source.behave = func(int) behavior { return good }
				equal(t, "afterwards", s.run().State, refresher.StateSucceeded)
				s.checkAnswersAreCurrent()
			})
		})
	}
}

func TestR7_2_FailedBatchesAreRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 1000)
		s.source.behave = func(ask int) behavior {
			return cmp.Or(map[int]behavior{2: hangs, 5: truncated, 14: faulty}[ask], good) // 14 is one of the retries
		}
		equal(t, "run", numbers(s.run()), "succeeded: 1000 of 1000 checked = 1000 valid + 0 invalid + 0 failed, 1000 changed")
		s.checkAnswersAreCurrent()

		// The source becomes unavailable halfway: its answers count, other pairs keep their
		// entitlements.
		s.source.asks = 0
		s.source.behave = func(ask int) behavior {
			if ask > 4 {
				return faulty
			}
			return good
		}
		run := s.run()
		if run.State != refresher.StatePartial || run.Reason != entitlement.ReasonUnreachable || !run.Stopped || run.Valid == 0 || run.Failed == 0 || run.Checked >= run.Total {
			t.Errorf("run: %s", numbers(run))
		}
	})
}

func TestR7_2_StatementsWithoutPair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 1000)
		silent := map[agreement.PairKey]bool{}
		for n := range 900 {
			silent[pair(n).Key()] = true
		}
		r := s.process(&process{})
		r.Source = func(context.Context, refresher.Run) (entitlement.Source, error) {
			return statements{service: s.source, silent: silent}, nil
		}
		id := s.request(refresher.TriggerNow, "").ID
		if _, err := r.Handle(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		equal(t, "run", numbers(s.runs[id]), "partial refresh_pairs_failed: 1000 of 1000 checked = 100 valid + 0 invalid + 900 failed, 100 changed")
		for key, n := range s.source.asked {
			if n != 1 {
				t.Errorf("%s was asked about %d times", key, n)
			}
		}
	})
}

// Without any statement the source still answers: refreshes do not fail, and are not repeated.
func TestR7_2_NoStatementYet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 250)
		silent := map[agreement.PairKey]bool{}
		for n := range 250 {
			silent[pair(n).Key()] = true
		}
		published := 0
		r := s.process(&process{})
		r.Source = func(context.Context, refresher.Run) (entitlement.Source, error) {
			return statements{service: s.source, silent: silent}, nil
		}
		r.Publish = func(context.Context, refresher.Run) error { published++; return nil }
		id := s.request(refresher.TriggerNow, "").ID
		if _, err := r.Handle(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		equal(t, "run", numbers(s.runs[id]), "partial refresh_pairs_failed: 250 of 250 checked = 0 valid + 0 invalid + 250 failed, 0 changed")
		equal(t, "R7.5 published", published, 1)
		time.Sleep(refresher.RetryAfter)
		equal(t, "due", s.due(t), "")
	})
}

// A statement that was removed, or replaced by one without the pair, no longer counts. A large
// drop must be confirmed.
func TestR7_4_StatementsWithdrawn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := populated(t, 10)
		s.run()
		silent := map[agreement.PairKey]bool{pair(4).Key(): true}
		run := func(want string) {
			t.Helper()
			r := s.process(&process{})
			r.Source = func(context.Context, refresher.Run) (entitlement.Source, error) {
				return statements{service: s.source, silent: silent}, nil
			}
			id := s.request(refresher.TriggerNow, "").ID
			if _, err := r.Handle(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			equal(t, "run", numbers(s.runs[id]), want)
		}
		run("succeeded: 10 of 10 checked = 9 valid + 1 invalid + 0 failed, 1 changed")
		equal(t, "withdrawn", fmt.Sprint(s.pairs[pair(4).Key()].Effective, s.pairs[pair(4).Key()].State, s.pairs[pair(4).Key()].Reason), "0invalidstatement_withdrawn")
		for n := range 5 {
			silent[pair(n).Key()] = true
		}
		run("partial refresh_held held: 10 of 10 checked = 5 valid + 4 invalid + 1 failed, 0 changed")
		equal(t, "held", s.pairs[pair(0).Key()].Effective, int64(10))
	})
}

// statements is a source without an answer for some pairs.
type statements struct {
	*service
	silent map[agreement.PairKey]bool
	reason string // for pairs without an answer; empty for ReasonNoStatement
}

func (s statements) Ask(ctx context.Context, pairs []agreement.Pair) ([]entitlement.Answer, error) {
	answers, err := s.service.Ask(ctx, pairs)
	for i := range answers {
		if s.silent[answers[i].Pair] {
			answers[i] = entitlement.Answer{Pair: answers[i].Pair, State: entitlement.StateError, Reason: cmp.Or(s.reason, entitlement.ReasonNoStatement)}
		}
	}
	return answers, err
}
