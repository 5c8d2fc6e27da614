package reports_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/httpapi/reports"
	"trueup/internal/view"
)

// The parameters of a view are refused as those of the report are, each once.
func TestR8_8_CheckView(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		report view.Report
		query  string
		want   []string // field: code
	}{
		"nothing chosen":             {view.Purchases, "", nil},
		"filters, order and columns": {view.Purchases, "type=volume&status=expiring&group=a,b&publisher=Adobe&sort=end&order=desc&columns=end,name", nil},
		"switches":                   {view.Installations, "verdict=short&edition=false&deviceGroup=a&sort=difference&order=asc&columns=product", nil},
		"subscriptions":              {view.Subscriptions, "kind=user&status=active&q=e3&sort=unused&order=desc", nil},
		"a comparison":               {view.Comparison, "from=2026-10-21&to=2026-11-21&type=other", nil},
		"a comparison without a day": {view.Comparison, "", []string{"from: parameter_required"}},
		"days that are none":         {view.Comparison, "from=yesterday&to=2026-02-30", []string{"from: date_invalid", "to: date_invalid"}},
		"of another report":          {view.Purchases, "verdict=short&kind=user&sort=surplus", []string{"kind: parameter_unknown", "verdict: parameter_unknown", "sort: value_enum"}},
		"values that are none":       {view.Installations, "edition=maybe&verdict=bad&order=up", []string{"edition: type_boolean", "order: value_enum", "verdict: value_enum"}},
		"columns":                    {view.Purchases, "columns=name,nothing,name", []string{"columns: column_repeated", "columns[1]: value_enum"}},
		"too many groups":            {view.Purchases, "group=" + strings.Repeat("a,", 100) + "a", []string{"group: items_max"}},
		"a long publisher":           {view.Purchases, "publisher=" + strings.Repeat("a", 257), []string{"publisher: length_max"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query, err := url.ParseQuery(test.query)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, v := range reports.CheckView(test.report, query) {
				got = append(got, v.Field+": "+v.Code)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
