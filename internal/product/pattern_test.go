package product

import (
	"strings"
	"testing"

	"trueup/internal/text"
)

// FuzzPattern checks that a pattern matches the name that it was made from, and that a text is
// found at any position.
func FuzzPattern(f *testing.F) {
	f.Add("microsoft office*{year}*", "office {number}", "2019 r2")
	f.Fuzz(func(t *testing.T, written, literal, name string) {
		p, ok := CompilePattern(written)
		if ok {
			p.Match(text.Fold(name))
		}
		literal = fold(strings.NewReplacer("*", "", "{", "", "}", "", `\`, "").Replace(literal))
		if p, ok := CompilePattern("*" + literal + "*"); !ok || !matches(p, name+literal+name) {
			t.Errorf("%q is not found", literal)
		}
		if p, ok := CompilePattern(literal); !ok || !matches(p, literal) || literal != "" && matches(p, literal+"x") {
			t.Errorf("%q is another", literal)
		}
	})
}

func matches(p Pattern, folded string) bool {
	_, ok := p.Match(folded)
	return ok
}

func TestEscapes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{`\{*\}.kb{number}`, "{90140000}.kb2553270", true},
		{`100\* {number}`, "100* 3.1", true},
		{`100\* {number}`, "1000 3.1", false},
		{`c:\tools`, `c:\tools`, true},
		{`a\\b`, `a\b`, true},
	} {
		p, ok := CompilePattern(test.pattern)
		if !ok || matches(p, test.name) != test.want {
			t.Errorf("%s on %s: compiled %t, want a match: %t", test.pattern, test.name, ok, test.want)
		}
	}
	for _, bad := range []string{"{", "}", "{word}", `\\{`} {
		if _, ok := CompilePattern(bad); ok {
			t.Errorf("%s compiles", bad)
		}
	}
}
