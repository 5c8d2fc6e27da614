package console

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"trueup/internal/console/client"
)

// Colours and icons of states. Each state has a word, too.
var (
	statusTone     = map[string]string{"active": "covered", "expiring": "short", "expired": "unlicensed", "not-started": "unused", "no-term": "unused"}
	statusIcon     = map[string]string{"active": "covered", "expiring": "ends", "expired": "unlicensed", "not-started": "unused", "no-term": "unused"}
	validationTone = map[string]string{"valid": "covered", "pending": "unused", "error": "short", "invalid": "unlicensed"}
	validationIcon = map[string]string{"valid": "covered", "pending": "unused", "error": "short", "invalid": "unlicensed"}
)

// option is a value of a filter or a choice.
type option struct {
	Value, Label string
	Icon         string // of segments; empty for none
	Count        int    // of segments
}

// options returns a value for each text, labelled by the message with that prefix.
func (v *visit) options(prefix string, values ...string) []option {
	list := make([]option, len(values))
	for i, value := range values {
		list[i] = option{Value: value, Label: v.T(prefix + snake(value))}
	}
	return list
}

// emptied returns arguments of visit.with that remove values.
func emptied(names []string) (pairs []string) {
	for _, name := range names {
		pairs = append(pairs, name, "")
	}
	return pairs
}

// sorting is the order of a list.
type sorting struct {
	By         string
	Descending bool
}

// sorting returns the order in the query, or else the given one.
func (v *visit) sorting(by string, descending bool) sorting {
	if asked := v.q("sort"); asked != "" {
		return sorting{asked, v.q("order") == "desc"}
	}
	return sorting{by, descending}
}

// ask adds the order to the query of a call.
func (s sorting) ask(query map[string][]string) {
	query["sort"] = []string{s.By}
	if s.Descending {
		query["order"] = []string{"desc"}
	}
}

// direction returns the value of aria-sort.
func (s sorting) direction() string {
	if s.Descending {
		return "descending"
	}
	return "ascending"
}

// next returns the order after a click on the head of a column: the other one, or for another column the
// largest number or the first text first.
func (s sorting) next(key string, number bool) string {
	if s.By == key && !s.Descending || s.By != key && number {
		return "desc"
	}
	return "asc"
}

// signedIn reports whether the page belongs to a person.
func (v *visit) signedIn() bool { return v.person.Caller.Subject != "" }

func (v *visit) hasTheme(theme string) bool {
	return v.theme == theme || v.theme == "" && theme == "auto"
}

// returnTo returns the address to which a form of the top bar leads back.
func (v *visit) returnTo() string {
	if v.r.Method == "GET" {
		return v.here()
	}
	return v.back()
}

// field is a field of a form.
type field struct {
	ID, Name, Label, Value, Hint string
	Kind                         string // type of an input; text if empty
	Max                          int    // characters; 0 for any number
	Optional                     bool
	Mono                         bool // whether it is a number of an agreement
	Digits                       bool // whether it is a whole number
}

func (f field) kind() string {
	if f.Kind == "" {
		return "text"
	}
	return f.Kind
}

// attributes returns the attributes that describe the field to browsers and screen readers.
func (f field) attributes(e formErrors) templ.Attributes {
	a := templ.Attributes{"id": f.ID}
	var describedBy []string
	if len(e.of(f.ID)) > 0 {
		a["aria-invalid"] = "true"
		describedBy = append(describedBy, f.ID+"-e")
	}
	if f.Hint != "" {
		describedBy = append(describedBy, f.ID+"-h")
	}
	if describedBy != nil {
		a["aria-describedby"] = strings.Join(describedBy, " ")
	}
	if f.Max > 0 {
		a["maxlength"] = strconv.Itoa(f.Max)
	}
	if !f.Optional {
		a["aria-required"] = "true"
	}
	if f.Digits {
		a["inputmode"] = "numeric"
	}
	if f.Mono {
		a["spellcheck"] = "false"
	}
	return a
}

// formError is one error in a form: at a field, or on top of the form. If it is about another agreement, it
// has a link to that.
type formError struct{ ID, Text, Href, Link string }

// formErrors is the errors in a form: those of the API, at their fields.
type formErrors struct{ list []formError }

func (e formErrors) any() bool { return len(e.list) > 0 }

// of returns the errors at a field.
func (e formErrors) of(id string) (list []formError) {
	for _, x := range e.list {
		if x.ID == id {
			list = append(list, x)
		}
	}
	return list
}

// add adds an error that the console found itself, because there is nothing to ask the API about.
func (e *formErrors) add(id, text string) { e.list = append(e.list, formError{ID: id, Text: text}) }

// place returns the errors of a problem, each at the field that fieldOf returns for a JSON pointer. An
// error without a field is on top of the form.
func (v *visit) place(p *client.Problem, fieldOf func(pointer string) string) (e formErrors) {
	for _, x := range p.Errors {
		e.list = append(e.list, formError{ID: fieldOf(x.Pointer), Text: x.Message, Href: other(x), Link: v.T("console_show_other")})
	}
	if len(p.Errors) == 0 {
		e.list = append(e.list, formError{Text: p.Detail})
	}
	return e
}

// Colours and icons of the states of imports and refreshes, and of the severities of findings.
var (
	stateTone    = map[string]string{"succeeded": "covered", "partial": "short", "rejected": "unlicensed", "failed": "unlicensed", "received": "unused", "queued": "unused", "running": "unused"}
	severityIcon = map[string]string{"error": "unlicensed", "warning": "short", "hint": "info"}
)

// Colours and icons of the kinds of titles. Kinds that need no licence are not in use.
var (
	kindTone = map[string]string{"product": "covered", "unknown": "short", "undecidable": "short"}
	kindIcon = map[string]string{
		"product": "covered", "unknown": "unknown", "undecidable": "undecided", "component": "not-measured", "update": "not-measured", "language": "not-measured",
		"driver": "not-measured", "runtime": "not-measured", "free": "not-measured", "ignored": "not-measured", "alias": "move",
	}
)

// titleKinds are the kinds of titles, as filters have them.
var titleKinds = []string{"unknown", "product", "undecidable", "component", "update", "language", "driver", "runtime", "free", "ignored"}

// titled is the title of a page about something that has a page of its own with the same name, or of a form that
// others have, too: browsers show titles in tabs and histories, where pages must be told apart.
func titled(title, of string) string { return title + " – " + of }
