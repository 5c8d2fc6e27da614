package product

import (
	"fmt"
	"maps"
	"slices"

	"trueup/internal/pack"
)

// Encode packs data. The same data gives the same bytes. They belong to the binary that embeds
// them, so the format has no versions.
func Encode(data Data) []byte {
	w := writer{pack.NewWriter(nil)}
	list(w, data.Publishers, func(p Publisher) {
		w.Text(p.Name)
		w.texts(p.Spellings)
	})
	list(w, data.Rows, w.row)
	list(w, data.Rules, w.rule)
	return w.Bytes()
}

type writer struct{ *pack.Writer }

// list writes the length of a list and its elements.
func list[T any](w writer, all []T, write func(T)) {
	w.Uvarint(uint64(len(all)))
	for _, one := range all {
		write(one)
	}
}

func (w writer) texts(all []string) { list(w, all, w.Text) }

func (w writer) row(r Row) {
	w.texts([]string{r.ID, r.Publisher, r.Family, r.Edition, string(r.Kind), string(r.Metric), string(r.Scheme), r.Source})
	w.Varint(int64(r.Rank))
	w.texts(r.Known)
	list(w, slices.Sorted(maps.Keys(r.Builds)), func(build string) {
		w.Text(build)
		w.Text(r.Builds[build])
	})
	list(w, r.Paper, func(p Paper) {
		w.Text(p.Name)
		w.Text(p.Version)
	})
	w.texts(r.Includes)
	w.texts(r.Candidates)
}

func (w writer) rule(r Rule) {
	w.texts([]string{r.ID, string(r.Kind), r.By, r.Name, r.Version})
	w.Varint(int64(r.Row))
	w.Varint(int64(r.Publisher))
	anywhere := uint64(0)
	if r.Anywhere {
		anywhere = 1
	}
	w.Uvarint(anywhere)
	w.texts(r.Words)
}

// Decode unpacks what Encode wrote. Its texts share the memory of b.
func Decode(b string) (data Data, err error) {
	r := reader{pack.NewReader(b)}
	data.Publishers = readList(r, func() Publisher { return Publisher{Name: r.Text(), Spellings: r.texts()} })
	data.Rows = readList(r, r.row)
	data.Rules = readList(r, r.rule)
	if err := r.End(); err != nil {
		return Data{}, fmt.Errorf("product: %w", err)
	}
	return data, nil
}

type reader struct{ *pack.Reader[string] }

func readList[T any](r reader, read func() T) []T {
	n := r.Count(1)
	if n == 0 {
		return nil
	}
	all := make([]T, 0, n)
	for range n {
		all = append(all, read())
	}
	return all
}

func (r reader) texts() []string { return readList(r, r.Text) }

// fields reads a fixed number of texts.
func (r reader) fields(n int) []string {
	all := r.texts()
	if len(all) != n {
		r.Fail()
		return make([]string, n)
	}
	return all
}

func (r reader) row() Row {
	f := r.fields(8)
	row := Row{
		ID: f[0], Publisher: f[1], Family: f[2], Edition: f[3], Kind: Kind(f[4]), Metric: Metric(f[5]), Scheme: Scheme(f[6]), Source: f[7],
		Rank: int(r.Varint()), Known: r.texts(),
	}
	if n := r.Count(1); n > 0 {
		row.Builds = make(map[string]string, n)
		for range n {
			build := r.Text()
			row.Builds[build] = r.Text()
		}
	}
	row.Paper = readList(r, func() Paper { return Paper{Name: r.Text(), Version: r.Text()} })
	row.Includes, row.Candidates = r.texts(), r.texts()
	return row
}

func (r reader) rule() Rule {
	f := r.fields(5)
	return Rule{
		ID: f[0], Kind: Kind(f[1]), By: f[2], Name: f[3], Version: f[4],
		Row: int(r.Varint()), Publisher: int(r.Varint()), Anywhere: r.Uvarint() == 1, Words: r.texts(),
	}
}
