package position_test

import (
	"reflect"
	"testing"

	"trueup/internal/position"
)

// TestDigest changes each field of a line, also those that are added later: a hash without one of them
// would keep a report that has changed.
func TestDigest(t *testing.T) {
	seen := map[string]string{position.Digest([]position.Line{{}}): "no field"}
	check := func(name string, lists ...[]position.Line) {
		t.Helper()
		sum := position.Digest(lists...)
		if other, met := seen[sum]; met {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[sum] = name
	}
	var change func(name string, l *position.Line, v reflect.Value)
	change = func(name string, l *position.Line, v reflect.Value) {
		before := reflect.ValueOf(v.Interface())
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				change(name+"."+v.Type().Field(i).Name, l, v.Field(i))
			}
			return
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			check(name, []position.Line{*l})
			change(name+"[0]", l, v.Index(0))
			v.Set(before)
			return
		case reflect.String:
			v.SetString("x")
		case reflect.Int:
			v.SetInt(1)
		case reflect.Bool:
			v.SetBool(true)
		default:
			t.Fatalf("%s is a %s", name, v.Kind())
		}
		check(name, []position.Line{*l})
		v.Set(before)
	}
	var l position.Line
	change("Line", &l, reflect.ValueOf(&l).Elem())

	one, two := position.Line{Quantity: 1, Source: position.Source{ID: "a"}}, position.Line{Quantity: 2}
	check("nothing")
	check("one list of none", nil)
	check("two lists of none", nil, nil)
	check("one and two", []position.Line{one, two})
	check("two and one", []position.Line{two, one})
	check("one, two", []position.Line{one}, []position.Line{two})
	check("text moved to the next field", []position.Line{{Quantity: 1, Source: position.Source{Text: "a"}}})
}
