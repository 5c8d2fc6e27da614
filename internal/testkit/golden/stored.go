package golden

import (
	"bytes"
	"encoding"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Shape fails the test if the stored type of v differs from the file in testdata/stored for this
// version of the format: names, tags and types of all fields, also of nested types. With -update
// it writes a missing file but never replaces one, so that a changed type needs a new version.
func Shape(t testing.TB, format string, version int, v any) {
	t.Helper()
	var got bytes.Buffer
	shape(&got, reflect.TypeOf(v), "", map[reflect.Type]bool{})
	path := filepath.Join("testdata", "stored", fmt.Sprintf("%s.%d.shape", format, version))
	want, err := os.ReadFile(path)
	if os.IsNotExist(err) && *update {
		Equal(t, path, got.Bytes())
		return
	}
	if err != nil {
		t.Fatalf("%v (run the test with -update to write it)", err)
	}
	if !bytes.Equal(want, got.Bytes()) {
		t.Errorf("%s changed without a new version: older data are read with other fields than they were written with. "+
			"Raise the version, keep a reader of this one, and run the test with -update (-version %d +now):\n%s",
			format, version, cmp.Diff(string(want), got.String()))
	}
}

// opaque lists types that encode themselves.
var opaque = []reflect.Type{reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[time.Time]()}

// shape writes one line per field.
func shape(w *bytes.Buffer, t reflect.Type, path string, seen map[reflect.Type]bool) {
	for _, o := range opaque {
		if t == o || o.Kind() == reflect.Interface && t.Implements(o) {
			fmt.Fprintf(w, "%s %s\n", path, t)
			return
		}
	}
	switch t.Kind() {
	case reflect.Pointer:
		shape(w, t.Elem(), path, seen)
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			fmt.Fprintf(w, "%s bytes\n", path)
			return
		}
		shape(w, t.Elem(), path+"[]", seen)
	case reflect.Map:
		shape(w, t.Elem(), path+"{}", seen)
	case reflect.Struct:
		if seen[t] {
			fmt.Fprintf(w, "%s again\n", path)
			return
		}
		seen[t] = true
		for f := range fields(t) {
			shape(w, f.Type, path+"."+f.name, seen)
		}
		delete(seen, t)
	default:
		fmt.Fprintf(w, "%s %s\n", path, t.Kind())
	}
}

type field struct {
	reflect.StructField
	name string // with the options of the tag
}

// fields returns the stored fields of a struct, including the fields of embedded structs without
// a tag.
func fields(t reflect.Type) func(yield func(field) bool) {
	return func(yield func(field) bool) {
		for i := range t.NumField() {
			f := t.Field(i)
			name := ""
			for _, key := range []string{"json", "dynamodbav"} {
				if tag, tagged := f.Tag.Lookup(key); tagged {
					name = tag
				}
			}
			switch {
			case name == "-" || !f.IsExported() && !f.Anonymous:
				continue
			case name == "" && f.Anonymous:
				for inner := range fields(f.Type) {
					if !yield(inner) {
						return
					}
				}
				continue
			case name == "":
				name = f.Name + " without a tag"
			}
			if !yield(field{f, name}) {
				return
			}
		}
	}
}

// Versions calls read with each stored sample of a format in testdata/stored, by version. It
// fails the test if one of the versions 1 to current is missing. With -update it creates a
// missing sample of the current version.
func Versions(t testing.TB, format, extension string, current int, make func() []byte, read func(version int, sample []byte)) {
	t.Helper()
	for version := 1; version <= current; version++ {
		path := filepath.Join("testdata", "stored", fmt.Sprintf("%s.%d.%s", format, version, extension))
		sample, err := os.ReadFile(path)
		if os.IsNotExist(err) && *update && version == current {
			Equal(t, path, make())
			sample, err = os.ReadFile(path)
		}
		if err != nil {
			t.Errorf("a sample of every version must be read for ever: %v", err)
			continue
		}
		read(version, sample)
	}
	var all []string
	_ = filepath.WalkDir(filepath.Join("testdata", "stored"), func(path string, _ fs.DirEntry, _ error) error {
		if name := filepath.Base(path); strings.HasPrefix(name, format+".") && strings.HasSuffix(name, "."+extension) {
			all = append(all, name)
		}
		return nil
	})
	if len(all) != current {
		t.Errorf("samples of %s: %q, and the current version is %d", format, all, current)
	}
}
