package importer

import (
	"encoding/json"
	"fmt"
	"io"

	"trueup/internal/intake"
	"trueup/internal/pack"
)

// storedReport is a Report as JSON in the reports bucket. Its version is
// intake.FindingsVersion, which version 1 does not contain.
type storedReport struct {
	Import   string                 `json:"import"`
	Findings []intake.StoredFinding `json:"findings"`
}

func (r Report) encode() ([]byte, error) {
	return json.Marshal(storedReport{Import: r.Import, Findings: intake.StoreFindings(r.Findings)})
}

// DecodeReport reads the report of an import, of any version up to intake.FindingsVersion.
func DecodeReport(stored io.Reader) (Report, error) {
	encoded, err := io.ReadAll(stored)
	if err != nil {
		return Report{}, fmt.Errorf("importer: read a report: %w", err)
	}
	if _, err := pack.Version(encoded, "version", intake.FindingsVersion); err != nil {
		return Report{}, fmt.Errorf("importer: decode a report: %w", err)
	}
	var r storedReport
	if err := json.Unmarshal(encoded, &r); err != nil {
		return Report{}, fmt.Errorf("importer: decode a report: %w", err)
	}
	return Report{Import: r.Import, Findings: intake.LoadFindings(r.Findings)}, nil
}
