package licenses

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/cursor"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/jobs"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
)

// maxResultsBytes is about the maximum size of the results in a page. A response has at most 6 MB, as a JSON
// string, in which quotes take two bytes.
const maxResultsBytes = 3 << 20

// resultsAfter is the position of a cursor: the number of results before the page.
type resultsAfter struct {
	N int `json:"n"`
}

type listLicenseJobResultsInput struct {
	httpapi.Reader
	httpapi.Paging
	LicenseJobID
}

func (o *operations) listLicenseJobResults(api huma.API, op huma.Operation) {
	op.Summary = "List what a job did for each user"
	op.Description = "Lists one result for each user, in the order of the job. While the job runs, the list ends with the users who are done: read it again when the job is final. A page of long results can have fewer than limit."
	op.Errors = append(op.Errors, http.StatusNotFound)
	type output struct{ Body httpapi.Page[UserResult] }
	huma.Register(api, op, func(ctx context.Context, in *listLicenseJobResultsInput) (*output, error) {
		var after resultsAfter
		list := []string{"license-job-results", in.ID}
		if _, err := cursor.Decode(in.Cursor, &after, list...); err != nil {
			return nil, err
		}
		r, err := o.Jobs.Job(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if after.N < 0 || after.N > r.Position {
			return nil, errs.New(errs.Invalid, "cursor_invalid")
		}
		found, err := jobs.Results(ctx, o.Exports, r, after.N, in.Limit)
		if err != nil {
			return nil, err
		}
		subscriptions, err := o.described(ctx)
		if err != nil {
			return nil, err
		}
		page, size := httpapi.Page[UserResult]{Items: []UserResult{}}, 0
		for i, result := range found.Results {
			item := resultOf(in.Lang(), found.Given[i], result, nil, subscriptions)
			encoded, err := json.Marshal(item)
			if err != nil {
				return nil, err
			}
			if size += len(encoded); size > maxResultsBytes && i > 0 {
				break
			}
			page.Items = append(page.Items, item)
		}
		if end := after.N + len(page.Items); end < r.Position {
			page.NextCursor = cursor.Encode(resultsAfter{end}, list...)
		}
		return &output{page}, nil
	})
}

type exportJobResultsInput struct {
	FileReader
	LicenseJobID
}

func (o *operations) exportJobResults(ctx context.Context, in *exportJobResultsInput) (t httpapi.Export, err error) {
	r, err := o.Jobs.Job(ctx, in.ID)
	if err != nil {
		return t, err
	}
	found, err := jobs.Results(ctx, o.Exports, r, 0, r.Position)
	if err != nil {
		return t, err
	}
	subscriptions, err := o.described(ctx)
	if err != nil {
		return t, err
	}
	lang := in.lang()
	t.Columns = []string{"user", "userPrincipalName", "status", "outcome", "assigned", "changed", "removed", "errors", "codes", "violations", "warnings"}
	t.Rows = func(yield func([]sheet.Value) bool) {
		for i, result := range found.Results {
			shown := resultOf(lang, found.Given[i], result, nil, subscriptions)
			var classes, codes, violations, warnings []string
			for _, v := range shown.Violations {
				classes, codes, violations = append(classes, string(v.Error)), append(codes, v.Code), append(violations, v.Message)
			}
			for _, w := range shown.Warnings {
				warnings = append(warnings, w.Message)
			}
			row := cells(
				shown.User, shown.UPN, strconv.Itoa(shown.Status), string(shown.Outcome), namesOf(shown.Assigned, subscriptions), namesOf(shown.Changed, subscriptions), namesOf(shown.Removed, subscriptions),
				strings.Join(classes, " "), strings.Join(codes, " "), strings.Join(violations, " "), strings.Join(warnings, " "),
			)
			if !yield(row) {
				return
			}
		}
	}
	return t, nil
}

// namesOf returns the names of subscriptions, as in the list of users; the id of one that was deleted.
func namesOf(ids []string, subscriptions map[string]subscription.Holding) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id
		if h, known := subscriptions[id]; known {
			names[i] = h.Name
		}
	}
	return strings.Join(names, "+")
}
