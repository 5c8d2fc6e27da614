package register

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"trueup/internal/agreement"
	"trueup/internal/cursor"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/journal"
	"trueup/internal/slots"
	"trueup/internal/text"
)

// position is the content of a cursor: the moment of the first page, as the last entries at
// that time, and the sort keys of the last row of the page. Texts are as typed: folded,
// they can be three times as long, and the cursor longer than cursor.MaxChars.
type position struct {
	Moment    moment   `json:"m"`
	ID        string   `json:"i"`
	Name      string   `json:"n"`
	Publisher string   `json:"p,omitempty"`
	End       day.Date `json:"e,omitempty"`
	Created   int64    `json:"c,omitempty"` // in milliseconds
}

// moment is a journal.Position without tips.
type moment struct{ journal.Position }

// MarshalJSON implements json.Marshaler.
func (m moment) MarshalJSON() ([]byte, error) { return json.Marshal(m.String()) }

// UnmarshalJSON implements json.Unmarshaler. A number is the last entry of the first
// stripe, in a cursor of a release without stripes.
func (m *moment) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] != '"' {
		err := json.Unmarshal(b, &m.Position[0].Seq)
		if err == nil && m.Position[0].Seq < 0 {
			err = errMoment
		}
		return err
	}
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	var ok bool
	if m.Position, ok = journal.Parse(text); !ok {
		return errMoment
	}
	return nil
}

var errMoment = errors.New("register: the cursor has an invalid position in the journal")

func positionOf(r *row, by agreement.Sort, at *journal.Position) position {
	p := position{Moment: moment{*at}, ID: r.ID, Name: r.Name}
	switch by {
	case agreement.SortPublisher:
		p.Publisher = r.PublisherOf()
	case agreement.SortEnd:
		p.End = r.End
	case agreement.SortCreated:
		p.Created = r.CreatedAt.UnixMilli()
	case agreement.SortName:
	}
	return p
}

// row returns a row with the sort keys of the position.
func (p *position) row() *row {
	return &row{
		Agreement: agreement.Agreement{ID: p.ID, Terms: agreement.Terms{End: p.End}, CreatedAt: time.UnixMilli(p.Created)},
		name:      text.Fold(p.Name), publisher: text.Fold(p.Publisher),
	}
}

// asked returns the parts of a query that its cursors are bound to.
func asked(q agreement.Query) []string {
	if q.Sort == "" {
		q.Sort = agreement.SortName
	}
	return []string{
		"register", q.GroupID, string(q.Type), q.Publisher, string(q.Status), string(q.Validation), string(q.EndsBefore),
		q.Text, string(q.Sort), strconv.FormatBool(q.Descending),
	}
}

// decode returns the position after which the requested page starts; nil for the first
// page.
func decode(q agreement.Query) (*position, error) {
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

// page returns the page of a query after a position, nil for the first page. now is
// the position of the journal in the state of the register.
func (r *Register) page(q agreement.Query, after *position, now *journal.Position) (agreement.Page, error) {
	order, moment := r.table.order(q.Sort), now
	var key *row
	if after != nil {
		if !now.Reaches(&after.Moment.Position) {
			return agreement.Page{}, errs.New(errs.Invalid, "cursor_invalid")
		}
		moment, key = &after.Moment.Position, after.row()
	}
	s := r.selected(filterOf(q, moment))
	page := agreement.Page{Items: make([]agreement.Agreement, 0, max(0, min(q.Limit, s.totals.Agreements))), Totals: s.totals}
	var last *row
	for slot := range slots.After(r.table.rows, order, by(q.Sort), key, q.Descending) {
		if !s.slots.Has(slot) {
			continue
		}
		if len(page.Items) >= q.Limit && last != nil {
			page.Next = cursor.Encode(positionOf(last, q.Sort, moment), asked(q)...)
			break
		}
		last = &r.table.rows[slot]
		page.Items = append(page.Items, last.Agreement)
	}
	return page, nil
}
