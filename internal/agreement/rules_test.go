package agreement_test

import (
	"regexp"
	"strings"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/testkit/golden"
)

func TestRulesAreComplete(t *testing.T) {
	t.Parallel()
	code, spec := regexp.MustCompile(`^[a-z][a-z0-9_]+$`), regexp.MustCompile(`^R\d+\.\d+$`)
	seen := map[string]bool{}
	for _, r := range agreement.Rules {
		if !code.MatchString(r.Code) || seen[r.Code] {
			t.Errorf("code %q is odd or used twice", r.Code)
		}
		seen[r.Code] = true
		if !spec.MatchString(r.Spec) || r.Severity == "" || r.Door == "" || r.Field == "" || !strings.HasSuffix(strings.TrimRight(r.Summary, agreement.ForbiddenInNames), ".") && !strings.Contains(r.Summary, agreement.ForbiddenInNames) {
			t.Errorf("rule %s says too little: %+v", r.Code, r)
		}
		if r.Pass == "" || r.Fail == "" || r.Pass == r.Fail {
			t.Errorf("rule %s has no examples", r.Code)
		}
	}
	if _, ok := agreement.RuleOf("no_such_rule"); ok {
		t.Error("RuleOf knows a rule that does not exist")
	}
}

func TestRulesTable(t *testing.T) {
	t.Parallel()
	const head = `# Rules of agreements and of agreement files

Generated from ` + "`agreement.Rules`" + `; run ` + "`go test ./internal/agreement -run RulesTable -update`" + ` after a change.
*Reported* by: the check of a **draft** (a row of a file, a JSON body, a form), of a draft of type **other**, of a **file**, of how it was **upload**ed, against the **store** during an import, or of a change by **hand**.

`
	golden.Equal(t, "RULES.md", []byte(head+agreement.RulesTable()))
}
