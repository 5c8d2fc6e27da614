package console

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"trueup/internal/directories"
	"trueup/internal/i18n"
	"trueup/internal/importer"
	"trueup/internal/jobs"
	"trueup/internal/refresher"
	"trueup/internal/statements"
)

// action matches actions of audit events, the starts of some, and in the packages below no other strings
// except notActions.
var action = regexp.MustCompile(`^[a-z]+(_[a-z]+)*\.([a-z]+(_[a-z]+)*)?$`)

var notActions = []string{
	"amazonaws.com", "trueup.schedule", "trueup.nightly", "trueup.call", // domain, and what functions are called with
	"agreements.csv", "annotated.", "latest.json", "office.csv", "office.txt", "report.json", "styles.xml", "terms.json", // names of files
	"n.a", "s.o", // what lists write where they have no value
	"query.limit", // a parameter in errors
}

// states are the states that follow the starts of actions.
var states = map[string][]string{
	"import.":      texts(importer.StateSucceeded, importer.StateRejected, importer.StateFailed),
	"statement.":   texts(statements.StateAccepted, statements.StateRefused, statements.StateReplaced),
	"refresh.":     texts(refresher.StateSucceeded, refresher.StatePartial, refresher.StateFailed),
	"license_job.": texts(jobs.StateSucceeded, jobs.StateFailed),
	"directory.":   texts(directories.StateSucceeded, directories.StateRefused, directories.StateSuperseded, directories.StateFailed),
}

func texts[S ~string](states ...S) (list []string) {
	for _, s := range states {
		list = append(list, string(s))
	}
	return list
}

// TestEveryActionHasAName: SPEC 12. The filter of audit events has every action in the source and no other,
// and each has a name in words.
func TestEveryActionHasAName(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, literal := range textsIn(t, "..") {
		switch {
		case !action.MatchString(literal) || slices.Contains(notActions, literal):
		case strings.HasSuffix(literal, "."):
			if states[literal] == nil {
				t.Errorf("%q is followed by states that this test does not know", literal)
			}
			for _, state := range states[literal] {
				found[literal+state] = true
			}
		default:
			found[literal] = true
		}
	}
	for a := range found {
		if !slices.Contains(auditActions, a) {
			t.Errorf("the filter lacks the action %q", a)
		}
	}
	for _, a := range auditActions {
		if !found[a] {
			t.Errorf("nothing has the action %q of the filter", a)
		}
		if code := actionCode(a); !i18n.KnownPage(code) {
			t.Errorf("there is no message %s", code)
		}
	}
	if len(found) < 60 {
		t.Errorf("only %d actions found: does the search still look in the right places?", len(found))
	}
}

// textsIn returns the texts in the source in a folder and below it, without tests, packages for tests and the
// console.
func textsIn(t *testing.T, dir string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{"testkit", "conformance", "console", "i18n", "testdata"}, entry.Name()) {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				if s, err := strconv.Unquote(l.Value); err == nil {
					list = append(list, s)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
