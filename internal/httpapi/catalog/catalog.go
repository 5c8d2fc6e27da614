package catalog

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/catalog"
	"trueup/internal/httpapi"
)

// Publisher is a publisher in the catalog.
type Publisher struct {
	ID         string   `json:"id" doc:"The id of the publisher. It never changes. The id of a merged publisher also leads to the remaining one." example:"7k2m9x4w0q8t5v3n"`
	Name       string   `json:"name" doc:"Unique, also among aliases, without regard to case and repeated spaces." example:"Adobe"`
	Aliases    []string `json:"aliases" doc:"Other names of the publisher." example:"[\"Adobe Systems Incorporated\"]"`
	TitleCount int      `json:"titleCount" minimum:"0" doc:"The number of its product titles." example:"35"`
}

func publisherOf(p catalog.Publisher) Publisher {
	return Publisher{ID: p.ID, Name: p.Name, Aliases: append([]string{}, p.Aliases...), TitleCount: p.Titles}
}

// ProductTitle is a product title of a publisher.
type ProductTitle struct {
	ID          string   `json:"id" doc:"The id of the title within its publisher. It never changes." example:"2h8c5w1r9p3b6k0z"`
	PublisherID string   `json:"publisherId" doc:"The id of its publisher." example:"7k2m9x4w0q8t5v3n"`
	Name        string   `json:"name" doc:"Unique within the publisher, also among aliases." example:"Acrobat Pro"`
	Aliases     []string `json:"aliases" doc:"Other names of the title." example:"[\"Acrobat Professional\"]"`
}

func productTitleOf(t catalog.Title) ProductTitle {
	return ProductTitle{ID: t.ID, PublisherID: t.PublisherID, Name: t.Name, Aliases: append([]string{}, t.Aliases...)}
}

// Typed is the parameters of a lookup while typing.
type Typed struct {
	Query string `query:"q" maxLength:"256" doc:"A text that the name or an alias contains, without regard to case and accents. If absent, everything matches." example:"soft"`
	Limit int    `query:"limit" minimum:"1" maximum:"50" default:"20" doc:"The maximum number of items to return."`
}

// PublisherID is the path parameter of a publisher.
type PublisherID struct {
	ID string `path:"id" maxLength:"64" doc:"The publisher's id." example:"7k2m9x4w0q8t5v3n"`
}

// TitleID is the path parameters of a product title.
type TitleID struct {
	PublisherID
	Title string `path:"title" maxLength:"64" doc:"The title's id." example:"2h8c5w1r9p3b6k0z"`
}

type lookUpPublishersInput struct{ Typed }

type lookUpPublishersOutput struct{ Body httpapi.Found[Publisher] }

func (o *operations) catalogOperations() httpapi.Operations {
	return httpapi.Operations{
		"lookUpPublishers": o.lookUpPublishers,
		"getPublisher":     o.getPublisher,
		"lookUpTitles":     o.lookUpTitles,
		"getTitle":         o.getTitle,
	}
}

func (o *operations) lookUpPublishers(api huma.API, op huma.Operation) {
	op.Summary = "Look publishers up while typing"
	op.Description = "Returns the publishers with a name that contains the typed letters, the best matches first; of equal matches, the publishers with more product titles come first. There are no further pages: type more letters."
	huma.Register(api, op, func(ctx context.Context, in *lookUpPublishersInput) (*lookUpPublishersOutput, error) {
		found, err := o.Catalog.Lookup(ctx, in.Query, in.Limit)
		if err != nil {
			return nil, err
		}
		return &lookUpPublishersOutput{httpapi.FoundOf(found, publisherOf)}, nil
	})
}

type getPublisherInput struct{ PublisherID }

type getPublisherOutput struct{ Body Publisher }

func (o *operations) getPublisher(api huma.API, op huma.Operation) {
	op.Summary = "Read a publisher"
	op.Description = "Returns one publisher of the catalog. The id of a merged publisher returns the remaining one."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *getPublisherInput) (*getPublisherOutput, error) {
		p, err := o.Catalog.Publisher(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &getPublisherOutput{publisherOf(p)}, nil
	})
}

type lookUpTitlesInput struct {
	PublisherID
	Typed
}

type lookUpTitlesOutput struct{ Body httpapi.Found[ProductTitle] }

func (o *operations) lookUpTitles(api huma.API, op huma.Operation) {
	op.Summary = "Look product titles up while typing"
	op.Description = "Returns the product titles of a publisher with a name that contains the typed letters, the best matches first. There are no further pages: type more letters."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *lookUpTitlesInput) (*lookUpTitlesOutput, error) {
		found, err := o.Catalog.LookupTitles(ctx, in.ID, in.Query, in.Limit)
		if err != nil {
			return nil, err
		}
		return &lookUpTitlesOutput{httpapi.FoundOf(found, productTitleOf)}, nil
	})
}

type getTitleInput struct{ TitleID }

type getTitleOutput struct{ Body ProductTitle }

func (o *operations) getTitle(api huma.API, op huma.Operation) {
	op.Summary = "Read a product title"
	op.Description = "Returns one product title of a publisher. The id of a merged title returns the remaining one."
	op.Errors = append(op.Errors, http.StatusNotFound)
	huma.Register(api, op, func(ctx context.Context, in *getTitleInput) (*getTitleOutput, error) {
		t, err := o.Catalog.Title(ctx, in.ID, in.Title)
		if err != nil {
			return nil, err
		}
		return &getTitleOutput{productTitleOf(t)}, nil
	})
}
