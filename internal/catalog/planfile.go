package catalog

import (
	"cmp"
	"slices"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/product"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// Listed is a subscription of a file, with the number of the file's rows about it. Its time is not set.
type Listed struct {
	product.Subscription
	Rows int
}

// planLayout says which columns a file of Microsoft's list has, from 0. There is a row for each service
// plan of each product.
type planLayout struct{ name, id, plan, planID int }

// planLayoutOf returns the columns and the separator of a file of Microsoft's list; false if the first
// record of a text is not the header of one.
func planLayoutOf(content string) (l planLayout, separator byte, ok bool) {
	for _, candidate := range []byte(sheet.Separators) {
		for r := range sheet.Records(content, candidate) {
			if l, ok = planHeader(r.Cells); ok {
				return l, candidate, true
			}
			break
		}
	}
	return planLayout{}, 0, false
}

func planHeader(cells []string) (l planLayout, ok bool) {
	l = planLayout{-1, -1, -1, -1}
	for i, cell := range cells {
		name := text.Letters(text.Shorten(cell, 64))
		switch {
		case strings.HasSuffix(name, "productdisplayname"): // a damaged byte-order mark may come before it
			l.name = i
		case name == "stringid":
			l.id = i
		case name == "serviceplanname":
			l.plan = i
		case name == "serviceplanid":
			l.planID = i
		}
	}
	return l, l.name >= 0 && l.id >= 0 && (l.plan >= 0 || l.planID >= 0)
}

// readPlans reads a file of Microsoft's list. A row is about one service plan of a subscription.
func (f *File) readPlans(content string, separator byte, columns planLayout) {
	isHeader, places := true, map[string]int{}
	for r := range sheet.Records(content, separator) {
		if isHeader {
			isHeader = false
			continue
		}
		if f.Rows++; f.Rows <= MaxFileRows {
			f.plan(r, columns, places)
		}
	}
	f.checkRows()
	for i := range f.Subscriptions {
		includes := &f.Subscriptions[i].Includes
		slices.Sort(*includes)
		*includes = slices.Compact(*includes)
	}
}

// plan checks one row of Microsoft's list. places has the subscriptions of the file.
func (f *File) plan(r sheet.Record, columns planLayout, places map[string]int) {
	if r.Flaw != "" {
		f.reject(r.Line, []errs.Violation{{Code: string(r.Flaw)}})
		return
	}
	cell := func(i int) string {
		if i < 0 || i >= len(r.Cells) {
			return ""
		}
		return text.Collapse(text.Readable(r.Cells[i])) // some names have tabs and no-break spaces
	}
	s := product.Subscription{ID: cell(columns.id)}
	var wrong, alsoWrong []errs.Violation
	s.Name, wrong = agreement.ParseTitle("title", cmp.Or(cell(columns.name), s.ID))
	if s.ID != "" {
		s.ID, alsoWrong = agreement.ParseTitle("stringId", s.ID)
	}
	if wrong = append(wrong, alsoWrong...); wrong != nil {
		f.reject(r.Line, wrong)
		return
	}
	at, met := places[subscriptionKey(&s)]
	if !met {
		at = len(f.Subscriptions)
		places[subscriptionKey(&s)] = at
		f.Subscriptions = append(f.Subscriptions, Listed{Subscription: s})
	}
	f.Subscriptions[at].Rows++
	if row, ok := product.OnPC(cell(columns.plan), cell(columns.planID)); ok {
		f.Subscriptions[at].Includes = append(f.Subscriptions[at].Includes, row)
	}
}
