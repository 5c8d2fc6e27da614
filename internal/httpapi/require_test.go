package httpapi_test

import (
	"reflect"
	"strings"
	"testing"

	"trueup/internal/httpapi"
	"trueup/internal/httpapi/agreements"
	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/httpapi/groups"
	"trueup/internal/httpapi/reports"
)

// TestRequire: a function does not start if any of its dependencies is missing.
func TestRequire(t *testing.T) {
	t.Parallel()
	d := unused(quiet)
	kernel := httpapi.Kernel{Once: d.Once, Clock: d.Clock, NewID: d.NewID, Log: d.Log}
	missing := func(deps any) (name string) {
		defer func() {
			if p, ok := recover().(string); ok {
				name = strings.TrimSuffix(p[strings.LastIndexByte(p, '.')+1:], " is missing")
			}
		}()
		httpapi.Require(deps)
		return ""
	}
	for _, complete := range []any{
		agreements.Deps{
			Kernel: kernel, Agreements: d.Agreements, Register: d.Register, Answers: d.Answers, Groups: d.Groups, Inventory: d.Inventory,
			ExpiringDays: d.ExpiringDays, Catalog: d.Catalog, Imports: d.Imports, Audit: d.Audit, Refresher: d.Refresher,
			Uploads: d.Uploads, UploadsBucket: d.UploadsBucket, Reports: d.Reports,
		},
		catalogapi.Deps{Kernel: kernel, Catalog: d.Catalog, Inventory: d.Inventory, Counts: d.Counts, Recount: d.Recount, Uploads: d.Uploads},
		groups.Deps{Kernel: kernel, Groups: d.Groups, Register: d.Register},
		reports.Deps{
			Kernel: kernel, Snapshots: d.Snapshots, Groups: d.Groups, Refresher: d.Refresher, Refresh: d.Refresh, Statements: d.Statements,
			ExpiringDays: d.ExpiringDays, Uploads: d.Uploads, Reports: d.Reports,
		},
	} {
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
			case "Kernel":
				want = "Once"
			case "InventoryRequired", "Limits": // may be off, and has a default
				want = ""
			}
			if got := missing(without.Interface()); got != want {
				t.Errorf("%T without %s: %q is missing", complete, field.Name, got)
			}
		}
	}
}
