// Package columns recognises lists of users, devices and subscriptions by the names of their columns or
// keys. Package directory reads the rows of what it recognises. Functions that receive other files import
// only this package, to tell a list that was put in the wrong folder: it does not import the domain.
package columns

import (
	"slices"
	"strings"

	"trueup/internal/text"
)

// Kind is what a file lists.
type Kind string

// The kinds.
const (
	Users         Kind = "users"
	Activity      Kind = "activity" // the last activity of users
	Devices       Kind = "devices"
	Groups        Kind = "groups"
	Members       Kind = "members" // of one group
	Subscriptions Kind = "subscriptions"
)

// Field is a property that is read from a column of a table or a key of an object.
type Field uint8

// The fields.
const (
	None Field = iota
	UPN
	Name
	Location
	Department
	Type
	Enabled
	Blocked // the opposite of Enabled
	ObjectID
	Licenses
	DeletedAt
	Deleted
	Seen
	Refreshed
	DeviceID
	System
	SystemVersion
	Join
	Registered
	SKU
	PartNumber
	Title
	Quantity
	Expired
	Suspended
	LockedOut
	Assigned
	End
	Status
	AppliesTo
	GroupTypes
	Security
	Mail
	Rule
	Entity // the type of an object in a list of several
	Fields // their number
)

// column is a field and the names of its columns, in the form of text.Letters, the best one first. The
// names are those of the exports in English, Dutch, French, German, Spanish and Portuguese, of Graph, and
// of PowerShell.
type column struct {
	field Field
	title string // in the publisher's spelling
	names []string
}

// Columns that several kinds have.
var (
	upnColumn = column{UPN, "User principal name", []string{
		"userprincipalname", "upn", "userprincipalnameupn",
		"principalnaamvandegebruiker", "principalnaamvangebruiker", "gebruikersprincipalnaam", "userprincipalnamegebruiker",
		"nomdutilisateurprincipal", "nomdutilisateurprincipalupn", "nomprincipaldutilisateur", "nomprincipaldelutilisateur", "nomprincipalutilisateur",
		"benutzerprinzipalname", "benutzerprinzipalnameupn", "prinzipalnamedesbenutzers",
		"nombreprincipaldeusuario", "nombreprincipaldelusuario", "nombreprincipaldelusuarioupn", "nombreprincipaldeusuarioupn",
		"nomeprincipaldousuario", "nomeprincipaldeusuario", "nomeprincipaldoutilizador", "nomeprincipaldeutilizador", "nomeprincipaldoutilizadorupn", "nomeprincipaldousuarioupn",
	}}
	refreshedColumn = column{Refreshed, "Report Refresh Date", []string{
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
	is func(has func(...Field) bool) bool
}

// shapes are the kinds that are recognised by columns; the first that fits counts.
var shapes = []shape{
	{
		kind: Activity,
		columns: []column{
			upnColumn,
			refreshedColumn,
			{Deleted, "Is Deleted", []string{"isdeleted", "isverwijderd", "verwijderd", "estsupprime", "supprime", "istgeloscht", "geloscht", "estaeliminado", "eliminado", "excluido", "foiexcluido"}},
		},
		is: func(has func(...Field) bool) bool { return has(UPN, Refreshed, Seen) },
	},
	{
		kind: Subscriptions,
		columns: []column{
			{Title, "Product Title", []string{
				"producttitle", "productname", "product", "producttitel", "productnaam", "titreduproduit", "nomduproduit", "produit", "produkttitel", "produktname", "produkt",
				"titulodelproducto", "nombredelproducto", "producto", "titulodoproduto", "nomedoproduto", "produto",
			}},
			{Quantity, "Total Licenses", []string{
				"totallicenses", "totallicences", "licensestotal", "prepaidunitsenabled", "totaalaantallicenties", "totaallicenties", "totaalaantal", "aantallicenties",
				"nombretotaldelicences", "totaldeslicences", "totaldelicences", "licencestotal", "gesamtzahlderlizenzen", "lizenzeninsgesamt", "lizenzengesamt", "gesamtanzahllizenzen", "gesamtzahllizenzen",
				"totaldelicencias", "licenciastotales", "totaldelicencas",
			}},
			{Expired, "Expired Licenses", []string{
				"expiredlicenses", "expiredlicences", "prepaidunitswarning", "verlopenlicenties", "licencesexpirees", "abgelaufenelizenzen", "licenciasexpiradas", "licenciascaducadas", "licencasexpiradas", "licencasvencidas",
			}},
			{Suspended, "Suspended", []string{"prepaidunitssuspended"}},
			{LockedOut, "Locked out", []string{"prepaidunitslockedout"}},
			{Status, "Status", []string{"status", "capabilitystatus"}},
			{Assigned, "Assigned licenses", []string{
				"assignedlicenses", "assignedlicences", "consumedunits", "consumedlicenses", "toegewezenlicenties", "licencesattribuees", "licencesaffectees", "zugewiesenelizenzen", "licenciasasignadas",
				"licencasatribuidas",
			}},
			{End, "Renewal Date", []string{
				"renewaldate", "expirationdate", "expirydate", "nextlifecycledatetime", "verlengingsdatum", "vervaldatum", "datederenouvellement", "datedexpiration", "verlangerungsdatum", "ablaufdatum",
				"fechaderenovacion", "fechadeexpiracion", "datadarenovacao", "dataderenovacao", "datadeexpiracao",
			}},
			{SKU, "SkuId", []string{"skuid", "sku", "productskuid"}},
			{PartNumber, "SkuPartNumber", []string{"skupartnumber", "partnumber"}},
			{AppliesTo, "AppliesTo", []string{"appliesto"}},
			{Type, "PrepaidUnits", []string{"prepaidunits"}}, // of Export-Csv: a type name
		},
		is: func(has func(...Field) bool) bool {
			return has(Title, Quantity) && (has(Assigned) || has(Expired)) ||
				has(PartNumber) && (has(Quantity) || has(Assigned) || has(Type))
		},
	},
	{
		kind: Groups,
		columns: []column{
			{Name, "displayName", displayNames},
			{ObjectID, "id", objectIDNames},
			{GroupTypes, "groupTypes", []string{"grouptypes"}},
			{Security, "securityEnabled", []string{"securityenabled"}},
			{Mail, "mailEnabled", []string{"mailenabled"}},
			{Rule, "membershipRule", []string{"membershiprule"}},
		},
		is: func(has func(...Field) bool) bool {
			return has(Name, ObjectID) && (has(GroupTypes) || has(Security, Mail))
		},
	},
	{
		kind: Devices,
		columns: []column{
			{Name, "displayName", []string{"devicename", "apparaatnaam", "nomdelappareil", "geratename", "nombredeldispositivo", "nomedodispositivo"}},
			{Name, "displayName", displayNames}, // of both, the name of the device
			{ObjectID, "objectId", objectIDNames},
			{DeviceID, "deviceId", []string{
				"azureaddeviceid", "aaddeviceid", "entradeviceid", "microsoftentradeviceid", "deviceid", "apparaatid", "iddelappareil", "identifiantdelappareil", "gerateid", "iddedispositivo", "iddeldispositivo", "iddodispositivo",
			}},
			{Enabled, "accountEnabled", enabledNames},
			{System, "operatingSystem", []string{"operatingsystem", "os", "besturingssysteem", "systemedexploitation", "betriebssystem", "sistemaoperativo", "sistemaoperacional"}},
			{SystemVersion, "operatingSystemVersion", []string{
				"operatingsystemversion", "osversion", "versievanhetbesturingssysteem", "versievanbesturingssysteem", "versiondusystemedexploitation", "versiondusysteme", "betriebssystemversion", "versiondelsistemaoperativo", "versaodosistemaoperacional", "versaodosistemaoperativo",
			}},
			{Join, "joinType", []string{"jointype", "trusttype", "jointypetrusttype", "typejoin", "joinstype", "typedejonction", "typedejointure", "jointyp", "verknupfungstyp", "tipodeunion", "tipodeassociacao", "tipodejuncao", "jointypevanapparaat"}},
			{Seen, "approximateLastSignInDateTime", []string{
				"approximatelastsignindatetime", "approximatelastlogontimestamp", "lastsignindatetime", "activity", "lastcheckin", "lastsyncdatetime", "laatsteactiviteit", "activiteit", "laatstincheckt", "derniereactivite", "letzteaktivitat", "ultimaactividad", "ultimaatividade",
			}},
			{Registered, "registrationTime", []string{
				"registrationtime", "registrationdatetime", "registered", "enrollmentdate", "enrolleddatetime", "geregistreerd", "registratiedatum", "inscrit", "datedinscription", "registriert", "registrierungsdatum", "registrado", "fechaderegistro", "datadoregisto", "dataderegistro",
			}},
		},
		is: func(has func(...Field) bool) bool {
			return has(Name) && (has(DeviceID) || has(ObjectID)) && (has(Join) || has(DeviceID, System) || has(DeviceID, Seen) || has(DeviceID, ObjectID))
		},
	},
	{
		kind: Users,
		columns: []column{
			upnColumn,
			refreshedColumn, // of usage reports without a last activity, which are no lists of users
			{Name, "Display name", displayNames},
			{Location, "Usage location", []string{
				"usagelocation", "gebruikslocatie", "locatievangebruik", "emplacementdutilisation", "emplacementdelutilisation", "lieudutilisation", "zonedutilisation", "verwendungsstandort", "nutzungsstandort", "nutzungsort",
				"verwendungsort", "ubicaciondeuso", "ubicaciondelusuario", "lugardeuso", "localdeuso", "localizacaodeuso", "localdeutilizacao", "localizacaodeutilizacao", "localizacaodautilizacao",
			}},
			{Department, "Department", []string{"department", "afdeling", "departement", "service", "abteilung", "departamento"}},
			{Type, "User type", []string{"usertype", "gebruikerstype", "typegebruiker", "typedutilisateur", "benutzertyp", "tipodeusuario", "tipodeutilizador"}},
			{Enabled, "Account enabled", enabledNames},
			{Blocked, "Block credential", []string{
				"blockcredential", "blockedcredential", "signinblocked", "credentialsblokkeren", "referentieblokkeren", "referentiesblokkeren", "aanmeldingsreferentiesblokkeren", "aanmeldinggeblokkeerd", "aanmeldenblokkeren",
				"bloquerlesinformationsdidentification", "informationsdidentificationbloquees", "bloquerlaconnexion", "connexionbloquee", "anmeldeinformationenblockieren", "anmeldeinformationenblockiert", "anmeldedatensperren", "anmeldungblockiert", "anmeldungblockieren",
				"bloquearcredencial", "bloquearcredenciales", "iniciodesesionbloqueado", "credencialbloqueada", "bloquearcredenciais", "iniciodesessaobloqueado", "entradabloqueada",
			}},
			{ObjectID, "Object Id", objectIDNames},
			{Licenses, "Licenses", []string{
				"licenses", "licences", "assignedlicenses", "assignedlicences", "licensedetails", "licenties", "toegewezenlicenties", "productlicenties", "productlicenses", "licencesattribuees", "licencesaffectees",
				"licencesdeproduit", "lizenzen", "zugewiesenelizenzen", "produktlizenzen", "licencias", "licenciasasignadas", "licenciasdeproducto", "licencas", "licencasatribuidas", "licencasdeproduto", "licencasdeprodutos", "licencasdoproduto",
			}},
			{DeletedAt, "Soft deletion time stamp", []string{"softdeletiontimestamp", "softdeletetimestamp", "deleteddatetime", "tijdstempelvoorlopigverwijderen", "tijdstempelvoorvoorlopigverwijderen", "horodatagedelasuppressionreversible", "zeitstempelfurvorlaufigesloschen", "marcadetiempodeeliminaciontemporal"}},
			{Seen, "Last sign-in", []string{
				"lastsignindatetime", "lastsignin", "lastsignindate", "lastsignintime", "lastinteractivesignindatetime", "lastinteractivesignin", "lastlogon", "lastlogindate", "lastlogontime", "lastlogin", "laatsteaanmelding", "laatstaangemeld",
				"derniereconnexion", "derniereconnexionle", "letzteanmeldung", "letzteranmeldezeitpunkt", "ultimoiniciodesesion", "ultimoiniciodesessao", "ultimaentrada", "ultimologin", "signinactivity",
			}},
		},
		is: func(has func(...Field) bool) bool { return has(UPN) && !has(Refreshed) },
	},
	{
		kind: Members,
		columns: []column{
			upnColumn,
			{Name, "displayName", displayNames},
			{ObjectID, "id", objectIDNames},
			{DeviceID, "deviceId", []string{"deviceid"}},
			{Entity, "@odata.type", []string{"odatatype"}},
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

// Header says where the fields of a kind are in a table or an object.
type Header struct {
	Kind     Kind
	At       [Fields]int // index of the column, from 0; -1 for none
	Activity []int       // columns with dates of activity
	English  bool        // every known name is English: dates may begin with the month
}

// Has reports whether all of these fields have a column. Activity counts as Seen.
func (h *Header) Has(wanted ...Field) bool {
	for _, f := range wanted {
		if f == Seen && len(h.Activity) > 0 {
			continue
		}
		if h.At[f] < 0 {
			return false
		}
	}
	return true
}

// Needs returns the name of the column without which a list of the kind cannot be read, in the publisher's
// spelling.
func (h *Header) Needs() string { return shapeOf(h.Kind).columns[0].title }

// known returns how many fields have a column.
func (h *Header) known() (n int) {
	for _, at := range h.At {
		if at >= 0 {
			n++
		}
	}
	return n
}

// MaxName is the maximum length of the name of a column that is known, in bytes.
const MaxName = 96

// lettersOf returns the names of columns in the form in which they are compared.
func lettersOf(names []string) []string {
	letters := make([]string, len(names))
	for i, name := range names {
		if len(name) <= MaxName {
			letters[i] = text.Letters(name)
		}
	}
	return letters
}

// headerOf reads names of columns as those of a shape.
func headerOf(s *shape, letters []string) Header {
	h := Header{Kind: s.kind, English: true}
	for f := range h.At {
		h.At[f] = -1
	}
	for _, c := range s.columns {
		if h.At[c.field] >= 0 {
			continue
		}
		for rank, name := range c.names {
			if at := slices.Index(letters, name); at >= 0 {
				h.At[c.field] = at
				h.English = h.English && (rank == 0 || text.Letters(c.title) == name)
				break
			}
		}
	}
	if id := h.At[DeviceID]; s.kind == Devices && id >= 0 && h.At[ObjectID] >= 0 && letters[id] != "deviceid" && letters[h.At[ObjectID]] == "id" {
		h.At[ObjectID] = -1 // Intune has an id of its own beside the one of Entra
	}
	if s.kind == Activity || s.kind == Users {
		for i, name := range letters {
			if isActivity(name) {
				h.Activity = append(h.Activity, i)
			}
		}
	}
	return h
}

// recognise returns the header of the first shape that fits. Otherwise near is the header that lacks least,
// if it looks like one: its file is refused by what is missing.
func recognise(names []string) (found, near *Header) {
	letters := lettersOf(names)
	if slices.ContainsFunc(letters, func(name string) bool { return slices.Contains(foreign, name) }) {
		return nil, nil
	}
	for i := range shapes {
		if shapes[i].is == nil {
			continue
		}
		h := headerOf(&shapes[i], letters)
		if shapes[i].is(h.Has) {
			return &h, nil
		}
		if n := h.known(); shapes[i].kind == Users && n >= 3 && h.Has(Name) && !h.Has(UPN) {
			near = &h
		}
	}
	return nil, near
}
