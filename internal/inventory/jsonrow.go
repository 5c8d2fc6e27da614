package inventory

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/text"
)

// objectFields calls use with each key of a valid JSON object, and its value as written.
func objectFields(object []byte, use func(key, content []byte)) {
	at := skipSpace(object, 0) + 1 // the brace
	for {
		if at = skipSpace(object, at); at >= len(object) || object[at] != '"' {
			return
		}
		end := skipJSON(object, at)
		key := object[at+1 : end-1]
		if bytes.IndexByte(key, '\\') >= 0 {
			var v value
			_ = v.UnmarshalJSON(object[at:end]) // never fails
			key = []byte(v)
		}
		at = skipSpace(object, skipSpace(object, end)+1) // the colon
		end = skipJSON(object, at)
		use(key, object[at:end])
		at = skipSpace(object, end) + 1 // the comma, or the brace
	}
}

// arrayElements calls use with each element of a valid JSON array, as written.
func arrayElements(array []byte, use func(i int, element []byte)) {
	at := skipSpace(array, 0) + 1 // the bracket
	for i := 0; ; i++ {
		if at = skipSpace(array, at); at >= len(array) || array[at] == ']' {
			return
		}
		end := skipJSON(array, at)
		use(i, array[at:end])
		at = skipSpace(array, end) + 1 // the comma, or the bracket
	}
}

// skipSpace returns where the next byte at or after a place is that is no white space of JSON.
func skipSpace(b []byte, at int) int {
	for at < len(b) && (b[at] == ' ' || b[at] == '\t' || b[at] == '\r' || b[at] == '\n') {
		at++
	}
	return at
}

// skipJSON returns the end of the valid JSON value that starts at a place.
func skipJSON(b []byte, at int) (end int) {
	depth := 0
	for ; at < len(b); at++ {
		switch b[at] {
		case '"':
			for at++; at < len(b) && b[at] != '"'; at++ {
				if b[at] == '\\' {
					at++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		default: // a number or a word ends before one of these bytes
			if depth > 0 || at+1 < len(b) && !bytes.Contains([]byte(" \t\r\n,]}"), b[at+1:at+2]) {
				continue
			}
		}
		if depth == 0 {
			return at + 1
		}
	}
	return len(b)
}

// deviceRanks has the position of each name of idNames, and of each of deviceNames after all of
// these.
var deviceRanks = func() map[string]int {
	ranks := map[string]int{}
	for i, name := range slices.Concat(idNames, deviceNames) {
		ranks[name] = i
	}
	return ranks
}()

// deviceIn returns the device that an object names, by the names that columns of tables have: its id
// and its name, each empty if the object has none.
func deviceIn(object []byte) (id, name value) {
	idRank, nameRank := len(deviceRanks), len(deviceRanks)
	objectFields(object, func(key, content []byte) {
		rank, known := deviceRanks[keyName(key)]
		best, rankOf := &id, &idRank
		if rank >= len(idNames) {
			best, rankOf = &name, &nameRank
		}
		if !known || rank >= *rankOf {
			return
		}
		var v value
		_ = v.UnmarshalJSON(content) // never fails
		if named([]byte(v)) {
			*best, *rankOf = v, rank
		}
	})
	return id, name
}

// keyName is columnName for keys that can name a device. Most have only ASCII letters and few other
// characters.
func keyName(key []byte) string {
	var buffer [maxColumnName]byte
	name := buffer[:0]
	if len(key) > maxColumnName {
		return ""
	}
	for _, c := range key {
		switch {
		case c >= 0x80:
			return columnName(string(key))
		case c >= 'A' && c <= 'Z':
			name = append(name, c+'a'-'A')
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			name = append(name, c)
		}
	}
	return string(bytes.TrimSuffix(name, []byte("0")))
}

// flatRows reads JSON objects like the rows of a table whose header has their keys. Most objects
// have the keys of the one before.
type flatRows struct {
	keys  [][]byte
	cells [][]byte

	names   []string // the keys, and others of the first row of the array: systems leave out empty values
	own     int      // the number of keys
	first   []string // names of the first row of the array that is one
	list    int      // number of the array in the file
	place   place    // where the array is
	columns columns
	none    bool // the objects are no rows of an inventory
	unowned bool // neither they nor their place names a device
	count   func(cells [][]byte) (flaw string, err error)
}

// place is where an object is in a document.
type place struct {
	key           string // of the array that it is in; empty outside an object
	device, alias value  // what the objects around it name
}

// flat counts an object that is a row: of osqueryi, of ConvertTo-Json, or of another system.
func (r *reading) flat(b []byte, line int64, at place) (recognised bool, why *errs.Error, err error) {
	f := &r.rowsOf
	f.keys, f.cells = f.keys[:0], f.cells[:0]
	objectFields(b, func(key, content []byte) {
		var v value
		_ = v.UnmarshalJSON(content) // never fails
		f.keys, f.cells = append(f.keys, key), append(f.cells, []byte(v))
	})
	if f.count == nil || f.list != r.list || f.place != at {
		f.first, f.list, f.place, f.count = nil, r.list, at, nil
	}
	if f.count == nil || !slices.EqualFunc(f.keys, f.names[:f.own], func(key []byte, name string) bool { return string(key) == name }) {
		r.flatHeader(f)
	}
	switch {
	case f.none:
		return false, nil, nil
	case f.unowned && !r.ownedByFile(f):
		return false, errs.New(errs.Invalid, "inventory_document"), nil
	}
	if err := r.is(f.columns.shape, f.columns.numbers); err != nil {
		return true, nil, err
	}
	for len(f.cells) < len(f.names) {
		f.cells = append(f.cells, nil)
	}
	flaw, err := f.count(f.cells)
	if err != nil {
		return true, nil, err
	}
	r.row(line, flaw)
	return true, nil, nil
}

// ownedByFile reports whether rows that name no device are those of the file's. Packages of a
// programming language are described by objects with a name and a version, too.
func (r *reading) ownedByFile(f *flatRows) bool {
	if f.place.key == "" {
		return r.inArray || f.columns.shape != Osquery
	}
	return f.place.key == "value" && f.columns.shape == PowerShell // as ConvertTo-Json writes an array
}

// flatHeader recognises the keys of a row.
func (r *reading) flatHeader(f *flatRows) {
	f.names = f.names[:0]
	for _, key := range f.keys {
		f.names = append(f.names, string(key))
	}
	f.own = len(f.names)
	others := f.first
	if others == nil && slices.Contains(f.names, "PSPath") {
		others = []string{"DisplayName", "DisplayVersion"}
	}
	for _, name := range others {
		if !slices.Contains(f.names, name) {
			f.names = append(f.names, name)
		}
	}
	var ok bool
	f.columns, ok = columnsOf(f.names, flatShape(f.names))
	if f.none = !ok; ok && f.first == nil {
		f.first = slices.Clone(f.names)
	}
	f.unowned = f.columns.id < 0 && f.columns.device < 0 && !f.columns.numbers && f.place.device == ""
	if f.columns.shape == Osquery && f.place.key != "" {
		f.columns.shape = Table // osquery writes no array in an object
	}
	device := r.oneDevice()
	switch {
	case f.place.device != "":
		device = []byte(f.place.device)
	case f.columns.shape == Osquery && r.list > 1: // no real device has this name
		device = strconv.AppendInt(append(device, 0), int64(r.list), 10)
	}
	f.count = r.countingOn(&f.columns, device, []byte(f.place.alias))
}

// softwareWords are parts of the names of arrays with software, in the form of text.Letters.
var softwareWords = []string{"soft", "app", "prog", "pack", "prod", "inst", "logiciel", "anwend", "toepass"}

// maxNesting is the number of objects around the rows of a document.
const maxNesting = 4

// nested counts the rows in the arrays of an object: a page of an API, or a device with its list. The
// rows of an array name their device, or an object around them does.
func (r *reading) nested(b []byte, line int64, around place, depth int) (recognised bool, why *errs.Error, err error) {
	if device, alias := (&program{}).named(b).device(); device != "" {
		around.device, around.alias = device, alias
	}
	rowOf := func(row []byte, at place) (bool, error) {
		known, none, err := r.flat(row, line, at)
		if !known && err == nil && none == nil && depth < maxNesting {
			at.key = ""
			known, none, err = r.nested(row, line, at, depth+1)
		}
		why = cmp.Or(why, none)
		return known, err
	}
	objectFields(b, func(key, content []byte) {
		if err != nil {
			return
		}
		at := around
		at.key = string(key)
		switch content[0] {
		case '{':
			if depth < maxNesting {
				var known bool
				var none *errs.Error
				known, none, err = r.nested(content, line, around, depth+1)
				recognised, why = recognised || known, cmp.Or(why, none)
			}
		case '[':
			if name := text.Letters(at.key); !slices.ContainsFunc(softwareWords, func(word string) bool { return strings.Contains(name, word) }) {
				at.device, at.alias = "", "" // the device may have other lists, such as drivers
			}
			found, unknown := false, 0
			arrayElements(content, func(_ int, row []byte) {
				if err != nil || row[0] != '{' {
					return
				}
				var known bool
				if known, err = rowOf(row, at); known {
					found = true
				} else {
					unknown++
				}
			})
			for range unknown {
				if found && err == nil {
					r.row(line, rowDocument)
				}
			}
			recognised = recognised || found
		}
	})
	return recognised, why, err
}

// flatShape returns the shape of rows with these keys; empty if the columns tell it.
func flatShape(keys []string) Shape {
	has := func(all ...string) bool {
		return !slices.ContainsFunc(all, func(key string) bool { return !slices.Contains(keys, key) })
	}
	switch {
	case has("softwareName", "softwareVendor"):
		return Defender
	case has("name", "version"):
		return Osquery
	case has("DisplayName", "DisplayVersion"), has("Name", "Version"):
		return PowerShell
	}
	return ""
}
