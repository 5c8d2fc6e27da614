package product

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"trueup/internal/text"
)

// Product identifies what a licence or an installation is for.
type Product struct {
	Publisher string
	Family    string // without edition and version: "Office", "SQL Server"
	Edition   string // "Professional Plus", "Standard"; empty if there is only one
	Version   string // "2021", "2012 R2", "2.05"; empty for any version
}

// Title is a title as detected on a PC.
type Title struct{ Publisher, Name, Version string }

// Match says what the dictionary knows of a title or of a name on a licence.
type Match struct {
	Rule    string // ID of the rule or row that decided
	Kind    Kind
	Row     *Row    // nil for noise
	Of      *Row    // the product of which a component is a part; nil if that is not known
	Product Product // of Row, with its version; an undecidable title has the version of its candidates
}

// Dictionary recognises products. It is safe for concurrent use.
type Dictionary struct {
	Data
	ID string // changes with the data; empty for one that was not loaded

	publishers map[string]int     // by stem
	rows       map[string]int     // by id
	rules      []rule             // in the order of Data
	byWord     map[string][]*rule // rules by their words
	papers     []*papers          // by the index of the publisher and 1; the first is of no publisher
	words      struct {           // see accented
		once  sync.Once
		known map[string]string
	}
	named struct { // see families
		once sync.Once
		rows map[string][]int
	}

	licences memory[Title, licence] // see Licensed
	rowsOf   memory[Product, *Row]  // by publisher, family and edition, see Of
	derived  sync.Map               // func() T by the type T, see Derived
}

// Derived returns what build makes of a dictionary, such as an index of its names. It is built once, and the
// dictionary keeps it by its type: a package uses a type of its own.
func Derived[T any](d *Dictionary, build func(*Dictionary) T) T {
	once, _ := d.derived.LoadOrStore(reflect.TypeFor[T](), sync.OnceValue(func() T { return build(d) }))
	return once.(func() T)() //nolint:forcetypeassert // stored above
}

// papers is the names of a publisher's products, in normal form. They are collected on first use.
type papers struct {
	rows   []int
	once   sync.Once
	byName map[string]paper // names on licences
	family map[string]paper // names of families of unknown edition that are in no other way names on licences
	byOwn  map[string]int   // rows by the names that the dictionary gives them
	fronts []string         // what withoutPublisher removes: the spellings of the publisher, each with a space

	oncePlain sync.Once
	byPlain   map[string]paper // byName by the words of plain
}

type paper struct {
	row     int
	version string
}

// New returns the dictionary of data. Patterns are compiled on first use.
func New(data Data) *Dictionary {
	data.Rows = withFamilies(data.Rows)
	d := &Dictionary{
		Data: data, publishers: make(map[string]int, 5*len(data.Publishers)), rows: make(map[string]int, len(data.Rows)),
		byWord: make(map[string][]*rule, 2*len(data.Rules)), papers: make([]*papers, len(data.Publishers)+1),
	}
	all := make([]papers, len(d.papers))
	for i := range all {
		d.papers[i] = &all[i]
	}
	index := map[string]int{"": -1}
	for i, p := range data.Publishers {
		index[p.Name] = i
		for _, s := range append([]string{p.Name}, p.Spellings...) {
			d.publishers[publisherStem(s)] = i
		}
	}
	for i, row := range data.Rows {
		d.rows[row.ID] = i
		of := d.papersOf(index[row.Publisher])
		of.rows = append(of.rows, i)
	}
	d.rules = make([]rule, len(data.Rules))
	for i := range data.Rules {
		r := &d.rules[i]
		r.Rule, r.class = &data.Rules[i], classOf(&data.Rules[i])
		for _, word := range r.Words {
			d.byWord[word] = append(d.byWord[word], r)
		}
	}
	return d
}

// paper finds a name on licences, in normal form, of a publisher.
func (d *Dictionary) paper(publisher int, name string) (paper, bool) {
	found, ok := d.names(publisher).byName[name]
	return found, ok
}

// familyPaper finds the name of a family of unknown edition.
func (d *Dictionary) familyPaper(publisher int, name string) (paper, bool) {
	found, ok := d.names(publisher).family[name]
	return found, ok
}

// plainPaper finds a name on licences by its words, see plain.
func (d *Dictionary) plainPaper(publisher int, name string) (paper, bool) {
	all := d.names(publisher)
	all.oncePlain.Do(func() {
		all.byPlain = make(map[string]paper, len(all.byName))
		for _, byName := range []map[string]paper{all.byName, all.family} {
			for _, name := range slices.Sorted(maps.Keys(byName)) { // of two names with the same words, always the same one counts
				key := strings.Join(plain(name, d.isMicrosoft(publisher)), " ")
				if _, known := all.byPlain[key]; !known {
					all.byPlain[key] = byName[name]
				}
			}
		}
	})
	found, ok := all.byPlain[name]
	return found, ok
}

// papersOf returns where the names of a publisher's products are collected; of no publisher for -1.
func (d *Dictionary) papersOf(publisher int) *papers { return d.papers[publisher+1] }

// names returns the names of a publisher's products.
func (d *Dictionary) names(publisher int) *papers {
	all := d.papersOf(publisher)
	all.once.Do(func() {
		all.byName, all.byOwn, all.family = map[string]paper{}, map[string]int{}, map[string]paper{}
		if publisher >= 0 {
			all.fronts = d.Publishers[publisher].fronts()
		}
		for _, i := range all.rows {
			all.add(i, &d.Rows[i])
		}
		for _, i := range all.rows {
			all.addFamily(i, &d.Rows[i])
		}
	})
	return all
}

// fronts returns the spellings of the publisher in the normal forms of a name and of a publisher, each
// with a space.
func (p *Publisher) fronts() (all []string) {
	for _, s := range append([]string{p.Name}, p.Spellings...) {
		all = append(all, text.Fold(s)+" ", publisherStem(s)+" ")
	}
	return all
}

// add adds the names of a row. The first row with a name counts.
func (p *papers) add(i int, row *Row) {
	if name := Stem(text.Fold(row.Name())); !p.owns(name) {
		p.byOwn[name] = i
	}
	var own []Paper
	if row.Kind == KindProduct {
		own = []Paper{{Name: row.Name()}} // a product by its own name gives itself, of any version
	}
	for _, n := range append(own, row.Names()...) {
		name := Stem(text.Fold(n.Name))
		if _, known := p.byName[name]; !known {
			p.byName[name] = paper{i, n.Version}
		}
	}
}

// addFamily adds the name of a row that stands for a family of unknown edition, unless it is the name
// of a product.
func (p *papers) addFamily(i int, row *Row) {
	name := Stem(text.Fold(row.Family))
	if _, known := p.byName[name]; !known && row.Kind == KindUndecidable && row.Edition == "" {
		p.family[name] = paper{row: i}
	}
}

func (p *papers) owns(name string) bool {
	_, ok := p.byOwn[name]
	return ok
}

// publisher returns the index of a publisher, -1 if it is not known. A longer name counts for the
// known name at its front: "Microsoft Nederland".
func (d *Dictionary) publisher(name string) int {
	stem := publisherStem(name)
	for stem != "" {
		if i, ok := d.publishers[stem]; ok {
			return i
		}
		at := strings.LastIndexByte(stem, ' ')
		if at < 0 {
			break
		}
		stem = stem[:at]
	}
	return -1
}

// Publisher returns the name of a publisher in the dictionary for one of its spellings, with or
// without a legal form. It must have a product that needs a licence: publishers of free programs
// and of games share entries.
func (d *Dictionary) Publisher(spelled string) (name string, ok bool) {
	i, ok := d.publishers[publisherStem(spelled)]
	if !ok || !slices.ContainsFunc(d.papersOf(i).rows, func(row int) bool { return d.Rows[row].Kind == KindProduct }) {
		return "", false
	}
	return d.Publishers[i].Name, true
}

// HasRule reports whether a Match can have the id as its Rule.
func (d *Dictionary) HasRule(id string) bool {
	return slices.Contains(ownRules, id) || slices.ContainsFunc(d.Rules, func(r Rule) bool { return r.ID == id })
}

// Find returns a row by its id.
func (d *Dictionary) Find(id string) (*Row, bool) {
	i, ok := d.rows[id]
	if !ok {
		return nil, false
	}
	return &d.Rows[i], true
}

// Of returns the row of a product that Recognize or Named returned. A licence that the dictionary does
// not know has a row without an ID if its name says that it is not for a PC.
func (d *Dictionary) Of(p Product) (*Row, bool) {
	p.Version = ""
	row := d.rowsOf.get(p, func() *Row {
		row, ok := d.own(p)
		if !ok {
			row, _ = d.unlisted(p)
		}
		return row
	})
	return row, row != nil
}

// own returns the row of a product of the dictionary.
func (d *Dictionary) own(p Product) (*Row, bool) {
	i, ok := d.names(d.publisher(p.Publisher)).byOwn[Stem(text.Fold(p.Name()))]
	if !ok {
		return nil, false
	}
	return &d.Rows[i], true
}

// maxWords is the number of words of a title by which rules are looked up. It bounds the time for
// a hostile title; real ones have fewer.
const maxWords = 40

// Recognize returns what a title is. ok is false if the dictionary does not know it.
func (d *Dictionary) Recognize(t Title) (m Match, ok bool) {
	stem := Stem(text.Fold(t.Name))
	by := detected{d.publisher(t.Publisher), text.Fold(t.Publisher), t.Version}
	best := d.best(stem, by)
	if best.rule == nil {
		for _, other := range d.respelled(t.Name) {
			other = Stem(other)
			if best = d.best(other, by); best.rule != nil {
				stem = other
				break
			}
		}
	}
	if best.rule == nil {
		best, stem = d.branded(stem, by)
	}
	if best.rule == nil {
		best, stem = d.client(stem, by)
	}
	if best.rule == nil || best.isSold(stem) {
		return d.part(stem, by)
	}
	if m, ok = best.ending(d, stem); ok {
		return m, true
	}
	if best.isServer(d, stem) {
		return Match{}, false
	}
	m = Match{Rule: best.rule.ID, Kind: best.rule.Kind}
	if best.rule.Of >= 0 {
		m.Of = &d.Rows[best.rule.Of]
	}
	if best.rule.Row >= 0 {
		m.Row = &d.Rows[best.rule.Row]
		m.Product = m.Row.product(m.Row.detected(best.alternative.version, best.versionValues(m.Row.Scheme), t.Version))
	}
	return m, true
}

// maxBrand is the number of words of a publisher's name that are looked for in front of a title.
const maxBrand = 3

// branded looks a title that no rule knows up without the publisher's name in front of it: "MathWorks
// MATLAB R2019a" is MATLAB. Only rules of that publisher count, and if the title alone tells the publisher,
// only those of products: the rest may be the name of something else. It returns the rest, too.
func (d *Dictionary) branded(stem string, by detected) (best found, rest string) {
	told := by.publisher
	try := func(publisher int, front string) bool {
		rest = strings.TrimLeft(stem[len(front):], " -–:")
		if rest == "" || rest == stem {
			return false
		}
		by.publisher = publisher
		best = d.best(rest, by)
		return best.rule != nil && best.rule.Publisher == publisher &&
			(publisher == told || best.rule.Kind == KindProduct || best.rule.Kind == KindUndecidable)
	}
	front := ""
	for range maxBrand {
		if front += firstWord(stem[len(front):]) + " "; len(front) >= len(stem) {
			break
		}
		publisher, ok := d.publishers[publisherStem(front)]
		isShort := !ok && told >= 0 && d.Publishers[told].begins(front) // Scooter of Scooter Software
		if isShort {
			publisher = told
		}
		if (ok || isShort) && try(publisher, front) {
			return best, rest
		}
	}
	return found{}, stem
}

// begins reports whether a name of the publisher begins with words that end with a space.
func (p *Publisher) begins(words string) bool {
	return slices.ContainsFunc(append([]string{p.Name}, p.Spellings...), func(s string) bool { return strings.HasPrefix(publisherStem(s), words) })
}

// best returns the match that decides on a title in normal form; its rule is nil if there is none.
func (d *Dictionary) best(stem string, by detected) (best found) {
	words := 0
	for word := range wordsOf(stem) {
		if words++; words > maxWords {
			break
		}
		best.search(d.byWord[word], word, stem, by)
		if start := front(word); start != "" {
			best.search(d.byWord[start], start, stem, by)
		}
	}
	best.search(d.byWord[""], "", stem, by)
	return best
}

func (r *Row) product(version string) Product {
	return Product{Publisher: r.Publisher, Family: r.Family, Edition: r.Edition, Version: version}
}

// Name returns the name without publisher and version.
func (r *Row) Name() string { return r.product("").Name() }

// Name returns the name without publisher and version.
func (p Product) Name() string {
	if p.Edition == "" {
		return p.Family
	}
	return p.Family + " " + p.Edition
}

// wordsOf yields the words of a stem: its runs of letters and digits.
func wordsOf(stem string) func(func(string) bool) {
	return func(yield func(string) bool) {
		start := -1
		for i, r := range stem {
			letter := r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9') || r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
			switch {
			case letter && start < 0:
				start = i
			case !letter && start >= 0:
				if !yield(stem[start:i]) {
					return
				}
				start = -1
			}
		}
		if start >= 0 {
			yield(stem[start:])
		}
	}
}
