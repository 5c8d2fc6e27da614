package httpapi_test

import (
	"encoding/json"
	"regexp"
	"testing"

	"trueup/internal/httpapi/openapi"
)

// plain has the names of schemas of one word that a reader can place, with the reason.
var plain = map[string]string{
	"Agreement":    "what the API is about, and the name of its path",
	"Import":       "the name of its path and in the guide",
	"Device":       "the name of its path and in the guide",
	"Problem":      "the term of RFC 9457",
	"Product":      "a product in the catalog's sense, wherever it is",
	"Publisher":    "the name of its path and in the guide",
	"Refresh":      "the name of its path and in the guide",
	"Subscription": "the name of its path and in the guide",
	"User":         "the name of its path and in the guide",
}

var oneWord = regexp.MustCompile(`^[A-Z][a-z]*$`)

// TestSchemaNames: the name of a schema says what it is without the operation that returns it.
func TestSchemaNames(t *testing.T) {
	t.Parallel()
	var document struct {
		Components struct {
			Schemas map[string]json.RawMessage `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(openapi.Document(), &document); err != nil {
		t.Fatal(err)
	}
	for name := range document.Components.Schemas {
		if oneWord.MatchString(name) && plain[name] == "" {
			t.Errorf("the schema %q has a name of one word: give it a longer one in schemaNames, or a reason here", name)
		}
	}
	for name := range plain {
		if document.Components.Schemas[name] == nil {
			t.Errorf("there is no schema %q", name)
		}
	}
	if document.Components.Schemas["ExplanationStep"] == nil || document.Components.Schemas["AgreementTotals"] == nil {
		t.Error("schemas do not have their names of schemaNames")
	}
}
