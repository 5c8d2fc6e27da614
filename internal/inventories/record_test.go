package inventories_test

import (
	"regexp"
	"testing"

	"trueup/internal/inventories"
)

// TestIDOfASource: whatever a source is called, its id can stand in a path.
func TestIDOfASource(t *testing.T) {
	t.Parallel()
	plain := regexp.MustCompile(`^[0-9a-hjkmnp-tv-z]{16}$`)
	seen := map[string]string{}
	for _, name := range []string{"intune", "emea/brussels", "emea/brussels/", "emea", "a?b", "100%", "a%2fb", "..", "München", " "} {
		id := (&inventories.Record{Source: name}).ID()
		if !plain.MatchString(id) {
			t.Errorf("%q has the id %q", name, id)
		}
		if other, again := seen[id]; again {
			t.Errorf("%q and %q have the same id", name, other)
		}
		seen[id] = name
	}
	if id := (&inventories.Record{Source: "emea/brussels"}).ID(); id != (&inventories.Record{Source: "emea/brussels", Version: 7}).ID() {
		t.Errorf("the id %s changes with the version", id)
	}
}
