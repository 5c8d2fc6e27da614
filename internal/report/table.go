package report

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/position"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// Table is a report in the reader's language, as input of every file format.
type Table struct {
	Lang    string
	Title   string
	Columns []Column
	Rows    iter.Seq[[]Cell] // one cell for each column; valid until the next row
	Totals  []Cell           // one for each column; nil for none
	Stale   string           // the sentence about stale data; empty for fresh data
	About   []string         // sentences: time of the data, filters, and last the notice

	Separator sheet.Separator // of CSV; empty for a comma
}

// Column is a column of a Table.
type Column struct {
	Key     string // the JSON field; the same in all languages
	Name    string
	Numeric bool
}

// Cell is a cell of a Table.
type Cell = sheet.Value

// column is a column of a report with rows of type R.
type column[R any] struct {
	key string // the row's JSON field
	get func(*R) cell
}

// cell is a value before translation.
type cell struct {
	kind   cellKind
	text   string
	number int
	parts  []part   // of kindParts; text sorts them
	codes  []string // of kindCodes
}

// part is a part of a cell: a message code and a number.
type part struct {
	code   string
	number int
	each   int // how many each of number is for; 0 and 1 are the same
}

type cellKind int

const (
	kindEmpty cellKind = iota
	kindText
	kindCode  // text is a message code
	kindParts // codes with numbers
	kindDate
	kindNumber
	kindHundredths // number, in hundredths
	kindCodes      // message codes
)

func textCell(s string) cell { return cell{kind: kindText, text: s} }

func numberCell(n int) cell { return cell{kind: kindNumber, number: n} }

func optionalCell(n *int) cell {
	if n == nil {
		return cell{}
	}
	return numberCell(*n)
}

// moneyCell returns an amount in hundredths of a currency; an empty cell for nil.
func moneyCell(hundredths *int64) cell {
	if hundredths == nil {
		return cell{}
	}
	return cell{kind: kindHundredths, number: int(*hundredths)}
}

// codesCell returns message codes as one cell, which they also sort.
func codesCell(codes []string) cell {
	if len(codes) == 0 {
		return cell{}
	}
	return cell{kind: kindCodes, text: strings.Join(codes, " "), codes: codes}
}

func dateCell(d day.Date) cell {
	if d == "" {
		return cell{}
	}
	return cell{kind: kindDate, text: string(d)}
}

func codeCell(kind, value string) cell {
	if value == "" {
		return cell{}
	}
	return cell{kind: kindCode, text: code(kind, value)}
}

func (c cell) say(w Words) Cell {
	switch c.kind {
	case kindCode:
		return Cell{Text: w.say(c.text)}
	case kindParts:
		return Cell{Text: sayParts(c.parts, w)}
	case kindDate:
		return Cell{Text: c.text, Kind: sheet.KindDay}
	case kindNumber:
		return Cell{Number: c.number, Kind: sheet.KindNumber}
	case kindHundredths:
		return Cell{Number: c.number, Kind: sheet.KindHundredths}
	case kindCodes:
		said := make([]string, len(c.codes))
		for i, code := range c.codes {
			said[i] = w.say(code)
		}
		return Cell{Text: strings.Join(said, "; ")}
	case kindEmpty, kindText:
	}
	return Cell{Text: c.text}
}

// sayParts returns parts as text: "Cores (or packs): 16; Servers: 2". Packs are multiplied: "8 × 2 = 16".
func sayParts(parts []part, w Words) string {
	said := make([]string, len(parts))
	for i, p := range parts {
		said[i] = w.say(p.code) + ": " + strconv.Itoa(p.number)
		if p.each > 1 {
			said[i] += fmt.Sprintf(" × %d = %d", p.each, p.number*p.each)
		}
	}
	return strings.Join(said, "; ")
}

// The keys of the columns by which a report can be sorted.
type (
	PurchaseColumn     string // of a License purchase report
	InstallationColumn string // of a License installation report
	ComparisonColumn   string // of a comparison of two days
)

// PurchaseColumns returns every key, in the order of the columns.
func PurchaseColumns() []PurchaseColumn { return keys[PurchaseColumn](purchaseColumns) }

// InstallationColumns is like PurchaseColumns.
func InstallationColumns() []InstallationColumn { return keys[InstallationColumn](installationColumns) }

// ComparisonColumns is like PurchaseColumns.
func ComparisonColumns() []ComparisonColumn { return keys[ComparisonColumn](differenceColumns) }

func keys[K ~string, R any](columns []column[R]) (keys []K) {
	for _, c := range columns {
		keys = append(keys, K(c.key))
	}
	return keys
}

// sortRows sorts rows by a column. The sort is stable, and does nothing if there is no such
// column. Text is compared in folded form. Empty cells come last, or first in descending order.
func sortRows[R any](rows []R, columns []column[R], o Order) {
	i := slices.IndexFunc(columns, func(c column[R]) bool { return c.key == o.Column })
	if i < 0 {
		return
	}
	by := make([]cell, len(rows))
	for n := range rows {
		by[n] = columns[i].get(&rows[n])
		by[n].text = text.Fold(by[n].text)
	}
	copy(rows, permuted(rows, func(a, b int) int {
		x, y := by[a], by[b]
		c := cmp.Or(-cmp.Compare(min(x.kind, kindText), min(y.kind, kindText)), cmp.Compare(x.text, y.text), cmp.Compare(x.number, y.number))
		if o.Descending {
			return -c
		}
		return c
	}))
}

// sortedBy returns the rows sorted by a key, which is computed once for each row.
func sortedBy[R any](rows []R, key func(*R) string) []R {
	keys := make([]string, len(rows))
	for i := range rows {
		keys[i] = key(&rows[i])
	}
	return permuted(rows, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
}

// permuted returns the rows sorted by a comparison of their indexes. The sort is stable.
func permuted[R any](rows []R, compare func(a, b int) int) []R {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, compare)
	sorted := make([]R, len(rows))
	for i, n := range order {
		sorted[i] = rows[n]
	}
	return sorted
}

// table returns a Table of rows. filters says in words what is selected, and totals has the totals by
// column key.
func table[R any](head Head, w Words, columns []column[R], rows []R, filters []string, steps []position.Step, totals map[string]int) Table {
	t := Table{Lang: w.Lang, Title: w.say(code("report", head.Report)), About: about(head, filters, steps, w)}
	if head.Stale {
		t.Stale = w.say("report_stale")
	}
	t.Totals = make([]Cell, len(columns))
	for i, c := range columns {
		_, summed := totals[c.key]
		t.Columns = append(t.Columns, Column{Key: c.key, Name: w.say("report_column_" + snake(c.key)), Numeric: summed || numeric[c.key]})
		if summed {
			t.Totals[i] = Cell{Number: totals[c.key], Kind: sheet.KindNumber}
		}
	}
	t.Totals[0] = Cell{Text: w.say("report_total")}
	t.Rows = func(yield func([]Cell) bool) {
		cells := make([]Cell, len(columns))
		for i := range rows {
			for n, c := range columns {
				cells[n] = c.get(&rows[i]).say(w)
			}
			if !yield(cells) {
				return
			}
		}
	}
	return t
}

// Choose returns the table with these columns, in this order; with all if keys is empty. A key that is no
// column is left out. The label of the totals is in the first column without a total.
func (t Table) Choose(keys []string) Table {
	if len(keys) == 0 {
		return t
	}
	var at []int
	for _, key := range keys {
		if i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Key == key }); i >= 0 {
			at = append(at, i)
		}
	}
	chosen := t
	chosen.Columns = pick(nil, t.Columns, at)
	if t.Totals != nil {
		totals := slices.Clone(t.Totals)
		label := totals[0]
		totals[0] = Cell{}
		chosen.Totals = pick(nil, totals, at)
		if i := slices.Index(chosen.Totals, Cell{}); i >= 0 {
			chosen.Totals[i] = label
		}
	}
	chosen.Rows = func(yield func([]Cell) bool) {
		var cells []Cell
		for row := range t.Rows {
			if cells = pick(cells[:0], row, at); !yield(cells) {
				return
			}
		}
	}
	return chosen
}

// pick appends the elements at some indexes.
func pick[E any](to, from []E, at []int) []E {
	for _, i := range at {
		to = append(to, from[i])
	}
	return to
}

// numeric lists the columns of numbers that are not added up.
var numeric = map[string]bool{"daysLeft": true, "coverage": true, "uncounted": true, "pricePerMonth": true, "costPerMonth": true, "unusedCostPerMonth": true}

// notes returns the sentences about the report.
func (t Table) notes() []string {
	if t.Stale == "" {
		return t.About
	}
	return slices.Concat([]string{t.Stale}, t.About)
}

// said returns what the filter selects, in words.
func (f Filter) said(w Words) []string {
	said := sayAll(w, codeCell("license_type", string(f.Type)), codeCell("status", string(f.Status)), textCell(f.Publisher), codeCell("verdict", string(f.Verdict)))
	if len(f.Groups) > 0 {
		said = append(said, w.Text("report_groups", errs.Pairs("count", strconv.Itoa(len(f.Groups)))))
	}
	if len(f.DeviceGroups) > 0 {
		said = append(said, w.Text("report_device_groups", errs.Pairs("count", strconv.Itoa(len(f.DeviceGroups)))))
	}
	return said
}

// sayAll returns the text of the cells that have one.
func sayAll(w Words, cells ...cell) (said []string) {
	for _, c := range cells {
		if c.text != "" {
			said = append(said, c.say(w).Text)
		}
	}
	return said
}

// about returns the sentences below a table.
func about(head Head, filters []string, steps []position.Step, w Words) []string {
	lines := []string{dataAt(head, w), w.Text("report_made_at", errs.Pairs("moment", moment(head.MadeAt)))}
	if len(filters) > 0 {
		lines = append(lines, w.Text("report_filter", errs.Pairs("filters", strings.Join(filters, ", "))))
	}
	if len(steps) > 0 {
		lines = append(lines, stepsSentences(steps, w)...)
	}
	return append(lines, head.Notice)
}

// stepsSentences returns what the steps of a report are, in words, and whether adjustments are
// ignored.
func stepsSentences(steps []position.Step, w Words) []string {
	var said, ignored []string
	for _, step := range steps {
		if step != position.StepAdjustment {
			said = append(said, w.say(code("step", string(step))))
		}
	}
	if !slices.Contains(steps, position.StepAdjustment) {
		ignored = []string{w.say("report_not_adjusted")}
	}
	return append([]string{w.Text("report_steps", errs.Pairs("steps", strings.Join(said, "; ")))}, ignored...)
}

func dataAt(head Head, w Words) string {
	if head.DataAt == nil {
		return w.say("report_never")
	}
	return w.Text("report_data_at", errs.Pairs("moment", moment(*head.DataAt)))
}

// moment formats a time for readers of any language.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// snake converts the name of a JSON field to the form of message codes: days_left.
func snake(key string) string {
	var b strings.Builder
	for _, r := range key {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
