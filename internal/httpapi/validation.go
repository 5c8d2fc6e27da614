package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"trueup/internal/errs"
	"trueup/internal/i18n"
)

// huma keeps its messages about invalid input, and its constructor of errors, in package
// variables. They are replaced here: a message is a code, optionally followed by the name and
// value of one argument, separated by bars. This must happen before the first operation is
// registered, hence init.
func init() {
	huma.DefaultArrayNullable = false
	huma.ValidateStrictCasing = true
	huma.NewErrorWithContext = newError
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError { return &Problem{Status: status} }

	validation.MsgUnexpectedProperty = "field_unknown"
	validation.MsgExpectedBoolean = "type_boolean"
	validation.MsgExpectedNumber = "type_number"
	validation.MsgExpectedInteger = "type_integer"
	validation.MsgExpectedString = "type_string"
	validation.MsgExpectedArray = "type_array"
	validation.MsgExpectedObject = "type_object"
	validation.MsgExpectedOneOf = "value_enum|values|%s"
	validation.MsgExpectedMinimumNumber = "number_min|min|%v"
	validation.MsgExpectedMaximumNumber = "number_max|max|%v"
	validation.MsgExpectedMinLength = "length_min|min|%d"
	validation.MsgExpectedMaxLength = "length_max|max|%d"
	validation.MsgExpectedMinItems = "items_min|min|%d"
	validation.MsgExpectedMaxItems = "items_max|max|%d"
	validation.MsgExpectedMatchPattern = "value_pattern|pattern|%s"
	validation.MsgExpectedRequiredProperty = "field_required|" + fieldArgument + "|%s"
}

// fieldArgument is the argument that is appended to the pointer instead of being quoted.
const fieldArgument = "field"

// spoken maps the messages that huma does not let us replace to codes.
var spoken = map[string]string{
	"unknown query parameter":              "parameter_unknown",
	"required query parameter is missing":  "parameter_required",
	"required path parameter is missing":   "parameter_required",
	"required header parameter is missing": "parameter_required",
	"invalid integer":                      "type_integer",
	"invalid boolean":                      "type_boolean",
	"invalid float":                        "type_number",
}

// maxFound is how many values that do not match the schema are looked at. A list of 100,000 users can have as many,
// and a response lists maxErrors.
const maxFound = 2 * maxErrors

// refused returns the problem of input that huma rejected.
func refused(ctx huma.Context, lang i18n.Lang, id string, status int, message string, causes []error) *Problem {
	whole := func(status int, code string, args ...string) *Problem {
		return problem(lang, id, status, code, errs.Pairs(args...))
	}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return whole(status, "body_too_large", "max", strconv.FormatInt(ctx.Operation().MaxBodyBytes-1, 10))
	case status == http.StatusUnsupportedMediaType:
		return whole(status, "media_type_unsupported")
	case message == "request body is required":
		return whole(status, "body_required")
	}
	found := make([]errs.Violation, 0, min(len(causes), maxFound))
	var broken []errs.Violation
	for _, cause := range causes {
		switch cause := cause.(type) { //nolint:errorlint // huma collects them as they are
		case *violation:
			broken = append(broken, errs.Violation(*cause))
		case *huma.ErrorDetail:
			if len(found) >= maxFound {
				continue
			}
			var defect jsonDefect
			if strings.HasPrefix(cause.Message, "{") && json.Unmarshal([]byte(cause.Message), &defect) == nil {
				if defect.Code != "" {
					return problem(lang, id, status, defect.Code, defect.Args)
				}
				found = append(found, defect.Values...)
				continue
			}
			v := detail(cause)
			if code, known := elsewhere(ctx.Operation(), v); known {
				v.Code = code
			}
			found = append(found, v)
		default:
			found = append(found, errs.Violation{Code: "value_invalid", Field: WholeBody})
		}
	}
	shape := make(map[string]bool, len(found))
	for _, v := range found {
		shape[v.Field] = true
	}
	for _, v := range broken {
		// A missing value, or one of the wrong type, has no other violations.
		if len(shape) > 0 && v.Field == WholeBody || within(shape, v.Field) {
			continue
		}
		found = append(found, v)
	}
	slices.SortStableFunc(found, func(a, b errs.Violation) int { return strings.Compare(a.Field, b.Field) })
	if checked, ok := ctx.Context().Value(checkedKey{}).(*[]errs.Violation); ok {
		*checked = found
	}
	return expected(lang, id, &errs.Error{Kind: errs.Invalid, Code: "invalid_input", Violations: found})
}

// elsewhereKey is the metadata key of the fields that other operations change.
const elsewhereKey = "elsewhere"

// Elsewhere names fields that people expect in the body of an operation and that another operation changes,
// with the code of the message that says which.
func Elsewhere(op *huma.Operation, codes map[string]string) { op.Metadata[elsewhereKey] = codes }

// elsewhere returns the code for an unknown field that another operation changes.
func elsewhere(op *huma.Operation, v errs.Violation) (code string, known bool) {
	if codes, has := op.Metadata[elsewhereKey].(map[string]string); has && v.Code == "field_unknown" {
		code, known = codes[v.Field]
	}
	return code, known
}

// within reports whether fields contains a field or one that encloses it.
func within(fields map[string]bool, field string) bool {
	for !fields[field] {
		i := strings.LastIndexByte(field, '/')
		if i < 0 {
			return false
		}
		field = field[:i]
	}
	return true
}

// violation is a violation of a domain rule, as an error for huma's resolvers.
type violation errs.Violation

func (v *violation) Error() string { return v.Code }

// detail converts huma's error about one value.
func detail(d *huma.ErrorDetail) errs.Violation {
	v := errs.Violation{Code: "value_invalid", Field: field(d.Location)}
	if code, ok := spoken[d.Message]; ok {
		v.Code = code
	} else if parts := strings.SplitN(d.Message, "|", 3); i18n.Known(parts[0]) {
		v.Code = parts[0]
		if len(parts) == 3 && parts[1] == fieldArgument {
			v.Field = strings.TrimPrefix(v.Field+"/"+parts[2], WholeBody+"/")
		} else if len(parts) == 3 {
			v.Args = errs.Pairs(parts[1], plain(parts[2]))
		}
	}
	switch value := d.Value.(type) {
	case nil, map[string]any, []any: // for an object, the field's name is enough
	default:
		if v.Field != "details" { // details are never quoted (R2.7)
			v.Value = plain(fmt.Sprint(value))
		}
	}
	return v
}

// plain removes the exponent of huma's floating-point numbers.
func plain(s string) string {
	if f, err := strconv.ParseFloat(s, 64); err == nil && strings.ContainsAny(s, "e") {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return s
}

// field converts huma's location, "body.items[3].name" or "query.limit", to the Field of a
// violation.
func field(location string) string {
	where, name, inside := strings.Cut(location, ".")
	switch {
	case where != "body":
		return ParameterField + name
	case !inside:
		return WholeBody
	}
	return steps.Replace(pointerEscapes.Replace(name))
}

// steps converts the separators of a location to those of a pointer.
var steps = strings.NewReplacer(".", "/", "[", "/", "]", "")

// Refusals converts violations to the errors of huma's resolvers, and renames the fields of a
// draft to their names in the API.
func Refusals(broken ...[]errs.Violation) []error {
	var refused []error
	for _, v := range slices.Concat(broken...) {
		if strings.HasSuffix(v.Field, "/authorization") || strings.HasSuffix(v.Field, "/license") {
			v.Field += "Number"
		}
		refused = append(refused, (*violation)(&v))
	}
	return refused
}
