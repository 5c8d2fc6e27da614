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

// snake is how a code is written; nothing else in the packages below is, but
// for what notCodes lists.
var snake = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)+$`)

var notCodes = map[string]bool{
	"bad_rows": true, "duration_ms": true, "run_failed": true, "run_held": true, // of log lines
	"no_access": true, // of the entitlement service's contract
}

// TestEveryCode demands a message for every code that the packages which speak
// to people can use, wherever in their source it stands.
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
	// The adapter's literals are attribute names too: only what it makes errors of counts.
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
						break // what follows are the names and values of arguments
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

// sources parses the files of a package and of those below it, without tests.
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
