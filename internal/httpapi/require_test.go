package httpapi_test

import (
	"reflect"
	"strings"
	"testing"

	"trueup/internal/httpapi"
)

// TestRequire: a function does not start if any of its dependencies is missing.
func TestRequire(t *testing.T) {
	t.Parallel()
	d := unused(quiet)
	missing := func(deps any) (name string) {
		defer func() {
			if p, ok := recover().(string); ok {
				name = strings.TrimSuffix(p[strings.LastIndexByte(p, '.')+1:], " is missing")
			}
		}()
		httpapi.Require(deps)
		return ""
	}
	for _, complete := range []any{d.agreements(), d.catalog(), d.groups(), d.reports(), d.views(), d.reminders()} {
		if name := missing(complete); name != "" {
			t.Errorf("%T: %s is missing, although nothing is", complete, name)
		}
		for i := range reflect.TypeOf(complete).NumField() {
			without := reflect.New(reflect.TypeOf(complete)).Elem()
			without.Set(reflect.ValueOf(complete))
			field := without.Type().Field(i)
			without.Field(i).SetZero()
			want := field.Name
			switch field.Name {
			case "Kernel", "Source": // embedded
				want = "Once"
			case "InventoryRequired": // may be off
				want = ""
			}
			if got := missing(without.Interface()); got != want {
				t.Errorf("%T without %s: %q is missing", complete, field.Name, got)
			}
		}
	}
}
