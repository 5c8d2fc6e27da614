package people

import (
	"iter"
	"strconv"
	"strings"

	"trueup/internal/cursor"
	"trueup/internal/errs"
	"trueup/internal/slots"
	"trueup/internal/subscription"
)

// position is the content of a cursor: the sort keys of the last row of the page. Texts are as
// typed: folded, they can be three times as long, and the cursor longer than cursor.MaxChars.
type position struct {
	ID      string `json:"i"`
	Name    string `json:"n,omitempty"`
	UPN     string `json:"u,omitempty"`
	Seen    int64  `json:"s,omitempty"` // in milliseconds
	Created int64  `json:"c,omitempty"` // in milliseconds
}

func positionOf(r *row, by subscription.Sort) position {
	p := position{ID: r.id, Name: r.name}
	switch by {
	case subscription.SortUPN:
		p.Name, p.UPN = "", r.upn
	case subscription.SortSeen:
		p.Seen = r.seen
	case subscription.SortCreated:
		p.Created = r.created
	case subscription.SortName, subscription.SortID:
	}
	return p
}

// row returns a row with the sort keys of the position.
func (p *position) row() *row {
	return &row{id: p.ID, nameKey: plain(p.Name), upnKey: plain(p.UPN), seen: p.Seen, created: p.Created}
}

// asked returns the parts of a query that its cursors are bound to.
func asked(q subscription.Query) []string {
	if q.Sort == "" {
		q.Sort = subscription.SortName
	}
	parts := []string{
		"people", q.List, q.Text, q.Subscription, q.Without, optional(q.Licensed), q.Location, q.Department, optional(q.Enabled), string(q.Type),
		strconv.Itoa(q.InactiveDays), strconv.FormatBool(q.InConflict != nil), strconv.FormatBool(q.Deleted),
		string(q.Sort), strconv.FormatBool(q.Descending),
	}
	if q.Waiting != "" { // cursors of a release without waiting lists stay valid
		parts = append(parts, q.Waiting)
	}
	return parts
}

func optional(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
}

// decode returns the position after which the requested page starts; nil for the first page.
func decode(q subscription.Query) (*position, error) {
	var p position
	found, err := cursor.Decode(q.Cursor, &p, asked(q)...)
	if err != nil || !found {
		return nil, err
	}
	if p.ID == "" {
		return nil, errs.New(errs.Invalid, "cursor_invalid")
	}
	return &p, nil
}

// page returns the page of a query after a position, nil for the first page.
func (t *table) page(q subscription.Query, after *position) subscription.Page {
	var key *row
	if after != nil {
		key = after.row()
	}
	selected := t.selectBy(q)
	page := subscription.Page{Items: []subscription.User{}, Totals: t.totals(selected)}
	var last *row
	for slot := range slots.After(t.rows, t.order(q.Sort), by(q.Sort), key, q.Descending) {
		if !selected.Has(slot) {
			continue
		}
		if len(page.Items) >= q.Limit && last != nil {
			page.Next = cursor.Encode(positionOf(last, q.Sort), asked(q)...)
			break
		}
		last = &t.rows[slot]
		page.Items = append(page.Items, last.user(t.words.list))
	}
	return page
}

// all returns the users that a query selects. They do not change with the table.
func (t *table) all(q subscription.Query) (iter.Seq[subscription.User], subscription.Totals) {
	selected := t.selectBy(q)
	totals := t.totals(selected)
	most := totals.Users
	var after *row
	if q.Sort == subscription.SortID {
		if q.Most > 0 {
			most = min(most, q.Most)
		}
		if q.After != "" {
			after = &row{id: q.After}
		}
	}
	rows := make([]row, 0, most)
	for slot := range slots.After(t.rows, t.order(q.Sort), by(q.Sort), after, q.Descending) {
		if len(rows) == most {
			break
		}
		if selected.Has(slot) {
			rows = append(rows, t.rows[slot])
		}
	}
	words := t.words.list // only longer ones follow
	return func(yield func(subscription.User) bool) {
		for i := range rows {
			if !yield(rows[i].user(words)) {
				return
			}
		}
	}, totals
}

// counts returns the number of users in the set of each subscription that has any: t.holders or t.waiters.
func (t *table) counts(sets []slots.Set) map[string]int {
	counts := map[string]int{}
	for word, users := range sets {
		if n := users.Len(); n > 0 {
			counts[t.words.list[word]] = n
		}
	}
	return counts
}

// selectBy returns the slots that a query selects.
func (t *table) selectBy(q subscription.Query) slots.Set {
	s := t.live.Clone()
	keep := func(set slots.Set, is bool) {
		if is {
			s.Keep(set)
		} else {
			s.Drop(set)
		}
	}
	keep(t.deleted, q.Deleted)
	if q.Subscription != "" {
		keep(t.by(t.holders, q.Subscription), true)
	}
	if q.Without != "" {
		keep(t.by(t.holders, q.Without), false)
	}
	if q.Waiting != "" {
		keep(t.by(t.waiters, q.Waiting), true)
	}
	if q.Licensed != nil {
		keep(t.licensed, *q.Licensed)
	}
	if q.Enabled != nil {
		keep(t.disabled, !*q.Enabled)
	}
	if q.InConflict != nil {
		keep(t.by(t.holders, q.InConflict...), true)
	}
	if part := plain(q.Text); part != "" {
		var hits slots.Set
		if !strings.Contains(part, separator) {
			t.texts.Mark([]byte(part), &hits)
		}
		keep(hits, true)
	}
	if matches := matching(q); matches != nil {
		for slot := range s.All() {
			if !matches(&t.rows[slot]) {
				s.Clear(slot)
			}
		}
	}
	return s
}

// by returns the slots in the sets of any of these subscriptions: t.holders or t.waiters.
func (t *table) by(sets []slots.Set, subscriptions ...string) (any slots.Set) {
	for _, id := range subscriptions {
		if word, known := t.words.indexes[id]; known && int(word) < len(sets) {
			any.Add(sets[word])
		}
	}
	return any
}

// matching returns whether a row matches the filters of a query for which a table has no set; nil if
// it has none of them.
func matching(q subscription.Query) func(*row) bool {
	department := plain(q.Department)
	if !q.Deleted && q.ObjectID == "" && q.Location == "" && department == "" && q.Type == "" && q.InactiveDays == 0 {
		return nil
	}
	activeUntil := subscription.InactiveSince(q.InactiveDays, q.Now).UnixMilli()
	return func(r *row) bool {
		return (q.ObjectID == "" || strings.EqualFold(r.objectID, q.ObjectID)) &&
			(q.Location == "" || r.location == q.Location) &&
			(department == "" || r.departmentKey == department) &&
			(q.Type == "" || r.kind == q.Type) &&
			(q.InactiveDays == 0 || r.active <= activeUntil) &&
			(!q.Deleted || r.restorable(q))
	}
}

func (r *row) restorable(q subscription.Query) bool {
	u := subscription.User{DeletedAt: timeOf(r.deleted)}
	return u.Restorable(q.Now)
}

func (t *table) totals(s slots.Set) subscription.Totals {
	n, licensed := s.Len(), s.Both(t.licensed)
	return subscription.Totals{Users: n, Licensed: licensed, Unlicensed: n - licensed, Guests: s.Both(t.guests), Disabled: s.Both(t.disabled)}
}
