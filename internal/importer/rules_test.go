package importer_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/i18n"
	"trueup/internal/importer"
	"trueup/internal/testkit/golden"
)

func TestRulesAreComplete(t *testing.T) {
	t.Parallel()
	code, spec := regexp.MustCompile(`^[a-z][a-z0-9_]+$`), regexp.MustCompile(`^R\d+\.\d+$`)
	seen := map[string]bool{}
	for _, r := range importer.Rules {
		if !code.MatchString(r.Code) || seen[r.Code] {
			t.Errorf("code %q is odd or used twice", r.Code)
		}
		seen[r.Code] = true
		if !spec.MatchString(r.Spec) || r.Check == "" || r.Field == "" || !strings.HasSuffix(strings.TrimRight(r.Summary, agreement.ForbiddenInNames), ".") && !strings.Contains(r.Summary, agreement.ForbiddenInNames) {
			t.Errorf("rule %s says too little: %+v", r.Code, r)
		}
		if r.Pass == "" || r.Fail == "" || r.Pass == r.Fail {
			t.Errorf("rule %s has no examples", r.Code)
		}
	}
}

func TestRulesTable(t *testing.T) {
	t.Parallel()
	const head = `# Rules of agreements and of agreement files

Generated from ` + "`importer.Rules`" + `; run ` + "`go test ./internal/importer -run RulesTable -update`" + ` after a change.
*Reported* by: the check of a **draft** (a row of a file, a JSON body, a form), of a draft of type **other**, of a **file**, of how it was **upload**ed, against the **store** during an import, or of a change by **hand**.

`
	golden.Equal(t, "../agreement/RULES.md", []byte(head+agreement.RulesTable(importer.Rules)))
}

var quoted = regexp.MustCompile(`\{(\w+)\}`)

// TestEveryRuleHasAMessage checks that every code of a check has a message, which quotes only arguments of
// the rule. Messages about a whole file quote none: records of earlier releases have their reason
// without arguments.
func TestEveryRuleHasAMessage(t *testing.T) {
	t.Parallel()
	for _, rule := range importer.Rules {
		if !i18n.Known(rule.Code) {
			t.Errorf("no message for the rule %s: %s", rule.Code, rule.Summary)
			continue
		}
		var known []string
		if rule.Field != "file" {
			known = rule.Args
		}
		for _, name := range quoted.FindAllStringSubmatch(i18n.Text(i18n.English, rule.Code, nil), -1) {
			if !slices.Contains(known, name[1]) {
				t.Errorf("%s quotes {%s}, which the rule does not give", rule.Code, name[1])
			}
		}
	}
}
