package importer

import (
	"encoding/json"
	"fmt"
	"io"

	"trueup/internal/intake"
)

// storedReport is a Report as JSON in the reports bucket. Its version is
// intake.FindingsVersion.
type storedReport struct {
	Import   string                 `json:"import"`
	Findings []intake.StoredFinding `json:"findings"`
}

func (r Report) encode() ([]byte, error) {
	return json.Marshal(storedReport{Import: r.Import, Findings: intake.StoreFindings(r.Findings)})
}

// DecodeReport reads the report of an import.
func DecodeReport(stored io.Reader) (Report, error) {
	var r storedReport
	if err := json.NewDecoder(stored).Decode(&r); err != nil {
		return Report{}, fmt.Errorf("importer: decode a report: %w", err)
	}
	return Report{Import: r.Import, Findings: intake.LoadFindings(r.Findings)}, nil
}
