package inventory

import (
	"cmp"
	"slices"
	"strings"

	"trueup/internal/errs"
	"trueup/internal/position"
	"trueup/internal/text"
)

// Shape is the format of a file of inventory (R6.1).
type Shape string

// The shapes.
const (
	AppInvRawData   Shape = "intune-raw"       // Intune: a row for each title of each device
	AppInvAggregate Shape = "intune-aggregate" // Intune: a row for each title, with a number of devices
	Graph           Shape = "graph"            // Microsoft Graph: detectedApps, with numbers of devices
	ConfigMgr       Shape = "configmgr"        // Configuration Manager: its views of installed software
	GLPI            Shape = "glpi"             // a document for each device
	Osquery         Shape = "osquery"          // rows of the table programs
	Fleet           Shape = "fleet"            // hosts with their software, or software with numbers of hosts
	OCS             Shape = "ocs"              // OCS Inventory: a table
	Lansweeper      Shape = "lansweeper"       // a table
	PowerShell      Shape = "powershell"       // the registry's list of programs, or Get-Package
	WMIC            Shape = "wmic"             // wmic product
	Winget          Shape = "winget"           // winget list, or Get-WinGetPackage
	Defender        Shape = "defender"         // software of Defender's devices, as JSON
	Table           Shape = "table"            // of another system
)

// Shapes is every shape, in the order of the documentation.
var Shapes = []Shape{AppInvRawData, AppInvAggregate, Graph, ConfigMgr, GLPI, Osquery, Fleet, OCS, Lansweeper, PowerShell, WMIC, Winget, Defender, Table}

// System returns the source of files of a shape that are not in a folder. That of a file of no
// shape is "unknown".
func (s Shape) System() string {
	switch s {
	case AppInvRawData, AppInvAggregate, Graph: // all describe the same devices
		return "intune"
	case "":
		return "unknown"
	default:
		return string(s)
	}
}

// Title is a detected title. Two titles are the same if their publishers, names and versions are,
// compared like names (text.Fold).
type Title struct {
	Publisher string // empty if the file has none
	Name      string
	Version   string // empty if the file has none
}

// fold returns a text that is equal for the same titles and for no others.
func (t Title) fold() string {
	return text.Fold(t.Publisher) + "\x00" + text.Fold(t.Name) + "\x00" + text.Fold(t.Version)
}

// compare defines the order in which titles are listed.
func (t Title) compare(other Title) int {
	return cmp.Or(
		strings.Compare(t.Publisher, other.Publisher),
		strings.Compare(t.Name, other.Name),
		strings.Compare(t.Version, other.Version),
	)
}

// Count is the number of devices with a title, and how the title was recognised.
type Count struct {
	Title
	Devices  int
	Decision Decision
}

// ProductCount is the number of devices with a product, and of their users.
type ProductCount struct {
	Product position.Product
	Devices int
	// Users is the number of distinct users of these devices; a device without a user counts as
	// one. 0 if the file names no users.
	Users int
	// ByUser has the devices by their main user, the fewest first; a device without a user is one of
	// a user with one. nil if the file names no users, or was counted by a release that did not tell.
	ByUser []position.UserPCs
}

// PlatformCount is the number of devices with a platform that does not count.
type PlatformCount struct {
	Platform string // such as iOS or macOS
	Devices  int
}

// Tally is the result of a file of inventory. Its counts are of distinct devices and exact
// (R6.3), unless Estimated.
type Tally struct {
	Shape   Shape
	Rules   string // Rules.ID of the rules that were used
	Rows    int    // a title on a device each, including bad rows
	BadRows int
	Bad     []BadRow // the first MaxBadRows of them, in the order of the file
	Notes   []Note
	Devices int  // with a platform that counts and at least one title
	MacOS   bool // whether macOS counts, beside Windows

	UnknownDevices int // with at least one title that is not recognised
	// OtherPlatforms has the devices that do not count, in no other number of the tally, by
	// platform.
	OtherPlatforms []PlatformCount

	// Estimated means that the file has numbers instead of devices, as AppInvAggregate. Then
	// Devices is the largest number in it, a lower bound, and the count of a product is that of
	// its most frequent name, all versions together. Several versions on one device are not
	// known, so each counts.
	Estimated bool

	Titles   []Count        // by publisher, name and version
	Products []ProductCount // by publisher, family, edition and version; of a device the highest version (R6.7)
}

// MaxBadRows is the maximum number of bad rows that are listed.
const MaxBadRows = 100

// BadRow is an invalid row (R6.4).
type BadRow struct {
	File string    `json:"file,omitempty"` // the name inside the archive, if it is one
	Line int       `json:"line,omitempty"` // where it begins, from 1; 0 for a whole file of an archive
	Code string    `json:"code"`
	Args errs.Args `json:"args,omitempty"`
}

// Codes that say why a row is invalid; package i18n has the messages.
const (
	rowColumns  = "inventory_row_columns"
	rowQuote    = "inventory_row_quote"
	rowTooLong  = "inventory_row_long"
	rowDevice   = "inventory_row_device"
	rowTitle    = "inventory_row_title"
	rowNumber   = "inventory_row_number"
	rowDocument = "inventory_row_document"
	rowFile     = "inventory_row_file"
	rowCut      = "inventory_row_cut"
)

// Counts reports whether a title counts as its product.
func (d Decision) Counts() bool { return d.Kind.installs() }

// finish recognises the titles and counts.
func (r *reading) finish() (*Tally, error) {
	t := &r.tally
	t.Rules, t.MacOS = r.options.Rules.ID, r.options.MacOS
	titles := r.counter.titles.titles
	decisions := r.options.Rules.recognizeAll(titles)
	products := newProducts(decisions)
	counted, err := r.count(titles, products)
	if err != nil {
		return nil, err
	}
	r.noteAll() // after all names are learned
	t.Devices = counted.devices
	for i, title := range titles {
		if counted.titles[i] > 0 {
			t.Titles = append(t.Titles, Count{Title: title, Devices: counted.titles[i], Decision: decisions[i]})
		}
	}
	byUser := counted.byUser()
	for i, product := range products.known {
		if counted.products[i] == 0 {
			continue
		}
		if int32(i) == products.unknown {
			t.UnknownDevices = counted.products[i]
			continue
		}
		count := ProductCount{Product: product, Devices: counted.products[i]}
		if counted.users != nil {
			count.Users, count.ByUser = counted.users[i], byUser[i]
		}
		t.Products = append(t.Products, count)
	}
	slices.SortFunc(t.Titles, func(a, b Count) int { return a.compare(b.Title) })
	slices.SortFunc(t.Products, func(a, b ProductCount) int { return compareProducts(a.Product, b.Product) })
	slices.SortFunc(t.OtherPlatforms, func(a, b PlatformCount) int { return strings.Compare(a.Platform, b.Platform) })
	return t, nil
}

// count counts titles, products and other platforms.
func (r *reading) count(titles []Title, products products) (counts, error) {
	if r.tally.Estimated {
		for platform, number := range r.elsewhere {
			r.tally.OtherPlatforms = append(r.tally.OtherPlatforms, PlatformCount{platform, number})
		}
		return estimate(titles, r.numbers, products.of, len(products.known)), nil
	}
	if err := r.counter.join(); err != nil {
		return counts{}, err
	}
	others, err := r.counter.others()
	if err != nil {
		return counts{}, err
	}
	for i, platform := range r.counter.platforms {
		r.tally.OtherPlatforms = append(r.tally.OtherPlatforms, PlatformCount{platform, others[i]})
	}
	return r.counter.count(products, r.options.PCs)
}

func compareProducts(a, b position.Product) int {
	return cmp.Or(
		strings.Compare(a.Publisher, b.Publisher), strings.Compare(a.Family, b.Family),
		strings.Compare(a.Edition, b.Edition), strings.Compare(a.Version, b.Version),
	)
}

// estimate counts from numbers alone: see Tally.Estimated.
func estimate(titles []Title, numbers []int, products []int32, n int) counts {
	c := counts{titles: numbers, products: make([]int, n)}
	type name struct {
		product         int32
		publisher, name string
	}
	sums := map[name]int{}
	for i, number := range numbers {
		c.devices = max(c.devices, number)
		if product := products[i]; product >= 0 {
			key := name{product, text.Fold(titles[i].Publisher), text.Fold(titles[i].Name)}
			sums[key] += number
			c.products[product] = max(c.products[product], sums[key])
		}
	}
	return c
}

// Lines returns the installations of products, for the position.
func (t *Tally) Lines() []position.Line {
	lines := make([]position.Line, len(t.Products))
	for i, p := range t.Products {
		lines[i] = position.Line{
			Product: p.Product, Quantity: p.Devices, Users: p.Users, ByUser: p.ByUser,
			Source: position.Source{Kind: position.KindInventory, ID: string(t.Shape), Text: ProductName(p.Product)},
		}
	}
	return lines
}

// Evidence returns the titles that count for a product (R8.3).
func (t *Tally) Evidence(product position.Product) (titles []Count) {
	for _, c := range t.Titles {
		if c.Decision.Counts() && c.Decision.Product == product {
			titles = append(titles, c)
		}
	}
	return titles
}

// Queue returns the titles that match no rule, those on most devices first.
func (t *Tally) Queue() (titles []Count) {
	for _, c := range t.Titles {
		if c.Decision.Kind == Unknown {
			titles = append(titles, c)
		}
	}
	slices.SortStableFunc(titles, func(a, b Count) int { return cmp.Compare(b.Devices, a.Devices) })
	return titles
}

// LeftOut is what a report of products does not judge.
type LeftOut struct {
	UnknownTitles, UnknownDevices     int  // titles that are not recognised, each version; devices with one
	UndecidedTitles, UndecidedDevices int  // undecidable titles, each version; devices with one, once for each product
	OtherPlatforms                    int  // devices of other platforms
	MacOS                             bool // macOS is not one of them
}

// LeftOut returns what a report of the tally's products does not judge.
func (t *Tally) LeftOut() LeftOut {
	l := LeftOut{UnknownDevices: t.UnknownDevices, MacOS: t.MacOS}
	undecided := map[position.Product]bool{}
	for _, c := range t.Titles {
		switch c.Decision.Kind {
		case Unknown:
			l.UnknownTitles++
		case Undecidable:
			l.UndecidedTitles++
			undecided[c.Decision.Product] = true
		default: // judged, or needs no licence
		}
	}
	for _, p := range t.Products {
		if undecided[p.Product] {
			l.UndecidedDevices += p.Devices
		}
	}
	for _, p := range t.OtherPlatforms {
		l.OtherPlatforms += p.Devices
	}
	return l
}

// Summary returns the summary for R2.8.
func (t *Tally) Summary() Summary {
	names := map[string]struct{}{}
	for _, c := range t.Titles {
		names[Title{Publisher: c.Publisher, Name: c.Name}.fold()] = struct{}{}
	}
	return Summary{Devices: t.Devices, Titles: len(names)}
}
