package position

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/day"
)

// connectedLine is an input line of testdata/connected.mjs.
type connectedLine struct {
	Org      int      `json:"org"`
	Side     string   `json:"side"`
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Quantity int      `json:"quantity"`
	Users    int      `json:"users"`
	SA       int      `json:"sa"`
	Ended    day.Date `json:"ended"`

	Subscribed bool `json:"subscribed"`
}

// connectedRow is an output row of testdata/connected.mjs.
type connectedRow struct {
	Org         int    `json:"org"`
	Name        string `json:"name"`
	Version     string `json:"version"`
	Owned       int    `json:"owned"`
	Needed      int    `json:"needed"`
	Undecidable bool   `json:"undecidable"` // and installed
	Unmeasured  bool   `json:"unmeasured"`  // a licence that is not measured covers it
	PaperOnly   bool   `json:"paperonly"`   // not installed, and its licences are not measured
}

type connectedShortfall struct {
	Org       int    `json:"org"`
	Group     string `json:"grp"`
	Shortfall int    `json:"shortfall"`
}

// groupOf are the groups of connected products, as in testdata/connected.mjs.
var groupOf = map[string]string{
	"Apps": "suites", "Visio Professional": "suites", "Visio Standard": "suites", "E3": "suites", "E5": "suites", "Editor Pro": "suites", "Editor": "suites", "Editor Standard": "suites",
	"System Pro": "system", "System Lite": "system", "Bundle": "bundle", "Tile": "bundle", "Slate": "bundle",
	"CAL": "cal", "Mail Online": "mail", "CAL Suite": "agent", "Agent": "agent",
	"SQL Enterprise": "sql", "SQL Standard": "sql", "SQL Developer": "sql", "SQL": "sql",
}

// connectedOrganisation returns random lines of products of the small dictionary.
func connectedOrganisation(r *rand.Rand, org int) (all []connectedLine) {
	onPaper := []string{"Apps", "Visio Professional", "Visio Standard", "E3", "E5", "Editor Pro", "Editor Standard", "Editor", "System Pro", "System Pro", "System Lite", "Bundle", "Bundle", "Tile", "Slate", "CAL", "Mail Online", "CAL Suite", "Agent", "SQL Enterprise", "SQL Standard", "SQL Developer"}
	onPCs := []string{"Apps", "Visio Professional", "Visio Standard", "Editor Pro", "Editor Standard", "Editor", "System Pro", "System Pro", "System Lite", "Tile", "Tile", "Slate", "Agent", "SQL Enterprise", "SQL Standard", "SQL Developer", "SQL", "Mail Online"}
	version := func(name string) string {
		switch name {
		case "Tile":
			return []string{"", "A", "B", "C"}[r.IntN(4)]
		case "Slate":
			return []string{"", "J", "K"}[r.IntN(3)]
		}
		return years[r.IntN(len(years))]
	}
	for range r.IntN(20) {
		name := onPaper[r.IntN(len(onPaper))]
		l := connectedLine{Org: org, Side: "license", Name: name, Version: version(name), Quantity: r.IntN(12), Subscribed: r.IntN(5) == 0}
		l.SA = r.IntN(l.Quantity + 1)
		l.Ended = []day.Date{"", "", "2019-12-31", "2020-06-30"}[r.IntN(4)]
		all = append(all, l)
	}
	for _, l := range all {
		if r.IntN(4) == 0 {
			all = append(all, connectedLine{Org: org, Side: "adjustment", Name: l.Name, Version: l.Version, Quantity: r.IntN(16) - 10})
		}
	}
	for range r.IntN(20) {
		name := onPCs[r.IntN(len(onPCs))]
		all = append(all, connectedLine{Org: org, Side: "installation", Name: name, Version: version(name), Quantity: r.IntN(12), Users: max(0, r.IntN(12)-4)})
	}
	return all
}

// TestDuckDBConnected compares the positions of random organisations with DuckDB's SQL: what is
// owned and needed, what is not measured or undecided, and the least that can be short, with every step
// and with adjustments. A suite has other versions of what it includes, and in some of its versions it does
// not include it.
func TestDuckDBConnected(t *testing.T) {
	t.Parallel()
	const organisations = 60
	r := rand.New(rand.NewPCG(11, 2026))
	var input []connectedLine
	licenses, installations := make([][]Line, organisations), make([][]Line, organisations)
	for org := range organisations {
		for _, l := range connectedOrganisation(r, org) {
			input = append(input, l)
			line := Line{Product: Product{Publisher: "Microsoft", Family: l.Name, Version: l.Version}, Quantity: l.Quantity, Users: l.Users, SA: l.SA, SAEnded: l.Ended, Subscription: l.Subscribed}
			switch l.Side {
			case "license":
				line.Source.Kind = KindPair
				licenses[org] = append(licenses[org], line)
			case "adjustment":
				line.Source.Kind = KindAdjustment
				licenses[org] = append(licenses[org], line)
			default:
				installations[org] = append(installations[org], line)
			}
		}
	}
	var want struct {
		Rows       []connectedRow       `json:"rows"`
		Shortfalls []connectedShortfall `json:"shortfalls"`
	}
	runDuckDB(t, "testdata/connected.mjs", input, &want)

	type key struct {
		org           int
		name, version string
	}
	rows := map[key]connectedRow{}
	for _, row := range want.Rows {
		rows[key{row.Org, row.Name, row.Version}] = row
	}
	verdicts := map[Verdict]int{}
	shortfalls := map[connectedShortfall]int{} // by organisation and group, without the number
	for org := range organisations {
		for _, got := range Compute(small, licenses[org], installations[org], Options{}) {
			k := key{org, got.Product.Name(), got.Product.Version}
			row, ok := rows[k]
			delete(rows, k)
			if !ok || got.Owned != row.Owned || got.Needed != row.Needed {
				t.Errorf("%+v: %d owned, %d needed; DuckDB has %+v", k, got.Owned, got.Needed, row)
			}
			open := got.Needed > got.Covered
			if measured := !row.PaperOnly && !(row.Unmeasured && open); measured == (got.Verdict == VerdictNotMeasured) {
				t.Errorf("%+v is %s with %d of %d covered; DuckDB has %+v", k, got.Verdict, got.Covered, got.Needed, row)
			}
			if undecided := row.Undecidable && open && !row.Unmeasured; undecided != (got.Verdict == VerdictUndecided) {
				t.Errorf("%+v is %s with %d of %d covered; DuckDB has %+v", k, got.Verdict, got.Covered, got.Needed, row)
			}
			verdicts[got.Verdict]++
			if group := (connectedShortfall{Org: org, Group: groupOf[k.name]}); isDemand(k.name) {
				shortfalls[group] += got.Needed - got.Covered
			}
		}
	}
	if len(rows) > 0 {
		t.Errorf("only DuckDB has %+v", rows)
	}
	least := map[connectedShortfall]int{}
	for _, s := range want.Shortfalls {
		least[connectedShortfall{Org: s.Org, Group: s.Group}] = s.Shortfall
	}
	for group, n := range shortfalls {
		if n != least[group] {
			t.Errorf("%+v: %d short, DuckDB has %d", group, n, least[group])
		}
	}
	for _, verdict := range Verdicts {
		if verdicts[verdict] < 10 {
			t.Errorf("%d products are %s: is the test still about something?", verdicts[verdict], verdict)
		}
	}
	if diff := cmp.Diff(true, len(want.Shortfalls) > organisations); diff != "" {
		t.Errorf("DuckDB has only %d groups", len(want.Shortfalls))
	}
}

// isDemand reports whether installations of a product are matched with licences: those of cores
// are not.
func isDemand(name string) bool { return name != "SQL Enterprise" && name != "SQL Standard" }
