package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"trueup/internal/text"
)

// Mapping says what the values of a claim stand for. In the zero Mapping, the name of a role stands
// for that role.
type Mapping struct{ byRole map[Role][]string }

// Limits of a mapping. The environment of a function has 4 KB for all its settings.
const (
	maxMapping = 2048 // bytes as JSON
	maxValue   = 256  // characters
)

// objectID matches the id of an object in Entra ID, in any case.
var objectID = text.Pattern(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// ParseMapping reads a mapping from JSON: an object with a list of values for each role, such as
// {"global-admin": ["Licence admins"], "billing-admin": ["0f1e2d3c-…", "Buyers"]}. A value may stand
// for several roles. Empty text is the zero Mapping. The error says what to do, and has every mistake
// of a text that is JSON.
func ParseMapping(s string) (Mapping, error) {
	if strings.TrimSpace(s) == "" {
		return Mapping{}, nil
	}
	if len(s) > maxMapping {
		return Mapping{}, fmt.Errorf("it has %d bytes, and %d fit; name fewer values", len(s), maxMapping)
	}
	decoder := json.NewDecoder(strings.NewReader(s))
	m := Mapping{byRole: map[Role][]string{}}
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		return Mapping{}, errNoMapping
	}
	var wrong []error
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return Mapping{}, errNoMapping
		}
		var list any
		if decoder.Decode(&list) != nil {
			return Mapping{}, errNoMapping
		}
		role := Role(fmt.Sprint(name))
		values, err := parseValues(list)
		_, repeated := m.byRole[role]
		switch {
		case !slices.Contains(Roles, role):
			err = fmt.Errorf("%q is no role; the roles are %s", role, RoleNames(Roles))
		case repeated:
			err = fmt.Errorf("%q comes twice; put all its values in one list", role)
		case err != nil:
			err = fmt.Errorf("%q: %w", role, err)
		}
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		m.byRole[role] = values
	}
	if _, err := decoder.Token(); err != nil {
		return Mapping{}, errNoMapping
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Mapping{}, errNoMapping
	}
	if wrong == nil && len(m.byRole) == 0 {
		return Mapping{}, errors.New("it is empty, so no caller would have a role; name the values of at least one role, or leave the setting out")
	}
	if wrong != nil {
		return Mapping{}, errors.Join(wrong...)
	}
	return m, nil
}

var errNoMapping = errors.New(`give a JSON object with a list of values for each role, such as {"global-admin": ["Licence admins"]}`)

// parseValues reads the values of one role.
func parseValues(given any) ([]string, error) {
	list, ok := given.([]any)
	if !ok || len(list) == 0 {
		return nil, errors.New(`give a list of values, such as ["Licence admins"]`)
	}
	var values []string
	for _, item := range list {
		value, ok := item.(string)
		switch {
		case !ok:
			return nil, fmt.Errorf("%v is not a text; put it in quotes", item)
		case value == "" || value != strings.TrimSpace(value):
			return nil, fmt.Errorf("%q begins or ends with a space, or is empty; correct it", value)
		case strings.ContainsFunc(value, text.IsInvisible):
			return nil, fmt.Errorf("%q has a character that cannot be seen; type it again", value)
		case utf8.RuneCountInString(value) > maxValue:
			return nil, fmt.Errorf("%q has more than %d characters; use the id of the group or an app role", text.Shorten(value, 20), maxValue)
		}
		value = folded(value)
		if slices.Contains(values, value) {
			return nil, fmt.Errorf("%q comes twice; remove one", value)
		}
		values = append(values, value)
	}
	return values, nil
}

// String returns the mapping as JSON that ParseMapping reads; empty for the zero Mapping.
func (m Mapping) String() string {
	if m.byRole == nil {
		return ""
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(m.byRole); err != nil {
		panic(err) // a map of lists of texts always marshals
	}
	return strings.TrimSpace(out.String())
}

// Equal reports whether two mappings are the same.
func (m Mapping) Equal(other Mapping) bool {
	return (m.byRole == nil) == (other.byRole == nil) && maps.EqualFunc(m.byRole, other.byRole, slices.Equal)
}

// folded returns a value in the form in which values are compared: ids of objects in lower case, all
// others as they are.
func folded(value string) string {
	if objectID().MatchString(value) {
		return strings.ToLower(value)
	}
	return value
}

// roles returns the roles that a value stands for, in the order of Roles.
func (m Mapping) roles(value string) (roles []Role) {
	value = folded(value)
	for _, role := range Roles {
		if m.byRole == nil && value == string(role) || slices.Contains(m.byRole[role], value) {
			roles = append(roles, role)
		}
	}
	return roles
}

// RoleNames returns the names of roles, with commas between them.
func RoleNames(roles []Role) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return strings.Join(names, ", ")
}
