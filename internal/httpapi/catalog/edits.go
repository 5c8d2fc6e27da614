package catalog

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/catalog"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/once"
)

// NewPublisher is a publisher to add to the catalog.
type NewPublisher struct {
	Name    string   `json:"name" doc:"Unique, without regard to case and repeated spaces." example:"Contoso"`
	Aliases []string `json:"aliases,omitempty" doc:"Other names, which nothing else in the catalog may have." example:"[\"Contoso Ltd\"]"`
}

type createPublisherInput struct {
	httpapi.Repeatable
	Body NewPublisher

	publisher catalog.Addition
}

// Resolve implements huma.Resolver.
func (in *createPublisherInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.publisher, broken = catalog.ParsePublisher(in.Body.Name, in.Body.Aliases)
	return httpapi.Refusals(broken)
}

type createdPublisher struct {
	Location string `header:"Location" doc:"The address of the publisher."`
	Body     httpapi.Reply[Publisher]
}

func (o *operations) editOperations() httpapi.Operations {
	return httpapi.Operations{
		"createPublisher": o.createPublisher,
		"mergePublisher":  o.mergePublisher,
		"createTitle":     o.createTitle,
		"mergeTitle":      o.mergeTitle,
	}
}

func (o *operations) createPublisher(api huma.API, op huma.Operation) {
	op.Summary = "Add a publisher to the catalog"
	op.Description = "Adds a publisher, so that product titles can be added to it and agreements can name it. An existing name is a conflict; the response names the publisher that has it."
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createPublisherInput) (*createdPublisher, error) {
		created, err := changed(ctx, o, op, in.Repeatable, "", in.Body, "publisher.added", o.Catalog.AddPublisher(in.publisher), publisherOf)
		if err != nil {
			return nil, err
		}
		return &createdPublisher{Location: "/catalog/publishers/" + created.Value.ID, Body: created}, nil
	})
}

// NewTitle is a product title to add to a publisher.
type NewTitle struct {
	Name string `json:"name" doc:"Unique within the publisher, without regard to case and repeated spaces." example:"Expense Manager 5"`
}

type createTitleInput struct {
	PublisherID
	httpapi.Repeatable
	Body NewTitle

	name string
}

// Resolve implements huma.Resolver.
func (in *createTitleInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.name, broken = catalog.ParseTitle(in.Body.Name)
	return httpapi.Refusals(broken)
}

type createdTitle struct {
	Location string `header:"Location" doc:"The address of the title."`
	Body     httpapi.Reply[ProductTitle]
}

func (o *operations) createTitle(api huma.API, op huma.Operation) {
	op.Summary = "Add a product title to a publisher"
	op.Description = "Adds a product title to a publisher of the catalog. An existing name is a conflict; the response names the title that has it."
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createTitleInput) (*createdTitle, error) {
		created, err := changed(ctx, o, op, in.Repeatable, in.ID, in.Body, "title.added", o.Catalog.AddTitle(in.ID, in.name), productTitleOf)
		if err != nil {
			return nil, err
		}
		t := created.Value
		return &createdTitle{Location: "/catalog/publishers/" + t.PublisherID + "/titles/" + t.ID, Body: created}, nil
	})
}

// MergeTarget names the item into which a duplicate is merged.
type MergeTarget struct {
	Into string `json:"into" maxLength:"64" doc:"The id of the item that remains." example:"7k2m9x4w0q8t5v3n"`
}

type mergePublisherInput struct {
	PublisherID
	httpapi.Repeatable
	Body MergeTarget
}

type mergedPublisher struct{ Body httpapi.Reply[Publisher] }

func (o *operations) mergePublisher(api huma.API, op huma.Operation) {
	op.Summary = "Merge a publisher into another one"
	op.Description = "Merges the publisher in the path, which is a duplicate, into another one and returns the result. Its names become aliases of the other publisher, which also gets its titles. " +
		"Titles with the same name are merged. This cannot be undone."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *mergePublisherInput) (*mergedPublisher, error) {
		merged, err := changed(ctx, o, op, in.Repeatable, in.ID, in.Body, "publisher.merged", o.Catalog.MergePublishers(in.ID, in.Body.Into), publisherOf)
		if err != nil {
			return nil, err
		}
		return &mergedPublisher{merged}, nil
	})
}

type mergeTitleInput struct {
	TitleID
	httpapi.Repeatable
	Body MergeTarget
}

type mergedTitle struct{ Body httpapi.Reply[ProductTitle] }

func (o *operations) mergeTitle(api huma.API, op huma.Operation) {
	op.Summary = "Merge a product title into another one"
	op.Description = "Merges the product title in the path, which is a duplicate, into another title of the publisher and returns the result. Its names become aliases of the other title. This cannot be undone."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *mergeTitleInput) (*mergedTitle, error) {
		merged, err := changed(ctx, o, op, in.Repeatable, in.ID+"/"+in.Title, in.Body, "title.merged", o.Catalog.MergeTitles(in.ID, in.Title, in.Body.Into), productTitleOf)
		if err != nil {
			return nil, err
		}
		return &mergedTitle{merged}, nil
	})
}

// changed makes an edit of the catalog once, and replies with its result as convert shows it.
func changed[T, Shown any](ctx context.Context, o *operations, op huma.Operation, r httpapi.Repeatable, subject string, body any,
	action string, edit once.Edit[T], convert func(T) Shown,
) (httpapi.Reply[Shown], error) {
	now := o.Now()
	return httpapi.Once(ctx, o.Kernel, r, now, op.OperationID+" "+subject, body, func(call httpapi.Call[Shown]) (httpapi.Reply[Shown], error) {
		reply, _, err := httpapi.Apply(ctx, call, o.Event(ctx, now, action), edit, convert)
		return reply, err
	})
}

// describeCatalog adds the limits of package catalog to the OpenAPI document.
func describeCatalog(document *huma.OpenAPI) {
	one, name, aliases := 1, agreement.TitleMaxChars, catalog.AliasesMax
	schemas := document.Components.Schemas.Map()
	for _, schema := range []string{"NewPublisher", "NewTitle"} {
		property := schemas[schema].Properties["name"]
		property.MinLength, property.MaxLength = &one, &name
	}
	list := schemas["NewPublisher"].Properties["aliases"]
	list.MaxItems, list.Items.MinLength, list.Items.MaxLength = &aliases, &one, &name
}
