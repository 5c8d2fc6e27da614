package reports

import (
	"context"
	"maps"
	"slices"

	"trueup/internal/day"
	"trueup/internal/device"
	"trueup/internal/report"
	"trueup/internal/subscription"
)

// OverviewWithSubscriptions is the overview of agreements and products, and of subscriptions.
type OverviewWithSubscriptions struct {
	report.Overview
	Subscriptions SubscriptionsOverview `json:"subscriptions" doc:"The subscriptions as of now."`
}

// SubscriptionsOverview is the numbers of all subscriptions, and those that end soon.
type SubscriptionsOverview struct {
	Subscriptions      int                    `json:"subscriptions" minimum:"0" doc:"The number of subscriptions." example:"12"`
	Quantity           int                    `json:"quantity" minimum:"0" doc:"The number of licences." example:"3200"`
	Assigned           int                    `json:"assigned" minimum:"0" doc:"The number of users and devices that use a licence." example:"2950"`
	Unused             int                    `json:"unused" minimum:"0" doc:"The number of licences that nobody uses." example:"255"`
	Short              int                    `json:"short" minimum:"0" doc:"The number of missing licences." example:"5"`
	Conflicts          int                    `json:"conflicts" minimum:"0" doc:"The number of conflicts: see GET /conflicts." example:"2"`
	Overdue            int                    `json:"overdue" minimum:"0" doc:"The number of conflicts that are 90 days old." example:"0"`
	CostPerMonth       []MonthlyCost          `json:"costPerMonth" doc:"What all licences cost, by currency; without subscriptions whose price is not known."`
	UnusedCostPerMonth []MonthlyCost          `json:"unusedCostPerMonth" doc:"What the licences cost that nobody uses, by currency."`
	Expiring           []ExpiringSubscription `json:"expiring" doc:"At most 10 subscriptions that end soon and do not renew automatically, the earliest first; without those that are not watched."`
	ExpiringAll        int                    `json:"expiringAll" minimum:"0" doc:"The number of subscriptions that end soon." example:"1"`
}

// MonthlyCost is what licences cost in a month.
type MonthlyCost struct {
	Amount   int64  `json:"amount" minimum:"0" doc:"In hundredths of the currency." example:"369000"`
	Currency string `json:"currency" doc:"The ISO 4217 code of the currency." example:"EUR"`
}

// ExpiringSubscription is a subscription that ends soon.
type ExpiringSubscription struct {
	ID       string   `json:"id" doc:"The id of the subscription." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Name     string   `json:"name" doc:"The name of the subscription." example:"Microsoft 365 E3"`
	EndsOn   day.Date `json:"endsOn" format:"date" doc:"Its last day." example:"2027-06-30"`
	Assigned int      `json:"assigned" minimum:"0" doc:"The number of users or devices that use a licence." example:"87"`
}

// subscriptionsOverview reads the subscriptions, with the days of a calendar.
func (o *operations) subscriptionsOverview(ctx context.Context, calendar day.Calendar) (SubscriptionsOverview, error) {
	all, err := device.Subscriptions(ctx, o.Subscriptions, o.Devices)
	if err != nil {
		return SubscriptionsOverview{}, err
	}
	s := subscription.Summarise(all, o.Now(), o.Zone, calendar.Soon)
	out := SubscriptionsOverview{
		Subscriptions: s.Subscriptions, Quantity: s.Quantity, Assigned: s.Used, Unused: s.Unused, Short: s.Short, Conflicts: s.Conflicts, Overdue: s.Overdue,
		CostPerMonth: monthly(s.Costs), UnusedCostPerMonth: monthly(s.UnusedCosts), Expiring: []ExpiringSubscription{}, ExpiringAll: len(s.Ending),
	}
	for _, h := range s.Ending[:min(len(s.Ending), report.OverviewRows)] {
		out.Expiring = append(out.Expiring, ExpiringSubscription{h.ID, h.Name, h.Seats.End(calendar.Today), h.Used()})
	}
	return out, nil
}

func monthly(costs subscription.Costs) []MonthlyCost {
	list := []MonthlyCost{}
	for _, currency := range slices.Sorted(maps.Keys(costs)) {
		list = append(list, MonthlyCost{costs[currency], currency})
	}
	return list
}
