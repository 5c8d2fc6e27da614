package archtest

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const (
	guide   = "internal/docs/guide.md"
	runbook = "internal/docs/runbook.md"
)

// alarms requires that every alarm of the template is in the runbook.
func alarms(tree *Tree) (violations []string) {
	const golden = "infra/testdata/template.json"
	var template struct {
		Resources map[string]struct{ Type string }
	}
	if err := json.Unmarshal([]byte(tree.Texts[golden]), &template); err != nil {
		return []string{fmt.Sprintf("%s: %v", golden, err)}
	}
	for _, name := range slices.Sorted(maps.Keys(template.Resources)) {
		if template.Resources[name].Type == "AWS::CloudWatch::Alarm" && !strings.Contains(tree.Texts[runbook], "`"+name+"`") {
			violations = append(violations, fmt.Sprintf("%s: the alarm %s is not in %s", golden, name, runbook))
		}
	}
	return violations
}

// logLines requires that every message that a function logs is in the runbook.
func logLines(tree *Tree) (violations []string) {
	for _, f := range tree.Files {
		if f.Test || !under(f.Dir, "internal") || under(f.Dir, "internal/testkit/bench") {
			continue
		}
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if message := logged(call); message != "" && !strings.Contains(tree.Texts[runbook], "`"+message+"`") {
					violations = append(violations, fmt.Sprintf("%s: logs %q, which is not in %s", f.at(call.Pos()), message, runbook))
				}
			}
			return true
		})
	}
	return violations
}

// logged returns the message of a call to a method of slog.Logger, which it recognises by the
// name of the method and of the logger: log, or a field Log or Warn.
func logged(call *ast.CallExpr) string {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	logger := ""
	switch x := method.X.(type) {
	case *ast.Ident:
		logger = x.Name
	case *ast.SelectorExpr:
		logger = x.Sel.Name
	}
	level, takesContext := strings.CutSuffix(method.Sel.Name, "Context")
	message := 0
	if takesContext {
		message = 1
	}
	if !strings.EqualFold(logger, "log") && logger != "Warn" || !slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, level) || len(call.Args) <= message {
		return ""
	}
	literal, ok := call.Args[message].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return text
}

// settings requires that every setting of package config is in the guide.
func settings(tree *Tree) (violations []string) {
	for _, f := range tree.Files {
		if f.Test || f.Dir != "internal/config" {
			continue
		}
		for _, decl := range f.Syntax.Decls {
			constants, ok := decl.(*ast.GenDecl)
			if !ok || constants.Tok != token.CONST {
				continue
			}
			for _, name := range literals(&ast.File{Name: f.Syntax.Name, Decls: []ast.Decl{constants}}) {
				if !strings.Contains(tree.Texts[guide], "`"+name+"`") {
					violations = append(violations, fmt.Sprintf("%s: the setting %s is not in %s", f.Path, name, guide))
				}
			}
		}
	}
	return violations
}
