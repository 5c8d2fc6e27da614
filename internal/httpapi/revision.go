package httpapi

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"trueup/internal/errs"
	"trueup/internal/retry"
)

// maxRevisions is how often a change is built again after others changed the same thing.
const maxRevisions = 10

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

// Revise reads something and writes a change of it. What somebody else changes
// in between is read and changed anew, unless the caller named a version.
func Revise[T any](ctx context.Context, r Revision, read func() (T, int64, error), write func(T) error) error {
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
