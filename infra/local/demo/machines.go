package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// pcs is the number of PCs of Kingfisher.
const pcs = 2000

// row is a row in a PC's list of installed programs.
type row struct{ name, publisher, version string }

// pc is a PC with its list of installed programs.
type pc struct {
	id, name, user, mail string
	windows              string
	rows                 []row
	has                  []int // indexes of the installed products
}

// machines generates the PCs, the same in every run. Products are installed on random
// PCs, and no PC gets two Office suites, except those on which the former one was left. Some people
// with a subscription have two PCs.
func machines(products []product) []pc {
	random := rand.New(rand.NewPCG(2026, 11))
	fleet := make([]pc, pcs)
	for i := range fleet {
		fleet[i] = bare(i, random)
	}
	shuffled := random.Perm(pcs)
	taken := 0
	for i, p := range products {
		order := shuffled[taken:]
		if p.suite {
			taken += p.installed
		} else {
			order = random.Perm(pcs)
		}
		for _, n := range order[:p.installed] {
			fleet[n].install(i, p)
		}
	}
	subscribers := having(fleet, products, "Microsoft 365 Apps for enterprise", "")
	for i := range twoPCs {
		one, other := &fleet[subscribers[2*i]], &fleet[subscribers[2*i+1]]
		other.user, other.mail = one.user, one.mail
	}
	former := slices.IndexFunc(products, func(p product) bool { return p.name == "Office Professional Plus" && p.version == "2016" })
	for _, n := range having(fleet, products, "Office Professional Plus", "2019")[:upgraded] {
		fleet[n].install(former, products[former])
	}
	for i := range fleet {
		random.Shuffle(len(fleet[i].rows), func(a, b int) {
			fleet[i].rows[a], fleet[i].rows[b] = fleet[i].rows[b], fleet[i].rows[a]
		})
	}
	return fleet
}

const (
	twoPCs   = 40 // people with two PCs
	upgraded = 15 // PCs with Office 2019 on which Office 2016 was left
)

// install installs a product, which is the i-th one.
func (m *pc) install(i int, p product) {
	m.has = append(m.has, i)
	m.rows = append(m.rows, p.rows...)
}

// having returns the indexes of the PCs with a version of a product.
func having(fleet []pc, products []product, name, version string) (with []int) {
	for n := range fleet {
		if slices.ContainsFunc(fleet[n].has, func(i int) bool { return products[i].name == name && products[i].version == version }) {
			with = append(with, n)
		}
	}
	return with
}

// bare returns a PC without licensed products: Windows, drivers, runtimes, updates and
// free software.
func bare(i int, random *rand.Rand) pc {
	sites := []string{"HQ", "TER", "YRD", "AG"}
	site := sites[min(i/600, 3)]
	m := pc{
		id:   fmt.Sprintf("5e0c71f4-88aa-4d0b-9c21-%012x", i+1),
		name: fmt.Sprintf("%s-%s-%04d", site, []string{"LT", "PC"}[i%2], i+1),
		user: fmt.Sprintf("u%04d", i+1), mail: fmt.Sprintf("u%04d@kingfisher.example", i+1),
		windows: []string{"10.0.19045.5131", "10.0.22631.4460", "10.0.26100.2314"}[random.IntN(3)],
	}
	m.rows = append(m.rows, always...)
	m.rows = append(m.rows, drivers[i%len(drivers)]...)
	some := func(from []row, most int) {
		for _, n := range random.Perm(len(from))[:random.IntN(most+1)] {
			m.rows = append(m.rows, from[n])
		}
	}
	some(runtimes, 6)
	some(free, 5)
	// On an old PC, most rows are hotfixes.
	for n := range 4 + random.IntN(28) {
		m.rows = append(m.rows, row{
			fmt.Sprintf("Security Update for Microsoft Windows (KB%d)", 5040000+137*n+i%7), "Microsoft Corporation", "1",
		})
	}
	if i%400 == 0 { // a title that no rule knows, for the queue of unknown titles
		m.rows = append(m.rows, row{fmt.Sprintf("Crane Telemetry %d", 1+i/400), "Dockside Systems", "3.1"})
	}
	return m
}

var always = []row{
	{"Microsoft Edge", "Microsoft Corporation", "131.0.2903.51"},
	{"Microsoft Edge WebView2 Runtime", "Microsoft Corporation", "131.0.2903.51"},
	{"Microsoft Update Health Tools", "Microsoft Corporation", "5.72.0.0"},
	{"Microsoft OneDrive", "Microsoft Corporation", "24.201.1006.0005"},
	{"Microsoft Intune Management Extension", "Microsoft Corporation", "1.83.107.0"},
	{"Microsoft Visual C++ 2015-2022 Redistributable (x64) - 14.40.33810", "Microsoft Corporation", "14.40.33810.0"},
	{"7-Zip 24.08 (x64)", "Igor Pavlov", "24.08"},
}

var drivers = [][]row{
	{{"Intel(R) Graphics Driver", "Intel Corporation", "31.0.101.5590"}, {"Intel(R) Chipset Device Software", "Intel Corporation", "10.1.19899"}, {"Dell Command | Update", "Dell Inc.", "5.4.0"}},
	{{"NVIDIA Graphics Driver 566.14", "NVIDIA Corporation", "566.14"}, {"NVIDIA PhysX System Software 9.23.1019", "NVIDIA Corporation", "9.23.1019"}, {"HP Support Assistant", "HP Inc.", "9.37"}},
	{{"AMD Software", "Advanced Micro Devices, Inc.", "24.10.1"}, {"Realtek Audio Driver", "Realtek Semiconductor Corp.", "6.0.9618.1"}, {"Lenovo System Update", "Lenovo", "5.08.03"}},
}

var runtimes = []row{
	{"Microsoft Visual C++ 2010 x86 Redistributable - 10.0.40219", "Microsoft Corporation", "10.0.40219"},
	{"Microsoft Visual C++ 2013 Redistributable (x64) - 12.0.40664", "Microsoft Corporation", "12.0.40664.0"},
	{"Microsoft Windows Desktop Runtime - 8.0.10 (x64)", "Microsoft Corporation", "8.0.10.33916"},
	{"Microsoft .NET Runtime - 6.0.36 (x64)", "Microsoft Corporation", "6.0.36"},
	{"Java 8 Update 431 (64-bit)", "Oracle Corporation", "8.0.4310.10"},
	{"Microsoft ODBC Driver 17 for SQL Server", "Microsoft Corporation", "17.10.6.1"},
	{"Microsoft SQL Server 2012 Native Client", "Microsoft Corporation", "11.4.7001.0"},
	{"Microsoft Silverlight", "Microsoft Corporation", "5.1.50918.0"},
}

var free = []row{
	{"Google Chrome", "Google LLC", "131.0.6778.86"},
	{"Mozilla Firefox (x64 nl)", "Mozilla", "132.0.2"},
	{"Notepad++ (64-bit x64)", "Notepad++ Team", "8.7"},
	{"VLC media player", "VideoLAN", "3.0.21"},
	{"Adobe Acrobat Reader (64-bit)", "Adobe", "24.004.20219"},
	{"Adobe Acrobat (64-bit)", "Adobe", "24.004.20219"}, // the Reader, as decided: see acrobatDecision
	{"KeePass Password Safe 2.57", "Dominik Reichl", "2.57"},
	{"PuTTY release 0.81 (64-bit)", "Simon Tatham", "0.81.0.0"},
	{"Teams Machine-Wide Installer", "Microsoft Corporation", "1.6.0.18681"},
	{"Microsoft Visual Studio Code", "Microsoft Corporation", "1.95.3"},
	{"Greenshot 1.2.10.6", "Greenshot", "1.2.10.6"},
}

// office2016 returns the 35 rows that the Windows Installer adds for one suite, and some
// rows of later updates.
func office2016() []row {
	suite := row{"Microsoft Office Professional Plus 2016", "Microsoft Corporation", "16.0.4266.1001"}
	rows := []row{suite}
	add := func(format string, args ...any) {
		rows = append(rows, row{fmt.Sprintf(format, args...), suite.publisher, suite.version})
	}
	for _, part := range []string{"Access", "Access Setup Metadata", "DCF", "Excel", "Groove", "InfoPath", "Office 32-bit Components", "OneNote", "OSM", "OSM UX", "Outlook", "PowerPoint", "Publisher", "Shared", "Shared Setup Metadata", "Skype for Business", "Word"} {
		add("Microsoft %s MUI (English) 2016", part)
	}
	for _, language := range []string{"English", "Français", "Nederlands", "Deutsch", "Español"} {
		add("Microsoft Office Proofing Tools 2016 - %s", language)
	}
	add("Microsoft Office Proofing (English) 2016")
	add("Microsoft Office Shared 64-bit Components 2016")
	add("Microsoft Office 64-bit Components 2016")
	for _, part := range []string{"Excel", "Outlook", "PowerPoint", "Word", "Office", "Access", "Publisher", "Visio Viewer", "OneNote"} {
		add("Microsoft %s MUI (Dutch) 2016", part)
	}
	for i, n := range []int{4484103, 5002466, 4011574, 3203480} {
		rows = append(rows, row{fmt.Sprintf("%s for Microsoft Office 2016 (KB%d) 64-Bit Edition", []string{"Update", "Security Update"}[i%2], n), suite.publisher, ""})
	}
	return rows
}

// clickToRun returns the rows of a Click-to-Run suite: a row for each language, and rows
// for components.
func clickToRun(name, version string, languages ...string) []row {
	var rows []row
	for _, language := range languages {
		rows = append(rows, row{name + " - " + language, "Microsoft Corporation", version})
	}
	for _, part := range []string{"Extensibility", "Licensing", "Localization"} {
		rows = append(rows, row{"Office 16 Click-to-Run " + part + " Component", "Microsoft Corporation", version})
	}
	return rows
}

// single returns the row of a product that has only one.
func single(name, publisher, version string) []row { return []row{{name, publisher, version}} }

// inventoryFile returns the discovered-apps report in the format of an Intune export, and
// its number of rows: a CSV file in a ZIP archive, sorted by title and not by device.
func inventoryFile(fleet []pc) (file, int, error) {
	type line struct {
		row
		pc *pc
	}
	var lines []line
	for i := range fleet {
		for _, r := range fleet[i].rows {
			lines = append(lines, line{r, &fleet[i]})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return strings.Compare(a.row.name, b.row.name) })

	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	entry, err := archive.Create("AppInvRawData_kingfisher.csv")
	if err != nil {
		return file{}, 0, err
	}
	w := csv.NewWriter(entry)
	w.Write([]string{ //nolint:errcheck // w.Error returns it
		"ApplicationKey", "ApplicationName", "ApplicationPublisher", "ApplicationShortVersion", "ApplicationVersion",
		"DeviceId", "DeviceName", "OSDescription", "OSVersion", "Platform", "UserId", "EmailAddress", "UserName",
	})
	for _, l := range lines {
		sum := sha256.Sum256([]byte(l.row.name + "\x00" + l.publisher + "\x00" + l.version))
		short, _, _ := strings.Cut(l.version, ".")
		w.Write([]string{ //nolint:errcheck // w.Error returns it
			hex.EncodeToString(sum[:8]), l.row.name, l.publisher, short, l.version,
			l.pc.id, l.pc.name, "Windows", l.pc.windows, "Windows", l.pc.user, l.pc.mail, l.pc.user,
		})
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return file{}, 0, err
	}
	if err := archive.Close(); err != nil {
		return file{}, 0, err
	}
	return file{"inventory/intune.zip", packed.Bytes()}, len(lines), nil
}
