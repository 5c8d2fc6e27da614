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
		"applicationname", "arpdisplayname", "displayname", "productname", "softwarename", "softwaretitle", "applicationtitle", "programname", "appname",
		"normalizedname", "softwareproduct", "software", "application", "program",
		"name", "caption", "product", "title",
		"weergavenaam", "softwarenaam", "programmanaam", "productnaam", "programma", "toepassing", "naam",
		"nomdulogiciel", "nomlogiciel", "nomdelapplication", "nomduprogramme", "nomduproduit", "nomcomplet", "logiciel", "programme", "nom",
		"anzeigename", "programmname", "softwareprodukt", "produktname", "anwendung", "programm",
	}
	// Lists of devices, of users and of licences have such names, too: with one, a version is
	// required.
	plainNames = names{"displayname", "name", "caption", "product", "title", "weergavenaam", "naam", "nomcomplet", "nom", "anzeigename"}
	// computerNames name the computer beside another column with the title, as in a query of
	// Configuration Manager for SYS.Name0, ARP.DisplayName0. None of them is in deviceNames.
	computerNames  = names{"name", "displayname", "naam", "nom"}
	publisherNames = names{
		"applicationpublisher", "publisher", "softwarepublisher", "normalizedpublisher", "publishername", "vendor", "vendorname", "softwarevendor",
		"manufacturer", "softwaremanufacturer", "company",
		"uitgever", "fabrikant", "leverancier",
		"editeur", "editeurdulogiciel", "fabricant", "fournisseur",
		"herausgeber", "hersteller", "anbieter",
	}
	versionNames = names{
		"applicationversion", "displayversion", "productversion", "softwareversion", "programversion", "appversion", "installedversion", "version",
		"versionsname", "versionname", "versionnumber", "normalizedversion", "versions",
		"versie", "softwareversie", "versienummer", "versiondulogiciel", "versionsnom", "versionlogiciel", "programmversion",
	}
	idNames = names{
		"deviceid", "resourceid", "hardwareid", "machineid", "computerid", "hostid", "hostuuid", "endpointid", "agentid", "assetid", "uuid",
		"smsuniqueidentifier",
	}
	deviceNames = names{
		"devicename", "netbiosname", "computername", "pscomputername", "hostidentifier", "hostdisplayname", "hosthostname", "devicehostname", "hostname", "assetname",
		"machinename", "systemname", "endpointname", "agentname", "workstationname", "inventorydevice", "clientname", "nodename", "pcname",
		"computer", "device", "machine", "node", "host", "pc", "workstation", "endpoint", "asset", "client",
		"apparaatnaam", "computernaam", "pcnaam", "machinenaam", "apparaat", "werkstation",
		"nomdelordinateur", "nomdordinateur", "nomordinateur", "nomdelappareil", "nomdelamachine", "nommachine", "nomduposte", "ordinateur", "appareil", "poste", //nolint:misspell // French
		"geratename", "rechnername", "gerat", "rechner", //nolint:misspell // German
	}
	numberNames = names{
		"devicecount", "hostscount", "hostcount", "computercount", "installcount", "installationcount", "installedcount", "machinecount", "endpointcount",
		"numberofdevices", "numberofcomputers", "numberofinstallations", "numberofinstalls", "installeddevices", "installedmachines", "totalinstalls",
		"installations", "installs", "devices", "computers", "machines", "endpoints", "hosts", "count",
		"aantalapparaten", "aantalcomputers", "aantalinstallaties", "aantal",
		"nombredappareils", "nombredordinateurs", "nombredinstallations", "nombre",
		"anzahlgerate", "anzahlcomputer", "anzahlinstallationen", "anzahl",
	}
	// rowNames name the id of a row with a number.
	rowNames      = names{"applicationkey", "applicationid", "softwareid", "id"}
	platformNames = names{"platform", "osplatform", "plateforme", "plattform"}
	systemNames   = names{
		"osdescription", "operatingsystemname", "operatingsystem", "operatingsystemnameandversion", "osname", "os", "osfullname",
		"besturingssysteem", "systemedexploitation", "betriebssystem",
	}
	buildNames = names{"osversion", "operatingsystemversion", "osbuild", "versievanbesturingssysteem", "versiondusystemedexploitation", "betriebssystemversion"}
	userNames  = names{
		"userid", "emailaddress", "userprincipalname", "username", "primaryuser", "lastloggedonuser", "lastloggedinuser", "lastuser", "user",
		"gebruikersnaam", "gebruiker", "nomdutilisateur", "utilisateur", "benutzername", "benutzer",
	}
	sourceNames = names{"source"}
)

// columnWords has every name of a column with a title, a publisher, a version or a device.
var columnWords = func() map[string]bool {
	words := map[string]bool{}
	for _, list := range []names{titleNames, publisherNames, versionNames, idNames, deviceNames, numberNames} {
		for _, name := range list {
			words[name] = true
		}
	}
	return words
}()

// isColumnName reports whether a cell has the name of a column.
func isColumnName(cell string) bool {
	return len(cell) <= maxColumnName && columnWords[columnName(cell)]
}

// maxColumnName is the maximum length of the name of a column that is known, in bytes.
const maxColumnName = 64

// columnName returns the name of a column in the form of names: without the 0 of Configuration
// Manager's views, as in DisplayName0, and without the prefix of its reports.
func columnName(header string) string {
	name := text.Letters(text.Shorten(header, maxColumnName))
	for _, prefix := range []string{"detailstable0", "detailstable1", "table0", "table1"} {
		if rest, cut := strings.CutPrefix(name, prefix); cut {
			name = rest
			break
		}
	}
	return strings.TrimSuffix(name, "0")
}

// columns holds the positions of the columns of a table, -1 for a missing one.
type columns struct {
	shape                     Shape
	numbers                   bool // numbers of devices instead of devices
	title, publisher, version int
	id, device                int // the device is named by its id, or if that is empty by its name
	number, row               int // the number of devices, and the id of the row
	platform, system, build   int
	user, source              int
	status, gone              int // whether the software is no longer installed, and since when
}

// columnsOf recognises a table by the names of its columns. ok is false if they are not those of
// an inventory. hint is the shape that lines before the header show; empty for none.
func columnsOf(header []string, hint Shape) (c columns, ok bool) {
	letters := make([]string, len(header))
	for i, name := range header {
		letters[i] = columnName(name)
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
		number: find(numberNames), row: find(rowNames), platform: find(platformNames), system: find(systemNames), build: find(buildNames),
		user: find(userNames), source: find(sourceNames), status: find(statusNames), gone: find(goneNames),
	}
	c.findComputer(letters)
	if c.numbers = c.id < 0 && c.device < 0 && c.number >= 0; !c.numbers {
		c.row = -1
	}
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

// findComputer finds the device in a table whose columns do not say which of two names it is:
// the title is the one that cannot be a computer's.
func (c *columns) findComputer(letters []string) {
	if c.title < 0 || c.id >= 0 || c.device >= 0 || c.number >= 0 {
		return
	}
	if letters[c.title] == "displayname" {
		for _, better := range []string{"softwarename", "softwaretitle", "software", "application"} {
			if i := slices.Index(letters, better); i >= 0 {
				c.title = i
				break
			}
		}
	}
	for _, only := range []string{"caption", "registryname", "uninstallstring"} {
		if slices.Contains(letters, only) {
			return // of one PC: wmic, UninstallView, the registry
		}
	}
	for _, name := range computerNames {
		if i := slices.Index(letters, name); i >= 0 && i != c.title && letters[c.title] != "name" && letters[c.title] != "naam" && letters[c.title] != "nom" {
			c.device = i
			return
		}
	}
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
		if i != c.title && i != c.publisher && i != c.version && i != c.platform && i != c.gone && !slices.Contains(beside, name) {
			return false
		}
	}
	return true
}

// beside are columns of lists of one PC that are not read.
var beside = []string{"installdate", "installeddate", "installationdate", "size", "estimatedsize", "installlocation", "architecture", ""}

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
	{Winget, names{"isupdateavailable", "availableversions"}},
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
	return max(c.title, c.publisher, c.version, c.id, c.device, c.number, c.row, c.platform, c.system, c.build, c.user, c.source, c.status, c.gone)
}
