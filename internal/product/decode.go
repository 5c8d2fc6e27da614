package product

import (
	"cmp"
	"fmt"
	"strings"

	"trueup/internal/pack"
)

// Decode unpacks what Encode wrote. Its texts share the memory of b.
func Decode(b string) (data Data, err error) {
	numbers := pack.NewReader(b)
	texts := numbers.Text()
	r := reader{numbers, &texts}
	data.Publishers = readList(r, func() Publisher { return Publisher{Name: r.text(), Spellings: readList(r, r.text)} })
	n := r.count()
	data.Rows, data.Rules = make([]Row, 0, n), make([]Rule, 0, 2*n)
	row, publisher := Row{}, -1
	for i := range n {
		row, publisher = r.row(row, publisher, data.Publishers)
		data.Rows = append(data.Rows, row)
		names := row.folded()
		for range r.count() {
			rule := Rule{ID: row.ID, Kind: row.Kind, Row: i, Of: -1, Publisher: publisher}
			r.rule(&rule, names)
			data.Rules = append(data.Rules, rule)
		}
	}
	for range r.count() {
		rule := Rule{ID: r.text(), Kind: at(r, kinds), Row: -1, Publisher: int(r.Varint()), Of: int(r.Varint())}
		r.rule(&rule, names{})
		data.Rules = append(data.Rules, rule)
	}
	if texts != "" {
		r.Fail()
	}
	if err := r.End(); err != nil {
		return Data{}, fmt.Errorf("product: %w", err)
	}
	return data, nil
}

// reader reads numbers with its Reader, and texts apart from them.
type reader struct {
	*pack.Reader[string]

	texts *string
}

// count reads the number of things that follow, each with one text or more.
func (r reader) count() int {
	n := r.Length()
	if n > len(*r.texts) {
		r.Fail()
		return 0
	}
	return n
}

func readList[T any](r reader, read func() T) []T {
	n := r.count()
	if n == 0 {
		return nil
	}
	all := make([]T, 0, n)
	for range n {
		all = append(all, read())
	}
	return all
}

func (r reader) text() string {
	text, rest, ok := strings.Cut(*r.texts, endOfText)
	if !ok {
		r.Fail()
	}
	*r.texts = rest
	return text
}

// at reads a text of a fixed list.
func at[T ~string](r reader, all []T) T {
	i := r.Length()
	if i >= len(all) {
		r.Fail()
		return ""
	}
	return all[i]
}

// row reads a row after the row before it, and returns it with the index of its publisher.
func (r reader) row(before Row, publisher int, publishers []Publisher) (Row, int) {
	row := Row{ID: r.text()}
	if r.Uvarint() == 1 {
		row.Publisher, row.Family, row.Metric, row.Scheme = before.Publisher, before.Family, before.Metric, before.Scheme
		row.Known, row.Builds = before.Known, before.Builds
	} else {
		publisher = int(r.Varint())
		if publisher >= 0 && publisher < len(publishers) {
			row.Publisher = publishers[publisher].Name
		}
		row.Family, row.Metric, row.Scheme = r.text(), at(r, metrics), at(r, schemes)
		row.Known = readList(r, r.text)
		row.Builds = readMap(r, r.text)
	}
	row.Edition, row.Kind, row.Rank = r.text(), at(r, kinds), int(r.Varint())
	row.ID = cmp.Or(row.ID, row.usualID())
	name, names := row.Name(), row.folded()
	row.Paper = readList(r, func() Paper {
		short, version, _ := strings.Cut(r.text(), beforeVersion)
		return Paper{Name: cmp.Or(names.lengthen(short), name), Version: version}
	})
	row.Includes, row.Candidates = readList(r, r.text), readList(r, r.text)
	row.Upgrades = readMap(r, r.text)
	row.Contains = readMap(r, func() []string { return readList(r, r.text) })
	return row, publisher
}

// readMap reads a map from texts; nil for an empty one.
func readMap[V any](r reader, read func() V) map[string]V {
	n := r.count()
	if n == 0 {
		return nil
	}
	all := make(map[string]V, n)
	for range n {
		key := r.text()
		all[key] = read()
	}
	return all
}

// rule reads what is not of the row of a rule.
func (r reader) rule(rule *Rule, names names) {
	rule.Name = names.lengthen(r.text())
	flags := r.Uvarint()
	rule.Anywhere, rule.Broad = flags&1 != 0, flags&16 != 0
	if flags&2 != 0 {
		rule.Version = r.text()
	}
	if flags&4 != 0 {
		rule.By = r.text()
	}
	if flags&8 != 0 {
		rule.From = r.text()
	}
	rule.Words = r.words(rule.Name)
}

// words reads the words by which a rule is found.
func (r reader) words(name string) []string {
	n := r.Count(1)
	all := make([]string, 0, n)
	if n > 0 {
		place := r.Uvarint()
		for word := range wordsOf(name) {
			if place > 1 {
				place -= 2
				continue
			}
			if place == 1 {
				word = front(word)
			}
			if all = append(all, word); len(all) == n {
				break
			}
			place = r.Uvarint()
		}
		if len(all) < n {
			r.Fail()
		}
	}
	return append(all, readList(r, r.text)...)
}
