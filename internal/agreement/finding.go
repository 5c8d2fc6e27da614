package agreement

import "trueup/internal/errs"

// Severity says whether a finding stops a row.
type Severity string

// The severities. A row with an error is rejected; a row with warnings only is good.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Column is a column of an import file.
type Column string

// The columns of R3.2, the column that an annotated copy adds, and the
// whole-row and whole-file places a finding can have.
const (
	ColumnAuthorization Column = "authorization"
	ColumnLicense       Column = "license"
	ColumnName          Column = "name"
	ColumnMessages      Column = "messages" // only in annotated copies; ignored when read
	ColumnNone          Column = ""         // the finding is about the row or the file
)

// Finding is one thing the check of a file has to say. Line and Position count
// from 1; Line 0 means the file as a whole, Position 0 the whole row. Line is
// the physical line on which the row starts.
type Finding struct {
	Severity Severity
	Line     int
	Position int
	Column   Column
	Value    string // at most 256 characters, as written
	Code     string // of a Rule
	Args     errs.Args
}
