package columns

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"trueup/internal/text"
)

// The limits of JSON.
const (
	// maxObject is the maximum size in bytes of an object outside the list of a page, and of a page in an
	// array of pages: one of Graph has at most 999 users.
	maxObject  = 8 << 20
	readAtOnce = 64 << 10
	maxKeys    = 1000 // of an object that are read
	maxShapes  = 256  // remembered sets of keys
)

// ErrJSON means that a file ends early, is not JSON, or has an object that is too large.
var ErrJSON = errors.New("columns: no JSON")

// Sink receives the objects of a file of JSON, in its order. An error ends the reading.
type Sink interface {
	// Is says what the objects that follow are. It is called for each list and each object.
	Is(kind Kind) error
	// Object receives an object, and where its fields are in its keys.
	Object(h *Header, o *Object) error
	// Flawed says that an element of a list, on a line, is no object.
	Flawed(line int) error
}

// Document is what a file of JSON is, apart from its objects.
type Document struct {
	Line int // where ErrJSON is, from 1
	// Part says that each page has a link to a next page. A file with all pages has one without.
	Part bool
	// Answer says that an object is the error of an API.
	Answer bool
}

// source reads a file of JSON for a decoder. It bounds what the decoder holds, and knows the line of each
// place.
type source struct {
	file io.Reader
	read int64   // bytes
	from int64   // where the current value begins
	ends []int64 // line ends after the place that line was last asked for
	line int     // of that place, from 1
}

func (s *source) Read(p []byte) (int, error) {
	if s.read-s.from > maxObject+readAtOnce {
		return 0, ErrJSON
	}
	n, err := s.file.Read(p[:min(len(p), readAtOnce)])
	for i, c := range p[:n] {
		if c == '\n' {
			s.ends = append(s.ends, s.read+int64(i))
		}
	}
	s.read += int64(n)
	return n, err
}

// at returns the line of a place, which is not before the last one that was asked for, and begins a new value
// there.
func (s *source) at(offset int64) int {
	s.from = offset
	i := 0
	for i < len(s.ends) && s.ends[i] < offset {
		i++
	}
	s.line += i
	s.ends = append(s.ends[:0], s.ends[i:]...)
	return s.line
}

// document is the state of reading JSON.
type document struct {
	Document
	to Sink

	source  *source
	decoder *json.Decoder
	kind    Kind               // of the first list or object
	shapes  map[string]*Header // by keys
	context string             // @odata.context of the page
	pages   int
	linked  int // pages with a link to a next page
}

// ReadJSON reads pages, arrays and objects, one after the other. The error is ErrJSON, or one of the file or
// the Sink.
func ReadJSON(content io.Reader, to Sink) (Document, error) {
	s := &source{file: content, line: 1}
	d := &document{to: to, source: s, decoder: json.NewDecoder(s), shapes: map[string]*Header{}}
	d.decoder.UseNumber()
	for {
		token, err := d.decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			switch token {
			case json.Delim('['):
				err = d.array("")
			case json.Delim('{'):
				err = d.page()
			default:
				err = ErrJSON
			}
		}
		if err != nil {
			return d.Document, d.damaged(err)
		}
	}
	d.Part = d.pages > 0 && d.linked == d.pages
	return d.Document, nil
}

// damaged returns ErrJSON for an error that says so, and notes its line.
func (d *document) damaged(err error) error {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrJSON) {
		return err
	}
	d.Line = d.source.at(d.decoder.InputOffset())
	return ErrJSON
}

// is says what the next objects are.
func (d *document) is(kind Kind) error {
	if d.kind == "" {
		d.kind = kind
	}
	return d.to.Is(kind)
}

// page reads an object after its brace: a page with a list, whose elements it delivers one by one, or a
// single element.
func (d *document) page() error {
	offset := d.decoder.InputOffset()
	line := d.source.at(offset)
	d.context = ""
	single := map[string]json.RawMessage{}
	listed, linked := false, false
	for d.decoder.More() {
		token, err := d.decoder.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		if strings.EqualFold(key, "value") {
			if token, err = d.decoder.Token(); err != nil {
				return err
			}
			switch token {
			case json.Delim('['):
				listed = true
				if err := d.array(d.context); err != nil {
					return err
				}
			case json.Delim('{'):
				listed = true
				if err := d.page(); err != nil {
					return err
				}
			}
			continue
		}
		var content json.RawMessage
		if err := d.decoder.Decode(&content); err != nil {
			return err
		}
		switch {
		case strings.EqualFold(key, "@odata.context"):
			d.context = string(content)
		case strings.EqualFold(key, "@odata.nextLink"):
			linked = true
		case len(single) < maxKeys:
			single[key] = content
		}
	}
	if _, err := d.decoder.Token(); err != nil {
		return err
	}
	if listed {
		d.paged(linked)
		return nil
	}
	if _, failed := single["error"]; failed && len(single) == 1 {
		d.Answer = true
		return nil
	}
	return d.element(single, line, d.context)
}

// paged counts a page.
func (d *document) paged(linked bool) {
	d.pages++
	if linked {
		d.linked++
	}
}

// array reads the elements of an array after its bracket.
func (d *document) array(context string) error {
	if kind := contextKind(context); kind != "" {
		if err := d.is(kind); err != nil {
			return err
		}
	}
	for d.decoder.More() {
		var content json.RawMessage
		if err := d.decoder.Decode(&content); err != nil {
			return err
		}
		end := d.decoder.InputOffset()
		line := d.source.at(end - int64(len(content)))
		d.source.at(end)
		if err := d.raw(content, line, context); err != nil {
			return err
		}
	}
	_, err := d.decoder.Token()
	return err
}

// raw reads an element as written: a page of an array of pages, or an element of a list.
func (d *document) raw(content []byte, line int, context string) error {
	var object map[string]json.RawMessage
	if json.Unmarshal(content, &object) != nil || object == nil {
		return d.to.Flawed(line)
	}
	list, ok := listOf(object)
	if !ok {
		return d.element(object, line, context)
	}
	var elements []json.RawMessage
	_ = json.Unmarshal(list, &elements) // the decoder has checked it
	linked := false
	for key, content := range object {
		switch {
		case strings.EqualFold(key, "@odata.context"):
			context = string(content)
		case strings.EqualFold(key, "@odata.nextLink"):
			linked = true
		}
	}
	d.paged(linked)
	if kind := contextKind(context); kind != "" {
		if err := d.is(kind); err != nil {
			return err
		}
	}
	for _, one := range elements {
		var element map[string]json.RawMessage
		if json.Unmarshal(one, &element) != nil || element == nil {
			if err := d.to.Flawed(line); err != nil {
				return err
			}
			continue
		}
		if err := d.element(element, line, context); err != nil {
			return err
		}
	}
	return nil
}

// listOf returns the list of a page.
func listOf(object map[string]json.RawMessage) (list json.RawMessage, ok bool) {
	for key, content := range object {
		if strings.EqualFold(key, "value") && len(content) > 0 && content[0] == '[' {
			return content, true
		}
	}
	return nil, false
}

// contextKinds are parts of @odata.context, and the kinds that it tells. directoryObjects are members of a
// group.
var contextKinds = []struct {
	part string
	kind Kind
}{
	{"$metadata#users", Users},
	{"$metadata#subscribedSkus", Subscriptions},
	{"$metadata#directory/subscriptions", Subscriptions},
	{"$metadata#devices", Devices},
	{"$metadata#groups", Groups},
	{"$metadata#directoryObjects", Members},
}

func contextKind(context string) Kind {
	for _, c := range contextKinds {
		// A single property, as in #users('id')/licenseDetails, is another list.
		if _, rest, found := strings.Cut(context, c.part); found && !strings.HasPrefix(rest, "(") && !strings.HasPrefix(rest, "/") || found && strings.HasPrefix(rest, "(") && !strings.Contains(rest, ")/") {
			return c.kind
		}
	}
	return ""
}

// element reads an object of a list.
func (d *document) element(object map[string]json.RawMessage, line int, context string) error {
	o := Object{Line: line}
	o.flatten(object)
	kind := d.kind
	if told := contextKind(context); told != "" {
		kind = told
	} else if kind == "" {
		found, _ := recognise(o.keys)
		switch {
		case slices.Contains(lettersOf(o.keys), "odatatype"):
			kind = Members
		case found == nil:
			return nil // another object; the file may have others
		default:
			kind = found.Kind
		}
	}
	if err := d.is(kind); err != nil {
		return err
	}
	return d.to.Object(d.headerOf(kind, o.keys), &o)
}

// headerOf returns where the fields of a kind are in an object with these keys.
func (d *document) headerOf(kind Kind, keys []string) *Header {
	id := string(kind) + "\x00" + strings.Join(keys, "\x00")
	if h := d.shapes[id]; h != nil {
		return h
	}
	h := headerOf(shapeOf(kind), lettersOf(keys))
	if len(d.shapes) < maxShapes {
		d.shapes[id] = &h
	}
	return &h
}

// Object is an object as a row: keys with texts, and its lists of objects as written.
type Object struct {
	Line   int
	Values []string // texts; numbers and truth values as texts, and lists of texts with commas between

	Licenses []json.RawMessage // lists of licences of a user
	Services []json.RawMessage // lists of services of a subscription
	Members  []json.RawMessage // lists of members of a group

	keys []string // of Values
}

// MemberOf returns a member of a group as a row.
func MemberOf(object map[string]json.RawMessage) (Header, Object) {
	var o Object
	o.flatten(object)
	return headerOf(shapeOf(Members), lettersOf(o.keys)), o
}

func (o *Object) add(key, value string) {
	o.keys, o.Values = append(o.keys, key), append(o.Values, value)
}

// flatten reads the keys of an object, in order.
func (o *Object) flatten(object map[string]json.RawMessage) {
	for _, key := range sortedKeys(object) {
		content := bytes.TrimSpace(object[key])
		if len(content) == 0 {
			continue
		}
		switch content[0] {
		case '{':
			o.nested(key, content)
		case '[':
			o.list(key, content)
		default:
			o.add(key, scalar(content))
		}
	}
}

// nested reads the objects that describe an element: those of a Graph answer, and AdditionalProperties of
// PowerShell, which has what the type of the element does not know.
func (o *Object) nested(key string, content []byte) {
	var object map[string]json.RawMessage
	if json.Unmarshal(content, &object) != nil {
		return
	}
	switch text.Letters(key) {
	case "additionalproperties":
		o.flatten(object)
	case "signinactivity", "prepaidunits":
		for _, name := range sortedKeys(object) {
			if inner := bytes.TrimSpace(object[name]); len(inner) > 0 && inner[0] != '{' && inner[0] != '[' {
				o.add(key+" "+name, scalar(inner))
			}
		}
	default:
		o.list(key, append(append([]byte{'['}, content...), ']')) // ConvertTo-Json may write a list of one as an object
	}
}

func sortedKeys(object map[string]json.RawMessage) []string {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// list reads an array. Its key tells what it has.
func (o *Object) list(key string, content []byte) {
	switch text.Letters(key) {
	case "assignedlicenses", "licensedetails":
		o.Licenses = append(o.Licenses, content)
		o.add(key, textsOf(content)) // names of types, if ConvertTo-Json stopped too early
	case "serviceplans", "servicestatus":
		o.Services = append(o.Services, content)
	case "members":
		o.Members = append(o.Members, content)
	default:
		o.add(key, textsOf(content))
	}
}

// textsOf returns the texts of an array, with commas between them.
func textsOf(content []byte) string {
	var elements []json.RawMessage
	if json.Unmarshal(content, &elements) != nil {
		return ""
	}
	var texts []string
	for _, e := range elements {
		if e := bytes.TrimSpace(e); len(e) > 0 && e[0] == '"' {
			texts = append(texts, scalar(e))
		}
	}
	return strings.Join(texts, ",")
}

// scalar returns a text, a number or a truth value as text; null is empty.
func scalar(content []byte) string {
	if content[0] == '"' {
		var s string
		_ = json.Unmarshal(content, &s) // the decoder has checked it
		return strings.TrimSpace(s)
	}
	if string(content) == "null" {
		return ""
	}
	return string(content)
}
