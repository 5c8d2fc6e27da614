package golden_test

import (
	"reflect"
	"testing"
	"time"

	"trueup/internal/testkit/golden"
)

// TestFill finds no field that is zero, in no part of the value.
func TestFill(t *testing.T) {
	t.Parallel()
	type inner struct {
		N    int
		At   time.Time
		Text string
	}
	type outer struct {
		inner
		Inner   inner
		List    []inner
		Named   map[string]inner
		Next    *inner
		Pair    [2]bool
		Share   float64
		Size    uint8
		private int
	}
	var v outer
	golden.Fill(t, &v)
	var check func(v reflect.Value)
	check = func(v reflect.Value) {
		if v.IsZero() {
			t.Errorf("a %s is zero", v.Type())
		}
		if v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]() {
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.IsExported() || f.Anonymous {
					check(v.Field(i))
				}
			}
		}
	}
	check(reflect.ValueOf(v))
	check(reflect.ValueOf(v.List[0]))
	for name, named := range v.Named {
		check(reflect.ValueOf(name))
		check(reflect.ValueOf(named))
	}
	check(reflect.ValueOf(*v.Next))
	if v.private != 0 || v.Inner == v.List[0] {
		t.Errorf("%+v", v)
	}

	r := &recorder{TB: t}
	func() {
		defer func() { _ = recover() }()
		golden.Fill(r, &struct{ F func() }{})
	}()
	if !r.failed {
		t.Error("a function was filled")
	}
}
