package app

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	local "trueup/infra/local/aws/s3"
	"trueup/internal/app/program"
	"trueup/internal/aws/dynamo"
	"trueup/internal/aws/trigger"
	"trueup/internal/config"
	"trueup/internal/refresher"
	"trueup/internal/register"
	"trueup/internal/testkit/storetest"
)

// TestR3_10_AnImportLeadsToARefresh sends a file's event to the import function as assembled for
// Lambda, and requires that a refresh is stored and called.
func TestR3_10_AnImportLeadsToARefresh(t *testing.T) {
	t.Parallel()
	quiet := slog.New(slog.DiscardHandler)
	called := make(chan string, 10)
	functions := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		called <- r.URL.Path + " " + r.Header.Get("X-Amz-Invocation-Type") + " " + string(body)
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(functions.Close)
	events := make(chan []byte, 10)
	variables := map[string]string{
		"AWS_REGION": local.Region, "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
		"AWS_ENDPOINT_URL_DYNAMODB": storetest.Endpoint(t), "AWS_ENDPOINT_URL_LAMBDA": functions.URL,
	}
	server, err := local.New(local.Options{
		Dir: t.TempDir(), Buckets: []string{"uploads", "reports"}, Keys: []local.Key{{Credentials: aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}, Principal: "AWS:local"}}, Now: time.Now,
		Notify: func(_, _ string, event []byte) error { events <- event; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	files := httptest.NewServer(server)
	t.Cleanup(func() { files.Close(); server.Close() })
	variables["AWS_ENDPOINT_URL_S3"] = files.URL
	c := program.Environment(func(name string) string { return variables[name] })
	settings := config.Config{
		Table: storetest.Table(t), UploadsBucket: "uploads", ReportsBucket: "reports", PairMaxChars: 15, ImportLease: 30 * time.Second,
		RefreshFunction: "trueup-refresh", RefreshTimeZone: time.UTC,
	}
	if _, err := s3.NewFromConfig(c).PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("uploads"), Key: aws.String("agreements/two.csv"), Body: strings.NewReader("0100001,0100001\n0100002,0100002\n"),
	}); err != nil {
		t.Fatal(err)
	}
	event := <-events
	imports := trigger.Handler(Importer(settings, c, quiet), quiet)
	for range 2 { // S3 delivers twice
		if err := imports(t.Context(), json.RawMessage(event)); err != nil {
			t.Fatal(err)
		}
	}
	store := dynamo.Open(storetest.Client(t), settings.Table)
	runs, err := dynamo.NewRefreshes(store, register.New(store.Agreements, store.Journal, noCopies{}, quiet)).Runs(t.Context(), 10, "")
	if err != nil || len(runs.Items) != 1 || runs.Items[0].State != refresher.StateQueued || runs.Items[0].Trigger != refresher.TriggerImport {
		t.Fatalf("%+v, %v", runs.Items, err)
	}
	payload, err := json.Marshal(trigger.RunCall(runs.Items[0].ID))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := <-called, "/2015-03-31/functions/trueup-refresh/invocations Event "+string(payload); got != want || len(called) > 0 {
		t.Errorf("called %s and %d more, want %s", got, len(called), want)
	}
}
