package groups

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/id"
)

// GroupName is the name of a license group.
type GroupName struct {
	Name string `json:"name" doc:"Unique, without regard to case and repeated spaces." example:"Sales"`
}

type createGroupInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body GroupName

	name string
}

// Resolve implements huma.Resolver.
func (in *createGroupInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.name, broken = agreement.ParseName(in.Body.Name, false)
	return httpapi.Refusals(broken)
}

type createdGroup struct {
	Location string `header:"Location" doc:"The address of the group."`
	ETag     string `header:"ETag" doc:"The tag of this version, for If-Match."`
	Body     httpapi.Reply[Group]
}

func (o *operations) editOperations() httpapi.Operations {
	return httpapi.Operations{
		"createGroup": o.createGroup,
		"updateGroup": o.updateGroup,
		"deleteGroup": o.deleteGroup,
	}
}

func (o *operations) createGroup(api huma.API, op huma.Operation) {
	op.Summary = "Add a license group"
	op.Description = "Adds an empty license group. The number of groups is limited."
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createGroupInput) (*createdGroup, error) {
		now, lang := o.Now(), in.Lang()
		created, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[Group]) (httpapi.Reply[Group], error) {
			g := group.Group{ID: id.New(now, o.NewID()), Name: in.name, CreatedAt: now, Version: 1}
			reply, err := call.Reply(groupOf(lang, g))
			if err != nil {
				return reply, err
			}
			return reply.OrFirst(o.Groups.CreateGroup(ctx, g, reply.Change(o.Event(ctx, now, "group.created"))))
		})
		if err != nil {
			return nil, err
		}
		g := created.Value
		return &createdGroup{Location: "/groups/" + g.ID, ETag: httpapi.ETag(lang, g.Version, g.AgreementCount), Body: created}, nil
	})
}

// DeletedGroup is the response to the deletion of a license group.
type DeletedGroup struct {
	ID     string `json:"id" doc:"The group's id." example:"0v5z3m8k2q9x7w4m"`
	Moved  int    `json:"moved" minimum:"0" doc:"The number of its agreements, which are now in the built-in group." example:"12"`
	Notice string `json:"notice" doc:"What the deletion means, in the reader's language."`
}

type deleteGroupInput struct {
	httpapi.Reader
	GroupID
	httpapi.Revision
}

type deleteGroupOutput struct{ Body DeletedGroup }

func (o *operations) deleteGroup(api huma.API, op huma.Operation) {
	op.Summary = "Delete a license group"
	op.Description = "Deletes a license group, and moves all of its agreements to the built-in group at the same moment. The built-in group cannot be deleted."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *deleteGroupInput) (*deleteGroupOutput, error) {
		now := o.Now()
		out := &deleteGroupOutput{DeletedGroup{ID: in.ID, Notice: i18n.Text(in.Lang(), i18n.GroupDeleted, nil)}}
		err := httpapi.Revise(ctx, in.Revision, func() (group.Group, int64, error) {
			g, err := o.group(ctx, in.ID)
			return g, g.Version, err
		}, func(read group.Group) error {
			out.Body.Moved = read.Agreements
			return o.Groups.DeleteGroup(ctx, read, o.Event(ctx, now, "group.deleted"))
		})
		if err != nil {
			return nil, err
		}
		// The exact number at the moment of the deletion. The group is deleted, even if this
		// read fails.
		if moved, known, err := o.Register.Moved(ctx, in.ID); err == nil && known {
			out.Body.Moved = moved
		}
		return out, nil
	})
}

type updateGroupInput struct {
	httpapi.Reader
	GroupID
	httpapi.Revision
	Body GroupName

	name string
}

// Resolve implements huma.Resolver.
func (in *updateGroupInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.name, broken = agreement.ParseName(in.Body.Name, false)
	return httpapi.Refusals(broken)
}

func (o *operations) updateGroup(api huma.API, op huma.Operation) {
	op.Summary = "Rename a license group"
	op.Description = "Renames a license group. The built-in group cannot be renamed."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *updateGroupInput) (*httpapi.Versioned[Group], error) {
		now := o.Now()
		var after group.Group
		err := httpapi.Revise(ctx, in.Revision, func() (group.Group, int64, error) {
			g, err := o.group(ctx, in.ID)
			return g, g.Version, err
		}, func(read group.Group) (err error) {
			if after = read; read.ID != group.UnassignedID && read.Name == in.name {
				return nil
			}
			after, err = o.Groups.RenameGroup(ctx, read, in.name, o.Event(ctx, now, "group.renamed"))
			return err
		})
		if err != nil {
			return nil, err
		}
		lang := in.Lang()
		return httpapi.VersionedOf(httpapi.ETag(lang, after.Version, after.Agreements), groupOf(lang, after)), nil
	})
}
