package pairfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/agreement/pairfile"
	"trueup/internal/sheet"
)

// The labels of the forms of Intune and of the Volume Licensing Service Center, the names in their
// descriptions of the format, and what people make of them.
func TestR3_2_KnownHeaders(t *testing.T) {
	t.Parallel()
	for column, names := range map[sheet.Column][]string{
		pairfile.ColumnAuthorization: {
			"Authorization/Agreement number", "Authorization number", "Agreement number", "Authorization/Agreement number (required)", "AGREEMENT NO.",
			"Agreement #", "Agreement_Number", "AgreementNumber", "Agr. no.", "Auth. nr", "Authorisation or agreement no", "Volume License Agreement number",
			"Autorisatie-/overeenkomstnummer", "Autorisatienummer", "Overeenkomstnummer", "Overeenkomst nr", "Overeenk.nr.", "Contractnr", "Licentieovereenkomstnummer",
			"Agreement number(s)", "Autorisatie- of overeenkomstnummer (verplicht)", "Machtigingsnummer",
			"Numéro d’autorisation/contrat", "Numéro de contrat/d'autorisation", "Numéro d’autorisation", "N° de contrat", "Nº d'accord", "N.º d'accord", "№ contrat", "Num. contrat", "numéro du contrat de licence", "NumeroAutorisation",
		},
		pairfile.ColumnLicense: {
			"License/Enrollment/Customer number", "related license number", "related enrollment number", "repeat agreement number", "Agreement number (repeat)",
			"Enrolment Nr.", "Lic. No.", "Licence #", "Public Customer Number", "Licensing ID", "License ID", "Customer no (optional)", "Enrollment number (required)",
			"Licentie-/registratie-/klantnummer", "Licentie-/inschrijvings-/klantnummer", "bijbehorend licentienummer", "bijbehorend inschrijvingsnummer", "bijbehorend registratienummer",
			"overeenkomstnummer herhalen", "Herhaal overeenkomstnummer", "gerelateerd licentienummer", "Klantnr.", "Inschrijving nr", "Inschrijvingsnummer", "Inschr.nr.", "Reg.nr.", "Reg. no.", "Customer number(s)",
			"Numéro de client/d’inscription/de licence", "Licence / d’inscription/client", "numéro de licence associé", "numéro d’inscription associées", "numéro d'inscription correspondant", //nolint:misspell // French
			"numéro de licence correspondant", "numéro de licence associé(e)", "N.º client", "répéter le numéro de contrat", "Répétez numéro d’accord", "N° client", "Numéro d'enregistrement", "N° d’adhésion", "numéro de contrat à répéter", "Aut./overeenk.nr (herhaald)", //nolint:misspell // French
		},
		pairfile.ColumnName: {
			"Agreement name", "agreement name (optional)", "Friendly name", "Friendly agreement name", "Name", "Description", "Name of the agreement",
			"Naam overeenkomst", "naam van de overeenkomst", "Overeenkomstnaam", "Beschrijvende naam", "Omschrijving", "Contractnaam",
			"nom de l’accord", "nom du contrat", "Nom convivial", "Nom d'affichage (facultatif)", "Weergavenaam", "nom de contrat convivial", "Libellé",
		},
		pairfile.ColumnMessages: {"Errors and warnings", "Fouten en waarschuwingen", "Erreurs et avertissements"},
	} {
		for _, name := range names {
			if got, ok := pairfile.KnownHeader(name); got != column || !ok {
				t.Errorf("%q is %q, %v; want %q", name, got, ok, column)
			}
		}
	}
	for _, name := range []string{
		"", "Nummer", "Number", "Klant", "Customer", "Customer name", "Klantnaam", "Nom du client", "License name", "Licenties", "Number of licenses", "Aantal licenties", "Numéro de licences", "License type", "License key", "Agreement status",
		"Agreement end date", "Contract value", "Master agreement number", "Name or number", "Agreement/License number", "Organization", "Cost centre",
		"Message", "Error", "Errors", "Melding", "Fout", "Fouten", "Erreur", "nononono1", strings.Repeat("no", 100) + "x",
	} {
		if got, ok := pairfile.KnownHeader(name); ok {
			t.Errorf("%q is %q, want no column", name, got)
		}
	}
}

// A header with several columns of one field, and its row of data.
func TestR3_2_SeveralColumnsForOneField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file     string
		want     string // good row
		findings []string
	}{
		{
			"Agreement number,Authorization number,License number,Name\nAG1,AU1,L1,Office\n", "2 AU1 + L1 Office",
			[]string{`1:0 warning columns_superseded "Agreement number" columns=Agreement number`},
		},
		{
			"Klantnummer;Overeenkomstnummer;Licentienummer;Naam\nK1;O1;L1;Kantoor\n", "2 O1 + L1 Kantoor",
			[]string{`1:0 warning columns_superseded "Klantnummer" columns=Klantnummer`},
		},
		{
			"Description,Agreement number,License number,Name\nAll offices,A1,L1,Office\n", "2 A1 + L1 Office",
			[]string{`1:0 warning columns_superseded "Description" columns=Description`},
		},
		{
			"Customer number;Enrollment number;Contractnummer\nC1;E1;A1\n", "2 A1 + E1 (A1)",
			[]string{`1:0 warning columns_superseded "Customer number" columns=Customer number`},
		},
		{
			"Agreement number,Repeat agreement number,License number\nA1,A1,L1\n", "2 A1 + L1 (A1)",
			[]string{`1:0 warning columns_superseded "Repeat agreement number" columns=Repeat agreement number`},
		},
		{
			"Agreement number;Enrollment number;Licence;Name\nA1;E1;MOLP;Office\n", "2 A1 + E1 Office",
			[]string{`1:0 warning columns_superseded "Licence" columns=Licence`},
		},
		{
			"Authorization;Agreement number;License number\nAU1;A1;L1\n", "2 A1 + L1 (A1)",
			[]string{`1:0 warning columns_superseded "Authorization" columns=Authorization`},
		},
		{
			"Agreement number;Repeat agreement number;Licence\nA1;A-1;MOLP\n", "2 A1 + A-1 (A1)",
			[]string{`1:0 warning columns_superseded "Licence" columns=Licence`},
		},
		{
			"Agreement no.;Customer number;Enrolment\nA1;C1;EA\n", "2 A1 + C1 (A1)",
			[]string{`1:0 warning columns_superseded "Enrolment" columns=Enrolment`},
		},
		{
			"Authorization number,License number,Agreement\nAU1,L1,AG1\n", "",
			[]string{"1:0 header_ambiguous column=authorization first=Authorization number second=Agreement"},
		},
		{"Authorization/Agreement number,License number,Agreement\nA1,L1,Office\n", "2 A1 + L1 Office", nil},
		{
			"Authorization number,License number,Agreement,Name\nAU1,L1,AG1,Office\n", "2 AU1 + L1 Office",
			[]string{`1:0 warning columns_superseded "Agreement" columns=Agreement`},
		},
		{"Overeenkomstnummer;overeenkomstnummer herhalen;naam overeenkomst\nA1;A-1;Kantoor\n", "2 A1 + A-1 Kantoor", nil},
		{"Numéro de contrat;répéter le numéro de contrat;nom du contrat\nA1;A1;Bureau\n", "2 A1 + A1 Bureau", nil},
		{
			"Agreement number,License number,Q1,2026\nA1,L1,5,6\n", "2 A1 + L1 (A1)",
			[]string{`1:0 warning columns_ignored "Q1, 2026" columns=Q1, 2026`},
		},
		{"Agreement number,Agreement number,Agreement\nA1,A1,Office\n", "2 A1 + A1 Office", nil},
		{
			"Agreement number,License number,Licence no.\nA1,L1,L2\n", "",
			[]string{"1:0 header_ambiguous column=license first=License number second=Licence no."},
		},
		{
			"Agreement number;Contract number;License number\nA1;C1;L1\n", "",
			[]string{"1:0 header_ambiguous column=authorization first=Agreement number second=Contract number"},
		},
		{
			"Agreement number,Agreement number,License number\nA1,A2,L1\n", "",
			[]string{"1:0 header_ambiguous column=authorization first=Agreement number second=Agreement number"},
		},
		{
			"Name,Naam,Agreement number,License number\nx,y,A1,L1\n", "",
			[]string{"1:0 header_ambiguous column=name first=Name second=Naam"},
		},
		{
			"Agreement number,License number,Message,Error\nA1,L1,mine,own\n", "2 A1 + L1 (A1)",
			[]string{`1:0 warning columns_ignored "Message, Error" columns=Message, Error`},
		},
	} {
		f := read(t, c.file, pairfile.Options{})
		if got := strings.Join(rows(f.Rows), "\n"); got != c.want || f.Refused != (c.want == "") {
			t.Errorf("%q: row %q, refused %v; want %q", c.file, got, f.Refused, c.want)
		}
		if diff := cmp.Diff(c.findings, findings(f.Findings)[1:], cmp.Transformer("empty", func(s []string) string { return strings.Join(s, "\n") })); diff != "" {
			t.Errorf("%q: findings after header_skipped (-want +got):\n%s", c.file, diff)
		}
	}
}

// An admin's own columns stay in the annotated copy, whatever they are called.
func TestR3_8_OwnColumnsAreKept(t *testing.T) {
	t.Parallel()
	f := read(t, "Agreement number;Licence number;Error;Melding\nA1;L1;mine;my own\n", pairfile.Options{})
	got := string(f.Annotate(nil, english))
	want := "\ufeffAuthorization number;License number;Error;Melding;Errors and warnings\r\nA1;L1;mine;my own;\r\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Lines that a copy quotes are its own: it has one header, and neither blank lines nor a separator
// line.
func TestR3_7_LinesOfTheAnnotatedCopy(t *testing.T) {
	t.Parallel()
	text := english
	text.Message = func(f sheet.Finding) string { return f.Code + " " + f.Args["line"] }
	f := read(t, "sep=,\n\n1,1,a\n\n2,2,\"x\ny\"\n3,3,a\n1,1,a\n3,3,b\n", pairfile.Options{})
	got := string(f.Annotate(f.Findings, text))
	want := "\ufeffAuthorization number,License number,Agreement name,Errors and warnings\r\n1,1,a,\r\n" +
		"2,2,\"x\ny\",Agreement name: line_break\r\n3,3,a,\r\n1,1,a,Authorization number: pair_repeated 2\r\n3,3,b,Authorization number: pair_under_two_names 5\r\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if want := `8:1 authorization warning pair_repeated "1 + 1" line=3`; findings(f.Findings)[1] != want {
		t.Errorf("findings %v, want %s: the report has the lines of the file", findings(f.Findings), want)
	}
}
