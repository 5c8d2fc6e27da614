package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// Rule is one rule. Check returns a message for each violation, and none if there are none.
type Rule struct {
	Name  string
	Check func(*Tree) []string
}

// Rules contains every rule about Go code; documents.go contains the rules about documents.
var Rules = []Rule{
	{"dependencies point inwards", directions},
	{"the domain has an order", domainIsOrdered},
	{"stored data has a shape", storedHasShape},
	{"stored JSON is written in stored.go", storedIsWritten},
	{"the agreement domain uses the standard library and what is as pure", agreementIsPure},
	{"messages are data: i18n imports nothing of trueup", messagesAreData},
	{"gettext files are read only by the generator", only([]string{"github.com/chai2010/gettext-go"}, "internal/i18n/generate")},
	{"tables are read and written only in sheet", only([]string{"encoding/csv"}, "internal/sheet", "internal/testkit", "infra/local/demo")},
	{"AWS SDK only in the adapters, app and the local stack", only([]string{"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go"},
		"internal/aws/dynamo", "internal/aws/invoke", "internal/aws/s3bucket", "internal/aws/secrets", "internal/aws/topic", "internal/aws/userpool", "internal/app", "infra/local", "internal/testkit/storetest", "internal/testkit/bench")},
	{"aws-lambda-go only in trigger and app", only([]string{"github.com/aws/aws-lambda-go"},
		"internal/aws/trigger", "internal/app", "internal/testkit/bench")},
	{"CDK only in infra, behind its build tag", cdkBehindTag},
	{"the environment is read only in config", environment},
	{"the clock is read only in app", clock},
	{"nothing in internal prints", prints},
	{"a function's main only wires", mainsWire},
	{"what is unavailable has a cause", causes},
	{"files stay under 500 lines", fileLength},
	{"packages are named after what they hold", packageNames},
	{"internal packages have a doc comment", packageDocs},
	{"every function has a row in the manifest, and every row a function", manifestMatches},
}

// causes requires that an error answered with 503 wraps its cause, which is logged. Examples in
// the OpenAPI document have none.
func causes(tree *Tree) (violations []string) {
	for _, f := range tree.Files {
		if f.Test || !under(f.Dir, "internal") || f.Path == "internal/httpapi/document.go" {
			continue
		}
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && len(call.Args) > 0 && selected(call.Fun, "errs", "New") && selected(call.Args[0], "errs", "Unavailable") {
				violations = append(violations, f.at(call.Pos())+": makes an error of kind Unavailable without a cause")
			}
			return true
		})
	}
	return violations
}

// selected reports whether an expression is pkg.name.
func selected(e ast.Expr, pkg, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg && s.Sel.Name == name
}

func agreementIsPure(tree *Tree) (violations []string) {
	allowed := []string{module + "/internal/audit", module + "/internal/day", module + "/internal/errs", module + "/internal/once", module + "/internal/sheet", module + "/internal/text"}
	for _, f := range tree.Files {
		if f.Test || !underAny(f.Dir, "internal/agreement") {
			continue
		}
		for _, imported := range f.Imports() {
			if f.Dir != "internal/agreement" && imported == module+"/internal/agreement" {
				continue
			}
			if !isStandard(imported) && !slices.Contains(allowed, imported) {
				violations = append(violations, fmt.Sprintf("%s: imports %s", f.Path, imported))
			}
		}
	}
	return violations
}

// messagesAreData keeps i18n below every other package: it knows codes, but not their subjects.
// The packages that the generator takes limits from must compile without the messages.
func messagesAreData(tree *Tree) (violations []string) {
	for _, f := range tree.Files {
		if f.Test {
			continue
		}
		for _, imported := range f.Imports() {
			if f.Dir == "internal/i18n" && under(imported, module) || f.Dir == "internal/group" && imported == module+"/internal/i18n" {
				violations = append(violations, fmt.Sprintf("%s: imports %s", f.Path, imported))
			}
		}
	}
	return violations
}

// isStandard reports whether an import path is of the standard library: its first element has no
// dot and is not this module.
func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return first != module && !strings.Contains(first, ".")
}

// only allows imports of the modules in the given folders and in tests only.
func only(modules []string, folders ...string) func(*Tree) []string {
	return func(tree *Tree) (violations []string) {
		for _, f := range tree.Files {
			if f.Test || underAny(f.Dir, folders...) {
				continue
			}
			for _, imported := range f.Imports() {
				if underAny(imported, modules...) {
					violations = append(violations, fmt.Sprintf("%s: imports %s", f.Path, imported))
				}
			}
		}
		return violations
	}
}

// cdkBehindTag spares everyone who does not deploy a download of 390 MB.
func cdkBehindTag(tree *Tree) (violations []string) {
	for _, f := range tree.Files {
		if !slices.ContainsFunc(f.Imports(), func(imported string) bool {
			return underAny(imported, "github.com/aws/aws-cdk-go", "github.com/aws/constructs-go",
				"github.com/aws/jsii-runtime-go", "github.com/cdklabs/cdk-nag-go")
		}) {
			continue
		}
		if f.Dir != "infra" {
			violations = append(violations, f.Path+": imports CDK outside infra")
		}
		if !slices.ContainsFunc(f.Syntax.Comments, func(group *ast.CommentGroup) bool {
			return group.Pos() < f.Syntax.Package && group.List[0].Text == "//go:build cdk"
		}) {
			violations = append(violations, f.Path+": imports CDK without //go:build cdk")
		}
	}
	return violations
}

func environment(tree *Tree) (violations []string) {
	for _, f := range tree.Files {
		if f.Test || underAny(f.Dir, "internal/config", "infra", "internal/testkit/storetest", "internal/testkit/bench") {
			continue
		}
		readers := []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}
		for _, pkg := range []string{"os", "syscall"} {
			f.uses(pkg, func(name string, at token.Pos) {
				if slices.Contains(readers, name) {
					violations = append(violations, fmt.Sprintf("%s: %s.%s; pass the setting in from config", f.at(at), pkg, name))
				}
			})
		}
	}
	return violations
}

func clock(tree *Tree) (violations []string) {
	for _, f := range tree.Files {
		if f.Test || underAny(f.Dir, "internal/app", "infra/local", "internal/testkit/storetest", "internal/testkit/bench") {
			continue
		}
		f.uses("time", func(name string, at token.Pos) {
			if slices.Contains([]string{"Now", "Since", "Until"}, name) {
				violations = append(violations, fmt.Sprintf("%s: time.%s; take a clock func() time.Time", f.at(at), name))
			}
		})
	}
	return violations
}

// prints keeps standard output free for the log, whose lines are JSON.
func prints(tree *Tree) (violations []string) {
	for _, f := range tree.Files {
		if f.Test || f.Package == "main" || !under(f.Dir, "internal") {
			continue
		}
		f.uses("fmt", func(name string, at token.Pos) {
			if strings.HasPrefix(name, "Print") {
				violations = append(violations, fmt.Sprintf("%s: fmt.%s; use slog", f.at(at), name))
			}
		})
		ast.Inspect(f.Syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if fun, ok := call.Fun.(*ast.Ident); ok && (fun.Name == "println" || fun.Name == "print") {
					violations = append(violations, fmt.Sprintf("%s: %s; use slog", f.at(call.Pos()), fun.Name))
				}
			}
			return true
		})
	}
	return violations
}

func mainsWire(tree *Tree) (violations []string) {
	for _, f := range tree.Files {
		if f.Test || !under(f.Dir, "functions") {
			continue
		}
		if path.Base(f.Path) != "main.go" || f.Package != "main" {
			violations = append(violations, f.Path+": a function's folder holds its main.go; what it does belongs in internal")
		}
		if f.Lines > 20 {
			violations = append(violations, fmt.Sprintf("%s: %d lines; at most 20", f.Path, f.Lines))
		}
	}
	return violations
}

func fileLength(tree *Tree) (violations []string) {
	for _, f := range tree.Files {
		if !f.Test && !f.Generated && f.Lines > 500 {
			violations = append(violations, fmt.Sprintf("%s: %d lines; at most 500", f.Path, f.Lines))
		}
	}
	return violations
}

func packageNames(tree *Tree) (violations []string) {
	vague := []string{"util", "utils", "common", "helper", "helpers", "model", "models", "type", "types"}
	for _, f := range tree.Files {
		for _, name := range append(strings.Split(f.Dir, "/"), f.Package) {
			if slices.Contains(vague, name) {
				violations = append(violations, fmt.Sprintf("%s: %q says nothing about what is in it", f.Path, name))
				break
			}
		}
	}
	return violations
}

func packageDocs(tree *Tree) (violations []string) {
	documented := map[string]bool{}
	for _, f := range tree.Files {
		if f.Test || !underAny(f.Dir, "internal", "infra/local") {
			continue
		}
		doc := f.Syntax.Doc.Text()
		documented[f.Dir] = documented[f.Dir] || strings.HasPrefix(doc, "Package "+f.Package+" ") ||
			f.Package == "main" && strings.HasPrefix(doc, "Command ")
	}
	for dir, ok := range documented {
		if !ok {
			violations = append(violations, dir+": no doc comment that starts with \"Package …\" (\"Command …\" for a program)")
		}
	}
	slices.Sort(violations)
	return violations
}
