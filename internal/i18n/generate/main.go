// Command generate compiles the files of messages into messages_gen.go of
// package i18n; `go generate ./internal/i18n` runs it in that package's folder.
//
// It is the only reader of gettext files; programs contain the messages as static data. It prints
// faults in translations and continues; the tests fail on them.
package main

import (
	"fmt"
	"os"
)

const generated = "messages_gen.go"

func main() {
	langs, err := load(os.DirFS("messages"))
	if err != nil {
		fail(err)
	}
	for _, fault := range faults(langs) {
		fmt.Fprintln(os.Stderr, fault)
	}
	source, err := compile(langs)
	if err != nil {
		fail(err)
	}
	if err := os.WriteFile(generated, source, 0o644); err != nil { //nolint:gosec // source code is readable to everybody
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "i18n:", err)
	os.Exit(1)
}
