package e2e_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"trueup/infra/local/stack"
	"trueup/infra/local/vlsc"
	"trueup/internal/access"
)

// refreshed is the record of a refresh.
type refreshed struct {
	ID, Trigger, State, Date               string
	Final                                  bool
	Total, Checked, Valid, Failed, Changed int
	Reason                                 struct{ Code string }
	Hold                                   struct{ State string }
}

// refresh refreshes the whole organisation and waits until the run has ended.
func (s system) refresh() refreshed {
	s.t.Helper()
	var r refreshed
	status, err := s.call(http.MethodPost, "/refreshes", struct{}{}, &r)
	must(s.t, err)
	if status != http.StatusAccepted {
		s.t.Fatalf("POST /refreshes: %d", status)
	}
	return s.ended(r.ID)
}

func (s system) ended(id string) (r refreshed) {
	s.t.Helper()
	for range 2400 {
		r = refreshed{}
		s.get("/refreshes/"+id, &r)
		if r.Final {
			return r
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("the refresh has not ended: %+v", r)
	return r
}

// snapshot returns the rows of a day's stored report; empty if there is none.
func (s system) snapshot(day string) (rows string) {
	s.t.Helper()
	var report struct{ Rows json.RawMessage }
	status, err := s.call(http.MethodGet, "/reports/license-installations?limit=200&date="+day, nil, &report)
	must(s.t, err)
	if status != http.StatusOK {
		return ""
	}
	return string(report.Rows)
}

// TestR7_1_TheNight: the event of the nightly schedule refreshes the organisation and writes
// the snapshot of the day on which it was due (R8.5).
func TestR7_1_TheNight(t *testing.T) {
	t.Parallel()
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "night"})
	defer s.stop()
	s.put("agreements/first-import.csv", sample(t, "first-import.csv"), nil)
	s.put("entitlements/first-statement.csv", sample(t, "statements/first-statement.csv"), nil)
	s.put("inventory/appinvrawdata.csv", sample(t, "inventory/appinvrawdata.csv"), nil)
	s.idle()
	event := sample(t, "nightly.json")
	result, err := s.Invoke(context.Background(), "refresh", []byte(event))
	must(t, err)
	if result.FunctionError != "" {
		t.Fatalf("%s", result.Payload)
	}
	var due struct{ Time time.Time }
	must(t, json.Unmarshal([]byte(event), &due))
	day := due.Time.Format(time.DateOnly)

	var runs page[refreshed]
	s.get("/refreshes?limit=50", &runs)
	var night refreshed
	for _, r := range runs.Items {
		if r.Trigger == "schedule" {
			night = r
		}
	}
	if night.State != "succeeded" || night.Date != day || night.Valid != 12 || night.Checked != 12 {
		t.Errorf("%+v of %+v", night, runs.Items)
	}
	if rows := s.snapshot(day); !strings.Contains(rows, "Office Professional Plus 2016") {
		t.Errorf("the snapshot of %s: %s", day, rows)
	}
	// A repeated event of the same night does not start another run.
	_, err = s.Invoke(context.Background(), "refresh", []byte(event))
	must(t, err)
	var again page[refreshed]
	s.get("/refreshes?limit=50", &again)
	equal(t, "runs", len(again.Items), len(runs.Items))
}

// TestR7_2_ARefreshKilledGoesOn kills the function during a refresh. The retry continues
// with the pairs that were not yet checked.
func TestR7_2_ARefreshKilledGoesOn(t *testing.T) {
	t.Parallel()
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	s := start(t, stack.Options{
		DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "killed-refresh", Service: true,
		RetryDelays: []time.Duration{46 * time.Second}, // longer than the lease of the killed attempt
	})
	defer s.stop()
	const pairs = 1000
	s.VLSC.SetFaults(vlsc.Faults{LatencyMS: 800})
	s.put("agreements/many.csv", agreementsCSV("many", 0, 10, pairs/10), nil)
	s.wait("many.csv")
	for range 3000 {
		if s.VLSC.Stats().Pairs >= pairs/2 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	killed := s.Kill("refresh")
	s.VLSC.SetFaults(vlsc.Faults{})
	s.idle()
	r := s.refresh()
	var runs page[refreshed]
	s.get("/refreshes?limit=50", &runs)
	first := runs.Items[len(runs.Items)-1]
	if killed != 1 || first.State != "succeeded" && first.State != "partial" || first.Checked != pairs || first.Failed != 0 || r.Checked != pairs {
		t.Errorf("killed %d; %+v", killed, runs.Items)
	}
	if letters, err := s.DeadLetters(); err != nil || len(letters) > 0 {
		t.Errorf("%d dead letters, %v", len(letters), err)
	}
}

// TestR7_2_YesterdayStays: when the source is faulty, the last good snapshot is still served.
func TestR7_2_YesterdayStays(t *testing.T) {
	t.Parallel()
	base := usedBy(t, "jo", access.GlobalAdmin)(shared())
	s := start(t, stack.Options{DynamoDBEndpoint: base.DynamoDBEndpoint, TableName: "yesterday", Service: true})
	defer s.stop()
	s.put("agreements/ten.csv", agreementsCSV("ten", 7, 5, 2), nil)
	s.put("inventory/appinvrawdata.csv", sample(t, "inventory/appinvrawdata.csv"), nil)
	s.idle()
	good := s.refresh()
	equal(t, "failed pairs", good.Failed, 0)
	rows := s.snapshot(good.Date)
	if rows == "" {
		t.Fatalf("no snapshot after %+v", good)
	}
	// Only two of the faults, because a failing refresh takes half a minute with its retries.
	// The tests of package vlsc cover all faults.
	for _, mode := range []string{"truncated", "none"} {
		s.VLSC.SetFaults(vlsc.Faults{Mode: mode})
		r := s.refresh()
		if r.State == "succeeded" || r.Reason.Code == "" && r.Hold.State != "held" {
			t.Errorf("%s: %+v", mode, r)
		}
		if got := s.snapshot(good.Date); got != rows {
			t.Errorf("%s: the snapshot is another:\n%s\nwas\n%s", mode, got, rows)
		}
	}
	s.VLSC.SetFaults(vlsc.Faults{Quota: 1, RetryAfter: 1})
	if r := s.refresh(); r.State != "succeeded" {
		t.Errorf("with a quota, which only takes longer: %+v", r)
	}
}
