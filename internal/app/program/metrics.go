package program

import (
	"context"
	"log/slog"
	"strings"
)

// namespaceOf returns the CloudWatch namespace of the metrics of a function: the name of its stack.
// deployed is the function's name there, such as trueup-refresh; name is its name in the manifest.
func namespaceOf(deployed, name string) string {
	if stack, ok := strings.CutSuffix(deployed, "-"+name); ok && stack != "" {
		return stack
	}
	return "trueup"
}

// measured lists, by the message of a log line, which attributes are metrics. The line is in
// CloudWatch's embedded metric format: CloudWatch extracts the numbers from the log, and the
// code that logs does not depend on it.
var measured = map[string]directive{
	"request": {
		Dimensions: [][]string{{"function"}},
		Metrics:    []metric{{"duration_ms", "Milliseconds"}},
	},
	"import ended": {
		Dimensions: [][]string{{"state"}},
		Metrics:    []metric{{"duration_ms", "Milliseconds"}, {"rows", "Count"}, {"added", "Count"}, {"rejected", "Count"}},
	},
	"refresh ended": {
		Dimensions: [][]string{{"function"}},
		Metrics:    []metric{{"duration_ms", "Milliseconds"}, {"checked", "Count"}, {"changed", "Count"}, {"run_failed", "Count"}, {"run_held", "Count"}, {"run_partial", "Count"}},
	},
	// The time of the metric is the run's start, since which the organisation's data may be old.
	"refresh completed": {
		Dimensions: [][]string{{"function"}},
		Metrics:    []metric{{"run_completed", "Count"}},
		since:      "started_at",
	},
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []metric
	since      string // the attribute with the time of the metrics; empty for the time of the line
}

type metric struct{ Name, Unit string }

// metricsHandler adds the embedded metric format to the log lines in measured.
type metricsHandler struct {
	slog.Handler
	namespace string
}

// Handle implements slog.Handler.
func (h metricsHandler) Handle(ctx context.Context, r slog.Record) error {
	if d, ok := measured[r.Message]; ok {
		d.Namespace = h.namespace
		at := r.Time
		r.Attrs(func(a slog.Attr) bool {
			if d.since != "" && a.Key == d.since && a.Value.Kind() == slog.KindTime {
				at = a.Value.Time()
			}
			return true
		})
		r = r.Clone()
		r.AddAttrs(slog.Any("_aws", map[string]any{"Timestamp": at.UnixMilli(), "CloudWatchMetrics": []directive{d}}))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h metricsHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return metricsHandler{h.Handler.WithAttrs(attrs), h.namespace}
}

// WithGroup implements slog.Handler.
func (h metricsHandler) WithGroup(name string) slog.Handler {
	return metricsHandler{h.Handler.WithGroup(name), h.namespace}
}
