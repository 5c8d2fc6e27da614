package licenses

import (
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/jobs"
	"trueup/internal/subscription"
)

// describe adds the rules of package subscription to the document. They are not in the tags of the
// fields because then huma would check them, too.
func describe(document *huma.OpenAPI) {
	schemas := document.Components.Schemas.Map()
	none, quantity, months := 0.0, float64(subscription.QuantityMax), float64(subscription.TermMonthsMax)
	created := schemas["NewSubscription"].Properties
	created["quantity"].Minimum, created["quantity"].Maximum = &none, &quantity
	created["termMonths"].Minimum, created["termMonths"].Maximum = &none, &months
	job := schemas["NewLicenseJob"]
	action := func(a jobs.Action) map[string]*huma.Schema {
		return map[string]*huma.Schema{"action": {Type: huma.TypeString, Enum: []any{a}}}
	}
	job.OneOf = []*huma.Schema{
		alternative(string(jobs.ActionAssign), action(jobs.ActionAssign), nil, "subscriptions"),
		alternative(string(jobs.ActionRemove), action(jobs.ActionRemove), []string{"subscriptions"}, "licenses", "mode"),
	}
	// It has one of both. Generators of clients do not understand further alternatives that say so.
	job.Not = &huma.Schema{Properties: map[string]*huma.Schema{"users": {}, "selection": {}}, Required: []string{"users", "selection"}}
}

// alternative returns the schema of one of the alternatives of a body: properties, further fields that it has,
// and fields that it lacks.
func alternative(title string, properties map[string]*huma.Schema, has []string, lacks ...string) *huma.Schema {
	required := slices.Concat(slices.Sorted(maps.Keys(properties)), has)
	for _, field := range has {
		properties[field] = &huma.Schema{}
	}
	for _, field := range lacks {
		properties[field] = &huma.Schema{Not: &huma.Schema{}} // a schema that no value matches
	}
	return &huma.Schema{Title: title, Properties: properties, Required: required}
}
