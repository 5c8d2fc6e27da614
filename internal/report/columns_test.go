package report

import (
	"reflect"
	"strings"
	"testing"
)

// TestR8_4_EveryFieldIsAColumn compares the fields of a row as JSON with the columns of the files and the
// page: a file must not say less than the API.
func TestR8_4_EveryFieldIsAColumn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		row     reflect.Type
		columns []string
		without string // ids and evidence, and what another column says
	}{
		"installations": {reflect.TypeFor[Installation](), keys[string](installationColumns), "id mixed movedInBy"},
		"subscriptions": {reflect.TypeFor[SubscriptionRow](), keys[string](subscriptionColumns), "id"},
		"purchases":     {reflect.TypeFor[Purchase](), keys[string](purchaseColumns), "agreementId groupId sources"},
	} {
		has := map[string]bool{}
		for _, c := range test.columns {
			has[c] = true
		}
		for i := range test.row.NumField() {
			field, _, _ := strings.Cut(test.row.Field(i).Tag.Get("json"), ",")
			if left := strings.Contains(" "+test.without+" ", " "+field+" "); has[field] == left {
				t.Errorf("%s: %s is a column: %v", name, field, has[field])
			}
		}
	}
}

func TestR8_4_MixedMetricsInOneCell(t *testing.T) {
	t.Parallel()
	w := WordsIn("en")
	i := Installation{Metric: "core", Mixed: []Quantity{{"core", 0, 16}, {"server", 0, 2}}}
	if cell := metricCell(&i).say(w); cell.Text != "Cores (or packs): 16; Servers: 2" {
		t.Errorf("%+v", cell)
	}
	i.Mixed = []Quantity{{"core", 1, 3}, {"core", 2, 8}, {"processor", 2, 4}}
	if cell := metricCell(&i).say(w); cell.Text != "Cores (or packs): 3; Cores (or packs): 8 × 2 = 16; Processors: 4 × 2 = 8" {
		t.Errorf("%+v", cell)
	}
	i.Mixed = nil
	if cell := metricCell(&i).say(w); cell.Text != "Cores (or packs)" {
		t.Errorf("%+v", cell)
	}
}
