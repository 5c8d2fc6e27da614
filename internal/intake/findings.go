package intake

import (
	"trueup/internal/errs"
	"trueup/internal/sheet"
)

// FindingsVersion is the version of stored findings that trueup writes: of StoredFinding, and of
// what the packages that store them put around them. Version 1 has no field for it. Later
// versions are an object with the field "version".
const FindingsVersion = 1

// StoredFinding is a sheet.Finding as JSON in the reports bucket.
type StoredFinding struct {
	Severity sheet.Severity `json:"severity"`
	Line     int            `json:"line"`
	Position int            `json:"position"`
	Column   sheet.Column   `json:"column"`
	Value    string         `json:"value"`
	Code     string         `json:"code"`
	Args     errs.Args      `json:"args,omitempty"`
}

// StoreFindings converts findings to their stored form; nil stays nil.
func StoreFindings(findings []sheet.Finding) []StoredFinding {
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
func LoadFindings(stored []StoredFinding) []sheet.Finding {
	if stored == nil {
		return nil
	}
	findings := make([]sheet.Finding, len(stored))
	for i, f := range stored {
		findings[i] = sheet.Finding(f)
	}
	return findings
}
