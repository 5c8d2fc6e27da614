package source_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"trueup/internal/product"
	"trueup/internal/product/source"
)

// good is a data file without faults.
const good = `
- publisher: Contoso
  families:
  - family: Planner
    metric: device
    versions: major
    source: general knowledge
    products:
    - {id: contoso-planner, anywhere: true, installed: ["contoso planner {number}"], paper: [Planner], takes: [Contoso Planner 4.2], leaves: [Contoso Planner Pages 4]}
  noise:
  - {id: contoso-pages, kind: free, name: "contoso planner pages *", takes: [Contoso Planner Pages 4], leaves: [Contoso Planner 4.2]}
`

// TestCheckFindsFaultsR5_0 plants one fault at a time: packing must name it.
func TestCheckFindsFaultsR5_0(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ old, new, want string }{
		"none":                          {"", "", ""},
		"no example":                    {"takes: [Contoso Planner 4.2]", "takes: []", "needs a title that it takes"},
		"no near miss":                  {"leaves: [Contoso Planner Pages 4]", "leaves: []", "needs a title that it leaves"},
		"a title that is no near miss":  {"leaves: [Contoso Planner Pages 4]}\n  noise", "leaves: [Fabrikam Desk 4]}\n  noise", "it needs a near miss"},
		"takes the example of others":   {"contoso planner {number}", "contoso planner*", "contoso-planner: it takes"},
		"an id twice":                   {"id: contoso-pages", "id: contoso-planner", "used twice"},
		"no name on paper":              {"paper: [Planner]", "paper: []", "needs a name on paper"},
		"an unknown metric":             {"metric: device", "metric: desk", "metric"},
		"an undecidable row alone":      {"anywhere: true", "kind: undecidable", "candidates"},
		"an address without a scheme":   {"source: general knowledge", "source: example.org", "neither an address"},
		"a bad pattern":                 {"contoso planner {number}", "[contoso {word}|contoso planner {number}]", "not a pattern"},
		"nested alternatives":           {"contoso planner {number}", "[contoso [|x]] planner", "alternatives in alternatives"},
		"a spelling of two publishers":  {"- publisher: Contoso", "- publisher: Fabrikam\n  spellings: [Contoso Ltd]\n- publisher: Contoso", "belongs to Fabrikam as well"},
		"a part of no row":              {"kind: free,", "kind: component, of: contoso-drawer,", "which is no row"},
		"two products of one name":      {"    - {id: contoso-planner,", "    - {id: planner, paper: [Plan]}\n    - {id: contoso-planner,", "it has the name of planner"},
		"a name that repeats a word":    {"{id: contoso-planner,", "{id: contoso-planner, edition: Planners Pro,", `the name "Planner Planners Pro" repeats`},
		"a lowest version":              {"anywhere: true,", `anywhere: true, from: "4.3",`, `does not take "Contoso Planner 4.2"`},
		"a lowest version of a pattern": {`["contoso planner {number}"]`, `[{name: "contoso planner {number}", from: "4.3"}]`, `does not take "Contoso Planner 4.2"`},
		"a reached lowest version":      {`["contoso planner {number}"]`, `[{name: "contoso planner {number}", from: "4.2"}]`, ""},
		"an upgrade of software":        {"anywhere: true", `anywhere: true, upgrades: {"4": "5"}`, "only operating systems"},
		"an upgrade to nothing":         {"anywhere: true", `anywhere: true, metric: os, known: ["4", "5"], upgrades: {"5": "4"}`, "does not lead"},
		"an upgrade":                    {"anywhere: true", `anywhere: true, metric: os, known: ["4", "5"], upgrades: {"4": "5"}`, ""},
		"a version of nothing":          {"anywhere: true", `anywhere: true, known: ["4"], includes: [contoso-planner], contains: {"4": [CS4]}`, "no version of what it includes"},
		"an unknown version of a suite": {"anywhere: true", `anywhere: true, known: ["4"], includes: [contoso-planner], contains: {"5": ["4"]}`, "which is not known"},
		"hardly any text":               {"contoso planner {number}", "[contoso planner {number}|{number}*]", "too few letters"},
		"an unknown key":                {"metric: device", "meter: device", "meter"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found := problems(strings.Replace(good, test.old, test.new, 1))
			if test.want == "" && len(found) > 0 || test.want != "" && !slices.ContainsFunc(found, func(p string) bool { return strings.Contains(p, test.want) }) {
				t.Errorf("%q, want %q", found, test.want)
			}
		})
	}
}

// problems returns what packing a data file reports.
func problems(file string) []string {
	entries, err := source.Read(fstest.MapFS{"a.yaml": {Data: []byte(file)}})
	if err != nil {
		return []string{err.Error()}
	}
	data, err := source.Compile(entries)
	if err != nil {
		return []string{err.Error()}
	}
	return source.Check(entries, product.New(data))
}

// TestCheckFindsAlikeNearMissesR5_0: the same end added to the name of each row tests nothing.
func TestCheckFindsAlikeNearMissesR5_0(t *testing.T) {
	t.Parallel()
	for rows, want := range map[int]bool{15: false, 16: true} {
		var file strings.Builder
		file.WriteString("- publisher: Contoso\n  families:\n")
		for i := range rows {
			name := "Tool" + string(rune('a'+i))
			fmt.Fprintf(&file, "  - {family: %[1]s, metric: device, versions: major, source: general knowledge, products: [{id: %[2]s, installed: ['%[2]s {number}'], paper: [%[1]s], takes: [%[1]s 4], leaves: [%[1]s Brochure]}]}\n", name, strings.ToLower(name))
		}
		found := slices.ContainsFunc(problems(file.String()), func(p string) bool { return strings.Contains(p, `add "brochure" to the name`) })
		if found != want {
			t.Errorf("%d rows: found %t, want %t: %q", rows, found, want, problems(file.String()))
		}
	}
}
