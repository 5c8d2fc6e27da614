// Package catalog is the domain of the software catalog (SPEC 5): publishers
// and their product titles, what they are also called, and how they are found
// while somebody types.
//
// A Catalog is what the entries of its journal add up to, on top of a
// starting catalog of well-known publishers; Store reads and changes it through
// that journal. Nothing is ever removed from it: a duplicate is merged into what
// it duplicates, and its names become aliases. So a name or an id that was
// found once is found for ever.
//
// Names are compared as text.Fold writes them. An id is derived from a name, so
// the same addition anywhere has the same id, and every name of a publisher,
// the first one and each alias, has an id that leads to it. The id of a title
// is unique within its publisher: "Reader" of one publisher has the same id as
// "Reader" of another, which is what lets two publishers be merged.
//
// Lookups search the names' letters without regard to case and accents; see
// rank for what comes first. A saved copy is in the order in which it is
// searched, so that nothing is sorted and no index is built when a process
// starts.
//
// The package knows no technology: it imports the standard library and those
// of the house's packages that do the same.
package catalog

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"sync"

	"trueup/internal/text"
)

// Publisher is a publisher of software.
type Publisher struct {
	ID      string
	Name    string
	Aliases []string // what it is also called, sorted
	Titles  int      // how many product titles it has
}

// Title is a product title of a publisher.
type Title struct {
	ID          string // unique within the publisher
	PublisherID string
	Name        string
	Aliases     []string // what it is also called, sorted
}

// LookupMax is how many a lookup answers at most (R5.1).
const LookupMax = 50

// Catalog is every publisher and title. It implements journal.State; the zero
// Catalog is the starting catalog, which is read when it is first asked for.
// Its readers may be many at once, as long as nobody applies entries.
type Catalog struct {
	start      sync.Once
	publishers shelf[publisher]
	byID       map[id]*publisher // by the id of each of its names
}

type publisher struct {
	name    string
	aliases []string
	titles  shelf[title]
	count   int // of titles
}

type title struct {
	name    string
	aliases []string
}

// id is an identifier as it is kept in memory: the first bytes of a digest.
type id [10]byte

var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

func (i id) String() string { return encoding.EncodeToString(i[:]) }

// idOf returns the id that a name leads to.
func idOf(name string) id {
	sum := sha256.Sum256([]byte(text.Fold(name)))
	return id(sum[:len(id{})])
}

// parseID reads what String wrote; false for anything else.
func parseID(s string) (i id, ok bool) {
	if len(s) != encoding.EncodedLen(len(i)) {
		return id{}, false
	}
	n, err := encoding.Decode(i[:], []byte(s))
	return i, err == nil && n == len(i)
}

// Publishers returns the publishers a name of which contains the typed letters,
// best first; without letters those with most titles.
func (c *Catalog) Publishers(typed string, limit int) []Publisher {
	c.ready()
	found := c.publishers.search(typed, min(limit, LookupMax), func(p *publisher) int { return p.count })
	publishers := make([]Publisher, len(found))
	for i, p := range found {
		publishers[i] = p.public()
	}
	return publishers
}

// Titles returns the titles of a publisher a name of which contains the typed
// letters, best first; without letters the first ones by name. It reports false
// when there is no such publisher.
func (c *Catalog) Titles(publisherID, typed string, limit int) ([]Title, bool) {
	p := c.byIDText(publisherID)
	if p == nil {
		return nil, false
	}
	owner := idOf(p.name).String()
	found := p.titles.search(typed, min(limit, LookupMax), nil)
	titles := make([]Title, len(found))
	for i, t := range found {
		titles[i] = t.public(owner)
	}
	return titles, true
}

// Publisher returns the publisher that an id, its own or that of an alias,
// stands for.
func (c *Catalog) Publisher(publisherID string) (Publisher, bool) {
	if p := c.byIDText(publisherID); p != nil {
		return p.public(), true
	}
	return Publisher{}, false
}

// Title returns the title of a publisher that an id stands for.
func (c *Catalog) Title(publisherID, titleID string) (Title, bool) {
	p := c.byIDText(publisherID)
	if p == nil {
		return Title{}, false
	}
	if t := p.title(titleID); t != nil {
		return t.public(idOf(p.name).String()), true
	}
	return Title{}, false
}

// PublisherNamed returns the publisher that has a name, as its first one or as
// an alias.
func (c *Catalog) PublisherNamed(name string) (Publisher, bool) {
	c.ready()
	if p := c.publishers.find(name); p != nil {
		return p.public(), true
	}
	return Publisher{}, false
}

// TitleNamed returns the title that has a name, as its first one or as an
// alias, of the publisher that an id stands for.
func (c *Catalog) TitleNamed(publisherID, name string) (Title, bool) {
	p := c.byIDText(publisherID)
	if p == nil {
		return Title{}, false
	}
	if t := p.titles.find(name); t != nil {
		return t.public(idOf(p.name).String()), true
	}
	return Title{}, false
}

func (c *Catalog) byIDText(publisherID string) *publisher {
	c.ready()
	if i, ok := parseID(publisherID); ok {
		return c.byID[i]
	}
	return nil
}

// title returns the title that an id stands for, nil for none. It looks at one
// after the other: ids of titles are asked for by hand only.
func (p *publisher) title(titleID string) *title {
	want, ok := parseID(titleID)
	if !ok {
		return nil
	}
	for _, c := range p.titles.chunks {
		for _, l := range c.lines {
			if idOf(l.name) == want {
				return l.of
			}
		}
	}
	return nil
}

func (p *publisher) public() Publisher {
	return Publisher{ID: idOf(p.name).String(), Name: p.name, Aliases: sorted(p.aliases), Titles: p.count}
}

func (t *title) public(publisherID string) Title {
	return Title{ID: idOf(t.name).String(), PublisherID: publisherID, Name: t.name, Aliases: sorted(t.aliases)}
}

// sorted returns all names of some lists, sorted.
func sorted(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return all
}
