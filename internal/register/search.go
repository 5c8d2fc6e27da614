package register

import (
	"slices"
	"strings"
	"sync"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/journal"
	"trueup/internal/slots"
	"trueup/internal/text"
)

// filter is the part of a query that selects: everything but sort, limit and cursor.
type filter struct {
	groupID    string
	kind       agreement.Type
	publishers string // all names of the publisher, folded, each between separators; empty for any
	status     agreement.Status
	validation agreement.Validation
	endsBefore day.Date
	words      string // folded text to find in name, publisher or product title
	numbers    string // squeezed text to find in a number of a pair; empty if no number can contain it
	calendar   day.Calendar
	moment     *journal.Position // agreements born after it are left out; nil for none
}

func filterOf(q agreement.Query, moment *journal.Position) filter {
	return filter{
		groupID: q.GroupID, kind: q.Type, publishers: publishersOf(q), status: q.Status, validation: q.Validation,
		endsBefore: q.EndsBefore, words: text.Fold(q.Text), numbers: agreement.Squeeze(text.Collapse(q.Text)),
		calendar: q.Calendar, moment: moment,
	}
}

func publishersOf(q agreement.Query) string {
	if text.Fold(q.Publisher) == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString(separator + text.Fold(q.Publisher) + separator)
	for _, alias := range q.Aliases {
		b.WriteString(text.Fold(alias) + separator)
	}
	return b.String()
}

// publishes reports whether a folded name is a name of the publisher.
func (f *filter) publishes(name string) bool {
	for rest := f.publishers[len(separator):]; rest != ""; {
		var one string
		if one, rest, _ = strings.Cut(rest, separator); one == name {
			return true
		}
	}
	return false
}

// matches reports whether the filter selects a row, apart from the row's texts.
func (f *filter) matches(r *row) bool {
	return (f.moment == nil || r.born.by(f.moment)) &&
		(f.groupID == "" || r.GroupID == f.groupID) &&
		(f.kind == "" || r.Type == f.kind) &&
		(f.status == "" || r.Status(f.calendar) == f.status) &&
		(f.validation == "" || r.Validation == f.validation) &&
		(f.endsBefore == "" || r.End != "" && r.End < f.endsBefore) &&
		(f.publishers == "" || f.publishes(r.publisher))
}

func (f filter) equal(other filter) bool {
	if f.moment != nil && other.moment != nil && *f.moment == *other.moment {
		f.moment = other.moment
	}
	return f == other
}

var volumePublisher = text.Fold(agreement.VolumePublisher)

// selection is what a filter selects. It is never changed.
type selection struct {
	slots  slots.Set
	totals agreement.Totals
}

func (t *table) selectBy(f *filter) *selection {
	s := &selection{slots: t.live.Clone()}
	if f.words != "" {
		var hits slots.Set
		if !strings.Contains(f.words, separator) {
			t.words.Mark([]byte(f.words), &hits)
		}
		if f.numbers != "" {
			t.numbers.Mark([]byte(f.numbers), &hits)
		}
		if strings.Contains(volumePublisher, f.words) {
			hits.Add(t.volume)
		}
		s.slots.Keep(hits)
	}
	for slot := range s.slots.All() {
		if r := &t.rows[slot]; f.matches(r) {
			s.totals.Add(&r.Agreement, f.calendar)
		} else {
			s.slots.Clear(slot)
		}
	}
	return s
}

// selected returns the result of selectBy, from the cache if it is there.
func (r *Register) selected(f filter) *selection {
	if f.moment != nil && r.table.newest.by(f.moment) {
		f.moment = nil // no agreement was added later, so all later moments select the same
	}
	if s := r.recent.find(f); s != nil {
		return s
	}
	s := r.table.selectBy(&f)
	r.recent.keep(f, s)
	return s
}

// recent caches the latest selections, so that the next page of a query costs only what it
// shows, and the counts of license groups, which many pages of the console show. It is safe for concurrent use.
type recent struct {
	mu      sync.Mutex
	kept    []remembered   // oldest first
	byGroup map[string]int // nil if they are not counted yet
}

type remembered struct {
	filter    filter
	selection *selection
}

// recentMax bounds the cache: a selection takes 13 kB at 100,000 agreements.
const recentMax = 16

func (r *recent) find(f filter) *selection {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range r.kept {
		if k.filter.equal(f) {
			return k.selection
		}
	}
	return nil
}

func (r *recent) keep(f filter, s *selection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) == recentMax {
		r.kept = slices.Delete(r.kept, 0, 1)
	}
	r.kept = append(r.kept, remembered{f, s})
}

// groups returns the number of agreements of each license group that has some.
func (r *recent) groups(t *table) map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byGroup == nil {
		r.byGroup = t.byGroup()
	}
	return r.byGroup
}

func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept, r.byGroup = nil, nil
}
