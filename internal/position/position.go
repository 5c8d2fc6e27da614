// Package position computes the effective licence position: what the
// organisation is entitled to against what is installed, product by product,
// and why.
//
// Licences and installations of one publisher and one name (family and edition)
// are a market of their own: nothing of it covers anything outside. Within it a
// licence may cover an installation by one of the steps, tried in this order:
//
//   - exact: both are of the same version;
//   - prefix: the installed version continues the licence's at a dot or a space,
//     so that "2.05" covers 2.05.1234 and "2" every 2.x; a licence without a
//     version covers them all. R2 is a release of its own and no continuation;
//   - downgrade: the licence is of a newer version, which includes the right to
//     run an older one instead;
//   - assurance: the licence has active Software Assurance and the installation
//     is of a newer version. Assurance includes new version rights: whatever is
//     released while it runs may be installed. When a version was released is
//     not known here, so assurance counts on the days of its term and not after:
//     who let it end and keeps a version that came out before sees a shortfall
//     to look into, and nobody sees coverage that is not there.
//
// Where the order of two versions is not known (see Newer) neither downgrade
// nor assurance applies: a tool that claims too much is worse than one that asks.
//
// A step first uses what the steps before it left over. When installations are
// still uncovered, it may also rearrange: a licence of 2019 with assurance
// moves on to 2024 when one of 2021 can take its place. So nobody is told to
// buy what the licences at hand, rightly placed, would cover.
//
// Invariants: the order of the input does not matter; as many installations are
// covered as the enabled steps allow; so one licence more never makes a
// shortfall larger, and a step less never makes the sum of them smaller; each
// row's numbers are the sums of its lines and moves, and
//
//	Owned + moved in - moved out - Needed = Surplus - Shortfall.
package position

import (
	"slices"

	"trueup/internal/agreement"
	"trueup/internal/text"
)

// Product is what licences and installations are counted by. Family and edition
// count as one name: "Office Professional Plus" without an edition is the same
// as "Office" with the edition "Professional Plus". Neither case nor spacing
// count, nor whether the name begins with its publisher.
type Product struct {
	Publisher string
	Family    string // without edition and version: "Office", "SQL Server"
	Edition   string // "Professional Plus", "Standard"; empty when there is one only
	Version   string // "2021", "LTSC 2024", "2012 R2", "2.05"; empty for any
}

// Name is the product as people write it, without publisher and version.
func (p Product) Name() string {
	if p.Edition == "" {
		return p.Family
	}
	return p.Family + " " + p.Edition
}

// Key is the same for products that count as the same: publisher, name and
// version as they are compared.
func (p Product) Key() []string {
	publisher := text.Fold(p.Publisher)
	return []string{publisher, withoutPublisher(publisher, text.Fold(p.Name())), parseVersion(p.Version).key()}
}

// The kinds of sources.
const (
	KindPair      = "pair"      // an entitlement of an agreement pair
	KindAgreement = "agreement" // an agreement of type other
	KindStatement = "statement" // a line of a statement that belongs to no pair
	KindInventory = "inventory" // a title as detected
)

// Source says where a number comes from, so that it can be explained (R8.3).
type Source struct {
	Kind string `json:"kind" enum:"pair,agreement,statement,inventory" doc:"What id names."`
	ID   string `json:"id" doc:"Names the pair, the agreement, the file of the statement, or the file of inventory."`
	Text string `json:"text" doc:"What a person reads: the pair, the name of the agreement, the title as detected." example:"01-07001 + 01-07001"`
}

// Line is a quantity of a product from one source: licences or installations.
// Lines with a quantity of 0 or less count nothing.
type Line struct {
	Product  Product
	Quantity int
	SA       int // how many of a licence's Quantity have active Software Assurance; 0 of an installation
	Source   Source
	// Agreement is the id of the agreement that a licence belongs to; empty for
	// KindStatement and KindInventory.
	Agreement string
}

// Type is the license type a licence counts as: what a statement says of
// Microsoft's products is volume licensing, of others' it is not.
func (l Line) Type() agreement.Type {
	switch {
	case l.Source.Kind == KindPair:
		return agreement.TypeVolume
	case l.Source.Kind == KindStatement && foldedPublisher(l.Product) == foldedVolumePublisher:
		return agreement.TypeVolume
	}
	return agreement.TypeOther
}

// Step is how a licence comes to cover an installation.
type Step string

// The steps, in the order in which they are tried.
const (
	StepExact     Step = "exact"
	StepPrefix    Step = "prefix"
	StepDowngrade Step = "downgrade"
	StepAssurance Step = "assurance"
)

// Options switches steps off. The zero Options has all of them on; StepExact
// always is.
type Options struct {
	NoPrefix    bool
	NoDowngrade bool
	NoAssurance bool
}

// Steps is the steps that are on, in their order.
func (o Options) Steps() []Step {
	off := map[Step]bool{StepPrefix: o.NoPrefix, StepDowngrade: o.NoDowngrade, StepAssurance: o.NoAssurance}
	return slices.DeleteFunc(slices.Clone(order), func(s Step) bool { return off[s] })
}

// Verdict is what a row says to the reader (R8.2).
type Verdict string

// The verdicts.
const (
	VerdictCovered    Verdict = "covered"    // nothing is short
	VerdictShort      Verdict = "short"      // more installed than covered
	VerdictUnused     Verdict = "unused"     // owned, not installed, and covering no other version either
	VerdictUnlicensed Verdict = "unlicensed" // installed, and nothing entitles to it
)

// Verdicts is every verdict, the most urgent first.
var Verdicts = []Verdict{VerdictUnlicensed, VerdictShort, VerdictUnused, VerdictCovered}

// Moved is how many licences moved between versions, by step.
type Moved struct {
	Prefix    int
	Downgrade int
	Assurance int
}

// Total is the sum over the steps.
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
		// stays where it is
	}
}

// Move is a number of licences of one version that cover installations of another.
type Move struct {
	From, To Product
	Step     Step
	Quantity int
}

// Row is the waterfall of one product in one version, from what is owned to
// what is left or missing.
type Row struct {
	Product Product

	// Owned is the licences of this product: Pairs, Statements and Agreements by
	// the kind of their source; Volume and Other by license type. Both sum up to it.
	Owned                         int
	Pairs, Statements, Agreements int
	Volume, Other                 int
	SA                            int // how many of Owned have active Software Assurance

	In  Moved // licences of other versions that cover installations of this one
	Out Moved // licences of this version that cover installations of others

	Needed    int // installed
	Covered   int // of those: by own licences, or by those moved in
	Surplus   int // owned, and covering nothing
	Shortfall int // installed, and not covered

	Verdict Verdict

	// Licenses and Installations are the lines that were counted, Moves the
	// licences that moved in and out, by the version that they cover.
	Licenses      []Line
	Installations []Line
	Moves         []Move
}

// Used is how many of the owned licences cover something.
func (r *Row) Used() int { return r.Owned - r.Surplus }

// Totals is what rows add up to. Every count of products that people see comes
// from Add.
type Totals struct {
	Products int

	Owned, Used, Surplus       int
	Volume, Other              int
	Needed, Covered, Shortfall int

	CoveredProducts, ShortProducts, UnusedProducts, UnlicensedProducts int
}

// Add counts one row more.
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
