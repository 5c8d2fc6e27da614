package columns

import (
	"bytes"
	"errors"
	"slices"

	"trueup/internal/sheet"
)

// The places in which a header is searched.
const (
	headerLines = 50 // reports and scripts write titles and type names above it
	maxSheets   = 64 // of a workbook
)

// Place is where a table has its header, or what looks like one.
type Place struct {
	Header *Header // nil if there is none
	Near   *Header // without a Header: what lacks least of one; nil if nothing looks like one
	Line   int     // of either, from 1
}

// note remembers the first header that lacks something.
func (p *Place) note(near *Header, line int) {
	if near != nil && p.Near == nil {
		p.Near, p.Line = near, line
	}
}

// InText finds the header of a text, and splits its rows from then on.
func InText(s *sheet.Stream) (p Place, err error) {
	for n := range headerLines {
		var found, near *Header
		ok, err := s.Header(func(names []string) (int, bool) {
			h, close := recognise(names)
			if close != nil {
				near = close
			}
			found = h
			return len(names) - 1, h != nil
		})
		if err != nil {
			return p, err
		}
		if ok {
			return Place{Header: found, Line: int(s.Line)}, nil
		}
		p.note(near, n+1)
		if _, more := s.Skip(); !more {
			break
		}
	}
	return p, nil
}

// InSheet finds the header of a sheet. The error is one of package sheet.
func InSheet(w *sheet.Workbook, s sheet.Worksheet) (p Place, err error) {
	rows, fault := w.Rows(s)
	lines := 0
	for row := range rows {
		names := make([]string, len(row.Cells))
		for i, c := range row.Cells {
			names[i] = c.Text
		}
		found, near := recognise(names)
		if found != nil {
			return Place{Header: found, Line: row.Line}, nil
		}
		p.note(near, row.Line)
		if lines++; lines == headerLines {
			break
		}
	}
	return p, fault()
}

// InWorkbook finds the first sheet with a header, or else the first with what looks like one. The error is
// one of package sheet.
func InWorkbook(w *sheet.Workbook) (s sheet.Worksheet, p Place, err error) {
	for _, each := range w.Sheets[:min(len(w.Sheets), maxSheets)] {
		found, err := InSheet(w, each)
		switch {
		case err != nil:
			return each, Place{}, err
		case found.Header != nil:
			return each, found, nil
		case found.Near != nil && p.Near == nil:
			s, p = each, found
		}
	}
	return s, p, nil
}

// IsJSON reports whether the start of a text is that of an object or a list.
func IsJSON(head []byte) bool {
	start := bytes.TrimLeft(head, " \t\r\n")
	return len(start) > 0 && (start[0] == '{' || start[0] == '[')
}

// KindOf returns the kind of a file that arrived as something else, by its start or the whole of a workbook;
// empty if it is none of these.
func KindOf(data []byte) Kind {
	if sheet.IsZIP(data) {
		w, err := sheet.OpenWorkbook(data)
		if err != nil {
			return ""
		}
		_, p, err := InWorkbook(w)
		return p.kind(err)
	}
	var plain sheet.Plain
	content, head, err := plain.Open(bytes.NewReader(data[:min(len(data), sheet.StartBytes)]))
	if err != nil {
		return ""
	}
	if IsJSON(head) {
		var first firstKind
		_, _ = ReadJSON(content, &first) // the start of a file ends in the middle
		return first.kind
	}
	p, err := InText(sheet.NewStream(content, make([]byte, sheet.StreamBuffer)))
	return p.kind(err)
}

// kind returns what a place is taken for.
func (p Place) kind(err error) Kind {
	switch {
	case err != nil:
		return ""
	case p.Header != nil:
		return p.Header.Kind
	case p.Near != nil:
		return p.Near.Kind
	}
	return ""
}

// errFound ends the reading of a file whose kind is known.
var errFound = errors.New("columns: found")

// firstKind is the kind of the first object.
type firstKind struct{ kind Kind }

func (f *firstKind) Is(kind Kind) error {
	f.kind = kind
	return errFound
}

func (f *firstKind) Object(*Header, *Object) error { return nil }
func (f *firstKind) Flawed(int) error              { return nil }

// IsUsers, IsDevices and IsSubscriptions report whether a file that arrived as something else belongs
// under users/, devices/ or subscriptions/.
func IsUsers(data []byte) bool {
	return slices.Contains([]Kind{Users, Activity}, KindOf(data))
}

// IsDevices is described at IsUsers.
func IsDevices(data []byte) bool {
	return slices.Contains([]Kind{Devices, Groups, Members}, KindOf(data))
}

// IsSubscriptions is described at IsUsers.
func IsSubscriptions(data []byte) bool { return KindOf(data) == Subscriptions }
