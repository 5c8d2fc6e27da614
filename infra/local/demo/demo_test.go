package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/entitlement/statement"
	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/product/builtin"
)

// The report that the demo calculates itself must equal the result of package position
// for the same files, so that the demo expects correct numbers of the system.
func TestExpectedReportEqualsTheDomain(t *testing.T) {
	t.Parallel()
	calendar := day.Calendar{Today: "2026-11-22"}
	var lines []position.Line

	var pairs []agreement.Pair
	for _, f := range agreementFiles() {
		pairs = append(pairs, pairsOf(t, f)...)
	}
	if want := 3 + 2 + 1 + agencies; len(pairs) != want {
		t.Errorf("%d pairs, want %d", len(pairs), want)
	}
	var statements []entitlement.Statement
	for _, f := range statementFiles() {
		read := statement.ReadFile(f.body, statement.Options{Name: f.key, Date: calendar.Today})
		if read.Refused || read.Rejected > 0 || len(read.Findings) > 0 {
			t.Errorf("%s: %+v", f.key, read.Findings)
		}
		statements = append(statements, read.Statement)
	}
	held := entitlement.Attribute(statements, pairs)
	if len(held.Unmatched) > 0 {
		t.Errorf("lines of no agreement: %v", held.Unmatched)
	}
	add := func(e entitlement.Entitlement, kind position.SourceKind) {
		if l, counts := position.Entitled(builtin.Load(), e, position.Source{Kind: kind}, "", calendar); counts {
			lines = append(lines, l)
		}
	}
	for _, of := range held.ByPair {
		for _, e := range of {
			add(e, position.KindPair)
		}
	}
	for _, e := range slices.Concat(held.Whole, held.General) {
		add(e, position.KindStatement)
	}
	for _, o := range others() {
		l, counts := position.Bought(builtin.Load(), agreement.Agreement{
			Type: agreement.TypeOther,
			Terms: agreement.Terms{
				Publisher: o.publisher, ProductTitle: o.title, Licenses: o.licenses,
				Start: day.Date(o.start), End: day.Date(o.end),
			},
		}, calendar)
		if counts != o.counts() {
			t.Errorf("%s counts: %v", o.name, counts)
		}
		if counts {
			lines = append(lines, l)
		}
	}

	fleet := machines(products())
	f, rows, err := inventoryFile(fleet)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := inventory.NewRules(nil, []inventory.Choices{decided(t)})
	if err != nil {
		t.Fatal(err)
	}
	tally, err := inventory.Read(context.Background(), bytes.NewReader(f.body), inventory.Options{Rules: rules, Scratch: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if summary := tally.Summary(); summary.Devices != pcs {
		t.Errorf("%d PCs in %d rows", summary.Devices, rows)
	}

	var got []expected
	for _, r := range position.Compute(builtin.Load(), lines, tally.Lines(), position.Options{}) {
		name := r.Product.Name()
		if r.Product.Version != "" {
			name += " " + r.Product.Version
		}
		got = append(got, expected{
			Publisher: r.Product.Publisher, Product: name, Licenses: r.Owned, Installed: r.Needed,
			MovedIn: r.In.Total(), MovedOut: r.Out.Total(), Surplus: r.Surplus, Shortfall: r.Shortfall, Verdict: string(r.Verdict),
		})
	}
	sortRows(got)
	if diff := cmp.Diff(got, expectedReport(fleet)); diff != "" {
		t.Errorf("(-domain +expectedReport):\n%s", diff)
	}
}

// The report has products with every verdict.
func TestEveryVerdictIsThere(t *testing.T) {
	t.Parallel()
	counts := verdicts(expectedReport(machines(products())))
	for _, v := range position.Verdicts {
		if counts[string(v)] < 1 || v.Counted() && counts[string(v)] < 2 {
			t.Errorf("%s: %d products", v, counts[string(v)])
		}
	}
}

// compare reports every difference.
func TestCompareSeesWhatIsWrong(t *testing.T) {
	t.Parallel()
	want := expectedReport(machines(products()))
	right := func() installations {
		var r installations
		for _, w := range want {
			r.Rows = append(r.Rows, installation{
				Publisher: w.Publisher, Product: w.Product, Licenses: w.Licenses, Installed: w.Installed,
				MovedIn: w.MovedIn, MovedOut: w.MovedOut, Surplus: w.Surplus, Shortfall: w.Shortfall, Verdict: w.Verdict,
			})
		}
		return r
	}
	if wrong := compare(want, right()); wrong != nil {
		t.Errorf("%v", wrong)
	}
	for name, spoil := range map[string]func(*installations){
		"one missing":      func(r *installations) { r.Rows = r.Rows[1:] },
		"one too many":     func(r *installations) { r.Rows = append(r.Rows, installation{Publisher: "Contoso", Product: "Else"}) },
		"a PC more":        func(r *installations) { r.Rows[3].Installed++ },
		"a licence less":   func(r *installations) { r.Rows[5].Licenses-- },
		"another verdict":  func(r *installations) { r.Rows[7].Verdict = "fine" },
		"stale":            func(r *installations) { r.Stale = true },
		"only a page":      func(r *installations) { r.NextCursor = "next" },
		"a move forgotten": func(r *installations) { r.Rows[2].MovedIn++ },
	} {
		r := right()
		spoil(&r)
		if compare(want, r) == nil {
			t.Errorf("%s: not seen", name)
		}
	}
}

func TestItIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	first, n, err := inventoryFile(machines(products()))
	if err != nil {
		t.Fatal(err)
	}
	second, m, err := inventoryFile(machines(products()))
	if err != nil {
		t.Fatal(err)
	}
	if n != m || !bytes.Equal(first.body, second.body) {
		t.Errorf("%d and %d rows, %d and %d bytes", n, m, len(first.body), len(second.body))
	}
}

// decided returns the decision that the demo makes through the API.
func decided(t *testing.T) inventory.Choices {
	t.Helper()
	var body struct {
		Choices []struct {
			Versions string
			Kind     inventory.Kind
			Product  position.Product
		}
	}
	if err := json.Unmarshal([]byte(acrobatDecision), &body); err != nil {
		t.Fatal(err)
	}
	made := inventory.Choices{ID: acrobat}
	for _, c := range body.Choices {
		made.All = append(made.All, inventory.Choice(c))
	}
	return made
}

// pairsOf returns the pairs in a CSV file of agreements.
func pairsOf(t *testing.T, f file) (pairs []agreement.Pair) {
	t.Helper()
	read := pairfile.Read(f.body, pairfile.Options{FileName: f.name(), Limits: agreement.Limits{PairMaxChars: 16}})
	if read.Rejected > 0 || len(read.Rows) == 0 {
		t.Fatalf("%s: %+v", f.key, read.Findings)
	}
	for _, row := range read.Rows {
		pairs = append(pairs, row.Pair)
	}
	return pairs
}

// The story of the year names what the demo has, so that none of it is without effect.
func TestStoryIsAboutTheDemo(t *testing.T) {
	t.Parallel()
	there := map[string]bool{"": true}
	for _, p := range products() {
		there[strings.TrimSpace(p.name+" "+p.version)] = true
	}
	for _, g := range summary() {
		there[strings.TrimSpace(g.family+" "+g.version)] = true
	}
	for _, o := range others() {
		there[o.name] = true
	}
	for i := range agencies {
		there[fmt.Sprintf("Agency %02d", i+1)] = true
	}
	suites, extras, rooms := subscriptions()
	for _, b := range slices.Concat(suites, extras, rooms) {
		there[b.name] = true
	}
	s := story()
	names := slices.Concat(slices.Collect(maps.Keys(s.Installed)), slices.Collect(maps.Keys(s.Licences)), slices.Collect(maps.Keys(s.Agreements)), slices.Collect(maps.Keys(s.Subscriptions)))
	for _, name := range names {
		if !there[name] {
			t.Errorf("the demo has no %q", name)
		}
	}
	if len(s.Agreements) != 2+joined {
		t.Errorf("%d agreements are added", len(s.Agreements))
	}
}
