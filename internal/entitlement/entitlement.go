// Package entitlement is what agreements entitle the organisation to, as the
// Volume Licensing Service Center (VLSC) or a statement of a publisher says.
package entitlement

import "trueup/internal/agreement"

// Entitlement is one line of what somebody is entitled to: a product in a
// version, and how many licences of it.
type Entitlement struct {
	Publisher string // Microsoft, but in a general license statement
	Pool      string // product pool: Applications, Systems, Servers; empty when not said
	Family    string // product family, such as "Office Professional Plus"
	Version   string // such as "2021"; empty when not said
	Type      string // license type as the source spells it; empty when not said
	Effective int    // effective quantity, upgrades applied: 0 or more
	ActiveSA  int    // active Software Assurance quantity, 0 or more
	// Unresolved is the unresolved quantity, when an old summary has it: kept and
	// explained, never counted.
	Unresolved int
	Start, End agreement.Date // of the term; empty when not said
}
