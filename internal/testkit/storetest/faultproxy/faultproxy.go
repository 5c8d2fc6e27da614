// Package faultproxy is an HTTP proxy in front of DynamoDB Local that lets requests fail as
// DynamoDB on AWS does and the local engine never does: conflicts, throttling, server errors,
// replies lost after the write, partly processed batches. It can also model which requests
// conflict, and for how long: see [Contention].
//
// The n-th request of an operation gets the same fault whenever the seed and the faults are the
// same, so a run with the same order of requests is repeatable. The proxy forwards a received
// request even after its client has gone, as a network does. Hooks run before and after each
// request, so a test can kill the client at any of its store calls.
package faultproxy

import (
	"bytes"
	"context"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Hooks are called for every request, in its goroutine: they may block, and may run concurrently
// for two requests. n counts the requests from 1 in the order of arrival, including retries. A
// nil hook is not called.
type Hooks struct {
	Before func(n int, operation string) // the engine has not received the request
	After  func(n int, operation string) // the engine has finished, the client has no reply yet
}

// Proxy is a running proxy.
type Proxy struct {
	URL string

	target string
	seed   uint64
	server *httptest.Server
	client *http.Client
	holds  holds
	pause  func(time.Duration) // while items are held

	mu         sync.Mutex
	faults     Faults
	contention *Contention // nil for none
	hooks      Hooks
	requests   int
	operations map[string]int // requests by operation
	counts     map[Kind]int   // faults that happened
}

// New starts a proxy on a free port of the loopback interface, in front of the engine at the URL
// target. It panics if a fault is impossible.
func New(target string, seed uint64, faults Faults) *Proxy {
	faults.check()
	p := &Proxy{
		target: target,
		seed:   seed,
		// Replies are passed on unchanged, so none is decompressed.
		client:     &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 128}},
		holds:      holds{transactions: map[held]bool{}, writes: map[held]int{}, tokens: map[string]bool{}},
		pause:      time.Sleep,
		faults:     faults,
		operations: map[string]int{},
		counts:     map[Kind]int{},
	}
	p.server = httptest.NewServer(http.HandlerFunc(p.serve))
	p.URL = p.server.URL
	return p
}

// Close waits for the requests in flight and stops the proxy.
func (p *Proxy) Close() {
	p.server.Close()
	p.client.CloseIdleConnections()
}

// SetFaults replaces the faults, from the next request on. It panics if a fault is impossible.
func (p *Proxy) SetFaults(faults Faults) {
	faults.check()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = faults
}

// SetHooks replaces the hooks, from the next request on.
func (p *Proxy) SetHooks(hooks Hooks) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hooks = hooks
}

// Requests returns the number of requests received.
func (p *Proxy) Requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

// Operations returns the number of requests received, by operation.
func (p *Proxy) Operations() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.operations)
}

// Counts returns the number of injected faults, by kind.
func (p *Proxy) Counts() map[Kind]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.counts)
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone before its request was complete
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")

	p.mu.Lock()
	p.requests++
	p.operations[operation]++
	n, hooks, contention := p.requests, p.hooks, p.contention
	fault, source := p.faults.pick(p.seed, operation, p.operations[operation])
	p.mu.Unlock()

	if hooks.Before != nil {
		hooks.Before(n, operation)
	}
	p.delayed(r.Context(), contention)
	answer, happened, err := p.answer(r, contention, operation, body, fault, source)
	if err != nil {
		// A status that DynamoDB does not use, so that no test mistakes it for an answer.
		answer = &reply{status: http.StatusBadGateway, header: http.Header{}, body: []byte("faultproxy: " + err.Error())}
	}
	if happened && err == nil {
		p.mu.Lock()
		p.counts[fault.Kind]++
		p.mu.Unlock()
	} else {
		fault = Fault{}
	}
	if hooks.After != nil {
		hooks.After(n, operation)
	}
	if fault.Kind == CutReply {
		panic(http.ErrAbortHandler) // net/http closes the connection
	}
	maps.Copy(w.Header(), answer.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
	w.WriteHeader(answer.status)
	if fault.Kind == CutBody {
		_, _ = w.Write(answer.body[:len(answer.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(answer.body) // fails if the client has gone
}

// answer returns the reply for the client, and whether the fault was injected.
func (p *Proxy) answer(r *http.Request, contention *Contention, operation string, body []byte, fault Fault, source *rand.Rand) (*reply, bool, error) {
	// The engine gets the request even if the client has gone.
	ctx := context.WithoutCancel(r.Context())
	switch fault.Kind {
	case TransactionConflict, TransactionThrottled, ThroughputExceeded, Throttling, InternalError, AccessDenied:
		answer, err := failure(fault.Kind, operation, body, source)
		return answer, true, err
	case Unprocessed:
		return p.half(ctx, r.Header, operation, body, source)
	case Delay:
		late := time.NewTimer(fault.Delay)
		defer late.Stop()
		select {
		case <-late.C:
		case <-r.Context().Done(): // the client is gone
		}
	}
	answer, err := p.contend(ctx, contention, operation, r.Header, body)
	return answer, fault.Kind != "", err
}

// reply is a complete answer.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// forward sends the request to the engine.
func (p *Proxy) forward(ctx context.Context, header http.Header, body []byte) (*reply, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = header.Clone()
	response, err := p.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return &reply{response.StatusCode, response.Header, read}, nil
}
