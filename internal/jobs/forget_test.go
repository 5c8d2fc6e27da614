package jobs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"trueup/internal/errs"
	"trueup/internal/jobs"
	"trueup/internal/objects"
	"trueup/internal/retention"
	"trueup/internal/testkit/storetest"
)

// dated is a bucket whose objects were all put at one moment.
type dated struct {
	*storetest.Bucket
	modified time.Time
}

func (b dated) List(_ context.Context, prefix string) (all []objects.Listed, err error) {
	for _, key := range b.Keys() {
		if strings.HasPrefix(key, prefix) {
			all = append(all, objects.Listed{Key: key, Modified: b.modified})
		}
	}
	return all, nil
}

func (b dated) Delete(_ context.Context, keys ...string) error {
	for _, key := range keys {
		b.Remove(key, "")
	}
	return nil
}

// Old inputs and results are deleted, since they name users; records stay, and a job that is not done yet is done.
func TestOldJobsAreForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 60, map[string]int{"suite": 60})
	done := w.make(assign(names(0, 60), "suite"), false)
	must(t, w.Work(t.Context()))
	waits := w.make(assign(names(0, 2), "suite"), false)
	w.files.Add("copies/other.json", "", nil, nil)
	record := w.record(done)
	for _, step := range []struct {
		name     string
		modified time.Time
		days     int
		deleted  int
	}{
		{"everything is kept", noon.AddDate(-2, 0, 0), 0, 0},
		{"the table can be restored to a moment at which the job was open", noon.AddDate(0, 0, -66), 30, 0},
		{"old", noon.AddDate(0, 0, -67), 30, 3}, // the input and two parts
		{"deleted before", noon.AddDate(0, 0, -67), 30, 0},
	} {
		n, err := jobs.Forget(w.Store, dated{w.files, step.modified}).Forget(t.Context(), retention.CutoffOn("2026-11-29", step.days))
		must(t, err)
		same(t, step.name, n, step.deleted)
	}
	if _, err := jobs.Results(t.Context(), w.files, record, 0, 10); errs.CodeOf(err) != "license_job_results_expired" {
		t.Errorf("results that were deleted: %v", err)
	}
	if after, err := w.Store.Job(t.Context(), done); err != nil || after.Counts.Assigned != 60 {
		t.Errorf("the record: %+v %v", after, err)
	}
	same(t, "another prefix", len(w.files.Keys()), 2)
	must(t, w.Work(t.Context()))
	same(t, "the job that waited", w.record(waits).State, jobs.StateSucceeded)
}
