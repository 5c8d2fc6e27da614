package trigger_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/aws/trigger"
	"trueup/internal/refresher"
	"trueup/internal/statements"
)

// refreshes records what the handler of the refresh function calls.
type refreshes struct {
	Nights   []string
	Dues     int
	Works    []string
	Received []statements.Source
	By       []string

	due  string // what Due answers
	fail map[string]error
}

func (r *refreshes) Nightly(_ context.Context, due time.Time) (refresher.Run, error) {
	r.Nights = append(r.Nights, due.Format(time.RFC3339))
	return refresher.Run{ID: "night"}, r.fail["Nightly"]
}

func (r *refreshes) Due(context.Context) (string, error) {
	r.Dues++
	return r.due, r.fail["Due"]
}

func (r *refreshes) Work(_ context.Context, id string) error {
	r.Works = append(r.Works, id)
	return r.fail["Work"]
}

func (r *refreshes) Receive(_ context.Context, src statements.Source, by string) error {
	r.Received, r.By = append(r.Received, src), append(r.By, by)
	return r.fail["Receive"]
}

func (r *refreshes) handle(payload []byte) error {
	return trigger.Refresh(trigger.RefreshJobs{
		Refresher: r, Statements: r,
	}, slog.New(slog.DiscardHandler))(context.Background(), payload)
}

func TestRefreshEvents(t *testing.T) {
	t.Parallel()
	put := statements.Source{
		Key: "entitlements/license-summary.csv", Version: "Vr7sLkq2JlcpXroDTDmJ.rmSpXd3dIbQ", ETag: "9c1f8544ce95f1b16a5372d676019ffc",
		Sequencer: "0066E3B1C9D2A4F021", Size: 421, At: time.Date(2026, 11, 21, 8, 31, 5, 123e6, time.UTC),
	}
	for name, want := range map[string]refreshes{
		"nightly.json":          {Nights: []string{"2026-11-21T01:30:00Z"}, Works: []string{"night"}},
		"call-refresh.json":     {Works: []string{"0v5z3m8k2qd7c1x9w4t6p3r8s2"}},
		"schedule.json":         {Dues: 1, Works: []string{"waits"}},
		"s3-put-statement.json": {Received: []statements.Source{put}, By: []string{"AWS:AIDAEXAMPLEUSER01"}, Dues: 1, Works: []string{"waits"}},
		"s3-put.json":           {Dues: 1, Works: []string{"waits"}}, // not a statement
		"s3-object-removed.json": {
			Dues: 1, Works: []string{"waits"},
		},
		"s3-test-event.json": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := refreshes{due: "waits"}
			if err := r.handle(sample(t, name)); err != nil {
				t.Error(err)
			}
			r.due = ""
			if diff := cmp.Diff(want, r, cmp.AllowUnexported(refreshes{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestRefreshCall(t *testing.T) {
	t.Parallel()
	payload, err := json.Marshal(trigger.RefreshCall("another"))
	if err != nil {
		t.Fatal(err)
	}
	var r refreshes
	if err := r.handle(payload); err != nil || len(r.Works) != 1 || r.Works[0] != "another" {
		t.Errorf("%s: %v, %v", payload, r.Works, err)
	}
}

func TestRefreshFaultsAreDeliveredAgain(t *testing.T) {
	t.Parallel()
	fault := errors.New("the table is gone")
	for call, event := range map[string]string{
		"Nightly": "nightly.json", "Due": "schedule.json", "Work": "call-refresh.json", "Receive": "s3-put-statement.json",
	} {
		r := refreshes{due: "waits", fail: map[string]error{call: fault}}
		if err := r.handle(sample(t, event)); !errors.Is(err, fault) {
			t.Errorf("%s: %v", call, err)
		}
	}
	for name, payload := range map[string]string{
		"no JSON": "[", "no records": "{}", "of another": `{"source":"other"}`, "a night without its time": `{"source":"trueup.nightly"}`,
	} {
		if err := new(refreshes).handle([]byte(payload)); err == nil {
			t.Errorf("%s is dealt with", name)
		}
	}
}

func TestRefreshLogsWhatFailed(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := &refreshes{fail: map[string]error{"Work": errors.New("the table is gone"), "Receive": errors.New("so is the bucket")}, due: "waits"}
	handle := trigger.Refresh(trigger.RefreshJobs{Refresher: r, Statements: r}, slog.New(slog.NewJSONHandler(&log, nil)))
	if err := handle(t.Context(), sample(t, "s3-put-statement.json")); err == nil {
		t.Error("no error")
	}
	for _, line := range []string{"statement interrupted", "refresh interrupted"} {
		if strings.Count(log.String(), line) != 1 {
			t.Errorf("%q: %s", line, log.String())
		}
	}
}
