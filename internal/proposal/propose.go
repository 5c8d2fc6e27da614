package proposal

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/product"
	"trueup/internal/text"
)

// Proposal is a product of the dictionary that a name may stand for.
type Proposal struct {
	Row     string         // id of the row
	Kind    inventory.Kind // Product or Free
	Product position.Product
	Score   int // from MinScore to 100; 100 if the dictionary knows the name
}

const (
	// MaxProposals is the maximum number of proposals for one name.
	MaxProposals = 3
	// MinScore is the lowest score of a proposal. With it a name and a product share the words that
	// distinguish the product; below it they share words like "studio" or "server". See
	// TestThresholdR6_6.
	MinScore = 65
)

// Named returns the products of a dictionary that a name on paper, as people type it, may stand for,
// best first. The version of the name is the version of the products.
func Named(d *product.Dictionary, publisher, name string) []Proposal {
	return indexOf(d).named(publisher, name)
}

func (x *index) named(publisher, name string) (all []Proposal) {
	if text.Collapse(name) == "" {
		return nil
	}
	if m, ok := x.dictionary.Licensed(publisher, name, ""); ok && m.Kind != product.KindUndecidable {
		all = append(all, Proposal{m.Row.ID, inventory.Kind(m.Kind), m.Product, 100})
	}
	_, version := product.SplitVersion(strings.Fields(product.Stem(text.Fold(name))))
	for _, f := range x.resembling(publisher, name) {
		if len(all) == 0 || all[0].Row != f.row.ID {
			all = append(all, f.proposal(x.versioned(f.row, version)))
		}
	}
	return all[:min(len(all), MaxProposals)]
}

// versioned returns the product of a row in a version, as the dictionary writes it.
func (x *index) versioned(row *product.Row, version string) position.Product {
	if m, ok := x.dictionary.Licensed(row.Publisher, row.Name(), version); ok && m.Row.ID == row.ID {
		return m.Product
	}
	return productOf(row, "")
}

// Proposals returns the products that the titles of the entry may be, best first. Their version is
// a text or a placeholder of Entry.Rules.
func (e Entry) Proposals() (all []Proposal) {
	for _, f := range e.index.resembling(e.Publisher, e.Name) {
		all = append(all, f.proposal(productOf(f.row, e.version(f.row))))
	}
	return all
}

// Proposal returns the proposal of a row for the entry, whatever its score; ok is false if there is
// no such product.
func (e Entry) Proposal(row string) (p Proposal, ok bool) {
	r, ok := e.index.dictionary.Find(row)
	if !ok || r.Kind == product.KindUndecidable {
		return Proposal{}, false
	}
	return resembling{row: r}.proposal(productOf(r, e.version(r))), true
}

// version returns the version of a rule's product.
func (e Entry) version(row *product.Row) string {
	if row.Scheme == product.SchemeNone || row.Kind == product.KindFree {
		return ""
	}
	without := slices.ContainsFunc(e.spellings, func(s spelling) bool { return s.version == "" })
	if without && row.Scheme == product.SchemeMajor {
		return majorMark
	}
	for _, s := range e.spellings {
		if s.version != "" {
			return s.version
		}
	}
	return ""
}

func productOf(row *product.Row, version string) position.Product {
	return position.Product{Publisher: row.Publisher, Family: row.Family, Edition: row.Edition, Version: version}
}

// resembling is a row that resembles a name.
type resembling struct {
	row   *product.Row
	score int
}

func (r resembling) proposal(p position.Product) Proposal {
	return Proposal{r.row.ID, inventory.Kind(r.row.Kind), p, r.score}
}

// resembling returns the rows that resemble a name with a score of at least MinScore, best first, at
// most MaxProposals.
func (x *index) resembling(publisher, name string) []resembling {
	a := x.asked(publisher, name)
	best := map[*product.Row]int{}
	for _, i := range x.candidates(a) {
		if score := x.score(a, x.names[i]); score >= MinScore {
			row := x.names[i].row
			best[row] = max(best[row], score)
		}
	}
	all := make([]resembling, 0, len(best))
	for row, score := range best {
		all = append(all, resembling{row, score})
	}
	slices.SortFunc(all, func(a, b resembling) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.row.ID, b.row.ID))
	})
	return all[:min(len(all), MaxProposals)]
}

// asked is a name that is looked for.
type asked struct {
	by    string // the dictionary's name of the publisher; empty if it is not known
	given bool   // whether there is a publisher
	words []askedWord
}

type askedWord struct {
	known   bool // whether it is a word of the dictionary's names
	similar []like
}

// maxAskedWords bounds the time for a hostile name; real ones have fewer.
const maxAskedWords = 20

func (x *index) asked(publisher, name string) asked {
	rest, _ := product.SplitVersion(strings.Fields(product.Stem(text.Fold(name))))
	written := strings.Join(rest, " ")
	a := asked{by: x.dictionary.PublisherName(publisher), given: text.Collapse(publisher) != ""}
	if !a.given { // the name may begin with it
		a.by = x.dictionary.PublisherName(written)
	}
	words := withoutFront(wordsOf(written), wordsOf(text.Fold(cmp.Or(a.by, publisher))))
	for _, w := range words[:min(len(words), maxAskedWords)] {
		_, known := x.numbers[w]
		a.words = append(a.words, askedWord{known, x.similar(w)})
	}
	return a
}

// withoutFront removes words at the front, unless no other remains.
func withoutFront(words, front []string) []string {
	if len(front) > 0 && len(words) > len(front) && slices.Equal(words[:len(front)], front) {
		return words[len(front):]
	}
	return words
}

// commonWord is the number of names from which a word is common, such as "server". Names that share
// common words only are not compared, if a rarer word is known: this bounds the time.
const commonWord = 150

// candidates returns the names that share a word with the name, as indexes of names.
func (x *index) candidates(a asked) (found []int) {
	rarest := math.MaxInt
	for _, w := range a.words {
		for _, l := range w.similar {
			rarest = min(rarest, len(x.words[l.number].names))
		}
	}
	for _, w := range a.words {
		for _, l := range w.similar {
			if names := x.words[l.number].names; len(names) <= max(rarest, commonWord) {
				found = append(found, names...)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// score returns how much a name resembles a product's name, from 0 to 99: the weight of the words
// that both have, as a share of the weight of all their words. The same publisher is a bonus. With
// another one, or one that the dictionary does not know, common words alone do not count: many
// publishers have a "studio".
func (x *index) score(a asked, n indexed) int {
	written, shared := 0.0, 0.0
	for _, w := range a.words {
		weight, similarity := x.shared(w, n)
		written += weight
		shared += weight * similarity
	}
	score := 100 * (shared + min(shared, n.weight)) / (written + n.weight)
	distinct := min(shared/x.weightOf(rareWord), 1)
	switch {
	case a.by == n.row.Publisher:
		score += (100 - score) / 4
	case a.by != "":
		score *= 0.6 * distinct
	case a.given:
		score *= 0.75 * distinct
	default:
		score *= distinct
	}
	return min(int(math.Round(score)), 99)
}

// rareWord is the number of names in which a word is that distinguishes a product by itself.
const rareWord = 5

// shared returns the weight of a word, and its similarity to a word of the product; 0 if it has none.
func (x *index) shared(w askedWord, n indexed) (weight, similarity float64) {
	if weight = x.weightOf(0); w.known {
		weight = x.words[w.similar[0].number].weight
	}
	for _, l := range w.similar {
		if l.similarity > similarity && slices.Contains(n.words, l.number) {
			weight, similarity = x.words[l.number].weight, l.similarity
		}
	}
	return weight, similarity
}
