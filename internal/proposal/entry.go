// Package proposal makes the queue of unknown titles, and proposes products of the dictionary for
// them and for names that people type (SPEC R6.6).
//
// An Entry is every unknown title of one name and publisher, whatever its version. Its rules
// recognise exactly these titles and other versions of them.
package proposal

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"trueup/internal/inventory"
	"trueup/internal/product"
	"trueup/internal/text"
)

// MaxVersions is the maximum number of versions that an entry lists.
const MaxVersions = 20

// Entry is the unknown titles of one name and publisher.
type Entry struct {
	ID        string // 16 hexadecimal digits; it depends on name and publisher only
	Publisher string // as detected; empty if there is none
	Name      string // as detected on most PCs, without version, language and architecture
	Linux     bool   // a package of a Linux distribution
	Devices   int    // PCs with one of the titles; a PC with several versions can count for each

	Versions    []Version // those on most PCs first, at most MaxVersions
	AllVersions int       // the number of different versions

	Likelihood int // that the titles need a licence, from 0 to 100
	Facts      []Fact

	spellings []spelling // those on most PCs first
	index     *index     // of the dictionary whose products are proposed
}

// Version is a version of the titles of an entry.
type Version struct {
	Version string // as detected, or else the version in the name; empty if there is neither
	Devices int
}

// Queue returns the entries of the titles of all sources that are unknown by the rules, by PCs times
// likelihood, then by PCs and name. Titles that only later rules than those of the tally know are not
// in it. The entries propose products of the dictionary.
func Queue(d *product.Dictionary, tallies []inventory.Counted, rules *inventory.Rules) []Entry {
	folded := map[string]*folding{}
	for _, counted := range tallies {
		for _, t := range counted.Tally.Titles {
			if t.Decision.Kind == inventory.Unknown && (counted.Tally.Rules == rules.ID || rules.Recognize(t.Title).Kind == inventory.Unknown) {
				fold(folded, t, isLinux(counted.Tally.Shape, t.Title))
			}
		}
	}
	index := indexOf(d)
	entries := make([]Entry, 0, len(folded))
	for key, f := range folded {
		e := f.entry(key)
		e.index = index
		e.Likelihood, e.Facts = index.likelihood(e)
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(
			cmp.Compare(b.Devices*b.Likelihood, a.Devices*a.Likelihood), cmp.Compare(b.Devices, a.Devices),
			strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID),
		)
	})
	return entries
}

// folding is an entry that is being made.
type folding struct {
	title     inventory.Title // on most PCs
	most      int             // PCs with title
	devices   int
	linux     bool
	spellings map[spelling]int // PCs
	versions  map[string]int   // PCs
}

// fold adds a title to its entry.
func fold(entries map[string]*folding, t inventory.Count, linux bool) {
	n := newName(t.Name)
	key := text.Fold(t.Publisher) + "\x00" + n.base
	if linux {
		key += "\x00linux"
	}
	f := entries[key]
	if f == nil {
		f = &folding{linux: linux, spellings: map[spelling]int{}, versions: map[string]int{}}
		entries[key] = f
	}
	if t.Devices > f.most {
		f.title, f.most = t.Title, t.Devices
	}
	f.devices += t.Devices
	f.spellings[n.spelling] += t.Devices
	f.versions[cmp.Or(text.Collapse(t.Version), n.version)] += t.Devices
}

func (f *folding) entry(key string) Entry {
	id := sha256.Sum256([]byte(key))
	e := Entry{
		ID: hex.EncodeToString(id[:8]), Publisher: text.Collapse(f.title.Publisher), Name: newName(f.title.Name).shown, Linux: f.linux,
		Devices: f.devices, AllVersions: len(f.versions),
	}
	for version, devices := range f.versions {
		e.Versions = append(e.Versions, Version{version, devices})
	}
	slices.SortFunc(e.Versions, func(a, b Version) int {
		return cmp.Or(cmp.Compare(b.Devices, a.Devices), strings.Compare(b.Version, a.Version))
	})
	e.Versions = e.Versions[:min(len(e.Versions), MaxVersions)]
	for s := range f.spellings {
		e.spellings = append(e.spellings, s)
	}
	slices.SortFunc(e.spellings, func(a, b spelling) int {
		return cmp.Or(cmp.Compare(f.spellings[b], f.spellings[a]), strings.Compare(a.pattern, b.pattern))
	})
	return e
}

// Has reports whether publisher, name or a listed version contains folded text.
func (e Entry) Has(folded string) bool {
	if strings.Contains(text.Fold(e.Publisher+" "+e.Name), folded) {
		return true
	}
	return slices.ContainsFunc(e.Versions, func(v Version) bool { return strings.Contains(text.Fold(v.Version), folded) })
}
