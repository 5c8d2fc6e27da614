package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/group"
	"trueup/internal/i18n"
)

// Group is a license group.
type Group struct {
	ID             string    `json:"id" doc:"Names the group; never changes." example:"unassigned"`
	Name           string    `json:"name" doc:"Unique; the built-in group's is in the reader's language." example:"Unassigned agreements"`
	BuiltIn        bool      `json:"builtIn" doc:"Whether it is the group that always exists and cannot be renamed or deleted." example:"true"`
	AgreementCount int       `json:"agreementCount" minimum:"0" doc:"How many agreements are in it." example:"12"`
	CreatedAt      time.Time `json:"createdAt,omitzero" doc:"When it was made; the built-in group has no such time." example:"2026-11-21T09:30:00Z"`
	Version        int64     `json:"version" minimum:"0" doc:"Grows with every change of the group itself." example:"1"`
}

func groupOf(lang i18n.Lang, g group.Group) Group {
	out := Group{
		ID:             g.ID,
		Name:           g.Name,
		BuiltIn:        g.ID == group.UnassignedID,
		AgreementCount: g.Agreements,
		CreatedAt:      g.CreatedAt.UTC(),
		Version:        g.Version,
	}
	if out.BuiltIn {
		out.Name = i18n.Text(lang, i18n.UnassignedAgreements, nil)
	}
	return out
}

// Groups is every license group.
type Groups struct {
	Items []Group `json:"items" doc:"The groups, the built-in one first, the others sorted by name."`
}

type listGroupsInput struct{ Reader }

type listGroupsOutput struct{ Body Groups }

func (o *operations) listGroups(api huma.API, op huma.Operation) {
	op.Summary = "List license groups"
	op.Description = "Every license group with the number of its agreements. There are few enough for one page."
	huma.Register(api, op, func(ctx context.Context, in *listGroupsInput) (*listGroupsOutput, error) {
		found, err := o.Groups.Groups(ctx)
		if err != nil {
			return nil, err
		}
		lang := in.lang()
		return &listGroupsOutput{Groups{page(found, "", func(g group.Group) Group { return groupOf(lang, g) }).Items}}, nil
	})
}

// GroupID is the path parameter of a group.
type GroupID struct {
	ID string `path:"id" maxLength:"64" doc:"The group's id." example:"unassigned"`
}

type getGroupInput struct {
	Reader
	Condition
	GroupID
}

func (o *operations) getGroup(api huma.API, op huma.Operation) {
	op.Summary = "Read a license group"
	op.Description = "One license group with the number of its agreements."
	op.Errors = append(op.Errors, http.StatusNotFound)
	notModified(&op)
	huma.Register(api, op, func(ctx context.Context, in *getGroupInput) (*tagged[Group], error) {
		g, err := o.Groups.Group(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		lang := in.lang()
		return current(in.Condition, etag(lang, g.Version, g.Agreements), groupOf(lang, g)), nil
	})
}
