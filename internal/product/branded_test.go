package product_test

import (
	"testing"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// TestPublisherInFrontR6_5: a title may begin with the name of its publisher, and only the publisher's own
// products count then.
func TestPublisherInFrontR6_5(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ publisher, name, want string }{
		{"The MathWorks, Inc.", "MathWorks MATLAB R2019a", "MATLAB R2019a"},
		{"", "MathWorks MATLAB R2019a", "MATLAB R2019a"},
		{"", "MathWorks - MATLAB R2019a", "MATLAB R2019a"},
		{"Autodesk", "Autodesk AutoCAD 2024", "AutoCAD 2024"},
		{"", "Corel WinZip 26", "WinZip 26"},
		{"VanDyke Software", "VanDyke SecureCRT 9.4", "SecureCRT 9"},
		{"Scooter Software", "Scooter Beyond Compare 4", "Beyond Compare 4"},
		{"", "Tableau Tableau Desktop 2021", "Tableau Desktop"},
		{"PTV AG", "PTV Vissim 2022", "PTV Vissim 2022"},
		{"SAP", "SAP GUI", "GUI for Windows"},
		{"Mozilla", "Mozilla Firefox", "free"},
		{"", "Vuze Design Studio", "unknown"},               // Vuze sells no Design Studio
		{"Contoso", "MathWorks Contoso Toolbox", "unknown"}, // the rest is no product of MathWorks
		{"Contoso", "Contoso MATLAB R2019a", "unknown"},     // an unknown publisher's name stays
		{"MathWorks", "MathWorks", "unknown"},
	} {
		m, ok := builtin.Load().Recognize(product.Title{Publisher: test.publisher, Name: test.name})
		got := "unknown"
		switch {
		case ok && m.Kind == product.KindProduct:
			got = m.Product.Name()
			if m.Product.Version != "" {
				got += " " + m.Product.Version
			}
		case ok:
			got = string(m.Kind)
		}
		if got != test.want {
			t.Errorf("%s by %q: %q, want %q", test.name, test.publisher, got, test.want)
		}
	}
}
