package program

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Two stacks in one account must not share metrics.
func TestR16_1_NamespaceIsTheStack(t *testing.T) {
	t.Parallel()
	for deployed, want := range map[string]string{
		"trueup-refresh": "trueup", "trueup-test-refresh": "trueup-test",
		"refresh": "trueup", "": "trueup", "-refresh": "trueup", // the local stack, and tests
	} {
		if got := namespaceOf(deployed, "refresh"); got != want {
			t.Errorf("%q: %s, want %s", deployed, got, want)
		}
	}
}

func TestMeasuredLinesAreMetrics(t *testing.T) {
	t.Parallel()
	begun := time.Now().Add(-time.Hour)
	for message, d := range measured {
		var b bytes.Buffer
		log := slog.New(metricsHandler{slog.NewJSONHandler(&b, nil), "trueup-test"}).With("function", "groups")
		attrs := []any{"state", "succeeded"}
		if d.since != "" {
			attrs = append(attrs, d.since, begun)
		}
		for _, m := range d.Metrics {
			attrs = append(attrs, m.Name, 12)
		}
		log.Info(message, attrs...)
		var line struct {
			Time time.Time `json:"time"`
			AWS  struct {
				Timestamp         int64
				CloudWatchMetrics []directive
			} `json:"_aws"`
		}
		var fields map[string]any
		for _, to := range []any{&line, &fields} {
			if err := json.Unmarshal(b.Bytes(), to); err != nil {
				t.Fatal(err)
			}
		}
		want := d
		want.Namespace, want.since = "trueup-test", ""
		if diff := cmp.Diff([]directive{want}, line.AWS.CloudWatchMetrics, cmp.AllowUnexported(directive{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", message, diff)
		}
		at := line.Time
		if d.since != "" {
			at = begun
		}
		if line.AWS.Timestamp != at.UnixMilli() {
			t.Errorf("%s: timestamp %d of a line at %s", message, line.AWS.Timestamp, line.Time)
		}
		for _, m := range line.AWS.CloudWatchMetrics[0].Metrics {
			if _, ok := fields[m.Name].(float64); !ok {
				t.Errorf("%s: %s is %v in the line", message, m.Name, fields[m.Name])
			}
		}
		for _, dimension := range line.AWS.CloudWatchMetrics[0].Dimensions[0] {
			if _, ok := fields[dimension].(string); !ok {
				t.Errorf("%s: dimension %s is %v in the line", message, dimension, fields[dimension])
			}
		}
	}
}

func TestOtherLinesAreLeftAlone(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	slog.New(metricsHandler{slog.NewJSONHandler(&b, nil), "trueup"}).Info("panic", "duration_ms", 1)
	if bytes.Contains(b.Bytes(), []byte("_aws")) {
		t.Errorf("line %s", b.Bytes())
	}
}
