package entitlement

import (
	"trueup/internal/day"
)

// Kind is the kind of a statement file.
type Kind string

// The kinds of R7.4.
const (
	// KindLicenseSummary is the license summary of VLSC and its successor. Each line has a
	// License ID.
	KindLicenseSummary Kind = "license-summary"
	// KindLicenseStatement is the Microsoft License Statement: the totals of the whole
	// organisation, without License IDs.
	KindLicenseStatement Kind = "license-statement"
	// KindGeneralStatement is the General License Statement: purchases from any publisher,
	// without License IDs.
	KindGeneralStatement Kind = "general-statement"
)

// Kinds lists every kind, in the order of the documentation.
var Kinds = []Kind{KindLicenseSummary, KindLicenseStatement, KindGeneralStatement}

// Statement is the content of one file.
type Statement struct {
	Kind Kind
	// Date is the day that the file describes.
	Date day.Date
	// Name distinguishes statements of the same kind and day: the file's key.
	Name  string
	Lines []Line
}

// Line is one line of a statement.
type Line struct {
	// LicenseID is the license, enrollment, agreement or customer number of the line, as written;
	// empty for the whole organisation.
	LicenseID string
	Entitlement
}
