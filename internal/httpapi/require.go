package httpapi

import (
	"fmt"
	"reflect"
)

// Require panics if a dependency of a function is missing: a field with its zero value, also of an
// embedded struct. A mistake in the wiring is then found when the function starts and not at a
// request. Fields of type bool are switches and may be false.
func Require(deps any) {
	v := reflect.ValueOf(deps)
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			Require(v.Field(i).Interface())
			continue
		}
		if field.Type.Kind() != reflect.Bool && v.Field(i).IsZero() {
			panic(fmt.Sprintf("httpapi: %v.%s is missing", v.Type(), field.Name))
		}
	}
}
