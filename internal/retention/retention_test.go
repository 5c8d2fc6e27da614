package retention_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/day"
	"trueup/internal/retention"
)

func TestCutoffOn(t *testing.T) {
	t.Parallel()
	for days, want := range map[int]retention.Cutoff{
		0:   {Replaced: "2026-10-24", Yesterday: "2026-11-28"},
		30:  {Data: "2026-10-30", Files: "2026-09-24", Replaced: "2026-10-24", Yesterday: "2026-11-28"},
		365: {Data: "2025-11-29", Files: "2025-10-24", Replaced: "2026-10-24", Yesterday: "2026-11-28"},
	} {
		if diff := cmp.Diff(want, retention.CutoffOn("2026-11-29", days)); diff != "" {
			t.Errorf("%d days (-want +got):\n%s", days, diff)
		}
	}
}

// A step that fails or takes too long stops neither the next one nor the night's job.
func TestSweep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // the clock starts at midnight of 2000-01-01 in UTC
		var log bytes.Buffer
		var calls []string
		step := func(name string, deleted int, err error) retention.Step {
			return retention.Step{Name: name, Forget: func(ctx context.Context, c retention.Cutoff) (int, error) {
				calls = append(calls, name+" "+string(c.Data))
				if name == "slow" {
					<-ctx.Done()
					return deleted, ctx.Err()
				}
				return deleted, err
			}}
		}
		s := &retention.Sweeper{
			Days: 30, Zone: time.FixedZone("west", -5*60*60), Clock: time.Now, Limit: time.Minute, Log: slog.New(slog.NewTextHandler(&log, nil)),
			Steps: []retention.Step{step("broken", 0, errors.New("no table")), step("empty", 0, nil), step("slow", 7, nil), step("last", 2, nil)},
		}
		due := time.Now()
		job := s.WithNight(func(_ context.Context, at time.Time) error {
			calls = append(calls, "job")
			if !at.Equal(due) || time.Since(due) > time.Minute {
				t.Errorf("the job of %v began at %v", at, time.Now())
			}
			return nil
		})
		if err := job(t.Context(), due); err != nil {
			t.Fatal(err)
		}
		want := []string{"broken 1999-12-01", "empty 1999-12-01", "slow 1999-12-01", "last 1999-12-01", "job"}
		if diff := cmp.Diff(want, calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		for line, n := range map[string]int{
			`msg="old data deleted" kind=slow deleted=7 before=1999-12-01`: 1, `msg="old data deleted" kind=last deleted=2`: 1,
			`msg="old data not deleted" kind=broken error="no table"`: 1, `msg="old data not deleted" kind=slow`: 1, "\n": 4,
		} {
			if strings.Count(log.String(), line) != n {
				t.Errorf("%q is not %d times in the log:\n%s", line, n, &log)
			}
		}
	})
}

func TestBefore(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 2*60*60)
	var got []time.Time
	step := retention.Before("events", zone, func(_ context.Context, before time.Time) (int, error) {
		got = append(got, before)
		return 3, nil
	})
	for _, data := range []day.Date{"", "2026-10-30"} {
		if _, err := step.Forget(t.Context(), retention.Cutoff{Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	if want := time.Date(2026, 10, 29, 22, 0, 0, 0, time.UTC); len(got) != 1 || !got[0].Equal(want) {
		t.Errorf("deleted before %v, want once, before %v", got, want)
	}
}

// The guide says for how long files of deleted views are kept.
func TestGuideSaysRestorable(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("can no longer be downloaded, and are deleted after %d days.", retention.Restorable); !strings.Contains(string(guide), want) {
		t.Errorf("internal/docs/guide.md lacks %q", want)
	}
}
