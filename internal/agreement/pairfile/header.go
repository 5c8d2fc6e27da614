package pairfile

import (
	"slices"
	"strings"

	"trueup/internal/agreement"
	"trueup/internal/sheet"
	"trueup/internal/text"
)

// layout says which columns a file has. Positions count from 0; -1 is a column that the file does
// not have.
type layout struct {
	authorization, license, name, messages int

	header  []string // cells of the header line as written; nil without one
	ignored []string // header cells that name no known column
	unnamed []int    // columns with an empty header cell: they must be empty
}

var defaultLayout = layout{authorization: 0, license: 1, name: 2, messages: -1}

// The columns of R3.2, and the additional column of an annotated copy.
const (
	ColumnAuthorization sheet.Column = "authorization"
	ColumnLicense       sheet.Column = "license"
	ColumnName          sheet.Column = "name"
	ColumnMessages      sheet.Column = "messages" // only in annotated copies; ignored when read
)

// columnNames are the column names that a header line may use, in English, Dutch and French, in
// the form of text.Letters.
var columnNames = map[sheet.Column][]string{
	ColumnAuthorization: {
		"authorization", "authorizationnumber", "authorizationno", "authorizationnr", "authorizationid",
		"authorisation", "authorisationnumber", "authorisationno", "authorisationnr", "authorisationid",
		"authorizationoragreementnumber", "authorizationagreementnumber", "authorizationnumberagreementnumber",
		"agreementnumber", "agreementno", "agreementnr", "agreementid", "contractnumber", "contractno", "contractid",
		"autorisatie", "authorisatienummer", "autorisatienummer", "autorisatienr", "autorisatieofovereenkomstnummer",
		"machtigingsnummer", "overeenkomstnummer", "overeenkomstnr", "contractnummer", "contractnr",
		"autorisation", "numerodautorisation", "numeroautorisation", "nautorisation", "ndautorisation", "nodautorisation",
		"numerodautorisationoudecontrat", "numerodautorisationoudaccord",
		"numerodecontrat", "numeroducontrat", "numerocontrat", "ncontrat", "ndecontrat", "nodecontrat",
		"numerodaccord", "numeroaccord", "ndaccord", "nodaccord",
	},
	ColumnLicense: {
		"license", "licensenumber", "licenseno", "licensenr", "licenseid", "licensingid",
		"licence", "licencenumber", "licenceno", "licencenr", "licenceid",
		"licenseorenrollmentnumber", "licenseenrollmentnumber", "licenseenrollmentorcustomernumber",
		"enrollment", "enrollmentnumber", "enrollmentno", "enrollmentid", "enrolment", "enrolmentnumber",
		"customernumber", "customerno", "customerid", "publiccustomernumber",
		"licentie", "licentienummer", "licentienr", "licentieid", "inschrijving", "inschrijvingsnummer", "inschrijfnummer",
		"klantnummer", "klantnr", "registratienummer",
		"numerodelicence", "numerolicence", "nlicence", "ndelicence", "nodelicence",
		"inscription", "numerodenregistrement", "numerodinscription", "numeroinscription", "ndinscription", "nodinscription",
		"numerodeclient", "numeroclient", "nclient", "ndeclient", "nodeclient",
	},
	ColumnName: {
		"name", "agreementname", "friendlyname", "description", "friendlyagreementname", "contractname", "nameofagreement", "nameoftheagreement",
		"naam", "naamovereenkomst", "naamvandeovereenkomst", "overeenkomstnaam", "contractnaam", "vriendelijkenaam", "omschrijving", "beschrijving",
		"nom", "nomdelaccord", "nomaccord", "nomducontrat", "nomdecontrat", "nomcontrat", "nomconvivial", "libelle",
	},
	ColumnMessages: {
		"error", "errors", "message", "messages", "errorsandwarnings", "errormessage", "errormessages", "whatiswrong",
		"fout", "fouten", "foutmelding", "foutmeldingen", "melding", "meldingen", "foutenenwaarschuwingen",
		"erreur", "erreurs", "messagederreur", "messagesderreur", "erreursetavertissements",
	},
}

// eitherNames mean the number or the name of an agreement, depending on the other columns.
var eitherNames = []string{"agreement", "overeenkomst", "contract", "contrat", "accord"}

const columnEither sheet.Column = "either"

var columnByName = func() map[string]sheet.Column {
	byName := make(map[string]sheet.Column, 160)
	for column, names := range columnNames {
		for _, name := range names {
			byName[name] = column
		}
	}
	for _, name := range eitherNames {
		byName[name] = columnEither
	}
	return byName
}()

// KnownHeader returns the column that a header cell names, regardless of case, accents and
// punctuation; false if it names none. It must know the header names of annotated copies, so that
// a copy can be uploaded again.
func KnownHeader(name string) (sheet.Column, bool) {
	if len(name) > agreement.NameMaxChars {
		return sheet.ColumnNone, false
	}
	column, ok := columnByName[text.Letters(name)]
	if column == columnEither {
		column = ColumnAuthorization
	}
	return column, ok
}

// headerLayout reads a record as a header line; false if it is not one. A header names at least
// two known columns, and none of its cells is a number.
func headerLayout(cells []string) (layout, bool) {
	l := layout{authorization: -1, license: -1, name: -1, messages: -1}
	cells = withoutEmptyEnd(cells)
	known, either := 0, -1
	for i, cell := range cells {
		if agreement.LooksLikeNumber(cell) || len(cell) > agreement.NameMaxChars {
			return layout{}, false
		}
		column := columnByName[text.Letters(cell)]
		switch {
		case column == columnEither && either < 0:
			either = i
		case column == ColumnAuthorization && l.authorization < 0:
			l.authorization = i
		case (column == ColumnLicense || column == ColumnAuthorization) && l.license < 0:
			l.license = i // Open Value files give both numbers the same name
		case column == ColumnName && l.name < 0:
			l.name = i
		case column == ColumnMessages && l.messages < 0:
			l.messages = i
		default:
			if cell == "" {
				l.unnamed = append(l.unnamed, i)
			} else {
				l.ignored = append(l.ignored, cell)
			}
			continue
		}
		known++
	}
	if known < 2 {
		return layout{}, false
	}
	switch {
	case either >= 0 && l.authorization < 0:
		l.authorization = either
	case either >= 0 && l.name < 0:
		l.name = either
	case either >= 0:
		l.ignored = append(l.ignored, cells[either])
	}
	l.header = make([]string, len(cells))
	for i, cell := range cells {
		l.header[i] = strings.Clone(cell)
	}
	if l.name < 0 && l.authorization+l.license == 1 && l.ignored == nil && (l.messages < 0 || l.messages > 2) {
		l.name = 2 // the header leaves the third column unnamed
		l.unnamed = slices.DeleteFunc(l.unnamed, func(i int) bool { return i == l.name })
	}
	return l, true
}

// withoutEmptyEnd returns the cells up to the last one that is not empty.
func withoutEmptyEnd(cells []string) []string {
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// missing returns a number column that the header does not name, if any.
func (l layout) missing() sheet.Column {
	switch {
	case l.authorization < 0:
		return ColumnAuthorization
	case l.license < 0:
		return ColumnLicense
	}
	return sheet.ColumnNone
}

// columnAt returns the column at a position, counting from 0.
func (l layout) columnAt(i int) sheet.Column {
	switch i {
	case l.authorization:
		return ColumnAuthorization
	case l.license:
		return ColumnLicense
	case l.name:
		return ColumnName
	case l.messages:
		return ColumnMessages
	}
	return sheet.ColumnNone
}

// position returns the position of a column, counting from 1; 0 if the file does not have it.
func (l layout) position(c sheet.Column) int {
	switch c {
	case ColumnAuthorization:
		return l.authorization + 1
	case ColumnLicense:
		return l.license + 1
	case ColumnName:
		return l.name + 1
	default:
		return 0
	}
}

// most returns the maximum number of columns of a record.
func (l layout) most() int { return max(len(l.header), l.name+1, l.messages+1) }

// fits reports whether the scanner's record has the right columns: both numbers, and nothing
// after the last column or below an empty header cell.
func (l layout) fits(s *sheet.Scanner) bool {
	if s.Columns <= max(l.authorization, l.license) || s.Filled > l.most() {
		return false
	}
	for _, i := range l.unnamed {
		if i < len(s.Cells) && s.Cells[i] != (sheet.Cell{}) {
			return false
		}
	}
	return true
}

// at returns the text of a cell; empty if the record does not have it.
func at(cells []sheet.Cell, i int) string {
	if i < 0 || i >= len(cells) {
		return ""
	}
	return cells[i].Text
}
