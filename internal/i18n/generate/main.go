// Command generate compiles the files of messages into messages_gen.go, pages_gen.go and notices_gen.go of
// package i18n; `go generate ./internal/i18n` runs it in that package's folder.
//
// It is the only reader of gettext files; programs contain the messages as static data. It prints
// faults in translations and continues; the tests fail on them.
package main

import (
	"fmt"
	"os"
)

// generated are the generated files, with what makes them.
var generated = map[string]func([]lang) ([]byte, error){"messages_gen.go": compile, "pages_gen.go": compilePages, "notices_gen.go": compileNotices}

func main() {
	langs, err := load(os.DirFS("messages"))
	if err != nil {
		fail(err)
	}
	for _, fault := range faults(langs) {
		fmt.Fprintln(os.Stderr, fault)
	}
	for name, compiled := range generated {
		source, err := compiled(langs)
		if err != nil {
			fail(err)
		}
		if err := os.WriteFile(name, source, 0o644); err != nil { //nolint:gosec // source code is readable to everybody
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "i18n:", err)
	os.Exit(1)
}
