package product_test

import (
	"testing"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// TestBuildIsNotVersionR6_5: where a title has no version, that is the one of the build, or unknown.
func TestBuildIsNotVersionR6_5(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ publisher, name, build, want string }{
		{"Nuance Communications, Inc.", "Nuance Power PDF Advanced", "3.00.6425", "3"},
		{"Kofax", "Kofax Power PDF Standard", "4.00.5150", "4"},
		{"Kofax", "Kofax Power PDF Advanced", "27.1.3", ""},
		{"Alteryx, Inc.", "Alteryx", "21.4.2.43521", "2021.4"},
		{"Alteryx, Inc.", "Alteryx Designer x64", "2023.1.1.200", "2023.1"},
		{"Alteryx, Inc.", "Alteryx Designer x64", "11.7.6", "11.7"},
		{"Alteryx, Inc.", "Alteryx Designer x64", "99.1", ""},
		{"Claris International Inc.", "FileMaker Pro", "20.1.2.204", "2023"},
		{"Claris International Inc.", "FileMaker Pro", "19.3.2.206", "19"},
		{"Seagull Scientific", "BarTender", "11.2.155651", "2021"},
		{"AnyDesk Software GmbH", "AnyDesk", "ad 7.0.14", "7"},
		{"AnyDesk Software GmbH", "AnyDesk", "ad", ""},
	} {
		m, ok := builtin.Load().Recognize(product.Title{Publisher: test.publisher, Name: test.name, Version: test.build})
		if !ok || m.Row == nil || m.Product.Version != test.want {
			t.Errorf("%s %s is version %q by %q, want %q", test.name, test.build, m.Product.Version, m.Rule, test.want)
		}
	}
}

// TestAgentsOfTechniciansR6_5: software of a tool that is licensed by technician, on the PCs that he
// reaches, is no installation of it.
func TestAgentsOfTechniciansR6_5(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		publisher, name, of string
	}{
		{"ScreenConnect Software", "ScreenConnect Client (1a2b3c4d5e6f7a8b)", "connectwise-screenconnect"},
		{"ConnectWise", "ConnectWise Control Client (1a2b3c4d5e6f7a8b)", "connectwise-screenconnect"},
		{"Splashtop Inc.", "Splashtop Streamer", "splashtop-business"},
		{"TeamViewer", "TeamViewer Host", "teamviewer"},
		{"TeamViewer", "TeamViewer 14 Host", "teamviewer"},
		{"BeyondTrust", "BeyondTrust Remote Support Jump Client", "beyondtrust-remote-support"},
		{"ISL Online Ltd.", "ISL AlwaysOn", "isl-online"},
		{"Zoho Corporation", "Zoho Assist Unattended Agent", "zoho-assist"},
		{"Atera networks", "AteraAgent", "atera-agent"},
	} {
		m, ok := builtin.Load().Recognize(product.Title{Publisher: test.publisher, Name: test.name})
		if !ok || m.Kind != product.KindComponent || m.Of == nil || m.Of.ID != test.of {
			t.Errorf("%s is %s by %q of %+v, want a part of %s", test.name, m.Kind, m.Rule, m.Of, test.of)
		}
	}
}
