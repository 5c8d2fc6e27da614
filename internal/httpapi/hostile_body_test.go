package httpapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"trueup/internal/httpapi"
	"trueup/internal/i18n"
)

// place is a value in a body, with its schema.
type place struct {
	path   []string // names of fields; "" is the first item of a list
	schema *openapi3.Schema
}

// places returns every value of a body that the schema names, the body first.
func places(schema *openapi3.Schema, path ...string) []place {
	found := []place{{path, schema}}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		found = append(found, places(schema.Properties[name].Value, append(slices.Clip(path), name)...)...)
	}
	if schema.Items != nil {
		found = append(found, places(schema.Items.Value, append(slices.Clip(path), "")...)...)
	}
	return found
}

// with returns the smallest body that has a JSON value at the place.
func (p place) with(value string) string {
	for _, name := range slices.Backward(p.path) {
		if name == "" {
			value = "[" + value + "]"
		} else {
			value = fmt.Sprintf("{%q:%s}", name, value)
		}
	}
	return value
}

// allows reports whether the limits of a number in the schema allow a value.
func (p place) allows(value string) bool {
	n, err := strconv.ParseFloat(value, 64)
	return err == nil && p.schema.Min != nil && n >= *p.schema.Min && p.schema.Max != nil && n <= *p.schema.Max
}

// pointer returns the place as a JSON pointer.
func (p place) pointer() string {
	var b strings.Builder
	for _, name := range p.path {
		if name == "" {
			name = "0"
		}
		b.WriteString("/" + name)
	}
	return b.String()
}

// sample returns a minimal valid body, except for a JSON value at a place.
func sample(schema *openapi3.Schema, at []string, value string) string {
	var rest []string
	if len(at) > 0 {
		rest = at[1:]
	}
	switch {
	case at != nil && len(at) == 0:
		return value
	case at == nil && len(schema.Enum) > 0:
		return encoded(schema.Enum[0])
	case at == nil && len(schema.Examples) > 0:
		return encoded(schema.Examples[0])
	case schema.Items != nil:
		return "[" + sample(schema.Items.Value, rest, value) + "]"
	case schema.Type.Is("string"):
		return `"x"`
	case !schema.Type.Is("object"):
		return "1"
	}
	var fields []string
	names, required := slices.Sorted(maps.Keys(schema.Properties)), schema.Required
	if len(schema.OneOf) > 0 { // the first of several alternatives
		required = slices.Concat(required, schema.OneOf[0].Value.Required)
	}
	if schema.Not != nil { // the first of the fields that exclude each other
		required = append(slices.Clone(required), schema.Not.Value.Required[0])
	}
	for _, name := range names {
		if inside := len(at) > 0 && at[0] == name; inside {
			fields = append(fields, fmt.Sprintf("%q:%s", name, sample(schema.Properties[name].Value, rest, value)))
		} else if slices.Contains(required, name) {
			fields = append(fields, fmt.Sprintf("%q:%s", name, sample(schema.Properties[name].Value, nil, "")))
		}
	}
	if fields == nil { // if nothing is required, use the first field
		fields = []string{fmt.Sprintf("%q:%s", names[0], sample(schema.Properties[names[0]].Value, nil, ""))}
	}
	return "{" + strings.Join(fields, ",") + "}"
}

func encoded(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // it came from JSON
	}
	return string(b)
}

// wrong returns a value of every JSON type except the type of the place, and the code of the
// rejection.
func (p place) wrong() (values []string, code string) {
	all := map[string]string{
		"string": `"\u0000"`, "integer": "5", "number": "5.5", "boolean": "true", "array": `["x"]`, "object": `{"nobody":1}`,
	}
	for kind := range all {
		if p.schema.Type.Is(kind) {
			code = "type_" + kind
			delete(all, kind)
		}
	}
	if p.schema.Type.Is("number") {
		delete(all, "integer") // which is a number
	}
	return slices.Sorted(maps.Values(all)), code
}

// The limits of a body in package httpapi.
const (
	maxBody   = 64 << 10
	maxValues = 500
)

// valuesOf has the operations that accept more values, see licenses.
var valuesOf = map[string]int{
	"assignLicenses": 10_000, "removeLicenses": 1100, "deleteUsers": 1100, "createUser": 9000, "createSubscription": 56_000, "updateSubscription": 56_000,
	"createLicenseJob": 110_000, "addDeviceGroupMembers": 1200, "removeDeviceGroupMembers": 1200, "graphAssignLicense": 9000,
}

// bodyOf has the operations that accept larger bodies.
var bodyOf = map[string]int{"createLicenseJob": 4 << 20}

// count returns the number of values in the largest valid body.
func count(t *testing.T, schema *openapi3.Schema) int {
	n := 1
	for _, property := range schema.Properties {
		n += count(t, property.Value)
	}
	if schema.Items != nil {
		if schema.MaxItems == nil {
			t.Errorf("a list without maxItems: %s", schema.Description)
			return n
		}
		n += int(*schema.MaxItems) * count(t, schema.Items.Value)
	}
	return n
}

// filled returns a text of about the maximum body size: begin, repeated units, and end.
func filled(begin, unit, end string) string {
	return begin + strings.Repeat(unit, (maxBody-len(begin)-len(end))/len(unit)) + end
}

// TestHostileBodies sends bodies to every operation that accepts one: bodies that are not JSON,
// do not match the schema, or are too large. It measures the cost of rejections, so it runs
// alone.
func TestHostileBodies(t *testing.T) {
	skipUnderRace(t)
	s := newStack(t)
	s.warm(t)
	constantHeap(t)
	tried := 0
	for _, o := range operations(t) {
		schema := o.body()
		if schema == nil {
			continue
		}
		tried++
		t.Run(o.Key(), func(t *testing.T) {
			if n := count(t, schema); n > max(maxValues, valuesOf[o.Operation]) {
				t.Errorf("a body of %d values is valid: more than is read at all", n)
			}
			refuse := func(h hostile, code string) {
				t.Helper()
				h.route = o.Route
				if p := s.refused(t, h); p.Code != code && !slices.ContainsFunc(p.Errors, func(e httpapi.FieldError) bool { return e.Code == code }) {
					t.Errorf("%s %.100q: %s %+.300v, want %s", h.contentType, h.body, p.Code, p.Errors, code)
				}
			}
			for body, code := range unreadable {
				refuse(hostile{body: body}, code)
				refuse(hostile{body: body, encoded: true}, code)
			}
			for _, kind := range []string{
				"text/plain", "application/xml", "text/csv", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
				"application/octet-stream", "application/jsonp", "nonsense", "\x00",
			} {
				refuse(hostile{contentType: kind, body: "{}"}, "media_type_unsupported")
			}
			for name, body := range large() {
				if p := s.refused(t, hostile{route: o.Route, body: body}); (p.Code == "body_too_large") != (len(body) > max(maxBody, bodyOf[o.Operation])) {
					t.Errorf("%s, %d bytes: %s", name, len(body), p.Code)
				}
			}
			// The base64 of a larger body would not fit the 6 MB of a function's event.
			s.refused(t, hostile{route: o.Route, body: large()["11 MB"][:4<<20], encoded: true})
			for _, p := range places(schema) {
				s.refusePlace(t, o, p)
			}
		})
	}
	if tried == 0 {
		t.Error("no operation takes a body")
	}
}

// refusePlace sends invalid values at one place of an operation's body.
func (s *stack) refusePlace(t *testing.T, o operation, p place) {
	t.Helper()
	refuse := func(body, pointer string, codes ...string) {
		t.Helper()
		if got := s.refused(t, hostile{route: o.Route, body: body}); !has(got, pointer, codes...) {
			t.Errorf("%.200q: %s %+.300v, want %v at %q", body, got.Code, got.Errors, codes, pointer)
		}
	}
	here := p.pointer()
	values, code := p.wrong()
	if !i18n.Known(code) {
		t.Errorf("%s is of a type nobody has thought of", here)
	}
	for _, value := range values {
		refuse(p.with(value), here, code)
	}
	for _, value := range []string{"1e400", "-1e400", "1e99999999999"} {
		refuse(p.with(value), here, "number_range")
	}
	if p.schema.Type.Is("integer") {
		for _, value := range []string{"1.5", "-0.5", "1e-1"} {
			refuse(p.with(value), here, "type_integer")
		}
		for _, value := range []string{"9223372036854775808", "-9223372036854775809", "1" + strings.Repeat("0", 300)} {
			refuse(p.with(value), here, "number_range")
		}
		for _, value := range []string{"-0", "-1", "9007199254740993", "-9223372036854775808"} {
			if !p.allows(value) {
				refuse(p.with(value), here)
			}
		}
		// JSON Schema accepts these as integers, so they are rejected later.
		for _, value := range []string{"1.0", "1e0", "1E2", "10e-1"} {
			refuse(sample(o.body(), p.path, value), here, "type_integer")
		}
	}
	if p.schema.MaxLength != nil {
		refuse(p.with(`"`+strings.Repeat("x", int(*p.schema.MaxLength)+1)+`"`), here)
	}
	if p.schema.Type.Is("string") {
		for _, value := range []string{`"\u0000"`, `"\ud800"`, `"` + strings.Repeat(`\u0000`, 5000) + `"`, `"-0"`, `"` + strings.Repeat("é", 30_000) + `"`} {
			s.refused(t, hostile{route: o.Route, body: p.with(value), header: map[string]string{"idempotency-key": "/", "if-match": "/"}})
		}
	}
	if p.schema.Type.Is("array") {
		tooMany := 400
		if p.schema.MaxItems != nil {
			tooMany = max(tooMany, int(*p.schema.MaxItems))
		}
		refuse(p.with("["+strings.Repeat(`"x",`, tooMany)+`"x"]`), here)
		refuse(p.with("["+strings.Repeat("{},", tooMany)+"{}]"), here)
	}
	if p.schema.Type.Is("object") {
		other := "field_unknown"
		if p.schema.AdditionalProperties.Schema != nil {
			other = "type_string" // any name is allowed, with a text
		}
		refuse(p.with(`{"nobody":1}`), here+"/nobody", other)
		refuse(p.with(`{"":1}`), here+"/", other)
	}
	if len(p.path) == 0 {
		refuse(p.with("null"), here, code)
		return
	}
	refuse(p.with("null"), here, "json_null")
	name := p.path[len(p.path)-1]
	if name == "" {
		return
	}
	around := place{path: p.path[:len(p.path)-1]}
	for _, again := range []string{name, fmt.Sprintf(`\u%04x`, name[0]) + name[1:]} {
		refuse(around.with(fmt.Sprintf(`{%q:1,"%s":2}`, name, again)), here, "json_duplicate")
	}
	for _, other := range []string{strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:], name + " ", strings.Replace(name, "s", "ſ", 1)} {
		if other != name {
			refuse(around.with(fmt.Sprintf(`{%q:1}`, other)), around.pointer()+"/"+other, "field_unknown")
			refuse(around.with(fmt.Sprintf(`{%q:1,%q:2}`, name, other)), around.pointer()+"/"+other, "field_unknown")
		}
	}
}

// unreadable lists bodies that are invalid for every operation, with the code of the rejection.
var unreadable = map[string]string{
	"":                               "body_required",
	"null":                           "type_object",
	"[]":                             "type_object",
	`"{}"`:                           "type_object",
	"0":                              "type_object",
	"true":                           "type_object",
	"-0":                             "type_object",
	"1e400":                          "number_range",
	"{":                              "json_malformed",
	"}":                              "json_malformed",
	`{"a":}`:                         "json_malformed",
	`{"a":1,}`:                       "json_malformed",
	"{'a':1}":                        "json_malformed",
	"{a:1}":                          "json_malformed",
	`{"a":01}`:                       "json_malformed",
	`{"a":+1}`:                       "json_malformed",
	`{"a":.5}`:                       "json_malformed",
	`{"a":NaN}`:                      "json_malformed",
	`{"a":Infinity}`:                 "json_malformed",
	`{"a":"\x"}`:                     "json_malformed",
	"{\"a\":\"\x00\"}":               "json_malformed",
	"{\"a\":\"\n\"}":                 "json_malformed",
	"{}\x00":                         "json_trailing",
	"\x00":                           "json_malformed",
	" ":                              "json_malformed",
	"{\"a\":\"\xff\"}":               "json_malformed",
	"{\"\xc3\":1}":                   "json_malformed",
	"{\"a\":\"\xed\xa0\x80\"}":       "json_malformed", // half a surrogate pair
	"{\"a\":\"\xc0\x80\"}":           "json_malformed", // an overlong NUL
	"\ufeff{}":                       "json_malformed",
	"\xff\xfe{\x00}\x00":             "json_malformed", // UTF-16
	"{} {}":                          "json_trailing",
	"{},":                            "json_trailing",
	`{"a":1}[]`:                      "json_trailing",
	"// {}":                          "json_malformed",
	"<a/>":                           "json_malformed",
	"a=1":                            "json_malformed",
	`{"a":{"a":1,"a":2}}`:            "json_duplicate",
	`{"a":[{"b":1,"\u0062":2}]}`:     "json_duplicate",
	`{"__proto__":{}}`:               "field_unknown",
	`{"a/b":1,"m~n":2," ":3}`:        "field_unknown",
	`{"a":[[[[[[[[[[null]]]]]]]]]]}`: "json_null",
}

// large returns bodies that are unreasonably large, most of them within the limit.
func large() map[string]string {
	return map[string]string{
		"11 MB":                   `{"a":"` + strings.Repeat("x", 11<<20) + `"}`,
		"11 MB of space":          strings.Repeat(" ", 11<<20) + "{}",
		"a million elements":      "[" + strings.Repeat("1,", 999_999) + "1]",
		"a million in a field":    `{"ids":[` + strings.Repeat("1,", 999_999) + "1]}",
		"10,000 deep":             strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000),
		"10,000 deep, open":       strings.Repeat("[", 10_000),
		"10,000 deep, objects":    strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000),
		"as many numbers as fit":  filled("[", "1,", "1]"),
		"as many nulls as fit":    filled("[", "null,", "null]"),
		"as many objects as fit":  filled("[", "{},", "{}]"),
		"as many fields as fit":   filled("{", `"a":1,`, `"b":1}`),
		"as many huge as fit":     filled("[", "1e400,", "1]"),
		"one long text":           filled(`{"a":"`, "x", `"}`),
		"one long name":           filled(`{"`, "x", `":1}`),
		"one long number":         filled(`{"a":1`, "0", "}"),
		"as much space as fits":   filled("", " ", "[]"),
		"brackets left open":      filled("", "[", ""),
		"as many escapes as fit":  filled(`{"a":"`, `\u0000`, `"}`),
		"different unknown names": names(),
	}
}

// names returns an object with as many unknown fields as fit.
func names() string {
	var b strings.Builder
	b.WriteString(`{"a":1`)
	for i := 0; b.Len() < maxBody-20; i++ {
		fmt.Fprintf(&b, `,"%d":1`, i)
	}
	return b.String() + "}"
}
