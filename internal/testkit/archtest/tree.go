// Package archtest checks the rules of the architecture: which package may import which, where
// the clock and the environment are read, how long a file may be.
//
// Each of these rules is easy to break unnoticed, and a reviewer should not have to remember
// them. A rule is a function from a source tree to its violations. The tests run every rule over
// the repository, and over a small tree that violates it, so that a rule that no longer finds
// anything is noticed too.
//
// Files are parsed one by one, without resolving imports or build tags: the rules also apply to
// the CDK app, and need no download.
package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// module is the path of the module in go.mod.
const module = "trueup"

// Tree is a parsed repository. All paths are relative to its root, with slashes.
type Tree struct {
	// Files are the Go files.
	Files []*File
	// Texts are the contents of the README, of the files under .github/,
	// events/ and internal/docs/, of other Markdown files, and of test data, by
	// path.
	Texts map[string]string
	// Paths are all files and folders.
	Paths map[string]bool
}

// File is one Go file.
type File struct {
	Path      string
	Dir       string
	Package   string // name in the package clause
	Test      bool   // name ends in _test.go
	Generated bool   // has the standard "Code generated … DO NOT EDIT." line
	Lines     int
	Syntax    *ast.File
	fset      *token.FileSet
}

// Load parses the repository in fsys. It fails on a Go file that does not parse.
func Load(fsys fs.FS) (*Tree, error) {
	tree := &Tree{Texts: map[string]string{}, Paths: map[string]bool{}}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			hidden := strings.HasPrefix(entry.Name(), ".") && name != "." && name != ".github"
			if hidden || slices.Contains(notSource, entry.Name()) {
				return fs.SkipDir
			}
			tree.Paths[name] = true
			return nil
		}
		tree.Paths[name] = true
		if path.Ext(name) == ".go" && !strings.Contains(name, "testdata/") {
			file, err := parse(fsys, name)
			if err == nil {
				tree.Files = append(tree.Files, file)
			}
			return err
		}
		if path.Ext(name) == ".md" || underAny(name, ".github", "events", "internal/docs") || strings.Contains(name, "testdata/") {
			text, err := fs.ReadFile(fsys, name)
			tree.Texts[name] = string(text)
			return err
		}
		return nil
	})
	return tree, err
}

// notSource lists the folders that tools write to.
var notSource = []string{"node_modules", "dist", "cdk.out"}

func parse(fsys fs.FS, name string) (*File, error) {
	source, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("archtest: %w", err)
	}
	return &File{
		Path:      name,
		Dir:       path.Dir(name),
		Package:   syntax.Name.Name,
		Test:      strings.HasSuffix(name, "_test.go"),
		Generated: ast.IsGenerated(syntax),
		Lines:     bytes.Count(source, []byte("\n")),
		Syntax:    syntax,
		fset:      fset,
	}, nil
}

// Imports returns the import paths of the file.
func (f *File) Imports() []string {
	paths := make([]string, 0, len(f.Syntax.Imports))
	for _, spec := range f.Syntax.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// uses calls found for every name that the file uses of the package with that import path, such
// as "Now" for time.Now, whatever its local name.
func (f *File) uses(importPath string, found func(name string, at token.Pos)) {
	local := ""
	for _, spec := range f.Syntax.Imports {
		if spec.Path.Value != strconv.Quote(importPath) {
			continue
		}
		local = path.Base(importPath)
		if spec.Name != nil {
			local = spec.Name.Name
		}
	}
	if local == "" {
		return
	}
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := selector.X.(*ast.Ident); ok && x.Name == local {
				found(selector.Sel.Name, selector.Pos())
			}
		}
		return true
	})
}

// at returns the place of a node, for messages.
func (f *File) at(pos token.Pos) string {
	return f.Path + ":" + strconv.Itoa(f.fset.Position(pos).Line)
}

// under reports whether a path is the folder or inside it.
func under(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}

// underAny reports whether a path is under any of the folders.
func underAny(name string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return under(name, folder) })
}
