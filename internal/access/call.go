package access

import "context"

// Call describes one call before its handler runs.
type Call struct {
	Principal *Principal // nil without a valid token
	RequestID string     // from the gateway; in logs, audit events and problem documents
}

// RequestIDKey is the key of Call.RequestID in log lines.
const RequestIDKey = "request_id"

type callKey struct{}

// WithCall returns a context that carries the call.
func WithCall(ctx context.Context, call Call) context.Context {
	return context.WithValue(ctx, callKey{}, call)
}

// CallFrom returns the call of the context; the zero Call, which has no principal, if there is
// none.
func CallFrom(ctx context.Context) Call {
	call, _ := ctx.Value(callKey{}).(Call)
	return call
}
