package product_test

import (
	"testing"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// TestSpellingsR5_0: titles that no rule has as written are recognised by another spelling.
func TestSpellingsR5_0(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Microsoft_ProjectProfessional_2013_x64_NL_R02":                "microsoft-project-professional",
		"VisioStandard_2016_x86_EN_r1":                                 "microsoft-visio-standard",
		"Microsoft Office Professional Plus2016":                       "microsoft-office-professional-plus",
		"Herramientas de correcci?n de Microsoft Office 2013: espa?ol": "ms-proofing-local",
		"Microsoft Office Professional Plus? 2016":                     "microsoft-office-professional-plus",
		"Microsoft SQL Server 2017 (64 位)":                             "microsoft-sql-server-undecidable",
		"Microsoft SQL Server 2017 (64-bitars)":                        "microsoft-sql-server-undecidable",
		"Postman x64 11.81.0":                                          "postman",
		"Trellix Data Exchange Layer":                                  "vendor-security-agents",
		"Microsoft 365 rakendused ettevõttele - et-ee":                 "microsoft-365-apps-undecidable",
		"Microsoft 365 rakendused ettevõttele":                         "",
		"Microsoft 365 Viva Insights - en-us":                          "",
		"What is this?":                                                "",
	} {
		if m, _ := builtin.Load().Recognize(product.Title{Name: name}); m.Rule != want {
			t.Errorf("%s: %q, want %q", name, m.Rule, want)
		}
	}
}

// TestEndingsR5_0: the end of a title says that it is a free edition or a part of a product.
func TestEndingsR5_0(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		publisher, name string
		rule            string
		kind            product.Kind
	}{
		{"", "MiniTool Power Data Recovery Free Edition 7.0", "any-free-edition", product.KindFree},
		{"", "MiniTool Power Data Recovery (Trial)", "any-free-edition", product.KindFree},
		{"", "MiniTool Power Data Recovery 7.0", "minitool-power-data-recovery", product.KindProduct},
		{"", "IDA Freeware 8.3", "hex-rays-ida-freeware", product.KindProduct}, // the rule itself has the word
		{"", "Pulse Secure Setup Client 9.1", "any-part-of-product", product.KindComponent},
		{"", "SOLIDWORKS Login Manager 2024", "any-part-of-family", product.KindComponent},
		{"Contoso", "SOLIDWORKS Login Manager 2024", "", ""}, // of another publisher: may be sold
		{"Autodesk", "Name Checker for Revit 2021", "any-extra-for-product", product.KindComponent},
		{"Contoso", "Name Checker for Revit 2021", "", ""},
		{"Autodesk", "Plug-in for AutoCAD 2021", "any-extra-for-product", product.KindComponent},
		{"Autodesk", "Cost Estimator for Revit 2021", "", ""},        // may be sold
		{"Autodesk", "Name Checker for AutoCAD and Others", "", ""},  // not only for Revit
		{"Veeam", "Zed Agent for Microsoft Exchange", "", ""},        // for a product of another publisher
		{"Microsoft Corporation", "Zed Backup for Exchange", "", ""}, // may be sold
		{"Glarysoft Ltd", "Glary Utilities 2.29", "", ""},            // its whole name
		{"", "Vuze 5.7", "free-files", product.KindFree},
		{"", "Vuze Design Studio", "", ""}, // begins with a short name by accident
	} {
		m, _ := builtin.Load().Recognize(product.Title{Publisher: test.publisher, Name: test.name})
		if m.Rule != test.rule || m.Kind != test.kind {
			t.Errorf("%s, %s: %s by %q, want %s by %q", test.publisher, test.name, m.Kind, m.Rule, test.kind, test.rule)
		}
	}
}

// TestVersionAfterNameR5_0: a number directly after the name is the version, before the version that
// the installer wrote.
func TestVersionAfterNameR5_0(t *testing.T) {
	t.Parallel()
	for title, want := range map[product.Title]string{
		{Name: "Paragon Backup and Recovery 14 Home", Version: "90.00.0003"}: "14",
		{Name: "Benchmark Factory 7.6.1"}:                                    "7",
		{Name: "Benchmark Factory for Databases", Version: "8.2"}:            "8",
	} {
		if m, _ := builtin.Load().Recognize(title); m.Product.Version != want {
			t.Errorf("%+v: %q, want %q", title, m.Product.Version, want)
		}
	}
}
