package product

import (
	"maps"
	"slices"
	"strings"

	"trueup/internal/pack"
	"trueup/internal/text"
)

// Encode packs data for Decode. The same data gives the same bytes. They belong to the binary that
// embeds them, so the format has no versions.
//
// Every function that recognises names has the bytes in its zip file, so they are made to be
// compressed: texts are apart from numbers, a row is followed by its rules, whose names resemble
// it, and what a row shares with the row before it, or what follows from its names, is left out.
// Sources are left out as well: only the generator and tests need them.
//
// The rules of rows must come first, in the order of the rows.
func Encode(data Data) []byte {
	w := writer{Writer: &pack.Writer{}, texts: &strings.Builder{}}
	publishers := map[string]int{"": -1}
	list(w, data.Publishers, func(p Publisher) {
		publishers[p.Name] = len(publishers) - 1
		w.text(p.Name)
		list(w, p.Spellings, w.text)
	})
	rules := data.Rules
	w.Uvarint(uint64(len(data.Rows)))
	for i, row := range data.Rows {
		var before Row
		if i > 0 {
			before = data.Rows[i-1]
		}
		w.row(row, before, publishers[row.Publisher])
		n := 0
		for n < len(rules) && rules[n].Row == i {
			n++
		}
		names := row.folded()
		list(w, rules[:n], func(r Rule) { w.rule(r, names) })
		rules = rules[n:]
	}
	list(w, rules, w.noise)
	all := &pack.Writer{}
	all.Text(w.texts.String())
	all.Raw(w.Bytes())
	return all.Bytes()
}

// Split returns the publishers, rows and rules of rows, and the rules of noise apart. Together they
// are the data: noise refers to the publishers and rows by their index.
func (d Data) Split() (products, noise Data) {
	first := slices.IndexFunc(d.Rules, func(r Rule) bool { return r.Row < 0 })
	if first < 0 {
		return d, Data{}
	}
	return Data{d.Publishers, d.Rows, d.Rules[:first]}, Data{Rules: d.Rules[first:]}
}

// Texts of a fixed list are packed by their position.
var (
	kinds   = []Kind{KindProduct, KindFree, KindUndecidable, KindUpdate, KindLanguage, KindComponent, KindRuntime, KindDriver}
	metrics = []Metric{MetricDevice, MetricUser, MetricNone, MetricService, MetricCAL, MetricServer, MetricCore, MetricOS, ""}
	schemes = []Scheme{SchemeYear, SchemeMajor, SchemeMinor, SchemeNames, SchemeNone}
)

// writer writes numbers to its Writer, and texts apart from them.
type writer struct {
	*pack.Writer

	texts *strings.Builder // each with endOfText
}

// endOfText is in no text: the data files have one line for each.
const endOfText = "\n"

// list writes the length of a list and its elements.
func list[T any](w writer, all []T, write func(T)) {
	w.Uvarint(uint64(len(all)))
	for _, one := range all {
		write(one)
	}
}

func (w writer) text(s string) { w.texts.WriteString(s + endOfText) }

// row writes a row. publisher is the index of its publisher.
func (w writer) row(r, before Row, publisher int) {
	w.text(unless(r.usualID(), r.ID))
	if w.flags(r.isLike(before)); !r.isLike(before) {
		w.Varint(int64(publisher))
		w.text(r.Family)
		w.Uvarint(uint64(slices.Index(metrics, r.Metric)))
		w.Uvarint(uint64(slices.Index(schemes, r.Scheme)))
		list(w, r.Known, w.text)
		list(w, slices.Sorted(maps.Keys(r.Builds)), func(build string) {
			w.text(build)
			w.text(r.Builds[build])
		})
	}
	w.text(r.Edition)
	w.Uvarint(uint64(slices.Index(kinds, r.Kind)))
	w.Varint(int64(r.Rank))
	names := r.folded()
	list(w, r.Paper, func(p Paper) {
		name := unless(r.Name(), names.shorten(p.Name))
		if p.Version != "" {
			name += beforeVersion + p.Version
		}
		w.text(name)
	})
	list(w, r.Includes, w.text)
	list(w, r.Candidates, w.text)
	list(w, slices.Sorted(maps.Keys(r.Upgrades)), func(from string) {
		w.text(from)
		w.text(r.Upgrades[from])
	})
	list(w, slices.Sorted(maps.Keys(r.Contains)), func(version string) {
		w.text(version)
		list(w, r.Contains[version], w.text)
	})
}

// unless returns s, or nothing if it is the usual text, which is never empty.
func unless(usual, s string) string {
	if s == usual {
		return ""
	}
	return s
}

// usualID returns the id that most rows have, made of their names: adobe-photoshop.
func (r *Row) usualID() string {
	id := make([]byte, 0, 64)
	for _, name := range []string{r.Publisher, r.Family, r.Edition} {
		for word := range wordsOf(text.WithoutAccents(text.Fold(name))) {
			id = append(append(id, '-'), word...)
		}
	}
	return strings.TrimPrefix(string(id), "-")
}

// isLike reports whether rows share what products of a family usually share.
func (r *Row) isLike(before Row) bool {
	return r.Publisher == before.Publisher && r.Family == before.Family && r.Metric == before.Metric && r.Scheme == before.Scheme &&
		slices.Equal(r.Known, before.Known) && maps.Equal(r.Builds, before.Builds)
}

// names are the folded names of a row, which most of its patterns contain. In packed patterns, a
// control character stands for each.
type names struct{ family, publisher string }

const (
	familyMark    = "\x01"
	publisherMark = "\x02"
	beforeVersion = "\x03" // between a name on paper and its version
)

func (r *Row) folded() names { return names{text.Fold(r.Family), text.Fold(r.Publisher)} }

func (n names) shorten(s string) string {
	if n.family != "" {
		s = strings.ReplaceAll(s, n.family, familyMark)
	}
	if n.publisher != "" {
		s = strings.ReplaceAll(s, n.publisher, publisherMark)
	}
	return s
}

func (n names) lengthen(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, publisherMark, n.publisher), familyMark, n.family)
}

// rule writes a rule without what it shares with its row.
func (w writer) rule(r Rule, names names) {
	w.text(names.shorten(r.Name))
	w.flags(r.Anywhere, r.Version != "", r.By != "", r.From != "", r.Broad)
	for _, rare := range []string{r.Version, r.By, r.From} {
		if rare != "" {
			w.text(rare)
		}
	}
	w.words(r)
}

func (w writer) noise(r Rule) {
	w.text(r.ID)
	w.Uvarint(uint64(slices.Index(kinds, r.Kind)))
	w.Varint(int64(r.Publisher))
	w.Varint(int64(r.Of))
	w.rule(r, names{})
}

// flags writes up to 7 flags as one byte.
func (w writer) flags(set ...bool) {
	n := uint64(0)
	for i, one := range set {
		if one {
			n |= 1 << i
		}
	}
	w.Uvarint(n)
}

// words writes the words by which a rule is found. Most are words of its name. Of each such word,
// it writes how many words of the name are skipped before it, and whether only its front counts.
func (w writer) words(r Rule) {
	var places []uint64
	left, skipped := slices.Clone(r.Words), uint64(0)
	take := func(word string) bool {
		at := slices.Index(left, word)
		if word == "" || at < 0 {
			return false
		}
		left = slices.Delete(left, at, at+1)
		return true
	}
	for word := range wordsOf(r.Name) {
		switch {
		case take(word):
			places, skipped = append(places, 2*skipped), 0
		case take(front(word)):
			places, skipped = append(places, 2*skipped+1), 0
		default:
			skipped++
		}
	}
	list(w, places, w.Uvarint)
	list(w, left, w.text)
}
