package directory

import (
	"slices"
	"strings"

	"trueup/internal/sheet"
	"trueup/internal/text"
)

// field is a property that is read from a column of a table or a key of an object.
type field uint8

const (
	noField field = iota
	fieldUPN
	fieldName
	fieldLocation
	fieldDepartment
	fieldType
	fieldEnabled
	fieldBlocked // the opposite of fieldEnabled
	fieldObjectID
	fieldLicenses
	fieldDeletedAt
	fieldDeleted
	fieldSeen
	fieldRefreshed
	fieldDeviceID
	fieldSystem
	fieldSystemVersion
	fieldJoin
	fieldRegistered
	fieldSKU
	fieldPartNumber
	fieldTitle
	fieldQuantity
	fieldExpired
	fieldSuspended
	fieldAssigned
	fieldEnd
	fieldAppliesTo
	fieldGroupTypes
	fieldSecurity
	fieldMail
	fieldRule
	fieldEntity // the type of an object in a list of several
	fields      // their number
)

// fieldNames are the columns of findings: the names of the fields of the API.
var fieldNames = [fields]sheet.Column{
	fieldUPN: "userPrincipalName", fieldName: "displayName", fieldLocation: "usageLocation", fieldDepartment: "department", fieldType: "type",
	fieldEnabled: "enabled", fieldBlocked: "enabled", fieldObjectID: "objectId", fieldLicenses: "licenses", fieldDeletedAt: "deletedAt", fieldDeleted: "deleted",
	fieldSeen: "lastSignIn", fieldRefreshed: "refreshedOn", fieldDeviceID: "deviceId", fieldSystem: "operatingSystem", fieldSystemVersion: "operatingSystemVersion",
	fieldJoin: "join", fieldRegistered: "registeredAt", fieldSKU: "sku", fieldPartNumber: "partNumber", fieldTitle: "name", fieldQuantity: "quantity", fieldExpired: "expired",
	fieldSuspended: "expired", fieldAssigned: "assigned", fieldEnd: "endsOn", fieldAppliesTo: "kind", fieldGroupTypes: "type", fieldSecurity: "type", fieldMail: "type", fieldRule: "rule", fieldEntity: "type",
}

// fieldOf returns the field of a violation of the domain: "name" is the title of a subscription, and
// services belong to no column.
func fieldOf(name string) field {
	for f := noField + 1; f < fields; f++ {
		if string(fieldNames[f]) == name {
			return f
		}
	}
	return noField
}

// column is a field and the names of its columns, in the form of text.Letters, the best one first. The
// names are those of the exports in English, Dutch, French, German, Spanish and Portuguese, of Graph, and
// of PowerShell.
type column struct {
	field field
	title string // in the publisher's spelling
	names []string
}

// Columns that several kinds have.
var (
	upnColumn = column{fieldUPN, "User principal name", []string{
		"userprincipalname", "upn", "userprincipalnameupn",
		"principalnaamvandegebruiker", "principalnaamvangebruiker", "gebruikersprincipalnaam", "userprincipalnamegebruiker",
		"nomdutilisateurprincipal", "nomdutilisateurprincipalupn", "nomprincipaldutilisateur", "nomprincipaldelutilisateur", "nomprincipalutilisateur",
		"benutzerprinzipalname", "benutzerprinzipalnameupn", "prinzipalnamedesbenutzers",
		"nombreprincipaldeusuario", "nombreprincipaldelusuario", "nombreprincipaldelusuarioupn", "nombreprincipaldeusuarioupn",
		"nomeprincipaldousuario", "nomeprincipaldeusuario", "nomeprincipaldoutilizador", "nomeprincipaldeutilizador", "nomeprincipaldoutilizadorupn", "nomeprincipaldousuarioupn",
	}}
	refreshedColumn = column{fieldRefreshed, "Report Refresh Date", []string{
		"reportrefreshdate", "vernieuwingsdatumvanrapport", "rapportvernieuwingsdatum", "datumvanrapportvernieuwing", "datedactualisationdurapport", "datedemiseajourdurapport",
		"berichtsaktualisierungsdatum", "fechadeactualizaciondelinforme", "datadeatualizacaodorelatorio",
	}}
	displayNames = []string{
		"displayname", "weergavenaam", "nomdaffichage", "nomaffiche", "nomcomplet", "anzeigename", "nombreparamostrar", "nombredeusuarioparamostrar", "nombremostrado",
		"nomedeexibicao", "nomeparaexibicao", "nomeaapresentar", "nomeapresentado",
	}
	objectIDNames = []string{
		"objectid", "objectguid", "idvanobject", "iddobjet", "iddelobjet", "identificateurdobjet", "identifiantdobjet", "objektid", "iddeobjeto", "iddelobjeto", "iddoobjeto", "idobjeto",
		"id",
	}
	enabledNames = []string{
		"accountenabled", "enabled", "accountingeschakeld", "ingeschakeld", "compteactive", "active", "kontoaktiviert", "aktiviert", "cuentahabilitada", "habilitado",
		"contaativada", "contahabilitada", "ativado",
	}
)

// shape is the columns of a kind of file.
type shape struct {
	kind    Kind
	columns []column
	// is reports whether a header with these fields is one of the kind. It may be nil: then the file
	// is recognised by something else.
	is func(has func(...field) bool) bool
}

// shapes are the kinds that are recognised by columns; the first that fits counts.
var shapes = []shape{
	{
		kind: Activity,
		columns: []column{
			upnColumn,
			refreshedColumn,
			{fieldDeleted, "Is Deleted", []string{"isdeleted", "isverwijderd", "verwijderd", "estsupprime", "supprime", "istgeloscht", "geloscht", "estaeliminado", "eliminado", "excluido", "foiexcluido"}},
		},
		is: func(has func(...field) bool) bool { return has(fieldUPN, fieldRefreshed, fieldSeen) },
	},
	{
		kind: Subscriptions,
		columns: []column{
			{fieldTitle, "Product Title", []string{
				"producttitle", "productname", "product", "producttitel", "productnaam", "titreduproduit", "nomduproduit", "produit", "produkttitel", "produktname", "produkt",
				"titulodelproducto", "nombredelproducto", "producto", "titulodoproduto", "nomedoproduto", "produto",
			}},
			{fieldQuantity, "Total Licenses", []string{
				"totallicenses", "totallicences", "licensestotal", "prepaidunitsenabled", "totaalaantallicenties", "totaallicenties", "totaalaantal", "aantallicenties",
				"nombretotaldelicences", "totaldeslicences", "totaldelicences", "licencestotal", "gesamtzahlderlizenzen", "lizenzeninsgesamt", "lizenzengesamt", "gesamtanzahllizenzen", "gesamtzahllizenzen",
				"totaldelicencias", "licenciastotales", "totaldelicencas",
			}},
			{fieldExpired, "Expired Licenses", []string{
				"expiredlicenses", "expiredlicences", "prepaidunitswarning", "verlopenlicenties", "licencesexpirees", "abgelaufenelizenzen", "licenciasexpiradas", "licenciascaducadas", "licencasexpiradas", "licencasvencidas",
			}},
			{fieldSuspended, "Suspended", []string{"prepaidunitssuspended"}},
			{fieldAssigned, "Assigned licenses", []string{
				"assignedlicenses", "assignedlicences", "consumedunits", "consumedlicenses", "toegewezenlicenties", "licencesattribuees", "licencesaffectees", "zugewiesenelizenzen", "licenciasasignadas",
				"licencasatribuidas",
			}},
			{fieldEnd, "Renewal Date", []string{
				"renewaldate", "expirationdate", "expirydate", "nextlifecycledatetime", "verlengingsdatum", "vervaldatum", "datederenouvellement", "datedexpiration", "verlangerungsdatum", "ablaufdatum",
				"fechaderenovacion", "fechadeexpiracion", "datadarenovacao", "dataderenovacao", "datadeexpiracao",
			}},
			{fieldSKU, "SkuId", []string{"skuid", "sku", "productskuid"}},
			{fieldPartNumber, "SkuPartNumber", []string{"skupartnumber", "partnumber"}},
			{fieldAppliesTo, "AppliesTo", []string{"appliesto"}},
			{fieldType, "PrepaidUnits", []string{"prepaidunits"}}, // of Export-Csv: a type name
		},
		is: func(has func(...field) bool) bool {
			return has(fieldTitle, fieldQuantity) && (has(fieldAssigned) || has(fieldExpired)) ||
				has(fieldPartNumber) && (has(fieldQuantity) || has(fieldAssigned) || has(fieldType))
		},
	},
	{
		kind: Groups,
		columns: []column{
			{fieldName, "displayName", displayNames},
			{fieldObjectID, "id", objectIDNames},
			{fieldGroupTypes, "groupTypes", []string{"grouptypes"}},
			{fieldSecurity, "securityEnabled", []string{"securityenabled"}},
			{fieldMail, "mailEnabled", []string{"mailenabled"}},
			{fieldRule, "membershipRule", []string{"membershiprule"}},
		},
		is: func(has func(...field) bool) bool {
			return has(fieldName, fieldObjectID) && (has(fieldGroupTypes) || has(fieldSecurity, fieldMail))
		},
	},
	{
		kind: Devices,
		columns: []column{
			{fieldName, "displayName", append([]string{"devicename", "apparaatnaam", "nomdelappareil", "geratename", "nombredeldispositivo", "nomedodispositivo"}, displayNames...)},
			{fieldObjectID, "objectId", objectIDNames},
			{fieldDeviceID, "deviceId", []string{
				"azureaddeviceid", "aaddeviceid", "entradeviceid", "microsoftentradeviceid", "deviceid", "apparaatid", "iddelappareil", "identifiantdelappareil", "gerateid", "iddedispositivo", "iddeldispositivo", "iddodispositivo",
			}},
			{fieldEnabled, "accountEnabled", enabledNames},
			{fieldSystem, "operatingSystem", []string{"operatingsystem", "os", "besturingssysteem", "systemedexploitation", "betriebssystem", "sistemaoperativo", "sistemaoperacional"}},
			{fieldSystemVersion, "operatingSystemVersion", []string{
				"operatingsystemversion", "osversion", "versievanhetbesturingssysteem", "versievanbesturingssysteem", "versiondusystemedexploitation", "versiondusysteme", "betriebssystemversion", "versiondelsistemaoperativo", "versaodosistemaoperacional", "versaodosistemaoperativo",
			}},
			{fieldJoin, "joinType", []string{"jointype", "trusttype", "jointypetrusttype", "typejoin", "joinstype", "typedejonction", "typedejointure", "jointyp", "verknupfungstyp", "tipodeunion", "tipodeassociacao", "tipodejuncao", "jointypevanapparaat"}},
			{fieldSeen, "approximateLastSignInDateTime", []string{
				"approximatelastsignindatetime", "approximatelastlogontimestamp", "lastsignindatetime", "activity", "lastcheckin", "lastsyncdatetime", "laatsteactiviteit", "activiteit", "laatstincheckt", "derniereactivite", "letzteaktivitat", "ultimaactividad", "ultimaatividade",
			}},
			{fieldRegistered, "registrationTime", []string{
				"registrationtime", "registrationdatetime", "registered", "enrollmentdate", "enrolleddatetime", "geregistreerd", "registratiedatum", "inscrit", "datedinscription", "registriert", "registrierungsdatum", "registrado", "fechaderegistro", "datadoregisto", "dataderegistro",
			}},
		},
		is: func(has func(...field) bool) bool {
			return has(fieldName) && (has(fieldDeviceID) || has(fieldObjectID)) && (has(fieldJoin) || has(fieldDeviceID, fieldSystem) || has(fieldDeviceID, fieldSeen) || has(fieldDeviceID, fieldObjectID))
		},
	},
	{
		kind: Users,
		columns: []column{
			upnColumn,
			refreshedColumn, // of usage reports without a last activity, which are no lists of users
			{fieldName, "Display name", displayNames},
			{fieldLocation, "Usage location", []string{
				"usagelocation", "gebruikslocatie", "locatievangebruik", "emplacementdutilisation", "emplacementdelutilisation", "lieudutilisation", "zonedutilisation", "verwendungsstandort", "nutzungsstandort", "nutzungsort",
				"verwendungsort", "ubicaciondeuso", "ubicaciondelusuario", "lugardeuso", "localdeuso", "localizacaodeuso", "localdeutilizacao", "localizacaodeutilizacao", "localizacaodautilizacao",
			}},
			{fieldDepartment, "Department", []string{"department", "afdeling", "departement", "service", "abteilung", "departamento"}},
			{fieldType, "User type", []string{"usertype", "gebruikerstype", "typegebruiker", "typedutilisateur", "benutzertyp", "tipodeusuario", "tipodeutilizador"}},
			{fieldEnabled, "Account enabled", enabledNames},
			{fieldBlocked, "Block credential", []string{
				"blockcredential", "blockedcredential", "signinblocked", "credentialsblokkeren", "referentieblokkeren", "referentiesblokkeren", "aanmeldingsreferentiesblokkeren", "aanmeldinggeblokkeerd", "aanmeldenblokkeren",
				"bloquerlesinformationsdidentification", "informationsdidentificationbloquees", "bloquerlaconnexion", "connexionbloquee", "anmeldeinformationenblockieren", "anmeldeinformationenblockiert", "anmeldedatensperren", "anmeldungblockiert", "anmeldungblockieren",
				"bloquearcredencial", "bloquearcredenciales", "iniciodesesionbloqueado", "credencialbloqueada", "bloquearcredenciais", "iniciodesessaobloqueado", "entradabloqueada",
			}},
			{fieldObjectID, "Object Id", objectIDNames},
			{fieldLicenses, "Licenses", []string{
				"licenses", "licences", "assignedlicenses", "assignedlicences", "licensedetails", "licenties", "toegewezenlicenties", "productlicenties", "productlicenses", "licencesattribuees", "licencesaffectees",
				"licencesdeproduit", "lizenzen", "zugewiesenelizenzen", "produktlizenzen", "licencias", "licenciasasignadas", "licenciasdeproducto", "licencas", "licencasatribuidas", "licencasdeproduto", "licencasdeprodutos", "licencasdoproduto",
			}},
			{fieldDeletedAt, "Soft deletion time stamp", []string{"softdeletiontimestamp", "softdeletetimestamp", "deleteddatetime", "tijdstempelvoorlopigverwijderen", "tijdstempelvoorvoorlopigverwijderen", "horodatagedelasuppressionreversible", "zeitstempelfurvorlaufigesloschen", "marcadetiempodeeliminaciontemporal"}},
			{fieldSeen, "Last sign-in", []string{
				"lastsignindatetime", "lastsignin", "lastsignindate", "lastsignintime", "lastinteractivesignindatetime", "lastinteractivesignin", "lastlogon", "lastlogindate", "lastlogontime", "lastlogin", "laatsteaanmelding", "laatstaangemeld",
				"derniereconnexion", "derniereconnexionle", "letzteanmeldung", "letzteranmeldezeitpunkt", "ultimoiniciodesesion", "ultimoiniciodesessao", "ultimaentrada", "ultimologin", "signinactivity",
			}},
		},
		is: func(has func(...field) bool) bool { return has(fieldUPN) && !has(fieldRefreshed) },
	},
	{
		kind: Members,
		columns: []column{
			upnColumn,
			{fieldName, "displayName", displayNames},
			{fieldObjectID, "id", objectIDNames},
			{fieldDeviceID, "deviceId", []string{"deviceid"}},
			{fieldEntity, "@odata.type", []string{"odatatype"}},
		},
	},
}

// shapeOf returns the shape of a kind.
func shapeOf(kind Kind) *shape {
	return &shapes[slices.IndexFunc(shapes, func(s shape) bool { return s.kind == kind })]
}

// activityNames are parts of the names of columns with the last activity in a service or in all.
var activityNames = []string{
	"lastactivitydate", "lastactivityutc", "laatsteactiviteit", "derniereactivite", "letztenaktivitat", "letzteaktivitat", "ultimaactividad", "ultimaatividade",
}

// isActivity reports whether a column, in the form of text.Letters, has the last activity: in a service or
// in all, or one of the moments in signInActivity of Graph.
func isActivity(name string) bool {
	return slices.ContainsFunc(activityNames, func(part string) bool { return strings.Contains(name, part) }) ||
		strings.HasPrefix(name, "signinactivitylast") && strings.HasSuffix(name, "datetime")
}

// foreign are names of columns that only other lists have: of software, of agreements and of entitlements.
var foreign = []string{
	"applicationname", "applicationversion", "applicationpublisher", "softwarename", "softwareversion", "displayversion", "publisher", "vendor", "installlocation", "appname", "appversion",
	"effectivequantity", "effectivelicensequantity", "licenseid", "productfamily", "licenseproductfamily", "productpool",
	"authorizationnumber", "licensenumber", "agreementnumber", "guid", "stringid", "serviceplanid",
}

// header says where the fields of a kind are in a table or an object.
type header struct {
	shape    *shape
	at       [fields]int // index of the column, from 0; -1 for none
	activity []int       // columns with dates of activity
	names    []string    // of the columns, as written
	english  bool        // every known name is English: dates may begin with the month
}

func (h *header) has(wanted ...field) bool {
	for _, f := range wanted {
		if f == fieldSeen && len(h.activity) > 0 {
			continue
		}
		if h.at[f] < 0 {
			return false
		}
	}
	return true
}

// known returns how many fields have a column.
func (h *header) known() (n int) {
	for _, at := range h.at {
		if at >= 0 {
			n++
		}
	}
	return n
}

// maxColumnName is the maximum length of the name of a column that is known, in bytes.
const maxColumnName = 96

// lettersOf returns the names of columns in the form in which they are compared.
func lettersOf(names []string) []string {
	letters := make([]string, len(names))
	for i, name := range names {
		if len(name) <= maxColumnName {
			letters[i] = text.Letters(name)
		}
	}
	return letters
}

// headerOf reads names of columns as those of a shape.
func headerOf(s *shape, names, letters []string) header {
	h := header{shape: s, names: names, english: true}
	for f := range h.at {
		h.at[f] = -1
	}
	for _, c := range s.columns {
		for rank, name := range c.names {
			if at := slices.Index(letters, name); at >= 0 {
				h.at[c.field] = at
				h.english = h.english && (rank == 0 || text.Letters(c.title) == name)
				break
			}
		}
	}
	if id := h.at[fieldDeviceID]; s.kind == Devices && id >= 0 && h.at[fieldObjectID] >= 0 && letters[id] != "deviceid" && letters[h.at[fieldObjectID]] == "id" {
		h.at[fieldObjectID] = -1 // Intune has an id of its own beside the one of Entra
	}
	if s.kind == Activity || s.kind == Users {
		for i, name := range letters {
			if isActivity(name) {
				h.activity = append(h.activity, i)
			}
		}
	}
	return h
}

// recognise returns the header of the first shape that fits. Otherwise near is the header that lacks least,
// if it looks like one: its file is refused by what is missing.
func recognise(names []string) (found, near *header) {
	letters := lettersOf(names)
	if slices.ContainsFunc(letters, func(name string) bool { return slices.Contains(foreign, name) }) {
		return nil, nil
	}
	for i := range shapes {
		if shapes[i].is == nil {
			continue
		}
		h := headerOf(&shapes[i], names, letters)
		if shapes[i].is(h.has) {
			return &h, nil
		}
		if n := h.known(); shapes[i].kind == Users && n >= 3 && h.has(fieldName) && !h.has(fieldUPN) {
			near = &h
		}
	}
	return nil, near
}

// cell is a field of a row.
type cell struct {
	text     string
	position int  // of the column, from 1; 0 in JSON
	given    bool // whether the row states it, perhaps as empty
}

// record is a row of a table or an object.
type record struct {
	line     int
	cells    [fields]cell
	activity []cell

	// What only objects have.
	licenses []LicenseRef // nil if the object has no list of licences
	services []service
	members  []record
}

func (r *record) reset(line int) {
	activity := r.activity[:0]
	*r = record{line: line, activity: activity}
}

// fill sets the fields from the values of a row whose columns are those of a header.
func (r *record) fill(h *header, positions bool, value func(column int) string) {
	set := func(at int) cell {
		c := cell{text: value(at), given: true}
		if positions {
			c.position = at + 1
		}
		return c
	}
	for f, at := range h.at {
		if at >= 0 {
			r.cells[f] = set(at)
		}
	}
	for _, at := range h.activity {
		r.activity = append(r.activity, set(at))
	}
}

func (r *record) get(f field) string { return r.cells[f].text }
