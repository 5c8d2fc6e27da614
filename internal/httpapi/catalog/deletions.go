package catalog

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/inventory"
	"trueup/internal/text"
)

// RuleDeletions is the list of rules to delete.
type RuleDeletions struct {
	IDs []string `json:"ids" doc:"The ids of the rules." example:"[\"own-7k2m9x4w0q\"]"`
}

// DeletedRules is the result of each rule in a call about many.
type DeletedRules struct {
	Items        []RuleResult `json:"items" doc:"One result for each id, in the order of the ids."`
	Succeeded    int          `json:"succeeded" minimum:"0" doc:"How many succeeded." example:"1"`
	Failed       int          `json:"failed" minimum:"0" doc:"How many failed." example:"0"`
	RulesVersion int64        `json:"rulesVersion" minimum:"0" doc:"The version of all rules of admins." example:"5"`
}

// RuleResult is the result for one rule.
type RuleResult struct {
	ID      string `json:"id" doc:"The rule's id." example:"own-7k2m9x4w0q"`
	Status  int    `json:"status" doc:"The HTTP status that a call for this rule alone would return." example:"200"`
	Code    string `json:"code,omitempty" doc:"The reason of the failure. Codes never change." example:"rule_not_found"`
	Message string `json:"message,omitempty" doc:"The reason of the failure and what to do, in the reader's language."`
}

type deleteRulesInput struct {
	httpapi.Reader
	httpapi.Repeatable
	httpapi.Revision
	Body RuleDeletions
}

// Resolve implements huma.Resolver.
func (in *deleteRulesInput) Resolve(huma.Context) []error {
	return httpapi.Refusals(httpapi.ParseIDs(in.Body.IDs))
}

func (o *operations) deleteRules(api huma.API, op huma.Operation) {
	op.Summary = "Delete many rules that recognise titles"
	op.Description = "Deletes rules of an admin, all of them in one change, and returns a result for each. Rules that do not exist and rules of the dictionary of products are skipped. " +
		"Files are then counted again, once, by the remaining rules."
	op.Errors = append(op.Errors, http.StatusPreconditionFailed)
	httpapi.Receiving(&op, httpapi.MaxBody)
	huma.Register(api, op, func(ctx context.Context, in *deleteRulesInput) (*httpapi.Versioned[httpapi.Reply[DeletedRules]], error) {
		now := o.Now()
		deleted, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[DeletedRules]) (httpapi.Reply[DeletedRules], error) {
			return revise(ctx, o, in.Revision, call, func(list inventory.RuleList) (*edit, DeletedRules, error) {
				result, deleted := deletedRules(in.Lang(), list, in.Body.IDs)
				if len(deleted) == 0 {
					return nil, result, nil
				}
				result.RulesVersion++
				event := o.Event(ctx, now, "rules.deleted")
				event.Subject, event.Before = "inventory-rules", deletedValues(deleted)
				return &edit{list.Without(in.Body.IDs...), list.Decisions, event}, result, nil
			})
		})
		if err != nil {
			return nil, err
		}
		return httpapi.VersionedOf(httpapi.ETag(in.Lang(), deleted.Value.RulesVersion), deleted), nil
	})
}

// deletedRules returns the result for each id, with the version of the list, and the rules that exist.
func deletedRules(lang i18n.Lang, list inventory.RuleList, ids []string) (result DeletedRules, rules []inventory.Rule) {
	result = DeletedRules{Items: make([]RuleResult, len(ids)), RulesVersion: list.Version}
	for i, id := range ids {
		result.Items[i] = RuleResult{ID: id, Status: http.StatusOK}
		rule, _, err := list.Find(id)
		if err == nil {
			rules = append(rules, rule)
			continue
		}
		e := errs.As(err)
		result.Items[i].Status, result.Items[i].Code, result.Items[i].Message = httpapi.StatusOf(e.Kind), e.Code, i18n.Text(lang, e.Code, e.Args)
	}
	result.Succeeded, result.Failed = len(rules), len(ids)-len(rules)
	return result, rules
}

// deletedValues returns the values of one audit event for all rules: an event for each would not fit in
// the transaction of the change.
func deletedValues(rules []inventory.Rule) map[string]string {
	ids, names := make([]string, len(rules)), make([]string, len(rules))
	for i, r := range rules {
		ids[i], names[i] = r.ID, r.Name
	}
	return map[string]string{
		"rules": strconv.Itoa(len(rules)), "ids": strings.Join(ids, "; "), "names": text.Shorten(strings.Join(names, "; "), maxEventText),
	}
}
