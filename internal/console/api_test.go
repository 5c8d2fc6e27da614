package console

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

// schema is a part of a JSON schema.
type schema struct {
	Ref                  string            `json:"$ref"`
	Type                 any               `json:"type"` // a text or a list
	Format               string            `json:"format"`
	Properties           map[string]schema `json:"properties"`
	Items                *schema           `json:"items"`
	AdditionalProperties any               `json:"additionalProperties"`
}

// document is the OpenAPI document.
type document struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		Responses   map[string]struct {
			Content map[string]struct {
				Schema schema `json:"schema"`
			} `json:"content"`
		} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

// TestOperations compares every operation that pages call with the OpenAPI document: its method and path,
// and each field of its answer with name and type.
func TestOperations(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var d document
	if err := json.Unmarshal(file, &d); err != nil {
		t.Fatal(err)
	}
	d.compareOperations(t, reflect.ValueOf(api))
	d.compareOperations(t, reflect.ValueOf(people))
	d.compareOperations(t, reflect.ValueOf(reminding))
	d.compareOperations(t, reflect.ValueOf(saved))
}

// compareOperations compares the operations in the fields of a struct.
func (d *document) compareOperations(t *testing.T, operations reflect.Value) {
	t.Helper()
	for i := range operations.NumField() {
		name, o := operations.Type().Field(i).Name, operations.Field(i)
		method, path := strings.ToLower(o.FieldByName("Method").String()), o.FieldByName("Path").String()
		described, ok := d.Paths[path][method]
		if !ok || described.OperationID != name {
			t.Errorf("%s: %s %s is the operation %q", name, method, path, described.OperationID)
			continue
		}
		for status, r := range described.Responses {
			if content, ok := r.Content["application/json"]; ok && status[0] == '2' {
				field, _ := o.Type().FieldByName("Response")
				d.compare(t, name, field.Type.Elem(), content.Schema)
			}
		}
	}
}

// compare reports the fields of a type that a schema does not have, or has with another type.
func (d *document) compare(t *testing.T, where string, of reflect.Type, s schema) {
	t.Helper()
	for s.Ref != "" {
		s = d.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]]
	}
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of == reflect.TypeFor[time.Time]() {
		if s.Format != "date-time" {
			t.Errorf("%s is no time", where)
		}
		return
	}
	types := map[reflect.Kind]string{
		reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer",
		reflect.Slice: "array", reflect.Struct: "object", reflect.Map: "object",
	}
	if want := types[of.Kind()]; !s.is(want) {
		t.Errorf("%s is %v, and here %s", where, s.Type, of)
	}
	switch of.Kind() {
	case reflect.Slice:
		if s.Items != nil {
			d.compare(t, where+"[]", of.Elem(), *s.Items)
		}
	case reflect.Struct:
		for i := range of.NumField() {
			f := of.Field(i)
			if f.Anonymous {
				d.compare(t, where, f.Type, s)
				continue
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			property, ok := s.Properties[name]
			if !ok {
				t.Errorf("%s has no %q", where, name)
				continue
			}
			d.compare(t, where+"."+name, f.Type, property)
		}
	default: // has no parts
	}
}

// is reports whether the type of a schema is this one, or this one or null.
func (s schema) is(want string) bool {
	if list, ok := s.Type.([]any); ok {
		for _, one := range list {
			if one == want {
				return true
			}
		}
		return false
	}
	return s.Type == want
}
