package licenses

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/subscription"
)

func (o *operations) seatOperations() httpapi.Operations {
	return httpapi.Operations{
		"purchaseLicenses":  o.purchaseLicenses,
		"setQuantity":       o.setQuantity,
		"renewSubscription": o.renewSubscription,
		"setAutoRenew":      o.setAutoRenew,
	}
}

// Reference is a text of the admin about a purchase or a renewal, for the audit event.
type Reference struct {
	Reference string `json:"reference,omitempty" maxLength:"256" doc:"The admin's own reference, such as the number of an order or a service request. The audit event has it." example:"PO-2026-118"`
}

// LicensePurchase is a number of licences that were bought.
type LicensePurchase struct {
	Quantity int64 `json:"quantity" minimum:"1" maximum:"10000000" doc:"The number of licences to add." example:"10"`
	Reference
}

// seatsOutput is a subscription after a change of its seats.
type seatsOutput struct {
	ETag string `header:"ETag" doc:"The tag of this version, for If-Match."`
	Body httpapi.Reply[Subscription]
}

// reseat changes the seats of a subscription and answers with the result. change gets the subscription with
// who uses it.
func (o *operations) reseat(
	ctx context.Context, in httpapi.Reader, r httpapi.Repeatable, operation, subscriptionID string, body any, reference string, action string,
	change func(now time.Time, h subscription.Holding) (subscription.Seats, error),
) (*seatsOutput, error) {
	now, lang := o.Now(), in.Lang()
	reply, err := httpapi.Once(ctx, o.Kernel, r, now, operation+" "+subscriptionID, body, func(call httpapi.Call[Subscription]) (httpapi.Reply[Subscription], error) {
		event := o.EventAs(ctx, access.Buy, now, action)
		if reference != "" {
			event.After = map[string]string{"reference": reference}
		}
		var used subscription.Holding
		edit := o.Subscriptions.Reseat(subscriptionID, func(h subscription.Holding) (subscription.Seats, error) {
			if err := o.Devices.Use(ctx, []*subscription.Holding{&h}); err != nil {
				return h.Seats, err
			}
			used = h
			return change(now, h)
		})
		reply, repeated, err := httpapi.Apply(ctx, call, event, edit, func(h subscription.Holding) Subscription {
			h.Group, h.Joined = used.Group, used.Joined
			return o.subscriptionOf(lang, now, h)
		})
		// Users wait, devices do not.
		if s := reply.Value; err == nil && !repeated && s.Kind == subscription.ForUsers && s.Available > 0 && s.Status == subscription.Active {
			o.licensing.ServeFirst(ctx, []string{subscriptionID}, o.today(now), o.events(ctx, access.Buy, now))
		}
		return reply, err
	})
	if err != nil {
		return nil, err
	}
	return &seatsOutput{ETag: reply.Value.tag(lang, o.date(now)), Body: reply}, nil
}

const servedText = " The response has the numbers before users who wait for licences are served, which follows at once."

type purchaseLicensesInput struct {
	httpapi.Reader
	httpapi.Repeatable
	SubscriptionID
	Body LicensePurchase
}

func (o *operations) purchaseLicenses(api huma.API, op huma.Operation) {
	op.Summary = "Add bought licences"
	op.Description = "Adds licences to the quantity of a subscription. Purchases of several people add up. A shortage ends by itself when there are enough." + servedText
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusNotFound)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *purchaseLicensesInput) (*seatsOutput, error) {
		return o.reseat(ctx, in.Reader, in.Repeatable, op.OperationID, in.ID, in.Body, in.Body.Reference.Reference, "subscription.licenses_purchased",
			func(now time.Time, h subscription.Holding) (subscription.Seats, error) {
				return h.Purchased(int(in.Body.Quantity), now)
			})
	})
}

// LicenseQuantity is the number of licences of a subscription.
type LicenseQuantity struct {
	Quantity int64 `json:"quantity" minimum:"0" maximum:"10000000" doc:"The number of licences." example:"80"`
	Reference
	Acknowledge ConflictAcknowledgement `json:"acknowledge,omitempty" doc:"conflict: required for a number below the number of users or devices, which is then a conflict until it is solved."`
}

type setQuantityInput struct {
	httpapi.Reader
	httpapi.Repeatable
	SubscriptionID
	httpapi.Revision
	Body LicenseQuantity
}

func (o *operations) setQuantity(api huma.API, op huma.Operation) {
	op.Summary = "Set the number of licences"
	op.Description = "Sets the quantity of a subscription. If-Match with an ETag is required, and * is refused: two admins could undo each other's changes. " +
		"Users and devices keep their licences if the number is below theirs: that is a conflict, which has to be acknowledged." + servedText
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed, http.StatusPreconditionRequired)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *setQuantityInput) (*seatsOutput, error) {
		if err := in.Required(); err != nil {
			return nil, err
		}
		return o.reseat(ctx, in.Reader, in.Repeatable, op.OperationID, in.ID, in.Body, in.Body.Reference.Reference, "subscription.quantity_set",
			func(now time.Time, h subscription.Holding) (subscription.Seats, error) {
				if !in.Allows(versionOf(h)) {
					return h.Seats, errs.New(errs.Stale, "version_stale")
				}
				s, err := h.WithQuantity(int(in.Body.Quantity), in.Body.Acknowledge == acknowledgeConflict, now)
				return s.Stated(now), err
			})
	})
}

// Renewal is a later end of a subscription.
type Renewal struct {
	Until    string `json:"until" doc:"The last day of the new term, in the organisation's time zone." example:"2028-06-30"`
	Quantity *int64 `json:"quantity,omitempty" minimum:"1" maximum:"10000000" doc:"The number of licences from now on, at least as many as there are users or devices; the same as before if absent." example:"100"`
	Reference
}

type renewSubscriptionInput struct {
	httpapi.Reader
	httpapi.Repeatable
	SubscriptionID
	Body Renewal

	until day.Date
}

// Resolve implements huma.Resolver.
func (in *renewSubscriptionInput) Resolve(huma.Context) []error {
	date, ok := day.Parse(in.Body.Until)
	if !ok {
		return httpapi.Refusals([]errs.Violation{{Code: "date_invalid", Field: "until", Value: in.Body.Until}})
	}
	in.until = date
	return nil
}

func (o *operations) renewSubscription(api huma.API, op huma.Operation) {
	op.Summary = "Renew a subscription"
	op.Description = "Records a later end, also of a subscription that has expired: it is active again at once, and its users and devices keep their licences." + servedText
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *renewSubscriptionInput) (*seatsOutput, error) {
		return o.reseat(ctx, in.Reader, in.Repeatable, op.OperationID, in.ID, in.Body, in.Body.Reference.Reference, "subscription.renewed",
			func(now time.Time, h subscription.Holding) (subscription.Seats, error) {
				n := 0 // the same as before
				if in.Body.Quantity != nil {
					n = int(*in.Body.Quantity)
				}
				return h.Renewed(in.until, n, now, o.date(now))
			})
	})
}

// AutoRenew is whether a term follows each term.
type AutoRenew struct {
	On bool `json:"on" doc:"Whether a term follows each term. Switching it off keeps the end of the current term." example:"false"`
}

type setAutoRenewInput struct {
	httpapi.Reader
	httpapi.Repeatable
	SubscriptionID
	httpapi.Revision
	Body AutoRenew
}

func (o *operations) setAutoRenew(api huma.API, op huma.Operation) {
	op.Summary = "Switch automatic renewal on or off"
	op.Description = "Switches automatic renewal on or off. Switching it on does not renew an expired subscription."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *setAutoRenewInput) (*seatsOutput, error) {
		return o.reseat(ctx, in.Reader, in.Repeatable, op.OperationID, in.ID, in.Body, "", "subscription.auto_renew_set",
			func(now time.Time, h subscription.Holding) (subscription.Seats, error) {
				if !in.Allows(versionOf(h)) {
					return h.Seats, errs.New(errs.Stale, "version_stale")
				}
				return h.Seats.WithAutoRenew(in.Body.On, o.date(now))
			})
	})
}

// Acknowledgement says that the caller knows that service data is lost.
type Acknowledgement string

const acknowledgeData Acknowledgement = "service-data" // R9.5

// ConflictAcknowledgement says that the caller knows that a conflict begins.
type ConflictAcknowledgement string

const acknowledgeConflict ConflictAcknowledgement = "conflict"

// Each call takes only its own acknowledgement: the other one would be ignored.
var (
	acknowledgements         = []Acknowledgement{acknowledgeData}
	conflictAcknowledgements = []ConflictAcknowledgement{acknowledgeConflict}
)
