package refresher_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"trueup/internal/refresher"
)

// TestR16_3_WhichRefreshesCount: the alarm for 26 hours without a refresh counts complete refreshes of
// the whole organisation from their start, and the alarm for three partial nights counts nights only.
func TestR16_3_WhichRefreshesCount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trigger            refresher.Trigger
		group              string
		source             behavior
		completed, partial bool
		later              bool // after a night, so that not all pairs wait
	}{
		"a night":            {refresher.TriggerSchedule, "", good, true, false, false},
		"a partial night":    {refresher.TriggerSchedule, "", some, true, true, false},
		"a failed night":     {refresher.TriggerSchedule, "", plain, false, false, false},
		"requested":          {refresher.TriggerNow, "", good, true, false, false},
		"requested, partial": {refresher.TriggerNow, "", some, true, false, false},
		"of a group":         {refresher.TriggerNow, "g1", good, false, false, false},
		"a first import":     {refresher.TriggerImport, "", good, true, false, false},
		"a later import":     {refresher.TriggerImport, "", good, false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := populated(t, 10)
				if c.later {
					s.complete(s.request(refresher.TriggerSchedule, "").ID)
				}
				s.source.behave = func(int) behavior { return c.source }
				run := s.request(c.trigger, c.group)
				began := time.Now()
				time.Sleep(time.Minute)
				var log bytes.Buffer
				for next := run.ID; next != ""; {
					worker := s.process(&process{})
					worker.Log = slog.New(slog.NewJSONHandler(&log, nil))
					var err error
					if next, err = worker.Handle(t.Context(), next); err != nil {
						t.Fatal(err)
					}
					if s.runs[run.ID].Final() {
						break
					}
				}
				completed, partial := false, false
				for line := range bytes.Lines(log.Bytes()) {
					var l struct {
						Msg       string    `json:"msg"`
						Run       string    `json:"run"`
						StartedAt time.Time `json:"started_at"`
						Partial   int       `json:"run_partial"`
						Completed int       `json:"run_completed"`
					}
					if err := json.Unmarshal(line, &l); err != nil {
						t.Fatal(err)
					}
					switch {
					case l.Run != run.ID:
					case l.Msg == "refresh ended":
						partial = l.Partial == 1
					case l.Msg == "refresh completed":
						completed = l.Completed == 1
						if !l.StartedAt.Equal(began.Add(time.Minute)) {
							t.Errorf("it began at %s, want %s", l.StartedAt, began.Add(time.Minute))
						}
					}
				}
				if completed != c.completed || partial != c.partial {
					t.Errorf("%s: completed %v, partial %v", numbers(s.runs[run.ID]), completed, partial)
				}
			})
		})
	}
}
