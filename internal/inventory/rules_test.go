package inventory_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/errs"
	"trueup/internal/i18n"
	"trueup/internal/inventory"
	"trueup/internal/position"
)

// TestStartingRulesR6_3 checks titles as listed by Windows PCs: the product that each counts as,
// or why it does not count.
func TestStartingRulesR6_3(t *testing.T) {
	t.Parallel()
	for _, list := range []struct{ publisher, titles string }{
		{"Microsoft Corporation", `
			Microsoft 365 Apps for enterprise - en-us = Microsoft 365 Apps for enterprise
			Microsoft 365 Apps for enterprise - nl-nl = Microsoft 365 Apps for enterprise
			Microsoft 365-apps voor ondernemingen - nl-nl = Microsoft 365 Apps for enterprise
			Microsoft Office 365 ProPlus - fr-fr = Microsoft 365 Apps for enterprise
			Microsoft 365 Apps for business - en-us = Microsoft 365 Apps for business
			Microsoft 365 - en-us = Microsoft 365 for home
			Microsoft Office Professional Plus 2019 - en-us = Microsoft Office Professional Plus 2019
			Microsoft Office Professional Plus 2016 = Microsoft Office Professional Plus 2016
			Microsoft Office LTSC Professional Plus 2021 - en-us = Microsoft Office Professional Plus 2021
			Microsoft Office Standard 2013 = Microsoft Office Standard 2013
			Microsoft Office Home and Business 2019 - nl-nl = Microsoft Office Home and Business 2019
			Microsoft Office Professional Edition 2003 = Microsoft Office Professional 2003
			Microsoft Office Access MUI (English) 2010 : language
			Microsoft Excel MUI (Dutch) 2016 : language
			Microsoft Office Shared MUI (English) 2013 : component
			Microsoft Office Proof (English) 2010 : language
			Microsoft Office Proofing Tools 2016 - English : language
			Outils de vérification linguistique 2016 de Microsoft Office - Français : language
			Microsoft Office Korrekturhilfen 2013 - Deutsch : language
			Microsoft Office 64-bit Components 2013 : component
			Microsoft Office Shared 64-bit Setup Metadata MUI (English) 2010 : component
			Microsoft Office OSM UX MUI (English) 2013 : component
			Office 16 Click-to-Run Extensibility Component : component
			Office 16 Click-to-Run Licensing Component : component
			Office 16 Click-to-Run Localization Component : component
			Security Update for Microsoft Office 2013 (KB3039734) 64-Bit Edition : update
			Update for Microsoft Excel 2016 (KB4484437) 32-Bit Edition : update
			Definition Update for Microsoft Office 2013 (KB3115404) 64-Bit Edition : update
			Service Pack 1 for Microsoft Office 2013 (KB2850036) 64-Bit Edition : update
			Microsoft Office 2010 Service Pack 2 (SP2) : update
			Hotfix for Microsoft .NET Framework 3.5 SP1 (KB953595) : update
			Microsoft Office File Validation Add-In : component
			2007 Microsoft Office Suite Service Pack 3 (SP3) : update
			Microsoft Access database engine 2010 (English) : runtime
			Microsoft Access 2016 Runtime : free
			Microsoft Access 2016 = Microsoft Access 2016
			Microsoft Office Excel 2007 = Microsoft Excel 2007
			Microsoft Outlook LTSC 2024 - en-us = Microsoft Outlook 2024
			Microsoft OneNote - en-us : free
			Microsoft Visio Professional 2019 - en-us = Microsoft Visio Professional 2019
			Microsoft Visio LTSC Standard 2021 - en-us = Microsoft Visio Standard 2021
			Microsoft Office Visio Standard 2007 = Microsoft Visio Standard 2007
			Microsoft Visio - en-us : undecidable
			Microsoft Visio Viewer 2016 : free
			Microsoft Visio Premium 2010 = Microsoft Visio Premium 2010
			Microsoft Project Standard 2016 = Microsoft Project Standard 2016
			Microsoft Project - en-us : undecidable
			Microsoft SQL Server 2019 (64-bit) : undecidable
			Microsoft SQL Server 2008 R2 (64-bit) : undecidable
			Microsoft SQL Server 2012 : undecidable
			Microsoft SQL Server 2019 Setup (English) : component
			Microsoft SQL Server 2012 Native Client : component
			Microsoft SQL Server 2016 LocalDB : component
			Microsoft SQL Server Management Studio - 18.12.1 : free
			Microsoft SQL Server 2019 T-SQL Language Service : component
			SQL Server 2019 Database Engine Services : component
			SQL Server 2008 R2 SP2 Common Files : component
			Browser for SQL Server 2019 : component
			Microsoft ODBC Driver 17 for SQL Server : component
			Microsoft OLE DB Driver for SQL Server : component
			Microsoft VSS Writer for SQL Server 2019 : component
			Microsoft System CLR Types for SQL Server 2012 (x64) : component
			Visual Studio Enterprise 2022 = Microsoft Visual Studio Enterprise 2022
			Visual Studio Professional 2019 = Microsoft Visual Studio Professional 2019
			Microsoft Visual Studio Premium 2013 = Microsoft Visual Studio Premium 2013
			Visual Studio Community 2022 : undecidable
			Visual Studio Build Tools 2019 : undecidable
			Microsoft Visual Studio Code (User) : free
			Microsoft Visual Studio Installer : component
			Microsoft Visual Studio 2010 Tools for Office Runtime (x64) : component
			vs_communitymsi : component
			Microsoft Visual C++ 2015-2022 Redistributable (x64) - 14.40.33810 : runtime
			Microsoft Visual C++ 2022 X64 Minimum Runtime - 14.40.33810 : runtime
			Microsoft Visual C++ 2008 Redistributable - x86 9.0.30729.6161 : runtime
			Microsoft .NET Runtime - 8.0.10 (x64) : runtime
			Microsoft .NET Framework 4.8 Targeting Pack : component
			Microsoft Windows Desktop Runtime - 6.0.35 (x64) : runtime
			Microsoft ASP.NET Core 8.0.10 - Shared Framework : runtime
			Microsoft Silverlight : runtime
			Microsoft Edge : free
			Microsoft Edge Update : component
			Microsoft Edge WebView2 Runtime : component
			Microsoft OneDrive : free
			Microsoft Teams : free
			Microsoft Windows Language Pack - nl-NL : language
			Microsoft Dynamics NAV 2017 = Microsoft Dynamics NAV 2017
			KB4023057 : update
		`},
		{"Adobe Inc.", `
			Adobe Acrobat DC (64-bit) : undecidable
			Adobe Acrobat (64-bit) : undecidable
			Adobe Acrobat XI Pro = Adobe Acrobat Pro XI
			Adobe Acrobat 9 Standard - English = Adobe Acrobat Standard 9
			Adobe Acrobat 2020 : undecidable
			Adobe Acrobat Reader DC - Nederlands : free
			Adobe Reader XI (11.0.23) : free
			Adobe Refresh Manager : update
			Adobe Photoshop 2025 = Adobe Photoshop 2025
			Adobe Photoshop CC 2019 = Adobe Photoshop 2019
			Adobe Photoshop CS6 = Adobe Photoshop CS6
			Adobe Illustrator 2024 = Adobe Illustrator 2024
			Adobe Premiere Pro 2025 = Adobe Premiere Pro 2025
			Adobe Creative Suite 6 Master Collection = Adobe Creative Suite Master Collection 6
			Adobe Creative Cloud : free
			Adobe Genuine Service : component
			Adobe Flash Player 32 NPAPI : free
			Adobe AIR : free
		`},
		{"Autodesk, Inc.", `
			AutoCAD 2025 - English = Autodesk AutoCAD 2025
			Autodesk AutoCAD 2025 - English = Autodesk AutoCAD 2025
			AutoCAD LT 2024 - Français (French) = Autodesk AutoCAD LT 2024
			AutoCAD 2024 Language Pack - English : language
			Autodesk Revit 2024 = Autodesk Revit 2024
			Revit 2024 = Autodesk Revit 2024
			Autodesk Inventor Professional 2023 = Autodesk Inventor Professional 2023
			Autodesk Material Library 2025 : component
			Autodesk Desktop App : update
			Autodesk Single Sign On Component : component
			DWG TrueView 2024 - English : free
		`},
		{"Oracle Corporation", `
			Java 8 Update 431 (64-bit) : undecidable
			Java(TM) SE Development Kit 17.0.12 (64-bit) : free
			Java(TM) SE Development Kit 17.0.13 (64-bit) : undecidable
			Java SE Development Kit 8 Update 431 (64-bit) : undecidable
			Java Auto Updater : update
		`},
		{"", `
			Microsoft Office Professional Plus 2016 = Microsoft Office Professional Plus 2016
			NVIDIA Graphics Driver 552.44 : driver
			7-Zip 24.08 (x64) : free
			Windows Driver Package - Dell Inc. (WinUSB) : driver
			Stockroom Planner ?
			Office ?
		`},
		{"Realtek Semiconductor Corp.", "Realtek High Definition Audio Driver : driver"},
		{"Intel Corporation", "Intel(R) Management Engine Components : driver"},
		{"Google LLC", "Google Chrome : free"},
		{"Foxit Software", "Adobe Photoshop 2025 = Adobe Photoshop 2025"}, // from another publisher
	} {
		for line := range strings.Lines(list.titles) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			name, want := line, "?"
			for _, separator := range []string{" = ", " : "} {
				if before, after, found := strings.Cut(line, separator); found {
					name, want = before, after
				}
			}
			d := inventory.StartingRules().Recognize(inventory.Title{Publisher: list.publisher, Name: strings.TrimSuffix(name, " ?"), Version: "8.0.1"})
			got := string(d.Kind)
			switch d.Kind {
			case inventory.Product:
				got = inventory.ProductName(d.Product)
			case inventory.Unknown:
				got = "?"
			default: // other kinds are compared by kind
			}
			if want = strings.TrimSuffix(want, " ?"); strings.HasSuffix(line, " ?") {
				want = "?"
			}
			if got != want {
				t.Errorf("%s %s: %s by %q, want %s", list.publisher, name, got, d.Rule, want)
			}
		}
	}
}

// TestSuiteCountsOncePerDeviceR6_3: two languages of a suite, its parts and its updates are one
// installation.
func TestSuiteCountsOncePerDeviceR6_3(t *testing.T) {
	t.Parallel()
	file := header
	for device, titles := range map[string][]string{
		"d1": {"Microsoft 365 Apps for enterprise - en-us", "Microsoft 365 Apps for enterprise - nl-nl", "Office 16 Click-to-Run Licensing Component"},
		"d2": {"Microsoft 365 Apps for enterprise - fr-fr", "Update for Microsoft Office 2016 (KB1) 64-Bit Edition"},
		"d3": {"Office 16 Click-to-Run Licensing Component"},
	} {
		for _, title := range titles {
			file += row(device, title, "Microsoft Corporation")
		}
	}
	got := read(t, file)
	apps := position.Product{Publisher: "Microsoft", Family: "Microsoft 365 Apps", Edition: "for enterprise"}
	if diff := cmp.Diff([]inventory.ProductCount{{Product: apps, Devices: 2, Users: 1, ByUser: []position.UserPCs{{PCs: 2, Users: 1}}}}, got.Products); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if titles := got.Evidence(apps); len(titles) != 3 {
		t.Errorf("evidence %v", titles)
	}
	want := []position.Line{{Product: apps, Quantity: 2, Users: 1, ByUser: []position.UserPCs{{PCs: 2, Users: 1}}, Source: position.Source{Kind: "inventory", ID: "intune-raw", Text: "Microsoft 365 Apps for enterprise"}}}
	if diff := cmp.Diff(want, got.Lines()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAdminRulesComeFirst(t *testing.T) {
	t.Parallel()
	planner := position.Product{Publisher: "Meuse Software", Family: "Stockroom Planner", Version: "{major}"}
	rules, err := inventory.NewRules([]inventory.Rule{
		{ID: "a1", Kind: inventory.Alias, Publisher: "ms", Name: "O365 image {number}", Title: inventory.Title{Publisher: "Microsoft", Name: "Microsoft 365 Apps for enterprise"}},
		{ID: "a2", Kind: inventory.Ignored, Name: "Microsoft Visio Professional 2016", Version: "16.*"},
		{ID: "a3", Kind: inventory.Product, Name: "Stockroom Planner*", Product: planner},
		{ID: "a4", Kind: inventory.Component, Name: "Stock Labels", Product: planner},
		{ID: "a5", Kind: inventory.Alias, Name: "Planner", Title: inventory.Title{Name: "Stockroom Planner", Version: "9.0"}},
		{ID: "a6", Kind: inventory.Alias, Name: "Label Maker", Title: inventory.Title{Name: "Nobody's"}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	apps := position.Product{Publisher: "Microsoft", Family: "Microsoft 365 Apps", Edition: "for enterprise"}
	four := planner
	four.Version = "4"
	for _, test := range []struct {
		title inventory.Title
		want  inventory.Decision
		says  string
	}{
		{inventory.Title{Publisher: "MS", Name: "O365 Image 12"}, inventory.Decision{Kind: inventory.Product, Rule: "microsoft-365-apps-enterprise", Alias: "a1", Product: apps}, "Counted as Microsoft 365 Apps for enterprise because of the rule microsoft-365-apps-enterprise."},
		{inventory.Title{Name: "Microsoft Visio Professional 2016", Version: "16.0"}, inventory.Decision{Kind: inventory.Ignored, Rule: "a2"}, "Not counted because an admin's rule ignores it (a2)."},
		{inventory.Title{Publisher: "Meuse", Name: "Stockroom  planner", Version: "4.2"}, inventory.Decision{Kind: inventory.Product, Rule: "a3", Product: four}, "Counted as Meuse Software Stockroom Planner 4 because of the rule a3."},
		{inventory.Title{Name: "Stock Labels", Version: "4.2"}, inventory.Decision{Kind: inventory.Component, Rule: "a4", Product: four}, "Not counted because it is part of Meuse Software Stockroom Planner 4 (rule a4)."},
		{inventory.Title{Name: "Planner", Version: "1"}, inventory.Decision{Alias: "a5"}, "Not counted because no rule matches it. It is in the queue of unknown titles."}, // only the rules after an alias
		{inventory.Title{Name: "Label maker"}, inventory.Decision{Alias: "a6"}, "Not counted because no rule matches it. It is in the queue of unknown titles."},
		{inventory.Title{Publisher: "Microsoft", Name: "Office 16 Click-to-Run Licensing Component"}, inventory.Decision{Kind: inventory.Component, Rule: "ms-click-to-run"}, "Not counted because it is part of another product (rule ms-click-to-run)."},
	} {
		got := rules.Recognize(test.title)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.title, diff)
		}
		code, args := got.Sentence()
		if diff := cmp.Diff(test.says, i18n.Text(i18n.English, code, args)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", test.title, diff)
		}
	}
	if rules.ID == inventory.StartingRules().ID {
		t.Error("other rules have the same id")
	}
	if again, err := inventory.NewRules(nil, nil); err != nil || again.ID != inventory.StartingRules().ID {
		t.Errorf("the same rules have another id, %v", err)
	}
}

// TestReplayIsExact counts the same file by other rules.
func TestReplayIsExact(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../../events/inventory/appinvrawdata.csv")
	if err != nil {
		t.Fatal(err)
	}
	before := read(t, string(file))
	if queue := before.Queue(); len(queue) != 3 || queue[0].Name != "Stockroom Planner" || queue[0].Devices != 2 {
		t.Errorf("queue %+v", queue)
	}
	planner := position.Product{Publisher: "Meuse Software", Family: "Stockroom Planner"}
	rules, err := inventory.NewRules([]inventory.Rule{{ID: "planner", Kind: inventory.Product, Name: "Stockroom Planner", Product: planner}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	after, err := inventory.Read(t.Context(), strings.NewReader(string(file)), inventory.Options{Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	if len(after.Products) != len(before.Products)+1 || after.Rules == before.Rules || len(after.Queue()) != 1 {
		t.Errorf("%+v", after.Products)
	}
	for _, p := range after.Products { // 4.2 on two of the PCs and 4.3 on another
		if p.Product == planner && p.Devices != 3 {
			t.Errorf("%+v", p)
		}
	}
}

func TestEveryKindSaysSomething(t *testing.T) {
	t.Parallel()
	for _, kind := range append([]inventory.Kind{inventory.Unknown}, inventory.TitleKinds...) {
		if code, _ := (inventory.Decision{Kind: kind}).Sentence(); !i18n.Known(code) {
			t.Errorf("no message %s", code)
		}
	}
}

func TestNewRulesTellsEveryMistake(t *testing.T) {
	t.Parallel()
	_, err := inventory.NewRules([]inventory.Rule{
		{ID: "", Kind: inventory.Ignored, Name: "x"},
		{ID: "a", Kind: "x", Name: " * "},
		{ID: "a", Kind: inventory.Product, Name: "x {Year} {letter}", Publisher: "}", Version: strings.Repeat("x", 2000)},
		{ID: "b", Kind: inventory.Alias, Name: "{"},
	}, nil)
	var got []string
	for _, v := range errs.As(err).Violations {
		got = append(got, v.Field+" "+v.Code)
	}
	want := []string{
		"rules/0/id rule_id", "rules/1/kind rule_kind", "rules/1/name rule_name",
		"rules/2/publisher rule_pattern", "rules/2/name rule_pattern", "rules/2/version length_max", "rules/2/product rule_product", "rules/2/id rule_id",
		"rules/3/name rule_pattern", "rules/3/title rule_title",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := inventory.NewRules(make([]inventory.Rule, inventory.MaxRules+1), nil); errs.CodeOf(err) != "rules_many" {
		t.Error(err)
	}
}

// TestSamples reads the samples, which describe the same PCs.
func TestSamples(t *testing.T) {
	t.Parallel()
	all := []string{
		"Adobe Acrobat DC: 1", "Adobe Photoshop 2025: 1", "Autodesk AutoCAD 2025: 1", "Microsoft 365 Apps for enterprise: 2",
		"Microsoft Office Professional Plus 2016: 3", "Microsoft Visio (plan or perpetual): 1", "Microsoft Visio Professional 2016: 1",
	}
	three := []string{
		"Adobe Acrobat DC: 1", "Adobe Photoshop 2025: 1", "Microsoft 365 Apps for enterprise: 2",
		"Microsoft Office Professional Plus 2016: 1", "Microsoft Visio (plan or perpetual): 1",
	}
	for name, want := range map[string]struct {
		shape              inventory.Shape
		devices, rows, bad int
		products           []string
	}{
		"appinvrawdata.csv":   {inventory.AppInvRawData, 5, 87, 2, all},
		"intune.zip":          {inventory.AppInvRawData, 5, 85, 0, all},
		"appinvaggregate.csv": {inventory.AppInvAggregate, 5, 36, 0, all},
		"glpi.json":           {inventory.GLPI, 3, 44, 0, append(slices.Clone(three), "Microsoft Windows Pro 11: 3")},
		"osquery.jsonl":       {inventory.Osquery, 3, 45, 1, three},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := os.Open("../../events/inventory/" + name)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			got, err := inventory.Read(t.Context(), file, inventory.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var products []string
			for _, p := range got.Products {
				products = append(products, fmt.Sprintf("%s: %d", inventory.ProductName(p.Product), p.Devices))
			}
			if diff := cmp.Diff(want.products, products); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got.Shape != want.shape || got.Devices != want.devices || got.Rows != want.rows || got.BadRows != want.bad || got.Estimated != (want.shape == inventory.AppInvAggregate) {
				t.Errorf("%s, %d devices, %d rows, %d bad", got.Shape, got.Devices, got.Rows, got.BadRows)
			}
		})
	}
}

func BenchmarkRecognize(b *testing.B) {
	title := inventory.Title{Publisher: "Somebody", Name: "A product that no rule knows", Version: "1.0"}
	for b.Loop() {
		inventory.StartingRules().Recognize(title)
	}
}

func TestR6_3_RuleListOrder(t *testing.T) {
	t.Parallel()
	rule := func(id string) inventory.Rule { return inventory.Rule{ID: id, Kind: inventory.Ignored, Name: id} }
	list := inventory.RuleList{Admin: []inventory.Rule{rule("a"), rule("b"), rule("c")}}
	for _, c := range []struct {
		id   string
		at   int
		want string
	}{
		{"d", 0, "abcd"},
		{"d", 1, "dabc"},
		{"d", 3, "abdc"},
		{"d", 4, "abcd"},
		{"d", 2000, "abcd"},
		{"a", 2, "bac"},
		{"a", 0, "bca"},
		{"c", 1, "cab"},
		{"b", 2, "abc"},
	} {
		got := ""
		for _, r := range list.With(rule(c.id), c.at) {
			got += r.ID
		}
		if got != c.want || len(list.Admin) != 3 {
			t.Errorf("%s at %d: %s, want %s", c.id, c.at, got, c.want)
		}
	}
	if _, at, err := list.Find("b"); at != 2 || err != nil {
		t.Errorf("b is at %d, %v", at, err)
	}
	for id, code := range map[string]string{
		"adobe-acrobat-undecidable": "rule_built_in", "any-part-of-family": "rule_built_in", "decision/adobe-acrobat-undecidable": "rule_is_decision", "d": "rule_not_found",
	} {
		if _, _, err := list.Find(id); errs.CodeOf(err) != code {
			t.Errorf("%s: %v, want %s", id, err, code)
		}
	}
	if _, _, err := list.Find("d"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("d: %v", err)
	}
	if left := list.Without("b"); len(left) != 2 || left[1].ID != "c" {
		t.Errorf("without b: %v", left)
	}
}
