// Package intake has what is the same for every kind of file that arrives.
package intake

import (
	"trueup/internal/agreement"
	"trueup/internal/errs"
)

// FindingsVersion is the version of StoredFinding.
const FindingsVersion = 1

// StoredFinding is an agreement.Finding as JSON in the reports bucket.
type StoredFinding struct {
	Severity agreement.Severity `json:"severity"`
	Line     int                `json:"line"`
	Position int                `json:"position"`
	Column   agreement.Column   `json:"column"`
	Value    string             `json:"value"`
	Code     string             `json:"code"`
	Args     errs.Args          `json:"args,omitempty"`
}

// StoreFindings returns findings as they are stored; nil stays nil.
func StoreFindings(findings []agreement.Finding) []StoredFinding {
	if findings == nil {
		return nil
	}
	stored := make([]StoredFinding, len(findings))
	for i, f := range findings {
		stored[i] = StoredFinding(f)
	}
	return stored
}

// LoadFindings is the inverse of StoreFindings.
func LoadFindings(stored []StoredFinding) []agreement.Finding {
	if stored == nil {
		return nil
	}
	findings := make([]agreement.Finding, len(stored))
	for i, f := range stored {
		findings[i] = agreement.Finding(f)
	}
	return findings
}
