package licenses

import (
	"slices"
	"strconv"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// userFilter is a $filter of users: conditions that all have to hold.
type userFilter struct {
	all []func(u *subscription.User) bool
	upn string // if one of the conditions is that the user principal name equals this
}

func (f *userFilter) selects(u *subscription.User) bool {
	return !slices.ContainsFunc(f.all, func(holds func(*subscription.User) bool) bool { return !holds(u) })
}

// userTexts has the properties that can be filtered by, and how their values are read. Values are compared without
// regard to case, as Graph does.
var userTexts = map[string]func(u *subscription.User) string{
	"id":                func(u *subscription.User) string { return graphGUID(u.ObjectID, u.ID) },
	"userPrincipalName": func(u *subscription.User) string { return u.UPN },
	"displayName":       func(u *subscription.User) string { return u.Name },
	"department":        func(u *subscription.User) string { return u.Department },
	"usageLocation":     func(u *subscription.User) string { return u.Location },
	"userType":          func(u *subscription.User) string { return graphUserType(u.Type) },
}

// Other parts of a $filter of users.
const (
	propertyEnabled  = "accountEnabled"
	propertyLicenses = "assignedLicenses/any"
	propertyNumber   = "assignedLicenses/$count"
	functionStarts   = "startswith"
)

// filterProperties is the properties of a $filter, for messages.
var filterProperties = func() string {
	names := []string{propertyEnabled, propertyNumber, propertyLicenses + "(x:x/skuId eq …)"}
	for name := range userTexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}()

// filterError is a $filter that cannot be understood.
func filterError(code, given string, at int) error {
	args := errs.Pairs("position", strconv.Itoa(at+1), "properties", filterProperties)
	return errs.Violated([]errs.Violation{{Code: code, Field: httpapi.ParameterField + "$filter", Value: given, Args: args}})
}

// parseUserFilter reads a $filter of users: comparisons with eq and startswith, joined by and. skus returns the ids
// of the subscriptions with licences of a product. The errors are errs.Invalid.
func parseUserFilter(filter string, skus func(skuID string) []string) (f userFilter, err error) {
	if filter == "" {
		return f, nil
	}
	p := filterParser{text: filter, skus: skus}
	for {
		if err := p.condition(&f); err != nil {
			return f, err
		}
		if p.end() {
			return f, nil
		}
		if !p.word("and") {
			return f, p.unexpected()
		}
	}
}

type filterParser struct {
	text string
	at   int
	skus func(string) []string
}

func (p *filterParser) unexpected() error { return filterError("graph_filter_syntax", p.text, p.at) }

func (p *filterParser) spaces() {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
}

// end reports whether nothing but spaces is left.
func (p *filterParser) end() bool {
	p.spaces()
	return p.at == len(p.text)
}

// sign reads a sign.
func (p *filterParser) sign(sign string) bool {
	p.spaces()
	if !strings.HasPrefix(p.text[p.at:], sign) {
		return false
	}
	p.at += len(sign)
	return true
}

// name reads letters, digits, and the signs of a path.
func (p *filterParser) name() string {
	p.spaces()
	from := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c != '/' && c != '$' && c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			break
		}
		p.at++
	}
	return p.text[from:p.at]
}

// word reads a word of the language.
func (p *filterParser) word(word string) bool {
	p.spaces()
	from := p.at
	if p.name() == word {
		return true
	}
	p.at = from
	return false
}

// quoted reads a text in quotes, in which two quotes stand for one.
func (p *filterParser) quoted() (value string, ok bool) {
	if !p.sign("'") {
		return "", false
	}
	var b strings.Builder
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		if c != '\'' {
			b.WriteByte(c)
			continue
		}
		if p.at == len(p.text) || p.text[p.at] != '\'' {
			return b.String(), true
		}
		b.WriteByte(c)
		p.at++
	}
	return "", false
}

// condition reads one comparison.
func (p *filterParser) condition(f *userFilter) error {
	p.spaces()
	from := p.at
	name := p.name()
	switch {
	case name == functionStarts:
		return p.starts(f)
	case name == propertyLicenses:
		return p.holds(f)
	case name == propertyEnabled:
		return p.enabled(f)
	case name == propertyNumber:
		if !p.word("eq") || !p.word("0") {
			return p.unexpected()
		}
		f.all = append(f.all, func(u *subscription.User) bool { return len(u.Licenses) == 0 })
		return nil
	case userTexts[name] == nil:
		p.at = from
		return filterError("graph_filter_property", p.text, p.at)
	case !p.word("eq"):
		return p.unexpected()
	}
	value := ""
	if !p.word("null") {
		var ok bool
		if value, ok = p.quoted(); !ok {
			return p.unexpected()
		}
	}
	if name == "userPrincipalName" {
		f.upn = value
	}
	if name == "id" {
		f.all = append(f.all, func(u *subscription.User) bool {
			return strings.EqualFold(graphGUID(u.ObjectID, u.ID), value) || u.ID == ownID(value)
		})
		return nil
	}
	property, folded := userTexts[name], text.Fold(value)
	f.all = append(f.all, func(u *subscription.User) bool { return text.Fold(property(u)) == folded })
	return nil
}

// starts reads the rest of startswith(property,'text').
func (p *filterParser) starts(f *userFilter) error {
	if !p.sign("(") {
		return p.unexpected()
	}
	p.spaces()
	from := p.at
	property := userTexts[p.name()]
	if property == nil {
		p.at = from
		return filterError("graph_filter_property", p.text, p.at)
	}
	if !p.sign(",") {
		return p.unexpected()
	}
	value, ok := p.quoted()
	if !ok || !p.sign(")") {
		return p.unexpected()
	}
	folded := text.Fold(value)
	f.all = append(f.all, func(u *subscription.User) bool { return strings.HasPrefix(text.Fold(property(u)), folded) })
	return nil
}

// holds reads the rest of assignedLicenses/any(x:x/skuId eq …).
func (p *filterParser) holds(f *userFilter) error {
	if !p.sign("(") {
		return p.unexpected()
	}
	variable := p.name()
	if variable == "" || !p.sign(":") || !p.word(variable+"/skuId") || !p.word("eq") {
		return p.unexpected()
	}
	sku, ok := p.quoted()
	if !ok {
		sku = p.name()
	}
	if sku == "" || !p.sign(")") {
		return p.unexpected()
	}
	subscriptions := p.skus(sku)
	f.all = append(f.all, func(u *subscription.User) bool {
		return slices.ContainsFunc(subscriptions, func(id string) bool { _, holds := u.Licenses[id]; return holds })
	})
	return nil
}

// enabled reads the rest of accountEnabled eq true.
func (p *filterParser) enabled(f *userFilter) error {
	if !p.word("eq") {
		return p.unexpected()
	}
	disabled := p.word("false")
	if !disabled && !p.word("true") {
		return p.unexpected()
	}
	f.all = append(f.all, func(u *subscription.User) bool { return u.Disabled == disabled })
	return nil
}
