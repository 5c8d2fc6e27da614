package directory

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// The limits of JSON.
const (
	// maxObject is the maximum size in bytes of an object outside the list of a page, and of a page in an
	// array of pages: one of Graph has at most 999 users.
	maxObject  = 8 << 20
	readAtOnce = 64 << 10
	maxShapes  = 256 // remembered sets of keys
)

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
		return 0, errs.New(errs.Invalid, "directory_json")
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
	*reading

	source  *source
	decoder *json.Decoder
	shapes  map[string]*header // by keys
	context string             // @odata.context of the page
	errors  bool               // an object has the error of an API
	// Pages of a list, and those with a link to a next page. A file with all pages has one without.
	pages, linked int
}

// readJSON reads pages, arrays and objects, one after the other.
func (r *reading) readJSON(content io.Reader) error {
	s := &source{file: content, line: 1}
	d := &document{reading: r, source: s, decoder: json.NewDecoder(s), shapes: map[string]*header{}}
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
				err = errs.New(errs.Invalid, "directory_json")
			}
		}
		if err != nil {
			return d.damaged(err)
		}
	}
	if r.Kind == "" {
		if d.errors {
			return r.stop(0, "directory_answer")
		}
		return r.unknown()
	}
	if d.pages > 0 && d.linked == d.pages {
		r.Part = true
		r.add(sheet.Finding{Severity: sheet.SeverityWarning, Code: "directory_part"})
	}
	return nil
}

// damaged refuses a file that ends early or is not JSON. Other errors are returned.
func (d *document) damaged(err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errs.CodeOf(err) == "directory_json":
		return d.stop(d.source.at(d.decoder.InputOffset()), "directory_json")
	}
	return err
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
		d.errors = true
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

// maxKeys is the maximum number of keys of an object that are read.
const maxKeys = 1000

// array reads the elements of an array after its bracket.
func (d *document) array(context string) error {
	kind := contextKind(context)
	if kind != "" {
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
		return d.flawed(line, "directory_row_object")
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
			if err := d.flawed(line, "directory_row_object"); err != nil {
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

// element reads an object as a row.
func (d *document) element(object map[string]json.RawMessage, line int, context string) error {
	var o flat
	o.flatten(object)
	kind := d.Kind
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
			kind = found.shape.kind
		}
	}
	if err := d.is(kind); err != nil {
		return err
	}
	h := d.headerOf(kind, o.keys)
	d.record.reset(line)
	d.record.fill(h, false, func(column int) string { return o.values[column] })
	d.record.licenses, d.record.services, d.record.members = o.licenses, o.services, o.members
	return d.deliver()
}

// headerOf returns where the fields of a kind are in an object with these keys.
func (d *document) headerOf(kind Kind, keys []string) *header {
	id := string(kind) + "\x00" + strings.Join(keys, "\x00")
	if h := d.shapes[id]; h != nil {
		return h
	}
	h := headerOf(shapeOf(kind), keys, lettersOf(keys))
	if len(d.shapes) < maxShapes {
		d.shapes[id] = &h
	}
	return &h
}

// flat is an object as a row: keys with texts, and its lists.
type flat struct {
	keys, values []string
	licenses     []LicenseRef
	services     []service
	members      []record
}

func (o *flat) add(key, value string) {
	o.keys, o.values = append(o.keys, key), append(o.values, value)
}

// flatten reads the keys of an object, in order.
func (o *flat) flatten(object map[string]json.RawMessage) {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
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
func (o *flat) nested(key string, content []byte) {
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

// service is a service of a subscription, or of a licence.
type service struct {
	ID        string `json:"servicePlanId"`
	Name      string `json:"servicePlanName"`
	AppliesTo string `json:"appliesTo"`
	Status    string `json:"provisioningStatus"`
}

// list reads an array. Its key tells what it has.
func (o *flat) list(key string, content []byte) {
	switch text.Letters(key) {
	case "assignedlicenses", "licensedetails":
		var licenses []struct {
			SKU        string    `json:"skuId"`
			PartNumber string    `json:"skuPartNumber"`
			Off        []string  `json:"disabledPlans"`
			Services   []service `json:"servicePlans"`
		}
		if json.Unmarshal(content, &licenses) != nil {
			o.add(key, textsOf(content)) // names of types, if ConvertTo-Json stopped too early
			return
		}
		if o.licenses == nil {
			o.licenses = []LicenseRef{}
		}
		for _, l := range licenses {
			ref := LicenseRef{SKU: strings.ToLower(strings.TrimSpace(l.SKU)), PartNumber: strings.TrimSpace(l.PartNumber), Off: []string{}}
			for _, off := range l.Off {
				ref.Off = append(ref.Off, strings.ToLower(off))
			}
			for _, s := range l.Services {
				if strings.EqualFold(s.Status, "Disabled") {
					ref.Off = append(ref.Off, strings.ToLower(s.ID))
				}
			}
			slices.Sort(ref.Off)
			ref.Off = slices.Compact(ref.Off)
			if ref.SKU != "" || ref.PartNumber != "" {
				o.licenses = append(o.licenses, ref)
			}
		}
		o.add(key, "")
	case "serviceplans", "servicestatus":
		var services []service
		if json.Unmarshal(content, &services) == nil {
			o.services = append(o.services, services...)
		}
	case "members":
		o.membersOf(content)
	default:
		o.add(key, textsOf(content))
	}
}

// membersOf reads the members of a group, which Graph adds with $expand=members.
func (o *flat) membersOf(content []byte) {
	var members []map[string]json.RawMessage
	if json.Unmarshal(content, &members) != nil {
		return
	}
	for _, m := range members {
		var member flat
		member.flatten(m)
		h := headerOf(shapeOf(Members), member.keys, lettersOf(member.keys))
		var r record
		r.fill(&h, false, func(column int) string { return member.values[column] })
		o.members = append(o.members, r)
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
