package catalog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"trueup/internal/journal"
	"trueup/internal/text"
)

// model is a simple and slow implementation of a catalog.
type model struct{ publishers []*modelPublisher }

type modelPublisher struct {
	names  []string // the first name comes first
	titles [][]string
}

func has(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return text.Fold(n) == text.Fold(name) })
}

func (m *model) publisher(name string) *modelPublisher {
	for _, p := range m.publishers {
		if has(p.names, name) {
			return p
		}
	}
	return nil
}

func (p *modelPublisher) title(name string) int {
	return slices.IndexFunc(p.titles, func(names []string) bool { return has(names, name) })
}

func (m *model) add(a Addition) {
	p := m.publisher(a.Publisher)
	if p == nil {
		p = &modelPublisher{names: []string{a.Publisher}}
		m.publishers = append(m.publishers, p)
	}
	if a.Title == "" {
		for _, alias := range a.Aliases {
			if m.publisher(alias) == nil {
				p.names = append(p.names, alias)
			}
		}
		return
	}
	p.add(append([]string{a.Title}, a.Aliases...)...)
}

// add adds a title with its names; the first name identifies it.
func (p *modelPublisher) add(names ...string) {
	at := p.title(names[0])
	if at < 0 {
		at = len(p.titles)
		p.titles = append(p.titles, names[:1:1])
	}
	for _, name := range names[1:] {
		if p.title(name) < 0 {
			p.titles[at] = append(p.titles[at], name)
		}
	}
}

func (m *model) merge(from, into string) {
	a, b := m.publisher(from), m.publisher(into)
	if a == nil || b == nil || a == b {
		return
	}
	b.names = append(b.names, a.names...)
	m.publishers = slices.DeleteFunc(m.publishers, func(p *modelPublisher) bool { return p == a })
	for _, names := range a.titles {
		b.add(names...)
	}
}

func (m *model) mergeTitles(publisher, from, into string) {
	p := m.publisher(publisher)
	if p == nil {
		return
	}
	a, b := p.title(from), p.title(into)
	if a < 0 || b < 0 || a == b {
		return
	}
	p.titles[b] = append(p.titles[b], p.titles[a]...)
	p.titles = slices.Delete(p.titles, a, a+1)
}

// fit returns the best rank of the names, and the letters of that name.
func fit(names []string, typed string) (best rank, by string) {
	best = ranks
	q := letters(typed)
	for i, name := range names {
		l := letters(name)
		r := ranks
		switch {
		case l == q:
			r = exact
		case strings.HasPrefix(l, q):
			r = prefix
		case strings.Contains(l+" ", " "+q+" "):
			r = wholeWord
		case strings.Contains(l, " "+q):
			r = wordPrefix
		case strings.Contains(l, q):
			r = contains
		}
		if i > 0 && exact < r && r < ranks {
			r += aliasPrefix - prefix
		}
		if r < ranks && (r < best || r == best && l+"\n"+name < by) {
			best, by = r, l+"\n"+name
		}
	}
	return best, by
}

type fitting struct {
	name   string
	rank   rank
	weight int
	by     string
}

func ranked(all []fitting, limit int) []string {
	all = slices.DeleteFunc(all, func(f fitting) bool { return f.rank == ranks })
	slices.SortFunc(all, func(a, b fitting) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.weight, a.weight), strings.Compare(a.by, b.by))
	})
	names := []string{}
	for _, f := range all[:min(limit, len(all))] {
		names = append(names, f.name)
	}
	return names
}

func (m *model) lookup(typed string, limit int) []string {
	var all []fitting
	for _, p := range m.publishers {
		r, by := fit(p.names, typed)
		all = append(all, fitting{p.names[0], r, len(p.titles), by})
	}
	return ranked(all, limit)
}

func (p *modelPublisher) lookup(typed string, limit int) []string {
	var all []fitting
	for _, names := range p.titles {
		r, by := fit(names, typed)
		all = append(all, fitting{names[0], r, 0, by})
	}
	return ranked(all, limit)
}

// everything returns the whole content of the catalog as text.
func (m *model) everything() []string {
	var lines []string
	for _, p := range m.publishers {
		lines = append(lines, fmt.Sprintf("%s %q %d", p.names[0], slices.Sorted(slices.Values(p.names[1:])), len(p.titles)))
		for _, names := range p.titles {
			lines = append(lines, fmt.Sprintf("%s: %s %q", p.names[0], names[0], slices.Sorted(slices.Values(names[1:]))))
		}
	}
	slices.Sort(lines)
	return lines
}

func everything(c *Catalog) []string {
	c.ready()
	var lines []string
	for _, p := range firsts[publisher, *publisher](&c.publishers) {
		lines = append(lines, fmt.Sprintf("%s %q %d", p.name, slices.Sorted(slices.Values(p.aliases)), p.count))
		for _, t := range p.all() {
			lines = append(lines, fmt.Sprintf("%s: %s %q", p.name, t.name, slices.Sorted(slices.Values(t.aliases))))
		}
	}
	slices.Sort(lines)
	return lines
}

// empty returns a catalog without the starting catalog.
func empty() *Catalog {
	c := &Catalog{}
	c.start.Do(func() {})
	return c
}

// enter applies an entry as a replica does.
func enter(t interface {
	Helper()
	Fatal(...any)
}, c *Catalog, entries ...string,
) {
	t.Helper()
	list := make([]journal.Entry, len(entries))
	for i, e := range entries {
		list[i] = journal.Entry{Seq: int64(i + 1), Body: e}
	}
	apply, err := c.Prepare(context.Background(), journal.Head{}, list)
	if err != nil {
		t.Fatal(err)
	}
	apply()
}

func publisherNames(found []Publisher) []string {
	names := []string{}
	for _, p := range found {
		names = append(names, p.Name)
	}
	return names
}

func titleNames(found []Title) []string {
	names := []string{}
	for _, t := range found {
		names = append(names, t.Name)
	}
	return names
}

// TestCatalogIsTheModel compares a catalog with the model after the same random operations:
// additions, merges, and saving and restoring (R5.1, R5.2, R5.3).
func TestCatalogIsTheModel(t *testing.T) {
	t.Parallel()
	name := rapid.Custom(func(t *rapid.T) string {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{"soft", "Micro", "SOFT", "microsoft", "a", "B", "é", "e", "c++", "(x64)", "Straße", "Ωm", "2019", "1", "12", "İz"}), 1, 3).Draw(t, "words")
		return strings.Join(words, rapid.SampledFrom([]string{" ", "", "-"}).Draw(t, "sep"))
	})
	rapid.Check(t, func(t *rapid.T) {
		c, m := empty(), &model{}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			default:
				list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Addition {
					return Addition{Publisher: name.Draw(t, "publisher"), Title: rapid.OneOf(rapid.Just(""), name).Draw(t, "title"), Aliases: rapid.SliceOfN(name, 0, 2).Draw(t, "aliases")}
				}), 1, 60).Draw(t, "additions")
				if rapid.Bool().Draw(t, "one publisher") {
					for i := range list {
						list[i].Publisher = list[0].Publisher
					}
				}
				for rest := list; len(rest) > 0; {
					entry, n := body(rest)
					enter(t, c, entry)
					rest = rest[n:]
				}
				for _, a := range list {
					m.add(a)
				}
			case 1:
				from, into := name.Draw(t, "from"), name.Draw(t, "into")
				enter(t, c, entryLine(lineMergePublishers, idOf(from).String(), idOf(into).String()))
				m.merge(from, into)
			case 2:
				p, from, into := name.Draw(t, "publisher"), name.Draw(t, "from"), name.Draw(t, "into")
				enter(t, c, entryLine(lineMergeTitles, idOf(p).String(), idOf(from).String(), idOf(into).String()))
				m.mergeTitles(p, from, into)
			case 3:
				again := &Catalog{}
				if err := again.Restore(c.Save()); err != nil {
					t.Fatal(err)
				}
				c = again
			}
			if diff := gocmp.Diff(m.everything(), everything(c)); diff != "" {
				t.Fatal(diff)
			}
		}
		typed := rapid.OneOf(rapid.SampledFrom([]string{"", "s", "so", "soft", "c+", "(", "e", "1", "ss", "i", "Ω", "zz", "t m"}), name).Draw(t, "typed")
		limit := rapid.SampledFrom([]int{1, 2, 3, 50}).Draw(t, "limit")
		if diff := gocmp.Diff(m.lookup(typed, limit), publisherNames(c.Publishers(typed, limit))); diff != "" {
			t.Fatalf("%q, at most %d: (-model +catalog)\n%s", typed, limit, diff)
		}
		for _, p := range m.publishers {
			for _, n := range p.names {
				got, ok := c.Publisher(idOf(n).String())
				if named, _ := c.PublisherNamed(strings.ToUpper(n)); !ok || got.Name != p.names[0] || strings.ToUpper(n) != "" && text.Fold(strings.ToUpper(n)) == text.Fold(n) && named.Name != got.Name {
					t.Fatalf("%q leads to %q and %q", n, got.Name, named.Name)
				}
				titles, _ := c.Titles(got.ID, typed, limit)
				if diff := gocmp.Diff(p.lookup(typed, limit), titleNames(titles)); diff != "" {
					t.Fatalf("%q of %q, at most %d: (-model +catalog)\n%s", typed, n, limit, diff)
				}
				for _, names := range p.titles {
					for _, title := range names {
						byID, _ := c.Title(got.ID, idOf(title).String())
						if byName, ok := c.TitleNamed(got.ID, title); !ok || byName.Name != names[0] || byID.ID != byName.ID {
							t.Fatalf("%q of %q is %+v by name and %+v by id", title, n, byName, byID)
						}
					}
				}
			}
		}
	})
}
