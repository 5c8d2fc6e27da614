package trigger_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/aws/trigger"
)

// TestHTTPSamples: each sample is an event as API Gateway sends it, and must reach the handler
// as the original request.
func TestHTTPSamples(t *testing.T) {
	t.Parallel()
	type arrived struct {
		Request, Language, IdempotencyKey, Body string
		Call                                    access.Call
	}
	for sample, want := range map[string]arrived{
		"http-list-agreements.json": {
			Request: "GET /agreements?group=unassigned&limit=50&q=office", Language: "nl-BE,nl;q=0.9,en;q=0.5",
			Call: access.Call{
				RequestID: "Kd3aGhT0DoEEJ8w=",
				Principal: &access.Principal{Subject: "5a1f0c1e-reader", Roles: []access.Role{access.ServiceAdmin}},
			},
		},
		"http-create-import.json": {
			Request: "POST /imports", Language: "fr", IdempotencyKey: "first-import-2026-11-21",
			Body: `{"fileName": "first-import.csv", "size": 555, "group": "Sales"}`,
			Call: access.Call{
				RequestID: "Kd3bBiZ1joEEMQg=",
				Principal: &access.Principal{Subject: "5a1f0c1e-admin", Roles: []access.Role{access.BillingAdmin, access.UserAdmin}},
			},
		},
	} {
		t.Run(sample, func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(filepath.Join("..", "..", "..", "events", sample))
			if err != nil {
				t.Fatal(err)
			}
			var event events.APIGatewayV2HTTPRequest
			if err := json.Unmarshal(raw, &event); err != nil {
				t.Fatal(err)
			}
			var got arrived
			handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				got = arrived{
					Request: r.Method + " " + r.URL.RequestURI(), Language: r.Header.Get("Accept-Language"),
					IdempotencyKey: r.Header.Get("Idempotency-Key"), Body: string(body), Call: access.CallFrom(r.Context()),
				}
			})
			if _, err := trigger.HTTP(handler, access.SignIn{}, slog.New(slog.DiscardHandler), ticking())(t.Context(), event); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}
