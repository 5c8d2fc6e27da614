package agreements

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/sync/errgroup"

	"trueup/internal/access"
	"trueup/internal/agreement"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/refresher"
)

// Agreement is a licence agreement, without its details (R2.7).
type Agreement struct {
	ID           string               `json:"id" doc:"The id of the agreement. It never changes." example:"k3v8t2q9x7w4m5n6"`
	Type         agreement.Type       `json:"type" doc:"volume: Microsoft Volume Licensing, with agreement pairs; other: any publisher and any kind of purchase."`
	Name         string               `json:"name" doc:"Unique, without regard to case and repeated spaces." example:"Office agreements"`
	GroupID      string               `json:"groupId" doc:"The id of its license group." example:"unassigned"`
	Publisher    string               `json:"publisher" doc:"The publisher of the software; Microsoft for a volume agreement." example:"Adobe"`
	ProductTitle string               `json:"productTitle" doc:"For a volume agreement, a text in the reader's language which says that its products come from entitlements." example:"Photoshop"`
	Licenses     int                  `json:"licenses,omitempty" minimum:"1" doc:"The number of licences; only for type other." example:"25"`
	Start        day.Date             `json:"start,omitempty" format:"date" doc:"The first day of its term, if known." example:"2026-01-01"`
	End          day.Date             `json:"end,omitempty" format:"date" doc:"The last day of its term, if known." example:"2026-12-31"`
	Status       agreement.Status     `json:"status" doc:"The status of its term today (UTC). An agreement that ends soon is expiring."`
	Validation   agreement.Validation `json:"validation,omitempty" doc:"The result of the Volume Licensing Service Center for its pairs: the worst of them. Only for type volume."`
	PairCount    int                  `json:"pairCount" minimum:"0" doc:"The number of agreement pairs; 0 for type other." example:"0"`
	CreatedAt    time.Time            `json:"createdAt" doc:"When it was added." example:"2026-11-21T09:30:00Z"`
	CreatedBy    string               `json:"createdBy" doc:"The user or the import that added it." example:"import/0v5z3m8k2q"`
	Version      int64                `json:"version" minimum:"1" doc:"Grows with every change." example:"1"`
	Hints        []httpapi.Reason     `json:"hints,omitempty" doc:"Only in the response to adding or changing an agreement of type other: its product title is not in the dictionary of products, with the products that it may stand for, in the reader's language."`
}

func agreementOf(lang i18n.Lang, today day.Calendar, a agreement.Agreement) Agreement {
	out := Agreement{
		ID:           a.ID,
		Type:         a.Type,
		Name:         a.Name,
		GroupID:      a.GroupID,
		Publisher:    a.PublisherOf(),
		ProductTitle: a.ProductTitle,
		Licenses:     a.Licenses,
		Start:        a.Start,
		End:          a.End,
		Status:       a.Status(today),
		Validation:   a.Validation,
		PairCount:    a.PairCount,
		CreatedAt:    a.CreatedAt.UTC(),
		CreatedBy:    a.CreatedBy,
		Version:      a.Version,
	}
	if a.Type == agreement.TypeVolume {
		out.ProductTitle = i18n.Text(lang, i18n.NotAvailable, nil)
	}
	return out
}

// today returns the calendar that statuses are derived from.
func (o *operations) today() day.Calendar { return o.Expiring.At(o.Now(), o.Zone) }

// terms numbers the statuses of an agreement with dates, for its ETag.
var terms = map[agreement.Status]int{
	agreement.StatusNotStarted: 1, agreement.StatusActive: 2, agreement.StatusExpiring: 3, agreement.StatusExpired: 4,
}

// validations numbers the validations that a refresh sets, for the ETag.
var validations = map[agreement.Validation]int{
	agreement.ValidationValid: 1, agreement.ValidationError: 2, agreement.ValidationInvalid: 3,
}

// tag returns the ETag of an agreement. The version does not change when the date changes the
// status or a refresh changes the validation, so the ETag includes them. An agreement has only
// one of the two.
func (a Agreement) tag(lang i18n.Lang) string {
	if part := terms[a.Status] + validations[a.Validation]; part > 0 {
		return httpapi.ETag(lang, a.Version, part)
	}
	return httpapi.ETag(lang, a.Version)
}

type listAgreementsInput struct {
	httpapi.Reader
	httpapi.Paging
	Group      string               `query:"group" maxLength:"64" doc:"Only agreements of the license group with this id." example:"unassigned"`
	Type       agreement.Type       `query:"type" doc:"Only agreements of this type."`
	Publisher  string               `query:"publisher" maxLength:"256" doc:"Only agreements of this publisher, by any name in the catalog, without regard to case. The publisher of every volume agreement is Microsoft." example:"Adobe"`
	Status     agreement.Status     `query:"status" doc:"Only agreements with this status today."`
	Validation agreement.Validation `query:"validation" doc:"Only volume agreements with this validation, which is the worst of their pairs."`
	EndsBefore string               `query:"endsBefore" doc:"Only agreements that end before this date." example:"2027-01-01"`
	Text       string               `query:"q" maxLength:"256" doc:"Only agreements that contain this text in their name, publisher, product title or in a number of a pair, without regard to case." example:"office"`
	Sort       agreement.Sort       `query:"sort" default:"name" doc:"The sort order. Agreements without an end come last; equal ones are sorted by name."`
	httpapi.Sorted

	endsBefore day.Date
}

// Resolve implements huma.Resolver.
func (in *listAgreementsInput) Resolve(huma.Context) []error {
	if in.EndsBefore == "" {
		return nil
	}
	date, ok := day.Parse(in.EndsBefore)
	if !ok {
		return httpapi.Refusals([]errs.Violation{{Code: "date_invalid", Field: httpapi.ParameterField + "endsBefore", Value: in.EndsBefore}})
	}
	in.endsBefore = date
	return nil
}

// Agreements is one page of agreements, with the totals of all pages.
type Agreements struct {
	Items      []Agreement      `json:"items" doc:"The agreements of this page."`
	NextCursor string           `json:"nextCursor,omitempty" doc:"The cursor of the next page; absent on the last page."`
	Totals     agreement.Totals `json:"totals" doc:"The totals of the agreements of all pages."`
	Stale      bool             `json:"stale" doc:"Whether pairs were added or removed since the last refresh. Until the next one, the licence data does not match the agreements." example:"false"`
	DataAt     time.Time        `json:"dataAt,omitzero" doc:"When the last complete refresh of the whole organisation started; absent if there was none." example:"2026-11-22T01:30:00Z"`
}

type listAgreementsOutput struct{ Body Agreements }

func (o *operations) agreementOperations() httpapi.Operations {
	return httpapi.Operations{
		"listAgreements":      o.listAgreements,
		"getAgreement":        o.getAgreement,
		"getAgreementDetails": o.getAgreementDetails,
	}
}

func (o *operations) listAgreements(api huma.API, op huma.Operation) {
	op.Summary = "List agreements"
	op.Description = "Lists the agreements that match all given parameters, page by page, with the totals of all pages. " +
		"The agreements of an import appear all at once. No list contains the details of an agreement."
	huma.Register(api, op, func(ctx context.Context, in *listAgreementsInput) (*listAgreementsOutput, error) {
		today := o.today()
		aliases, err := o.aliases(ctx, in.Publisher)
		if err != nil {
			return nil, err
		}
		var found agreement.Page
		var fresh refresher.Freshness
		both, reading := errgroup.WithContext(ctx)
		both.Go(func() (err error) {
			found, err = o.Register.List(reading, agreement.Query{
				GroupID: in.Group, Type: in.Type, Publisher: in.Publisher, Aliases: aliases, Status: in.Status, Validation: in.Validation,
				EndsBefore: in.endsBefore, Text: in.Text,
				Sort: in.Sort, Descending: in.Descending(), Calendar: today, Limit: in.Limit, Cursor: in.Cursor,
			})
			return err
		})
		both.Go(func() (err error) { fresh, err = o.Answers.Freshness(reading); return err })
		if err := both.Wait(); err != nil {
			return nil, err
		}
		if found.Totals.Agreements == 0 && in.Group != "" {
			// A list that is empty because of a mistyped id would be taken for the right one.
			if _, err := o.Groups.Group(ctx, in.Group); err != nil {
				return nil, httpapi.Unknown(err, "group_not_found", httpapi.ParameterField+"group", in.Group)
			}
		}
		lang := in.Lang()
		listed := httpapi.PageOf(found.Items, found.Next, func(a agreement.Agreement) Agreement { return agreementOf(lang, today, a) })
		return &listAgreementsOutput{Agreements{
			Items: listed.Items, NextCursor: listed.NextCursor, Totals: found.Totals, Stale: fresh.Stale(), DataAt: fresh.At.UTC(),
		}}, nil
	})
}

// aliases returns the other names of a publisher (R5.2): an agreement keeps the name that it was
// added with.
func (o *operations) aliases(ctx context.Context, publisher string) ([]string, error) {
	if strings.TrimSpace(publisher) == "" {
		return nil, nil
	}
	return o.Catalog.Spellings(ctx, publisher)
}

// AgreementID is the path parameter of an agreement.
type AgreementID struct {
	ID string `path:"id" maxLength:"64" doc:"The agreement's id." example:"k3v8t2q9x7w4m5n6"`
}

type getAgreementInput struct {
	httpapi.Reader
	AgreementID
	httpapi.Condition
}

func (o *operations) getAgreement(api huma.API, op huma.Operation) {
	op.Summary = "Read an agreement"
	op.Description = "Returns one agreement. Its ETag changes with every change to it."
	op.Errors = append(op.Errors, http.StatusNotFound)
	httpapi.NotModified(&op)
	huma.Register(api, op, func(ctx context.Context, in *getAgreementInput) (*httpapi.Tagged[Agreement], error) {
		a, err := o.Agreements.Agreement(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		lang := in.Lang()
		out := agreementOf(lang, o.today(), a)
		return httpapi.Current(in.Condition, out.tag(lang), out), nil
	})
}

// AgreementDetails is the free text of an agreement of type other.
type AgreementDetails struct {
	Details string `json:"details" doc:"Free text, such as contacts and registration keys; empty if there is none. Lines end with one line feed." example:"Contact: licences@example.org"`
}

type getAgreementDetailsInput struct {
	httpapi.Reader
	AgreementID
}

type agreementDetailsOutput struct {
	CacheControl string `header:"Cache-Control" doc:"Prevents caches from storing the details." example:"no-store"`
	Body         AgreementDetails
}

func (o *operations) getAgreementDetails(api huma.API, op huma.Operation) {
	op.Summary = "Read an agreement's details"
	op.Description = "Returns the details of one agreement. They are sensitive: no other operation returns them, and every read is an audit event."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *getAgreementDetailsInput) (*agreementDetailsOutput, error) {
		a, err := o.Agreements.Agreement(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		details, err := o.Agreements.Details(ctx, a, o.EventAs(ctx, access.ReadDetails, o.Now(), "agreement.details_read"))
		if err != nil {
			return nil, err
		}
		return &agreementDetailsOutput{CacheControl: "no-store", Body: AgreementDetails{Details: details}}, nil
	})
}
