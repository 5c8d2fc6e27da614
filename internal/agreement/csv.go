package agreement

import "trueup/internal/errs"

// Column is a column of an import file.
type Column string

// The columns of R3.2, and the whole-row and whole-file places a finding can have.
const (
	ColumnAuthorization Column = "authorization"
	ColumnLicense       Column = "license"
	ColumnName          Column = "name"
	ColumnNone          Column = "" // the finding is about the row or the file
)

// Finding is one thing the check of a file has to say. Line and Position count
// from 1; Line 0 means the file as a whole, Position 0 the whole row.
type Finding struct {
	Severity string    `json:"severity"` // "error" or "warning"
	Line     int       `json:"line"`
	Position int       `json:"position"`
	Column   Column    `json:"column"`
	Value    string    `json:"value"` // at most 256 characters, as written
	Code     string    `json:"code"`
	Args     errs.Args `json:"args,omitempty"`
}
