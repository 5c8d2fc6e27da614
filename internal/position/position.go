// Package position computes the effective licence position: entitlements compared with
// installations, for each product, with an explanation.
//
// Licences and installations of one publisher and one name (family and edition) form a separate
// market: they are matched only with each other. A licence may cover an installation by one of
// these steps, tried in this order:
//
//   - exact: both have the same version;
//   - prefix: the installed version extends the licence's at a dot or a space. "2.05" covers 2.05.1234
//     and "2" covers every 2.x; a licence without a version covers all versions. R2 is a separate
//     release, not an extension;
//   - downgrade: the licence is for a newer version, which includes the right to run an older one;
//   - assurance: the licence has active Software Assurance and the installation is newer. Assurance
//     includes new version rights: versions released during its term may be installed. Release dates
//     are not known here, so assurance counts only during its term. A version that was released in
//     time and is kept after the term appears as a shortfall to check, not as coverage.
//
// If the order of two versions is not known (see Newer), neither downgrade nor assurance applies:
// a shortfall to check is better than wrong coverage.
//
// A step first uses licences that earlier steps left over. If installations are still uncovered,
// it may rearrange: a licence of 2019 with assurance moves to 2024 when one of 2021 can replace
// it. So no shortfall is shown that a different use of the owned licences would cover.
//
// Invariants: the order of the input does not matter; as many installations are covered as the
// enabled steps allow, so one more licence never increases a shortfall, and disabling a step
// never decreases the total shortfall; the numbers of each row are the sums of its lines and
// moves, and
//
//	Owned + moved in - moved out - Needed = Surplus - Shortfall.
package position

import (
	"slices"

	"trueup/internal/agreement"
	"trueup/internal/text"
)

// Product identifies what licences and installations are for. Family and edition form one name:
// "Office Professional Plus" without an edition equals "Office" with the edition "Professional
// Plus". Case, spacing and a publisher at the front of the name do not matter.
type Product struct {
	Publisher string
	Family    string // without edition and version: "Office", "SQL Server"
	Edition   string // "Professional Plus", "Standard"; empty if there is only one
	Version   string // "2021", "LTSC 2024", "2012 R2", "2.05"; empty for any version
}

// Name returns the product's name without publisher and version.
func (p Product) Name() string {
	if p.Edition == "" {
		return p.Family
	}
	return p.Family + " " + p.Edition
}

// Key returns the normalised publisher, name and version. It is equal for equal products.
func (p Product) Key() []string {
	publisher := text.Fold(p.Publisher)
	return []string{publisher, withoutPublisher(publisher, text.Fold(p.Name())), parseVersion(p.Version).key()}
}

// SourceKind is the kind of a Source.
type SourceKind string

// The kinds of sources.
const (
	KindPair      SourceKind = "pair"      // an entitlement of an agreement pair
	KindAgreement SourceKind = "agreement" // an agreement of type other
	KindStatement SourceKind = "statement" // a line of a statement that belongs to no pair
	KindInventory SourceKind = "inventory" // a title as detected
)

// SourceKinds lists every kind, in the order of the documentation.
var SourceKinds = []SourceKind{KindPair, KindAgreement, KindStatement, KindInventory}

// Source identifies the origin of a number, to explain it (R8.3).
type Source struct {
	Kind SourceKind `json:"kind" doc:"The kind of source that id names."`
	ID   string     `json:"id" doc:"The id of the pair or the agreement, or the name of the statement file or inventory file."`
	Text string     `json:"text" doc:"A text for people: the pair, the name of the agreement, or the title as detected." example:"01-07001 + 01-07001"`
}

// Line is a quantity of licences or installations of a product from one source. Lines with a
// quantity of 0 or less are ignored.
type Line struct {
	Product  Product
	Quantity int
	SA       int // quantity of a licence with active Software Assurance; 0 for an installation
	Source   Source
	// Agreement is the id of the licence's agreement; empty for KindStatement and KindInventory.
	Agreement string
}

// Type returns the license type of a licence. A statement line is volume licensing for
// Microsoft's products only.
func (l Line) Type() agreement.Type {
	switch {
	case l.Source.Kind == KindPair:
		return agreement.TypeVolume
	case l.Source.Kind == KindStatement && foldedPublisher(l.Product) == foldedVolumePublisher:
		return agreement.TypeVolume
	}
	return agreement.TypeOther
}

// Step is the rule by which a licence covers an installation.
type Step string

// The steps.
const (
	StepExact     Step = "exact"
	StepPrefix    Step = "prefix"
	StepDowngrade Step = "downgrade"
	StepAssurance Step = "assurance"
)

// Steps lists every step, in the order in which they are tried.
var Steps = []Step{StepExact, StepPrefix, StepDowngrade, StepAssurance}

// Options disables steps. The zero Options enables all; StepExact is always enabled.
type Options struct {
	NoPrefix    bool
	NoDowngrade bool
	NoAssurance bool
}

// Steps returns the enabled steps, in order.
func (o Options) Steps() []Step {
	off := map[Step]bool{StepPrefix: o.NoPrefix, StepDowngrade: o.NoDowngrade, StepAssurance: o.NoAssurance}
	return slices.DeleteFunc(slices.Clone(Steps), func(s Step) bool { return off[s] })
}

// Verdict is the result of a row (R8.2).
type Verdict string

// The verdicts.
const (
	VerdictCovered    Verdict = "covered"    // nothing is short
	VerdictShort      Verdict = "short"      // more installed than covered
	VerdictUnused     Verdict = "unused"     // owned, not installed, and not used for another version
	VerdictUnlicensed Verdict = "unlicensed" // installed without any licence
)

// Verdicts lists every verdict, the most urgent first.
var Verdicts = []Verdict{VerdictUnlicensed, VerdictShort, VerdictUnused, VerdictCovered}

// Moved is the number of licences that moved between versions, by step.
type Moved struct {
	Prefix    int
	Downgrade int
	Assurance int
}

// Total returns the sum over the steps.
func (m Moved) Total() int { return m.Prefix + m.Downgrade + m.Assurance }

func (m *Moved) add(step Step, n int) {
	switch step {
	case StepPrefix:
		m.Prefix += n
	case StepDowngrade:
		m.Downgrade += n
	case StepAssurance:
		m.Assurance += n
	case StepExact:
		// An exact match does not move a licence.
	}
}

// Move is a number of licences of one version that cover installations of another.
type Move struct {
	From, To Product
	Step     Step
	Quantity int
}

// Row is the calculation for one product version, from owned licences to surplus or shortfall.
type Row struct {
	Product Product

	// Owned is the number of licences of this product. It is the sum of Pairs, Statements and
	// Agreements (by source), and of Volume and Other (by license type).
	Owned                         int
	Pairs, Statements, Agreements int
	Volume, Other                 int
	SA                            int // number of Owned with active Software Assurance

	In  Moved // licences of other versions that cover this one
	Out Moved // licences of this version that cover others

	Needed    int // installed
	Covered   int // installations covered, by own licences or by those moved in
	Surplus   int // licences that cover nothing
	Shortfall int // installations not covered

	Verdict Verdict

	// Licenses and Installations are the counted lines. Moves are the licences that moved in and
	// out.
	Licenses      []Line
	Installations []Line
	Moves         []Move
}

// Used returns the number of owned licences that cover an installation.
func (r *Row) Used() int { return r.Owned - r.Surplus }

// Totals is the sum of rows. Every count of products that people see comes from Add.
type Totals struct {
	Products int

	Owned, Used, Surplus       int
	Volume, Other              int
	Needed, Covered, Shortfall int

	CoveredProducts, ShortProducts, UnusedProducts, UnlicensedProducts int
}

// Add adds a row.
func (t *Totals) Add(r *Row) {
	t.Products++
	t.Owned += r.Owned
	t.Used += r.Used()
	t.Surplus += r.Surplus
	t.Volume += r.Volume
	t.Other += r.Other
	t.Needed += r.Needed
	t.Covered += r.Covered
	t.Shortfall += r.Shortfall
	switch r.Verdict {
	case VerdictCovered:
		t.CoveredProducts++
	case VerdictShort:
		t.ShortProducts++
	case VerdictUnused:
		t.UnusedProducts++
	case VerdictUnlicensed:
		t.UnlicensedProducts++
	}
}
