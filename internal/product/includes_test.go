package product_test

import (
	"testing"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// TestIncludesR8_2 checks what licences also entitle to, with what the included products include:
// no step of a suite may cover what only a higher one has.
func TestIncludesR8_2(t *testing.T) {
	t.Parallel()
	d := builtin.Load()
	for _, test := range []struct {
		licence, product string
		want             bool
	}{
		{"autodesk-product-design-suite-standard", "autodesk-inventor", false},
		{"autodesk-product-design-suite-premium", "autodesk-autocad-mechanical", true},
		{"autodesk-product-design-suite-premium", "autodesk-inventor", true},
		{"autodesk-product-design-suite-premium", "autodesk-inventor-professional", false},
		{"autodesk-product-design-suite-ultimate", "autodesk-inventor-professional", true},
		{"autodesk-building-design-suite-premium", "autodesk-navisworks-manage", false},
		{"autodesk-infrastructure-design-suite-standard", "autodesk-civil-3d", false},
		{"autodesk-plant-design-suite-standard", "autodesk-autocad-plant-3d", false},
		{"autodesk-me-collection", "autodesk-arnold", true},
		{"microsoft-visual-studio-professional-subscription", "microsoft-sql-server-developer-paid", true},
		{"microsoft-visual-studio-professional-subscription", "microsoft-expression-web", false},
		{"microsoft-visual-studio-enterprise-subscription", "microsoft-expression-web", true},
		{"microsoft-visual-studio-enterprise-subscription", "microsoft-sql-server-enterprise", false},
		{"microsoft-windows-education-a5", "microsoft-windows-education", true},
		{"microsoft-windows-vda-user", "microsoft-windows-enterprise-ltsc", true},
		{"microsoft-365-e3", "microsoft-skype-for-business", true},
		{"microsoft-office-365-e3", "microsoft-skype-for-business", true},
		{"microsoft-365-e3", "microsoft-visio-professional", false},
		{"microsoft-365-business-standard", "microsoft-365-apps-enterprise", false},
	} {
		if got := includes(t, d, test.licence, test.product, map[string]bool{}); got != test.want {
			t.Errorf("%s includes %s: %v, want %v", test.licence, test.product, got, test.want)
		}
	}
}

func includes(t *testing.T, d *product.Dictionary, licence, id string, seen map[string]bool) bool {
	t.Helper()
	row, ok := d.Find(licence)
	if _, known := d.Find(id); !ok || !known {
		t.Fatalf("no row %q or %q", licence, id)
	}
	for _, included := range row.Includes {
		if included == id {
			return true
		}
		if !seen[included] {
			seen[included] = true
			if includes(t, d, included, id, seen) {
				return true
			}
		}
	}
	return false
}

// TestPartNamesItsProductR8_3 checks that a component names the product of which it is a part.
func TestPartNamesItsProductR8_3(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ publisher, name, want string }{
		{"Autodesk", "Autodesk Revit 2020 MEP Imperial Objects", "autodesk-revit"},
		{"Irfan Skiljan", "IrfanView PlugIns 4.57", "irfanview-undecidable"},
		{"Autodesk", "Autodesk Genuine Service", ""},
	} {
		m, ok := builtin.Load().Recognize(product.Title{Publisher: test.publisher, Name: test.name})
		got := ""
		if m.Of != nil {
			got = m.Of.ID
		}
		if !ok || m.Kind != product.KindComponent || got != test.want {
			t.Errorf("%s: %s of %q by %q, want a component of %q", test.name, m.Kind, got, m.Rule, test.want)
		}
	}
}

// TestContainedR5_0 checks the versions of products in the versions of a suite.
func TestContainedR5_0(t *testing.T) {
	t.Parallel()
	suite := &product.Row{
		Known:    []string{"3", "4", "5", "6"},
		Contains: map[string][]string{"4": {"CS4", "reader=8"}, "5": {"CS5", "CS4.1", "reader=X"}},
	}
	draw := &product.Row{ID: "draw", Known: []string{"CS4", "CS5"}}
	paint := &product.Row{ID: "paint", Known: []string{"5", "CS4", "CS4.1"}}
	reader := &product.Row{ID: "reader", Known: []string{"8", "X"}}
	other := &product.Row{ID: "other", Known: []string{"5"}}
	for _, test := range []struct {
		version    string
		of         *product.Row
		want       string
		isOlder    bool
		isIncluded bool
	}{
		{"5", draw, "CS5", false, true},
		{"5", paint, "CS4.1", false, true},
		{"5", reader, "X", false, true},
		{"4", reader, "8", false, true},
		{"6", draw, "CS5", true, true}, // the suite does not have it any more
		{"3", draw, "", false, false},  // it does not have it yet
		{"3", reader, "", false, false},
		{"5", other, "", false, true},
		{"7", draw, "", false, true}, // unknown
	} {
		if got, isOlder, isIncluded := suite.Contained(test.version, test.of); got != test.want || isOlder != test.isOlder || isIncluded != test.isIncluded {
			t.Errorf("%s in version %s: %q, %v, %v", test.of.ID, test.version, got, isOlder, isIncluded)
		}
	}
}
