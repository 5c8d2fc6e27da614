package httpapi

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"trueup/internal/retry"
)

// rereading is the policy for reads that are answered with 503. Only the deadline of the request
// ends it: the caller waits as long as the gateway lets it, instead of having to ask again.
var rereading = retry.Policy{First: 100 * time.Millisecond, Longest: time.Second}

var errUnavailable = errors.New("the read was answered with 503")

// reread serves a read, and serves it again as long as the answer is 503 and the request has time.
// Only the last answer is sent, and only its cause is logged. A request without a deadline is
// served once.
func reread(w http.ResponseWriter, r *http.Request, serve func(http.ResponseWriter, *http.Request)) {
	if _, limited := r.Context().Deadline(); !limited || r.Method != http.MethodGet {
		serve(w, r)
		return
	}
	var last *attempt
	_ = retry.Do(r.Context(), rereading, func() error { // the error says that there is no more time
		last = &attempt{header: maps.Clone(w.Header())}
		serve(last, r.WithContext(context.WithValue(r.Context(), attemptKey{}, last)))
		if last.status == http.StatusServiceUnavailable {
			return retry.Again(errUnavailable)
		}
		return nil
	})
	last.send(w)
}

// attemptKey is the key in a request's context of the *attempt that collects its answer.
type attemptKey struct{}

// attempt is an answer that is not sent yet.
type attempt struct {
	status int
	header http.Header
	body   bytes.Buffer
	log    func() // logs the cause of a 503; nil if there is none
}

func (a *attempt) Header() http.Header { return a.header }

func (a *attempt) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *attempt) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// send sends the answer, and logs why it is one of 503.
func (a *attempt) send(w http.ResponseWriter) {
	if a.log != nil {
		a.log()
	}
	clear(w.Header())
	maps.Copy(w.Header(), a.header)
	a.WriteHeader(http.StatusOK)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()) // a client that disconnected is not an error
}
