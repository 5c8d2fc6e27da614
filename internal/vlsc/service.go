// Package vlsc has the sources of entitlements (R7.4): Statements, for files that an admin
// uploaded, and Service, for a gateway with HTTPS and JSON. VLSC itself has no public API.
//
// The contract of the service is internal/docs/vlsc.json; the reference server is
// infra/local/vlsc. An answer that violates the contract is rejected as a whole, with all pairs
// of its batch. Credentials and tokens never appear in errors or logs.
package vlsc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"trueup/internal/agreement"
	"trueup/internal/entitlement"
	"trueup/internal/retry"
)

// The limits of the contract and of retries.
const (
	BatchSize   = 100 // pairs in a request
	Concurrency = 4   // concurrent requests

	maxResponse     = 8 << 20
	quotaWaits      = 30 // additional attempts after a 429 with Retry-After: concurrent batches compete for the quota
	timeoutDefault  = 20 * time.Second
	longestPause    = 15 * time.Minute // longest accepted Retry-After: the time limit of a Lambda function
	failuresInARow  = Concurrency      // failed batches in a row after which the rest is not tried
	maxEntitlements = 1000             // for a pair
)

// retrying is the policy for one batch. Requests after a new token or a wait for the quota are
// not counted as attempts.
var retrying = retry.Policy{Attempts: 4, First: 200 * time.Millisecond, Longest: 800 * time.Millisecond}

// Config is the configuration of a Service.
type Config struct {
	// Endpoint is the base URL of the service, for the contract's paths. TokenURL is the token
	// endpoint. Both must be https, or http on the loopback address.
	Endpoint, TokenURL string
	// Credentials returns the client ID and secret. It is called for every token, so a changed
	// secret is used after five minutes at most.
	Credentials func(ctx context.Context) (clientID, secret string, err error)
	Transport   http.RoundTripper // nil for a new http.Transport
	Timeout     time.Duration     // for one attempt, including the body; 0 for 20 s
	Now         func() time.Time
	Log         *slog.Logger
}

// Service asks a gateway. It implements entitlement.Source and is safe for concurrent use.
type Service struct {
	config   Config
	endpoint string
	client   *http.Client
	tokens   tokens
	pause    pause
}

var _ entitlement.Source = (*Service)(nil)

// NewService returns a service. It returns an error if a URL is not acceptable.
func NewService(c Config) (*Service, error) {
	for _, address := range []string{c.Endpoint, c.TokenURL} {
		if err := checkAddress(address); err != nil {
			return nil, err
		}
	}
	endpoint, err := url.JoinPath(c.Endpoint, "entitlements")
	if err != nil {
		return nil, fmt.Errorf("vlsc: %w", err)
	}
	if c.Timeout == 0 {
		c.Timeout = timeoutDefault
	}
	if c.Transport == nil {
		c.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: Concurrency,
			TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute,
		}
	}
	client := &http.Client{
		Transport: c.Transport,
		// A redirect would send the token or the secret to another server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Service{
		config: c, endpoint: endpoint, client: client,
		tokens: tokens{config: c, client: client, lock: make(chan struct{}, 1)},
		pause:  pause{now: c.Now},
	}, nil
}

// checkAddress rejects URLs that could expose credentials.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return errors.New("vlsc: an address must have a host and a path, and no credentials or query") // no URL in the error: it may contain credentials
	case u.Scheme == "https", u.Scheme == "http" && slices.Contains([]string{"127.0.0.1", "::1"}, u.Hostname()):
		return nil
	}
	return fmt.Errorf("vlsc: the address of %s must begin with https://", u.Host)
}

// Ask implements entitlement.Source. It asks in batches. A batch that fails after its retries
// affects only its own pairs. After several failures in a row, or when the service rejects the
// credentials, the rest is not tried. If no pair was answered, the error is the fault of the
// first batch.
func (s *Service) Ask(ctx context.Context, pairs []agreement.Pair) ([]entitlement.Answer, error) {
	distinct := make([]agreement.Pair, 0, len(pairs))
	place := make(map[agreement.PairKey]int, len(pairs))
	for _, p := range pairs {
		if _, known := place[p.Key()]; !known {
			place[p.Key()] = len(distinct)
			distinct = append(distinct, p)
		}
	}
	batches := slices.Collect(slices.Chunk(distinct, BatchSize))
	answered := make([][]entitlement.Answer, len(batches))
	faults := make([]*fault, len(batches))
	var hopeless atomic.Pointer[fault]
	var inARow atomic.Int32
	var group errgroup.Group
	group.SetLimit(Concurrency)
	for i, batch := range batches {
		group.Go(func() error {
			if why := hopeless.Load(); why != nil {
				faults[i] = why
				return nil //nolint:nilerr // a fault of a batch is a result
			}
			answered[i], faults[i] = s.batch(ctx, batch)
			why := faults[i]
			if why == nil {
				inARow.Store(0)
				return nil
			}
			s.config.Log.WarnContext(ctx, "entitlement source failed", "reason", why.reason, "pairs", len(batch), "error", why.Error())
			if inARow.Add(1) >= failuresInARow || why.reason == entitlement.ReasonDenied || ctx.Err() != nil {
				hopeless.CompareAndSwap(nil, why)
			}
			return nil
		})
	}
	_ = group.Wait() // always nil: faults of batches are in faults
	if len(batches) > 0 && !slices.Contains(faults, nil) {
		return nil, &entitlement.Fault{Reason: faults[0].reason, Err: faults[0]}
	}
	answers := make([]entitlement.Answer, len(pairs))
	for i, p := range pairs {
		n := place[p.Key()]
		if why := faults[n/BatchSize]; why != nil {
			answers[i] = entitlement.Answer{Pair: p.Key(), State: entitlement.StateError, Reason: why.reason}
			continue
		}
		answers[i] = answered[n/BatchSize][n%BatchSize]
	}
	return answers, nil
}

// batch asks about at most BatchSize distinct pairs, and retries while a retry makes sense.
func (s *Service) batch(ctx context.Context, pairs []agreement.Pair) ([]entitlement.Answer, *fault) {
	question, err := encodeQuestion(pairs)
	if err != nil {
		return nil, &fault{reason: entitlement.ReasonRefused, cause: err}
	}
	var answers []entitlement.Answer
	var why *fault
	fresh := false // the token was renewed after a 401
	waits := 0
	err = retry.Do(ctx, retrying, func() error {
		if !s.pause.wait(ctx) {
			why = &fault{reason: entitlement.ReasonQuota, detail: "asked to wait for too long"}
			return why
		}
		if answers, why = s.attempt(ctx, question, pairs); why == nil {
			return nil
		}
		s.pause.until(why.retryAfter)
		switch {
		case why.status == http.StatusUnauthorized && !why.token && !fresh:
			fresh = true // attempt has discarded the token
			return retry.AtOnce(why)
		case why.status == http.StatusTooManyRequests && why.retryAfter > 0 && waits < quotaWaits:
			waits++
			return retry.AtOnce(why)
		case why.retry:
			return retry.Again(why)
		}
		return why
	})
	if err != nil {
		return nil, why
	}
	return answers, nil
}

// attempt makes one attempt.
func (s *Service) attempt(ctx context.Context, question []byte, pairs []agreement.Pair) ([]entitlement.Answer, *fault) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	token, why := s.tokens.get(ctx)
	if why != nil {
		return nil, why
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, bytes.NewReader(question))
	if err != nil {
		return nil, &fault{reason: entitlement.ReasonRefused, cause: err}
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	body, why := send(ctx, s.client, request, maxResponse, s.config.Now)
	if why != nil {
		if why.status == http.StatusUnauthorized {
			s.tokens.forget(token)
		}
		return nil, why
	}
	answers, err := decodeAnswers(body, pairs)
	if err != nil {
		// Truncated JSON may be complete in a retry; JSON that violates the contract is not
		// retried.
		var syntax *json.SyntaxError
		return nil, &fault{reason: entitlement.ReasonDamaged, cause: err, retry: errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF)}
	}
	return answers, nil
}

// send sends a request and returns the JSON body of a response with status 200.
func send(ctx context.Context, client *http.Client, request *http.Request, most int64, now func() time.Time) ([]byte, *fault) {
	response, err := client.Do(request)
	if err != nil {
		return nil, unreached(ctx, err)
	}
	defer response.Body.Close()
	if why := refused(response, now); why != nil {
		_, _ = io.CopyN(io.Discard, response.Body, 16<<10) // read the body, so that the connection can be reused
		return nil, why
	}
	if kind, _, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, &fault{reason: entitlement.ReasonDamaged, detail: "the answer is not JSON"}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, most+1))
	switch {
	case err != nil:
		return nil, unreached(ctx, err)
	case int64(len(body)) > most:
		return nil, &fault{reason: entitlement.ReasonDamaged, detail: "the answer is too large"}
	}
	return body, nil
}

// unreached returns the fault for a connection that failed.
func unreached(ctx context.Context, err error) *fault {
	reason := entitlement.ReasonUnreachable
	if ctx.Err() != nil {
		reason, err = entitlement.ReasonTimeout, ctx.Err()
	}
	return &fault{reason: reason, cause: err, retry: true}
}

// refused returns the fault for a status other than 200, and nil for 200. It does not use the
// body, which may quote the request.
func refused(response *http.Response, now func() time.Time) *fault {
	f := &fault{status: response.StatusCode}
	switch {
	case f.status == http.StatusOK:
		return nil
	case f.status == http.StatusUnauthorized, f.status == http.StatusForbidden:
		f.reason = entitlement.ReasonDenied
	case f.status == http.StatusTooManyRequests:
		f.reason, f.retry, f.retryAfter = entitlement.ReasonQuota, true, retryAfter(response.Header, now)
	case f.status == http.StatusServiceUnavailable:
		f.reason, f.retry, f.retryAfter = entitlement.ReasonFailed, true, retryAfter(response.Header, now)
	case f.status >= 500:
		f.reason, f.retry = entitlement.ReasonFailed, true
	default:
		f.reason = entitlement.ReasonRefused
	}
	return f
}

// retryAfter reads the Retry-After header, in seconds or as a date; 0 if it is missing or
// invalid.
func retryAfter(header http.Header, now func() time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now()))
	}
	return 0
}

// pause delays all batches while the service asks to wait.
type pause struct {
	now func() time.Time
	mu  sync.Mutex
	end time.Time
}

// until extends the pause to d from now.
func (p *pause) until(d time.Duration) {
	end := p.now().Add(d)
	p.mu.Lock()
	defer p.mu.Unlock()
	if end.After(p.end) {
		p.end = end
	}
}

// wait waits until the pause ends. It returns false at once if the pause ends after ctx's
// deadline or is too long, and when ctx is done.
func (p *pause) wait(ctx context.Context) bool {
	for {
		p.mu.Lock()
		end := p.end
		p.mu.Unlock()
		left := end.Sub(p.now())
		if left <= 0 {
			return true
		}
		if deadline, ok := ctx.Deadline(); left > longestPause || ok && deadline.Before(end) || retry.Sleep(ctx, left) != nil {
			return false
		}
	}
}

// fault is the reason why a batch has no answers.
type fault struct {
	reason     string // of its answers
	status     int    // HTTP status; 0 without a response
	detail     string
	cause      error
	token      bool // the request was for a token
	retry      bool // a retry may succeed
	retryAfter time.Duration
}

// Error returns a text for logs.
func (f *fault) Error() string {
	text := "vlsc: " + f.reason
	if f.token {
		text += " for a token"
	}
	if f.status != 0 {
		text += ": status " + strconv.Itoa(f.status)
	}
	if f.detail != "" {
		text += ": " + f.detail
	}
	if f.cause != nil {
		text += ": " + f.cause.Error()
	}
	return text
}

// Unwrap returns the cause, if any.
func (f *fault) Unwrap() error { return f.cause }
