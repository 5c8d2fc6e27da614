package i18n

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// consoleCodes is the start of the codes of messages that only the console shows.
const consoleCodes = "console_"

// TestConsoleMessages checks the messages of the console in both directions: its templates and code use only
// messages that exist, with the placeholders that the messages have, and they use all of them. The search
// reads the Go files of the templates, which a test of the console compares with the templates.
func TestConsoleMessages(t *testing.T) {
	t.Parallel()
	files := token.NewFileSet()
	used, begun := map[string]bool{}, []string{}
	for _, file := range sources(t, files, "../console") {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				checkCall(t, files, call)
			}
			code, ok := literal(n)
			switch {
			case !ok || !consolePart.MatchString(code):
			case strings.HasSuffix(code, "_"): // the start of codes
				begun = append(begun, code)
			default:
				used[code] = true
			}
			return true
		})
	}
	if len(used) < 100 || len(begun) < 5 {
		t.Errorf("only %d codes and %d starts of codes found: does the search still look in the right place?", len(used), len(begun))
	}
	for code := range used {
		if strings.HasPrefix(code, consoleCodes) && !KnownPage(code) {
			t.Errorf("there is no message %q", code)
		}
	}
	for _, start := range begun {
		if !slices.ContainsFunc(pageMessages[:], func(m message) bool { return strings.HasPrefix(m.code, start) }) {
			t.Errorf("no message begins with %q", start)
		}
	}
	for _, m := range pageMessages {
		title := strings.TrimSuffix(m.code, "_text") // of the same page or step
		if strings.HasPrefix(m.code, consoleCodes) && !used[m.code] && !used[title] && !slices.ContainsFunc(begun, func(start string) bool {
			return start != consoleCodes+"done_" && strings.HasPrefix(m.code, start)
		}) {
			t.Errorf("nothing uses the message %q; remove it", m.code)
		}
	}
}

// consolePart matches codes of messages of the console, and the starts of some.
var consolePart = regexp.MustCompile(`^console_([a-z0-9]+_)*[a-z0-9]*$`)

// checkCall compares the placeholders that a call gives with those of the message. Calls are v.T(code, name,
// value, …) and v.note(code, name, value, …).
func checkCall(t *testing.T, files *token.FileSet, call *ast.CallExpr) {
	t.Helper()
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || method.Sel.Name != "T" && method.Sel.Name != "note" || len(call.Args) == 0 {
		return
	}
	code, ok := literal(call.Args[0])
	if !ok {
		return
	}
	m, known := find(pageMessages[:], code)
	if !known {
		m, known = find(messages[:], code)
	}
	if !known {
		t.Errorf("%s: there is no message %q", files.Position(call.Pos()), code)
		return
	}
	var given []string
	for i := 1; i < len(call.Args); i += 2 {
		name, _ := literal(call.Args[i])
		given = append(given, "{"+name+"}")
	}
	for _, placeholder := range braces.FindAllString(m.texts[0], -1) {
		// Scripts fill the placeholders of texts that are given to them without arguments.
		if len(given) > 0 && !slices.Contains(given, placeholder) {
			t.Errorf("%s: %q needs %s", files.Position(call.Pos()), code, placeholder)
		}
	}
	for _, name := range given {
		if !strings.Contains(m.texts[0], name) {
			t.Errorf("%s: %q has no %s", files.Position(call.Pos()), code, name)
		}
	}
}

var braces = regexp.MustCompile(`\{\w+\}`)
