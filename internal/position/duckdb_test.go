package position

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// duckdbLine is an input line of testdata/duckdb.mjs.
type duckdbLine struct {
	Org       int    `json:"org"`
	Side      string `json:"side"`
	Publisher string `json:"publisher"`
	Name      string `json:"name"`
	Version   string `json:"version"`
	Quantity  int    `json:"quantity"`
}

// duckdbRow is an output row of testdata/duckdb.mjs.
type duckdbRow struct {
	Org       int     `json:"org"`
	Publisher string  `json:"publisher"`
	Name      string  `json:"name"`
	Version   string  `json:"version"`
	Owned     int     `json:"owned"`
	Needed    int     `json:"needed"`
	Covered   int     `json:"covered"`
	Surplus   int     `json:"surplus"`
	Shortfall int     `json:"shortfall"`
	Verdict   Verdict `json:"verdict"`
}

type duckdbShortfall struct {
	Org       int `json:"org"`
	Shortfall int `json:"shortfall"`
}

// The words of random organisations. Each inner list has the spellings of one word. Some accents
// are combining characters.
var (
	spelledPublishers = [][]string{{"Microsoft", "MICROSOFT", " microsoft  "}, {"ジャストシステム"}, {"Éditions Müller", "E\u0301DITIONS Mu\u0308ller"}, {"Лаборатория Касперского", "лаборатория касперского"}}
	spelledNames      = [][]string{{"Office Professional Plus", "office  professional plus", "Office\tProfessional Plus "}, {"一太郎"}, {"Visio Standard"}, {"Zoë's Réseau", "ZOE\u0308'S RE\u0301SEAU"}, {"%_'\"\\"}}
	spelledVersions   = [][]string{{"2016", " 2016"}, {"2019", "2019 "}, {"2021"}, {"2024"}, {""}, {"XP", "xp"}}
)

// organisation returns random lines. Some organisations have no lines on one side or on both.
func organisation(r *rand.Rand, org int) (lines []duckdbLine) {
	spelled := func(words [][]string) string {
		w := words[r.IntN(len(words))]
		return w[r.IntN(len(w))]
	}
	for _, side := range []string{"license", "installation"} {
		count := r.IntN(120)
		if org < 3 && (side == "license") == (org == 1) || org == 2 {
			count = 0
		}
		for range count {
			l := duckdbLine{org, side, spelled(spelledPublishers), spelled(spelledNames), spelled(spelledVersions), r.IntN(40)}
			lines = append(lines, l)
			if r.IntN(10) == 0 {
				lines = append(lines, l) // a duplicate
			}
		}
	}
	return lines
}

// runDuckDB runs a script with the input lines, and decodes what it writes. It skips the test if
// DuckDB is not there.
func runDuckDB(t *testing.T, script string, input, into any) {
	t.Helper()
	tools, err := filepath.Abs("../testkit/bench/duckdb/package.json")
	if err != nil {
		t.Fatal(err)
	}
	node, err := exec.LookPath("node")
	if err == nil {
		_, err = os.Stat(filepath.Join(filepath.Dir(tools), "node_modules", "@duckdb", "node-api"))
	}
	if err != nil {
		if os.Getenv("TRUEUP_REQUIRE_DUCKDB") != "" {
			t.Fatal(err)
		}
		t.Skipf("DuckDB is not there: %v; npm install in internal/testkit/bench/duckdb installs it, as make bench does", err)
	}
	written, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "lines.json")
	if err := os.WriteFile(file, written, 0o600); err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), node, script, tools, file).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%v: %s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	if err := json.Unmarshal(output, into); err != nil {
		t.Fatal(err)
	}
}

// TestDuckDB compares the positions of random organisations with DuckDB's SQL: every product with
// exact matching, and the total shortfall when newer versions cover older ones.
func TestDuckDB(t *testing.T) {
	t.Parallel()
	const organisations = 24
	r := rand.New(rand.NewPCG(4, 2026))
	all := make([][]Line, 2*organisations) // licences and installations of each organisation
	var input []duckdbLine
	for org := range organisations {
		lines := organisation(r, org)
		input = append(input, lines...)
		for _, l := range lines {
			line := Line{Product: Product{Publisher: l.Publisher, Family: l.Name, Version: l.Version}, Quantity: l.Quantity}
			at := 2 * org
			if l.Side == "installation" {
				at++
			}
			all[at] = append(all[at], line)
		}
	}
	var want struct {
		Rows       []duckdbRow       `json:"rows"`
		Shortfalls []duckdbShortfall `json:"shortfalls"`
	}
	runDuckDB(t, "testdata/duckdb.mjs", input, &want)
	if len(want.Rows) < 1000 {
		t.Errorf("DuckDB has only %d rows: is the test still about something?", len(want.Rows))
	}

	got := map[duckdbRow]bool{}
	shortfalls := map[int]int{}
	for org := range organisations {
		exact := Compute(empty, all[2*org], all[2*org+1], Options{NoPrefix: true, NoDowngrade: true, NoAssurance: true, NoUnversioned: true})
		for _, row := range exact {
			key := Key(row.Product)
			got[duckdbRow{org, key[0], key[1], key[2], row.Owned, row.Needed, row.Covered, row.Surplus, row.Shortfall, row.Verdict}] = true
		}
		if len(exact) > 0 {
			shortfalls[org] = total(Compute(empty, all[2*org], all[2*org+1], Options{NoPrefix: true, NoAssurance: true, NoUnversioned: true})).Shortfall
		}
	}
	wanted := map[duckdbRow]bool{}
	for _, row := range want.Rows {
		wanted[row] = true
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("rows (-DuckDB +position):\n%s", diff)
	}
	wantedShortfalls := map[int]int{}
	for _, s := range want.Shortfalls {
		wantedShortfalls[s.Org] = s.Shortfall
	}
	if diff := cmp.Diff(wantedShortfalls, shortfalls); diff != "" {
		t.Errorf("shortfalls with downgrade (-DuckDB +position):\n%s", diff)
	}
}
