package sheet

import "trueup/internal/errs"

// Severity says whether a finding rejects a row, and how much it matters.
type Severity string

// The severities. A row with an error is rejected; a row with only warnings and hints is good.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityHint    Severity = "hint" // the row is as it should be, but may mean something else
)

// Severities is every severity, in the order of the documentation.
var Severities = []Severity{SeverityError, SeverityWarning, SeverityHint}

// Column names a column of a kind of file. Each reader has its own.
type Column string

// ColumnNone is the column of a finding about the row or the file as a whole.
const ColumnNone Column = ""

// Finding is one error, warning or hint about a file. Line and Position count from 1; Line 0
// means the file as a whole, Position 0 the whole row. Line is the physical line on
// which the row starts.
type Finding struct {
	Severity Severity
	Line     int
	Position int
	Column   Column
	Value    string // text.Quote of the cell
	Code     string // of a rule of the file's reader
	Args     errs.Args
}
