package statement

import (
	"slices"

	"trueup/internal/day"
	"trueup/internal/entitlement"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// The columns that are read, as named in findings.
const (
	ColumnLicenseID  sheet.Column = "licenseId"
	ColumnPublisher  sheet.Column = "publisher"
	ColumnFamily     sheet.Column = "family" // the Name of a General License Statement
	ColumnVersion    sheet.Column = "version"
	ColumnPool       sheet.Column = "pool"
	ColumnType       sheet.Column = "type"
	ColumnEffective  sheet.Column = "effective"
	ColumnActiveSA   sheet.Column = "activeSa"
	ColumnUnresolved sheet.Column = "unresolved"
	ColumnCountry    sheet.Column = "country"
	ColumnOrder      sheet.Column = "order"
	ColumnPurchased  sheet.Column = "purchased"
	ColumnSupport    sheet.Column = "support"
	ColumnSupportEnd sheet.Column = "supportEnd"
)

// shape is the columns of one kind of statement.
type shape struct {
	kind    entitlement.Kind
	columns []columnShape
}

type columnShape struct {
	column   sheet.Column
	title    string // in the publisher's spelling
	required bool
	names    []string // in English, Dutch and French, in the form of text.Letters
}

// The names of columns that several kinds have.
var (
	poolNames    = []string{"productpool", "pool", "productgroep", "productpools", "pooldeproduits", "pooldeproduit", "groupedeproduits", "pooldesproduits"}
	versionNames = []string{"version", "licenseversion", "licenceversion", "productversion", "versie", "licentieversie", "productversie", "versiondelicence", "versionlicence", "versiondelalicence", "versionduproduit"}
	familyNames  = []string{
		"productfamily", "licenseproductfamily", "licenceproductfamily", "family", "productfamilie", "licentieproductfamilie", "productfamilielicentie", "familie",
		"familledeproduits", "familledeproduit", "famillesdeproduits", "familledeproduitsdelicence", "familledeproduitslicence", "familledeproduitsdelalicence", "famille",
	}
	effectiveNames = []string{
		"effectivequantity", "effectivelicensequantity", "effectivelicencequantity", "effectiveqty", "quantity", "effectief", "effectieveaantal", "effectiefaantal", "effectievehoeveelheid",
		"effectieflicentieaantal", "effectieveaantallicenties", "effectiefaantallicenties", "effectievelicentiehoeveelheid", "effectievehoeveelheidlicenties", "aantal",
		"quantiteeffective", "quantiteeffectivedelicences", "quantitedelicenceseffective", "quantitedelicenceseffectives", "quantiteeffectivedelicence", "quantite",
	}
	activeSANames = []string{
		"activesaquantity", "activesoftwareassurancequantity", "activesa", "activesaqty", "actievesaaantal", "aantalactievesa", "actiefsaaantal", "actievesahoeveelheid", "hoeveelheidactievesa", "actievesoftwareassurance",
		"quantitesaactive", "quantitedesaactive", "quantiteactivesa", "saactive", "quantiteactivedesa", "quantitesoftwareassuranceactive", "quantitedesoftwareassuranceactive",
	}
	unresolvedNames = []string{"unresolvedquantity", "unresolvedqty", "onopgelostaantal", "onopgelostehoeveelheid", "nietopgelostaantal", "quantitenonresolue"}
)

// shapes are all kinds, the one with the most specific columns first.
var shapes = []shape{
	{entitlement.KindLicenseStatement, []columnShape{
		{ColumnPool, "Product Pool", false, poolNames},
		{ColumnFamily, "License Product Family", true, familyNames},
		{ColumnVersion, "License Version", true, versionNames},
		{ColumnEffective, "Effective License Quantity", true, effectiveNames},
		{ColumnActiveSA, "Active SA Quantity", true, activeSANames},
		{ColumnUnresolved, "Unresolved Quantity", false, unresolvedNames},
		{ColumnCountry, "Country of Usage", true, []string{"countryofusage", "country", "usagecountry", "landvangebruik", "gebruiksland", "land", "paysdutilisation", "pays"}},
	}},
	{entitlement.KindLicenseSummary, []columnShape{
		{ColumnLicenseID, "License ID", true, []string{
			"licenseid", "licenceid", "licensingid", "licensenumber", "licencenumber", "licentieid", "licentienummer", "licentienr",
			"iddelicence", "idlicence", "iddelalicence", "identifiantdelicence", "identifiantdelalicence", "numerodelicence", "ndelicence", "enrollmentnumber",
		}},
		{ColumnFamily, "Product family", true, familyNames},
		{ColumnVersion, "Version", true, versionNames},
		{ColumnPool, "Product pool", false, poolNames},
		{ColumnType, "Type", false, []string{"type", "licensetype", "licencetype", "licentietype", "soort", "typedelicence"}},
		{ColumnEffective, "Effective quantity", true, effectiveNames},
		{ColumnActiveSA, "Active SA quantity", true, activeSANames},
		{ColumnUnresolved, "Unresolved quantity", false, unresolvedNames},
	}},
	{entitlement.KindGeneralStatement, []columnShape{
		{ColumnFamily, "Name", true, []string{"name", "productname", "softwarename", "naam", "productnaam", "nom", "nomduproduit"}},
		{ColumnPublisher, "Publisher", true, []string{"publisher", "publishername", "vendor", "manufacturer", "uitgever", "leverancier", "fabrikant", "editeur", "fournisseur", "fabricant"}},
		{ColumnVersion, "Version", true, versionNames},
		{ColumnEffective, "EffectiveQuantity", true, effectiveNames},
		{ColumnOrder, "PONumber", false, []string{"ponumber", "po", "purchaseordernumber", "ordernumber", "bestelnummer", "inkoopordernummer", "ordernummer", "numerodecommande", "numerodubondecommande", "ndecommande"}},
		{ColumnPurchased, "DateOfPurchase", false, []string{"dateofpurchase", "purchasedate", "aankoopdatum", "datumvanaankoop", "datedachat"}},
		{ColumnSupport, "SupportPurchased", false, []string{"supportpurchased", "support", "ondersteuninggekocht", "ondersteuningaangeschaft", "ondersteuning", "supportachete", "assistanceachetee"}},
		{ColumnSupportEnd, "SupportExpirationDate", false, []string{
			"supportexpirationdate", "supportexpiration", "supportenddate", "einddatumondersteuning", "vervaldatumondersteuning", "datedexpirationdusupport", "datedefindusupport", "expirationdusupport",
		}},
	}},
}

// title returns the publisher's name of a column.
func (s shape) title(column sheet.Column) string {
	for _, c := range s.columns {
		if c.column == column {
			return c.title
		}
	}
	return string(column)
}

// header is the position of the columns in a table. The zero header means that the table is not
// recognised.
type header struct {
	shape shape
	line  int
	width int                  // number of columns
	at    map[sheet.Column]int // from 0
	date  day.Date             // the table's date, found above the header
}

// headerRows is how many rows are searched for a header. The Microsoft License Statement has it
// in row 10.
const headerRows = 30

// findHeader returns the first complete header of a table, or the best incomplete one.
func findHeader(t table) (best header) {
	n := 0
	var date day.Date
	dateAtPlace := false
	for r := range t.rows {
		for _, s := range shapes {
			if h := headerOf(r, s); h.score() > best.score() {
				h.date = date
				best = h
			}
		}
		if best.shape.kind != "" && best.missing() == nil {
			return best
		}
		// The date is in K3. If it was moved, use the first date above the header.
		for i, c := range r.cells {
			place := r.line == 3 && i == 10
			if d, ok := dayOf(c, t.epoch); ok && !dateAtPlace && (date == "" || place) {
				date, dateAtPlace = d, place
			}
		}
		if n++; n == headerRows {
			return best
		}
	}
	return best
}

// headerOf reads a row as the header of a shape.
func headerOf(r row, s shape) header {
	h := header{shape: s, line: r.line, width: r.filled(), at: map[sheet.Column]int{}}
	for i, c := range r.cells {
		if c.text == "" || c.number {
			continue
		}
		name := text.Letters(text.Shorten(c.text, 64))
		for _, known := range s.columns {
			if _, taken := h.at[known.column]; !taken && slices.Contains(known.names, name) {
				h.at[known.column] = i
				break
			}
		}
	}
	return h
}

// score rates a header: a complete one is better, then one with more columns.
func (h header) score() int {
	if h.shape.kind == "" {
		return 0
	}
	if h.missing() == nil {
		return 100 + len(h.at)
	}
	return len(h.at)
}

// likely reports whether the row is probably meant as a header.
func (h header) likely() bool { return len(h.at) >= 3 }

// missing returns the required columns that are absent. It returns ColumnNone for a header
// without a shape.
func (h header) missing() (columns []sheet.Column) {
	if h.shape.kind == "" {
		return []sheet.Column{sheet.ColumnNone}
	}
	for _, c := range h.shape.columns {
		if _, ok := h.at[c.column]; c.required && !ok {
			columns = append(columns, c.column)
		}
	}
	return columns
}

// cell returns a row's cell in a column, and its position from 1; 0 if the table lacks the
// column.
func (h header) cell(r row, column sheet.Column) (cell, int) {
	i, ok := h.at[column]
	if !ok {
		return cell{}, 0
	}
	return r.at(i), i + 1
}
