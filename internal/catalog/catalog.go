// Package catalog is the domain of the software catalog (SPEC 5): publishers and their product
// titles, their aliases, and the search while a user types.
//
// A Catalog is the result of the entries of journal.Catalog on top of a starting catalog, made
// of the dictionary of products; Store reads and changes it through that journal. Nothing is ever
// removed: a duplicate is merged into the original, and its names become aliases. So a name or an
// id stays valid forever.
//
// Names are compared in the form of text.Fold. An id is derived from a name, so the same addition
// has the same id everywhere, and each name of a publisher, first name or alias, has an id. The
// id of a title is unique within its publisher: "Reader" of one publisher has the same id as
// "Reader" of another, so that two publishers can be merged.
//
// Lookups search the letters of names, regardless of case and accents; rank defines the order of
// results. A saved copy is in search order, so a starting process sorts nothing and builds no
// index.
//
// The package does not depend on AWS.
package catalog

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"sync"

	"trueup/internal/product/builtin"
	"trueup/internal/text"
)

// Publisher is a publisher of software.
type Publisher struct {
	ID      string
	Name    string
	Aliases []string // other names, sorted
	Titles  int      // number of product titles
}

// Title is a product title of a publisher.
type Title struct {
	ID          string // unique within the publisher
	PublisherID string
	Name        string
	Aliases     []string // other names, sorted
}

// LookupMax is the maximum number of results of a lookup (R5.1).
const LookupMax = 50

// Catalog holds every publisher and title. It implements journal.State. The zero Catalog is the
// starting catalog, which is built at first use. Concurrent reads are safe, but not while
// entries are applied.
type Catalog struct {
	start      sync.Once
	publishers shelf[publisher]
	byID       map[id]*publisher // by the id of each name
}

type publisher struct {
	name    string
	aliases []string
	titles  shelf[title]
	count   int // number of titles
}

type title struct {
	name    string
	aliases []string
}

// id is an identifier in memory: the first bytes of a digest.
type id [10]byte

var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

func (i id) String() string { return encoding.EncodeToString(i[:]) }

// idOf returns the id of a name.
func idOf(name string) id {
	sum := sha256.Sum256([]byte(text.Fold(name)))
	return id(sum[:len(id{})])
}

// parseID parses the result of String; false if it is not valid.
func parseID(s string) (i id, ok bool) {
	if len(s) != encoding.EncodedLen(len(i)) {
		return id{}, false
	}
	n, err := encoding.Decode(i[:], []byte(s))
	return i, err == nil && n == len(i)
}

// Publishers returns the publishers with a name that contains the typed letters, best first.
// Without letters it returns the publishers with the most titles.
func (c *Catalog) Publishers(typed string, limit int) []Publisher {
	c.ready()
	found := c.publishers.search(typed, min(limit, LookupMax), func(p *publisher) int { return p.count })
	publishers := make([]Publisher, len(found))
	for i, p := range found {
		publishers[i] = p.public()
	}
	return publishers
}

// Titles returns the titles of a publisher with a name that contains the typed letters, best
// first. Without letters it returns the first titles by name. It reports false if there is no
// such publisher.
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

// Publisher returns the publisher with the id; the id of an alias is valid too.
func (c *Catalog) Publisher(publisherID string) (Publisher, bool) {
	if p := c.byIDText(publisherID); p != nil {
		return p.public(), true
	}
	return Publisher{}, false
}

// Title returns the title with the id of a publisher.
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

// PublisherNamed returns the publisher with the name or alias, or with another spelling that the
// dictionary of products knows: "Adobe Systems Incorporated".
func (c *Catalog) PublisherNamed(name string) (Publisher, bool) {
	c.ready()
	if p := c.publishers.find(name); p != nil {
		return p.public(), true
	}
	if known, ok := builtin.Products().Publisher(name); ok {
		if p := c.publishers.find(known); p != nil {
			return p.public(), true
		}
	}
	return Publisher{}, false
}

// TitleNamed returns the title with the name or alias of the publisher with the id.
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

// title returns the title with the id; nil if there is none. A linear search is enough, because
// ids of titles are only looked up for users.
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

// sorted returns the names of all lists, sorted.
func sorted(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return all
}
