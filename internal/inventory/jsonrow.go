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
	key   string // of the array that it is in; empty outside an object
	owner owner  // what the objects around it say
}

// flat counts an object that is a row: of osqueryi, of ConvertTo-Json, or of another system.
func (r *reading) flat(b []byte, line int64, at place) (recognised bool, why *errs.Error, err error) {
	f := &r.rowsOf
	f.keys, f.cells = f.keys[:0], f.cells[:0]
	objectFields(b, func(key, content []byte) {
		if (content[0] == '{' || content[0] == '[') && namesObject(columnName(string(key))) {
			return // software or a device with keys of its own
		}
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
	case f.unowned && (!r.ownedByFile(f) || r.developer != "" && isDeveloperRow(f.names[:f.own])):
		return false, errs.New(errs.Invalid, "inventory_document"), nil
	}
	if err := r.is(f.columns.shape, f.columns.numbers); err != nil {
		return true, nil, err
	}
	for len(f.cells) < len(f.names) {
		f.cells = append(f.cells, nil)
	}
	flaw, err := r.countRow(f.count, f.names, f.cells)
	if err != nil {
		return true, nil, err
	}
	r.row(line, flaw)
	return true, nil, nil
}

// namesObject reports whether a key names software or a device.
func namesObject(name string) bool {
	return slices.Contains(titleNames, name) || slices.Contains(idNames, name) || slices.Contains(deviceNames, name)
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
	if f.columns.version < 0 && slices.Contains(softwareObjects, columnName(f.place.key)) { // the key says that it is software
		f.names = append(f.names, "version")
		f.columns, ok = columnsOf(f.names, flatShape(f.names))
	}
	if f.none = !ok; ok && f.first == nil {
		f.first = slices.Clone(f.names)
	}
	owner, system := f.place.owner, f.place.owner.system()
	device, alias := owner.device()
	r.evident = r.evident || ok && (device != "" || f.columns.evident(f.names))
	f.unowned = f.columns.id < 0 && f.columns.device < 0 && !f.columns.numbers && device == ""
	if f.columns.shape == Osquery && f.place.key != "" {
		f.columns.shape = Table // osquery writes no array in an object
	}
	of := install{device: []byte(device), alias: []byte(alias), user: []byte(owner.user)}
	switch {
	case device != "":
	case f.columns.shape == Osquery && r.list > 1: // no real device has this name
		of.device = strconv.AppendInt(append(r.oneDevice(), 0), int64(r.list), 10)
	default:
		of.device = r.oneDevice()
	}
	f.count = r.countingOn(&f.columns, &of, &system)
}

// softwareWords are parts of the names of arrays with software, in the form of text.Letters.
var softwareWords = []string{"soft", "app", "prog", "pack", "prod", "inst", "logiciel", "anwend", "toepass"}

// softwareObjects are keys of objects with a title that is installed on a device beside it, as the Elastic
// Common Schema has them: {"agent": {"name": "PC1"}, "package": {"name": "Visio", "version": "16"}}.
var softwareObjects = names{
	"package", "software", "installedsoftware", "softwarepackage", "softwareproduct", "application", "installedapplication", "app", "program", "installedprogram",
}

// maxNesting is the number of objects around the rows of a document.
const maxNesting = 4

// nested counts the rows in the arrays of an object: a page of an API, or a device with its list. The
// rows of an array name their device, or an object around them does.
func (r *reading) nested(b []byte, line int64, around place, depth int) (recognised bool, why *errs.Error, err error) {
	around.owner = around.owner.within(ownerIn(b))
	rowOf := func(row []byte, at place) (bool, error) {
		known, none, err := r.flat(row, line, at)
		if !known && err == nil && none == nil && depth < maxNesting {
			at.key = ""
			known, none, err = r.nested(row, line, at, depth+1)
		}
		why = cmp.Or(why, none)
		return known, err
	}
	if depth > 1 { // device has read the document itself
		if recognised, err = r.tabular(b, line, around.owner); recognised || err != nil {
			return recognised, nil, err
		}
	}
	numbered := isNumbered(b)
	objectFields(b, func(key, content []byte) {
		if err != nil {
			return
		}
		if numbered {
			var known bool
			known, err = rowOf(content, around)
			recognised = recognised || known
			return
		}
		at := around
		at.key = string(key)
		switch content[0] {
		case '{':
			if slices.Contains(softwareObjects, columnName(at.key)) { // a row with a device beside it
				var known bool
				known, err = rowOf(content, at)
				recognised = recognised || known
				return
			}
			if depth < maxNesting {
				var known bool
				var none *errs.Error
				known, none, err = r.nested(content, line, around, depth+1)
				recognised, why = recognised || known, cmp.Or(why, none)
			}
		case '[':
			if name := text.Letters(at.key); !slices.ContainsFunc(softwareWords, func(word string) bool { return strings.Contains(name, word) }) {
				at.owner.id, at.owner.name, at.owner.user = "", "", "" // the device may have other lists, such as drivers
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
