package directories

import (
	"encoding/json"

	"trueup/internal/intake"
	"trueup/internal/pack"
	"trueup/internal/sheet"
)

// encodeFindings returns findings as JSON for the reports bucket. Their version is
// intake.FindingsVersion; version 1 is a list.
func encodeFindings(findings []sheet.Finding) ([]byte, error) {
	return json.Marshal(intake.StoreFindings(findings))
}

// decodeFindings decodes findings of every version up to intake.FindingsVersion.
func decodeFindings(stored []byte) ([]sheet.Finding, error) {
	if _, err := pack.Version(stored, "version", intake.FindingsVersion); err != nil {
		return nil, err
	}
	var findings []intake.StoredFinding
	if err := json.Unmarshal(stored, &findings); err != nil {
		return nil, err
	}
	return intake.LoadFindings(findings), nil
}
