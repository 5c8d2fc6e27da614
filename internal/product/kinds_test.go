package product_test

import (
	"testing"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// TestVersionDecidesR6_5 checks titles that are free, paid or undecidable from a version on.
func TestVersionDecidesR6_5(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		publisher, name, version string
		want                     product.Kind
	}{
		{"VMware, Inc.", "VMware Workstation", "17.6.1.24319023", product.KindProduct},
		{"VMware, Inc.", "VMware Workstation", "17.6.2.24409262", product.KindFree},
		{"VMware, Inc.", "VMware Workstation", "17.10", product.KindFree},
		{"VMware, Inc.", "VMware Workstation", "", product.KindProduct},
		{"VMware, Inc.", "VMware Workstation 17", "", product.KindProduct},
		{"VMware, Inc.", "VMware Workstation 18", "", product.KindFree},
		{"Broadcom", "VMware Fusion", "13.6.2", product.KindFree},
		{"VMware, Inc.", "VMware Fusion", "13.6", product.KindProduct},
		{"JetBrains s.r.o.", "IntelliJ IDEA 2025.2.4", "252.27397.103", product.KindProduct},
		{"JetBrains s.r.o.", "IntelliJ IDEA 2025.3", "253.28294.334", product.KindUndecidable},
		{"Trimble, Inc.", "SketchUp 2017", "17.2.2555", product.KindUndecidable},
		{"Trimble, Inc.", "SketchUp", "17.2.2555", product.KindUndecidable},
		{"Trimble, Inc.", "SketchUp", "", product.KindUndecidable},
		{"Trimble, Inc.", "SketchUp", "18.0.16975", product.KindProduct},
		{"Google", "SketchUp 8", "8.0.16846", product.KindFree},
		{"Trimble, Inc.", "SketchUp 2018", "18.0.16975", product.KindProduct},
		{"Trimble, Inc.", "SketchUp Pro 2017", "17.2.2555", product.KindProduct},
		{"Malwarebytes", "Malwarebytes version 4.6.8.311", "4.6.8.311", product.KindUndecidable},
		{"Malwarebytes", "Malwarebytes Premium 5", "5.1", product.KindProduct},
		{"IObit", "Advanced SystemCare Ultimate 14", "14.6", product.KindProduct},
		{"IObit", "Driver Booster 11", "11.0.0", ""},
		{"IObit", "Driver Booster 8.0 Pro", "8.0.2", product.KindProduct},
		{"Texas Instruments", "Code Composer Studio", "6.2", product.KindProduct},
		{"Texas Instruments", "Code Composer Studio 12.1.0", "12.1.0", product.KindFree},
	} {
		m, ok := builtin.Load().Recognize(product.Title{Publisher: test.publisher, Name: test.name, Version: test.version})
		if ok != (test.want != "") || m.Kind != test.want {
			t.Errorf("%s %s is %q by %q, want %q", test.name, test.version, m.Kind, m.Rule, test.want)
		}
	}
}

// TestPublishersOfNichesR5_0 checks products of trades whose titles have the publisher's name in another form, or
// that resemble titles of other publishers.
func TestPublishersOfNichesR5_0(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ publisher, name, want string }{
		{"zollsoft GmbH", "tomedo", "zollsoft tomedo"},
		{"VetZ GmbH", "easyVET", "VetZ easyVET"},
		{"Schlumberger", "PIPESIM 2021.1", "SLB PIPESIM 2021"},
		{"ISAGRI", "Isavigne", "Groupe ISAGRI Isavigne"},
		{"Carl Zeiss Microscopy GmbH", "ZEN", "ZEISS Microscopy ZEN"},
		{"Addinsoft", "Addinsoft XLSTAT 2020", "Lumivero XLSTAT"},
		{"Ventana Systems, Inc.", "Vensim DSS", "Ventana Systems Vensim DSS"},
		{"Autodata Limited", "Autodata", "Autodata"},
		{"Akademische Arbeitsgemeinschaft", "SteuerSparErklärung 2022", "Akademische Arbeitsgemeinschaft SteuerSparErklärung 2022"},
		// Another publisher's, and clients of servers that are licensed by cameras.
		{"Symantec", "Security Center 5", ""},
		{"Avigilon", "ACC 7 Client", ""},
		{"Avigilon", "Avigilon Control Center Client", ""},
		{"KUKA", "KUKA.WorkVisual 6.0", ""},
	} {
		m, _ := builtin.Load().Recognize(product.Title{Publisher: test.publisher, Name: test.name})
		got := ""
		if m.Kind == product.KindProduct {
			got = show(m.Product)
		}
		if got != test.want {
			t.Errorf("%s of %s is %q by %q, want %q", test.name, test.publisher, got, m.Rule, test.want)
		}
	}
}

// TestNoiseTellsItsKindR6_5 checks that a broad rule of a publisher's parts does not hide what a title
// is.
func TestNoiseTellsItsKindR6_5(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		publisher, name string
		want            product.Kind
	}{
		{"Microsoft Corporation", "Microsoft Visual C++ 2015-2022 Redistributable (x64) - 14.34.31931", product.KindRuntime},
		{"Microsoft Corporation", "Microsoft Visual C++ 2010  x86 Redistributable - 10.0.40219", product.KindRuntime},
		{"Microsoft Corporation", "Microsoft Office Excel MUI (French) 2010", product.KindLanguage},
		{"Microsoft Corporation", "Microsoft Visual Studio 2010 Tools for Office Runtime (x64) Language Pack - NLD", product.KindLanguage},
		{"Microsoft Corporation", "Stockroom Tools MUI", product.KindLanguage},
		{"Microsoft Corporation", "Stockroom Tools Language Pack Resources", product.KindLanguage},
		{"Microsoft Corporation", "Stockroom SDK", product.KindComponent},
		{"Microsoft Corporation", "Security Update for Stockroom SDK (KB5002253)", product.KindUpdate},
		{"Autodesk", "AutoCAD 2020 Language Pack - Deutsch", product.KindLanguage},
	} {
		m, ok := builtin.Load().Recognize(product.Title{Publisher: test.publisher, Name: test.name})
		if !ok || m.Kind != test.want {
			t.Errorf("%s is %s by %q, want %s", test.name, m.Kind, m.Rule, test.want)
		}
	}
}

// TestSuffixesOfTitlesR6_5 checks that a language or a version behind a name does not hide the product.
func TestSuffixesOfTitlesR6_5(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ publisher, name, want string }{
		{"HCL Technologies", "HCL Notes 12.0.1 German", "IBM Notes 12"},
		{"ZWSOFT", "ZWCAD 2022 English", "ZWSOFT ZWCAD 2022"},
		{"Wondershare", "Wondershare PDFelement(Version 8.2.13)", "Wondershare PDFelement"},
		{"Trimble", "Tekla Structures 2022 SP3", "Trimble Tekla Structures 2022"},
	} {
		m, ok := builtin.Load().Recognize(product.Title{Publisher: test.publisher, Name: test.name})
		if got := show(m.Product); !ok || got != test.want {
			t.Errorf("%s is %q by %q, want %q", test.name, got, m.Rule, test.want)
		}
	}
}
