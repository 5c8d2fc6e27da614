package inventory

import (
	"cmp"
	"iter"
	"slices"

	"trueup/internal/position"
)

// Indexed is what counts of a source, with its PCs.
type Indexed struct {
	Counted
	PCs *PCs
}

// Unsearchable says why no devices can be looked for in a source.
type Unsearchable string

// The reasons.
const (
	WithoutDevices Unsearchable = "numbers"     // its file has numbers instead of devices
	TooManyDevices Unsearchable = "too-many"    // more than MaxPCs
	NotYetCounted  Unsearchable = "not-counted" // an earlier release counted it; it is counted again soon
	FileGone       Unsearchable = "file-gone"   // its PCs are gone, and its file cannot be counted again
)

// Unsearchables lists every reason, in the order of the documentation.
var Unsearchables = []Unsearchable{WithoutDevices, TooManyDevices, NotYetCounted, FileGone}

// Unsearched is a source in which no devices can be looked for.
type Unsearched struct {
	Source string       `json:"source" doc:"The name of the source." example:"intune"`
	Reason Unsearchable `json:"reason" doc:"Why: numbers if its file has numbers instead of devices, too-many if the sources have more than 500,000 PCs together, not-counted until it is counted again after an update of trueup, and file-gone if its file has to be uploaded again."`
	PCs    int          `json:"pcs" doc:"The PCs that count in the source; at least so many if its file has numbers instead of devices." example:"1200"`
}

// Sought is a device of a directory that is looked for in inventories.
type Sought struct {
	ID   string // by which inventories may name it; empty if unknown
	Name string // with or without its domain
}

// Match says how a device was found.
type Match string

// The matches.
const (
	MatchID        Match = "id"
	MatchName      Match = "name"
	MatchNone      Match = "not-found"
	MatchAmbiguous Match = "ambiguous" // several PCs of a source have its name, and no other source has it
)

// Misses lists the matches of devices that were not found, in the order of the documentation.
var Misses = []Match{MatchNone, MatchAmbiguous}

// Selection is what is installed on the PCs that some devices are.
type Selection struct {
	Matches []Match // of the devices, in their order
	PCs     int     // PCs that they are: two devices of a directory may be the same PC
	// Lines has the products of these PCs. A product of a PC is in the line of the first source in which the
	// PC has it. Users are not told.
	Lines   []position.Line
	LeftOut LeftOut // without numbers of titles and of other platforms
}

// Select finds devices in sources, and counts the products of the PCs that they are.
//
// In each source, a device is looked for by its id, and if the source does not have it, by its name, without
// regard to case; a name without a domain matches the same name in any domain. If several PCs of a source
// have the name, it is not looked for in that source. A PC in several sources counts once: its products are
// joined, and of several versions the highest counts (R6.7).
func Select(sources []Indexed, sought []Sought) Selection {
	s := newSearch(sought)
	for source, of := range sources {
		of.PCs.each(func(at int, one *pc) { s.look(pcAt{source, at, one.set}, one) })
	}
	matches, units := s.resolve()
	selected := Selection{Matches: matches, PCs: len(units)}
	selected.count(sources, units)
	return selected
}

// pcAt is the place of a PC: the index of its source, and its offset there.
type pcAt struct {
	source, at int
	set        int32 // the number of its set of products
}

// search finds devices in the PCs of sources. The maps have indexes of devices, by keys as appendDevice
// writes them.
type search struct {
	ids, names map[string][]int
	shorts     map[string][]int // devices whose name has a domain, by the name without it

	byID   [][]pcAt           // by device
	byName []map[int]homonyms // by device and source
}

// homonyms is the PCs of a source that have the name of a device.
type homonyms struct {
	same, like         pcAt // the last PC whose name is the same, or the same but for a domain
	sameMany, likeMany bool // there are several
	hasSame, hasLike   bool
}

func newSearch(sought []Sought) *search {
	s := &search{
		ids: map[string][]int{}, names: map[string][]int{}, shorts: map[string][]int{},
		byID: make([][]pcAt, len(sought)), byName: make([]map[int]homonyms, len(sought)),
	}
	for i, device := range sought {
		if key, flaw := appendDevice(nil, []byte(device.ID)); flaw == "" {
			s.ids[string(key)] = append(s.ids[string(key)], i)
		}
		key, flaw := appendDevice(nil, []byte(device.Name))
		if flaw != "" || key[0] == 0 { // a GUID is no name
			continue
		}
		s.names[string(key)] = append(s.names[string(key)], i)
		if short := shortOf(key); short != "" {
			s.shorts[short] = append(s.shorts[short], i)
		}
	}
	return s
}

// look notes which devices a PC may be.
func (s *search) look(at pcAt, one *pc) {
	for _, i := range s.ids[string(one.key)] {
		s.byID[i] = append(s.byID[i], at)
	}
	long := false // its domain is known
	for name := range one.allNames() {
		short := shortOf(name)
		long = long || short != ""
		for _, i := range s.names[string(name)] {
			s.note(i, at, true)
		}
		for _, i := range s.names[short] { // none for an empty one
			s.note(i, at, false)
		}
	}
	if long {
		return
	}
	for name := range one.allNames() {
		for _, i := range s.shorts[string(name)] {
			s.note(i, at, false)
		}
	}
}

// allNames returns the key and the names of a PC.
func (p *pc) allNames() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if !yield(p.key) {
			return
		}
		for _, name := range p.names {
			if !yield(name) {
				return
			}
		}
	}
}

// note notes that a PC has the name of a device: the same, or the same but for a domain.
func (s *search) note(device int, at pcAt, same bool) {
	if s.byName[device] == nil {
		s.byName[device] = map[int]homonyms{}
	}
	h := s.byName[device][at.source]
	if same {
		h.sameMany = h.sameMany || h.hasSame && h.same != at
		h.same, h.hasSame = at, true
	} else {
		h.likeMany = h.likeMany || h.hasLike && h.like != at
		h.like, h.hasLike = at, true
	}
	s.byName[device][at.source] = h
}

// resolve returns how each device was found, and the PCs. A PC in several sources is one unit.
func (s *search) resolve() (matches []Match, units [][]pcAt) {
	matches = make([]Match, len(s.byID))
	of := map[pcAt]int{} // indexes in units
	for i := range matches {
		var places []pcAt
		places, matches[i] = s.placesOf(i)
		units = join(units, of, places)
	}
	return matches, slices.DeleteFunc(units, func(unit []pcAt) bool { return unit == nil })
}

// placesOf returns the PCs that a device is, in the order of their sources.
func (s *search) placesOf(device int) ([]pcAt, Match) {
	places := slices.Clone(s.byID[device])
	found, ambiguous := MatchName, false
	if len(places) > 0 {
		found = MatchID
	}
	for source, h := range s.byName[device] {
		switch {
		case slices.ContainsFunc(s.byID[device], func(at pcAt) bool { return at.source == source }):
		case h.sameMany || !h.hasSame && h.likeMany:
			ambiguous = true
		case h.hasSame:
			places = append(places, h.same)
		default:
			places = append(places, h.like)
		}
	}
	switch {
	case len(places) == 0 && ambiguous:
		return nil, MatchAmbiguous
	case len(places) == 0:
		return nil, MatchNone
	}
	slices.SortFunc(places, func(a, b pcAt) int { return cmp.Compare(a.source, b.source) })
	return places, found
}

// join joins the PCs of a device to one unit, and units that have one of them to one. A joined unit leaves
// nil in its place.
func join(units [][]pcAt, of map[pcAt]int, places []pcAt) [][]pcAt {
	if len(places) == 0 {
		return units
	}
	unit := len(units)
	units = append(units, nil)
	for _, at := range places {
		moved := []pcAt{at}
		if before, known := of[at]; known {
			if before == unit {
				continue
			}
			moved, units[before] = units[before], nil
		}
		for _, m := range moved {
			of[m] = unit
		}
		units[unit] = append(units[unit], moved...)
	}
	return units
}

// installedIn is a product of a PC, with the index of the source that tells it.
type installedIn struct {
	product position.Product
	source  int
}

// count counts the products of PCs.
func (s *Selection) count(sources []Indexed, units [][]pcAt) {
	counted := map[installedIn]int{}
	for _, unit := range units {
		unknown := false
		for _, one := range productsOf(sources, unit) {
			if one.product == (position.Product{}) {
				unknown = true
				continue
			}
			counted[one]++
		}
		if unknown {
			s.LeftOut.UnknownDevices++
		}
	}
	for one, number := range counted {
		of := &sources[one.source]
		s.Lines = append(s.Lines, position.Line{
			Product: one.product, Quantity: number,
			Source: position.Source{Kind: position.KindInventory, ID: of.Key, Text: ProductName(one.product)},
		})
	}
	slices.SortFunc(s.Lines, func(a, b position.Line) int {
		return cmp.Or(compareProducts(a.Product, b.Product), cmp.Compare(a.Source.ID, b.Source.ID))
	})
	s.leaveOut(sources, counted)
}

// leaveOut notes what is not judged.
func (s *Selection) leaveOut(sources []Indexed, counted map[installedIn]int) {
	for i := range sources {
		t := sources[i].Tally
		s.LeftOut.MacOS = s.LeftOut.MacOS || t.MacOS
		undecided := map[position.Product]bool{}
		for _, c := range t.Titles {
			if c.Decision.Kind == Undecidable {
				undecided[c.Decision.Product] = true
			}
		}
		for product := range undecided {
			s.LeftOut.UndecidedDevices += counted[installedIn{product, i}]
		}
	}
}

// productsOf returns the products of a PC that is in one place or several. Of several versions it returns
// the highest, and each product in the first source that has it.
func productsOf(sources []Indexed, unit []pcAt) (all []installedIn) {
	unit = slices.Clone(unit)
	slices.SortFunc(unit, func(a, b pcAt) int { return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.at, b.at)) })
	met := map[position.Product]bool{}
	for _, at := range unit {
		p := sources[at.source].PCs
		for _, number := range p.sets[at.set] {
			if product := p.products[number]; !met[product] {
				met[product] = true
				all = append(all, installedIn{product, at.source})
			}
		}
	}
	if len(unit) == 1 {
		return all
	}
	joined := slices.Clone(all)
	return slices.DeleteFunc(all, func(one installedIn) bool {
		return slices.ContainsFunc(joined, func(other installedIn) bool { return isNewerOf(other.product, one.product) })
	})
}

// isNewerOf reports whether product a is a newer version of b.
func isNewerOf(a, b position.Product) bool {
	return a.Publisher == b.Publisher && a.Family == b.Family && a.Edition == b.Edition && a.Version != b.Version && position.Newer(a.Version, b.Version)
}
