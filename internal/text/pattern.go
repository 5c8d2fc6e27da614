package text

import (
	"regexp"
	"sync"
)

// Pattern returns a function that compiles a regular expression on its first call, and panics if it is
// invalid. Compiling takes longer than the start of a function may, and most functions never use most
// expressions. The result is safe for concurrent use.
func Pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
