package httpapi

import (
	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
)

// describeRules writes the limits of package agreement into the document. The
// API that serves requests is without them: there resolvers apply the rules,
// once and with their own codes.
func describeRules(document *huma.OpenAPI) {
	schemas := document.Components.Schemas.Map()
	one, names, pairs, ids := 1, agreement.NameMaxChars, agreement.MaxPairsByHand, maxIDs
	fileName, size := agreement.FileNameMaxChars, float64(agreement.MaxFileBytes)

	file := schemas["NewImport"].Properties
	file["fileName"].MaxLength = &fileName
	file["fileName"].Pattern = `^[^/\\]+\.[cC][sS][vV]$`
	file["size"].Maximum = &size
	file["group"].MaxLength = &names

	for _, schema := range []string{"NewAgreement", "AgreementChange", "GroupChoice", "GroupName"} {
		name := schemas[schema].Properties["name"]
		name.MinLength, name.MaxLength = &one, &names
	}
	schemas["GroupChoice"].MinProperties, schemas["GroupChoice"].MaxProperties = &one, &one
	schemas["AgreementChange"].MinProperties = &one
	for _, schema := range []string{"NewAgreement", "NewPairs"} {
		list := schemas[schema].Properties["pairs"]
		list.MinItems, list.MaxItems = &one, &pairs
	}
	for _, schema := range []string{"Moves", "Deletions"} {
		list := schemas[schema].Properties["ids"]
		list.MinItems, list.MaxItems, list.UniqueItems = &one, &ids, true
	}
}
