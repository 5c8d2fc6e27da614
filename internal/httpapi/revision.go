package httpapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"trueup/internal/errs"
	"trueup/internal/retry"
)

// revising is the policy for a change that is made again after concurrent changes. One of many callers at once
// succeeds each time, so it ends by the time, before API Gateway stops waiting, and hardly by the attempts.
var revising = retry.Policy{Attempts: 50, Timeout: 20 * time.Second, First: 10 * time.Millisecond, Longest: 500 * time.Millisecond}

// Revision is the precondition of a change (R2.12).
type Revision struct {
	IfMatch string `header:"If-Match" maxLength:"1024" pattern:"^(\\*|(W/)?\"[^\"]*\"(\\s*,\\s*(W/)?\"[^\"]*\")*)$" doc:"The ETag of the version that the caller has read. If it has changed since, the response is 412 and nothing changes. If absent or *, the current version is changed." example:"\"3-en\""`
}

// names reports whether the caller specified a version.
func (r Revision) names() bool { return r.IfMatch != "" && r.IfMatch != "*" }

// Required returns errs.Unconditional if_match_required unless the caller specified a version: a * says
// nothing about what the caller has read.
func (r Revision) Required() error {
	if r.names() {
		return nil
	}
	return errs.New(errs.Unconditional, "if_match_required")
}

// Allows reports whether a version may be changed. Tags are compared strongly (RFC 9110), but
// without their language and parts, which an edit does not change. See ETag.
func (r Revision) Allows(version int64) bool {
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

// Revise reads a value and writes a change of it. After a concurrent change it retries, unless
// the caller specified a version.
func Revise[T any](ctx context.Context, r Revision, read func() (T, int64, error), write func(T) error) error {
	return retry.Do(ctx, revising, func() error {
		now, version, err := read()
		if err != nil {
			return err
		}
		if !r.Allows(version) {
			return errs.New(errs.Stale, "version_stale")
		}
		err = write(now)
		if errs.KindOf(err) == errs.Stale && !r.names() {
			return retry.Again(err)
		}
		return err
	})
}
