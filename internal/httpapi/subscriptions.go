package httpapi

import "trueup/internal/subscription"

// SubscriptionFilter selects subscriptions, in lists and in reports.
type SubscriptionFilter struct {
	Kind     subscription.Kind         `query:"kind" doc:"Only subscriptions of this kind."`
	Status   subscription.Status       `query:"status" doc:"Only subscriptions with this status: today, or on the day of the report."`
	Conflict subscription.ConflictKind `query:"conflict" doc:"Only subscriptions with this conflict."`
	Text     string                    `query:"q" maxLength:"256" doc:"Only subscriptions that contain this text in their name, part number or SKU, without regard to case and accents." example:"e3"`
}

// Selection returns the filter for the domain.
func (f SubscriptionFilter) Selection() subscription.Selection {
	return subscription.Selection{Kind: f.Kind, Status: f.Status, Conflict: f.Conflict, Text: f.Text}
}
