package proposal

import (
	"testing"

	"trueup/internal/inventory"
	"trueup/internal/position"
	"trueup/internal/product"
)

// TestR6_6_VersionOfEachSpelling accepts names with and without a version: each keeps what it tells.
// Years come first, because a rule for numbers takes them.
func TestR6_6_VersionOfEachSpelling(t *testing.T) {
	t.Parallel()
	for detected, want := range map[string]string{
		"Zzfoo 9 SP2": "zzfoo {number} sp2", "Zzfoo 2016 SP1": "zzfoo {year} sp{number}", "Zzfoo 2012 R2": "zzfoo {year}", "Zz\u200bfoo \u00ad 9": "zz*foo * {number}", "\u200b": "\u200b",
	} {
		if got := newName(detected).pattern; got != want {
			t.Errorf("%s: %q, want %q", detected, got, want)
		}
	}
	e := Entry{spellings: []spelling{{pattern: "zzfoo"}, {pattern: "zzfoo {year}", version: yearMark}}}
	for scheme, want := range map[product.Scheme][2]string{product.SchemeYear: {yearMark, ""}, product.SchemeMajor: {yearMark, majorMark}, product.SchemeNone: {"", ""}} {
		row := &product.Row{Kind: product.KindProduct, Scheme: scheme}
		rules := e.Rules(inventory.Product, position.Product{Version: e.version(row)}, func() string { return "x" })
		if got := [2]string{rules[0].Product.Version, rules[1].Product.Version}; got != want {
			t.Errorf("%s: %q, want %q", scheme, got, want)
		}
	}
}
