package position

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement"
	"trueup/internal/product"
)

// empty is a dictionary that knows no product.
var empty = product.New(product.Data{})

// lines parses lines in the form "quantity name@version" or "PCs/users name@version", followed by
// "+SA" if all licences of the line have Software Assurance.
func lines(kind SourceKind, written ...string) []Line {
	var lines []Line
	for i, w := range written {
		l := Line{Source: Source{Kind: kind, ID: fmt.Sprint(kind, i), Text: w}}
		w, assured := strings.CutSuffix(w, "+SA")
		quantity, product, _ := strings.Cut(w, " ")
		quantity, users, _ := strings.Cut(quantity, "/")
		if _, err := fmt.Sscan(quantity, &l.Quantity); err != nil {
			panic(err)
		}
		_, _ = fmt.Sscan(users, &l.Users)
		l.Product.Publisher = "Microsoft"
		l.Product.Family, l.Product.Version, _ = strings.Cut(product, "@")
		if assured {
			l.SA = l.Quantity
		}
		lines = append(lines, l)
	}
	return lines
}

// told returns rows as text, with the products of moves and what is outside the totals.
func told(rows []Row) []string {
	named := func(p Product) string { return strings.TrimSuffix(p.Name()+"@"+p.Version, "@") }
	by := func(m Move) string {
		if m.Quantity == m.Covered {
			return ""
		}
		return fmt.Sprintf(" by %d", m.Quantity)
	}
	var s []string
	for _, r := range rows {
		w := fmt.Sprintf("%s: %d owned", named(r.Product), r.Owned)
		for _, m := range r.Moves {
			switch {
			case m.To == r.Product:
				w += fmt.Sprintf(", +%d%s %s from %s", m.Covered, by(m), m.Step, named(m.From))
			case m.Suite:
				w += fmt.Sprintf(", %d %s for %s", m.Quantity, m.Step, named(m.To))
			default:
				w += fmt.Sprintf(", -%d %s to %s", m.Quantity, m.Step, named(m.To))
			}
		}
		w += fmt.Sprintf(", %d needed", r.Needed)
		if r.Measure == MeasureUsers && r.Needed > 0 {
			w += " by users"
		}
		s = append(s, fmt.Sprintf("%s: %+d-%d %s", w, r.Surplus, r.Shortfall, r.Verdict))
	}
	return s
}

// computing is a case of Compute: lines as text, and the rows as text.
type computing struct {
	name                    string
	licenses, installations []string
	options                 Options
	want                    []string
}

// compute compares the rows of each case, and checks that the sum of each row closes.
func compute(t *testing.T, d *product.Dictionary, cases []computing) {
	t.Helper()
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rows := Compute(d, lines(KindPair, test.licenses...), lines(KindInventory, test.installations...), test.options)
			if diff := cmp.Diff(test.want, told(rows)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			for i := range rows {
				if r := &rows[i]; r.Owned+r.In.Total()-r.Out.Total()-r.Needed+r.Uncounted != r.Surplus-r.Shortfall || r.Verdict.Counted() && r.Uncounted != 0 {
					t.Errorf("the sum of %+v", r)
				}
			}
		})
	}
}

func TestCompute(t *testing.T) {
	t.Parallel()
	compute(t, empty, []computing{
		{name: "nothing"},
		{
			name:     "R8.2 each verdict",
			licenses: []string{"5 A@2021", "5 B@2021", "5 C@2021", "0 E@2021"}, installations: []string{"5 A@2021", "6 B@2021", "1 D@2021", "0 F@1"},
			want: []string{
				"A@2021: 5 owned, 5 needed: +0-0 covered", "B@2021: 5 owned, 6 needed: +0-1 short",
				"C@2021: 5 owned, 0 needed: +5-0 unused", "D@2021: 0 owned, 1 needed: +0-1 unlicensed",
			},
		},
		{
			name:     "case and spacing do not count",
			licenses: []string{"2 Office  Professional PLUS@2021"}, installations: []string{"1  office professional plus@2021", "1 Office Professional Plus@2021"},
			want: []string{"Office  Professional PLUS@2021: 2 owned, 2 needed: +0-0 covered"},
		},
		{
			name:     "nor does a publisher at the front of a name",
			licenses: []string{"2 Microsoft 365 Apps@"}, installations: []string{"1 365 apps@", "1 MICROSOFT 365 Apps@", "1 Microsoft@"},
			want: []string{"Microsoft 365 Apps: 2 owned, 2 needed: +0-0 covered", "Microsoft: 0 owned, 1 needed: +0-1 unlicensed"},
		},
		{
			name:     "version prefix",
			licenses: []string{"3 A@2.05", "3 B@2"}, installations: []string{"2 A@2.05.1234", "1 A@2.051", "2 B@2.1", "2 B@2.2", "1 B@20.1"},
			want: []string{
				"A@2.05: 3 owned, -2 prefix to A@2.05.1234, 0 needed: +1-0 covered",
				"A@2.05.1234: 0 owned, +2 prefix from A@2.05, 2 needed: +0-0 covered",
				"A@2.051: 0 owned, 1 needed: +0-1 unlicensed",
				"B@2: 3 owned, -1 prefix to B@2.1, -2 prefix to B@2.2, 0 needed: +0-0 covered",
				"B@2.1: 0 owned, +1 prefix from B@2, 2 needed: +0-1 short",
				"B@2.2: 0 owned, +2 prefix from B@2, 2 needed: +0-0 covered",
				"B@20.1: 0 owned, 1 needed: +0-1 unlicensed",
			},
		},
		{
			name:     "version prefix switched off",
			licenses: []string{"3 A@2.05"}, installations: []string{"2 A@2.05.1234"}, options: Options{NoPrefix: true},
			want: []string{"A@2.05: 3 owned, 0 needed: +3-0 unused", "A@2.05.1234: 0 owned, 2 needed: +0-2 unlicensed"},
		},
		{
			name:     "the most specific licence first",
			licenses: []string{"1 A@2", "1 A@2.05", "1 A@"}, installations: []string{"2 A@2.05.1"},
			want: []string{
				"A: 1 owned, 0 needed: +1-0 unused", "A@2: 1 owned, -1 prefix to A@2.05.1, 0 needed: +0-0 covered",
				"A@2.05: 1 owned, -1 prefix to A@2.05.1, 0 needed: +0-0 covered",
				"A@2.05.1: 0 owned, +1 prefix from A@2, +1 prefix from A@2.05, 2 needed: +0-0 covered",
			},
		},
		{
			name:     "a surplus of a newer version covers older ones, the next one first",
			licenses: []string{"5 A@LTSC 2024", "2 A@2021", "1 A@2016"}, installations: []string{"3 A@LTSC 2024", "3 A@2019", "1 A@2021"},
			want: []string{
				"A@2016: 1 owned, 0 needed: +1-0 unused",
				"A@2019: 0 owned, +1 downgrade from A@2021, +2 downgrade from A@LTSC 2024, 3 needed: +0-0 covered",
				"A@2021: 2 owned, -1 downgrade to A@2019, 1 needed: +0-0 covered",
				"A@LTSC 2024: 5 owned, -2 downgrade to A@2019, 3 needed: +0-0 covered",
			},
		},
		{
			name:     "downgrade switched off",
			licenses: []string{"5 A@2024"}, installations: []string{"3 A@2019"}, options: Options{NoDowngrade: true},
			want: []string{"A@2019: 0 owned, 3 needed: +0-3 unlicensed", "A@2024: 5 owned, 0 needed: +5-0 unused"},
		},
		{
			name:     "R2 is a release of its own",
			licenses: []string{"1 A@2012", "1 B@2012 R2"}, installations: []string{"1 A@2012 R2", "1 B@2012"},
			want: []string{
				"A@2012: 1 owned, 0 needed: +1-0 unused", "A@2012 R2: 0 owned, 1 needed: +0-1 unlicensed",
				"B@2012: 0 owned, +1 downgrade from B@2012 R2, 1 needed: +0-0 covered", "B@2012 R2: 1 owned, -1 downgrade to B@2012, 0 needed: +0-0 covered",
			},
		},
		{
			name:     "an order that is not known is no downgrade",
			licenses: []string{"1 A@2019", "1 B@2019+SA"}, installations: []string{"1 A@16.0", "1 B@XP"},
			want: []string{
				"A@16.0: 0 owned, 1 needed: +0-1 unlicensed", "A@2019: 1 owned, 0 needed: +1-0 unused",
				"B@2019: 1 owned, 0 needed: +1-0 unused", "B@XP: 0 owned, 1 needed: +0-1 unlicensed",
			},
		},
		{
			name:     "other editions and families cover nothing",
			licenses: []string{"9 Office Standard@2021", "9 Visio Professional@2021"}, installations: []string{"1 Office Professional@2021", "1 Office@2021"},
			want: []string{
				"Office@2021: 0 owned, 1 needed: +0-1 unlicensed", "Office Professional@2021: 0 owned, 1 needed: +0-1 unlicensed",
				"Office Standard@2021: 9 owned, 0 needed: +9-0 unused", "Visio Professional@2021: 9 owned, 0 needed: +9-0 unused",
			},
		},
		{
			name:     "Software Assurance covers newer versions",
			licenses: []string{"2 A@2019+SA", "2 A@2019"}, installations: []string{"1 A@2019", "3 A@2024"},
			want: []string{
				"A@2019: 4 owned, -2 assurance to A@2024, 1 needed: +1-0 covered",
				"A@2024: 0 owned, +2 assurance from A@2019, 3 needed: +0-1 short",
			},
		},
		{
			name:     "Software Assurance switched off",
			licenses: []string{"2 A@2019+SA"}, installations: []string{"1 A@2024"}, options: Options{NoAssurance: true},
			want: []string{"A@2019: 2 owned, 0 needed: +2-0 unused", "A@2024: 0 owned, 1 needed: +0-1 unlicensed"},
		},
		{
			name:     "licences are rearranged when that covers more",
			licenses: []string{"1 A@2019+SA", "1 A@2021"}, installations: []string{"1 A@2019", "1 A@2024"},
			want: []string{
				"A@2019: 1 owned, +1 downgrade from A@2021, -1 assurance to A@2024, 1 needed: +0-0 covered",
				"A@2021: 1 owned, -1 downgrade to A@2019, 0 needed: +0-0 covered",
				"A@2024: 0 owned, +1 assurance from A@2019, 1 needed: +0-0 covered",
			},
		},
		{
			name:     "and left where they are when it does not",
			licenses: []string{"1 A@2019+SA", "1 A@2021"}, installations: []string{"1 A@2019"},
			want: []string{"A@2019: 1 owned, 1 needed: +0-0 covered", "A@2021: 1 owned, 0 needed: +1-0 unused"},
		},
	})
}

// TestSources checks R8.3: a row lists the lines of all its numbers.
func TestSources(t *testing.T) {
	t.Parallel()
	pair := lines(KindPair, "3 Office@2021")[0]
	statement := lines(KindStatement, "2 office@2021+SA")[0]
	bought := lines(KindAgreement, "4 OFFICE@2021")[0]
	foreign := lines(KindStatement, "7 Acrobat@2020")[0]
	foreign.Product.Publisher = "Adobe"
	titles := lines(KindInventory, "5 Office@2021", "1 Office @2021")

	rows := Compute(empty, []Line{bought, foreign, statement, pair}, titles, Options{})
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	want := Row{
		Product: bought.Product, Owned: 9, Pairs: 3, Statements: 2, Agreements: 4, Volume: 5, Other: 4, SA: 2,
		Quantities: []Quantity{{Licenses: 9}}, Needed: 6, Measure: MeasureDevices, Covered: 6, Surplus: 3, Verdict: VerdictCovered,
		Licenses: []Line{bought, pair, statement}, Installations: []Line{titles[0], titles[1]},
	}
	if diff := cmp.Diff(want, rows[1]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := rows[0]; got.Statements != 7 || got.Other != 7 || got.Volume != 0 {
		t.Errorf("a statement of another publisher counts as %+v", got)
	}
	if got := pair.Type(); got != agreement.TypeVolume {
		t.Errorf("a pair's licences are %s", got)
	}
}
