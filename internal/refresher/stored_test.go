package refresher

import (
	"testing"

	"trueup/internal/entitlement"
	"trueup/internal/testkit/golden"
)

// Fingerprints are stored. Another one for the same entitlements would count every pair
// as changed.
func TestR16_6_StoredFingerprints(t *testing.T) {
	t.Parallel()
	list := []entitlement.Entitlement{
		{Family: "Visio"},
		{
			Publisher: "Microsoft", Pool: "Applications", Family: "Office Professional Plus", Version: "2021", Type: "License",
			Effective: 10, ActiveSA: 4, Unresolved: 1, Start: "2026-01-01", End: "2028-12-31", SAEnd: "2027-12-31",
		},
	}
	if got := fingerprint(list); got != "a26ab83986fd6b30e1b09b589e41adbb" {
		t.Errorf("the fingerprint is %s", got)
	}
	golden.Shape(t, "fingerprint", 1, fingerprinted{})
}
