package inventory

import (
	"slices"
	"strings"

	"trueup/internal/text"
)

// names are the names of a column, in the form of text.Letters, in English, Dutch, French and
// German. The first that a header has is read: a list of software has columns such as DisplayName
// and Name, and the registry has a number called Version beside DisplayVersion.
type names []string

var (
	titleNames = names{
		"applicationname", "displayname", "productname", "softwarename", "softwaretitle", "programname", "appname", "software", "application", "program",
		"name", "caption",
		"weergavenaam", "softwarenaam", "programmanaam", "programma", "toepassing", "naam",
		"nomdulogiciel", "nomdelapplication", "nomduprogramme", "nomcomplet", "logiciel", "programme", "nom",
		"anzeigename", "programmname", "anwendung", "programm",
	}
	// Lists of devices and of users have such names, too: with one, a version is required.
	plainNames     = names{"displayname", "name", "caption", "weergavenaam", "naam", "nomcomplet", "nom", "anzeigename"}
	publisherNames = names{
		"applicationpublisher", "publisher", "softwarepublisher", "normalizedpublisher", "publishername", "vendor", "softwarevendor", "manufacturer", "company",
		"uitgever", "fabrikant", "leverancier",
		"editeur", "editeurdulogiciel", "fabricant", "fournisseur",
		"herausgeber", "hersteller", "anbieter",
	}
	versionNames = names{
		"applicationversion", "displayversion", "productversion", "softwareversion", "programversion", "appversion", "version",
		"versie", "softwareversie", "versiondulogiciel", "programmversion",
	}
	idNames = names{
		"deviceid", "resourceid", "hardwareid", "machineid", "computerid", "hostid", "hostuuid", "assetid", "uuid", "smsuniqueidentifier",
	}
	deviceNames = names{
		"devicename", "netbiosname", "computername", "pscomputername", "hostdisplayname", "hosthostname", "hostname", "assetname", "machinename", "systemname",
		"computer", "device", "machine", "node", "host", "pc", "workstation",
		"apparaatnaam", "computernaam", "pcnaam", "apparaat",
		"nomdelordinateur", "nomdordinateur", "nomdelappareil", "nomduposte", "ordinateur", "appareil", "poste", //nolint:misspell // French
		"geratename", "rechnername", "pcname", "gerat", "rechner", //nolint:misspell // German
	}
	numberNames = names{
		"devicecount", "hostscount", "hostcount", "computercount", "installcount", "installationcount", "numberofdevices", "numberofcomputers",
		"numberofinstallations", "installations", "installs", "count",
		"aantalapparaten", "aantalcomputers", "aantalinstallaties", "aantal",
		"nombredappareils", "nombredordinateurs", "nombredinstallations", "nombre",
		"anzahlgerate", "anzahlcomputer", "anzahlinstallationen", "anzahl",
	}
	platformNames = names{"platform", "osplatform", "plateforme", "plattform"}
	systemNames   = names{
		"osdescription", "operatingsystemname", "operatingsystem", "operatingsystemnameandversion", "osname", "os",
		"besturingssysteem", "systemedexploitation", "betriebssystem",
	}
	buildNames = names{"osversion", "operatingsystemversion", "osbuild", "versievanbesturingssysteem", "versiondusystemedexploitation", "betriebssystemversion"}
	userNames  = names{
		"userid", "emailaddress", "userprincipalname", "username", "primaryuser", "lastloggedonuser", "lastloggedinuser", "lastuser", "user",
		"gebruikersnaam", "gebruiker", "nomdutilisateur", "utilisateur", "benutzername", "benutzer",
	}
)

// columns holds the positions of the columns of a table, -1 for a missing one.
type columns struct {
	shape                     Shape
	numbers                   bool // numbers of devices instead of devices
	title, publisher, version int
	id, device                int // the device is named by its id, or if that is empty by its name
	number                    int
	platform, system, build   int
	user                      int
}

// columnsOf recognises a table by the names of its columns. ok is false if they are not those of
// an inventory. hint is the shape that lines before the header show; empty for none.
func columnsOf(header []string, hint Shape) (c columns, ok bool) {
	letters := make([]string, len(header))
	for i, name := range header {
		letters[i] = text.Letters(name)
		if trimmed, cut := strings.CutSuffix(letters[i], "0"); cut { // ConfigMgr: DisplayName0
			letters[i] = trimmed
		}
	}
	find := func(n names) int {
		for _, name := range n {
			if i := slices.Index(letters, name); i >= 0 {
				return i
			}
		}
		return -1
	}
	c = columns{
		title: find(titleNames), publisher: find(publisherNames), version: find(versionNames), id: find(idNames), device: find(deviceNames),
		number: find(numberNames), platform: find(platformNames), system: find(systemNames), build: find(buildNames),
		user: find(userNames),
	}
	c.numbers = c.id < 0 && c.device < 0 && c.number >= 0
	c.shape = hint
	if hint == "" {
		c.shape = shapeOf(header, letters, c)
	}
	switch {
	case c.title < 0, c.version < 0 && slices.Contains(plainNames, letters[c.title]):
		return c, false
	case c.id >= 0 || c.device >= 0 || c.numbers:
		return c, true
	}
	return c, c.ofOneDevice(letters)
}

// ofOneDevice reports whether a table without devices can be the list of one PC: it comes from a
// known system, or has no columns but these. Statements and the catalog have names, too.
func (c columns) ofOneDevice(letters []string) bool {
	if c.version < 0 {
		return false
	}
	if c.shape != Table {
		return c.shape != AppInvRawData
	}
	for i, name := range letters {
		if i != c.title && i != c.publisher && i != c.version && name != "installdate" {
			return false
		}
	}
	return true
}

// signs are columns that only one system has. Any of them is enough.
var signs = []struct {
	shape Shape
	names names
}{
	{PowerShell, names{"pscomputername", "pspath", "pschildname", "fastpackagereference", "swidtagtext", "uninstallstring", "runspaceid", "providername"}},
	{ConfigMgr, names{"netbiosname", "resourceid", "smsuniqueidentifier"}},
	{OCS, names{"hardwareid", "accountinfotag", "tag", "lastinventory", "dernierinventaire"}},
	{Lansweeper, names{"assetname", "assetid", "softwarepublisher", "lansweeperversion"}},
	{WMIC, names{"packagecode", "skunumber", "identifyingnumber"}},
	{PowerShell, names{"displayversion"}}, // the registry's name, also in a selection of its columns
	{Fleet, names{"hostscount", "hosthostname", "hostdisplayname", "bundleidentifier", "extensionid"}},
}

// shapeOf names the system that a table comes from.
func shapeOf(header, letters []string, c columns) Shape {
	has := func(name string) bool { return slices.Contains(letters, name) }
	switch {
	case has("applicationname") && !c.numbers && (has("deviceid") || has("devicename")):
		return AppInvRawData
	case has("applicationname") && has("devicecount"):
		return AppInvAggregate
	case has("node") && has("vendor"):
		return WMIC
	case slices.ContainsFunc(header, func(name string) bool { return strings.EqualFold(strings.TrimSpace(name), "displayname0") }):
		return ConfigMgr
	}
	for _, s := range signs {
		if slices.ContainsFunc(s.names, has) {
			return s.shape
		}
	}
	return Table
}

// last returns the position of the last column that is read.
func (c columns) last() int {
	return max(c.title, c.publisher, c.version, c.id, c.device, c.number, c.platform, c.system, c.build, c.user)
}
