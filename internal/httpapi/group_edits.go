package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/importer"
	"trueup/internal/once"
)

// GroupName is the name of a license group.
type GroupName struct {
	Name string `json:"name" doc:"Unique, without regard to case and repeated spaces." example:"Sales"`
}

type createGroupInput struct {
	Reader
	Repeatable
	Body GroupName

	name string
}

// Resolve implements huma.Resolver.
func (in *createGroupInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.name, broken = agreement.ParseName(in.Body.Name, false)
	return refusals(broken)
}

type createdGroup struct {
	Location string `header:"Location" doc:"Where to read the group."`
	ETag     string `header:"ETag" doc:"Names this version, for If-Match."`
	Body     stored[Group]
}

func (o *operations) createGroup(api huma.API, op huma.Operation) {
	op.Summary = "Add a license group"
	op.Description = "Adds an empty license group. There can be a limited number of them."
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusConflict)
	receiving(&op, maxBody)
	huma.Register(api, op, func(ctx context.Context, in *createGroupInput) (*createdGroup, error) {
		now, lang := o.now(), in.lang()
		created, err := o.once(ctx, in.Repeatable, now, op.OperationID, in.Body, func(entry once.Entry) (_ []byte, err error) {
			g := group.Group{ID: importer.NewID(now, o.NewID()), Name: in.name, CreatedAt: now, Version: 1}
			if entry.Response, err = encode(groupOf(lang, g)); err != nil {
				return nil, err
			}
			first, err := o.Groups.CreateGroup(ctx, g, o.event(ctx, now, "group.created"), entry)
			if err != nil || first != nil {
				return first, err
			}
			return entry.Response, nil
		})
		if err != nil {
			return nil, err
		}
		out := &createdGroup{Body: stored[Group]{created}}
		g, err := out.Body.read()
		out.Location, out.ETag = "/groups/"+g.ID, etag(lang, g.Version, g.AgreementCount)
		return out, err
	})
}

type updateGroupInput struct {
	Reader
	GroupID
	Revision
	Body GroupName

	name string
}

// Resolve implements huma.Resolver.
func (in *updateGroupInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.name, broken = agreement.ParseName(in.Body.Name, false)
	return refusals(broken)
}

func (o *operations) updateGroup(api huma.API, op huma.Operation) {
	op.Summary = "Rename a license group"
	op.Description = "Gives a license group another name. The built-in one keeps its name."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	receiving(&op, maxBody)
	huma.Register(api, op, func(ctx context.Context, in *updateGroupInput) (*tagged[Group], error) {
		now := o.now()
		var after group.Group
		err := revise(ctx, in.Revision, func() (group.Group, int64, error) {
			g, err := o.Groups.Group(ctx, in.ID)
			return g, g.Version, err
		}, func(read group.Group) (err error) {
			if after = read; read.ID != group.UnassignedID && read.Name == in.name {
				return nil
			}
			after, err = o.Groups.RenameGroup(ctx, read, in.name, o.event(ctx, now, "group.renamed"))
			return err
		})
		if err != nil {
			return nil, err
		}
		lang := in.lang()
		return &tagged[Group]{Status: http.StatusOK, ETag: etag(lang, after.Version, after.Agreements), Body: groupOf(lang, after)}, nil
	})
}
