package inventory

import (
	"bytes"
	"slices"
	"strconv"
)

// Tables in JSON: programs for analysis and reports, and clients of databases, write the rows as arrays, and
// the names of the columns once: in the first array, or beside the rows as texts or as objects with a name.
// Or they write an array, or an object with numbered keys, for each column.

// arrayRows reads the rows of an array of arrays. Its first rows may be lines above the header.
type arrayRows struct {
	list  int      // number of the array in the file
	above int      // rows before the header
	names []string // of the columns
	cells [][]byte
	count func(cells [][]byte) (flaw string, err error) // nil before the header
}

// arrayRow counts an element of an array that is an array itself. recognised is false if the header is
// not known.
func (r *reading) arrayRow(b []byte, line int64) (recognised bool, err error) {
	a := &r.arrays
	if a.list != r.list {
		*a = arrayRows{list: r.list, cells: a.cells}
	}
	return r.arrayRowOf(a, b, line, owner{})
}

// arrayRowOf is arrayRow for an array in an object that says that of its owner.
func (r *reading) arrayRowOf(a *arrayRows, b []byte, line int64, of owner) (recognised bool, err error) {
	a.cells = a.cells[:0]
	arrayElements(b, func(_ int, cell []byte) {
		var v value
		_ = v.UnmarshalJSON(cell) // never fails
		a.cells = append(a.cells, []byte(v))
	})
	if a.count == nil {
		if a.above++; a.above > headerLines {
			return false, nil
		}
		header := make([]string, len(a.cells))
		for i, cell := range a.cells {
			header[i] = string(cell)
		}
		if recognised, err = r.arrayHeader(a, header, of); recognised && a.above > 1 {
			r.note(noteHeader, "line", strconv.FormatInt(line, 10))
		}
		return recognised, err
	}
	if len(a.cells) == 0 {
		return true, nil
	}
	for len(a.cells) < len(a.names) {
		a.cells = append(a.cells, nil)
	}
	flaw, err := r.countRow(a.count, a.names, a.cells)
	if flaw == headerAgain {
		flaw = skipped
	}
	if err == nil {
		r.row(line, flaw)
	}
	return true, err
}

// arrayHeader recognises the names of the columns.
func (r *reading) arrayHeader(a *arrayRows, header []string, of owner) (recognised bool, err error) {
	c, ok := columnsOf(header, "")
	if !ok {
		return false, nil
	}
	device, alias := of.device()
	r.evident = r.evident || device != "" || c.evident(header)
	on, system := install{device: []byte(device), alias: []byte(alias), user: []byte(of.user)}, of.system()
	if device == "" {
		on.device = r.oneDevice()
	}
	a.names, a.count = header, r.countingOn(&c, &on, &system)
	return true, r.is(c.shape, c.numbers)
}

// headerKeys are the keys with the name of a column, in the objects that describe columns.
var headerKeys = []string{"name", "title", "label", "field", "headername", "text", "columnname", "id"}

// tabular counts the tables in an object. Their rows are of its owner where they name no device.
func (r *reading) tabular(b []byte, line int64, of owner) (recognised bool, err error) {
	var tables [][]byte
	var headers [][]string
	startOf := func(content []byte) byte {
		if content[0] != '[' {
			return 0
		}
		return content[skipSpace(content, 1)]
	}
	objectFields(b, func(_, content []byte) {
		if startOf(content) == '[' {
			tables = append(tables, content)
		}
	})
	if len(tables) == 0 {
		return r.columnar(b, line, of)
	}
	objectFields(b, func(_, content []byte) {
		switch startOf(content) {
		case '"':
			headers = append(headers, textsIn(content))
		case '{':
			headers = append(headers, namesIn(content)...)
		}
	})
	for _, table := range tables {
		var a arrayRows
		for _, header := range headers {
			if ok, err := r.arrayHeader(&a, header, of); ok || err != nil {
				recognised = true
				if err != nil {
					return true, err
				}
				break
			}
		}
		arrayElements(table, func(_ int, row []byte) {
			if row[0] == '[' && err == nil {
				var ok bool
				ok, err = r.arrayRowOf(&a, row, line, of)
				recognised = recognised || ok
			}
		})
		if err != nil {
			return true, err
		}
	}
	return recognised, nil
}

// textsIn returns the elements of an array as texts.
func textsIn(array []byte) (texts []string) {
	arrayElements(array, func(_ int, element []byte) {
		var v value
		_ = v.UnmarshalJSON(element) // never fails
		texts = append(texts, string(v))
	})
	return texts
}

// namesIn returns the names of columns in an array of objects, by each of the headerKeys that all of them have.
func namesIn(array []byte) (headers [][]string) {
	all := make([][]string, len(headerKeys))
	n := 0
	arrayElements(array, func(_ int, element []byte) {
		n++
		if element[0] != '{' {
			return
		}
		objectFields(element, func(key, content []byte) {
			if i := slices.Index(headerKeys, keyName(key)); i >= 0 && content[0] == '"' {
				all[i] = append(all[i], textsIn(slices.Concat([]byte("["), content, []byte("]")))[0])
			}
		})
	})
	for _, header := range all {
		if len(header) == n {
			headers = append(headers, header)
		}
	}
	return headers
}

// columnar counts a table with an array, or an object with numbered keys, for each column.
func (r *reading) columnar(b []byte, line int64, of owner) (recognised bool, err error) {
	var header []string
	var columns [][][]byte
	rows := -1
	objectFields(b, func(key, content []byte) {
		var cells [][]byte
		add := func(cell []byte) {
			var v value
			_ = v.UnmarshalJSON(cell) // never fails
			cells = append(cells, []byte(v))
		}
		switch content[0] {
		case '[':
			arrayElements(content, func(_ int, cell []byte) {
				if cell[0] != '{' && cell[0] != '[' {
					add(cell)
				}
			})
		case '{':
			objectFields(content, func(key, cell []byte) {
				if string(key) == strconv.Itoa(len(cells)) {
					add(cell)
				}
			})
		}
		if len(cells) == 0 || rows >= 0 && len(cells) != rows {
			return // the rows would not match
		}
		rows = len(cells)
		header, columns = append(header, string(key)), append(columns, cells)
	})
	var a arrayRows
	if ok, err := r.arrayHeader(&a, header, of); !ok || err != nil {
		return ok, err
	}
	for row := range rows {
		a.cells = a.cells[:0]
		for _, cells := range columns {
			a.cells = append(a.cells, cells[row])
		}
		flaw, err := r.countRow(a.count, a.names, a.cells)
		if err != nil {
			return true, err
		}
		r.row(line, flaw)
	}
	return true, nil
}

// isNumbered reports whether the keys of an object are the numbers of rows, from 0, and its values objects.
func isNumbered(object []byte) bool {
	n, all := 0, true
	objectFields(object, func(key, content []byte) {
		all = all && content[0] == '{' && bytes.Equal(key, strconv.AppendInt(nil, int64(n), 10))
		n++
	})
	return all && n > 0
}
