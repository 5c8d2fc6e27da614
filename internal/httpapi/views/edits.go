package views

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/id"
	"trueup/internal/once"
	"trueup/internal/retention"
	"trueup/internal/view"
)

func (o *operations) editOperations() httpapi.Operations {
	return httpapi.Operations{
		"createView":  o.createView,
		"replaceView": o.replaceView,
		"deleteView":  o.deleteView,
	}
}

// definedInput is the body of operations that define a view.
type definedInput struct {
	Body ViewDefinition

	definition view.Definition
}

// checkKey is the key of the check of parameters in the context of a request.
type checkKey struct{}

// Resolve implements huma.Resolver.
func (in *definedInput) Resolve(ctx huma.Context) (refused []error) {
	check, _ := ctx.Context().Value(checkKey{}).(view.Check)
	var broken []errs.Violation
	in.definition, broken = view.Parse(in.Body.draft(), check)
	return httpapi.Refusals(broken)
}

// allowed returns the error for a caller who may not share views and send them on a schedule.
func (in *definedInput) allowed(ctx context.Context) error {
	if !in.Body.Shared && in.Body.Schedule == nil {
		return nil
	}
	return httpapi.Allow(ctx, access.ManageAgreements)
}

// event returns the audit event of a change of a view.
func (o *operations) event(ctx context.Context, now time.Time, action string, v view.View) audit.Event {
	event := o.EventAs(ctx, access.Read, now, action)
	event.Subject = "view/" + v.ID
	return event
}

type createViewInput struct {
	httpapi.Reader
	httpapi.Repeatable
	definedInput
}

type createdView struct {
	Location string `header:"Location" doc:"The address of the view."`
	ETag     string `header:"ETag" doc:"The tag of this version, for If-Match."`
	Body     httpapi.Reply[View]
}

func (o *operations) createView(api huma.API, op huma.Operation) {
	op.Summary = "Save a view"
	op.Description = "Saves the filters, the order and the columns of a report. The rules of the filters are those of the report. Sharing the view and giving it a schedule need the right to manage agreements. " +
		"A schedule begins on its next day, from tomorrow."
	op.DefaultStatus = http.StatusCreated
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createViewInput) (*createdView, error) {
		now, lang, caller := o.Now(), in.Lang(), access.CallFrom(ctx).Principal
		if err := in.allowed(ctx); err != nil {
			return nil, err
		}
		created, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[View]) (httpapi.Reply[View], error) {
			v := view.New(id.New(now, o.NewID()), view.Owner{Subject: caller.Subject, Name: caller.Name}, in.definition, now, o.Zone)
			reply, err := call.Reply(of(lang, caller, v))
			if err != nil {
				return reply, err
			}
			event := o.event(ctx, now, "view.created", v)
			event.After = values(v.Definition)
			return reply.OrFirst(o.Views.Create(ctx, v, view.Seen{At: now, Roles: caller.Roles}, reply.Change(event)))
		})
		if err != nil {
			return nil, err
		}
		v := created.Value
		return &createdView{Location: "/views/" + v.ID, ETag: httpapi.ETag(lang, v.Version), Body: created}, nil
	})
}

type replaceViewInput struct {
	httpapi.Reader
	ViewID
	httpapi.Revision
	definedInput
}

func (o *operations) replaceView(api huma.API, op huma.Operation) {
	op.Summary = "Change a saved view"
	op.Description = "Replaces the whole definition of a view of the caller. A view that is shared or has a schedule, and becomes so or stays so, needs the right to manage agreements; everyone may stop sharing or sending their own. " +
		"Another schedule begins on its next day, from tomorrow, also if the earlier one has stopped."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *replaceViewInput) (*httpapi.Versioned[View], error) {
		now := o.Now()
		var after view.View
		err := httpapi.Revise(ctx, in.Revision, func() (view.View, int64, error) { return o.ownView(ctx, in.ID) }, func(read view.View) error {
			if err := in.allowed(ctx); err != nil {
				return err
			}
			definition := in.definition
			after = read
			if definition.Same(read.Definition) {
				return nil
			}
			if err := o.see(ctx, access.CallFrom(ctx).Principal, now); err != nil {
				return err
			}
			after = read.Edited(definition, now, o.Zone)
			event := o.event(ctx, now, changeOf(read.Definition, definition), after)
			event.Before, event.After = changes(read.Definition, definition)
			_, err := o.Views.Change(ctx, read, after, once.Change{Event: event})
			return err
		})
		if err != nil {
			return nil, err
		}
		lang := in.Lang()
		return httpapi.VersionedOf(httpapi.ETag(lang, after.Version), of(lang, access.CallFrom(ctx).Principal, after)), nil
	})
}

// changeOf returns the action of the audit event of a change.
func changeOf(before, after view.Definition) string {
	switch {
	case !before.SameSchedule(after) && after.Schedule == nil:
		return "view.unscheduled"
	case !before.SameSchedule(after):
		return "view.scheduled"
	case before.Shared != after.Shared && after.Shared:
		return "view.shared"
	case before.Shared != after.Shared:
		return "view.unshared"
	}
	return "view.changed"
}

// values returns a definition for an audit event.
func values(d view.Definition) map[string]string {
	v := map[string]string{"name": d.Name, "report": string(d.Report), "shared": strconv.FormatBool(d.Shared)}
	for name, value := range d.Filters {
		v["filter "+name] = value
	}
	for name, value := range map[string]string{"sort": strings.TrimSpace(d.Sort + " " + d.Order), "columns": strings.Join(d.Columns, ","), "schedule": said(d.Schedule)} {
		if value != "" {
			v[name] = value
		}
	}
	return v
}

// said returns a schedule for an audit event; empty for none.
func said(s *view.Schedule) string {
	if s == nil {
		return ""
	}
	on := string(s.Weekday)
	if s.Day > 0 {
		on = strconv.Itoa(s.Day)
	}
	return strings.Join(slices.DeleteFunc([]string{string(s.Every), on, string(s.Format), string(s.Lang)}, func(s string) bool { return s == "" }), " ")
}

// changes returns what differs between two definitions.
func changes(before, after view.Definition) (was, is map[string]string) {
	was, is = values(before), values(after)
	for name, value := range maps.Clone(was) {
		if now, has := is[name]; has && now == value {
			delete(was, name)
			delete(is, name)
		}
	}
	return was, is
}

// DeletedView is the response to the deletion of a saved view.
type DeletedView struct {
	ID string `json:"id" doc:"The view's id." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

type deleteViewInput struct {
	ViewID
	httpapi.Revision
}

type deleteViewOutput struct{ Body DeletedView }

func (o *operations) deleteView(api huma.API, op huma.Operation) {
	op.Summary = "Delete a saved view"
	op.Description = "Deletes a view of the caller. Global admins can also delete the shared and the scheduled views of others. Its files can no longer be downloaded, and are deleted after " + strconv.Itoa(retention.Restorable) + " days."
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *deleteViewInput) (*deleteViewOutput, error) {
		now := o.Now()
		err := httpapi.Revise(ctx, in.Revision, func() (view.View, int64, error) { return o.overseen(ctx, in.ID) }, func(read view.View) error {
			event := o.event(ctx, now, "view.deleted", read)
			event.Before = values(read.Definition)
			return o.Views.Delete(ctx, read, event)
		})
		if err != nil {
			return nil, err
		}
		return &deleteViewOutput{DeletedView{in.ID}}, nil
	})
}

// overseen returns a view that the caller may stop and delete: an own one, or for who oversees views any that
// they read.
func (o *operations) overseen(ctx context.Context, id string) (view.View, int64, error) {
	if access.CallFrom(ctx).Principal.May(access.OverseeViews) {
		v, err := o.view(ctx, id)
		return v, v.Version, err
	}
	return o.ownView(ctx, id)
}
