package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"trueup/internal/manifest"
	"trueup/internal/testkit/golden"
)

// TestR16_2_ScriptKnowsTheManifest compares the lists in the script with the functions of the
// manifest and the kinds of files. With -update it writes them.
func TestR16_2_ScriptKnowsTheManifest(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("restore.sh")
	if err != nil {
		t.Fatal(err)
	}
	var reserved, folders []string
	for _, f := range manifest.Functions {
		if f.Trigger != manifest.Objects {
			continue
		}
		reserved = append(reserved, fmt.Sprintf("%s %d", f.Name, f.Reserved))
		for _, prefix := range f.Prefixes() {
			folders = append(folders, prefix+" "+f.Name)
		}
	}
	slices.Sort(reserved)
	slices.Sort(folders)
	for name, want := range map[string][]string{"reserved": reserved, "folders": folders} {
		list := regexp.MustCompile(`(?m)^` + name + `='[^']*'$`)
		if n := len(list.FindAll(script, -1)); n != 1 {
			t.Fatalf("restore.sh has %d lists %s", n, name)
		}
		script = list.ReplaceAllLiteral(script, []byte(name+"='"+strings.Join(want, "\n")+"'"))
	}
	golden.Equal(t, "restore.sh", script)
}
