package main

import (
	"fmt"
	"strings"
	"time"
)

// The organisation is Kingfisher Shipping: a head office, a terminal, a yard and forty
// agencies. It is fictitious.

// file is a file that an admin of Kingfisher puts into the uploads bucket.
type file struct {
	key  string
	body []byte
}

// metadata returns the metadata of the upload. The list of users also assigns the licences that it states.
func (f file) metadata() map[string]string {
	if strings.HasPrefix(f.key, "users/") {
		return map[string]string{"licenses": "adopt"}
	}
	return nil
}

// name is the last part of the key.
func (f file) name() string { return f.key[strings.LastIndexByte(f.key, '/')+1:] }

// Numbers of agreement pairs. Every pair is in one of the CSV files, and the License IDs of
// the summary are license numbers of these pairs.
const (
	enterprise  = "EA70231" // agreement number of all enrollments
	workplace   = "5840017" // enrollments
	servers     = "5840018"
	development = "5840026"
	terminal    = "71-20441" // Open Value agreements
	terminalOld = "71-18804"
	yard        = "71-20467"
)

// agencies is the number of small offices. Each has its own agreement.
const agencies = 40

func agency(i int) string { return fmt.Sprintf("72-00%03d", 101+i) }

// agreementFiles returns CSV files in folders of license groups, in the styles of several
// authors.
func agreementFiles() []file {
	var small strings.Builder
	for i := range agencies {
		fmt.Fprintf(&small, "%s, %s, Agency %02d\n", agency(i), agency(i), i+1)
	}
	return []file{
		{"agreements/Head office/enrollments.csv", []byte("Agreement number,Enrollment number,Name\n" +
			enterprise + "," + workplace + ",Workplace enrollment\n" +
			enterprise + "," + servers + ",Server and cloud enrollment\n" +
			enterprise + "," + development + ",Development enrollment\n")},
		{"agreements/Terminal/terminal.csv", []byte("Autorisatienummer;Licentienummer;Naam\r\n" +
			terminal + ";" + terminal + ";Terminal\r\n" +
			terminalOld + ";" + terminalOld + ";Terminal\r\n")},
		{"agreements/Yard/yard.csv", []byte(yard + ", " + yard + ", Yard\n")},
		{"agreements/Agencies/agencies.csv", []byte(small.String())},
	}
}

// catalogFile returns the titles that Kingfisher buys and that are not in the initial catalog.
func catalogFile() file {
	return file{"catalog/kingfisher.csv", []byte("Publisher,Product title\nDockside Systems,Berth Planner 7\nDockside Systems,Berth Planner 8\n")}
}

// granted is a line of a license summary.
type granted struct {
	licenseID, family, version, pool, kind string
	effective, activeSA                    int
}

// summary returns the entitlements that VLSC reports for the pairs.
func summary() []granted {
	lines := []granted{
		{workplace, "Microsoft 365 Apps for enterprise", "", "Applications", "Subscription", 600, 0},
		{workplace, "Microsoft 365 E3", "", "Applications", "Subscription", 280, 0},
		{workplace, "Windows Server - Device CAL", "2022", "Servers", "L&SA", 1500, 1500},
		{servers, "SQL Server Standard", "2019", "Servers", "L&SA", 6, 6},
		{development, "Visual Studio Professional", "2022", "Applications", "L&SA", 25, 25},
		{development, "Project Standard", "2016", "Applications", "License", 12, 0},
		{terminal, "Office Professional Plus", "2021", "Applications", "L&SA", 420, 420},
		{terminal, "Visio Professional", "2021", "Applications", "License", 45, 0},
		{terminal, "Office Professional Plus", "2019", "Applications", "License", 35, 0},
		{terminalOld, "Office Professional Plus", "2016", "Applications", "License", 72, 0},
		{yard, "Project Professional", "2021", "Applications", "License", 30, 0},
	}
	for i := range agencies {
		lines = append(lines, granted{agency(i), "Office Standard", "2019", "Applications", "L&SA", 3 + i%3, 3 + i%3})
	}
	return lines
}

// purchase is a line of a General License Statement.
type purchase struct {
	name, publisher, version string
	quantity                 int
	order                    string
}

// purchases returns licences that are not part of an agreement.
func purchases() []purchase {
	return []purchase{
		{"CorelDRAW Graphics Suite", "Corel", "2021", 9, "PO-2021-0417"},
		{"CorelDRAW Graphics Suite", "Corel", "2021", 6, "PO-2022-0033"},
		{"SOLIDWORKS", "Dassault Systèmes", "2024", 20, "PO-2024-0108"},
	}
}

// statementFiles returns the files of the summary and the purchases.
func statementFiles() []file {
	var s, p strings.Builder
	s.WriteString("License ID,Product family,Version,Product pool,Type,Effective quantity,Active SA quantity\n")
	for _, g := range summary() {
		fmt.Fprintf(&s, "%s,%s,%s,%s,%s,%q,%q\n", g.licenseID, g.family, g.version, g.pool, g.kind, thousands(g.effective), thousands(g.activeSA))
	}
	p.WriteString("Name,Publisher,Version,Language,EffectiveQuantity,PONumber,ResellerName,DateOfPurchase,SupportPurchased,SupportExpirationDate,Comments\n")
	for _, b := range purchases() {
		fmt.Fprintf(&p, "%s,%s,%s,English,%d,%s,Proseware,03/14/2024,1,,\n", b.name, b.publisher, b.version, b.quantity, b.order)
	}
	return []file{
		{"entitlements/license-summary.csv", []byte(s.String())},
		{"entitlements/purchases.csv", []byte(p.String())},
	}
}

// thousands formats a number as in a download from VLSC, below a million.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// other is an agreement of type other, which is added through the API.
type other struct {
	name, group, publisher, title string
	licenses                      int
	start, end, details           string
}

// counts reports whether the agreement's term has not ended.
func (o other) counts() bool { return o.end == "" || o.end > "2026" }

// soon returns the date that many days from now, because the overview shows what ends soon whenever the demo is loaded.
func soon(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) }

func others() []other {
	return []other{
		{"Design licences", "Head office", "Adobe", "Photoshop", 20, "2025-01-01", "", "Contact: design desk"},
		{"CAD licences", "Yard", "Autodesk", "AutoCAD LT", 30, "2025-03-01", "", "Serial numbers are in the safe"},
		{"Document licences", "Head office", "Adobe", "Acrobat Pro", 12, "2025-02-01", "", ""},
		{"Screen capture", "Head office", "TechSmith", "Snagit", 60, "", soon(24), ""},
		{"Hull simulation", "Yard", "MathWorks", "MATLAB", 8, "2021-01-01", "2023-12-31", "Not renewed"},
		{"Berth planning", "Terminal", "Dockside Systems", "Berth Planner 8", 25, "2025-06-01", "", ""},
	}
}
