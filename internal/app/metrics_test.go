package app

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMeasuredLinesAreMetrics(t *testing.T) {
	t.Parallel()
	for message, d := range measured {
		var b bytes.Buffer
		log := slog.New(metricsHandler{slog.NewJSONHandler(&b, nil)}).With("function", "groups")
		attrs := []any{"state", "succeeded"}
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
		if diff := cmp.Diff([]directive{d}, line.AWS.CloudWatchMetrics); diff != "" {
			t.Errorf("%s (-want +got):\n%s", message, diff)
		}
		if line.AWS.Timestamp != line.Time.UnixMilli() {
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
	slog.New(metricsHandler{slog.NewJSONHandler(&b, nil)}).Info("panic", "duration_ms", 1)
	if bytes.Contains(b.Bytes(), []byte("_aws")) {
		t.Errorf("line %s", b.Bytes())
	}
}
