package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// DocumentRules contains every rule about files other than Go code.
var DocumentRules = []Rule{
	{"decisions have a number, a date, a status and three parts", decisions},
	{"the changelog is dated, newest first", changelog},
	{"the README is short", shortReadme},
	{"links between documents lead somewhere", links},
	{"every sample is described and used", samples},
	{"every alarm is in the runbook", alarms},
	{"every log line is in the runbook", logLines},
	{"every setting is in the guide", settings},
}

var (
	decisionTitle  = regexp.MustCompile(`\A# (\d{4}) \S`)
	decisionDate   = regexp.MustCompile(`(?m)^Date: \d{4}-\d{2}-\d{2}$`)
	decisionStatus = regexp.MustCompile(`(?m)^Status: (accepted|superseded by \d{4})(, amended (by \d{4}|\d{4}-\d{2}-\d{2}))?$`)
)

func decisions(tree *Tree) (violations []string) {
	const folder = "internal/docs/adr/"
	next := 1
	for _, name := range slices.Sorted(maps.Keys(tree.Texts)) {
		file, found := strings.CutPrefix(name, folder)
		if !found {
			continue
		}
		text := tree.Texts[name]
		number := fmt.Sprintf("%04d", next)
		next++
		if title := decisionTitle.FindStringSubmatch(text); title == nil || title[1] != number || !strings.HasPrefix(file, number+"-") {
			violations = append(violations, fmt.Sprintf("%s: it is decision %s: name the file %s-….md and start it with \"# %s …\"", name, number, number, number))
		}
		if !decisionDate.MatchString(text) {
			violations = append(violations, name+": no line \"Date: YYYY-MM-DD\"")
		}
		if !decisionStatus.MatchString(text) {
			violations = append(violations, name+": no line \"Status: accepted\", \"Status: superseded by NNNN\" or either with \", amended by NNNN\"")
		}
		for _, part := range []string{"Context", "Decision", "Consequences"} {
			if !strings.Contains(text, "\n## "+part+"\n") {
				violations = append(violations, fmt.Sprintf("%s: no part %q", name, "## "+part))
			}
		}
	}
	if next == 1 {
		violations = append(violations, folder+": there are no decisions")
	}
	return violations
}

var (
	changelogEntry = regexp.MustCompile(`(?m)^- (.*)$`)
	changelogDate  = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
)

// changelog requires a section for unreleased changes, and entries that begin with a date and
// the kind of change, the newest first.
func changelog(tree *Tree) (violations []string) {
	const name = "internal/docs/CHANGELOG.md"
	if !strings.Contains(tree.Texts[name], "\n## Unreleased\n") {
		violations = append(violations, name+": no part \"## Unreleased\"")
	}
	newest := ""
	for _, entry := range changelogEntry.FindAllStringSubmatch(tree.Texts[name], -1) {
		date, rest, _ := strings.Cut(entry[1], " ")
		if !changelogDate.MatchString(date) || !startsWithAny(rest, "Added: ", "Changed: ", "Fixed: ", "Removed: ") {
			violations = append(violations, fmt.Sprintf("%s: an entry begins like \"- 2026-11-21 Added: \", not %q", name, entry[1]))
			continue
		}
		if newest != "" && date > newest {
			violations = append(violations, fmt.Sprintf("%s: the newest entries come first: %q is below one of %s", name, entry[1], newest))
		}
		newest = date
	}
	return violations
}

func startsWithAny(text string, prefixes ...string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(text, prefix) })
}

// samples checks DESIGN's rule for events/: each file is described in the folder's README and
// named by a test, a test script, or the local stack (a pattern such as "events/*.csv" names all
// matching files).
func samples(tree *Tree) (violations []string) {
	const folder, readme = "events/", "events/README.md"
	var names []string
	for _, f := range tree.Files {
		if f.Test || underAny(f.Dir, "infra/local", "internal/testkit/bench", "internal/testkit/storetest") {
			names = append(names, literals(f.Syntax)...)
		}
	}
	for name, text := range tree.Texts {
		if strings.Contains(name, "testdata/") {
			names = append(names, strings.Fields(text)...)
		}
	}
	for _, sample := range slices.Sorted(maps.Keys(tree.Texts)) {
		file, found := strings.CutPrefix(sample, folder)
		if !found || sample == readme {
			continue
		}
		if !strings.Contains(tree.Texts[readme], path.Base(file)) {
			violations = append(violations, sample+": not mentioned in "+readme)
		}
		if !slices.ContainsFunc(names, func(pattern string) bool { return matches(pattern, file) }) {
			violations = append(violations, sample+": used by no test and not by the local stack")
		}
	}
	return violations
}

// matches reports whether a string in code or a script names the sample, a path relative to
// events/: by its name, by a path that ends in it, or by a pattern for its path.
func matches(name, sample string) bool {
	if i := strings.LastIndex(name, "events/"); i >= 0 {
		name = name[i+len("events/"):]
	}
	name = strings.Trim(name, `"'@,;`)
	if strings.ContainsAny(name, "*?[") {
		found, err := path.Match(name, sample)
		return found && err == nil && strings.Contains(name, ".") // "*" alone names no particular sample
	}
	return path.Base(name) == path.Base(sample)
}

// literals returns the string literals of a file.
func literals(file *ast.File) (values []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if value, err := strconv.Unquote(lit.Value); err == nil {
				values = append(values, value)
			}
		}
		return true
	})
	return values
}

// manifestMatches compares the folders under functions/ with manifest.Functions: a function
// without a row is never deployed.
func manifestMatches(tree *Tree) (violations []string) {
	folders, rows := map[string]bool{}, map[string]bool{}
	for _, f := range tree.Files {
		if name, found := strings.CutPrefix(f.Dir, "functions/"); found {
			folders[name] = true
		}
		if f.Dir == "internal/manifest" && !f.Test {
			for _, name := range functionNames(f.Syntax) {
				rows[name] = true
			}
		}
	}
	for name := range folders {
		if !rows[name] {
			violations = append(violations, "functions/"+name+": not in manifest.Functions")
		}
	}
	for name := range rows {
		if !folders[name] {
			violations = append(violations, "manifest.Functions: there is no functions/"+name)
		}
	}
	slices.Sort(violations)
	return violations
}

// functionNames returns the Name of each row of the variable Functions.
func functionNames(file *ast.File) (names []string) {
	for _, decl := range file.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range general.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || value.Names[0].Name != "Functions" || len(value.Values) != 1 {
				continue
			}
			table, ok := value.Values[0].(*ast.CompositeLit)
			if !ok {
				continue
			}
			for _, row := range table.Elts {
				names = append(names, rowName(row)...)
			}
		}
	}
	return names
}

func rowName(row ast.Expr) []string {
	fields, ok := row.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	for _, field := range fields.Elts {
		pair, ok := field.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := pair.Key.(*ast.Ident); !ok || key.Name != "Name" {
			continue
		}
		if lit, ok := pair.Value.(*ast.BasicLit); ok {
			if name, err := strconv.Unquote(lit.Value); err == nil {
				return []string{name}
			}
		}
	}
	return nil
}
