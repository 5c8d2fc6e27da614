// Package position computes the effective licence position: entitlements compared with
// installations, for each product, with an explanation.
//
// A product is a publisher and a name (family and edition) in the dictionary of package product,
// or, if the dictionary does not know it, by its spelling. A licence may cover an installation by
// one of these steps, tried in this order:
//
//   - exact: both have the same version;
//   - prefix: the installed version extends the licence's at a dot or a space. "2.05" covers 2.05.1234
//     and "2" covers every 2.x; a licence without a version covers all versions. R2 is a separate
//     release, not an extension;
//   - downgrade: the licence is for a newer version, which includes the right to run an older one;
//   - upgrade: the licence is for an older version of an operating system, and its publisher gives the
//     upgrade to the installed one free of charge: Windows 10 Pro covers Windows 11 Pro;
//   - assurance: the licence has Software Assurance and the installation is newer. During its term
//     assurance includes every newer version. After its term it includes the versions released
//     before its end; only for versions that are years is that known (see Line.SAEnded).
//     A subscription covers every newer version while it counts, also of what a suite includes;
//   - edition: the licence is for a higher edition of the same family. Its version must cover the
//     installed one as in the steps above;
//   - include: the licence is for a suite or subscription that includes the product, directly or
//     through another product, or an edition above it. A suite without a version includes every version,
//     one with a version includes the versions that it has of its products, which the dictionary tells
//     or which are the suite's own (see product.Row.Contained), their extensions and older ones. It
//     includes nothing of a product that only later versions of the suite have;
//   - candidate: the installation is undecidable, which means that its title may stand for several
//     products, and one of the steps above covers one of these. A licence without a version covers
//     every version. A free candidate covers nothing;
//   - unversioned: the inventory does not tell the installed version. It may be the licence's, so a
//     licence of any version covers it, by the steps above.
//
// Versions are ordered as the dictionary lists them, else as Newer does. If the order of two
// versions is not known, neither downgrade nor assurance applies: a shortfall to check is better
// than wrong coverage.
//
// A licence covers one installation of its own product or of a lower edition, and besides one of
// each product that it includes: ten licences of a suite with a word processor and a drawing
// program cover ten installations of each. Editions of one family that have ranks count as one
// product here. What a suite uses is the most that it uses for one of them.
//
// A licence for a user covers the PCs of its user, up to five (PCsOfUser). So where the inventory tells the users
// of PCs (Line.ByUser), it covers the PCs of one user in one version of a product, and a user with more than five
// needs a further licence for each further five. A PC without a known user needs one of its own. Licences for
// users go to the users with most PCs, other licences to the PCs that are left. Where the inventory does not tell
// users, one licence covers one PC (Row.UnknownUsers). A product whose own licences are for users counts users
// instead (Row.Measure). What a suite uses is the most that one product needs: the counts do not tell whether the
// users of two products are the same people, so it is assumed that they are. They are not added up for PCs of
// one user with different versions or editions, or in different inventories, either: there each needs a licence.
//
// Each step first uses licences that earlier steps left over. If installations are still
// uncovered, it may rearrange: a licence of 2019 with assurance moves to 2024 when one of 2021 can
// replace it. So no shortfall is shown that a different use of the owned licences would cover.
//
// Manual adjustments change the licences of a row before all steps, and can be disabled like a step.
//
// Licences of cores, servers, CALs and online services are not compared with PCs: their rows are
// not measured, and so is what only they can cover. They are outside the totals, like undecidable
// installations that are not all covered.
//
// Invariants: the order of the input does not matter; as many installations are covered as the
// enabled steps allow, so one more licence never increases the total shortfall, and disabling a
// step never decreases it, except adjustments, which may take licences. This holds if no user has
// several PCs, for one product and version, and if only licences for users or only others cover the
// products. Otherwise the best use is a maximum coverage problem: exchanges of licences for users are tried, up
// to a bound, and those that cover more are kept. The numbers of each row are the sums of its lines and moves, and
//
//	Owned + moved in - moved out - Needed + Uncounted = Surplus - Shortfall,
//
// where moved in is installations, and moved out licences.
package position

import (
	"slices"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/product"
	"trueup/internal/text"
)

// Product identifies what licences and installations are for.
type Product = product.Product

// Key returns the normalised publisher, name and version. It is equal for equal products: family
// and edition form one name, and case, spacing and a publisher at the front of the name do not
// matter.
func Key(p Product) []string {
	publisher := text.Fold(p.Publisher)
	return []string{publisher, withoutPublisher(publisher, text.Fold(p.Name())), parseVersion(p.Version).key()}
}

// SourceKind is the kind of a Source.
type SourceKind string

// The kinds of sources.
const (
	KindPair       SourceKind = "pair"       // an entitlement of an agreement pair
	KindAgreement  SourceKind = "agreement"  // an agreement of type other
	KindStatement  SourceKind = "statement"  // a line of a statement that belongs to no pair
	KindAdjustment SourceKind = "adjustment" // a correction by a licence admin (R8.10)
	KindInventory  SourceKind = "inventory"  // a title as detected
)

// SourceKinds lists every kind, in the order of the documentation.
var SourceKinds = []SourceKind{KindPair, KindAgreement, KindStatement, KindAdjustment, KindInventory}

// Source identifies the origin of a number, to explain it (R8.3).
type Source struct {
	Kind SourceKind `json:"kind" doc:"The kind of source that id names."`
	ID   string     `json:"id" doc:"The id of the pair, agreement or adjustment, or the name of the statement file or inventory file."`
	Text string     `json:"text" doc:"A text for people: the pair, the name of the agreement, the note of the adjustment, or the title as detected." example:"01-07001 + 01-07001"`
}

// UserPCs says that so many users have so many PCs each.
type UserPCs struct{ PCs, Users int }

// Line is a quantity of licences or installations of a product from one source. Lines with a
// quantity of 0 or less are ignored, except negative adjustments.
type Line struct {
	Product  Product
	Quantity int // licences, or PCs
	Users    int // of an installation: the number of distinct users; 0 if the inventory does not tell
	// ByUser has the PCs of an installation by their main user. A PC without a known user is one of a
	// user with one PC, so that these PCs add up to Quantity. Empty if the inventory does not tell.
	ByUser []UserPCs
	SA     int // of a licence: how many have or had Software Assurance, see SAEnded
	// SAEnded is the day on which the Software Assurance of the SA licences ended; empty while it
	// is active. They cover versions released until then: a version that is a year was released by
	// the end of that year.
	SAEnded day.Date
	// Subscription marks licences of a subscription, which includes newer versions as long as it counts.
	Subscription bool
	Source       Source
	// Agreement is the id of the licence's agreement; empty for other kinds than KindPair and
	// KindAgreement.
	Agreement string
	// Metric is what a licence of a server product is for by its name: cores, processors, servers or
	// MetricUnknown. Empty is Row.Metric.
	Metric product.Metric
	// Pack is the number of cores or processors in each licence, if its name tells; else 0.
	Pack int
	// NotVolume marks licences of a statement that were bought outside volume licensing, also of
	// Microsoft's products: those of a General License Statement.
	NotVolume bool
}

// ActiveSA returns the number of licences with active Software Assurance.
func (l Line) ActiveSA() int {
	if l.SAEnded != "" {
		return 0
	}
	return l.SA
}

// Type returns the license type of a licence. A statement line is volume licensing for
// Microsoft's products only, and not if it is marked NotVolume.
func (l Line) Type() agreement.Type {
	switch {
	case l.Source.Kind == KindPair:
		return agreement.TypeVolume
	case l.Source.Kind == KindStatement && !l.NotVolume && text.Fold(l.Product.Publisher) == foldedVolumePublisher:
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
	StepUpgrade   Step = "upgrade"
	StepAssurance Step = "assurance"
	StepEdition   Step = "edition"
	StepInclude   Step = "include"
	StepCandidate Step = "candidate"

	StepUnversioned Step = "unversioned"
)

// StepAdjustment is enabled if manual adjustments count. It covers nothing by itself.
const StepAdjustment Step = "adjustment"

// Steps lists every step by which a licence covers an installation, in the order in which they are
// tried.
var Steps = []Step{StepExact, StepPrefix, StepDowngrade, StepUpgrade, StepAssurance, StepEdition, StepInclude, StepCandidate, StepUnversioned}

// The indexes of the steps in Steps. A later step has the higher one.
const (
	none int8 = iota - 1
	exact
	prefix
	downgrade
	upgrade
	assurance
	edition
	include
	candidate
	unversioned
)

// Options disables steps. The zero Options enables all; StepExact is always enabled. A step that
// builds on a disabled one does not apply either: no candidate is covered through an edition if
// NoEdition is set.
type Options struct {
	NoPrefix    bool
	NoDowngrade bool
	NoUpgrade   bool
	NoAssurance bool
	NoEdition   bool
	NoInclude   bool
	NoCandidate bool

	NoUnversioned bool

	NoAdjustment bool // ignore manual adjustments
}

// Steps returns the enabled steps, in order, and last StepAdjustment.
func (o Options) Steps() []Step {
	off := map[Step]bool{
		StepPrefix: o.NoPrefix, StepDowngrade: o.NoDowngrade, StepUpgrade: o.NoUpgrade, StepAssurance: o.NoAssurance,
		StepEdition: o.NoEdition, StepInclude: o.NoInclude, StepCandidate: o.NoCandidate,
		StepUnversioned: o.NoUnversioned, StepAdjustment: o.NoAdjustment,
	}
	return slices.DeleteFunc(append(slices.Clone(Steps), StepAdjustment), func(s Step) bool { return off[s] })
}
