package position

import "trueup/internal/product"

// Verdict is the result of a row (R8.2).
type Verdict string

// The verdicts.
const (
	VerdictCovered     Verdict = "covered"      // nothing is short
	VerdictShort       Verdict = "short"        // more installed than covered
	VerdictUnused      Verdict = "unused"       // owned, not installed, and not used for anything else
	VerdictUnlicensed  Verdict = "unlicensed"   // installed without any licence
	VerdictNotMeasured Verdict = "not-measured" // its licences are not for PCs or their users, or only such licences cover it
	VerdictUndecided   Verdict = "undecided"    // undecidable installations, not all of which a candidate's licence covers
)

// Verdicts lists every verdict, the most urgent first, and last those outside the totals.
var Verdicts = []Verdict{VerdictUnlicensed, VerdictShort, VerdictUnused, VerdictCovered, VerdictUndecided, VerdictNotMeasured}

// Counted reports whether rows with this verdict count in totals and coverage.
func (v Verdict) Counted() bool { return v != VerdictNotMeasured && v != VerdictUndecided }

// Measure says what the installations of a row are counted by.
type Measure string

// The measures.
const (
	MeasureDevices Measure = "devices"
	MeasureUsers   Measure = "users" // the licences are for users, and the inventory tells them
)

// Measures lists every measure.
var Measures = []Measure{MeasureDevices, MeasureUsers}

// Moved is the number of licences that moved between products or versions, or of the installations that
// they cover, by step.
type Moved struct {
	Prefix    int
	Downgrade int
	Upgrade   int
	Assurance int
	Edition   int
	Include   int
	Candidate int

	Unversioned int
}

// Total returns the sum over the steps.
func (m Moved) Total() int {
	return m.Prefix + m.Downgrade + m.Upgrade + m.Assurance + m.Edition + m.Include + m.Candidate + m.Unversioned
}

// By returns the number of a step; 0 for a step that does not move licences.
func (m *Moved) By(step Step) int {
	if of := m.of(step); of != nil {
		return *of
	}
	return 0
}

func (m *Moved) add(step Step, n int) {
	if of := m.of(step); of != nil {
		*of += n
	}
}

// of returns the number of a step; nil for a step that does not move licences.
func (m *Moved) of(step Step) *int {
	switch step {
	case StepPrefix:
		return &m.Prefix
	case StepDowngrade:
		return &m.Downgrade
	case StepUpgrade:
		return &m.Upgrade
	case StepAssurance:
		return &m.Assurance
	case StepEdition:
		return &m.Edition
	case StepInclude:
		return &m.Include
	case StepCandidate:
		return &m.Candidate
	case StepUnversioned:
		return &m.Unversioned
	case StepExact, StepAdjustment:
	}
	return nil
}

// Move is a number of licences of one product that cover installations of another.
type Move struct {
	From, To Product
	Step     Step
	Quantity int // of licences
	// Covered is the number of installations that they cover, which is more than Quantity if licences
	// for users cover several PCs of a user.
	Covered int
	// Users marks licences for users that were compared with the users of PCs.
	Users bool
	// Suite marks what a suite covers besides its own product. A licence covers one of each
	// product that it includes, so these quantities do not add up: see Row.Suite.
	Suite bool
}

// Row is the calculation for one product version, from owned licences to surplus or shortfall.
type Row struct {
	Product Product
	Metric  product.Metric // what a licence is for; empty if the dictionary does not know the product

	// Owned is the number of licences of this product. It is the sum of Pairs, Statements,
	// Agreements and Adjusted (by source), and of Volume, Other (by license type) and Adjusted. It
	// is never negative: Adjusted takes no more than there is.
	Owned                         int
	Pairs, Statements, Agreements int
	Volume, Other                 int
	Adjusted                      int // positive or negative
	SA                            int // number of Owned with active Software Assurance
	Subscribed                    int // number of Owned of subscriptions, not in SA
	// Quantities are the bought licences by what they are for. If there are several, such as cores and
	// servers, their sum Owned says little.
	Quantities []Quantity

	In  Moved // installations that licences of other products cover
	Out Moved // licences of this product in use only for others
	// Suite is the part of Out in use only for included products: the most that one of them uses,
	// less what this product and its lower editions use.
	Suite int

	Measure   Measure // of Needed
	Needed    int     // installed
	Covered   int     // installations covered, by own licences or by those moved in
	Surplus   int     // licences that cover nothing
	Shortfall int     // installations not covered
	// Uncounted closes the sum of a row outside the totals: installations that are undecided, or
	// the difference between licences and installations that cannot be compared. Such a row has no
	// Shortfall.
	Uncounted int

	Verdict Verdict

	// UnknownUsers means that licences for users were compared with PCs, because the inventory does not
	// tell the users of all of them.
	UnknownUsers bool

	// Licenses and Installations are the counted lines. Moves are the licences that moved in and
	// out.
	Licenses      []Line
	Installations []Line
	Moves         []Move
}

// Used returns the number of owned licences that cover an installation. It is meaningful for
// verdicts that are Counted.
func (r *Row) Used() int { return r.Owned - r.Surplus }

// Demand returns what an installation line adds to Needed: its users if the licences are for users
// and the inventory tells them, else its PCs.
func (r *Row) Demand(l Line) int {
	if r.Metric == product.MetricUser && l.Users > 0 {
		return l.Users
	}
	return l.Quantity
}

// Shared returns how many licences for users cover PCs of the row by their users, and how many PCs.
func (r *Row) Shared() (licenses, pcs int) {
	for _, m := range r.Moves {
		if m.To == r.Product && m.Users {
			licenses += m.Quantity
			pcs += m.Covered
		}
	}
	return licenses, pcs
}

// Users returns the number of users of the installed PCs. A PC without a known user counts as one.
func (r *Row) Users() (n int) {
	for _, l := range r.Installations {
		left := l.Quantity
		for _, u := range l.ByUser {
			n += u.Users
			left -= u.PCs * u.Users
		}
		n += max(0, left)
	}
	return n
}

// Totals is the sum of the rows that count. Every count of products that people see comes from
// Add.
type Totals struct {
	Products int

	Owned, Used, Surplus       int
	Volume, Other, Adjusted    int
	Needed, Covered, Shortfall int

	CoveredProducts, ShortProducts, UnusedProducts, UnlicensedProducts int

	NotMeasuredProducts, UndecidedProducts int // not in Products and the other sums
}

// Add adds a row.
func (t *Totals) Add(r *Row) {
	switch r.Verdict {
	case VerdictNotMeasured:
		t.NotMeasuredProducts++
		return
	case VerdictUndecided:
		t.UndecidedProducts++
		return
	case VerdictCovered:
		t.CoveredProducts++
	case VerdictShort:
		t.ShortProducts++
	case VerdictUnused:
		t.UnusedProducts++
	case VerdictUnlicensed:
		t.UnlicensedProducts++
	}
	t.Products++
	t.Owned += r.Owned
	t.Used += r.Used()
	t.Surplus += r.Surplus
	t.Volume += r.Volume
	t.Other += r.Other
	t.Adjusted += r.Adjusted
	t.Needed += r.Needed
	t.Covered += r.Covered
	t.Shortfall += r.Shortfall
}
