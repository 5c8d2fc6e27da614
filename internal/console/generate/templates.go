package main

import (
	"bytes"
	"fmt"
	"go/format"

	"github.com/a-h/templ/generator"
	"github.com/a-h/templ/parser/v2"
)

// compile returns the Go file of a template.
func compile(name string, source []byte) ([]byte, error) {
	template, err := parser.ParseString(string(source))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	warnings, err := parser.Diagnose(template)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, w := range warnings {
		return nil, fmt.Errorf("%s: %s", name, w.Message)
	}
	var b bytes.Buffer
	if _, err := generator.Generate(template, &b, generator.WithFileName(name)); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	code, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return code, nil
}
