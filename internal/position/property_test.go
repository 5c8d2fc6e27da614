package position

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The oracle's knowledge of versions, written by hand: chains in their known order, oldest first,
// and continuations.
var (
	chains = [][]string{
		{"2", "2.1", "2.05", "2.05.1", "3"},
		{"2012", "2012 SP1", "2012 R2", "2019", "LTSC 2021"},
	}
	continuations = map[string][]string{
		"":     {"2", "2.05", "2.05.1", "2.1", "3", "2012", "2012 SP1", "2012 R2", "2019", "LTSC 2021", "XP"},
		"2":    {"2.05", "2.05.1", "2.1"},
		"2.05": {"2.05.1"},
		"2012": {"2012 SP1"},
	}
	allVersions = append([]string{""}, continuations[""]...)
)

// oracleCovers reports whether a licence may cover an installation.
func oracleCovers(license string, assured bool, installed string, o Options) bool {
	if license == installed {
		return true
	}
	if !o.NoPrefix && slices.Contains(continuations[license], installed) {
		return true
	}
	if installed == "" {
		return !o.NoUnversioned
	}
	for _, chain := range chains {
		l, i := slices.Index(chain, license), slices.Index(chain, installed)
		if l < 0 || i < 0 {
			continue
		}
		if l > i && !o.NoDowngrade || l < i && assured && !o.NoAssurance {
			return true
		}
	}
	return false
}

// oracleCovered returns the largest number of installations that the licences can cover, by a
// search over single licences and installations.
func oracleCovered(licenses, installations []Line, o Options) int {
	var edges [][]int
	installed := 0
	for _, i := range installations {
		installed += i.Quantity
	}
	for _, l := range licenses {
		for n := range l.Quantity {
			var to []int
			at := 0
			for _, i := range installations {
				for range i.Quantity {
					if l.Product.Family == i.Product.Family && oracleCovers(l.Product.Version, n < l.SA, i.Product.Version, o) {
						to = append(to, at)
					}
					at++
				}
			}
			edges = append(edges, to)
		}
	}
	return matched(edges, installed)
}

// matched returns the largest number of places that can be filled, each by one of the suppliers
// that have it among their places.
func matched(edges [][]int, installed int) int {
	covering := make([]int, installed) // index of the covering licence plus one
	var place func(license int, tried []bool) bool
	place = func(license int, tried []bool) bool {
		for _, i := range edges[license] {
			if tried[i] {
				continue
			}
			tried[i] = true
			if covering[i] == 0 || place(covering[i]-1, tried) {
				covering[i] = license + 1
				return true
			}
		}
		return false
	}
	covered := 0
	for license := range edges {
		if place(license, make([]bool, installed)) {
			covered++
		}
	}
	return covered
}

// drawSome draws lines of families and versions.
func drawSome(kind SourceKind, families, versions []string) *rapid.Generator[[]Line] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Line {
		l := Line{
			Product:  Product{Publisher: "Microsoft", Family: rapid.SampledFrom(families).Draw(t, "family"), Version: rapid.SampledFrom(versions).Draw(t, "version")},
			Quantity: rapid.IntRange(0, 3).Draw(t, "quantity"), Source: Source{Kind: kind, ID: rapid.StringMatching("[a-z]{3}").Draw(t, "id")},
		}
		if kind == KindInventory {
			l.Users = rapid.IntRange(0, 2).Draw(t, "users")
		} else {
			l.SA = rapid.IntRange(0, l.Quantity).Draw(t, "sa")
		}
		return l
	}), 0, 8)
}

func drawLines(kind SourceKind) *rapid.Generator[[]Line] {
	return drawSome(kind, []string{"A", "A", "B"}, allVersions)
}

func drawOptions(t *rapid.T) Options {
	return Options{
		NoPrefix:    rapid.Bool().Draw(t, "no prefix"),
		NoDowngrade: rapid.Bool().Draw(t, "no downgrade"),
		NoAssurance: rapid.Bool().Draw(t, "no assurance"),

		NoUnversioned: rapid.Bool().Draw(t, "no unversioned"),
	}
}

func drawLicense(t *rapid.T) []Line {
	kind := rapid.SampledFrom([]SourceKind{KindPair, KindStatement, KindAgreement}).Draw(t, "kind")
	return drawLines(kind).Draw(t, "licenses")
}

func total(rows []Row) (t Totals) {
	for i := range rows {
		t.Add(&rows[i])
	}
	return t
}

// TestConservation checks that the numbers of a row are the sums of its lines and moves, and that
// the totals equal the input.
func TestConservation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		licenses := slices.Concat(drawLicense(t), drawLicense(t))
		installations := drawLines(KindInventory).Draw(t, "installations")
		o := drawOptions(t)
		rows := Compute(empty, licenses, installations, o)

		sum := func(lines []Line) (n int) {
			for _, l := range lines {
				n += l.Quantity
			}
			return n
		}
		for _, r := range rows {
			in, out := 0, 0
			for _, m := range r.Moves {
				if (m.From == r.Product) == (m.To == r.Product) || m.Quantity <= 0 || m.Step == StepExact {
					t.Fatalf("%+v moves %+v", r.Product, m)
				}
				if m.To == r.Product {
					in += m.Quantity
				} else {
					out += m.Quantity
				}
			}
			for name, equal := range map[string][2]int{
				"owned is its lines":         {r.Owned, sum(r.Licenses)},
				"owned by kind":              {r.Owned, r.Pairs + r.Statements + r.Agreements},
				"owned by type":              {r.Owned, r.Volume + r.Other},
				"needed is its lines":        {r.Needed, sum(r.Installations)},
				"in is its moves":            {r.In.Total(), in},
				"out is its moves":           {r.Out.Total(), out},
				"owned is used and surplus":  {r.Owned, r.Used() + r.Surplus},
				"needed is covered or short": {r.Needed, r.Covered + r.Shortfall},
				"the waterfall":              {r.Owned + in - out - r.Needed, r.Surplus - r.Shortfall},
				"own licences in use":        {r.Used() - out, r.Covered - in},
			} {
				if equal[0] != equal[1] {
					t.Fatalf("%s: %d and %d of %+v", name, equal[0], equal[1], r)
				}
			}
			if min(r.Owned, r.Needed, r.Covered, r.Surplus, r.Shortfall, r.Used()-out) < 0 || r.Owned+r.Needed == 0 {
				t.Fatalf("%+v", r)
			}
		}
		got := total(rows)
		if got.Owned != sum(licenses) || got.Needed != sum(installations) || got.Used != got.Covered ||
			got.Owned != got.Used+got.Surplus || got.Needed != got.Covered+got.Shortfall || got.Products != len(rows) ||
			got.CoveredProducts+got.ShortProducts+got.UnusedProducts+got.UnlicensedProducts != len(rows) {
			t.Fatalf("%+v", got)
		}
	})
}

// TestOracle compares the number of covered installations with an independent search, and checks
// every move.
func TestOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		licenses, installations, o := drawLicense(t), drawLines(KindInventory).Draw(t, "installations"), drawOptions(t)
		rows := Compute(empty, licenses, installations, o)
		if got, want := total(rows).Covered, oracleCovered(licenses, installations, o); got != want {
			t.Fatalf("%d covered, %d are possible\n%v", got, want, told(rows))
		}
		for _, r := range rows {
			for _, m := range r.Moves {
				if !oracleCovers(m.From.Version, true, m.To.Version, o) {
					t.Fatalf("%+v is not allowed", m)
				}
			}
		}
	})
}

// TestOrderDoesNotMatter checks that the result does not depend on the order of the input.
func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		licenses, installations, o := drawLicense(t), drawLines(KindInventory).Draw(t, "installations"), drawOptions(t)
		want := Compute(empty, licenses, installations, o)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		for _, lines := range [][]Line{licenses, installations} {
			r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		}
		if diff := cmp.Diff(want, Compute(empty, licenses, installations, o)); diff != "" {
			t.Fatalf("-want +shuffled:\n%s", diff)
		}
	})
}

// TestMonotonicity checks that one more licence does not increase any shortfall, and that
// disabling a step does not decrease the total shortfall.
func TestMonotonicity(t *testing.T) {
	t.Parallel()
	shortfalls := func(rows []Row) map[string]int {
		m := map[string]int{}
		for _, r := range rows {
			m[r.Product.Family+"@"+r.Product.Version] = r.Shortfall
		}
		return m
	}
	rapid.Check(t, func(t *rapid.T) {
		licenses, installations, o := drawLicense(t), drawLines(KindInventory).Draw(t, "installations"), drawOptions(t)
		before := Compute(empty, licenses, installations, o)

		more := Line{
			Product:  Product{Publisher: "Microsoft", Family: "A", Version: rapid.SampledFrom(allVersions).Draw(t, "one more")},
			Quantity: 1, SA: rapid.IntRange(0, 1).Draw(t, "assured"), Source: Source{Kind: KindPair, ID: "more"},
		}
		was := shortfalls(before)
		for product, after := range shortfalls(Compute(empty, append(slices.Clone(licenses), more), installations, o)) {
			if after > was[product] {
				t.Fatalf("%s is %d short, and was %d before one more of %q", product, after, was[product], more.Product.Version)
			}
		}

		for step, off := range withoutOne(o) {
			if got, with := total(Compute(empty, licenses, installations, off)).Shortfall, total(before).Shortfall; got < with {
				t.Fatalf("without %s %d are short, with it %d", step, got, with)
			}
		}
	})
}

// BenchmarkManyVersions computes a product with very many detected versions.
func BenchmarkManyVersions(b *testing.B) {
	var licenses, installations []Line
	for i := range 20 {
		licenses = append(licenses, Line{Product: Product{Family: "A", Version: fmt.Sprint(1000 * i)}, Quantity: 100, SA: 50})
	}
	for i := range 20_000 {
		installations = append(installations, Line{Product: Product{Family: "A", Version: fmt.Sprint(i, ".1")}, Quantity: 1})
	}
	for b.Loop() {
		Compute(empty, licenses, installations, Options{})
	}
}

// withoutOne returns the options with one more step disabled, for each step.
func withoutOne(o Options) map[Step]Options {
	without := map[Step]Options{}
	for step, off := range map[Step]func(*Options){
		StepUnversioned: func(o *Options) { o.NoUnversioned = true }, StepPrefix: func(o *Options) { o.NoPrefix = true }, StepDowngrade: func(o *Options) { o.NoDowngrade = true },
		StepUpgrade:   func(o *Options) { o.NoUpgrade = true },
		StepAssurance: func(o *Options) { o.NoAssurance = true }, StepEdition: func(o *Options) { o.NoEdition = true },
		StepInclude: func(o *Options) { o.NoInclude = true }, StepCandidate: func(o *Options) { o.NoCandidate = true },
	} {
		changed := o
		off(&changed)
		without[step] = changed
	}
	return without
}
