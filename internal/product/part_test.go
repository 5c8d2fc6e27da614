package product_test

import (
	"testing"

	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// TestExtensionOfFreeProgramR6_5: a title for the free edition of another program is what it is, and not
// free for that.
func TestExtensionOfFreeProgramR6_5(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ publisher, name, want string }{
		{"JetBrains s.r.o.", "JetBrains ReSharper in Visual Studio Community 2022", "JetBrains ReSharper"},
		{"Devart", "Entity Developer for Visual Studio Community 2019", "Devart dotConnect"},
		{"Progress", "Telerik UI for WPF for Visual Studio Community", "Progress Telerik UI"},
		{"Whole Tomato Software", "Visual Assist for Visual Studio Community 2019", "Whole Tomato Visual Assist"},
		{"Whole Tomato Software", "Visual Assist Trial", ""},
	} {
		m, ok := builtin.Load().Recognize(product.Title{Publisher: test.publisher, Name: test.name})
		if got := show(m.Product); !ok || got != test.want || (m.Kind == product.KindProduct) != (test.want != "") {
			t.Errorf("%s is %s %q by %q, want %q", test.name, m.Kind, got, m.Rule, test.want)
		}
	}
}

// TestSoldEditionOfFreeProgramR6_5: a program that is free does not make its sold edition free.
func TestSoldEditionOfFreeProgramR6_5(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]product.Kind{
		"Winamp": product.KindFree, "Winamp 5.8": product.KindFree, "Winamp Pro": "", "Winamp Pro 5.6": "", "Everything Enterprise Edition": "",
		"FileZilla Client 3.66.4": product.KindFree, "FileZilla Pro": product.KindProduct,
	} {
		m, _ := builtin.Load().Recognize(product.Title{Name: name})
		if m.Kind != want {
			t.Errorf("%s is %q by %q, want %q", name, m.Kind, m.Rule, want)
		}
	}
}

// TestServerOfProductR6_5: the server of a product for users or PCs is no installation of it. What it is, its name
// does not tell.
func TestServerOfProductR6_5(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		publisher, name string
		want            product.Kind
	}{
		{"No Magic", "MagicDraw", product.KindProduct},
		{"No Magic", "MagicDraw Server", ""},
		{"No Magic", "MagicDraw Server 19.0", ""},
		{"No Magic", "MagicDraw License Server", product.KindComponent},
		{"Kaspersky", "Kaspersky Endpoint Security for Windows Server", product.KindProduct},
		{"Radmin", "Radmin Server 3.5", product.KindProduct},
		{"NiceLabel", "Loftware Print Server 10", product.KindProduct},
		{"IBM", "HCL Domino Server 14.0", product.KindProduct},
		{"Safe Software", "FME Server 2020", product.KindProduct},
	} {
		m, _ := builtin.Load().Recognize(product.Title{Publisher: test.publisher, Name: test.name})
		if m.Kind != test.want {
			t.Errorf("%s is %q by %q, want %q", test.name, m.Kind, m.Rule, test.want)
		}
	}
}

// TestPartOfProductR6_5: a title that ends as a part is no second installation of the product, although the
// pattern of the product takes any text after its name.
func TestPartOfProductR6_5(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		publisher, name string
		want            product.Kind
		of              string
	}{
		{"Actian", "Actian Zen", product.KindProduct, ""},
		{"Actian", "Actian Zen Documentation", product.KindComponent, "Actian Zen"},
		{"Actian", "Actian Zen Plug-in for Excel", product.KindComponent, "Actian Zen"},
		{"No Magic", "MagicDraw", product.KindProduct, ""},
		{"No Magic", "MagicDraw Samples 19.0", product.KindComponent, "No Magic MagicDraw"},
		{"No Magic", "MagicDraw Content Library", product.KindComponent, "No Magic MagicDraw"},
		{"No Magic", "MagicDraw Hilfe", product.KindComponent, "No Magic MagicDraw"},
		{"No Magic", "MagicDraw Exemples", product.KindComponent, "No Magic MagicDraw"},
		{"No Magic", "MagicDraw License Server", product.KindComponent, "No Magic MagicDraw"},
		{"Raxco Software", "PerfectDisk Treiber", product.KindComponent, "Raxco PerfectDisk"},
		{"Raxco Software", "PerfectDisk Taalpakket", product.KindComponent, "Raxco PerfectDisk"},
		{"Raxco Software", "PerfectDisk Launcher", product.KindComponent, "Raxco PerfectDisk"},
		{"No Magic", "MagicDraw SDK", product.KindComponent, "No Magic MagicDraw"},
		{"No Magic", "MagicDraw Runtime 19.0", product.KindComponent, "No Magic MagicDraw"},
		{"No Magic", "MagicDraw Library", product.KindComponent, "No Magic MagicDraw"},
		{"No Magic", "MagicDraw License Service", product.KindComponent, "No Magic MagicDraw"},
		// The same word is part of the name, and of the name of the part.
		{"EC Software", "Help & Manual 8", product.KindProduct, ""},
		{"EC Software", "Help & Manual Help", product.KindComponent, "EC Software Help & Manual"},
		{"Renaissance", "Accelerated Reader", product.KindProduct, ""},
		{"Renaissance", "Accelerated Reader Reader", product.KindFree, ""},
		{"Perforce", "IMSL Fortran Numerical Library 7.0", product.KindProduct, ""},
		{"Esri", "ArcGIS Engine Runtime 10.2", product.KindProduct, ""},
		// The server is licensed, and its client is free.
		{"Rockwell Automation", "FactoryTalk AssetCentre Client 10", product.KindComponent, "Rockwell Automation FactoryTalk AssetCentre"},
		{"Dell", "EMC Avamar Client", product.KindComponent, "Retrospect NetWorker"},
		{"Red Gate", "SQL Clone Agent 5", product.KindComponent, "Red Gate SQL Clone"},
		// Each user, PC or protected server needs a licence, and the client is what it has.
		{"proALPHA", "proALPHA 6.2 Client", product.KindProduct, ""},
		{"Automox", "Automox Agent", product.KindProduct, ""},
		{"Trend Micro", "Trend Micro Deep Security Agent", product.KindProduct, ""},
		{"Rapid Recovery", "Rapid Recovery Agent", product.KindProduct, ""},
		{"Acronis", "Cyber Protection Agent", "", ""}, // unknown: which of its products it is does not tell
		{"IBM", "Lotus Notes Client", product.KindProduct, ""},
		{"HCL", "HCL Notes Client 12", product.KindProduct, ""},
		{"AnyDesk Software GmbH", "AnyDesk Client", product.KindUndecidable, ""},
		{"RADVISION", "Scopia Desktop Client 8.3", product.KindFree, ""},
		// Runtimes and kits that are sold.
		{"COPA-DATA", "zenon Runtime 8.20", product.KindProduct, ""},
		{"Siemens AG", "WinCC Runtime Professional V16", product.KindProduct, ""},
		{"LEAD Technologies", "LEADTOOLS Imaging SDK 20", product.KindProduct, ""},
		{"Progea", "Movicon 11 Runtime", product.KindProduct, ""},
		// A viewer and a trial are free whatever program they are for.
		{"Relativity", "Relativity Viewer", product.KindComponent, "Relativity Relativity"},
		{"Datanamic", "DeZign for Databases Trial", product.KindFree, ""},
		{"Quest", "Toad for Oracle Trial", product.KindFree, ""},
		{"Quest", "Toad for SAP ASE Viewer", product.KindFree, ""},
		// Plug-ins for servers that are licensed by mailboxes, or bought as an appliance.
		{"Veritas", "Enterprise Vault Outlook Add-in", product.KindComponent, "Symantec Enterprise Vault"},
		{"Barracuda Networks", "Barracuda Message Archiver Outlook Add-In", product.KindComponent, ""},
		{"GFI", "GFI Archiver Outlook Connector", product.KindComponent, "GFI MailEssentials"},
		{"GFI", "Kerio Outlook Connector", product.KindComponent, "GFI Kerio Connect"},
		// The product on a PC is the plug-in, or is started by the launcher.
		{"Orbus Software", "iServer Office Add-Ins (x64)", product.KindProduct, ""},
		{"NextGen Healthcare", "NextGen Application Launcher", product.KindProduct, ""},
		{"CA", "CA DSM Agent + Basic Inventory plugin", product.KindProduct, ""},
		{"S&P Global", "S&P Capital IQ Plug-in", product.KindProduct, ""},
		{"Citrix Systems, Inc.", "Citrix Gateway Plug-in", product.KindProduct, ""},
		{"Zivver", "Zivver Office Plugin", product.KindProduct, ""},
	} {
		m, _ := builtin.Load().Recognize(product.Title{Publisher: test.publisher, Name: test.name})
		of := ""
		if m.Of != nil {
			of = m.Of.Publisher + " " + m.Of.Name()
		}
		if m.Kind != test.want || of != test.of {
			t.Errorf("%s is %q of %q by %q, want %q of %q", test.name, m.Kind, of, m.Rule, test.want, test.of)
		}
	}
}
