package kind_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"trueup/internal/agreement/pairfile"
	"trueup/internal/catalog"
	"trueup/internal/entitlement/statement"
	"trueup/internal/errs"
	"trueup/internal/intake/kind"
	"trueup/internal/inventory"
	"trueup/internal/manifest"
	"trueup/internal/statements"
)

func TestTable(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range kind.Table {
		if k.Name == "" || slices.ContainsFunc(kind.Table[:i], func(other kind.Kind) bool { return other.Name == k.Name }) {
			t.Errorf("row %d has the name %q", i, k.Name)
		}
		for _, prefix := range []string{k.Prefix, k.Results} {
			if strings.Trim(prefix, "/")+"/" != prefix && (prefix != "" || prefix == k.Prefix) {
				t.Errorf("%s: %q is not a folder", k.Name, prefix)
			}
		}
		if f, ok := manifest.Find(k.Function); !ok || f.Trigger != manifest.Objects {
			t.Errorf("%s: %q is not a function that files call", k.Name, k.Function)
		}
		if k.MaxBytes <= 0 || len(k.Formats) == 0 {
			t.Errorf("%s: %d bytes, formats %v", k.Name, k.MaxBytes, k.Formats)
		}
		if !strings.Contains(string(guide), "| `"+k.Prefix) {
			t.Errorf("%s: the table of files in the guide has no row for %s", k.Name, k.Prefix)
		}
	}
}

// The packages that read files state and check the limit of their files. The table repeats it for
// the code that opens and announces files.
func TestLimitsAreThoseOfTheReaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind kind.Kind
		want int64
	}{
		{kind.Agreements, pairfile.MaxBytes},
		{kind.Catalog, catalog.MaxFileBytes},
		{kind.Inventory, inventory.MaxBytes},
		{kind.Statements, statement.MaxFileBytes},
	} {
		if c.kind.MaxBytes != c.want {
			t.Errorf("%s: %d bytes, and its reader accepts %d", c.kind.Name, c.kind.MaxBytes, c.want)
		}
	}
}

func TestNamesAreThoseOfTheFormats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind  kind.Kind
		check func(name string) []errs.Violation
	}{
		{kind.Agreements, pairfile.ParseFileName},
		{kind.Statements, statements.ParseFileName},
	} {
		for _, extension := range c.kind.Extensions() {
			if found := c.check("a" + strings.ToUpper(extension)); found != nil {
				t.Errorf("%s: %v", c.kind.Name, found)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for folder, want := range map[string]string{"": "inventory/a.zip", "head office": "inventory/head office/a.zip", "..": "inventory/../a.zip"} {
		key := kind.Inventory.Key(folder, "a.zip")
		if key != want || kind.Inventory.Prefix+kind.Inventory.Below(key) != want {
			t.Errorf("key %q, below the prefix %q; want %q", key, kind.Inventory.Below(key), want)
		}
	}
}

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind       kind.Kind
		name, want string
	}{
		{kind.Agreements, "agreements/Sales/a.CSV", "text/csv"},
		{kind.Agreements, "a.txt", ""},
		{kind.Statements, "a.csv", "text/csv"},
		{kind.Statements, "a.Xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		{kind.Inventory, "a", "application/octet-stream"},
	} {
		if got := c.kind.MediaType(c.name); got != c.want {
			t.Errorf("%s: %q is %q, want %q", c.kind.Name, c.name, got, c.want)
		}
	}
}

func TestMaxUpload(t *testing.T) {
	t.Parallel()
	if got := kind.Agreements.MaxUpload(); got != 4<<20 {
		t.Errorf("agreements: %d", got)
	}
	if got := kind.Inventory.MaxUpload(); got != 5<<30 {
		t.Errorf("inventory: %d, want S3's limit of one request", got)
	}
}
