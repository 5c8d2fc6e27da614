package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/audit"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/once"
	"trueup/internal/retry"
)

const (
	rememberFor  = 24 * time.Hour // how long an Idempotency-Key is remembered
	maxBody      = 64 << 10       // bytes of a body
	maxRevisions = 10             // how often a change is made anew on what others changed meanwhile
)

// receiving sets what every operation with a body has, which takes at most
// most bytes.
func receiving(op *huma.Operation, most int64) {
	op.MaxBodyBytes = most + 1 // huma refuses a body of this size
	op.BodyReadTimeout = -1    // the whole event is there before the function is called
	op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
}

// now is the time as it is stored.
func (o *operations) now() time.Time { return o.Clock().UTC().Truncate(time.Millisecond) }

// event is the audit event of a change the caller makes. The store says what
// it happened to.
func (o *operations) event(ctx context.Context, now time.Time, action string) audit.Event {
	return o.eventAs(ctx, access.ManageAgreements, now, action)
}

// eventAs is event of what takes another permission.
func (o *operations) eventAs(ctx context.Context, permission access.Permission, now time.Time, action string) audit.Event {
	call := access.CallFrom(ctx)
	role, _ := call.Principal.As(permission)
	return audit.Event{
		ID: id.New(now, o.NewID()), At: now, By: call.Principal.Subject, Role: string(role),
		Action: action, RequestID: call.RequestID, Source: audit.SourceAPI,
	}
}

// Repeatable is the parameter of a call that can be made safe to repeat.
type Repeatable struct {
	IdempotencyKey string `header:"Idempotency-Key" minLength:"1" maxLength:"128" pattern:"^[A-Za-z0-9._:-]+$" doc:"Makes the call safe to repeat: for a day the same key with the same request is answered as the first time, and nothing is done again." example:"5d1f9c1e-7a55-4f0b-9d0a-2c6f1a6f6d7b"`
}

// once returns what the first call with the Idempotency-Key answered, or what
// do answers now. do gets the entry under which its answer is to be
// remembered; operation and body are what the key stands for. The caller's
// subject is part of the key: nobody can read another's answer by guessing.
func (o *operations) once(ctx context.Context, r Repeatable, now time.Time, operation string, body any, do func(once.Entry) ([]byte, error)) ([]byte, error) {
	if r.IdempotencyKey == "" {
		return do(once.Entry{})
	}
	request, err := encode(body)
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(append([]byte(operation+"\n"), request...))
	entry := once.Entry{
		Key:      access.CallFrom(ctx).Principal.Subject + "/" + r.IdempotencyKey,
		BodyHash: hex.EncodeToString(hash[:]),
		Expires:  now.Add(rememberFor),
	}
	first, err := o.Once.First(ctx, entry, now)
	if err != nil || first != nil {
		return first, err
	}
	answer, err := do(entry)
	if err == nil {
		return answer, nil
	}
	// What stands against it may be what the first call has done meanwhile.
	if first, failed := o.Once.First(ctx, entry, now); failed == nil && first != nil {
		return first, nil
	}
	return nil, err
}

// encode writes JSON as answers are written, without the final line end.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	if err := huma.DefaultJSONFormat.Marshal(&b, v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// stored is an answer that was, or will be, remembered under an
// Idempotency-Key: a T as it was written the first time.
type stored[T any] struct{ json.RawMessage }

// Schema documents the answer as what it is. It implements huma.SchemaProvider.
func (stored[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// read is the answer as a T, for the headers that repeat some of it.
func (s stored[T]) read() (T, error) {
	var v T
	err := json.Unmarshal(s.RawMessage, &v)
	return v, err
}

// Revision is the precondition of a change (R2.12).
type Revision struct {
	IfMatch string `header:"If-Match" maxLength:"1024" pattern:"^(\\*|(W/)?\"[^\"]*\"(\\s*,\\s*(W/)?\"[^\"]*\")*)$" doc:"The ETag of what the caller has seen: when it has changed since, the answer is 412 and nothing is changed. Left out, or *, the change is made to whatever is there." example:"\"3-en\""`
}

// names reports whether the caller has said which version to change.
func (r Revision) names() bool { return r.IfMatch != "" && r.IfMatch != "*" }

// allows reports whether a version may be changed. Tags are compared strongly
// (RFC 9110), but for the language and the counts in them: those are not what
// is changed. See etag.
func (r Revision) allows(version int64) bool {
	if !r.names() {
		return true
	}
	want := strconv.FormatInt(version, 10)
	for candidate := range strings.SplitSeq(r.IfMatch, ",") {
		tag, quoted := strings.CutPrefix(strings.TrimSpace(candidate), `"`)
		tag, _, _ = strings.Cut(strings.TrimSuffix(tag, `"`), "-")
		tag, _, _ = strings.Cut(tag, ".")
		if quoted && tag == want {
			return true
		}
	}
	return false
}

// revise reads something and writes a change of it. What somebody else changes
// in between is read and changed anew, unless the caller named a version.
func revise[T any](ctx context.Context, r Revision, read func() (T, int64, error), write func(T) error) error {
	pauses := retry.Backoff{First: 10 * time.Millisecond, Most: 500 * time.Millisecond}
	for range maxRevisions {
		now, version, err := read()
		if err != nil {
			return err
		}
		if !r.allows(version) {
			return errs.New(errs.Stale, "version_stale")
		}
		err = write(now)
		if errs.KindOf(err) != errs.Stale || r.names() {
			return err
		}
		if err := pauses.Wait(ctx); err != nil {
			return err
		}
	}
	return errs.Wrap(errChanges, errs.Unavailable, "try_again")
}

var errChanges = errors.New("it changes all the time")
