package reports

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/day"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/refresher"
)

// Refresh is the record of one refresh of licence data (R7.1).
type Refresh struct {
	ID          string            `json:"id" doc:"The id of the refresh. Ids sort by time." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	Kind        refresher.Kind    `json:"kind" doc:"The pairs that it asks about. full: every pair; pending: pairs that were added since the last refresh and have no answer."`
	Trigger     refresher.Trigger `json:"trigger" doc:"The reason. schedule: the nightly refresh; now: requested by a user; import: new pairs or another statement; deletion: removed pairs."`
	GroupID     string            `json:"groupId,omitempty" doc:"The license group whose pairs are refreshed; absent for the whole organisation." example:"unassigned"`
	By          string            `json:"by" doc:"Who requested it." example:"someone"`
	Date        day.Date          `json:"date,omitempty" format:"date" doc:"The day whose reports it writes; known once it has started." example:"2026-11-21"`
	State       refresher.State   `json:"state" doc:"partial: some pairs have no answer, or answers are held back; failed: no pair has an answer. Earlier licence data is kept."`
	Final       bool              `json:"final" doc:"Whether it has ended." example:"true"`
	Reason      *httpapi.Reason   `json:"reason,omitempty" doc:"Why it did not succeed; while it runs, why the last pairs have no answer."`
	Hold        *RefreshHold      `json:"hold,omitempty" doc:"Answers that are or were held back because entitlements would drop by more than 20 %."`
	RequestedAt time.Time         `json:"requestedAt" doc:"When it was requested." example:"2026-11-21T09:30:00Z"`
	StartedAt   time.Time         `json:"startedAt,omitzero" doc:"When it started." example:"2026-11-21T09:30:01Z"`
	EndedAt     time.Time         `json:"endedAt,omitzero" doc:"When it ended." example:"2026-11-21T09:31:12Z"`
	Total       int               `json:"total" minimum:"0" doc:"The number of pairs to check." example:"5000"`
	Checked     int               `json:"checked" minimum:"0" doc:"The number of checked pairs; always valid + invalid + failed." example:"5000"`
	Valid       int               `json:"valid" minimum:"0" doc:"The number of pairs that exist." example:"4980"`
	Invalid     int               `json:"invalid" minimum:"0" doc:"The number of pairs that do not exist." example:"15"`
	Failed      int               `json:"failed" minimum:"0" doc:"The number of pairs without an answer, which keep their entitlements." example:"5"`
	Changed     int               `json:"changed" minimum:"0" doc:"The number of pairs whose entitlements changed." example:"12"`
	NextID      string            `json:"nextId,omitempty" doc:"The id of the refresh that follows this one, because this one does not ask about all pairs that were requested since." example:"0v5z3m8k2qd7c1x9w4t6p3r8s3"`
	Progress    int               `json:"progress" minimum:"0" maximum:"100" doc:"The progress in percent." example:"100"`
	Version     int64             `json:"version" minimum:"0" doc:"Grows with every change." example:"9"`
}

// RefreshHold describes the answers that a refresh holds back.
type RefreshHold struct {
	State  refresher.Hold `json:"state" doc:"held: pending approval; discarded: later answers have replaced the held ones."`
	Before int64          `json:"before" minimum:"0" doc:"The number of licences of the answered pairs before." example:"1000"`
	After  int64          `json:"after" minimum:"0" doc:"The number of licences that they would have." example:"480"`
}

func refreshOf(lang i18n.Lang, r refresher.Run) Refresh {
	out := Refresh{
		ID: r.ID, Kind: r.Kind, Trigger: r.Trigger, GroupID: r.GroupID, By: r.By, Date: r.Date, State: r.State, Final: r.Final(),
		RequestedAt: r.RequestedAt.UTC(), StartedAt: r.StartedAt.UTC(), EndedAt: r.EndedAt.UTC(),
		Total: r.Total, Checked: r.Checked, Valid: r.Valid, Invalid: r.Invalid, Failed: r.Failed, Changed: r.Changed,
		Progress: progressOf(r), Version: r.Version,
	}
	if r.Next != nil {
		out.NextID = r.Next.ID
	}
	if r.Reason != "" {
		out.Reason = &httpapi.Reason{Code: r.Reason, Message: i18n.Text(lang, r.Reason, r.ReasonArgs)}
	}
	if r.Hold != refresher.HoldNone {
		out.Hold = &RefreshHold{State: r.Hold, Before: r.Before, After: r.After}
	}
	return out
}

// progressOf returns the progress of a run in percent. It is below 100 until the run ends:
// pairs can be added during the run, and the work after the last pair takes time too.
func progressOf(r refresher.Run) int {
	switch {
	case r.Final():
		return 100
	case r.Total == 0:
		return 0
	}
	return min(99, 100*r.Checked/r.Total)
}

// NewRefresh is a request for a refresh.
type NewRefresh struct {
	GroupID *string `json:"groupId,omitempty" minLength:"1" maxLength:"64" doc:"Refresh only the pairs of this license group; if absent, all pairs of the organisation." example:"unassigned"`
}

type createRefreshInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body NewRefresh
}

// acceptedRefresh is the response to a request for a refresh, which runs asynchronously.
type acceptedRefresh struct {
	Location string `header:"Location" doc:"The address of the refresh."`
	Body     httpapi.Reply[Refresh]
}

func accepted(reply httpapi.Reply[Refresh], err error) (*acceptedRefresh, error) {
	if err != nil {
		return nil, err
	}
	return &acceptedRefresh{Location: "/refreshes/" + reply.Value.ID, Body: reply}, nil
}

func (o *operations) refreshOperations() httpapi.Operations {
	return httpapi.Operations{
		"createRefresh":  o.createRefresh,
		"listRefreshes":  o.listRefreshes,
		"getRefresh":     o.getRefresh,
		"confirmRefresh": o.confirmRefresh,
	}
}

func (o *operations) createRefresh(api huma.API, op huma.Operation) {
	op.Summary = "Refresh licence data now"
	op.Description = "Refreshes the entitlements of every agreement pair of the organisation or of one license group, and writes the reports of the day. " +
		"Only one refresh is open at a time: if there is one, the response is that refresh. If that one does not ask about all requested pairs, the refresh nextId follows it."
	op.DefaultStatus = http.StatusAccepted
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *createRefreshInput) (*acceptedRefresh, error) {
		now, lang := o.Now(), in.Lang()
		return accepted(httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[Refresh]) (reply httpapi.Reply[Refresh], err error) {
			order := refresher.Order{ID: id.New(now, o.NewID()), Kind: refresher.KindFull, Trigger: refresher.TriggerNow}
			event := o.EventAs(ctx, access.RefreshNow, now, "refresh.requested")
			event.After = map[string]string{"kind": string(order.Kind), "trigger": string(order.Trigger)}
			if in.Body.GroupID != nil {
				order.GroupID = *in.Body.GroupID
				event.After["group"] = order.GroupID
				if _, err := o.Groups.Group(ctx, order.GroupID); err != nil {
					return reply, httpapi.Unknown(err, "group_not_found", "groupId", order.GroupID)
				}
			}
			order.By = event.By
			var run refresher.Run
			reply, repeated, err := httpapi.Apply(ctx, call, event, o.Refreshes.RequestNow(order), func(r refresher.Run) Refresh {
				run = r
				return refreshOf(lang, r)
			})
			if err == nil && !repeated && run.State == refresher.StateQueued {
				o.Refreshes.Start(ctx, run.ID)
			}
			return reply, err
		}))
	})
}

func (o *operations) listRefreshes(api huma.API, op huma.Operation) {
	op.Summary = "List refreshes"
	op.Description = "Lists refreshes of licence data, the newest first."
	httpapi.List(api, op, func(ctx context.Context, limit int, cursor string) ([]refresher.Run, string, error) {
		page, err := o.Refreshes.Queue.Runs(ctx, limit, cursor)
		return page.Items, page.Next, err
	}, refreshOf)
}

// RefreshID is the path parameter of a refresh.
type RefreshID struct {
	ID string `path:"id" maxLength:"64" doc:"The refresh's id." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

// RecordID returns the id.
func (i RefreshID) RecordID() string { return i.ID }

type getRefreshInput struct {
	httpapi.Reader
	RefreshID
	httpapi.Condition
}

func (o *operations) getRefresh(api huma.API, op huma.Operation) {
	op.Summary = "Read a refresh"
	op.Description = "Returns the record of one refresh. Poll it with If-None-Match until it is final."
	httpapi.Read[getRefreshInput](api, op, o.run, func(_ context.Context, lang i18n.Lang, r refresher.Run) (Refresh, error) {
		return refreshOf(lang, r), nil
	})
}

// run returns a run and its version.
func (o *operations) run(ctx context.Context, id string) (refresher.Run, int64, error) {
	r, err := o.Refreshes.Queue.Run(ctx, id)
	return r, r.Version, err
}

type confirmRefreshInput struct {
	httpapi.Reader
	RefreshID
	httpapi.Repeatable
	httpapi.Revision
}

func (o *operations) confirmRefresh(api huma.API, op huma.Operation) {
	op.Summary = "Confirm the held answers of a refresh"
	op.Description = "Makes a refresh apply the answers that it holds back because entitlements would drop by more than 20 %, except answers that a later refresh has replaced. It is queued again."
	op.DefaultStatus = http.StatusAccepted
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed)
	huma.Register(api, op, func(ctx context.Context, in *confirmRefreshInput) (*acceptedRefresh, error) {
		now := o.Now()
		return accepted(httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID+" "+in.ID, in.IfMatch, func(call httpapi.Call[Refresh]) (reply httpapi.Reply[Refresh], err error) {
			var confirmed refresher.Run
			err = httpapi.Revise(ctx, in.Revision, func() (refresher.Run, int64, error) { return o.run(ctx, in.ID) }, func(refresher.Run) (err error) {
				confirmed, err = o.Refreshes.Confirm(ctx, in.ID, o.Event(ctx, now, "refresh.confirmed"))
				return err
			})
			if err != nil {
				return reply, err
			}
			o.Refreshes.Start(ctx, confirmed.ID)
			if reply, err = call.Reply(refreshOf(in.Lang(), confirmed)); err != nil {
				return reply, err
			}
			return reply.Remember(ctx, o.Kernel, now)
		}))
	})
}
