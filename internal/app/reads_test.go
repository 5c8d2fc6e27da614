package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/config"
	"trueup/internal/manifest"
)

// TestSettingsThatFunctionsRead: the code of each function reads the settings of its row of the
// manifest, and no others. One that is not in the row would always be zero.
func TestSettingsThatFunctionsRead(t *testing.T) {
	t.Parallel()
	code := readers(t)
	for _, f := range manifest.Functions {
		settings, err := config.Load(something, f.Settings...)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		name := runtime.FuncForPC(reflect.ValueOf(starts[f.Name]).Pointer()).Name()
		read := map[string]bool{}
		code.follow(name[strings.LastIndexByte(name, '.')+1:], read)
		if f.Trigger == manifest.HTTP {
			code.follow("Serve", read)
		}
		if diff := cmp.Diff(set(settings), read); diff != "" {
			t.Errorf("settings of %s (-manifest +read by its code)\n%s", f.Name, diff)
		}
	}
}

// something returns a value of a setting that is not zero.
func something(name string) string {
	if name == config.SignInRoles {
		return `{"global-admin": ["something"]}`
	}
	switch s, _ := config.Find(name); s.Default {
	case "":
		return "something"
	case "false":
		return "true"
	case "0":
		return "100"
	default:
		return s.Default
	}
}

// set returns the names of the fields that are not zero.
func set(settings config.Config) map[string]bool {
	names := map[string]bool{}
	v := reflect.ValueOf(settings)
	for i := range v.NumField() {
		if !v.Field(i).IsZero() {
			names[v.Type().Field(i).Name] = true
		}
	}
	return names
}

// reader is a function of this package, or of one below it, that has the settings as a parameter.
type reader struct {
	fields []string // of the settings that it reads
	calls  []string // functions that it passes the settings to
}

type readersByName map[string]reader

// follow adds the fields that a function reads, itself or through others.
func (code readersByName) follow(function string, read map[string]bool) {
	for _, field := range code[function].fields {
		read[field] = true
	}
	for _, called := range code[function].calls {
		code.follow(called, read)
	}
}

// readers finds the readers in the source of this package and of those below it.
func readers(t *testing.T) readersByName {
	t.Helper()
	var names []string
	for _, pattern := range []string{"*.go", "*/*.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	code := readersByName{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			function, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if settings := parameterOf(function); settings != "" {
				code[function.Name.Name] = readerOf(t, function, settings)
			}
		}
	}
	return code
}

// parameterOf returns the name of a function's parameter of type config.Config; empty if there is
// none.
func parameterOf(function *ast.FuncDecl) string {
	for _, field := range function.Type.Params.List {
		if is, ok := field.Type.(*ast.SelectorExpr); ok && isNamed(is.X, "config") && is.Sel.Name == "Config" {
			return field.Names[0].Name
		}
	}
	return ""
}

// readerOf returns what a function does with its settings: it reads a field, or passes all to
// another function. Anything else would hide from the test what is read.
func readerOf(t *testing.T, function *ast.FuncDecl, settings string) (r reader) {
	t.Helper()
	uses := 0
	ast.Inspect(function.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if isNamed(n, settings) {
				uses++
			}
		case *ast.SelectorExpr:
			if isNamed(n.X, settings) {
				r.fields = append(r.fields, n.Sel.Name)
			}
		case *ast.CallExpr:
			called, ok := n.Fun.(*ast.Ident)
			if ok && slices.ContainsFunc(n.Args, func(argument ast.Expr) bool { return isNamed(argument, settings) }) {
				r.calls = append(r.calls, called.Name)
			}
		}
		return true
	})
	if uses != len(r.fields)+len(r.calls) {
		t.Errorf("%s uses its settings in a way that this test does not follow", function.Name.Name)
	}
	return r
}

func isNamed(e ast.Expr, name string) bool {
	ident, ok := e.(*ast.Ident)
	return ok && ident.Name == name
}
