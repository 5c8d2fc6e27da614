package dynamo

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/entitlement"
	"trueup/internal/testkit/golden"
)

// itemsVersion is the version of the types of items. Items have no attribute for it: a
// changed type must read the items that are already stored, which the test of stored data
// in infra/local/e2e checks.
const itemsVersion = 1

func TestR16_6_StoredItems(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]any{
		"agreement": agreementItem{}, "name": nameItem{}, "pair": pairItem{}, "group": groupItem{}, "import": importItem{}, "audit": auditItem{},
		"head": headItem{}, "entry": entryItem{}, "refresh": runItem{}, "open-refresh": refreshItem{}, "answer": answerItem{}, "known-pair": knownItem{},
		"aside": asideRecord{}, "snapshot": snapshotItem{}, "statement": statementItem{}, "newest-statement": newestItem{},
		"inventory": inventoryItem{}, "rules": rulesItem{},
	} {
		golden.Shape(t, "item-"+name, itemsVersion, v)
	}
}

func TestR16_6_StoredEntitlements(t *testing.T) {
	t.Parallel()
	office := entitlement.Entitlement{
		Publisher: "Microsoft", Pool: "Applications", Family: "Office Professional Plus", Version: "2021", Type: "License",
		Effective: 10, ActiveSA: 4, Unresolved: 1, Start: "2026-01-01", End: "2028-12-31", SAEnd: "2027-12-31",
	}
	few := []entitlement.Entitlement{office, {Family: "Visio"}}
	many := make([]entitlement.Entitlement, 40)
	for i := range many {
		many[i] = office
		many[i].Family = strings.Repeat("Office ", 5)
	}
	for format, list := range map[string][]entitlement.Entitlement{"entitlements": few, "entitlements-packed": many} {
		golden.Versions(t, format, "bin", 1, func() []byte { return encodeEntitlements(list) }, func(version int, sample []byte) {
			got, err := decodeEntitlements(sample)
			if diff := cmp.Diff(list, got); diff != "" || err != nil {
				t.Errorf("%s, version %d: %v (-want +got)\n%s", format, version, err, diff)
			}
		})
	}
}
