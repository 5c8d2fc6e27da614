package inventory

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// The marks between the name of a property and its value.
const (
	listEqual    = '=' // wmic /format:list, osqueryi --line
	listColon    = ':' // Format-List of PowerShell
	listRegistry = 'R' // reg query: the type of a value, such as REG_SZ
)

// listMark returns the mark of a list with a property on each line and blank lines between the
// titles; 0 for other files. One of the first titles has the columns of an inventory: names are those
// of its properties.
func listMark(head []byte) (mark byte, names []string) {
	for _, mark := range []byte{listEqual, listColon, listRegistry} {
		var p properties
		for line := range bytes.Lines(head) {
			line = bytes.TrimRight(line, "\r\n")
			if len(bytes.TrimSpace(line)) == 0 || p.repeats(line, mark) {
				if _, ok := p.columns(mark); ok {
					return mark, p.names
				}
				p.reset()
			}
			if len(bytes.TrimSpace(line)) > 0 && !p.add(line, mark) {
				break
			}
		}
		if _, ok := p.columns(mark); ok && len(head) < sheet.HeadBytes { // a single title
			return mark, p.names
		}
	}
	return 0, nil
}

// registryName is the name of the property of an entry of the registry that has its key.
const registryName = "PSPath"

// properties are the properties of a title.
type properties struct {
	names  []string
	values [][]byte
	cut    bool // a value goes on in the next line, so that it is not known
}

func (p *properties) reset() { p.names, p.values, p.cut = p.names[:0], p.values[:0], false }

// registryType matches what reg query writes between the name of a value and the value.
var registryType = text.Pattern(` {4}REG_[A-Z_]+ {0,4}`)

// registryKey is the start of a line of reg query with a key. The values follow.
var registryKey = []byte("HKEY_")

// property splits a line into a name and a value.
func property(line []byte, mark byte) (name string, value []byte, ok bool) {
	switch mark {
	case listRegistry:
		if bytes.HasPrefix(line, registryKey) {
			return registryName, line, true
		}
		at := registryType().FindIndex(line)
		if at == nil || !bytes.HasPrefix(line, []byte("    ")) {
			return "", nil, false
		}
		return strings.TrimSpace(string(line[:at[0]])), bytes.TrimSpace(line[at[1]:]), true
	case listEqual:
		line = bytes.TrimLeft(line, " ") // osqueryi aligns the names
	}
	at := bytes.IndexByte(line, mark)
	if at <= 0 || at > maxColumnName || line[0] == ' ' {
		return "", nil, false
	}
	name = strings.TrimSpace(string(line[:at]))
	value = line[at+1:]
	if mark == listColon && (len(value) > 0 && value[0] != ' ' || line[at-1] != ' ' && strings.Contains(name, " ")) {
		return "", nil, false // a sentence, or a path
	}
	return name, bytes.TrimSpace(value), !strings.ContainsAny(name, `,;"`)
}

// repeats reports whether a line begins the next title without a blank line before.
func (p *properties) repeats(line []byte, mark byte) bool {
	name, _, ok := property(line, mark)
	return ok && slices.Contains(p.names, name)
}

// add adds a line of the title. It is false for a line that is no property.
func (p *properties) add(line []byte, mark byte) bool {
	name, value, ok := property(line, mark)
	switch {
	case ok:
		p.names, p.values = append(p.names, name), append(p.values, bytes.Clone(value))
	case mark == listColon && len(p.names) > 0 && line[0] == ' ':
		p.cut = p.cut || slices.Contains(titleNames, columnName(p.names[len(p.names)-1]))
	default:
		return false
	}
	return true
}

// complete adds the properties with these names that the title has not: programs leave out those
// without a value.
func (p *properties) complete(names []string) {
	for _, name := range names {
		if !slices.Contains(p.names, name) {
			p.names, p.values = append(p.names, name), append(p.values, nil)
		}
	}
}

// columns recognises the names of the properties.
func (p *properties) columns(mark byte) (c columns, ok bool) {
	hint := PowerShell
	if mark == listEqual {
		hint = WMIC
		if slices.Contains(p.names, "name") && slices.Contains(p.names, "version") {
			hint = Osquery
		}
	}
	return columnsOf(p.names, hint)
}

// readList reads a list with a property on each line. One of its titles has the properties with these
// names.
func (r *reading) readList(file *bufio.Reader, mark byte, names []string) error {
	l := lines{file: file}
	var p, last properties
	var c columns
	var count func([][]byte) (string, error)
	title := func(line int64) error {
		defer p.reset()
		if len(p.names) == 0 {
			return nil
		}
		p.complete(names)
		if count == nil || !slices.Equal(p.names, last.names) {
			found, ok := p.columns(mark)
			if !ok {
				r.row(line, rowColumns)
				return nil
			}
			if err := r.is(found.shape, found.numbers); err != nil {
				return err
			}
			c, last.names = found, slices.Clone(p.names)
			count = r.counting(&c)
		}
		if p.cut {
			r.row(line, rowCut)
			return nil
		}
		flaw, err := r.countRow(count, p.names, p.values)
		if err == nil {
			r.row(line, flaw)
		}
		return err
	}
	begin := int64(1)
	for {
		line, long, err := l.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err != nil || len(bytes.TrimSpace(line)) == 0 || p.repeats(line, mark) {
			if err := title(begin); err != nil {
				return err
			}
		}
		switch {
		case err != nil:
			if count == nil {
				return errs.New(errs.Invalid, "inventory_format")
			}
			return nil
		case long:
			r.row(l.line, rowTooLong)
		case len(bytes.TrimSpace(line)) > 0:
			if len(p.names) == 0 {
				begin = l.line
			}
			if !p.add(line, mark) && (mark != listRegistry || line[0] == ' ') { // reg query ends with a line about its matches
				r.row(l.line, rowColumns)
			}
		}
	}
}
