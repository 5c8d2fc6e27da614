package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"trueup/infra/local/stack"
	"trueup/internal/access"
)

// TestR16_3_ManyPostAtOnce posts agreements from eight concurrent callers, one after the
// other per caller, and then a hundred at once. Each caller is served by its own process.
func TestR16_3_ManyPostAtOnce(t *testing.T) {
	t.Parallel()
	const callers, each, single = 8, 50, 100
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "writers"})
	defer s.stop()
	var sales group
	status, err := s.call(http.MethodPost, "/groups", map[string]any{"name": "Sales"}, &sales)
	must(t, err)
	equal(t, "status of the group", status, http.StatusCreated)

	// Odd numbers go to the group, even ones to Unassigned.
	post := func(kind string, i int) error {
		number := fmt.Sprintf("%s%05d", kind, i)
		body := map[string]any{
			"type": "volume", "name": "Agreement " + number, "pairs": []map[string]any{{"authorizationNumber": number, "licenseNumber": number}},
		}
		if i%2 == 1 {
			body["group"] = map[string]any{"id": sales.ID}
		}
		var answer string
		status, err := s.call(http.MethodPost, "/agreements", body, &answer)
		if err == nil && status != http.StatusCreated {
			t.Errorf("%s: %d %s", number, status, answer)
		}
		return err
	}
	var posts errgroup.Group
	for caller := range callers {
		posts.Go(func() error {
			for i := range each {
				if err := post("A", caller*each+i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(t, posts.Wait())
	if processes := len(s.PIDs("agreements")); processes < callers {
		t.Errorf("%d processes served %d callers", processes, callers)
	}
	for i := range single {
		posts.Go(func() error { return post("B", i) })
	}
	must(t, posts.Wait())

	want := []string{}
	for i := range callers * each {
		want = append(want, fmt.Sprintf("Agreement A%05d", i))
	}
	for i := range single {
		want = append(want, fmt.Sprintf("Agreement B%05d", i))
	}
	for _, in := range []struct {
		id   string
		from int
	}{{sales.ID, 1}, {"unassigned", 0}} {
		listed, err := all[agreement](s, "/agreements?limit=200&group="+in.id)
		must(t, err)
		var names, half []string
		for _, a := range listed {
			names = append(names, a.Name)
			if a.PairCount != 1 {
				t.Errorf("%s has %d pairs", a.Name, a.PairCount)
			}
		}
		for i := in.from; i < len(want); i += 2 {
			half = append(half, want[i])
		}
		slices.Sort(names)
		equal(t, "agreements in "+in.id, names, half)
	}
	var groups page[group]
	s.get("/groups", &groups)
	counts := map[string]int{}
	for _, g := range groups.Items {
		counts[g.ID] = g.AgreementCount
	}
	equal(t, "counts", counts, map[string]int{sales.ID: len(want) / 2, "unassigned": len(want) / 2})
}
