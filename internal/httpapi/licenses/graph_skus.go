package licenses

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/day"
	"trueup/internal/subscription"
)

// GraphServicePlan is a service in the format of Microsoft Graph.
type GraphServicePlan struct {
	ID        string `json:"servicePlanId" doc:"The id of the service: the publisher's, if that is a GUID, or else one that is made from it." example:"57ff2da0-773e-42df-b2af-ffb7a2317929"`
	Name      string `json:"servicePlanName" doc:"The name of the service." example:"TEAMS1"`
	Status    string `json:"provisioningStatus" enum:"Success,Disabled" doc:"Disabled: off for the user, or not offered in the usage location." example:"Success"`
	AppliesTo string `json:"appliesTo" enum:"User,Company" doc:"Company: licences of devices." example:"User"`
}

// The values of provisioningStatus and appliesTo.
const (
	planSuccess    = "Success"
	planDisabled   = "Disabled"
	appliesUser    = "User"
	appliesCompany = "Company"
)

func graphPlan(s subscription.Service, status string) GraphServicePlan {
	return GraphServicePlan{servicePlanID(s), s.Name, status, appliesUser}
}

// partNumber returns the part number of a subscription, which Graph always has.
func partNumber(h subscription.Holding) string { return cmp.Or(h.PartNumber, h.Name) }

// withSKU returns the subscriptions with licences of a product, in the order in which they are used on a day: those
// for users first, then those that end last. One that renews automatically ends after the others.
func withSKU(subscriptions map[string]subscription.Holding, sku string, today day.Date) []subscription.Holding {
	found := ofProduct(subscriptions, sku)
	end := func(h subscription.Holding) day.Date {
		if h.Seats.RenewsOn(today) != "" {
			return "9999-12-30"
		}
		return cmp.Or(h.Seats.End(today), "9999-12-31")
	}
	slices.SortFunc(found, func(a, b subscription.Holding) int {
		return cmp.Or(-cmp.Compare(a.Kind, b.Kind), -cmp.Compare(end(a), end(b)), cmp.Compare(a.ID, b.ID))
	})
	return found
}

// ofProduct returns the subscriptions with licences of a product, sorted by id.
func ofProduct(subscriptions map[string]subscription.Holding, sku string) (found []subscription.Holding) {
	for _, h := range subscriptions {
		if strings.EqualFold(skuID(h), sku) {
			found = append(found, h)
		}
	}
	slices.SortFunc(found, func(a, b subscription.Holding) int { return cmp.Compare(a.ID, b.ID) })
	return found
}

func idsOf(subscriptions []subscription.Holding) (ids []string) {
	for _, h := range subscriptions {
		ids = append(ids, h.ID)
	}
	return ids
}

// graphState is the state of a subscription in the words of Graph.
type graphState string

// The states. Graph has others, too.
const (
	stateEnabled   graphState = "Enabled"
	stateWarning   graphState = "Warning"   // expired
	stateSuspended graphState = "Suspended" // expired for subscription.ConflictDays
)

// graphStateOf returns the state at a moment, and when the next one follows; zero if none does.
func (o *operations) graphStateOf(s subscription.Seats, now time.Time) (state graphState, next time.Time) {
	today := o.date(now)
	end, has := s.End(today).Time()
	if !has {
		return stateEnabled, time.Time{}
	}
	after := func(days int) time.Time {
		return time.Date(end.Year(), end.Month(), end.Day()+1+days, 0, 0, 0, 0, o.Zone)
	}
	if s.Status(today) == subscription.Active {
		return stateEnabled, after(0).UTC()
	}
	if suspended := after(subscription.ConflictDays); now.Before(suspended) {
		return stateWarning, suspended.UTC()
	}
	return stateSuspended, time.Time{}
}

// GraphSubscribedSku is a product with its licences, of all its subscriptions.
type GraphSubscribedSku struct {
	ID            string             `json:"id,omitempty" doc:"Identifies the product, and whether its licences are of users or devices." example:"05e9a617-0261-4cee-bb44-138d3ef5d965_User"`
	SkuID         string             `json:"skuId,omitempty" doc:"The publisher's id of the product (sku), if that is a GUID. For a subscription without one, trueup's id of the subscription in the form of a GUID." example:"05e9a617-0261-4cee-bb44-138d3ef5d965"`
	PartNumber    string             `json:"skuPartNumber,omitempty" doc:"The part number; the name of the subscription if it has none." example:"SPE_E3"`
	AppliesTo     string             `json:"appliesTo,omitempty" enum:"User,Company" doc:"User: licences of users. Company: licences of devices." example:"User"`
	Status        graphState         `json:"capabilityStatus,omitempty" enum:"Enabled,Warning,Suspended" doc:"The best state of its subscriptions." example:"Enabled"`
	Consumed      *int               `json:"consumedUnits,omitempty" doc:"The number of licences that users or devices have." example:"14"`
	Prepaid       *GraphPrepaidUnits `json:"prepaidUnits,omitempty" doc:"The number of licences, by the state of their subscription."`
	Plans         []GraphServicePlan `json:"servicePlans,omitzero" doc:"The services."`
	Subscriptions []string           `json:"subscriptionIds,omitzero" doc:"The ids of the subscriptions, as in directory/subscriptions."`
}

// GraphPrepaidUnits is a number of licences by state.
type GraphPrepaidUnits struct {
	Enabled   int `json:"enabled" doc:"Of active subscriptions." example:"25"`
	Warning   int `json:"warning" doc:"Of subscriptions that expired less than 90 days ago." example:"0"`
	Suspended int `json:"suspended" doc:"Of subscriptions that expired earlier." example:"0"`
	LockedOut int `json:"lockedOut" doc:"Always 0." example:"0"`
}

// product is the subscriptions of one product, for users or for devices.
type product struct {
	key  string
	subs []subscription.Holding
}

// products returns the products of all subscriptions.
func products(subscriptions map[string]subscription.Holding) map[string]product {
	found := map[string]product{}
	for _, h := range subscriptions {
		key := skuID(h) + "_" + appliesTo(h)
		if _, has := found[key]; has {
			continue
		}
		subs := slices.DeleteFunc(ofProduct(subscriptions, skuID(h)), func(other subscription.Holding) bool { return other.Kind != h.Kind })
		found[key] = product{key, subs}
	}
	return found
}

func appliesTo(h subscription.Holding) string {
	if h.Kind == subscription.ForDevices {
		return appliesCompany
	}
	return appliesUser
}

type graphSkusInput struct {
	GraphRequest
	GraphPaging
}

type graphSkusOutput struct {
	Body GraphCollection[GraphSubscribedSku]
}

func (o *operations) graphListSubscribedSkus(api huma.API, op huma.Operation) {
	graphRead(&op, "List products with licences (Graph)", "Lists the products that there are subscriptions of. Subscriptions with the same sku are one product: assigning takes a licence of one that has a free one.")
	huma.Register(api, op, func(ctx context.Context, in *graphSkusInput) (*graphSkusOutput, error) {
		keep, err := selection[GraphSubscribedSku](in.GraphRequest, nil, []string{"accountId", "accountName"})
		if err != nil {
			return nil, err
		}
		last, err := in.after("subscribedSkus")
		if err != nil {
			return nil, err
		}
		subscriptions, err := o.holdingsInUse(ctx)
		if err != nil {
			return nil, err
		}
		all, now := products(subscriptions), o.Now()
		items := first[product]{n: in.Top + 1, key: func(p product) string { return p.key }}
		for key, p := range all {
			if key > last {
				items.add(p)
			}
		}
		items.cut()
		page, err := graphCollection(in.GraphRequest, in.GraphPaging, keep, graphPage[product, GraphSubscribedSku]{
			set: "subscribedSkus", path: "subscribedSkus", items: items.items, total: len(all), key: items.key,
			convert: func(p product) GraphSubscribedSku { return o.subscribedSkuOf(p, now) },
		})
		if err != nil {
			return nil, err
		}
		return &graphSkusOutput{*page}, nil
	})
}

// holdingsInUse returns all subscriptions by id, with the devices that use them.
func (o *operations) holdingsInUse(ctx context.Context) (map[string]subscription.Holding, error) {
	all, err := o.used(ctx)
	return subscription.ByID(all), err
}

func (o *operations) subscribedSkuOf(p product, now time.Time) GraphSubscribedSku {
	h := p.subs[0]
	consumed, prepaid := 0, GraphPrepaidUnits{}
	out := GraphSubscribedSku{
		ID: p.key, SkuID: skuID(h), PartNumber: partNumber(h), AppliesTo: appliesTo(h), Status: stateSuspended, Consumed: &consumed, Prepaid: &prepaid,
		Plans: []GraphServicePlan{}, Subscriptions: []string{},
	}
	seen := map[string]bool{}
	for _, h := range p.subs {
		consumed += h.Used()
		switch state, _ := o.graphStateOf(h.Seats, now); state {
		case stateEnabled:
			prepaid.Enabled += h.Seats.Quantity
			out.Status = stateEnabled
		case stateWarning:
			prepaid.Warning += h.Seats.Quantity
			if out.Status != stateEnabled {
				out.Status = stateWarning
			}
		default:
			prepaid.Suspended += h.Seats.Quantity
		}
		for _, s := range h.Services {
			if !seen[s.ID] {
				seen[s.ID] = true
				plan := graphPlan(s, planSuccess)
				plan.AppliesTo = out.AppliesTo
				out.Plans = append(out.Plans, plan)
			}
		}
		out.Subscriptions = append(out.Subscriptions, graphGUID("", h.ID))
	}
	return out
}

// GraphCompanySubscription is a subscription in the format of Microsoft Graph.
type GraphCompanySubscription struct {
	ID         string             `json:"id,omitempty" doc:"Trueup's id of the subscription in the form of a GUID." example:"01931f8a-4d2b-7c3e-9f10-5b6a7c8d9e0f"`
	SkuID      string             `json:"skuId,omitempty" doc:"The skuId of the product, see subscribedSkus." example:"05e9a617-0261-4cee-bb44-138d3ef5d965"`
	PartNumber string             `json:"skuPartNumber,omitempty" doc:"The part number; the name of the subscription if it has none." example:"SPE_E3"`
	Status     graphState         `json:"status,omitempty" enum:"Enabled,Warning,Suspended" doc:"Warning: expired less than 90 days ago. Suspended: expired earlier." example:"Enabled"`
	Total      *int               `json:"totalLicenses,omitempty" doc:"The number of licences." example:"25"`
	CreatedAt  time.Time          `json:"createdDateTime,omitzero" doc:"When the subscription was added here." example:"2026-11-21T09:30:00Z"`
	NextAt     time.Time          `json:"nextLifecycleDateTime,omitzero" doc:"When the next state follows unless the subscription is renewed; absent if none does." example:"2027-06-30T22:00:00Z"`
	Plans      []GraphServicePlan `json:"serviceStatus,omitzero" doc:"The services."`
}

type graphSubscriptionsOutput struct {
	Body GraphCollection[GraphCompanySubscription]
}

func (o *operations) graphListSubscriptions(api huma.API, op huma.Operation) {
	graphRead(&op, "List subscriptions (Graph)", "Lists the subscriptions.")
	huma.Register(api, op, func(ctx context.Context, in *graphSkusInput) (*graphSubscriptionsOutput, error) {
		keep, err := selection[GraphCompanySubscription](in.GraphRequest, nil, []string{"commerceSubscriptionId", "isTrial", "ownerId", "ownerTenantId", "ownerType"})
		if err != nil {
			return nil, err
		}
		const path = "directory/subscriptions"
		last, err := in.after(path)
		if err != nil {
			return nil, err
		}
		subscriptions, err := o.holdings(ctx)
		if err != nil {
			return nil, err
		}
		items, now := first[subscription.Holding]{n: in.Top + 1, key: ownKey}, o.Now()
		for _, h := range subscriptions {
			if h.ID > last {
				items.add(h)
			}
		}
		items.cut()
		page, err := graphCollection(in.GraphRequest, in.GraphPaging, keep, graphPage[subscription.Holding, GraphCompanySubscription]{
			set: path, path: path, items: items.items, total: len(subscriptions), key: ownKey,
			convert: func(h subscription.Holding) GraphCompanySubscription {
				state, next := o.graphStateOf(h.Seats, now)
				out := GraphCompanySubscription{
					ID: graphGUID("", h.ID), SkuID: skuID(h), PartNumber: partNumber(h), Status: state, Total: &h.Seats.Quantity, CreatedAt: h.CreatedAt.UTC(), NextAt: next,
					Plans: []GraphServicePlan{},
				}
				for _, s := range h.Services {
					plan := graphPlan(s, planSuccess)
					plan.AppliesTo = appliesTo(h)
					out.Plans = append(out.Plans, plan)
				}
				return out
			},
		})
		if err != nil {
			return nil, err
		}
		return &graphSubscriptionsOutput{*page}, nil
	})
}
