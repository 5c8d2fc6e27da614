package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/i18n"
)

// Agreement is a licence agreement.
type Agreement struct {
	ID           string         `json:"id" doc:"Names the agreement; never changes." example:"k3v8t2q9x7w4m5n6"`
	Type         agreement.Type `json:"type" enum:"volume,other" doc:"volume is Microsoft Volume Licensing, made of agreement pairs; other is any publisher, bought any way."`
	Name         string         `json:"name" doc:"Unique, without regard to case and repeated spaces." example:"Office agreements"`
	GroupID      string         `json:"groupId" doc:"The license group it is in." example:"unassigned"`
	ProductTitle string         `json:"productTitle" doc:"For a volume agreement a sentence in the reader's language: its products come from entitlements." example:"Not available"`
	PairCount    int            `json:"pairCount" minimum:"0" doc:"How many agreement pairs it has." example:"2"`
	CreatedAt    time.Time      `json:"createdAt" doc:"When it was added." example:"2026-11-21T09:30:00Z"`
	CreatedBy    string         `json:"createdBy" doc:"Who or which import added it." example:"import/0v5z3m8k2q"`
	Version      int64          `json:"version" minimum:"1" doc:"Grows with every change." example:"1"`
}

func agreementOf(lang i18n.Lang, a agreement.Agreement) Agreement {
	return Agreement{
		ID:           a.ID,
		Type:         a.Type,
		Name:         a.Name,
		GroupID:      a.GroupID,
		ProductTitle: i18n.Text(lang, i18n.NotAvailable, nil),
		PairCount:    a.PairCount,
		CreatedAt:    a.CreatedAt.UTC(),
		CreatedBy:    a.CreatedBy,
		Version:      a.Version,
	}
}

// Reader is what every operation that answers sentences takes.
type Reader struct {
	AcceptLanguage string `header:"Accept-Language" hidden:"true"`
}

func (r Reader) lang() i18n.Lang { return i18n.Language(r.AcceptLanguage) }

// Paging is the parameters of a list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many items a page has at most."`
	Cursor string `query:"cursor" maxLength:"4096" doc:"nextCursor of the previous page; leave it out for the first."`
}

// Page is one page of a list.
type Page[T any] struct {
	Items      []T    `json:"items" doc:"The items of this page."`
	NextCursor string `json:"nextCursor,omitempty" doc:"Where the next page starts; missing on the last page."`
}

// page makes a page of what a store returned. No items are an empty list, not null.
func page[From, To any](items []From, next string, convert func(From) To) Page[To] {
	p := Page[To]{Items: make([]To, 0, len(items)), NextCursor: next}
	for _, item := range items {
		p.Items = append(p.Items, convert(item))
	}
	return p
}

// Condition is the parameter of a conditional read.
type Condition struct {
	IfNoneMatch string `header:"If-None-Match" maxLength:"1024" doc:"The ETag of the copy the caller has."`
}

// tagged is an answer with a version.
type tagged[T any] struct {
	Status int
	ETag   string `header:"ETag" doc:"Names this version, in this language, for If-None-Match."`
	Body   T
}

// current answers body, or 304 when the caller has it already.
func current[T any](c Condition, tag string, body T) *tagged[T] {
	out := &tagged[T]{Status: http.StatusOK, ETag: tag, Body: body}
	if matches(c.IfNoneMatch, tag) {
		out.Status = http.StatusNotModified
	}
	return out
}

type listAgreementsInput struct {
	Reader
	Paging
	Group  string `query:"group" maxLength:"64" doc:"Only agreements of this license group, by its id." example:"unassigned"`
	Prefix string `query:"prefix" maxLength:"256" doc:"Only agreements whose name starts with this, without regard to case." example:"office"`
}

type listAgreementsOutput struct{ Body Page[Agreement] }

func (o *operations) listAgreements(api huma.API, op huma.Operation) {
	op.Summary = "List agreements"
	op.Description = "Agreements sorted by name, all of them or those of one license group. What an import adds appears all at once."
	huma.Register(api, op, func(ctx context.Context, in *listAgreementsInput) (*listAgreementsOutput, error) {
		found, err := o.Agreements.Agreements(ctx, agreement.Query{GroupID: in.Group, Prefix: in.Prefix, Limit: in.Limit, Cursor: in.Cursor})
		if err != nil {
			return nil, err
		}
		lang := in.lang()
		return &listAgreementsOutput{page(found.Items, found.Next, func(a agreement.Agreement) Agreement { return agreementOf(lang, a) })}, nil
	})
}

// AgreementID is the path parameter of an agreement.
type AgreementID struct {
	ID string `path:"id" maxLength:"64" doc:"The agreement's id." example:"k3v8t2q9x7w4m5n6"`
}

type getAgreementInput struct {
	Reader
	AgreementID
	Condition
}

func (o *operations) getAgreement(api huma.API, op huma.Operation) {
	op.Summary = "Read an agreement"
	op.Description = "One agreement. Its ETag changes with every change to it."
	op.Errors = append(op.Errors, http.StatusNotFound)
	notModified(&op)
	huma.Register(api, op, func(ctx context.Context, in *getAgreementInput) (*tagged[Agreement], error) {
		a, err := o.Agreements.Agreement(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		lang := in.lang()
		return current(in.Condition, etag(lang, a.Version), agreementOf(lang, a)), nil
	})
}
