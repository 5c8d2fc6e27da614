// Command generate writes the generated files of the console: a Go file for each template, and the sprite
// of the icons. `go generate ./internal/console` runs it; a test fails when a file is out of date.
package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	files, err := generate(os.DirFS("."))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err == nil {
			err = os.WriteFile(name, files[name], 0o644) // #nosec G306 -- source code
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

// generate returns the generated files of a package, by name.
func generate(dir fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	templates, err := fs.Glob(dir, "*.templ")
	if err != nil {
		return nil, err
	}
	for _, name := range templates {
		source, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		if files[name[:len(name)-len(filepath.Ext(name))]+"_templ.go"], err = compile(name, source); err != nil {
			return nil, err
		}
	}
	files["static/icons.svg"], err = sprite(dir)
	return files, err
}
