package console

import (
	"slices"
	"strings"

	"github.com/a-h/templ"
)

// columnsParameter is the parameter of pages and of the API with the columns of a report.
const columnsParameter = "columns"

// arranged are the parameters that say how the rows of a report are shown, besides its filters.
var arranged = []string{"sort", "order", columnsParameter}

// column is a column of a report that people can choose. The first column of a report is always there.
type column[R any] struct {
	key    string // as in the API
	label  string // code of a message; empty for the name in files
	number bool
	cell   func(*visit, R) templ.Component
	class  func(R) string // classes of the cell; nil for those of all cells with numbers or with text
}

// name returns the head of the column.
func (c *column[R]) name(v *visit) string {
	if c.label != "" {
		return v.T(c.label)
	}
	return v.T("report_column_" + snake(c.key))
}

// classes returns the classes of a cell.
func (c *column[R]) classes(r R) string {
	switch {
	case c.class != nil:
		return c.class(r)
	case c.number:
		return "num"
	}
	return ""
}

// chosen returns the first column and those in the query, in the order of the query, or else the usual ones. It leaves
// out of the query what is no column, so that the links of the page do, too.
func chosen[R any](v *visit, all []column[R], usual ...string) []column[R] {
	list := []column[R]{all[0]}
	var known []string
	for _, key := range v.columns(usual) {
		i := slices.IndexFunc(all, func(c column[R]) bool { return c.key == key })
		if i < 0 || slices.Contains(known, key) {
			continue
		}
		known = append(known, key)
		if i > 0 {
			list = append(list, all[i])
		}
	}
	if v.filtered(columnsParameter) {
		if known == nil {
			v.query.Del(columnsParameter)
			return chosen(v, all, usual...)
		}
		v.query.Set(columnsParameter, strings.Join(known, ","))
	}
	return list
}

// columns returns the columns in the query, or else the usual ones.
func (v *visit) columns(usual []string) []string {
	if v.q(columnsParameter) == "" {
		return usual
	}
	return strings.Split(v.q(columnsParameter), ",")
}

// shows reports whether a column was chosen, so that no other column needs to tell its value.
func (v *visit) shows(key string) bool { return slices.Contains(v.columns(nil), key) }

// columnChoice is the columns that a table offers.
type columnChoice struct {
	First   string   // the key of the first column, which is always in the address; empty for none
	Offered []option // without the first column
	Chosen  []string // keys
	Kept    []string // parameters of the page that the choice leaves as they are
	Without []string // parameters that the usual columns do not have either
}

// offer returns the choice of the columns of a report. The shown columns come first, in their order, so that another
// choice keeps it. kept are the parameters of the page.
func offer[R any](v *visit, all, shown []column[R], kept ...string) columnChoice {
	c := columnChoice{First: all[0].key, Kept: slices.DeleteFunc(kept, func(name string) bool { return name == columnsParameter })}
	for _, column := range slices.Concat(shown, all) {
		if column.key != c.First && !slices.ContainsFunc(c.Offered, func(o option) bool { return o.Value == column.key }) {
			c.Offered = append(c.Offered, option{Value: column.key, Label: column.name(v)})
		}
	}
	for _, column := range shown {
		c.Chosen = append(c.Chosen, column.key)
	}
	return c
}

// textColumn, numberColumn and dayColumn are columns of texts, of numbers and of days.

func textColumn[R any](key string, of func(R) string) column[R] {
	return column[R]{key: key, cell: func(_ *visit, r R) templ.Component { return plain(dash(of(r))) }}
}

func numberColumn[R any](key, label string, of func(R) int) column[R] {
	return column[R]{key: key, label: label, number: true, cell: func(v *visit, r R) templ.Component { return plain(v.N(of(r))) }}
}

func dayColumn[R any](key string, of func(R) string) column[R] {
	return column[R]{key: key, cell: func(v *visit, r R) templ.Component { return plain(dash(v.Day(of(r)))) }}
}

// codeColumn is a column of values that the messages with a prefix name.
func codeColumn[R any](key, prefix string, of func(R) string) column[R] {
	return column[R]{key: key, cell: func(v *visit, r R) templ.Component {
		if of(r) == "" {
			return plain(dash(""))
		}
		return plain(v.T(prefix + snake(of(r))))
	}}
}
