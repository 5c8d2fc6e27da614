package golden

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

// Fill sets every exported field of *v, also of nested types, to a value that is not zero and
// differs from the others. A test that stores such a value and reads it fails when a field is
// added and not stored. Lists and maps get one element. Times are whole milliseconds.
func Fill[T any](t testing.TB, v *T) {
	t.Helper()
	n := 0
	fill(t, reflect.ValueOf(v).Elem(), "", &n)
}

func fill(t testing.TB, v reflect.Value, path string, n *int) {
	t.Helper()
	*n++
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 11, 21, 12, 0, 0, *n*int(time.Millisecond), time.UTC)))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(*n))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(*n))
	case reflect.String:
		v.SetString(fmt.Sprintf("text-%d", *n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem(), path, n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0), path+"[]", n)
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i), path+"[]", n)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(t, key, path+"{key}", n)
		fill(t, value, path+"{}", n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() || f.Anonymous && f.Type.Kind() == reflect.Struct {
				fill(t, v.Field(i), path+"."+f.Name, n)
			}
		}
	default:
		t.Fatalf("%s: a %s cannot be filled", path, v.Type())
	}
}
