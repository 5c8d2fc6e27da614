// Package openapi generates the OpenAPI document of all functions. It imports the operations of
// every function, so only tests and generators import it.
package openapi

import (
	"trueup/internal/httpapi"
	"trueup/internal/httpapi/agreements"
	catalogapi "trueup/internal/httpapi/catalog"
	"trueup/internal/httpapi/groups"
	"trueup/internal/httpapi/licenses"
	"trueup/internal/httpapi/reminders"
	"trueup/internal/httpapi/reports"
	"trueup/internal/httpapi/views"
)

// Document returns the document, as indented JSON. Package docs embeds a copy of it, which the
// operation "openapi" returns.
func Document() []byte {
	return httpapi.Document(agreements.Function(), groups.Function(), catalogapi.Function(), reports.Function(), licenses.Function(), reminders.Function(), views.Function())
}
