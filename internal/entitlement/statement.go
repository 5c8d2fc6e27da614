package entitlement

import (
	"trueup/internal/day"
)

// Kind is what sort of file a statement was read from.
type Kind string

// The kinds of R7.4.
const (
	// KindLicenseSummary is the license summary of VLSC and its successor: each
	// line has the License ID it belongs to.
	KindLicenseSummary Kind = "license-summary"
	// KindLicenseStatement is the Microsoft License Statement: the totals of the
	// whole organisation, without License IDs.
	KindLicenseStatement Kind = "license-statement"
	// KindGeneralStatement is the General License Statement: purchases from any
	// publisher, without License IDs.
	KindGeneralStatement Kind = "general-statement"
)

// Kinds is every kind, in the order of the documentation.
var Kinds = []Kind{KindLicenseSummary, KindLicenseStatement, KindGeneralStatement}

// Statement is what one file says.
type Statement struct {
	Kind Kind
	// Date is the day whose situation it tells.
	Date day.Date
	// Name tells statements of the same kind and day apart: the file's key.
	Name  string
	Lines []Line
}

// Line is one line of a statement.
type Line struct {
	// LicenseID is the license, enrollment, agreement or customer number that the
	// line belongs to, as written; empty when it is about the whole organisation.
	LicenseID string
	Entitlement
}
