package httpapi

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/audit"
	"trueup/internal/i18n"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
)

// Enum is the values of a type. The OpenAPI document lists them wherever the type is used, and
// other values are rejected.
type Enum struct {
	of, schema reflect.Type
}

// EnumOf returns the Enum of a type with these values, in the order of the document. Call it in
// package variables: the values must be known before an operation is built.
func EnumOf[T ~string](values []T) Enum {
	of := reflect.TypeFor[T]()
	enumValues[of] = Values(values)
	return Enum{of, reflect.TypeFor[enumSchema[T]]()}
}

// Values returns values for the Enum of a schema.
func Values[T ~string](values []T) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

// enumValues holds the values of each type that has an Enum, because huma builds a schema from a
// type alone.
var enumValues = map[reflect.Type][]any{}

// enumSchema replaces the type T in schemas.
type enumSchema[T ~string] struct{}

// Schema implements huma.SchemaProvider.
func (enumSchema[T]) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: enumValues[reflect.TypeFor[T]()]}
}

// sharedEnums are the enumerated types that several functions use.
var sharedEnums = []Enum{
	EnumOf(agreement.Types), EnumOf(agreement.Programs), EnumOf(agreement.Statuses), EnumOf(agreement.Validations), EnumOf(agreement.Sorts),
	EnumOf(audit.Sources), EnumOf(sheet.Severities), EnumOf(i18n.Langs), EnumOf(directions), EnumOf(sheet.WrittenSeparators),
	EnumOf(subscription.Kinds), EnumOf(subscription.Statuses), EnumOf(subscription.ConflictKinds),
}
