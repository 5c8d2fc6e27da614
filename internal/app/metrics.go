package app

import (
	"context"
	"log/slog"
)

// namespace is the CloudWatch namespace of the metrics.
const namespace = "trueup"

// measured lists, by the message of a log line, which attributes are metrics. The line is in
// CloudWatch's embedded metric format: CloudWatch extracts the numbers from the log, and the
// code that logs does not depend on it.
var measured = map[string]directive{
	"request": {
		Namespace: namespace, Dimensions: [][]string{{"function"}},
		Metrics: []metric{{"duration_ms", "Milliseconds"}},
	},
	"import ended": {
		Namespace: namespace, Dimensions: [][]string{{"state"}},
		Metrics: []metric{{"duration_ms", "Milliseconds"}, {"rows", "Count"}, {"added", "Count"}, {"rejected", "Count"}},
	},
	"refresh ended": {
		Namespace: namespace, Dimensions: [][]string{{"function"}},
		Metrics: []metric{{"duration_ms", "Milliseconds"}, {"checked", "Count"}, {"changed", "Count"}, {"run_failed", "Count"}, {"run_held", "Count"}},
	},
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []metric
}

type metric struct{ Name, Unit string }

// metricsHandler adds the embedded metric format to the log lines in measured.
type metricsHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h metricsHandler) Handle(ctx context.Context, r slog.Record) error {
	if d, ok := measured[r.Message]; ok {
		r = r.Clone()
		r.AddAttrs(slog.Any("_aws", map[string]any{
			"Timestamp": r.Time.UnixMilli(), "CloudWatchMetrics": []directive{d},
		}))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h metricsHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return metricsHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h metricsHandler) WithGroup(name string) slog.Handler {
	return metricsHandler{h.Handler.WithGroup(name)}
}
