package inventory

import (
	"slices"
	"strings"

	"trueup/internal/text"
)

// names are the names of a column, in the form of text.Letters, in English, Dutch, French, German,
// Spanish and Portuguese. The first that a header has is read: a list of software has columns such as DisplayName
// and Name, and the registry has a number called Version beside DisplayVersion.
type names []string

var (
	titleNames = names{
		"applicationname", "arpdisplayname", "displayname", "productname", "softwarename", "softwaretitle", "applicationtitle", "programname", "appname",
		"normalizedname", "softwareproduct", "software", "application", "program",
		"softwaresoftware", "installedsoftware", "installedapplication", "installedapplications", "installedprogram", "package",
		"name", "caption", "product", "title",
		"weergavenaam", "softwarenaam", "programmanaam", "productnaam", "programma", "toepassing", "naam",
		"nomdulogiciel", "nomlogiciel", "nomdelapplication", "nomduprogramme", "nomduproduit", "nomcomplet", "logiciel", "programme", "nom",
		"anzeigename", "programmname", "softwareprodukt", "produktname", "anwendung", "programm",
		"nombredelsoftware", "nombredelprograma", "nombredelaaplicacion", "nombredelproducto", "aplicacion",
		"nomedosoftware", "nomedoprograma", "nomedoaplicativo", "nomedoproduto", "aplicativo", "programa", "nombre", "nome",
	}
	// Lists of devices, of users and of licences have such names, too: with one, a version is
	// required.
	plainNames = names{"displayname", "name", "caption", "product", "title", "package", "weergavenaam", "naam", "nomcomplet", "nom", "anzeigename", "nombre", "nome"}
	// computerNames name the computer beside another column with the title, as in a query of
	// Configuration Manager for SYS.Name0, ARP.DisplayName0. None of them is in deviceNames.
	computerNames  = names{"name", "displayname", "naam", "nom"}
	publisherNames = names{
		"applicationpublisher", "publisher", "softwarepublisher", "normalizedpublisher", "publishername", "vendor", "vendorname", "softwarevendor",
		"manufacturer", "softwaremanufacturer", "company",
		"uitgever", "fabrikant", "leverancier",
		"editeur", "editeurdulogiciel", "fabricant", "fournisseur",
		"herausgeber", "hersteller", "anbieter",
		"editor", "fabricante", "proveedor", "fornecedor",
	}
	versionNames = names{
		"applicationversion", "displayversion", "productversion", "softwareversion", "programversion", "appversion", "installedversion", "version",
		"versionsname", "versionname", "versionnumber", "normalizedversion", "versions",
		"versie", "softwareversie", "versienummer", "versiondulogiciel", "versionsnom", "versionlogiciel", "programmversion",
		"versiondelsoftware", "versao", "versaodosoftware",
	}
	idNames = names{
		"deviceid", "resourceid", "hardwareid", "machineid", "computerid", "hostid", "hostuuid", "endpointid", "agentid", "assetid", "uuid",
		"smsuniqueidentifier",
	}
	deviceNames = names{
		"devicename", "netbiosname", "computername", "pscomputername", "hostidentifier", "hostdisplayname", "hosthostname", "devicehostname", "hostname", "assetname",
		"devicefriendlyname", "computersname", "machinename", "systemname", "endpointname", "agentname", "workstationname", "inventorydevice", "clientname", "nodename", "pcname",
		"computer", "device", "machine", "node", "host", "pc", "workstation", "endpoint", "asset", "client",
		"apparaat", "werkstation",
		"ordinateur", "appareil", "poste", //nolint:misspell // French
		"gerat", "rechner", "endpunkt", "endgerat", //nolint:misspell // German
		"equipo", "ordenador", "dispositivo", "computadora", "maquina",
		"computador",
	}
	numberNames = names{
		"devicecount", "hostscount", "hostcount", "computercount", "installcount", "installationcount", "installedcount", "machinecount", "endpointcount",
		"numberofdevices", "numberofcomputers", "numberofinstallations", "numberofinstalls", "installeddevices", "installedmachines", "totalinstalls",
		"networkinstallations", "installedcopies", "instances", "ofinstalls", "ofinstallations", "ofcomputers", "ofdevices", "noofinstalls",
		"noofinstallations", "noofcomputers", "noofdevices", "noofcopies", "numberofcopies", "numberofhosts",
		"installations", "installs", "devices", "computers", "machines", "endpoints", "hosts", "count",
		"aantalapparaten", "aantalcomputers", "aantalinstallaties", "aantal",
		"nombredappareils", "nombredordinateurs", "nombredinstallations", "nombredepc", "nombreinstallations", "nbr", "nbre",
		"anzahlgerate", "anzahlcomputer", "anzahlinstallationen", "anzahl",
		"numerodeequipos", "numerodeinstalaciones", "instalaciones", "cantidad", "numerodecomputadores", "instalacoes", "quantidade",
	}
	// totalNames name a number of devices in a table without columns of licences.
	totalNames   = names{"total", "totaal", "gesamt", "nombre"}
	licenceNames = names{
		"productkey", "licensekey", "licencekey", "seats", "avail", "available", "remaining", "purchased", "purchasedate", "purchasecost", "ordernumber",
		"expirationdate", "expirydate", "licensedtoemail", "licensedtoname",
	}
	// rowNames name the id of a row with a number.
	rowNames      = names{"applicationkey", "applicationid", "softwareid", "id"}
	platformNames = names{
		"platform", "osplatform", "devicetype", "deviceplatform", "ostype", "osfamily", "typeofdevice", "plateforme", "plattform", "apparaattype", "typedappareil", "geratetyp",
	}
	systemNames = names{
		"osdescription", "operatingsystemname", "operatingsystem", "operatingsystemnameandversion", "osname", "os", "osfullname",
		"besturingssysteem", "systemedexploitation", "betriebssystem",
	}
	buildNames = names{"osversion", "operatingsystemversion", "osbuild", "versievanbesturingssysteem", "versiondusystemedexploitation", "betriebssystemversion"}
	userNames  = names{
		"primaryuser", "userid", "emailaddress", "userprincipalname", "username", "lastloggedonuser", "lastloggedinuser", "lastuser", "user",
		"gebruikersnaam", "gebruiker", "nomdutilisateur", "utilisateur", "benutzername", "benutzer",
	}
	sourceNames   = names{"source", "format"} // format of Wazuh: deb, rpm, pkg, win
	providerNames = names{"providername"}     // of Get-Package
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
	if name = strings.TrimSuffix(name, "0"); name == "" {
		return ""
	}
	for _, prefix := range []string{"detailstable0", "detailstable1", "table0", "table1"} {
		if rest, cut := strings.CutPrefix(name, prefix); cut {
			name = rest
			break
		}
	}
	for _, group := range softwareGroups {
		if rest, cut := strings.CutPrefix(name, group); cut && slices.Contains(groupNames, rest) {
			return "software" + rest
		}
	}
	return composed(name, softwareThing, deviceThing)
}

// composed returns the known name, such as devicename, for a name of a noun of the things and a word for a
// value, such as nomdelappareil; any other name as it is.
func composed(name string, things ...*thing) string {
	if !columnWords[name] {
		for _, t := range things {
			if value := t.value(name, "", false, maxJoiners); value != "" {
				return t.name + value
			}
		}
	}
	return name
}

// thing is software or a device. A column may be named by a word for it and a word for what the column
// tells, in either order and with words such as "of the" between them: "Naam software", "Nom du logiciel".
// Lists of whole names would need every combination.
type thing struct {
	name   string
	nouns  names
	values []string // keys of valueWords; the name of the column is name and one of them
}

var (
	softwareThing = &thing{"software", names{
		"software", "program", "application", "programma", "applicatie", "toepassing", "logiciel", "programme", "programm", "anwendung", "programa", "aplicacion",
		"aplicativo",
	}, []string{"name", "version", "publisher"}}
	deviceThing = &thing{"device", names{
		"computer", "device", "machine", "workstation", "endpoint", "pc", "laptop", "desktop", "apparaat", "werkstation", "werkplek", "ordinateur", "appareil", "poste", //nolint:misspell // French
		"rechner", "rechners", "gerat", "gerate", "gerats", "geraet", "geraete", "endgerat", "arbeitsplatz", "equipo", "ordenador", "dispositivo", "computadora", "computador", "maquina", //nolint:misspell // German
	}, []string{"name", "id"}}
)

var (
	valueWords = map[string]names{
		"name":    {"name", "title", "naam", "titel", "benaming", "nom", "titre", "bezeichnung", "nombre", "titulo", "nome"},
		"version": {"version", "versie", "versao"},
		"publisher": {
			"publisher", "vendor", "manufacturer", "uitgever", "fabrikant", "leverancier", "editeur", "fabricant", "fournisseur", "herausgeber", "hersteller", "anbieter",
			"editor", "fabricante", "proveedor", "fornecedor",
		},
		"id": {"id", "identifier", "kennung", "identifiant", "identificador"},
	}
	joiners = names{"of", "the", "van", "de", "het", "du", "la", "le", "l", "d", "der", "des", "del", "el", "do", "da"}
)

// maxJoiners bounds the ways to split a name.
const maxJoiners = 2

// value returns which of the values a name in the form of text.Letters tells; empty if it does not consist
// of one of its words, one of the nouns, and at most some joiners between them. value and noun say what
// came before the rest of the name.
func (t *thing) value(rest, value string, noun bool, joined int) string {
	if rest == "" {
		if noun {
			return value
		}
		return ""
	}
	after := func(words names, value string, noun bool, joined int) string {
		for _, word := range words {
			if end, ok := strings.CutPrefix(rest, word); ok {
				if found := t.value(end, value, noun, joined); found != "" {
					return found
				}
			}
		}
		return ""
	}
	if !noun {
		if found := after(t.nouns, value, true, joined); found != "" {
			return found
		}
	}
	if value == "" {
		for _, key := range t.values {
			if found := after(valueWords[key], key, noun, joined); found != "" {
				return found
			}
		}
	}
	if joined > 0 && (noun || value != "") {
		return after(joiners, value, noun, joined-1)
	}
	return ""
}

// softwareGroups are the groups of columns that some systems write before the name of a column with
// software, as in "Installed Applications - Version" and package.name. groupNames are the names that
// may follow, which are known behind the group "software".
var (
	softwareGroups = []string{"softwarepackage", "installedapplications", "installedapplication", "installedsoftware", "installedprograms", "addorremoveprograms", "package"}
	groupNames     = []string{"name", "title", "version", "vendor", "publisher", "manufacturer"}
)

// columns holds the positions of the columns of a table, -1 for a missing one.
type columns struct {
	shape                     Shape
	numbers                   bool // numbers of devices instead of devices
	title, publisher, version int
	id, device                int // the device is named by its id, or if that is empty by its name
	number, row               int // the number of devices, and the id of the row
	platform, system, build   int
	user, source, provider    int
	status, gone, present     int // whether the software is no longer installed, since when, and whether it is
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
		user: find(userNames), source: find(sourceNames), provider: find(providerNames), status: find(statusNames), gone: find(goneNames), present: find(presentNames),
	}
	if c.number < 0 && find(licenceNames) < 0 {
		if c.number = find(totalNames); c.number == c.title {
			c.number = -1 // Spanish: nombre
		}
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

// The codes of tables that are lists of software but for one column.
const (
	codeNoTitle  = "inventory_no_title"
	codeNoDevice = "inventory_no_device"
)

// lacks returns the code of the column that a table which is no inventory lacks; empty if it may be a
// table of another kind.
func (c columns) lacks() string {
	counted := c.id >= 0 || c.device >= 0 || c.number >= 0
	switch {
	case c.title < 0 && counted && (c.version >= 0 || c.publisher >= 0):
		return codeNoTitle
	case c.title >= 0 && !counted && c.version >= 0:
		return codeNoDevice
	}
	return ""
}

// findComputer finds the device in a table whose columns do not say which of two names it is:
// the title is the one that cannot be a computer's.
func (c *columns) findComputer(letters []string) {
	if c.title < 0 || c.id >= 0 || c.device >= 0 {
		return
	}
	if slices.ContainsFunc(serviceNow, func(name string) bool { return slices.Contains(letters, name) }) {
		c.device = slices.Index(letters, "installedon") // elsewhere a day
	}
	if c.device >= 0 || c.number >= 0 {
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

// serviceNow has columns that only ServiceNow has beside installed_on, the PC.
var serviceNow = names{"activeinstall", "discoverymodel", "normalizationstatus", "prodid"}

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

// evident reports whether a table of JSON with these columns can only be an inventory.
func (c columns) evident(header []string) bool {
	if c.id >= 0 || c.device >= 0 {
		return true
	}
	letters := make([]string, len(header))
	for i, name := range header {
		letters[i] = columnName(name)
	}
	if c.numbers && !slices.Contains(amountNames, letters[c.number]) {
		return true
	}
	shape := shapeOf(header, letters, c)
	return shape != Table && shape != OCS // other systems have a column TAG, too
}

// amountNames are the numberNames and totalNames that name an amount of anything, such as licences.
var amountNames = append(names{"count", "instances", "aantal", "anzahl", "nbr", "nbre", "cantidad", "quantidade"}, totalNames...)

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
	asOneWord := func(name string) bool { // other systems write Application Name
		return slices.ContainsFunc(header, func(cell string) bool { return strings.EqualFold(strings.Trim(cell, " \ufeff\""), name) })
	}
	switch {
	case asOneWord("applicationname") && !c.numbers && (has("deviceid") || has("devicename")):
		return AppInvRawData
	case has("applicationname") && has("devicecount"):
		return AppInvAggregate
	case has("node") && has("vendor"):
		return WMIC
	case slices.ContainsFunc(header, func(name string) bool { return strings.EqualFold(strings.TrimSpace(name), "displayname0") }):
		return ConfigMgr
	}
	for _, s := range signs {
		if slices.ContainsFunc(s.names, func(name string) bool { return has(name) && (s.shape != Lansweeper || asOneWord(name)) }) {
			return s.shape
		}
	}
	return Table
}

// last returns the position of the last column that is read.
func (c columns) last() int {
	return max(c.title, c.publisher, c.version, c.id, c.device, c.number, c.row, c.platform, c.system, c.build, c.user, c.source, c.provider, c.status, c.gone, c.present)
}
