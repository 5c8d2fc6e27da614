package product

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Kind says what a title is.
type Kind string

// The kinds. Product, Free and Undecidable are rows; the others are noise.
const (
	KindProduct     Kind = "product"     // needs a licence
	KindUndecidable Kind = "undecidable" // the name does not tell which of several products it is
	KindFree        Kind = "free"        // needs no licence
	KindUpdate      Kind = "update"      // an update, hotfix or service pack
	KindLanguage    Kind = "language"    // a language pack, MUI part or proofing tool
	KindComponent   Kind = "component"   // a part of a product that another title counts
	KindRuntime     Kind = "runtime"     // needed by other programs
	KindDriver      Kind = "driver"      // of a device, with its tools
)

// Metric says what a licence of a product is for.
type Metric string

// The metrics. Only device and user licences, and operating systems, can be compared with an
// inventory of PCs.
const (
	MetricDevice  Metric = "device"
	MetricUser    Metric = "user"
	MetricCore    Metric = "core"
	MetricServer  Metric = "server"
	MetricCAL     Metric = "cal"
	MetricOS      Metric = "os"
	MetricService Metric = "service" // an online service, of which nothing is installed
	MetricNone    Metric = "none"    // free
)

// Scheme says what the versions of a product are.
type Scheme string

// The schemes.
const (
	SchemeYear  Scheme = "year"  // 2019, 2012 R2
	SchemeMajor Scheme = "major" // the first part of the number
	SchemeMinor Scheme = "minor" // the first two parts of the number
	SchemeNames Scheme = "names" // those of Row.Known
	SchemeNone  Scheme = "none"  // no versions, such as a subscription
)

// Row is a product of the dictionary.
type Row struct {
	ID        string // unique and stable: adobe-acrobat-pro
	Publisher string
	Family    string // without edition and version
	Edition   string // empty if there is only one
	Kind      Kind
	Metric    Metric
	Rank      int // a licence of an edition with a higher rank covers lower ones; 0 for none
	Scheme    Scheme
	Known     []string          // versions, oldest first
	Builds    map[string]string // number at the front of a title's version to the version
	Paper     []Paper           // Names gives them; the first is the name for people, the others are folded
	// Includes are the ids of products to which a licence also entitles. Candidates are the ids of
	// the products that an undecidable title may be.
	Includes   []string
	Candidates []string
	// Upgrades maps a version to the later one that its licence also is for, because the publisher
	// gives the upgrade free of charge on the same device. Of operating systems only.
	Upgrades map[string]string
	// Contains maps a version of a suite to the versions of what it includes, if these are others than
	// the suite's, see Contained.
	Contains map[string][]string
	Source   string    // an address, or "general knowledge"; empty in a packed dictionary
	Listed   time.Time // when Microsoft's list that has the row was put, see With; zero for a row of the data files
}

// Paper is a name of a product on licences, without its publisher.
type Paper struct {
	Name    string // with alternatives in Row.Paper
	Version string // if the name includes it
}

// Names returns the names on paper, without alternatives.
func (r *Row) Names() (all []Paper) {
	for _, p := range r.Paper {
		names, _ := Alternatives(p.Name) // the generator has rejected bad ones
		for _, n := range names {
			all = append(all, Paper{Name: n.Name, Version: cmp.Or(p.Version, n.Version)})
		}
	}
	return all
}

// Contained returns the version of an included product that a version of a suite has, by Contains:
// Creative Suite 6 has Photoshop CS6 and Acrobat X. A text like adobe-acrobat-pro=X is for one
// product, another one for every product that has a version of that name. If the suite of this version
// does not have the product, it is the version in the newest older suite, and isOlder. If only later
// versions of the suite have the product, it is not isIncluded. It is empty and isIncluded if Contains
// does not tell: then the suite and the product have the same versions.
func (r *Row) Contained(version string, included *Row) (contained string, isOlder, isIncluded bool) {
	index := slices.Index(r.Known, version)
	if index < 0 {
		return "", false, true
	}
	for at := index; at >= 0; at-- {
		if own := r.told(r.Known[at], included); own != "" {
			return own, at < index, true
		}
	}
	isLater := slices.ContainsFunc(r.Known[index:], func(later string) bool { return r.told(later, included) != "" })
	return "", false, !isLater
}

// told returns what Contains tells of an included product for one version of a suite; empty for nothing.
func (r *Row) told(version string, included *Row) (ofAll string) {
	for _, text := range r.Contains[version] {
		id, own, isOne := strings.Cut(text, "=")
		switch {
		case isOne && id == included.ID:
			return own
		case !isOne && ofAll == "" && slices.Contains(included.Known, text):
			ofAll = text
		}
	}
	return ofAll
}

// Rule is a pattern that recognises titles.
type Rule struct {
	ID        string
	Kind      Kind
	Row       int    // index of the row; -1 for noise
	Of        int    // index of the row of which a component is a part; -1 if that is not known
	Publisher int    // index in Data.Publishers; -1 for any
	By        string // pattern of publishers, instead of Publisher
	Anywhere  bool   // also for titles of another publisher or of none
	Broad     bool   // noise of a publisher that comes no sooner than noise of any publisher
	Name      string // pattern of stems, with alternatives
	Version   string // the version, with placeholders; empty for the default
	From      string // the lowest version of the titles that it takes; empty for any
	// Words are the words by which the rule is found: every stem that it matches has one of them.
	// An empty word finds it for every stem.
	Words []string
}

// Publisher is a publisher with its other spellings.
type Publisher struct {
	Name      string
	Spellings []string // folded (text.Fold), one for each normal form
}

// Data is the content of the dictionary.
type Data struct {
	Publishers []Publisher
	Rows       []Row
	Rules      []Rule
}
