package refresher_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/entitlement"
	"trueup/internal/errs"
	"trueup/internal/once"
	"trueup/internal/refresher"
)

// world is a fake store that also checks its callers. It records a complaint for every violation
// of the contract of refresher.Store or of this package.
type world struct {
	mu         sync.Mutex
	pairs      map[agreement.PairKey]*stored
	validation map[string]agreement.Validation // by agreement id
	group      map[string]string               // by agreement id
	runs       map[string]refresher.Run
	changes    int64
	fresh      refresher.Freshness
	events     []audit.Event
	replies    map[string][]byte // by Idempotency-Key
	failures   []string
	sorted     []*stored // all pairs, in the order of Pairs; nil if it must be rebuilt
	calls      int
	forgotten  string // points before this one are forgotten
	lives      int    // number of pairs ever added, for tags
	tokens     int64  // last token of an attempt
}

// stored is a pair in the fake store.
type stored struct {
	refresher.Known
	at           time.Time
	entitlements []entitlement.Entitlement
	aside        *refresher.Checked
	place        string // sort key of Pairs
	added        int64  // number of the change that added it
}

func newWorld() *world {
	return &world{
		pairs: map[agreement.PairKey]*stored{}, validation: map[string]agreement.Validation{}, group: map[string]string{},
		runs: map[string]refresher.Run{}, replies: map[string][]byte{},
	}
}

func pair(n int) agreement.Pair {
	return agreement.Pair{Authorization: fmt.Sprintf("%05d", n), License: fmt.Sprintf("%05d", n)}
}

// add adds a pair to an agreement in a group.
func (w *world) add(n int, agreementID, group string) { w.addPair(pair(n), agreementID, group) }

func (w *world) addPair(p agreement.Pair, agreementID, group string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pairs[p.Key()] != nil {
		return
	}
	w.lives++
	w.pairs[p.Key()] = &stored{
		Known: refresher.Known{Pair: p, Tag: fmt.Sprint("life ", w.lives), AgreementID: agreementID, State: agreement.ValidationPending}, place: agreementID + "|" + string(p.Key()), added: w.changes + 1,
	}
	w.sorted = nil
	if _, ok := w.group[agreementID]; !ok {
		w.group[agreementID] = group
	}
	w.validation[agreementID] = w.worst(agreementID)
	w.changes++
}

func (w *world) remove(n int) { w.removePair(pair(n).Key()) }

func (w *world) removePair(key agreement.PairKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.pairs[key]; p != nil {
		delete(w.pairs, key)
		w.sorted = nil
		w.validation[p.AgreementID] = w.worst(p.AgreementID)
		w.changes++
	}
}

func (w *world) worst(id string) agreement.Validation {
	order := []agreement.Validation{agreement.ValidationValid, agreement.ValidationPending, agreement.ValidationError, agreement.ValidationInvalid}
	worst := 0
	if w.sorted == nil { // pairs are being added; do not sort for each
		for _, s := range w.pairs {
			if s.AgreementID == id {
				worst = max(worst, slices.Index(order, s.State))
			}
		}
		return order[worst]
	}
	first, _ := slices.BinarySearchFunc(w.sorted, id+"|", func(s *stored, place string) int { return strings.Compare(s.place, place) })
	for _, s := range w.sorted[first:] {
		if s.AgreementID != id {
			break
		}
		worst = max(worst, slices.Index(order, s.State))
	}
	return order[worst]
}

func (w *world) complain(format string, args ...any) {
	w.failures = append(w.failures, fmt.Sprintf(format, args...))
}

func isOpen(r refresher.Run) bool { return r.ID != "" && !r.Final() }

func (w *world) open() refresher.Run {
	for _, r := range w.runs {
		if isOpen(r) {
			return r
		}
	}
	return refresher.Run{}
}

// owns returns ErrLost if the attempt no longer owns its run.
func (w *world) owns(attempt refresher.Run) error {
	r := w.runs[attempt.ID]
	if r.State != refresher.StateRunning || r.Attempt != attempt.Attempt {
		return refresher.ErrLost
	}
	if attempt.Token != r.Token {
		w.complain("attempt %d of %s has token %d, and was given %d", attempt.Attempt, r.ID, attempt.Token, r.Token)
	}
	return nil
}

func (w *world) put(r refresher.Run) refresher.Run {
	if r.Checked != r.Valid+r.Invalid+r.Failed || r.Checked < 0 || r.Aside < 0 || r.OfPair < 0 || r.Failed < r.OfPair {
		w.complain("R7.1 counts of %s do not add up: %+v", r.ID, r.Counts)
	}
	if r.Checked > r.Total {
		w.complain("R7.1 %s has checked %d pairs of %d", r.ID, r.Checked, r.Total)
	}
	if r.Kind != refresher.KindFull && r.Kind != refresher.KindPending || r.Kind == refresher.KindPending && r.GroupID != "" {
		w.complain("%s is %q, of group %q", r.ID, r.Kind, r.GroupID)
	}
	r.Version = w.runs[r.ID].Version + 1
	w.runs[r.ID] = r
	n := 0
	for _, r := range w.runs {
		if isOpen(r) {
			n++
		}
	}
	if n > 1 {
		w.complain("%d runs are open", n)
	}
	return r
}

var errCrash = errors.New("the process died")

// process is the fake store as one process sees it. It can crash or sleep at a call.
type process struct {
	*world
	dieAt int  // number of the call at which it crashes; 0 for never
	after bool // the store executes that call first
	sleep time.Duration
	kill  context.CancelFunc

	life   chan struct{} // held while the process sleeps; a channel, because synctest's clock does not advance during a wait for a mutex
	made   int
	gone   bool
	dying  bool              // set during the call at which it crashes
	during func(call string) // called before each call, for concurrent changes
}

var _ refresher.Store = (*process)(nil)

// call makes one store call, unless the process has crashed.
func (p *process) call(ctx context.Context, name string, do func() error) error {
	p.life <- struct{}{}
	p.made++
	n := p.made
	if n == p.dieAt && p.sleep > 0 {
		time.Sleep(p.sleep) // other calls of the process wait for life
	}
	gone := p.gone
	dying := n == p.dieAt && p.sleep == 0
	if dying {
		p.gone = true
		defer p.kill()
	}
	<-p.life
	if gone || dying && !p.after {
		return errCrash
	}
	if err := ctx.Err(); err != nil && !dying && n%2 == 0 { // a cancelled call may or may not be executed
		return err
	}
	if p.during != nil {
		p.during(name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	p.dying = dying
	err := do()
	p.dying = false
	if dying {
		return errCrash
	}
	return err
}

func (p *process) Run(ctx context.Context, id string) (r refresher.Run, err error) {
	err = p.call(ctx, "Run", func() error {
		var ok bool
		if r, ok = p.runs[id]; !ok {
			return errs.New(errs.NotFound, "refresh_not_found")
		}
		return nil
	})
	return r, err
}

func (p *process) Runs(ctx context.Context, limit int, _ string) (page refresher.Page, err error) {
	err = p.call(ctx, "Runs", func() error {
		page.Items = slices.SortedFunc(maps.Values(p.runs), func(a, b refresher.Run) int { return cmp.Compare(b.ID, a.ID) })
		page.Items = page.Items[:min(limit, len(page.Items))]
		return nil
	})
	return page, err
}

func (p *process) Latest(ctx context.Context) (last, settled refresher.Run, err error) {
	err = p.call(ctx, "Latest", func() error {
		last, settled = refresher.Latest(slices.Collect(maps.Values(p.runs)))
		return nil
	})
	return last, settled, err
}

func (p *process) Freshness(ctx context.Context) (f refresher.Freshness, err error) {
	err = p.call(ctx, "Freshness", func() error { f = p.fresh; f.Changes = p.changes; return nil })
	return f, err
}

func (p *process) Requested(ctx context.Context, run refresher.Run) (got refresher.Run, err error) {
	err = p.call(ctx, "Requested", func() error {
		if got = p.runs[run.ID]; got.ID == "" {
			got = p.world.open()
		}
		if got.ID == "" {
			got = run
		} else if isOpen(got) {
			got.Next, _ = refresher.Following(got, run)
		}
		return nil
	})
	return got, err
}

func (p *process) Request(ctx context.Context, run refresher.Run, c once.Change) (got refresher.Run, first []byte, err error) {
	err = p.call(ctx, "Request", func() error {
		if run.State != refresher.StateQueued || run.ID == "" || run.RequestedAt.IsZero() {
			p.complain("requested: %+v", run)
		}
		if got = p.runs[run.ID]; got.ID == "" {
			got = p.world.open()
		}
		if shown, ok := c.Of.(refresher.Run); ok && shown.ID != cmp.Or(got.ID, run.ID) {
			return once.ErrOutdated
		}
		if c.Entry.Key != "" {
			if first = p.replies[c.Entry.Key]; first != nil {
				return nil
			}
			p.replies[c.Entry.Key] = c.Entry.Response
		}
		subject := run.Subject()
		if got.ID == "" {
			got = p.put(run)
		} else if isOpen(got) {
			next, changed := refresher.Following(got, run)
			if !changed {
				return nil
			}
			got.Next, subject = next, next.Subject()
			got = p.put(got)
		} else {
			return nil
		}
		if c.Event.ID != "" {
			c.Event.Subject = subject
			p.events = append(p.events, c.Event)
		}
		return nil
	})
	return got, first, err
}

func (p *process) Open(ctx context.Context) (r refresher.Run, err error) {
	err = p.call(ctx, "Open", func() error { r = p.world.open(); return nil })
	return r, err
}

func (p *process) Claim(ctx context.Context, read, claimed refresher.Run) (r refresher.Run, err error) {
	err = p.call(ctx, "Claim", func() error {
		now := p.runs[read.ID]
		if !isOpen(now) || now.Attempt != read.Attempt {
			return refresher.ErrBusy
		}
		if now.State == refresher.StateRunning && time.Now().Before(now.Lease) && now.Lease.Equal(read.Lease) {
			p.complain("%s is claimed though its lease runs until %v", read.ID, now.Lease)
		}
		if claimed.Date == "" {
			p.complain("%s is claimed without a day", read.ID)
		}
		claimed.Next = now.Next
		if claimed.Token < now.RequestedAt.UnixMilli() {
			p.complain("%s is claimed with the token %d, which is no moment (R16.2)", read.ID, claimed.Token)
		}
		p.tokens = max(p.tokens+1, claimed.Token)
		claimed.Token = p.tokens
		r = p.put(claimed)
		return nil
	})
	return r, err
}

func (p *process) Renew(ctx context.Context, attempt refresher.Run, until time.Time) error {
	return p.call(ctx, "Renew", func() error {
		if err := p.owns(attempt); err != nil {
			return err
		}
		r := p.runs[attempt.ID]
		r.Lease = until
		p.put(r)
		return nil
	})
}

func (p *process) Save(ctx context.Context, attempt refresher.Run) error {
	return p.call(ctx, "Save", func() error {
		if err := p.owns(attempt); err != nil {
			return err
		}
		was := p.runs[attempt.ID]
		if cmp.Or(cmp.Compare(attempt.Pass, was.Pass), cmp.Compare(attempt.Cursor, was.Cursor)) < 0 {
			p.complain("the position goes back from %v to %v", was.Position, attempt.Position)
		}
		attempt.Next = was.Next
		p.put(attempt)
		return nil
	})
}

func (p *process) Finish(ctx context.Context, attempt refresher.Run, events []audit.Event) (queued string, err error) {
	err = p.call(ctx, "Finish", func() error {
		if err := p.owns(attempt); err != nil {
			return err
		}
		next := p.runs[attempt.ID].Next
		attempt.Next = nil
		if !attempt.Final() || attempt.EndedAt.IsZero() || !attempt.Lease.IsZero() || (attempt.State == refresher.StateSucceeded) != (attempt.Reason == "") || len(events) != 1 {
			p.complain("ended as %+v", attempt)
		}
		p.put(attempt)
		p.events = append(p.events, events...)
		if attempt.Settled() {
			p.fresh.Seen = max(p.fresh.Seen, attempt.Seen)
			if !attempt.LeavesPairs() {
				p.fresh.Settled = later(p.fresh.Settled, attempt.Reached)
			}
		}
		if attempt.Refreshed() {
			p.fresh.Full = later(p.fresh.Full, attempt.Reached)
			if attempt.StartedAt.After(p.fresh.At) {
				p.fresh.At = attempt.StartedAt
			}
		}
		if next != nil {
			if _, ok := p.runs[next.ID]; !ok {
				queued = p.put(*next).ID
			}
		}
		return nil
	})
	return queued, err
}

func (p *process) Changes(ctx context.Context) (n int64, point string, err error) {
	err = p.call(ctx, "Changes", func() error { n = p.changes; return nil })
	return n, pointAt(n), err
}

// pointAt returns the point at which that many changes were made.
func pointAt(changes int64) string { return fmt.Sprintf("%09d", changes) }

// later returns the later of two points.
func later(a, b string) string { return max(a, b) }

func (w *world) all() []*stored {
	if w.sorted == nil {
		w.sorted = slices.SortedFunc(maps.Values(w.pairs), func(a, b *stored) int { return strings.Compare(a.place, b.place) })
	}
	return w.sorted
}

// list returns the pairs of a scope.
func (w *world) list(s refresher.Scope) ([]*stored, error) {
	if s.Since != "" && s.Since < w.forgotten {
		return nil, fmt.Errorf("%w: %s", refresher.ErrForgotten, s.Since)
	}
	if s == (refresher.Scope{}) {
		return w.all(), nil
	}
	return slices.DeleteFunc(slices.Clone(w.all()), func(p *stored) bool {
		return s.GroupID != "" && w.group[p.AgreementID] != s.GroupID || pointAt(p.added) <= s.Since
	}), nil
}

func (p *process) Count(ctx context.Context, s refresher.Scope) (n int, err error) {
	err = p.call(ctx, "Count", func() error {
		all, err := p.list(s)
		n = len(all)
		return err
	})
	return n, err
}

// Pairs returns pages of uneven length, some of them empty.
func (p *process) Pairs(ctx context.Context, s refresher.Scope, limit int, cursor string) (page refresher.PairPage, err error) {
	err = p.call(ctx, "Pairs", func() error {
		if limit != refresher.BatchSize {
			p.complain("a page of %d pairs", limit)
		}
		at, filler, _ := strings.Cut(cursor, "#")
		var places []string
		all, err := p.list(s)
		if err != nil {
			return err
		}
		for _, s := range all {
			if s.place <= at {
				continue
			}
			if len(page.Items) == limit {
				page.Next = places[limit-1]
				break
			}
			page.Items, places = append(page.Items, s.Known), append(places, s.place)
		}
		if len(page.Items) > 1 && filler == "" && p.calls%7 == 0 { // an empty page
			page = refresher.PairPage{Next: at + "#1"}
		} else if len(page.Items) > 2 && p.calls%5 == 0 {
			page.Items = page.Items[:len(page.Items)/2]
			page.Next = places[len(page.Items)-1]
		}
		return nil
	})
	return page, err
}

func (p *process) Answer(ctx context.Context, attempt refresher.Run, answers []refresher.Checked) (gone []agreement.PairKey, err error) {
	err = p.call(ctx, "Answer", func() error {
		if err := p.owns(attempt); err != nil {
			return err
		}
		if len(answers) == 0 || len(answers) > refresher.BatchSize {
			p.complain("%d answers at once", len(answers))
		}
		seen := map[agreement.PairKey]bool{}
		for i, c := range answers {
			if p.dying && i > len(answers)/2 {
				break // a batch need not be stored as a whole
			}
			s := p.pairs[c.Pair]
			if seen[c.Pair] {
				p.complain("two answers to %s", c.Pair)
			}
			seen[c.Pair] = true
			if c.Tag == "" {
				p.complain("the answer to %s does not say which life of the pair it is to", c.Pair)
			}
			if s == nil || s.AgreementID != c.AgreementID || s.Tag != c.Tag {
				gone = append(gone, c.Pair)
				continue
			}
			p.checkAnswer(attempt, s, c)
			s.Mark = c.Mark
			switch {
			case c.Aside:
				s.aside, s.Aside = &c, attempt.ID
			case c.State == entitlement.StateError:
				s.State, s.Reason, s.at = agreement.ValidationError, c.Reason, c.At
			default:
				s.apply(c)
			}
		}
		return nil
	})
	return gone, err
}

func (s *stored) apply(c refresher.Checked) {
	s.State, s.Reason, s.at, s.Mark = agreement.Validation(c.State), c.Reason, c.At, c.Mark
	s.entitlements, s.Effective, s.Fingerprint = c.Entitlements, c.Effective, c.Fingerprint
	s.aside, s.Aside = nil, ""
}

// checkAnswer checks one answer against the contract.
func (w *world) checkAnswer(attempt refresher.Run, s *stored, c refresher.Checked) {
	var total int64
	for _, e := range c.Entitlements {
		total += int64(e.Effective)
	}
	switch {
	case c.Mark.Run != attempt.ID, c.Mark.Checked != 1, c.At.IsZero(), total != c.Effective, c.Mark.Valid+c.Mark.Invalid+c.Mark.Failed != 1,
		c.State == entitlement.StateError && (c.Aside || c.Entitlements != nil || c.Reason == ""),
		c.State != entitlement.StateValid && len(c.Entitlements) > 0,
		c.State != entitlement.StateError && c.Aside != (total < s.Effective):
		w.complain("answer to a pair with %d licenses: %+v", s.Effective, c)
	}
	if m := s.Mark; m.Run == attempt.ID && (m.Pass >= c.Mark.Pass || m.Failed == 0) {
		w.complain("%s is asked about again: %+v after %+v", c.Pair, c.Mark, m)
	}
}

func (p *process) Summarize(ctx context.Context, attempt refresher.Run, ids []string) error {
	return p.call(ctx, "Summarize", func() error {
		if err := p.owns(attempt); err != nil {
			return err
		}
		for _, id := range ids {
			p.validation[id] = p.worst(id)
		}
		return nil
	})
}

func (p *process) Apply(ctx context.Context, attempt refresher.Run, pairs []refresher.Known) error {
	return p.call(ctx, "Apply", func() error {
		if err := p.owns(attempt); err != nil {
			return err
		}
		for _, k := range pairs {
			if s := p.pairs[k.Pair.Key()]; s != nil && s.AgreementID == k.AgreementID && s.Tag == k.Tag && s.Aside == attempt.ID {
				s.apply(*s.aside)
			}
		}
		return nil
	})
}

func (p *process) Held(ctx context.Context) (held []refresher.Run, err error) {
	err = p.call(ctx, "Held", func() error {
		for _, id := range slices.Sorted(maps.Keys(p.runs)) {
			if p.runs[id].Hold == refresher.HoldOn {
				held = append(held, p.runs[id])
			}
		}
		return nil
	})
	return held, err
}

func (p *process) Discard(ctx context.Context, attempt refresher.Run, id string) error {
	return p.call(ctx, "Discard", func() error {
		if err := p.owns(attempt); err != nil {
			return err
		}
		if r := p.runs[id]; r.Hold == refresher.HoldOn && r.Final() {
			r.Hold = refresher.HoldDiscarded
			p.put(r)
		}
		return nil
	})
}

func (p *process) Confirm(ctx context.Context, read, confirmed refresher.Run, event audit.Event) (r refresher.Run, err error) {
	err = p.call(ctx, "Confirm", func() error {
		if p.world.open().ID != "" {
			return refresher.ErrBusy
		}
		if p.runs[read.ID].Version != read.Version {
			return errs.New(errs.Stale, "version_stale")
		}
		r = p.put(confirmed)
		p.events = append(p.events, event)
		return nil
	})
	return r, err
}
