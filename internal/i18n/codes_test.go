package i18n

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// snake matches codes, and in the packages below no other strings except notCodes.
var snake = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)+$`)

var notCodes = map[string]bool{
	"bad_rows": true, "duration_ms": true, "request_id": true, "run_failed": true, "run_held": true, "run_partial": true, "run_completed": true, "started_at": true, // attributes of log lines
	"license_type": true, "report_unsearched": true, // the start of codes
	"subscription_kind": true, "subscription_renewal": true, "subscription_conflict": true, // likewise
	"no_access":          true, // of the entitlement service's contract
	"o_pk":               true, // attributes of the table
	"o_sk":               true,
	"by_name":            true,
	"preferred_username": true, // a claim of OpenID Connect
	"token_use":          true, // a claim of tokens of Amazon Cognito
	"at_hash":            true, // a claim of ID tokens
	"c_hash":             true, // likewise
	"client_id":          true, // a claim, and a parameter of OAuth 2.0
	"client_secret":      true, // parameters of OAuth 2.0 and OpenID Connect
	"id_token":           true, "id_token_hint": true, "logout_uri": true, "post_logout_redirect_uri": true, "refresh_token": true, "token_type_hint": true,
	"client_secret_basic": true,                                                                              // a value of the metadata of issuers
	"consent_required":    true, "interaction_required": true, "invalid_grant": true, "login_required": true, // errors of issuers
	"when_required": true, // a value of the AWS SDK
	"x86_64":        true, // an architecture
}

// TestEveryCode checks that every code in the source has a message.
func TestEveryCode(t *testing.T) {
	t.Parallel()
	found := map[string]token.Position{}
	files := token.NewFileSet()
	for _, file := range sources(t, files, "..") {
		ast.Inspect(file, func(n ast.Node) bool {
			if code, ok := literal(n); ok && snake.MatchString(code) && !notCodes[code] {
				found[code] = files.Position(n.Pos())
			}
			return true
		})
	}
	for code, position := range found {
		if !KnownPage(code) && !KnownNotice(code) {
			t.Errorf("%s: no message for %q", position, code)
		}
	}
	if len(found) < 60 {
		t.Errorf("only %d codes found: does the search still look in the right places?", len(found))
	}
}

func literal(n ast.Node) (string, bool) {
	l, ok := n.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}

// sources parses the files of the packages in a folder and below it, without tests and the packages
// for tests.
func sources(t *testing.T, files *token.FileSet, dir string) []*ast.File {
	t.Helper()
	var parsed []*ast.File
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "testkit" {
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		parsed = append(parsed, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
