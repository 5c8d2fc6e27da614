package licenses

import (
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
	schemas["NewLicenseJob"].OneOf = []*huma.Schema{
		job(jobs.ActionAssign, []string{"users"}, "selection", "subscriptions"),
		job(jobs.ActionAssign, []string{"selection"}, "users", "subscriptions"),
		job(jobs.ActionRemove, []string{"users", "subscriptions"}, "selection", "licenses", "mode"),
		job(jobs.ActionRemove, []string{"selection", "subscriptions"}, "users", "licenses", "mode"),
	}
}

// job returns the schema of a job with an action, which has some fields and lacks others.
func job(action jobs.Action, has []string, lacks ...string) *huma.Schema {
	properties := map[string]*huma.Schema{"action": {Type: huma.TypeString, Enum: []any{action}}}
	for _, field := range has {
		properties[field] = &huma.Schema{}
	}
	for _, field := range lacks {
		properties[field] = &huma.Schema{Not: &huma.Schema{}} // a schema that no value matches
	}
	return &huma.Schema{Title: string(action), Properties: properties, Required: append([]string{"action"}, has...)}
}
