package feeder

import (
	"encoding/json"
	"time"

	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/sheet"
)

// resultVersion is the version of the stored result, which has no field for it. trueup writes
// results and does not read them. They are for admins and their scripts, so a field may be added
// but none may be renamed or removed.
const resultVersion = 1

// storedResult is a Result as JSON in the reports bucket.
type storedResult struct {
	File       string          `json:"file"`
	At         time.Time       `json:"at"`
	Rows       int             `json:"rows"`
	Added      int             `json:"added"`
	Unchanged  int             `json:"unchanged"`
	Rejected   int             `json:"rejected"`
	Publishers int             `json:"publishers"`
	Titles     int             `json:"titles"`
	Findings   []storedFinding `json:"findings"`
}

type storedFinding struct {
	// Severity is added within version 1: warning, and absent for an error.
	Severity sheet.Severity       `json:"severity,omitempty"`
	Line     int                  `json:"line,omitempty"`
	Field    string               `json:"field,omitempty"`
	Value    string               `json:"value,omitempty"`
	Code     string               `json:"code"`
	Args     errs.Args            `json:"args,omitempty"`
	Messages map[i18n.Lang]string `json:"messages"`
}

func (r Result) encode() ([]byte, error) {
	stored := storedResult{
		File: r.File, At: r.At, Rows: r.Rows, Added: r.Added, Unchanged: r.Unchanged, Rejected: r.Rejected,
		Publishers: r.Publishers, Titles: r.Titles, Findings: make([]storedFinding, len(r.Findings)),
	}
	for i, f := range r.Findings {
		stored.Findings[i] = storedFinding{Severity: f.Severity, Line: f.Line, Field: f.Field, Value: f.Value, Code: f.Code, Args: f.Args, Messages: f.Messages}
	}
	return json.Marshal(stored)
}
