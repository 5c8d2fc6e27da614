package catalog

import (
	"context"

	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/inventory"
	"trueup/internal/position"
)

// edit is a change of the admins' rules and decisions.
type edit struct {
	admin     []inventory.Rule
	decisions []inventory.Choices
	event     audit.Event
}

// revise changes the admins' rules and decisions, and starts a recount of the files. plan returns the
// change of the current ones, nil for none, and the value of the reply, with the version after the change.
// A change that is not possible is an error of plan.
func revise[T any](ctx context.Context, o *operations, r httpapi.Revision, call httpapi.Call[T], plan func(inventory.RuleList) (*edit, T, error)) (reply httpapi.Reply[T], err error) {
	changed := false
	err = httpapi.Revise(ctx, r, o.rules(ctx), func(list inventory.RuleList) error {
		change, value, err := plan(list)
		if err != nil {
			return err
		}
		if reply, err = call.Reply(value); err != nil {
			return err
		}
		if changed = change != nil; !changed {
			reply, err = reply.Remember(ctx, o.Kernel, o.Now())
			return err
		}
		_, first, err := o.Counts.SetRules(ctx, list, change.admin, change.decisions, reply.Change(change.event))
		reply, err = reply.OrFirst(first, asConflict(err))
		return err
	})
	if err == nil && changed {
		o.recount(ctx)
	}
	return reply, err
}

// rules returns a function that reads the rules, for Revise.
func (o *operations) rules(ctx context.Context) func() (inventory.RuleList, int64, error) {
	return func() (inventory.RuleList, int64, error) {
		list, err := o.Counts.Rules(ctx)
		return list, list.Version, err
	}
}

// recount starts a recount of files. The function's schedule makes up for a lost call.
func (o *operations) recount(ctx context.Context) {
	if err := o.Recount(ctx); err != nil {
		o.Log.WarnContext(ctx, "recount not called", "error", err)
	}
}

// asConflict converts the error for too many rules: it is a conflict with stored rules, not an
// error in the rule.
func asConflict(err error) error {
	if e := errs.As(err); e != nil && e.Code == "rules_many" {
		return &errs.Error{Kind: errs.Conflict, Code: e.Code, Args: e.Args}
	}
	return err
}

// rulesOf compiles the admins' rules and decisions.
func rulesOf(admin []inventory.Rule, decisions []inventory.Choices) (*inventory.Rules, error) {
	rules, err := inventory.NewRules(admin, decisions)
	return rules, asConflict(err)
}

// reasons returns warnings in a language.
func reasons(lang i18n.Lang, warnings []inventory.Warning) []httpapi.Reason {
	all := make([]httpapi.Reason, len(warnings))
	for i, w := range warnings {
		all[i] = httpapi.Reason{Code: w.Code, Message: i18n.Text(lang, w.Code, w.Args)}
	}
	return all
}

// product returns the product of a body; the zero product if it has none.
func (p *Product) product() position.Product {
	if p == nil {
		return position.Product{}
	}
	return position.Product(*p)
}
