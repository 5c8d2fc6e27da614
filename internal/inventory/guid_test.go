package inventory

import "testing"

// TestParseGUIDWithAnotherHyphen parses text that has the length and the hyphens of a GUID.
func TestParseGUIDWithAnotherHyphen(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"3f2504e0-4f89-41d3-9a0c-0305e82c33-1", "3f2504e0-4f89-41d3-9a0c-0305e82c330-", "3f2504e0-4f89-41d3-9a0c------------0"} {
		if _, ok := parseGUID([]byte(id)); ok {
			t.Errorf("%s is a GUID", id)
		}
	}
}
