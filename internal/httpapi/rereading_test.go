package httpapi

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/errs"
	"trueup/internal/httpapi/route"
)

// busyFunction is the function of license groups, with operations that are unavailable for a time
// after its start. Each call takes a second, or until its deadline.
func busyFunction(log *slog.Logger, busy time.Duration) (h http.Handler, calls func() int) {
	begin, n := time.Now(), 0
	type output struct {
		ETag string `header:"ETag"`
		Body struct{ Calls int }
	}
	serve := func(api huma.API, op huma.Operation) {
		huma.Register(api, op, func(ctx context.Context, _ *struct{}) (*output, error) {
			n++
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if time.Since(begin) < busy {
				return nil, errs.New(errs.Unavailable, "try_again")
			}
			out := &output{ETag: `"1"`}
			out.Body.Calls = n
			return out, nil
		})
	}
	all := Operations{}
	for _, r := range route.Of("groups") {
		all[r.Operation] = serve
	}
	return New(Function{Name: "groups", Operations: all, Log: log}), func() int { return n }
}

// A read waits for what is unavailable until its deadline, and no longer. Other methods, and reads
// without a deadline, are answered at once. The log explains each 503 once.
func TestR16_3_ReadsWait(t *testing.T) {
	t.Parallel()
	const limit = 28 * time.Second
	for name, c := range map[string]struct {
		method      string
		busy, limit time.Duration
		status      int
		most        time.Duration // until the answer
		again       bool          // whether it is called more than once
	}{
		"available":              {http.MethodGet, 0, limit, 200, time.Second, false},
		"busy for a moment":      {http.MethodGet, 3 * time.Second, limit, 200, 6 * time.Second, true},
		"busy for a long time":   {http.MethodGet, 25 * time.Second, limit, 200, limit, true},
		"busy for too long":      {http.MethodGet, time.Minute, limit, 503, limit, true},
		"a read without a limit": {http.MethodGet, time.Minute, 0, 503, time.Second, false},
		"a change":               {http.MethodPost, 3 * time.Second, limit, 503, time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				h, calls := busyFunction(slog.New(slog.NewTextHandler(&log, nil)), c.busy)
				ctx := access.WithCall(t.Context(), access.Call{Principal: &access.Principal{Subject: "s", Roles: []access.Role{access.GlobalAdmin}}})
				if c.limit > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.limit)
					defer cancel()
				}
				begin := time.Now()
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequestWithContext(ctx, c.method, "/groups", nil))
				took := time.Since(begin)
				if w.Code != c.status || took > c.most || (calls() > 1) != c.again {
					t.Errorf("%d after %v and %d calls: %s", w.Code, took, calls(), w.Body)
				}
				wanted, header, missing := 0, "ETag", "Retry-After"
				if c.status == http.StatusServiceUnavailable {
					wanted, header, missing = 1, missing, header
				}
				if n := strings.Count(log.String(), "level=WARN msg=unavailable"); n != wanted || strings.Count(log.String(), "\n") != n {
					t.Errorf("the log of a %d: %s", c.status, &log)
				}
				if w.Header().Get(header) == "" || w.Header().Get(missing) != "" || len(w.Header().Values("Vary")) != 1 {
					t.Errorf("headers of a %d: %v", c.status, w.Header())
				}
			})
		})
	}
}
