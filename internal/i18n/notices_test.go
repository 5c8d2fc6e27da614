package i18n

import (
	"go/ast"
	"go/token"
	"testing"
)

// TestEveryNoticeIsUsed finds messages of notices that nothing uses. TestEveryCode finds those that are missing.
func TestEveryNoticeIsUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, file := range sources(t, token.NewFileSet(), "..") {
		ast.Inspect(file, func(n ast.Node) bool {
			if code, ok := literal(n); ok && file.Name.Name != "i18n" {
				used[code] = true
			}
			return true
		})
	}
	for _, m := range noticeMessages {
		if !used[m.code] {
			t.Errorf("nothing uses the message %q; remove it", m.code)
		}
	}
}
