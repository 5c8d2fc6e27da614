package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMediansTakeTurns(t *testing.T) {
	t.Parallel()
	var order strings.Builder
	thing := func(name string, durations ...time.Duration) timed {
		return func(context.Context) (time.Duration, error) {
			order.WriteString(name)
			next := durations[0]
			durations = durations[1:]
			return next, nil
		}
	}
	got, err := medians(t.Context(), 4, thing("a", 9, 1, 5, 3), thing("b", 1, 1, 80, 2))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]time.Duration{4, 1}, got); diff != "" {
		t.Error(diff)
	}
	if got := order.String(); got != "abbaabba" {
		t.Errorf("order %s", got)
	}
}

func TestTableSaysWhatIsOver(t *testing.T) {
	t.Parallel()
	var got table
	got.add(row{what: "check", value: "4 ms", floor: "1 ms", limits: []limit{ratio(4, 1, 20), {4, 40, " ms"}}})
	got.add(row{what: "import", value: "3 s", floor: "1 s", limits: []limit{ratio(3, 1, 2)}})
	got.add(row{what: "memory", value: "33 MB", limits: []limit{{33, 32, " MB"}}})
	got.add(row{what: "for comparison", value: "1 ms"})
	want := `| what           | measured | floor | ratio | at most       |          |
|----------------|----------|-------|-------|---------------|----------|
| check          | 4 ms     | 1 ms  | 4.00× | 20× and 40 ms | ok       |
| import         | 3 s      | 1 s   | 3.00× | 2×            | **over** |
| memory         | 33 MB    |       |       | 32 MB         | **over** |
| for comparison | 1 ms     |       |       |               |          |
`
	if diff := cmp.Diff(want, got.markdown()); diff != "" {
		t.Error(diff)
	}
	if n := got.over(); n != 2 {
		t.Errorf("%d over", n)
	}
}

// TestReplaceKeepsTheRest: a run of some parts replaces their sections, and nothing else.
func TestReplaceKeepsTheRest(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	same, err := replace(string(document), names, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(document), same); diff != "" {
		t.Errorf("without new sections (-want +got):\n%s", diff)
	}
	var rows table
	rows.add(row{what: "one", value: "1 ms"})
	section := rows.section("list", time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC))
	got, err := replace("before\n"+startMark+"### import\n\n| a |\n\nMedians.\n\n### list\n\n| b |\n\n### gone\n\n| c |\n"+endMark+"after\n", []string{"check", "import", "list"}, map[string]string{"list": section})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("before\n"+startMark+"\n### import\n\n| a |\n\nMedians.\n\n"+section+endMark+"after\n", got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := replace("no marks", names, nil); err == nil {
		t.Error("a text without a place for the tables was taken")
	}
}

func TestFilesOfDifferentSeriesAreOfOneSizeAndDisjoint(t *testing.T) {
	t.Parallel()
	a, b := file(1, 500, 5), file(12, 500, 5)
	if len(a) != len(b) {
		t.Errorf("%d and %d bytes", len(a), len(b))
	}
	lines := map[string]bool{}
	for line := range strings.Lines(string(a)) {
		lines[line] = true
	}
	for line := range strings.Lines(string(b)) {
		if lines[line] {
			t.Errorf("both have %q", line)
		}
	}
	if len(lines) != 500 {
		t.Errorf("%d rows", len(lines))
	}
}
