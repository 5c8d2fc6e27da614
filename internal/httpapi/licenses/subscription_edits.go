package licenses

import (
	"cmp"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/id"
	"trueup/internal/subscription"
)

// SubscriptionText is the description of a subscription. Package subscription validates it, in Resolve.
type SubscriptionText struct {
	Name        string    `json:"name" doc:"Unique, without regard to case and repeated spaces." example:"Microsoft 365 E3"`
	SKU         string    `json:"sku,omitempty" doc:"The publisher's id of what was bought." example:"05e9a617-0261-4cee-bb44-138d3ef5d965"`
	PartNumber  string    `json:"partNumber,omitempty" doc:"The publisher's part number." example:"SPE_E3"`
	Services    []Service `json:"services,omitempty" maxItems:"200" doc:"What a licence contains. A user can have single services switched off."`
	Countries   []string  `json:"countries,omitempty" maxItems:"250" doc:"The only usage locations in which a licence can be assigned, as ISO 3166-1 alpha-2 codes; everywhere if absent or empty." example:"[\"BE\",\"NL\"]"`
	Price       *Price    `json:"price,omitempty" doc:"What one licence costs."`
	AgreementID string    `json:"agreementId,omitempty" maxLength:"64" doc:"The id of the agreement that it was bought under." example:"k3v8t2q9x7w4m5n6"`
	Watched     *bool     `json:"watched,omitempty" default:"true" doc:"Whether reminders and suggestions include it."`
}

func (t SubscriptionText) draft(kind subscription.Kind) subscription.Draft {
	d := subscription.Draft{
		Name: t.Name, Kind: kind, SKU: t.SKU, PartNumber: t.PartNumber, Countries: t.Countries, AgreementID: t.AgreementID, Services: servicesOf(t.Services),
		Unwatched: t.Watched != nil && !*t.Watched,
	}
	if t.Price != nil {
		d.Amount, d.Currency = t.Price.Amount, t.Price.Currency
	}
	return d
}

// NewSubscription is a subscription to add.
type NewSubscription struct {
	SubscriptionText
	Kind       subscription.Kind `json:"kind,omitempty" default:"user" doc:"user: licences of users; device: licences of the devices of one device group. It cannot be changed."`
	Quantity   int64             `json:"quantity" doc:"The number of licences, 0 to 10,000,000." example:"100"`
	EndsOn     string            `json:"endsOn,omitempty" doc:"The last day of its term, in the organisation's time zone; it has no end if absent." example:"2027-06-30"`
	TermMonths int64             `json:"termMonths,omitempty" doc:"The length of a term in months, 0 to 120; 0 if it is not known." example:"12"`
	AutoRenew  bool              `json:"autoRenew,omitempty" doc:"Whether a term follows each term. It needs endsOn and termMonths." example:"true"`
}

type createSubscriptionInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body NewSubscription

	parsed subscription.Subscription
}

// seats returns the draft of the seats.
func (n NewSubscription) seats() subscription.SeatsDraft {
	return subscription.SeatsDraft{Quantity: n.Quantity, EndsOn: n.EndsOn, Months: n.TermMonths, AutoRenew: n.AutoRenew}
}

// Resolve implements huma.Resolver.
func (in *createSubscriptionInput) Resolve(ctx huma.Context) []error {
	var broken, more []errs.Violation
	in.parsed, broken = subscription.Parse(in.Body.draft(cmp.Or(in.Body.Kind, subscription.ForUsers)))
	_, more = subscription.ParseSeats(in.Body.seats(), in.parsed.CreatedAt)
	return httpapi.Refusals(broken, more)
}

// checkAgreement checks that there is an agreement with the id; empty for none.
func (o *operations) checkAgreement(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	_, err := o.Agreements.Agreement(ctx, id)
	if errs.KindOf(err) == errs.NotFound {
		return errs.Violated([]errs.Violation{{Code: "agreement_not_found", Field: "agreementId", Value: id}})
	}
	return err
}

type createdSubscription struct {
	Location string `header:"Location" doc:"The address of the subscription."`
	ETag     string `header:"ETag" doc:"The tag of this version, for If-Match."`
	Body     httpapi.Reply[Subscription]
}

func (o *operations) subscriptionEdits() httpapi.Operations {
	return httpapi.Operations{
		"createSubscription": o.createSubscription,
		"updateSubscription": o.updateSubscription,
		"deleteSubscription": o.deleteSubscription,
	}
}

func (o *operations) createSubscription(api huma.API, op huma.Operation) {
	op.Summary = "Add a subscription"
	op.Description = "Adds a subscription of licences for users, or for the devices of one device group. The number of subscriptions is limited to 500."
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createSubscriptionInput) (*createdSubscription, error) {
		now, lang := o.Now(), in.Lang()
		created, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[Subscription]) (httpapi.Reply[Subscription], error) {
			h := subscription.Holding{Subscription: in.parsed}
			h.Seats, _ = subscription.ParseSeats(in.Body.seats(), now)
			h.ID, h.CreatedAt, h.Version = id.New(now, o.NewID()), now, 1
			if err := o.checkAgreement(ctx, h.AgreementID); err != nil {
				return httpapi.Reply[Subscription]{}, err
			}
			reply, err := call.Reply(o.subscriptionOf(lang, now, h))
			if err != nil {
				return reply, err
			}
			return reply.OrFirst(o.Subscriptions.Create(ctx, h, reply.Change(o.EventAs(ctx, access.Buy, now, "subscription.created"))))
		})
		if err != nil {
			return nil, err
		}
		s := created.Value
		return &createdSubscription{Location: "/subscriptions/" + s.ID, ETag: s.tag(lang, o.date(now)), Body: created}, nil
	})
}

type updateSubscriptionInput struct {
	httpapi.Reader
	SubscriptionID
	httpapi.Revision
	Body SubscriptionChange
}

// SubscriptionChange is a change of the description of a subscription. What is absent stays as it is.
type SubscriptionChange struct {
	Name        *string    `json:"name,omitempty" doc:"Unique, without regard to case and repeated spaces." example:"Microsoft 365 E3"`
	SKU         *string    `json:"sku,omitempty" doc:"The publisher's id of what was bought; empty to remove it."`
	PartNumber  *string    `json:"partNumber,omitempty" doc:"The publisher's part number; empty to remove it." example:"SPE_E3"`
	Services    *[]Service `json:"services,omitempty" maxItems:"200" doc:"All services of a licence, in place of those before."`
	Countries   *[]string  `json:"countries,omitempty" maxItems:"250" doc:"The only usage locations in which a licence can be assigned; empty for everywhere."`
	Price       *Price     `json:"price,omitempty" doc:"What one licence costs."`
	AgreementID *string    `json:"agreementId,omitempty" maxLength:"64" doc:"The id of the agreement that it was bought under; empty to remove it."`
	Watched     *bool      `json:"watched,omitempty" doc:"Whether reminders and suggestions include it."`
}

// draft returns the description of a subscription after the change.
func (c SubscriptionChange) draft(s subscription.Subscription) subscription.Draft {
	d := subscription.Draft{
		Name: s.Name, Kind: s.Kind, SKU: s.SKU, PartNumber: s.PartNumber, Services: s.Services, Countries: s.Countries,
		Amount: s.Price.Amount, Currency: s.Price.Currency, AgreementID: s.AgreementID, Unwatched: s.Unwatched,
	}
	set(&d.Name, c.Name)
	set(&d.SKU, c.SKU)
	set(&d.PartNumber, c.PartNumber)
	set(&d.Countries, c.Countries)
	set(&d.AgreementID, c.AgreementID)
	if c.Services != nil {
		d.Services = servicesOf(*c.Services)
	}
	if c.Price != nil {
		d.Amount, d.Currency = c.Price.Amount, c.Price.Currency
	}
	if c.Watched != nil {
		d.Unwatched = !*c.Watched
	}
	return d
}

func servicesOf(given []Service) []subscription.Service {
	services := make([]subscription.Service, len(given))
	for i, s := range given {
		services[i] = subscription.Service(s)
	}
	return services
}

func (o *operations) updateSubscription(api huma.API, op huma.Operation) {
	op.Summary = "Change the description of a subscription"
	op.Description = "Changes the given parts of the description. Quantity and term have operations of their own. No licence is removed: what a user has that the new description does not allow shows as a warning."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	httpapi.Elsewhere(&op, map[string]string{
		"quantity": "quantity_elsewhere", "endsOn": "end_elsewhere", "termMonths": "end_elsewhere", "autoRenew": "auto_renew_elsewhere",
	})
	huma.Register(api, op, func(ctx context.Context, in *updateSubscriptionInput) (*httpapi.Versioned[Subscription], error) {
		now := o.Now()
		var after subscription.Holding
		err := httpapi.Revise(ctx, in.Revision, o.holding(ctx, in.ID), func(read subscription.Holding) (err error) {
			parsed, broken := subscription.Parse(in.Body.draft(read.Subscription))
			if err := errs.Violated(broken); err != nil {
				return err
			}
			if parsed.AgreementID != read.AgreementID {
				if err := o.checkAgreement(ctx, parsed.AgreementID); err != nil {
					return err
				}
			}
			after = read
			after.Subscription, err = o.Subscriptions.Describe(ctx, read.Subscription, parsed, o.EventAs(ctx, access.Buy, now, "subscription.changed"))
			return err
		})
		if err != nil {
			return nil, err
		}
		s := o.subscriptionOf(in.Lang(), now, after)
		return httpapi.VersionedOf(s.tag(in.Lang(), o.date(now)), s), nil
	})
}

// holding returns a function that reads a subscription and its version, for Revise.
func (o *operations) holding(ctx context.Context, id string) func() (subscription.Holding, int64, error) {
	return func() (subscription.Holding, int64, error) {
		h, err := o.inUse(ctx, id)
		return h, versionOf(h), err
	}
}

type deleteSubscriptionInput struct {
	httpapi.Reader
	SubscriptionID
	httpapi.Revision
}

func (o *operations) deleteSubscription(api huma.API, op huma.Operation) {
	op.Summary = "Delete a subscription"
	op.Description = "Deletes a subscription that no user has a licence of, and no device group holds."
	op.DefaultStatus = http.StatusNoContent
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *deleteSubscriptionInput) (*struct{}, error) {
		now := o.Now()
		return nil, httpapi.Revise(ctx, in.Revision, o.holding(ctx, in.ID), func(read subscription.Holding) error {
			return o.Subscriptions.Delete(ctx, read.Subscription, o.EventAs(ctx, access.Buy, now, "subscription.deleted"))
		})
	})
}
