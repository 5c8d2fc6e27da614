package position

import (
	"fmt"
	"strings"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
)

// entry returns a row of the test dictionary, with a rule if it can be installed.
func entry(id, name string, metric product.Metric, more ...func(*product.Row)) product.Row {
	family, edition, _ := strings.Cut(name, "/")
	row := product.Row{ID: id, Publisher: "Microsoft", Family: family, Edition: edition, Kind: product.KindProduct, Metric: metric, Scheme: product.SchemeYear}
	for _, change := range more {
		change(&row)
	}
	return row
}

func rank(n int) func(*product.Row) { return func(r *product.Row) { r.Rank = n } }

func includes(ids ...string) func(*product.Row) { return func(r *product.Row) { r.Includes = ids } }

func candidates(ids ...string) func(*product.Row) {
	return func(r *product.Row) { r.Kind, r.Candidates = product.KindUndecidable, ids }
}

func known(versions ...string) func(*product.Row) { return func(r *product.Row) { r.Known = versions } }

func upgrades(from, to string) func(*product.Row) {
	return func(r *product.Row) {
		r.Known, r.Upgrades = []string{"2016", "2019", "2021"}, map[string]string{from: to}
	}
}

func free(r *product.Row) { r.Kind = product.KindFree }

// small is a dictionary with a product of each kind. Products whose id begins with "paper" are
// only on paper.
var small = func() *product.Dictionary {
	data := product.Data{Publishers: []product.Publisher{{Name: "Microsoft"}}, Rows: []product.Row{
		entry("apps", "Apps", product.MetricUser),
		entry("visio-pro", "Visio/Professional", product.MetricDevice, rank(2)),
		entry("visio-std", "Visio/Standard", product.MetricDevice, rank(1)),
		entry("paper-e3", "E3", product.MetricUser, includes("apps", "visio-pro")),
		entry("paper-e5", "E5", product.MetricUser, includes("paper-e3", "editor", "editor-std")),
		entry("paper-mail", "Mail Online", product.MetricUser),
		entry("paper-cal", "CAL", product.MetricCAL),
		entry("paper-cals", "CAL Suite", product.MetricCAL, includes("agent")),
		entry("agent", "Agent", product.MetricDevice),
		entry("editor", "Editor/Pro", product.MetricUser, rank(2)),
		entry("editor-std", "Editor/Standard", product.MetricUser, rank(1)),
		entry("editor-free", "Editor/Free", product.MetricNone, free),
		entry("editor-any", "Editor", product.MetricUser, candidates("editor", "editor-std", "editor-free")),
		entry("sql-ent", "SQL/Enterprise", product.MetricCore, rank(2)),
		entry("sql-std", "SQL/Standard", product.MetricCore, rank(1)),
		entry("sql-dev", "SQL/Developer", product.MetricUser),
		entry("sql-any", "SQL", product.MetricCore, candidates("sql-ent", "sql-std", "sql-dev")),
		entry("paper-tool", "Tool/Paid", product.MetricUser),
		entry("tool-any", "Tool", product.MetricUser, candidates("paper-tool")),
		entry("photo", "Photo", product.MetricDevice, known("CS3", "CS6", "CC", "2023", "DC")),
		entry("paper-suite", "Design Suite", product.MetricDevice, includes("photo", "draw")),
		entry("draw", "Draw", product.MetricDevice),
		entry("tile", "Tile", product.MetricDevice, func(r *product.Row) { r.Scheme, r.Known = product.SchemeNames, []string{"A", "B", "C"} }),
		entry("slate", "Slate", product.MetricDevice, func(r *product.Row) { r.Scheme, r.Known = product.SchemeNames, []string{"J", "K"} }),
		entry("paper-bundle", "Bundle", product.MetricDevice, includes("tile", "slate"), func(r *product.Row) {
			r.Known, r.Contains = []string{"2016", "2019", "2021"}, map[string][]string{"2016": {"A"}, "2019": {"tile=B", "J"}, "2021": {"slate=K"}}
		}),
		entry("system-pro", "System/Pro", product.MetricOS, rank(2), upgrades("2019", "2021")),
		entry("system-lite", "System/Lite", product.MetricOS, rank(1)),
		entry("loop-a", "Loop A", product.MetricDevice, includes("loop-b")),
		entry("loop-b", "Loop B", product.MetricDevice, includes("loop-a", "unknown-id")),
	}}
	for i, row := range data.Rows {
		if !strings.HasPrefix(row.ID, "paper") {
			data.Rules = append(data.Rules, product.Rule{ID: row.ID, Kind: row.Kind, Row: i, Publisher: 0})
		}
	}
	return product.New(data)
}()

func TestDictionaryR8_2(t *testing.T) {
	t.Parallel()
	compute(t, small, []computing{
		{
			name: "I a suite covers one of each product that it includes", licenses: []string{"10 E3@"}, installations: []string{"10 Apps@", "8 Visio Professional@2021"},
			want: []string{
				"Apps: 0 owned, +10 include from E3, 10 needed: +0-0 covered", "E3: 10 owned, 10 include for Apps, 8 include for Visio Professional@2021, 0 needed: +0-0 covered",
				"Visio Professional@2021: 0 owned, +8 include from E3, 8 needed: +0-0 covered",
			},
		},
		{
			name: "I what a suite uses is the most", licenses: []string{"10 E3@"}, installations: []string{"4 Apps@", "12 Visio Professional@2021"},
			want: []string{
				"Apps: 0 owned, +4 include from E3, 4 needed: +0-0 covered", "E3: 10 owned, 4 include for Apps, 10 include for Visio Professional@2021, 0 needed: +0-0 covered",
				"Visio Professional@2021: 0 owned, +10 include from E3, 12 needed: +0-2 short",
			},
		},
		{
			name: "I through another suite, then to a lower edition and to an undecidable title", licenses: []string{"3 E5@"}, installations: []string{"1 Visio Standard@2016", "2 Editor@", "1 Apps@"},
			want: []string{
				"Apps: 0 owned, +1 include from E5, 1 needed: +0-0 covered",
				"E5: 3 owned, 1 include for Apps, 2 candidate for Editor, 1 include for Visio Standard@2016, 0 needed: +1-0 covered",
				"Editor: 0 owned, +2 candidate from E5, 2 needed: +0-0 covered", "Visio Standard@2016: 0 owned, +1 include from E5, 1 needed: +0-0 covered",
			},
		},
		{
			name: "I ranked editions and undecidable titles share the licence", licenses: []string{"3 E5@"}, installations: []string{"2 Editor@", "2 Editor Pro@"},
			want: []string{
				"E5: 3 owned, 1 candidate for Editor, 2 include for Editor Pro, 0 needed: +0-0 covered",
				"Editor: 0 owned, +1 candidate from E5, 2 needed: +0-0 undecided", "Editor Pro: 0 owned, +2 include from E5, 2 needed: +0-0 covered",
			},
		},
		{
			name: "I also where the suite includes both", licenses: []string{"3 E5@"}, installations: []string{"2 Editor Standard@", "2 Editor Pro@"},
			want: []string{
				"E5: 3 owned, 1 include for Editor Standard, 2 include for Editor Pro, 0 needed: +0-0 covered",
				"Editor Pro: 0 owned, +2 include from E5, 2 needed: +0-0 covered", "Editor Standard: 0 owned, +1 include from E5, 2 needed: +0-1 short",
			},
		},
		{
			name: "I a licence of the product itself comes first", licenses: []string{"5 E3@", "4 Apps@"}, installations: []string{"6 Apps@"},
			want: []string{"Apps: 4 owned, +2 include from E3, 6 needed: +0-0 covered", "E3: 5 owned, 2 include for Apps, 0 needed: +3-0 covered"},
		},
		{
			name: "I switched off", licenses: []string{"5 E3@"}, installations: []string{"1 Apps@"}, options: Options{NoInclude: true},
			want: []string{"Apps: 0 owned, 1 needed: +0-1 unlicensed", "E3: 5 owned, 0 needed: +5-0 unused"},
		},
		{
			name: "I a suite of a version covers the same, updates and older ones", licenses: []string{"5 Design Suite@2021+SA"},
			installations: []string{"1 Draw@2021", "1 Draw@2021.5", "1 Draw@2019", "1 Draw@2024", "1 Draw@X"},
			want: []string{
				"Design Suite@2021: 5 owned, 1 include for Draw@2019, 1 include for Draw@2021, 1 include for Draw@2021.5, 0 needed: +2-0 covered",
				"Draw@2019: 0 owned, +1 include from Design Suite@2021, 1 needed: +0-0 covered", "Draw@2021: 0 owned, +1 include from Design Suite@2021, 1 needed: +0-0 covered",
				"Draw@2021.5: 0 owned, +1 include from Design Suite@2021, 1 needed: +0-0 covered",
				"Draw@2024: 0 owned, 1 needed: +0-1 unlicensed", "Draw@X: 0 owned, 1 needed: +0-1 unlicensed",
			},
		},
		{
			name: "I suites that include each other", licenses: []string{"2 Loop A@"}, installations: []string{"1 Loop B@", "1 Loop A@"},
			want: []string{"Loop A: 2 owned, 1 include for Loop B, 1 needed: +1-0 covered", "Loop B: 0 owned, +1 include from Loop A, 1 needed: +0-0 covered"},
		},
		{
			name: "I nothing that it includes is installed", licenses: []string{"2 E3@"},
			want: []string{"E3: 2 owned, 0 needed: +2-0 unused"},
		},
		{
			name: "E a higher edition covers a lower one, and not the reverse", licenses: []string{"2 Visio Professional@2021", "1 Visio Standard@2021"},
			installations: []string{"2 Visio Standard@2019", "1 Visio Standard@2024", "2 Visio Professional@2021"},
			want: []string{
				"Visio Professional@2021: 2 owned, 2 needed: +0-0 covered",
				"Visio Standard@2019: 0 owned, +1 downgrade from Visio Standard@2021, 2 needed: +0-1 short",
				"Visio Standard@2021: 1 owned, -1 downgrade to Visio Standard@2019, 0 needed: +0-0 covered",
				"Visio Standard@2024: 0 owned, 1 needed: +0-1 unlicensed",
			},
		},
		{
			name: "E with downgrade and assurance", licenses: []string{"2 Visio Professional@2021+SA"}, installations: []string{"1 Visio Standard@2019", "1 Visio Standard@2024"},
			want: []string{
				"Visio Professional@2021: 2 owned, -1 edition to Visio Standard@2019, -1 edition to Visio Standard@2024, 0 needed: +0-0 covered",
				"Visio Standard@2019: 0 owned, +1 edition from Visio Professional@2021, 1 needed: +0-0 covered", "Visio Standard@2024: 0 owned, +1 edition from Visio Professional@2021, 1 needed: +0-0 covered",
			},
		},
		{
			name: "E switched off", licenses: []string{"2 Visio Professional@2021"}, installations: []string{"1 Visio Standard@2021"}, options: Options{NoEdition: true},
			want: []string{"Visio Professional@2021: 2 owned, 0 needed: +2-0 unused", "Visio Standard@2021: 0 owned, 1 needed: +0-1 unlicensed"},
		},
		{
			name: "U an undecidable title is covered by a candidate", licenses: []string{"2 Editor Standard@"}, installations: []string{"2 Editor@7"},
			want: []string{"Editor@7: 0 owned, +2 candidate from Editor Standard, 2 needed: +0-0 covered", "Editor Standard: 2 owned, -2 candidate to Editor@7, 0 needed: +0-0 covered"},
		},
		{
			name: "U it is undecided as long as one is left, and never unlicensed", licenses: []string{"2 Editor Pro@6", "9 Editor Free@"}, installations: []string{"3 Editor@5", "1 Editor@7"},
			want: []string{
				"Editor@5: 0 owned, +2 candidate from Editor Pro@6, 3 needed: +0-0 undecided", "Editor@7: 0 owned, 1 needed: +0-0 undecided",
				"Editor Free: 9 owned, 0 needed: +9-0 unused", "Editor Pro@6: 2 owned, -2 candidate to Editor@5, 0 needed: +0-0 covered",
			},
		},
		{
			name: "U a product that is only known as an undecidable title is measured", licenses: []string{"3 Tool Paid@"}, installations: []string{"2 Tool@"},
			want: []string{"Tool: 0 owned, +2 candidate from Tool Paid, 2 needed: +0-0 covered", "Tool Paid: 3 owned, -2 candidate to Tool, 0 needed: +1-0 covered"},
		},
		{
			name: "U a licence that names only its family covers one of any edition", licenses: []string{"4 Editor@7"}, installations: []string{"1 Editor Pro@7", "2 Editor@7"},
			want: []string{
				"Editor@7: 4 owned, -1 candidate to Editor Pro@7, 2 needed: +1-0 covered", "Editor Pro@7: 0 owned, +1 candidate from Editor@7, 1 needed: +0-0 covered",
			},
		},
		{
			name: "U a family switched off: it is measured, and covers nothing", licenses: []string{"4 Editor@7"}, installations: []string{"1 Editor Pro@7"}, options: Options{NoCandidate: true},
			want: []string{"Editor@7: 4 owned, 0 needed: +4-0 unused", "Editor Pro@7: 0 owned, 1 needed: +0-1 unlicensed"},
		},
		{
			name: "U switched off", licenses: []string{"2 Editor Pro@"}, installations: []string{"1 Editor@"}, options: Options{NoCandidate: true},
			want: []string{"Editor: 0 owned, 1 needed: +0-0 undecided", "Editor Pro: 2 owned, 0 needed: +2-0 unused"},
		},
		{
			name: "U SQL Server without edition is not measured while licences of the family are left", licenses: []string{"16 SQL Enterprise@2022"}, installations: []string{"3 SQL@2019"},
			want: []string{"SQL@2019: 0 owned, 3 needed: +0-0 not-measured", "SQL Enterprise@2022: 16 owned, 0 needed: +0-0 not-measured"},
		},
		{
			name: "U and undecided without any, or of a newer version", licenses: []string{"16 SQL Enterprise@2016"}, installations: []string{"3 SQL@2019"},
			want: []string{"SQL@2019: 0 owned, 3 needed: +0-0 undecided", "SQL Enterprise@2016: 16 owned, 0 needed: +0-0 not-measured"},
		},
		{
			name: "U a measured candidate first, the rest by cores", licenses: []string{"16 SQL Enterprise@2022", "1 SQL Developer@2019"}, installations: []string{"3 SQL@2019"},
			want: []string{
				"SQL@2019: 0 owned, +1 candidate from SQL Developer@2019, 3 needed: +0-0 not-measured",
				"SQL Developer@2019: 1 owned, -1 candidate to SQL@2019, 0 needed: +0-0 covered", "SQL Enterprise@2022: 16 owned, 0 needed: +0-0 not-measured",
			},
		},
		{
			name: "M CALs, cores and online services", licenses: []string{"250 CAL@2022", "16 SQL Standard@2022", "5 Mail Online@"}, installations: []string{"1 SQL Standard@2019"},
			want: []string{
				"CAL@2022: 250 owned, 0 needed: +0-0 not-measured", "Mail Online: 5 owned, 0 needed: +0-0 not-measured",
				"SQL Standard@2019: 0 owned, 1 needed: +0-0 not-measured", "SQL Standard@2022: 16 owned, 0 needed: +0-0 not-measured",
			},
		},
		{
			name: "M one row for a licence that only its name tells, in any spelling", licenses: []string{"2 Zed Server CAL@2030", "3 zed server CAL@2030", "4 Microsoft Zed Server CAL@2030"},
			want: []string{"Microsoft Zed Server CAL@2030: 9 owned, 0 needed: +0-0 not-measured"},
		},
		{
			name: "M a server without any licence is unlicensed", licenses: []string{"16 SQL Standard@2022"}, installations: []string{"1 SQL Enterprise@2022"},
			want: []string{"SQL Enterprise@2022: 0 owned, 1 needed: +0-1 unlicensed", "SQL Standard@2022: 16 owned, 0 needed: +0-0 not-measured"},
		},
		{
			name: "M what only CALs cover is not measured", licenses: []string{"5 CAL Suite@", "2 Agent@"}, installations: []string{"9 Agent@"},
			want: []string{"Agent: 2 owned, 9 needed: +0-0 not-measured", "CAL Suite: 5 owned, 0 needed: +0-0 not-measured"},
		},
		{
			name: "M an online service that an inventory finds is measured", licenses: []string{"5 Mail Online@"}, installations: []string{"6 Mail Online@"},
			want: []string{"Mail Online: 5 owned, 6 needed: +0-1 short"},
		},
		{
			name: "I users are compared where they are told", licenses: []string{"5 Apps@", "9 Draw@"}, installations: []string{"4/3 Apps@", "9/2 Apps@", "9/1 Draw@"},
			want: []string{"Apps: 5 owned, 5 needed by users: +0-0 covered", "Draw: 9 owned, 9 needed: +0-0 covered"},
		},
		{
			name: "I and else PCs, line by line", licenses: []string{"5 Apps@"}, installations: []string{"4/3 Apps@", "3 Apps@"},
			want: []string{"Apps: 5 owned, 6 needed: +0-1 short"},
		},
		{
			name: "B one row for a product with its publisher at the front or not", licenses: []string{"2 Microsoft Draw@2021"}, installations: []string{"1 Draw@2021", "1 MICROSOFT  draw@2021", "1 draw@2021"},
			want: []string{"Microsoft Draw@2021: 2 owned, 3 needed: +0-1 short"},
		},
		{
			name: "B versions in the order of the dictionary", licenses: []string{"1 Photo@CC", "1 Photo@DC"}, installations: []string{"1 Photo@CS6", "1 Photo@2023"},
			want: []string{
				"Photo@CS6: 0 owned, +1 downgrade from Photo@CC, 1 needed: +0-0 covered", "Photo@CC: 1 owned, -1 downgrade to Photo@CS6, 0 needed: +0-0 covered",
				"Photo@2023: 0 owned, +1 downgrade from Photo@DC, 1 needed: +0-0 covered", "Photo@DC: 1 owned, -1 downgrade to Photo@2023, 0 needed: +0-0 covered",
			},
		},
	})
}

// TestAdjustmentsR8_10 checks that an adjustment adds to or takes from the licences, at most all.
func TestAdjustmentsR8_10(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		adjusted       int
		owned, counted int
		verdict        Verdict
	}{
		{2, 7, 2, VerdictCovered}, {-1, 4, -1, VerdictShort}, {-9, 0, -5, VerdictUnlicensed}, {0, 5, 0, VerdictShort},
	} {
		licenses := append(lines(KindPair, "5 A@2021+SA", "-3 A@2021"), lines(KindAdjustment, fmt.Sprintf("%d A@2021", test.adjusted))...)
		rows := Compute(empty, licenses, lines(KindInventory, "7 A@2021"), Options{})
		if r := rows[0]; len(rows) != 1 || r.Owned != test.owned || r.Adjusted != test.counted || r.Pairs != 5 || r.Volume != 5 || r.SA > r.Owned || r.Verdict != test.verdict {
			t.Errorf("adjusted by %d: %+v", test.adjusted, rows)
		}
	}
	if rows := Compute(empty, lines(KindAdjustment, "-2 A@"), nil, Options{}); len(rows) != 0 {
		t.Errorf("an adjustment of nothing gives %+v", rows)
	}
}

// TestEndedAssuranceR8_2 checks the versions that Software Assurance leaves after its end.
func TestEndedAssuranceR8_2(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		end       day.Date
		installed string
		covered   bool
	}{
		{"2024-06-30", "2021", true},
		{"2024-06-30", "2023", true},
		{"2024-06-30", "2024", false},
		{"2024-12-31", "2024", true},
		{"2024-12-31", "2025", false},
		{"2024-12-31", "2022 R2", false}, // the release of an R2 is not known
		{"2024-12-31", "2022.1", false},
	} {
		e := entitlement.Entitlement{Family: "A", Version: "2019", Effective: 3, ActiveSA: 2, SAEnd: test.end}
		l, _ := Entitled(empty, e, Source{Kind: KindPair}, "", day.Calendar{Today: "2026-11-21"})
		installed := lines(KindInventory, "3 A@"+test.installed)
		want := 0
		if test.covered {
			want = 2
		}
		if got := total(Compute(empty, []Line{l}, installed, Options{})); got.Covered != want {
			t.Errorf("until %s, %s: %d covered, want %d", test.end, test.installed, got.Covered, want)
		}
		if got := total(Compute(empty, []Line{l}, installed, Options{NoAssurance: true})); got.Covered != 0 {
			t.Errorf("until %s, %s, without assurance: %d covered", test.end, test.installed, got.Covered)
		}
	}
}

// TestProductsR5_0 checks the examples of licences and titles with the dictionary of this release.
func TestProductsR5_0(t *testing.T) {
	t.Parallel()
	d := builtin.Load()
	for _, test := range []struct {
		publisher, license, version string // on paper
		by, title, build            string // installed
		want                        Verdict
	}{
		{"Microsoft", "Visio Plan 2", "", "Microsoft Corporation", "Microsoft Visio - en-us", "16.0.16731", VerdictCovered},
		{"Microsoft", "Office LTSC Professional Plus", "2021", "Microsoft Corporation", "Microsoft Office LTSC Professional Plus 2021 - nl-nl", "16.0.14332", VerdictCovered},
		{"Adobe", "Acrobat Pro", "DC", "Adobe Inc.", "Adobe Acrobat (64-bit)", "23.1", VerdictCovered},
		{"win.rar GmbH", "WinRAR", "", "win.rar GmbH", "WinRAR 6.24 (64-bit)", "6.24", VerdictCovered},
		{"Corel", "WinZip", "", "WinZip Computing, S.L.", "WinZip 27.0", "27.0", VerdictCovered},
		{"Microsoft", "Visual Studio Enterprise w/ MSDN", "", "Microsoft Corporation", "Visual Studio Enterprise 2022", "17.8", VerdictCovered},
		{"MathWorks", "MATLAB R2021a", "", "MathWorks", "MATLAB R2021a", "9.10", VerdictCovered},
		{"Microsoft", "Project Plan 3", "", "Microsoft Corporation", "Microsoft Project - en-us", "16.0.16731", VerdictCovered},
		{"Microsoft", "Microsoft Office Professional Plus 2016", "16", "Microsoft Corporation", "Microsoft Office Professionnel Plus 2016 - fr-fr", "16.0.4266", VerdictCovered},
		{"Autodesk", "AutoCAD 2019 - English", "23", "Autodesk", "AutoCAD 2019 - English", "23.0.46.0", VerdictCovered},
		{"Microsoft", "Visual Studio Professional 2019", "16.11", "Microsoft Corporation", "Visual Studio Professional 2019", "16.11.1", VerdictCovered},
		{"VMware", "VMware Workstation", "17", "VMware, Inc.", "VMware Workstation", "17.5.0", VerdictCovered},
		{"TechSmith", "Snagit 11", "11", "TechSmith Corporation", "Snagit 11", "11.4", VerdictCovered},
		{"Microsoft", "Microsoft 365 E3", "", "Microsoft Corporation", "Microsoft 365 Apps for enterprise - en-us", "16.0", VerdictCovered},
		{"Adobe", "Creative Cloud All Apps", "", "Adobe Inc.", "Adobe Photoshop 2024", "25.4", VerdictCovered},
		{"Adobe", "Creative Cloud All Apps", "", "Adobe Inc.", "Adobe Acrobat (64-bit)", "23.1", VerdictCovered},
		{"Microsoft", "SQL Server Standard Core", "2019", "Microsoft Corporation", "Microsoft SQL Server 2019 (64-bit)", "15.0.2000.5", VerdictNotMeasured},
		{"Microsoft", "Project Plan 1", "", "Oracle Corporation", "Java 8 Update 401 (64-bit)", "8.0.4010.10", VerdictUndecided},
	} {
		m, ok := d.Recognize(product.Title{Publisher: test.by, Name: test.title, Version: test.build})
		if !ok {
			t.Errorf("%s is not recognised", test.title)
			continue
		}
		bought, _ := Bought(d, agreement.Agreement{Type: agreement.TypeOther, Terms: agreement.Terms{Publisher: test.publisher, ProductTitle: test.license, Licenses: 10}}, day.Calendar{})
		bought.Product = d.Named(test.publisher, test.license, test.version)
		rows := Compute(d, []Line{bought}, []Line{{Product: m.Product, Quantity: 10}}, Options{})
		for _, r := range rows {
			if r.Product == m.Product && r.Verdict != test.want {
				t.Errorf("ten licences for %s %s and ten of %s: %s\n%s", test.license, test.version, test.title, r.Verdict, strings.Join(told(rows), "\n"))
			}
		}
	}
}

// TestServicesWithSystemsR5_0: a service that includes an edition of Windows is not called unused because the
// inventory does not tell editions of Windows.
func TestServicesWithSystemsR5_0(t *testing.T) {
	t.Parallel()
	d := builtin.Load()
	for _, test := range []struct {
		license, title string
		want           Verdict // of the licence
	}{
		{"Microsoft 365 F3", "7-Zip 23.01", VerdictNotMeasured},
		{"Microsoft 365 F3", "Microsoft Windows 11 Enterprise", VerdictCovered},
		{"Microsoft 365 E3", "7-Zip 23.01", VerdictUnused}, // its Apps would be found
	} {
		bought := Line{Product: d.Named("Microsoft", test.license, ""), Quantity: 10}
		m, ok := d.Recognize(product.Title{Publisher: "Microsoft Corporation", Name: test.title})
		if !ok {
			m.Product = Product{Publisher: "Igor Pavlov", Family: test.title}
		}
		for _, r := range Compute(d, []Line{bought}, []Line{{Product: m.Product, Quantity: 10}}, Options{}) {
			if r.Product == bought.Product && r.Verdict != test.want {
				t.Errorf("%s beside %s: %s, want %s", test.license, test.title, r.Verdict, test.want)
			}
		}
	}
}

// TestEveryIncludeAndCandidateR5_0 checks, for every product of this release, that a licence
// without a version covers what the product includes, or that it is not measured, and that a
// licence of every candidate that is not free covers its undecidable title.
func TestEveryIncludeAndCandidateR5_0(t *testing.T) {
	t.Parallel()
	d := builtin.Load()
	checked := 0
	covers := func(license, installed *product.Row) {
		of := func(r *product.Row) Product {
			return Product{Publisher: r.Publisher, Family: r.Family, Edition: r.Edition}
		}
		to := of(installed)
		for _, r := range Compute(d, []Line{{Product: of(license), Quantity: 1}}, []Line{{Product: to, Quantity: 1}}, Options{}) {
			want := VerdictCovered
			if !isMeasured(license.Metric) || !isMeasured(installed.Metric) && installed.Kind != product.KindUndecidable {
				want = VerdictNotMeasured
			}
			if r.Product != to {
				continue
			}
			checked++
			if r.Verdict != want {
				t.Errorf("%s on a PC is %s with a licence of %s, want %s", installed.ID, r.Verdict, license.ID, want)
			}
		}
	}
	for i := range d.Rows {
		row := &d.Rows[i]
		for _, id := range row.Includes {
			if included, ok := d.Find(id); ok {
				covers(row, included)
			}
		}
		for _, id := range row.Candidates {
			if candidate, ok := d.Find(id); ok && candidate.Kind != product.KindFree {
				covers(candidate, row)
			}
		}
	}
	if checked < 500 {
		t.Errorf("only %d pairs of products", checked)
	}
}
