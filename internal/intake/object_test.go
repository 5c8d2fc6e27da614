package intake_test

import (
	"cmp"
	"context"
	"errors"
	"testing"
	"time"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/intake"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 123e6, time.UTC)

func object(change func(*intake.Object)) intake.Object {
	o := intake.Object{Bucket: "uploads", Key: "agreements/a.csv", Version: "v1", ETag: "e", Sequencer: "0A", Size: 3, At: noon, By: "AWS:admin"}
	change(&o)
	return o
}

func unversioned(o *intake.Object) { o.Version = "null" }

// TestR16_6_IDs: ids are names of stored records, so they never change.
func TestR16_6_IDs(t *testing.T) {
	t.Parallel()
	for what, ids := range map[string][2]string{
		"import":    {object(func(*intake.Object) {}).ID("uploads"), id.Of(noon, "uploads", "agreements/a.csv", "v1")},
		"statement": {object(func(*intake.Object) {}).ID("", "statement"), id.New(noon, "statement\x00agreements/a.csv\x00v1")},
		"null":      {object(unversioned).ID("uploads"), id.Of(noon, "uploads", "agreements/a.csv", "e/0A")},
		"none":      {object(func(o *intake.Object) { o.Version = "" }).ID("uploads"), id.Of(noon, "uploads", "agreements/a.csv", "e/0A")},
		"listed":    {object(func(*intake.Object) {}).Listed(noon).ID("uploads"), id.Of(noon.Truncate(time.Second), "uploads", "agreements/a.csv", "v1")},
	} {
		if ids[0] != ids[1] {
			t.Errorf("%s: id %s, want %s", what, ids[0], ids[1])
		}
	}
	if got, want := object(func(*intake.Object) {}).Order(), "001795262400123#0A"; got != want {
		t.Errorf("order %s, want %s", got, want)
	}
}

func TestSameAndCompare(t *testing.T) {
	t.Parallel()
	first := object(func(*intake.Object) {})
	for what, c := range map[string]struct {
		change func(*intake.Object)
		same   bool
		after  int
	}{
		"a repeated delivery":           {func(o *intake.Object) { o.By = "restore" }, true, 0},
		"a listing":                     {func(o *intake.Object) { o.At, o.Sequencer = noon.Truncate(time.Second), "" }, true, -1},
		"a later version":               {func(o *intake.Object) { o.Version, o.At = "v2", noon.Add(time.Second) }, false, 1},
		"a version of the same moment":  {func(o *intake.Object) { o.Version, o.Sequencer = "v0", "0B" }, false, 1},
		"an older version of that name": {func(o *intake.Object) { o.Version, o.At = "v2", noon.Add(-time.Second) }, false, -1},
		"another key":                   {func(o *intake.Object) { o.Key = "agreements/b.csv" }, false, 1},
	} {
		other := object(c.change)
		if got := other.Same(first); got != c.same || first.Same(other) != c.same {
			t.Errorf("%s is the same: %v", what, got)
		}
		if got := other.Compare(first); got != c.after || first.Compare(other) != -c.after {
			t.Errorf("%s compares as %d, want %d", what, got, c.after)
		}
		if other.Key == first.Key && other.Order() != first.Order() && (other.Order() < first.Order()) != (c.after < 0) {
			t.Errorf("%s: Order %s and %s do not agree with Compare", what, other.Order(), first.Order())
		}
	}
	if one, other := object(unversioned), object(func(o *intake.Object) { unversioned(o); o.Sequencer = "0B" }); one.Same(other) {
		t.Error("in a bucket without versions the sequencer separates two puts")
	}
	if !object(func(o *intake.Object) { o.Key, o.Size = "agreements/", 0 }).IsFolder() || object(func(o *intake.Object) { o.Key = "agreements/" }).IsFolder() {
		t.Error("a folder is an empty object whose key ends in a slash")
	}
}

// record is a record of a kind of file.
type record struct {
	intake.Head

	waiting bool
}

func (r record) Waiting() bool { return r.waiting }

func TestFind(t *testing.T) {
	t.Parallel()
	o := object(func(o *intake.Object) { o.Principal = o.By })
	named := func(n string) string { return id.New(noon, n) }
	stored := map[string]record{
		named("same"):    {Head: intake.Head{ID: named("same"), Object: o}},
		named("waiting"): {Head: intake.Head{ID: named("waiting"), Object: intake.Object{Key: o.Key}}, waiting: true},
		named("size"):    {Head: intake.Head{ID: named("size"), Object: intake.Object{Key: o.Key, Size: o.Size}}, waiting: true},
		named("larger"):  {Head: intake.Head{ID: named("larger"), Object: intake.Object{Key: o.Key, Size: o.Size + 1}}, waiting: true},
		named("signed"):  {Head: intake.Head{ID: named("signed"), Object: intake.Object{Key: o.Key, Size: o.Size, By: "anna", Principal: o.Principal}}, waiting: true},
		named("session"): {Head: intake.Head{ID: named("session"), Object: intake.Object{Key: o.Key, Size: o.Size, By: "anna", Principal: "AWS"}}, waiting: true},
		named("role"):    {Head: intake.Head{ID: named("role"), Object: intake.Object{Key: o.Key, Size: o.Size, By: "anna", Principal: "AWS:adm"}}, waiting: true},
		named("forged"):  {Head: intake.Head{ID: named("forged"), Object: intake.Object{Key: o.Key, Size: o.Size, By: "anna", Principal: "AWS:AROA:other"}}, waiting: true},
		named("ended"):   {Head: intake.Head{ID: named("ended"), Via: audit.SourceAPI, Object: intake.Object{Key: o.Key, Version: "v0", By: "anna"}}},
		named("again"):   {Head: intake.Head{ID: named("again"), Via: audit.SourceAPI, Object: intake.Object{Key: o.Key, Version: "v0", By: "anna", Principal: o.Principal}}},
		named("other"):   {Head: intake.Head{ID: named("other"), Via: audit.SourceAPI, Object: intake.Object{Key: "agreements/b.csv", Version: "v0", By: "anna", Principal: o.Principal}}},
		named("bucket"):  {Head: intake.Head{ID: named("bucket"), Via: audit.SourceImport, Object: intake.Object{Key: o.Key, Version: "v0", By: "bert", Principal: o.Principal}}},
		named("elsewhere"): {
			Head: intake.Head{ID: named("elsewhere"), Object: intake.Object{Key: "agreements/b.csv"}}, waiting: true,
		},
	}
	fault := errors.New("the table is gone")
	get := func(_ context.Context, id string) (record, error) {
		if id == named("fault") {
			return record{}, fault
		}
		r, ok := stored[id]
		if !ok {
			return record{}, errs.New(errs.NotFound, "import_not_found")
		}
		return r, nil
	}
	for what, c := range map[string]struct {
		ids  []string
		want string
		by   string // who put it, if not the principal
		err  error
	}{
		"none":                                     {ids: []string{named("unknown"), ""}},
		"an id that cannot be one":                 {ids: []string{"../same", named("same")}, want: "same"},
		"the record of an earlier delivery":        {ids: []string{named("unknown"), named("same")}, want: "same"},
		"the announced record":                     {ids: []string{named("waiting"), named("same")}, want: "waiting"},
		"the announced record with its size":       {ids: []string{named("size"), named("same")}, want: "size"},
		"one that waits for another size":          {ids: []string{named("larger"), named("same")}, want: "same"},
		"one that waits for the principal":         {ids: []string{named("signed")}, want: "signed", by: "anna"},
		"one that waits for a session of the role": {ids: []string{named("session")}, want: "session"},
		"one that waits for another role":          {ids: []string{named("role")}},
		"one that waits for another principal":     {ids: []string{named("forged"), named("same")}, want: "same"},
		"an address that is used again":            {ids: []string{named("again")}, by: "anna"},
		"the id of another file":                   {ids: []string{named("other")}},
		"the id of a file that was not announced":  {ids: []string{named("bucket")}},
		"one that has its file":                    {ids: []string{named("ended"), named("same")}, want: "same"},
		"one that waits for another file":          {ids: []string{named("elsewhere")}},
		"a fault":                                  {ids: []string{named("fault"), named("same")}, err: fault},
		"a fault after the record is no fault":     {ids: []string{named("same"), named("fault")}, want: "same"},
	} {
		got, by, found, err := intake.Find(t.Context(), o, c.ids, get)
		if !errors.Is(err, c.err) || found != (c.want != "") || found && got.ID != named(c.want) {
			t.Errorf("%s: found %s %v, %v", what, got.ID, found, err)
		}
		want := cmp.Or(c.by, o.By)
		if found {
			want = got.Object.By
		}
		if by != want {
			t.Errorf("%s: put by %q, want %q", what, by, want)
		}
	}
}
