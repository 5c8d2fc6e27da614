package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/i18n"
	"trueup/internal/id"
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
			g := group.Group{ID: id.New(now, o.NewID()), Name: in.name, CreatedAt: now, Version: 1}
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

// DeletedGroup says that a license group is gone, and where its agreements are.
type DeletedGroup struct {
	ID     string `json:"id" doc:"The group's id." example:"0v5z3m8k2q9x7w4m"`
	Moved  int    `json:"moved" minimum:"0" doc:"How many agreements it had; they are in the built-in group now." example:"12"`
	Notice string `json:"notice" doc:"What the deletion means, in the reader's language."`
}

type deleteGroupInput struct {
	Reader
	GroupID
	Revision
}

type deleteGroupOutput struct{ Body DeletedGroup }

func (o *operations) deleteGroup(api huma.API, op huma.Operation) {
	op.Summary = "Delete a license group"
	op.Description = "Deletes a license group, and moves all of its agreements to the built-in one at the same moment. The built-in group stays."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *deleteGroupInput) (*deleteGroupOutput, error) {
		now := o.now()
		out := &deleteGroupOutput{DeletedGroup{ID: in.ID, Notice: i18n.Text(in.lang(), i18n.GroupDeleted, nil)}}
		err := revise(ctx, in.Revision, func() (group.Group, int64, error) {
			g, err := o.group(ctx, in.ID)
			return g, g.Version, err
		}, func(read group.Group) error {
			out.Body.Moved = read.Agreements
			return o.Groups.DeleteGroup(ctx, read, o.event(ctx, now, "group.deleted"))
		})
		if err != nil {
			return nil, err
		}
		// Exactly how many there were at the moment of the deletion. The group is deleted,
		// whatever comes of this.
		if moved, known, err := o.Register.Moved(ctx, in.ID); err == nil && known {
			out.Body.Moved = moved
		}
		return out, nil
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
			g, err := o.group(ctx, in.ID)
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
