package httpapi

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/id"
	"trueup/internal/once"
)

// MaxBody is the maximum size of a request body in bytes.
const MaxBody = 64 << 10

// Receiving sets what all operations with a body share. most is the maximum size of the
// body in bytes.
func Receiving(op *huma.Operation, most int64) {
	op.MaxBodyBytes = most + 1 // huma rejects a body of this size
	op.BodyReadTimeout = -1    // the whole body is there before the function is called
	op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
}

// Kernel is what the operations of every function need.
type Kernel struct {
	Once  once.Store
	Clock func() time.Time
	NewID func() string // returns a new random seed for an id
	Log   *slog.Logger
}

// Now returns the time as it is stored: in UTC and whole milliseconds.
func (k Kernel) Now() time.Time { return k.Clock().UTC().Truncate(time.Millisecond) }

// Event returns the audit event of a change that needs the permission to manage agreements.
// The store fills in the subject.
func (k Kernel) Event(ctx context.Context, now time.Time, action string) audit.Event {
	return k.EventAs(ctx, access.ManageAgreements, now, action)
}

// EventAs is Event for a change that needs another permission.
func (k Kernel) EventAs(ctx context.Context, permission access.Permission, now time.Time, action string) audit.Event {
	call := access.CallFrom(ctx)
	role, _ := call.Principal.As(permission)
	return audit.Event{
		ID: id.New(now, k.NewID()), At: now, By: call.Principal.Subject, ByName: call.Principal.Name, Role: string(role),
		Action: action, RequestID: call.RequestID, Source: sourceOf(call.Principal),
	}
}

// sourceOf returns how a call arrived. The client of the token says it, which only the issuer sets: a
// header could be sent by every client.
func sourceOf(caller *access.Principal) audit.Source {
	if caller.Console {
		return audit.SourceConsole
	}
	return audit.SourceAPI
}
