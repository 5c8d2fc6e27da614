package e2e_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"trueup/infra/local/stack"
	"trueup/internal/access"
	"trueup/internal/testkit/storetest"
)

// shown returns what the API shows, without values that differ between two requests.
func (s system) shown(day string) map[string]any {
	s.t.Helper()
	all := map[string]any{"snapshot": s.snapshot(day)}
	for name, path := range map[string]string{
		"agreements": "/agreements?limit=200", "groups": "/groups", "imports": "/imports?limit=50", "refreshes": "/refreshes?limit=50",
		"statements": "/statements?limit=50", "publishers": "/catalog/publishers?q=m", "inventory": "/inventory", "audit": "/audit?limit=200",
		"titles": "/inventory/titles?limit=200", "rules": "/inventory/rules?limit=200", "trend": "/reports/trend?from=2026-01-01", "snapshots": "/reports/snapshots?from=2026-01-01",
	} {
		var listed any
		s.get(path, &listed)
		all[name] = listed
	}
	for name, path := range map[string]string{"installed": "/reports/license-installations?limit=200", "bought": "/reports/license-purchases?limit=200"} {
		var report struct{ Rows, Totals any }
		s.get(path, &report)
		all[name] = report
	}
	return all
}

// TestR16_2_RestoredTable restores a table as infra/restore.sh does: into another table,
// which the functions then use, with unchanged buckets. The API must show exactly the state
// at the point in time, later uploads can be imported again, and the next refresh writes a
// snapshot.
func TestR16_2_RestoredTable(t *testing.T) {
	t.Parallel()
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	data := t.TempDir()
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "before-restoring", Data: data})
	stopped := false
	defer func() {
		if !stopped {
			s.stop()
		}
	}()
	s.put("agreements/first-import.csv", sample(t, "first-import.csv"), nil)
	s.put("entitlements/first-statement.csv", sample(t, "statements/first-statement.csv"), nil)
	s.put("inventory/appinvrawdata.csv", sample(t, "inventory/appinvrawdata.csv"), nil)
	s.idle()
	day := s.refresh().Date
	s.refreshed()
	client := s.DynamoDB()
	point, before := storetest.Save(t, client, s.Table), s.shown(day)

	// Changes after the point in time, which are lost.
	const late = "agreements/late.csv"
	s.put(late, agreementsCSV("late", 7, 2, 2), nil)
	s.put("entitlements/first-statement.csv", strings.ReplaceAll(sample(t, "statements/first-statement.csv"), ",1,0", ",3,0"), nil)
	s.put("inventory/appinvrawdata.csv", sample(t, "inventory/appinvrawdata.csv")+"\n", nil)
	s.idle()
	status, err := s.call(http.MethodPost, "/groups", map[string]string{"name": "Lost"}, nil)
	must(t, err)
	equal(t, "POST /groups", status, http.StatusCreated)
	s.refresh()
	s.refreshed()
	lost := s.shown(day)
	for _, name := range []string{"snapshot", "agreements", "groups", "imports", "refreshes", "statements", "installed", "bought", "inventory", "audit"} {
		if same(t, before[name], lost[name]) {
			t.Errorf("nothing has changed of %s: the test shows nothing", name)
		}
	}
	head, err := s.S3().HeadObject(context.Background(), &s3.HeadObjectInput{Bucket: aws.String(stack.UploadsBucket), Key: aws.String(late)})
	must(t, err)
	s.stop()
	stopped = true

	must(t, stack.CreateTable(t.Context(), client, "after-restoring"))
	storetest.Restore(t, client, "after-restoring", point)
	s = start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "after-restoring", Data: data})
	defer s.stop()
	equal(t, "restored", s.shown(day), before)

	again, err := json.Marshal(map[string]any{"Records": []any{map[string]any{
		"eventName": "ObjectCreated:Put", "eventTime": head.LastModified.UTC().Format("2006-01-02T15:04:05Z"), "userIdentity": map[string]string{"principalId": "restore"},
		"s3": map[string]any{"bucket": map[string]string{"name": stack.UploadsBucket}, "object": map[string]any{
			"key": late, "size": *head.ContentLength, "eTag": strings.Trim(*head.ETag, `"`), "versionId": *head.VersionId, "sequencer": "000000000000000000",
		}},
	}}})
	must(t, err)
	for range 2 {
		result, err := s.Invoke(context.Background(), "import", again)
		must(t, err)
		if result.FunctionError != "" {
			t.Fatalf("%s", result.Payload)
		}
	}
	if i := s.wait("late.csv"); i.State != "succeeded" || i.Added != 4 || i.By != "restore" {
		t.Errorf("imported again: %+v", i)
	}
	imports, err := all[imported](s, "/imports?limit=50")
	must(t, err)
	equal(t, "imports", len(imports), 2)
	s.idle()
	s.refreshed()
	s.refresh()
	if rows := s.snapshot(day); rows == "" || rows == lost["snapshot"] {
		t.Errorf("the snapshot of %s after the next refresh: %s", day, rows)
	}
}

func same(t *testing.T, a, b any) bool {
	t.Helper()
	one, err := json.Marshal(a)
	must(t, err)
	other, err := json.Marshal(b)
	must(t, err)
	return string(one) == string(other)
}
