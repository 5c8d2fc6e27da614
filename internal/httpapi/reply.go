package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/once"
	"trueup/internal/retry"
)

// rememberFor is how long an Idempotency-Key is remembered.
const rememberFor = 24 * time.Hour

// Repeatable is the parameter of an operation that clients can repeat safely.
type Repeatable struct {
	IdempotencyKey string `header:"Idempotency-Key" minLength:"1" maxLength:"128" pattern:"^[A-Za-z0-9._:-]+$" doc:"The idempotency key, which makes retries safe. For one day, a repeated request with the same key gets the first response and has no further effect." example:"5d1f9c1e-7a55-4f0b-9d0a-2c6f1a6f6d7b"`
}

// Reply is the response to a call that can be repeated: its value, and the bytes that are
// sent, which are the bytes of the first call with the Idempotency-Key.
type Reply[T any] struct {
	Value T
	// Entry stores the reply, in the transaction of the change. It is empty if the call has
	// no Idempotency-Key.
	Entry once.Entry

	body json.RawMessage
}

// MarshalJSON implements json.Marshaler.
func (r Reply[T]) MarshalJSON() ([]byte, error) { return r.body, nil }

// Schema documents the reply as its value. It implements huma.SchemaProvider.
func (Reply[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// OrFirst returns the first reply to the call, which a store returned, or r if there is
// none.
func (r Reply[T]) OrFirst(first []byte, err error) (Reply[T], error) {
	if err != nil || first == nil {
		return r, err
	}
	return repeated[T](first)
}

// repeated returns the reply of an earlier call.
func repeated[T any](body []byte) (r Reply[T], err error) {
	r.body = body
	return r, json.Unmarshal(body, &r.Value)
}

// Change returns what a store writes together with the change that the reply describes.
func (r Reply[T]) Change(event audit.Event) once.Change {
	return once.Change{Event: event, Entry: r.Entry}
}

// Apply makes an edit and returns the reply that show builds from its result. If the key of
// the call was used before, it changes nothing, and repeated is true and the reply the
// first one. A reply with a key is stored in the transaction of the edit, so it is built
// from a preview; if the result differs from the preview, Apply retries.
func Apply[T, Shown any](ctx context.Context, call Call[Shown], event audit.Event, edit once.Edit[T], show func(T) Shown) (reply Reply[Shown], repeated bool, err error) {
	if call.entry.Key == "" {
		result, _, err := edit.Apply(ctx, once.Change{Event: event})
		if err != nil {
			return reply, false, err
		}
		reply, err = call.Reply(show(result))
		return reply, false, err
	}
	err = retry.Do(ctx, revising, func() error {
		planned, err := edit.Preview(ctx)
		if err != nil {
			return err
		}
		if reply, err = call.Reply(show(planned)); err != nil {
			return err
		}
		change := reply.Change(event)
		change.Of = planned
		_, first, err := edit.Apply(ctx, change)
		if errors.Is(err, once.ErrOutdated) {
			return retry.Again(err)
		}
		repeated = first != nil
		reply, err = reply.OrFirst(first, err)
		return err
	})
	return reply, repeated, err
}

// Call is one call that can be repeated.
type Call[T any] struct{ entry once.Entry }

// Reply returns the reply with the given value.
func (c Call[T]) Reply(value T) (Reply[T], error) {
	body, err := encode(value)
	r := Reply[T]{Value: value, Entry: c.entry, body: body}
	if r.Entry.Key != "" {
		r.Entry.Response = body
	}
	return r, err
}

// Once returns the reply to the first call with the Idempotency-Key, or else the reply of
// do. The key is bound to operation and body. It contains the caller's subject, so that
// callers cannot read each other's replies.
func Once[T any](ctx context.Context, k Kernel, r Repeatable, now time.Time, operation string, body any, do func(Call[T]) (Reply[T], error)) (Reply[T], error) {
	if r.IdempotencyKey == "" {
		return do(Call[T]{})
	}
	request, err := encode(body)
	if err != nil {
		return Reply[T]{}, err
	}
	hash := sha256.Sum256(append([]byte(operation+"\n"), request...))
	entry := once.Entry{
		Key:      access.CallFrom(ctx).Principal.Subject + "/" + r.IdempotencyKey,
		BodyHash: hex.EncodeToString(hash[:]),
		Expires:  now.Add(rememberFor),
	}
	first, err := k.Once.First(ctx, entry, now)
	if err != nil || first != nil {
		return Reply[T]{}.OrFirst(first, err)
	}
	reply, err := do(Call[T]{entry})
	if err == nil {
		return reply, nil
	}
	// The first call may have been in flight, and the error a conflict with its change.
	if first, failed := k.Once.First(ctx, entry, now); failed == nil && first != nil {
		return repeated[T](first)
	}
	return Reply[T]{}, err
}

// Remember stores the reply to a call that was not one transaction. If another call with
// the key was first, it returns the reply to that call.
func (r Reply[T]) Remember(ctx context.Context, k Kernel, now time.Time) (Reply[T], error) {
	return r.OrFirst(k.Once.Remember(ctx, r.Entry, now))
}

// encode returns a value as JSON, as responses are written, without the final newline.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := huma.DefaultJSONFormat.Marshal(&b, v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
