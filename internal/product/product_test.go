package product_test

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"trueup/internal/pack"
	"trueup/internal/product"
	"trueup/internal/product/builtin"
	"trueup/internal/product/source"
	"trueup/internal/text"
)

// TestDataFilesR5_0 checks the data files: every rule takes and leaves what its examples say, no
// rule takes an example of another, and no two products share a name. It also checks that the
// embedded dictionary was made from them.
func TestDataFilesR5_0(t *testing.T) {
	t.Parallel()
	entries, err := source.Read(os.DirFS("data"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := source.Compile(entries)
	if err != nil {
		t.Fatal(err)
	}
	d := product.New(data)
	for _, problem := range source.Check(entries, d) {
		t.Error(problem)
	}
	products, noise := data.Split()
	for name, part := range map[string]product.Data{"products.bin": products, "noise.bin": noise} {
		embedded, err := os.ReadFile("builtin/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(product.Encode(part), embedded) {
			t.Errorf("%s differs from the data files; run go generate ./internal/product", name)
		}
	}
	if loaded := builtin.Load(); len(loaded.Rows) != len(d.Rows) || len(loaded.Rules) != len(d.Rules) {
		t.Errorf("%d rows and %d rules of %d and %d are built in", len(loaded.Rows), len(loaded.Rules), len(d.Rows), len(d.Rules))
	}
}

// TestPackedIsWholeR5_0 checks that a packed dictionary has everything but the sources.
func TestPackedIsWholeR5_0(t *testing.T) {
	t.Parallel()
	entries, err := source.Read(os.DirFS("data"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := source.Compile(entries)
	if err != nil {
		t.Fatal(err)
	}
	packed := string(product.Encode(want))
	got, err := product.Decode(packed)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.Rows {
		want.Rows[i].Source = ""
	}
	for _, data := range []product.Data{want, got} {
		for _, r := range data.Rules {
			slices.Sort(r.Words)
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	for _, damaged := range []string{packed[:len(packed)-1], packed + "x", packed[:100], ""} {
		if _, err := product.Decode(damaged); !errors.Is(err, pack.ErrDamaged) {
			t.Errorf("%d of %d bytes: %v", len(damaged), len(packed), err)
		}
	}
}

// TestRecognizeR6_5 checks titles of each kind of PRODUCTS.md: the product or the kind.
func TestRecognizeR6_5(t *testing.T) {
	t.Parallel()
	for _, list := range []struct{ publisher, titles string }{
		{"Microsoft Corporation", `
			Microsoft Office Professionnel Plus 2016 - fr-fr = Microsoft Office Professional Plus 2016
			Microsoft Office Famille et Petite Entreprise 2016 - fr-fr = Microsoft Office Home and Business 2016
			Microsoft Office Profesional Plus 2019 - es-es = Microsoft Office Professional Plus 2019
			Aplicaciones de Microsoft 365 para empresas - es-es = Microsoft 365 Apps for enterprise
			Aplicaciones de Microsoft 365 para negocios - es-es = Microsoft 365 Apps for business
			Microsoft 365 Apps para Grandes Empresas - pt-br = Microsoft 365 Apps for enterprise
			Microsoft 365 Apps 企業版 - zh-tw = Microsoft 365 Apps for enterprise
			Microsoft 365-apps voor ondernemingen - nl-nl = Microsoft 365 Apps for enterprise
			Microsoft SQL Server 2019 (64-bit) : undecidable
			Microsoft SQL Server 2019 (64 bits) : undecidable
			Microsoft Exchange Server 2016 Cumulative Update 19 = Microsoft Exchange Server 2016
			2023-10 Cumulative Update for Windows 10 Version 22H2 for x64-based Systems (KB5031356) : update
			Microsoft Visual Studio Team System 2008 Team Suite - ENU = Microsoft Visual Studio Team System 2008
			{90140000-0011-0000-0000-0000000FF1CE}.KB2553270 : update
		`},
		{"Adobe Inc.", `
			Adobe Acrobat (64-bit) : undecidable
			Adobe Photoshop Elements 2023 = Adobe Photoshop Elements 2023
			Adobe Photoshop 2024 = Adobe Photoshop 2024
			Adobe Lightroom Classic = Adobe Lightroom Classic
		`},
		{"Oracle Corporation", `
			Java 8 Update 401 (64-bit) : undecidable
		`},
		{"", `
			Microsoft Office Professional Plus 2016 = Microsoft Office Professional Plus 2016
			IBM Data Server Driver : free
			Stockroom Planner ?
		`},
	} {
		for line := range strings.Lines(list.titles) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			name, want := strings.TrimSuffix(line, " ?"), "?"
			for _, separator := range []string{" = ", " : "} {
				if before, after, found := strings.Cut(line, separator); found {
					name, want = before, after
				}
			}
			m, ok := builtin.Load().Recognize(product.Title{Publisher: list.publisher, Name: name, Version: "16.0.1"})
			got := "?"
			switch {
			case ok && m.Kind == product.KindProduct:
				got = show(m.Product)
			case ok:
				got = string(m.Kind)
			}
			if got != want {
				t.Errorf("%s %s: %s by %q, want %s", list.publisher, name, got, m.Rule, want)
			}
		}
	}
}

func show(p product.Product) string {
	publisher := p.Publisher
	if strings.HasPrefix(p.Family, publisher) {
		publisher = ""
	}
	return text.Collapse(strings.Join([]string{publisher, p.Family, p.Edition, p.Version}, " "))
}

// TestLicensedR5_0 checks names on licences, with the version column, as publishers, resellers and
// people write them, and as the documentation of General License Statements shows.
func TestLicensedR5_0(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ publisher, name, version, want string }{
		{"Microsoft", "Microsoft Office Professional Plus 2016", "16", "Microsoft Office Professional Plus 2016"},
		{"Autodesk", "AutoCAD 2019 - English", "23", "Autodesk AutoCAD 2019"},
		{"Microsoft", "Visual Studio Professional 2019", "16.11", "Microsoft Visual Studio Professional 2019"},
		{"VMware", "VMware Workstation", "17", "VMware Workstation Pro 17"},
		{"TechSmith", "Snagit 11", "11", "TechSmith Snagit 11"},
		{"Microsoft", "Office LTSC Professional Plus", "2021", "Microsoft Office Professional Plus 2021"},
		{"Microsoft", "Visio Plan 2", "", "Microsoft Visio Plan 2"},
		{"Microsoft", "Project Plan 3", "", "Microsoft Project Plan 3"},
		{"Microsoft", "Office 365 ProPlus", "", "Microsoft 365 Apps for enterprise"},
		{"Microsoft", "Visual Studio Enterprise w/ MSDN", "2019", "Microsoft Visual Studio Enterprise subscription"},
		{"Adobe", "Acrobat Pro", "DC", "Adobe Acrobat Pro DC"},
		{"Adobe Systems Incorporated", "Acrobat Pro DC", "", "Adobe Acrobat Pro DC"},
		{"win.rar GmbH", "WinRAR", "", "RARLAB WinRAR"},
		{"Corel", "WinZip", "", "Corel WinZip"},
		{"MathWorks", "MATLAB R2021a", "", "MathWorks MATLAB R2021a"},
	} {
		m, ok := builtin.Load().Licensed(test.publisher, test.name, test.version)
		if got := show(m.Product); !ok || got != test.want {
			t.Errorf("%s, %s, %s: %q by %q, want %q", test.publisher, test.name, test.version, got, m.Rule, test.want)
		}
	}
}

// TestBothSidesMeetR5_0: for every product that installations measure, a licence under each of its
// names on paper is for the product of an installation under each of its examples.
func TestBothSidesMeetR5_0(t *testing.T) {
	t.Parallel()
	entries, err := source.Read(os.DirFS("data"))
	if err != nil {
		t.Fatal(err)
	}
	d := builtin.Load()
	for _, p := range entries {
		for _, f := range p.Families {
			for _, e := range f.Products {
				row, _ := d.Find(e.ID)
				if row.Kind != product.KindProduct {
					continue
				}
				for _, example := range e.Takes {
					name, rest, _ := strings.Cut(example, "|")
					version, _, _ := strings.Cut(rest, "|")
					found, ok := d.Recognize(product.Title{Publisher: p.Name, Name: name, Version: version})
					if !ok {
						continue // an example of another publisher's spelling; source.Check has it
					}
					for _, paper := range row.Names() {
						m, ok := d.Licensed(p.Name, paper.Name, found.Product.Version)
						if want := found.Product; !ok || m.Product != want && paper.Version == "" {
							t.Errorf("%s: a licence for %q gives %+v, the installation %q %+v", e.ID, paper.Name, m.Product, name, want)
						}
					}
				}
			}
		}
	}
}

// FuzzRecognize checks that recognition never panics, and that neither case nor spaces nor the
// suffixes of installers change its result.
func FuzzRecognize(f *testing.F) {
	for _, name := range []string{"Microsoft Visio - en-us", "AutoCAD 2016 – Français (French)", "Adobe Acrobat (64-bit)", "({}*\\", "{year}", " x64", "(((((64-bit)"} {
		f.Add("Microsoft Corporation", name)
	}
	d := builtin.Load()
	f.Fuzz(func(t *testing.T, publisher, name string) {
		if len(publisher) > 1024 || len(strings.Fields(name)) > 30 || len(name) > 512 {
			return // inventories have no longer titles
		}
		if strings.Contains(name, "_") || strings.Contains(text.Fold(name), "microsoft 365") {
			return // capitals separate the words of a package's name; the culture tells an unknown name of Microsoft 365 Apps
		}
		want, ok := d.Recognize(product.Title{Publisher: publisher, Name: name})
		for _, same := range []string{strings.ToUpper(name), "  " + name + " ", name + " (64-bit)", name + " - fr-fr", name + " x64"} {
			if text.Fold(same) != text.Fold(name) && strings.TrimSpace(name) == "" || strings.ToUpper(name) == same && text.Fold(same) != text.Fold(name) {
				continue // upper case is not always reversible
			}
			got, found := d.Recognize(product.Title{Publisher: publisher, Name: same})
			if found != ok || got.Rule != want.Rule || got.Product != want.Product {
				t.Errorf("%q: %+v, %q: %+v", name, want, same, got)
			}
		}
	})
}
