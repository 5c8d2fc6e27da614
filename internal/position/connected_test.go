package position

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"trueup/internal/product"
)

// The oracle's knowledge of the small dictionary, written by hand. reaches maps a licence to the
// products that it may cover besides its own, with the pool of which one licence covers one.
var (
	connected = []string{"Apps", "Visio Professional", "Visio Standard", "E3", "E5", "E5", "E5", "Editor Pro", "Editor Pro", "Editor Standard", "Editor Standard", "Editor", "Design Suite", "Photo", "Draw", "System Pro", "System Pro", "System Lite"}
	reaches   = map[string]map[string]reached{
		"Visio Professional": {"Visio Standard": {pool: "own", needs: []Step{StepEdition}}},
		"E3": {
			"Apps": {pool: "Apps", needs: []Step{StepInclude}}, "Visio Professional": {pool: "Visio", needs: []Step{StepInclude}},
			"Visio Standard": {pool: "Visio", needs: []Step{StepInclude, StepEdition}},
		},
		"E5": {
			"E3": {pool: "E3", needs: []Step{StepInclude}}, "Apps": {pool: "Apps", needs: []Step{StepInclude}},
			"Visio Professional": {pool: "Visio", needs: []Step{StepInclude}}, "Visio Standard": {pool: "Visio", needs: []Step{StepInclude, StepEdition}},
			"Editor Pro": {pool: "Editor", needs: []Step{StepInclude}}, "Editor Standard": {pool: "Editor", needs: []Step{StepInclude}},
			"Editor": {pool: "Editor", needs: []Step{StepInclude, StepCandidate}},
		},
		"Editor Pro":      {"Editor Standard": {pool: "own", needs: []Step{StepEdition}}, "Editor": {pool: "own", needs: []Step{StepCandidate}}},
		"Editor Standard": {"Editor": {pool: "own", needs: []Step{StepCandidate}}},
		"Editor":          {"Editor Pro": {pool: "own", needs: []Step{StepCandidate}}, "Editor Standard": {pool: "own", needs: []Step{StepCandidate}}},
		"System Pro":      {"System Lite": {pool: "own", needs: []Step{StepEdition}}},
		"Design Suite":    {"Photo": {pool: "Photo", needs: []Step{StepInclude}}, "Draw": {pool: "Draw", needs: []Step{StepInclude}}},
	}
	years = []string{"", "2016", "2019", "2021"}
)

type reached struct {
	pool  string
	needs []Step
}

// connectedOracle reports whether a licence may cover an installation, and its pool.
func connectedOracle(l Line, assured bool, i Line, o Options) (pool string, ok bool) {
	on := o.Steps()
	from, to := l.Product.Version, i.Product.Version
	direct := from == to || to == "" && !o.NoUnversioned || !o.NoPrefix && from == "" || !o.NoDowngrade && from > to && to != "" || !o.NoAssurance && assured && from < to && from != ""
	direct = direct || !o.NoUpgrade && l.Product.Family == "System Pro" && from == "2019" && to == "2021"
	if l.Product.Family == i.Product.Family {
		return "own", direct
	}
	r, ok := reaches[l.Product.Family][i.Product.Family]
	for _, step := range r.needs {
		ok = ok && slices.Contains(on, step)
	}
	switch {
	case slices.Contains(r.needs, StepInclude):
		direct = from == "" || from == to || to == "" && !o.NoUnversioned || !o.NoDowngrade && from > to && to != ""
	case slices.Contains(r.needs, StepCandidate):
		direct = direct || from == ""
	}
	return r.pool, ok && direct
}

// connectedCovered returns the largest number of installations that can be covered, by a search
// over single licences and installations.
func connectedCovered(licenses, installations []Line, o Options) int {
	var needed []Line
	for _, i := range installations {
		for range demanded(i) {
			needed = append(needed, i)
		}
	}
	var supplies [][]int // installations of each licence and pool
	for _, l := range licenses {
		for n := range l.Quantity {
			pools := map[string][]int{}
			for at, i := range needed {
				if pool, ok := connectedOracle(l, n < l.SA, i, o); ok {
					pools[pool] = append(pools[pool], at)
				}
			}
			for _, pool := range slices.Sorted(maps.Keys(pools)) {
				supplies = append(supplies, pools[pool])
			}
		}
	}
	return matched(supplies, len(needed))
}

// demanded returns what an installation line adds in the small dictionary.
func demanded(l Line) int {
	perUser := []string{"Apps", "E3", "E5", "Editor Pro", "Editor Standard", "Editor"}
	if l.Quantity > 0 && l.Users > 0 && slices.Contains(perUser, l.Product.Family) {
		return l.Users
	}
	return l.Quantity
}

func drawConnected(kind SourceKind) *rapid.Generator[[]Line] { return drawSome(kind, connected, years) }

func drawAllOptions(t *rapid.T) Options {
	o := drawOptions(t)
	o.NoUpgrade = rapid.Bool().Draw(t, "no upgrade")
	o.NoEdition, o.NoInclude, o.NoCandidate = rapid.Bool().Draw(t, "no edition"), rapid.Bool().Draw(t, "no include"), rapid.Bool().Draw(t, "no candidate")
	return o
}

// TestConnectedOracle compares the covered installations of connected products with an independent
// search, and checks the sums of the rows, the order of the input and the effect of each step.
func TestConnectedOracle(t *testing.T) {
	t.Parallel()
	covered := func(rows []Row) (n int) {
		for _, r := range rows {
			n += r.Covered
		}
		return n
	}
	rapid.Check(t, func(t *rapid.T) {
		licenses, installations, o := drawConnected(KindPair).Draw(t, "licenses"), drawConnected(KindInventory).Draw(t, "installations"), drawAllOptions(t)
		rows := Compute(small, licenses, installations, o)
		if got, want := covered(rows), connectedCovered(licenses, installations, o); got != want {
			t.Fatalf("%d covered, %d are possible\n%v", got, want, told(rows))
		}
		for _, r := range rows {
			in, out, most := 0, 0, 0
			for _, m := range r.Moves {
				switch {
				case m.To == r.Product:
					in += m.Quantity
				case m.Suite:
					most += m.Quantity
				default:
					out += m.Quantity
				}
			}
			if r.In.Total() != in || r.Out.Total() != out+r.Suite || r.Suite > most || min(r.Suite, r.Surplus, r.Shortfall, r.Owned-r.Surplus) < 0 && r.Verdict.Counted() ||
				r.Owned+in-r.Out.Total()-r.Needed+r.Uncounted != r.Surplus-r.Shortfall || r.Verdict.Counted() && (r.Uncounted != 0 || r.Needed != r.Covered+r.Shortfall) {
				t.Fatalf("%+v", r)
			}
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for _, lines := range [][]Line{licenses, installations} {
			r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		}
		if diff := cmp.Diff(rows, Compute(small, licenses, installations, o)); diff != "" {
			t.Fatalf("-want +shuffled:\n%s", diff)
		}
		for step, off := range withoutOne(o) {
			if got, with := covered(Compute(small, licenses, installations, off)), covered(rows); got > with {
				t.Fatalf("without %s %d are covered, with it %d", step, got, with)
			}
		}
		more := Line{Product: Product{Publisher: "Microsoft", Family: rapid.SampledFrom(connected).Draw(t, "one more")}, Quantity: 1, Source: Source{Kind: KindPair, ID: "more"}}
		if got, before := covered(Compute(small, append(licenses, more), installations, o)), covered(rows); got < before {
			t.Fatalf("one more of %s covers %d instead of %d", more.Product.Family, got, before)
		}
	})
}

// BenchmarkConnected computes 20,000 titles that suites, editions and downgrades connect.
func BenchmarkConnected(b *testing.B) {
	const products, versions = 4000, 5
	data := product.Data{Publishers: []product.Publisher{{Name: "P"}}}
	var licenses, installations []Line
	for i := range products {
		row := product.Row{ID: fmt.Sprint("p", i), Publisher: "P", Family: fmt.Sprint("F", i/4), Edition: fmt.Sprint("E", i%4), Kind: product.KindProduct, Metric: product.MetricDevice, Rank: 1 + i%4}
		data.Rules = append(data.Rules, product.Rule{ID: row.ID, Kind: row.Kind, Row: len(data.Rows), Publisher: 0})
		data.Rows = append(data.Rows, row)
		for v := range versions {
			p := Product{Publisher: "P", Family: row.Family, Edition: row.Edition, Version: fmt.Sprint(2016 + v)}
			installations = append(installations, Line{Product: p, Quantity: 1 + (i+v)%7})
			licenses = append(licenses, Line{Product: p, Quantity: (i * v) % 8, SA: v % 3})
		}
	}
	for s := range 10 {
		suite := product.Row{ID: fmt.Sprint("s", s), Publisher: "P", Family: fmt.Sprint("S", s), Kind: product.KindProduct, Metric: product.MetricUser}
		for i := s; i < products; i += 1 + s {
			suite.Includes = append(suite.Includes, fmt.Sprint("p", i))
		}
		data.Rows = append(data.Rows, suite)
		licenses = append(licenses, Line{Product: Product{Publisher: "P", Family: suite.Family}, Quantity: 20})
	}
	d := product.New(data)
	for b.Loop() {
		Compute(d, licenses, installations, Options{})
	}
}
