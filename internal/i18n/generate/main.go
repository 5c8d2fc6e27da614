// Command generate compiles the files of messages into messages_gen.go of
// package i18n; `go generate ./internal/i18n` runs it in that package's folder.
//
// It alone reads gettext files: programs link the messages as static data. What
// is wrong with a translation does not stop it, but is printed, and makes the
// tests fail.
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
