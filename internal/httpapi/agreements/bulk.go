package agreements

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/errs"
	"trueup/internal/group"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/refresher"
	"trueup/internal/text"
)

const (
	bulkParallel = 8                // agreements of a call concurrently
	bulkFor      = 14 * time.Second // then the rest is left to another call
)

// Results is the result of each agreement in a call about many.
type Results struct {
	Items     []Result `json:"items" doc:"One result for each id, in the order of the ids."`
	Succeeded int      `json:"succeeded" minimum:"0" doc:"How many succeeded." example:"1"`
	Failed    int      `json:"failed" minimum:"0" doc:"How many failed." example:"0"`
	Notice    string   `json:"notice,omitempty" doc:"What the result means, in the reader's language."`
}

// Result is the result for one agreement.
type Result struct {
	ID      string `json:"id" doc:"The agreement's id." example:"k3v8t2q9x7w4m5n6"`
	Status  int    `json:"status" doc:"The HTTP status that a call for this agreement alone would return." example:"200"`
	Code    string `json:"code,omitempty" doc:"The reason of the failure. Codes never change." example:"agreement_not_found"`
	Message string `json:"message,omitempty" doc:"The reason of the failure and what to do, in the reader's language."`
}

// each calls do for each agreement, several concurrently.
func (o *operations) each(ctx context.Context, lang i18n.Lang, ids []string, do func(context.Context, string) error) Results {
	ctx, cancel := context.WithTimeout(ctx, bulkFor)
	defer cancel()
	results, causes := Results{Items: make([]Result, len(ids))}, make([]error, len(ids))
	var g errgroup.Group
	g.SetLimit(bulkParallel)
	for i, id := range ids {
		g.Go(func() error {
			err := ctx.Err()
			if err == nil {
				err = do(ctx, id)
			}
			results.Items[i], causes[i] = resultOf(lang, id, err), err
			return nil
		})
	}
	_ = g.Wait()
	failures := map[int][]int{} // by status of 500 and above
	for i, r := range results.Items {
		if r.Status == http.StatusOK {
			results.Succeeded++
		}
		if r.Status >= http.StatusInternalServerError {
			failures[r.Status] = append(failures[r.Status], i)
		}
	}
	for status, items := range failures { // one line per status, because the items mostly share a cause
		httpapi.LogFailure(ctx, status, causes[items[0]], "agreement", ids[items[0]], "items", len(items))
	}
	results.Failed = len(ids) - results.Succeeded
	return results
}

func resultOf(lang i18n.Lang, id string, err error) Result {
	e := errs.As(err)
	switch {
	case err == nil:
		return Result{ID: id, Status: http.StatusOK}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		e = errs.Wrap(err, errs.Unavailable, "try_again")
	case e == nil || e.Kind == errs.Fault:
		e = errs.Wrap(err, errs.Fault, "internal_error")
	}
	return Result{ID: id, Status: httpapi.StatusOf(e.Kind), Code: e.Code, Message: i18n.Text(lang, e.Code, e.Args)}
}

// settled reports whether a retry of the call cannot change the results.
func (r Results) settled() bool {
	for _, item := range r.Items {
		if item.Status >= http.StatusInternalServerError {
			return false
		}
	}
	return true
}

// manyOutput is the response to a call about many agreements.
type manyOutput struct{ Body httpapi.Reply[Results] }

// many answers a call about many agreements. The call is not one transaction: after an
// interruption it can be retried, and completed items stay as they are.
func (o *operations) many(ctx context.Context, r httpapi.Repeatable, operation string, body any, do func() (Results, error)) (*manyOutput, error) {
	now := o.Now()
	reply, err := httpapi.Once(ctx, o.Kernel, r, now, operation, body, func(call httpapi.Call[Results]) (reply httpapi.Reply[Results], err error) {
		results, err := do()
		if err != nil {
			return reply, err
		}
		if reply, err = call.Reply(results); err != nil || !results.settled() {
			return reply, err
		}
		return reply.Remember(ctx, o.Kernel, now)
	})
	if err != nil {
		return nil, err
	}
	return &manyOutput{reply}, nil
}

// Moves is a list of agreements and the license group that they move to.
type Moves struct {
	IDs   []string     `json:"ids" doc:"The ids of the agreements." example:"[\"k3v8t2q9x7w4m5n6\"]"`
	Group *GroupChoice `json:"group" required:"true" doc:"The license group that they move to."`
}

type moveAgreementsInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body Moves

	target agreement.Target
}

// Resolve implements huma.Resolver.
func (in *moveAgreementsInput) Resolve(huma.Context) []error {
	var broken []errs.Violation
	in.target, broken = in.Body.Group.target()
	return httpapi.Refusals(httpapi.ParseIDs(in.Body.IDs), broken)
}

func (o *operations) bulkOperations() httpapi.Operations {
	return httpapi.Operations{
		"moveAgreements":   o.moveAgreements,
		"deleteAgreements": o.deleteAgreements,
	}
}

func (o *operations) moveAgreements(api huma.API, op huma.Operation) {
	op.Summary = "Move many agreements"
	op.Description = "Moves agreements to an existing license group or to a new one, and returns a result for each. Agreements that are already in the group do not change."
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *moveAgreementsInput) (*manyOutput, error) {
		return o.many(ctx, in.Repeatable, op.OperationID, in.Body, func() (Results, error) {
			target, err := o.existing(ctx, in.target)
			if err != nil {
				return Results{}, noSuchGroup(err, in.target)
			}
			return o.each(ctx, in.Lang(), in.Body.IDs, func(ctx context.Context, id string) error {
				_, err := o.change(ctx, id, httpapi.Revision{}, change{Edit: agreement.Edit{Group: &target}})
				return err
			}), nil
		})
	})
}

// existing returns the chosen group by its id if it exists. The error is errs.NotFound
// group_not_found if the choice is an id that does not exist.
func (o *operations) existing(ctx context.Context, chosen agreement.Target) (agreement.Target, error) {
	if chosen.NewName == "" {
		_, err := o.Groups.Group(ctx, chosen.GroupID)
		return chosen, err
	}
	if group.IsReserved(chosen.NewName) {
		return agreement.Target{GroupID: group.UnassignedID}, nil
	}
	groups, err := o.Groups.Groups(ctx)
	for _, g := range groups {
		if text.Fold(g.Name) == text.Fold(chosen.NewName) {
			return agreement.Target{GroupID: g.ID}, nil
		}
	}
	return chosen, err
}

// Deletions is the list of agreements to delete.
type Deletions struct {
	IDs []string `json:"ids" doc:"The ids of the agreements." example:"[\"k3v8t2q9x7w4m5n6\"]"`
}

type deleteAgreementsInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body Deletions
}

// Resolve implements huma.Resolver.
func (in *deleteAgreementsInput) Resolve(huma.Context) []error {
	return httpapi.Refusals(httpapi.ParseIDs(in.Body.IDs))
}

func (o *operations) deleteAgreements(api huma.API, op huma.Operation) {
	op.Summary = "Delete many agreements"
	op.Description = "Deletes agreements with their pairs, and returns a result for each. The licence data includes deleted agreements of type volume until the next refresh. " +
		"The real agreements with the publisher are not affected."
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *deleteAgreementsInput) (*manyOutput, error) {
		return o.many(ctx, in.Repeatable, op.OperationID, in.Body, func() (Results, error) {
			var volume atomic.Bool
			results := o.each(ctx, in.Lang(), in.Body.IDs, func(ctx context.Context, id string) error {
				removed, err := o.remove(ctx, id, httpapi.Revision{})
				if err == nil && removed == agreement.TypeVolume {
					volume.Store(true)
				}
				return err
			})
			switch {
			case volume.Load():
				results.Notice = i18n.Text(in.Lang(), i18n.AgreementDeleted, nil)
				o.Refreshes.PairsChanged(ctx, refresher.TriggerDeletion)
			case results.Succeeded > 0:
				results.Notice = i18n.Text(in.Lang(), i18n.OtherDeleted, nil)
			}
			return results, nil
		})
	})
}
