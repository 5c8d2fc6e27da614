package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"trueup/internal/console/client"
)

// formPage is a page with one form: what it says before its fields, the fields, and its button.
type formPage struct {
	Crumb, Back string // name and address of the page that it belongs to
	Title       string
	Texts       []string
	Action      string
	Hidden      url.Values
	Fields      []input
	Within      string // JSON pointer of the part of the body whose members also have fields; empty for none
	Button      string
	Danger      bool // whether the button takes something away
	Errors      formErrors
	Stale       bool     // whether another person changed it meanwhile
	Theirs      []change // what is stored now, and what is typed
}

// input is a field of a formPage.
type input struct {
	field
	Options []option // of a choice, or of ticks
	Area    bool     // whether it has several lines
	Tick    string   // value of a single tick; empty for other fields
	Ticks   bool     // whether several options can be ticked
	Ticked  []string // the options that are ticked

	json func(typed string) any // makes the value of the body; nil for text
	was  string                 // what is stored
}

// textInput, selection and tick return fields whose name is also their id.
func textInput(name, label, value string) input {
	return input{field: field{ID: name, Name: name, Label: label, Value: value, Optional: true}, was: value}
}

func selection(name, label, value string, options []option) input {
	in := textInput(name, label, value)
	in.Options = options
	return in
}

func tick(name, label string, on bool) input {
	in := textInput(name, label, "")
	in.Tick = "true"
	if on {
		in.Value, in.was = in.Tick, in.Tick
	}
	in.json = func(typed string) any { return typed != "" }
	return in
}

func day(name, label, value string) input {
	in := textInput(name, label, value)
	in.Kind = "date"
	return in
}

func digits(name, label, value string) input {
	in := textInput(name, label, value)
	in.Digits, in.json = true, number
	return in
}

// list is a field for values with spaces or commas between them.
func list(name, label string, values []string) input {
	in := textInput(name, label, strings.Join(values, ", "))
	in.json = func(typed string) any { return words(typed) }
	return in
}

// words returns the values in a text with spaces or commas between them.
func words(typed string) []string {
	return append([]string{}, strings.FieldsFunc(typed, func(r rune) bool { return r == ',' || r == ' ' || r == ';' })...)
}

// needed makes a field one that must be filled in.
func needed(in input) input {
	in.Optional = false
	return in
}

// hinted adds a hint to a field.
func hinted(in input, hint string) input {
	in.Hint = hint
	return in
}

// acknowledgement is a tick that a person sets to say that they know what a change does.
func (v *visit) acknowledgement(value, label string) input {
	in := textInput("acknowledge", label, "")
	in.Tick, in.Optional = value, false
	return in
}

// read takes the values over that a person typed.
func (m *formPage) read(form url.Values) {
	for i := range m.Fields {
		in := &m.Fields[i]
		in.Value = strings.TrimSpace(strings.ReplaceAll(form.Get(in.Name), "\r\n", "\n")) // browsers send both
		if in.Ticks {
			in.Ticked = form[in.Name]
		}
	}
}

// value returns what is typed in a field.
func (m *formPage) value(name string) string {
	for _, in := range m.Fields {
		if in.Name == name {
			return in.Value
		}
	}
	return ""
}

// filled returns the body with the fields that have a value, and changed that with the fields that differ
// from what is stored.
func (m *formPage) filled() map[string]any {
	return m.body(func(in input) bool { return in.Value != "" || in.Tick == "true" })
}

func (m *formPage) changed() map[string]any {
	return m.body(func(in input) bool { return in.Value != in.was })
}

func (m *formPage) body(send func(input) bool) map[string]any {
	body := map[string]any{}
	for _, in := range m.Fields {
		if in.Ticks || !send(in) {
			continue
		}
		body[in.Name] = in.Value
		if in.json != nil {
			body[in.Name] = in.json(in.Value)
		}
	}
	return body
}

// changes returns the fields in which what is stored and what is typed differ.
func (m *formPage) changes() (list []change) {
	for _, in := range m.Fields {
		if in.Value != in.was {
			list = append(list, change{in.Label, in.was, in.Value})
		}
	}
	return list
}

// fieldOf returns the id of the field of a JSON pointer: the one of the value, or of what contains it.
func (m *formPage) fieldOf(pointer string) string {
	pointer = strings.TrimPrefix(pointer, m.Within)
	for _, in := range m.Fields {
		if p := "/" + in.Name; pointer == p || strings.HasPrefix(pointer, p+"/") {
			return in.ID
		}
	}
	return ""
}

// version is the hidden version that a change is based on.
func version(n int64) url.Values { return url.Values{"version": {strconv.FormatInt(n, 10)}} }

// submit shows a form at a GET, and at a POST does what it asks for and leads to the address that do
// returns. If the API refuses it, the form says why.
func (v *visit) submit(m formPage, do func(m *formPage) (address string, err error)) error {
	if m.Hidden == nil {
		m.Hidden = url.Values{}
	}
	if v.r.Method == http.MethodGet {
		return v.render(http.StatusOK, formTemplate(v, m))
	}
	form, err := v.form()
	if err != nil {
		return err
	}
	m.read(form)
	address, err := do(&m)
	if err == nil {
		return v.redirect(address)
	}
	return v.refused(m, err)
}

// unacknowledged are codes of changes that need an acknowledgement. The API says how a program gives it.
var unacknowledged = []string{"acknowledgement_required", "deletion_acknowledgement_required", "read_only_acknowledgement_required", "quantity_below_assigned", "quantity_below_devices"}

// refused responds to a form that the API refused.
func (v *visit) refused(m formPage, err error) error {
	if p := staleInput(err); p != nil {
		m.Stale, m.Theirs = true, m.changes()
		return v.render(p.Status, formTemplate(v, m))
	}
	p := wrongInput(err)
	if p == nil {
		return err
	}
	if version := v.r.PostForm.Get("version"); version != "" {
		m.Hidden.Set("version", version)
	}
	if slices.Contains(unacknowledged, p.Code) {
		m.Errors.add("acknowledge", v.T("console_acknowledge_first"))
	} else {
		m.Errors = v.place(p, m.fieldOf)
	}
	return v.render(p.Status, formTemplate(v, m))
}

// staleInput returns the problem of a change that is based on an older version; nil for other errors.
func staleInput(err error) *client.Problem {
	p := problemOf(err)
	if p != nil && p.Status == http.StatusPreconditionFailed {
		return p
	}
	return nil
}
