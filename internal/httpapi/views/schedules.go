package views

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/view"
)

func (o *operations) scheduleOperations() httpapi.Operations {
	return httpapi.Operations{
		"stopView":   o.stopView,
		"resumeView": o.resumeView,
		"sendView":   o.sendView,
	}
}

type scheduledInput struct {
	httpapi.Reader
	ViewID
	httpapi.Revision
	httpapi.Repeatable
}

// scheduled adds an operation that changes the schedule of a view. read returns a view that the caller may change,
// and next the changed view, or the view itself if there is nothing to change. The functions in then run after the
// change.
func (o *operations) scheduled(
	api huma.API, op huma.Operation, action string,
	read func(context.Context, string) (view.View, int64, error), next func(context.Context, view.View) (view.View, error), then ...func(context.Context),
) {
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *scheduledInput) (*httpapi.Versioned[httpapi.Reply[View]], error) {
		now, lang, caller := o.Now(), in.Lang(), access.CallFrom(ctx).Principal
		changed, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID+" "+in.ID, nil, func(call httpapi.Call[View]) (reply httpapi.Reply[View], err error) {
			err = httpapi.Revise(ctx, in.Revision, func() (view.View, int64, error) { return read(ctx, in.ID) }, func(v view.View) error {
				if v.Schedule == nil {
					return errs.New(errs.Conflict, "view_unscheduled")
				}
				if v.Owner.Subject == caller.Subject {
					if err := o.see(ctx, caller, now); err != nil {
						return err
					}
				}
				after, err := next(ctx, v)
				if err != nil {
					return err
				}
				if reply, err = call.Reply(of(lang, caller, after)); err != nil || after.Version == v.Version {
					return err
				}
				reply, err = reply.OrFirst(o.Views.Change(ctx, v, after, reply.Change(o.event(ctx, now, action, v))))
				return err
			})
			return reply, err
		})
		if err != nil {
			return nil, err
		}
		for _, f := range then {
			f(ctx)
		}
		return httpapi.VersionedOf(httpapi.ETag(lang, changed.Value.Version), changed), nil
	})
}

func (o *operations) stopView(api huma.API, op huma.Operation) {
	op.Summary = "Stop the schedule of a saved view"
	op.Description = "Makes no more files of a view until its owner starts the schedule again. Global admins can stop the schedule of any view."
	o.scheduled(api, op, "view.stopped", o.overseen, func(ctx context.Context, v view.View) (view.View, error) {
		if v.Sending.State() == view.Stopped {
			return v, nil
		}
		caller := access.CallFrom(ctx).Principal
		reason := view.ReasonAdmin
		if v.Owner.Subject == caller.Subject {
			reason = view.ReasonOwner
		}
		return v.StoppedBy(view.Stop{Reason: reason, At: o.Now(), By: caller.Subject, ByName: caller.Name}, false), nil
	})
}

func (o *operations) resumeView(api huma.API, op huma.Operation) {
	op.Summary = "Start the schedule of a saved view again"
	op.Description = "Starts a schedule that has stopped, from its next day, from tomorrow. If the filters were the reason, change them first."
	o.scheduled(api, op, "view.resumed", o.ownView, func(_ context.Context, v view.View) (view.View, error) {
		if v.Sending.State() == view.Active {
			return v, nil
		}
		return v.Resumed(o.Now(), o.Zone), nil
	})
}

func (o *operations) sendView(api huma.API, op huma.Operation) {
	op.Summary = "Make the file of a saved view now"
	op.Description = "Makes today's file of a view with a schedule, which takes some seconds: its day appears in lastDay. There is one file for each day."
	op.DefaultStatus = http.StatusAccepted
	o.scheduled(api, op, "view.requested", o.ownView, func(ctx context.Context, v view.View) (view.View, error) {
		if v.Sending.State() == view.Stopped {
			return v, errs.New(errs.Conflict, "view_stopped")
		}
		after, ok := v.Asked(o.Now(), o.Zone)
		if !ok {
			return v, errs.New(errs.Conflict, "view_sent_today")
		}
		return after, nil
	}, func(ctx context.Context) {
		if err := o.Deliver(ctx); err != nil {
			o.Log.WarnContext(ctx, "delivery not started", "error", err) // the schedule makes the file within an hour
		}
	})
}
