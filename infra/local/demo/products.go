package main

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// product is a licensed product, with the number of installations and its rows on a PC.
type product struct {
	publisher, name, version string // as in the report
	installed                int
	suite                    bool // an Office suite: a PC has at most one
	rows                     []row
}

const latest = "16.0.18129.20158"

func products() []product {
	const m = "Microsoft"
	const corporation = "Microsoft Corporation"
	return []product{
		{m, "Microsoft 365 Apps for enterprise", "", 940, true, clickToRun("Microsoft 365 Apps for enterprise", latest, "en-us", "nl-nl", "fr-fr")},
		{m, "Office Professional Plus", "2021", 350, true, clickToRun("Microsoft Office LTSC Professional Plus 2021", "16.0.14332.20812", "en-us", "nl-nl")},
		{m, "Office Professional Plus", "2016", 130, true, office2016()},
		{m, "Office Professional Plus", "2016", 12, true, single("Microsoft Office Professionnel Plus 2016 - fr-fr", corporation, "16.0.10416.20027")},
		{m, "Office Professional Plus", "2019", 35, true, clickToRun("Microsoft Office Professional Plus 2019", "16.0.10416.20027", "nl-nl")},
		{m, "Office Standard", "2019", 140, true, clickToRun("Microsoft Office Standard 2019", "16.0.10416.20027", "nl-nl")},
		{m, "Office Standard", "2024", 17, true, clickToRun("Microsoft Office LTSC Standard 2024", "16.0.17932.20162", "nl-nl")},
		{m, "Visio Professional", "2021", 38, false, single("Microsoft Visio LTSC Professional 2021 - en-us", corporation, "16.0.14332.20812")},
		{m, "Visio Professional", "2016", 12, false, single("Microsoft Visio Professional 2016", corporation, "16.0.4266.1001")},
		{m, "Visio Plan 2", "", 22, false, single("Microsoft Visio Pro for Office 365 - en-us", corporation, latest)},
		{m, "Project Professional", "2021", 24, false, single("Microsoft Project Professional 2021 - en-us", corporation, "16.0.14332.20812")},
		{m, "Access", "2016", 9, false, single("Microsoft Access 2016", corporation, "16.0.4266.1001")},
		{m, "Visual Studio Professional", "2022", 31, false, []row{
			{"Visual Studio Professional 2022", corporation, "17.12.1"},
			{"Microsoft Visual Studio Installer", corporation, "3.12.2149"},
			{"vs_minshellmsi", corporation, "17.12.35506"},
		}},
		{m, "SQL Server Standard", "2019", 6, false, []row{
			{"Microsoft SQL Server 2019 Standard Edition (64-bit)", corporation, "15.0.2000.5"},
			{"SQL Server 2019 Database Engine Services", corporation, "15.0.2000.5"},
			{"SQL Server 2019 Batch Parser", corporation, "15.0.2000.5"},
			{"Browser for SQL Server 2019", corporation, "15.0.2000.5"},
			{"Microsoft VSS Writer for SQL Server 2019", corporation, "15.0.2000.5"},
		}},
		{m, "SQL Server", "2019", 4, false, []row{
			{"Microsoft SQL Server 2019 (64-bit)", corporation, "15.0.2000.5"}, // setup writes this for every edition
			{"SQL Server 2019 Database Engine Services", corporation, "15.0.2000.5"},
		}},
		{"Adobe", "Photoshop", "2023", 6, false, single("Adobe Photoshop 2023", "Adobe Inc.", "24.7.4")},
		{"Adobe", "Photoshop", "2024", 9, false, single("Adobe Photoshop 2024", "Adobe Inc.", "25.12")},
		{"Adobe", "Acrobat Pro", "DC", 14, false, single("Adobe Acrobat (64-bit)", "Adobe", "23.008.20470")},
		{"Autodesk", "AutoCAD LT", "2024", 42, false, []row{
			{"AutoCAD LT 2024 - English", "Autodesk", "24.3.61.0"},
			{"Autodesk Material Library 2024", "Autodesk", "22.0.0.21"},
			{"Autodesk Genuine Service", "Autodesk", "4.6.0.119"},
		}},
		{"Corel", "CorelDRAW Graphics Suite", "2021", 11, false, single("CorelDRAW Graphics Suite 2021 (64-Bit)", "Corel Corporation", "23.5.0.506")},
		{"Dassault Systèmes", "SOLIDWORKS", "2024", 22, false, single("SOLIDWORKS 2024 x64 Edition SP05", "Dassault Systèmes SolidWorks Corp", "32.50.0068")},
		{"TechSmith", "Snagit", "2024", 35, false, single("Snagit 2024", "TechSmith Corporation", "24.2.2")},
		{"MathWorks", "MATLAB", "R2023b", 5, false, single("MATLAB R2023b", "MathWorks", "23.2")},
		{"Corel", "WinZip", "27", 18, false, single("WinZip 27.0", "Corel Corporation", "27.0.15240")},
		{"RARLAB", "WinRAR", "6", 47, false, single("WinRAR 6.24 (64-bit)", "win.rar GmbH", "6.24.0")},
	}
}

// java is Oracle's Java. Its title does not tell whether the use is free.
const java = "Java SE (8u211 and later, 11 and later)"

// What the dictionary of products says about products of the demo.
var (
	renamed     = map[string]string{"Windows Server - Device CAL": "Windows Server CAL Device"} // names on paper
	byUser      = map[string]bool{"Microsoft 365 Apps for enterprise": true, "Visio Plan 2": true, "Visual Studio Professional": true, "Snagit": true, "MATLAB": true}
	notMeasured = map[string]bool{"Windows Server CAL Device": true, "SQL Server Standard": true}
	undecided   = map[string]bool{java: true} // the title may be an old or a personal Java
	mayBe       = map[string]string{"SQL Server": "SQL Server Standard"}
	includedIn  = map[string]string{"Access": "Office Professional Plus", "Microsoft 365 Apps for enterprise": "Microsoft 365 E3"}
)

// acrobat is the undecidable title that Kingfisher has decided: version 23 is Acrobat Pro, which one
// team uses, and later ones are the free Reader with the same name.
const (
	acrobat         = "adobe-acrobat-undecidable"
	acrobatDecision = `{"choices": [{"versions": "23.*", "kind": "product", "product": {"publisher": "Adobe", "family": "Acrobat", "edition": "Pro"}}, {"kind": "free"}]}`
)

// expected is the row that the report must have for one version of a product.
type expected struct {
	Publisher, Product  string
	Licenses, Installed int
	MovedIn, MovedOut   int
	Surplus, Shortfall  int
	Verdict             string
}

// expectedReport calculates the expected report from the generated data, without code of trueup.
// It can be simple because the data is: at most one version of a product has spare
// licences, and at most one is short.
func expectedReport(fleet []pc) []expected {
	type at struct{ publisher, name, version string }
	type held struct{ licenses, assured, installed, in, out, suite, covered int }
	stock := map[at]*held{}
	of := func(publisher, name, version string) *held {
		k := at{publisher, name, version}
		if stock[k] == nil {
			stock[k] = &held{}
		}
		return stock[k]
	}
	for _, g := range summary() {
		h := of("Microsoft", cmp.Or(renamed[g.family], g.family), g.version)
		h.licenses += g.effective
		h.assured += g.activeSA
	}
	for _, p := range purchases() {
		of(p.publisher, p.name, p.version).licenses += p.quantity
	}
	for _, o := range others() {
		if name, version := o.title, ""; o.counts() {
			if i := strings.LastIndexByte(name, ' '); i > 0 && number(name[i+1:]) > 0 {
				name, version = name[:i], name[i+1:]
			}
			of(o.publisher, name, version).licenses += o.licenses
		}
	}
	counted := map[at]map[string]bool{} // users or PCs
	count := func(k at, m pc) {
		who := m.id
		if byUser[k.name] {
			who = m.user
		}
		if counted[k] == nil {
			counted[k] = map[string]bool{}
		}
		counted[k][who] = true
	}
	for _, m := range fleet {
		for _, p := range highest(m) {
			count(at{p.publisher, p.name, p.version}, m)
		}
		if slices.ContainsFunc(m.rows, func(r row) bool { return r.publisher == "Oracle Corporation" }) {
			count(at{"Oracle", java, "8"}, m)
		}
	}
	for k, who := range counted {
		of(k.publisher, k.name, k.version).installed = len(who)
	}

	for _, h := range stock {
		h.covered = min(h.licenses, h.installed)
	}
	// Spare licences cover other versions: licences without a version cover all versions,
	// newer ones cover older ones, and with Software Assurance older ones cover newer ones.
	for _, may := range []func(from at, h *held, to at) bool{
		func(from at, _ *held, to at) bool { return from.version == "" },
		func(from at, _ *held, to at) bool { return number(from.version) > number(to.version) },
		func(from at, h *held, to at) bool {
			return number(from.version) < number(to.version) && h.assured == h.licenses
		},
	} {
		for from, h := range stock {
			for to, short := range stock {
				if from == to || from.publisher != to.publisher || from.name != to.name || !may(from, h, to) {
					continue
				}
				n := min(h.licenses-min(h.licenses, h.installed)-h.out, short.installed-short.covered)
				h.out += n
				short.in += n
				short.covered += n
			}
		}
	}

	// A licence of a suite covers one of each product that it includes, besides its own.
	for to, short := range stock {
		for from, h := range stock {
			if includedIn[to.name] == from.name && number(from.version) >= number(to.version) {
				n := min(h.licenses, short.installed-short.covered)
				short.in += n
				short.covered += n
				h.suite = max(h.suite, n)
			}
		}
	}

	var rows []expected
	for k, h := range stock {
		own := min(h.licenses, h.installed) + h.out
		used := max(own, h.suite)
		e := expected{
			Publisher: k.publisher, Product: strings.TrimSpace(k.name + " " + k.version),
			Licenses: h.licenses, Installed: h.installed, MovedIn: h.in, MovedOut: h.out + used - own,
			Surplus: h.licenses - used, Shortfall: h.installed - h.covered,
		}
		candidate := stock[at{k.publisher, mayBe[k.name], k.version}]
		switch {
		case notMeasured[k.name] && h.licenses > 0, candidate != nil && candidate.licenses > 0:
			e.Surplus, e.Shortfall, e.Verdict = 0, 0, "not-measured"
		case undecided[k.name] && e.Shortfall > 0:
			e.Shortfall, e.Verdict = 0, "undecided"
		case e.Shortfall > 0 && h.covered == 0 && h.licenses == 0:
			e.Verdict = "unlicensed"
		case e.Shortfall > 0:
			e.Verdict = "short"
		case e.Installed == 0 && e.MovedOut == 0:
			e.Verdict = "unused"
		default:
			e.Verdict = "covered"
		}
		rows = append(rows, e)
	}
	sortRows(rows)
	return rows
}

// highest returns the products of a PC, of each name the highest version only.
func highest(m pc) []product {
	all := products()
	byName := map[string]product{}
	for _, i := range m.has {
		p := all[i]
		key := p.publisher + "\x00" + p.name
		if other, met := byName[key]; !met || number(p.version) > number(other.version) {
			byName[key] = p
		}
	}
	return slices.Collect(maps.Values(byName))
}

// number returns a version as a number; 0 if it is not a number.
func number(version string) float64 {
	n, err := strconv.ParseFloat(version, 64)
	if err != nil {
		return 0
	}
	return n
}

func sortRows(rows []expected) {
	slices.SortFunc(rows, func(a, b expected) int {
		return cmp.Or(cmp.Compare(a.Publisher, b.Publisher), cmp.Compare(a.Product, b.Product))
	})
}

// verdicts counts rows by verdict.
func verdicts(rows []expected) map[string]int {
	counts := map[string]int{}
	for _, r := range rows {
		counts[r.Verdict]++
	}
	return counts
}

// sortedKeys returns the keys in order, for reproducible output.
func sortedKeys(m map[string]int) []string { return slices.Sorted(maps.Keys(m)) }
