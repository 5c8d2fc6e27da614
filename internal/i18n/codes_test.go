package i18n

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// snake matches codes. In the packages below no other strings match, except those in notCodes.
var snake = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)+$`)

var notCodes = map[string]bool{
	"bad_rows": true, "duration_ms": true, "run_failed": true, "run_held": true, // attributes of log lines
	"no_access": true, // of the entitlement service's contract
}

// TestEveryCode checks that every code in the source of the packages with messages for users has
// a message.
func TestEveryCode(t *testing.T) {
	t.Parallel()
	found := map[string]token.Position{}
	files := token.NewFileSet()
	for _, dir := range []string{"../httpapi", "../importer", "../refresher", "../statements", "../agreement", "../sheet", "../group", "../inventory", "../catalog", "../entitlement", "../vlsc", "../snapshot"} {
		for _, file := range sources(t, files, dir) {
			ast.Inspect(file, func(n ast.Node) bool {
				if code, ok := literal(n); ok && snake.MatchString(code) && !notCodes[code] {
					found[code] = files.Position(n.Pos())
				}
				return true
			})
		}
	}
	// The adapter also has attribute names: count only the codes of its errors.
	for _, file := range sources(t, files, "../aws/dynamo") {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && (f.Sel.Name == "New" || f.Sel.Name == "Wrap") {
				for _, argument := range call.Args {
					if code, ok := literal(argument); ok && snake.MatchString(code) {
						found[code] = files.Position(argument.Pos())
						break // the names and values of arguments follow
					}
				}
			}
			return true
		})
	}
	for code, position := range found {
		if !Known(code) {
			t.Errorf("%s: no message for %q", position, code)
		}
	}
	if len(found) < 60 {
		t.Errorf("only %d codes found: does the search still look in the right places?", len(found))
	}
}

func literal(n ast.Node) (string, bool) {
	l, ok := n.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}

// sources parses the files of a package and of the packages below it, without tests.
func sources(t *testing.T, files *token.FileSet, dir string) []*ast.File {
	t.Helper()
	var parsed []*ast.File
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		parsed = append(parsed, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
