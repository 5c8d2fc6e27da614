package agreements

import (
	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/httpapi"
	"trueup/internal/intake/kind"
	"trueup/internal/sheet"
)

// describe adds the rules of package agreement to the OpenAPI document. The API that serves
// requests lacks them: there resolvers apply the rules, once and with their own codes.
func describe(document *huma.OpenAPI) {
	schemas := document.Components.Schemas.Map()
	one, names, pairs, ids := 1, agreement.NameMaxChars, agreement.MaxPairsByHand, httpapi.MaxIDs
	fileName, size := sheet.FileNameMaxChars, float64(kind.Agreements.MaxUpload())

	file := schemas["NewImport"].Properties
	file["fileName"].MaxLength = &fileName
	file["fileName"].Pattern = `^[^/\\]+\.[cC][sS][vV]$`
	file["size"].Maximum = &size
	file["group"].MaxLength = &names

	for _, schema := range []string{"NewAgreement", "AgreementChange", "GroupChoice"} {
		name := schemas[schema].Properties["name"]
		name.MinLength, name.MaxLength = &one, &names
	}
	for _, schema := range []string{"NewAgreement", "AgreementChange"} {
		describeTerms(schemas[schema].Properties)
	}
	other := []string{"publisher", "productTitle", "licenses"}
	schemas["NewAgreement"].OneOf = []*huma.Schema{
		typed(agreement.TypeVolume, []string{"pairs"}, append(other, "start", "end", "details")),
		typed(agreement.TypeOther, other, []string{"pairs", "program"}),
	}
	schemas["GroupChoice"].MinProperties, schemas["GroupChoice"].MaxProperties = &one, &one
	schemas["AgreementChange"].MinProperties = &one
	for _, schema := range []string{"NewAgreement", "NewPairs"} {
		list := schemas[schema].Properties["pairs"]
		list.MinItems, list.MaxItems = &one, &pairs
	}
	for _, schema := range []string{"AgreementMoves", "AgreementDeletions"} {
		list := schemas[schema].Properties["ids"]
		list.MinItems, list.MaxItems, list.UniqueItems = &one, &ids, true
	}
}

// describeTerms adds the limits of the fields of an agreement of type other.
func describeTerms(properties map[string]*huma.Schema) {
	one, title, details := 1, agreement.TitleMaxChars, agreement.DetailsMaxChars
	least, most := 1.0, float64(agreement.LicensesMax)
	for _, field := range []string{"publisher", "productTitle"} {
		properties[field].MinLength, properties[field].MaxLength = &one, &title
	}
	properties["licenses"].Minimum, properties["licenses"].Maximum = &least, &most
	for _, field := range []string{"start", "end"} {
		properties[field].Pattern = `^(\d{4}-\d{2}-\d{2})?$`
	}
	properties["details"].MaxLength = &details
}

// typed returns the schema of the fields that a type of agreement requires and forbids.
func typed(t agreement.Type, needs, lacks []string) *huma.Schema {
	properties := map[string]*huma.Schema{"type": {Type: huma.TypeString, Enum: []any{t}}}
	for _, field := range needs {
		properties[field] = &huma.Schema{}
	}
	for _, field := range lacks {
		properties[field] = &huma.Schema{Not: &huma.Schema{}} // a schema that no value matches
	}
	return &huma.Schema{Title: string(t), Properties: properties, Required: append([]string{"type"}, needs...)}
}
