package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"trueup/internal/testkit/golden"
)

// TestGenerated fails when `go generate ./internal/console` was not run.
func TestGenerated(t *testing.T) {
	t.Parallel()
	files, err := generate(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 5 {
		t.Errorf("only %d files", len(files))
	}
	for name, content := range files {
		golden.Equal(t, filepath.Join("..", name), content)
	}
	generated, err := filepath.Glob("../*_templ.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range generated {
		if _, ok := files[filepath.Base(name)]; !ok {
			t.Errorf("%s has no template; remove it", name)
		}
	}
}

// TestEveryIcon: every file of folder icons is in the sprite.
func TestEveryIcon(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("../icons/*.svg")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, file := range icons {
		used[file] = true
	}
	for _, name := range names {
		if file := strings.TrimSuffix(filepath.Base(name), ".svg"); !used[file] {
			t.Errorf("%s is not in the sprite; remove it", name)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	icon := map[string]*fstest.MapFile{}
	for _, file := range icons {
		icon["icons/"+file+".svg"] = &fstest.MapFile{Data: []byte(`<svg><path d="M1 1"/></svg>`)}
	}
	for name, test := range map[string]struct{ template, want string }{
		"no template":     {"package x\n\ntempl a( {", "a.templ"},
		"no Go":           {"package x\n\ntempl a() {\n\t<p>{ for }</p>\n}\n", "a.templ"},
		"a missing icon":  {"package x\n", "file does not exist"},
		"an icon of junk": {"package x\n", "plus"},
	} {
		dir := fstest.MapFS{"a.templ": {Data: []byte(test.template)}}
		for path, file := range icon {
			dir[path] = file
		}
		switch name {
		case "a missing icon":
			delete(dir, "icons/plus.svg")
		case "an icon of junk":
			dir["icons/plus.svg"] = &fstest.MapFile{Data: []byte("<svg><path")}
		}
		if _, err := generate(dir); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
