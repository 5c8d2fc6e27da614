// Package lambda runs Lambda functions on this machine: the unmodified binaries for
// provided.al2023 run as child processes and use the Lambda Runtime API (version
// 2018-06-01), as in the service.
//
//   - A child handles one invocation at a time. More children start on demand, up to the
//     function's concurrency; idle children are reused. Further callers wait (the service
//     would throttle them, and retry asynchronous calls).
//   - A child that exceeds the timeout or the memory is killed. If a child dies, its invocation fails;
//     the next invocation gets a new child.
//   - An asynchronous call is written to a file before it is accepted, and retried with
//     the service's delays. If it fails for good, the record that Lambda sends to an
//     on-failure destination is written to the dead-letter folder. A restart loses no call.
//   - Children end with this process (on Linux also when it is killed).
package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// Limits and delays of the service.
const (
	DefaultConcurrency = 10 // children of a function without a reserved concurrency
	MaxPayload         = 6 << 20
	MaxAsyncPayload    = 1 << 20
	initTimeout        = 10 * time.Second
)

// DefaultRetryDelays are the delays before the second and third attempts of an asynchronous call.
var DefaultRetryDelays = []time.Duration{time.Minute, 2 * time.Minute}

// Function configures a function.
type Function struct {
	Name        string
	Binary      string   // the executable, "bootstrap" in the service
	Env         []string // "NAME=value", added to the variables that the service sets
	Memory      int      // MB; a child that uses more is killed (on Linux); 0 for no limit
	Timeout     time.Duration
	Concurrency int // 0 for DefaultConcurrency
	Retries     int // of an asynchronous call, after the first attempt
	Schedules   []Schedule
}

// Options configures a Host.
type Options struct {
	Functions   []Function
	Dir         string          // folder of asynchronous calls (pending/) and their failures (dead-letters/)
	Logs        string          // folder of the logs, one file per function
	Console     io.Writer       // receives a short form of the logs; nil discards it
	RetryDelays []time.Duration // the last one applies to all further retries; nil for DefaultRetryDelays
	Now         func() time.Time
}

// Host runs functions.
type Host struct {
	options   Options
	functions map[string]*function
	queue     *queue

	closing chan struct{} // closed when no new invocations may start
	killing chan struct{} // closed when in-flight invocations must end

	mu      sync.Mutex // guards closed; nothing is added to running when closed is true
	closed  bool
	running sync.WaitGroup // invocations and asynchronous calls
}

// Result is the outcome of an invocation, successful or not.
type Result struct {
	RequestID     string
	Payload       []byte // the function's answer, or its error as JSON
	FunctionError string // empty, or "Unhandled"

	outOfMemory bool // the child was killed because of its memory
}

// Errors of Invoke and InvokeAsync for calls that did not take place.
var (
	ErrNotFound = errors.New("lambda: no such function")
	ErrTooLarge = errors.New("lambda: the payload is too large")
	ErrInvalid  = errors.New("lambda: the payload is not JSON")
	ErrClosed   = errors.New("lambda: closed")
)

// Start starts a host, which resumes pending asynchronous calls and follows the schedules.
// Children start on demand.
func Start(o Options) (*Host, error) {
	if o.RetryDelays == nil {
		o.RetryDelays = DefaultRetryDelays
	}
	if o.Console == nil {
		o.Console = io.Discard
	}
	if err := os.MkdirAll(o.Logs, 0o700); err != nil {
		return nil, err
	}
	h := &Host{options: o, functions: map[string]*function{}, closing: make(chan struct{}), killing: make(chan struct{})}
	for _, f := range o.Functions {
		if _, err := os.Stat(f.Binary); err != nil {
			return nil, fmt.Errorf("the function %s is not built: %w", f.Name, err)
		}
		if f.Concurrency == 0 {
			f.Concurrency = DefaultConcurrency
		}
		log, err := openLog(o.Logs, f.Name, o.Console, o.Now)
		if err != nil {
			return nil, err
		}
		h.functions[f.Name] = &function{
			Function: f, binary: f.Binary, now: o.Now, log: log, killing: h.killing,
			slots: make(chan struct{}, f.Concurrency), workers: map[*worker]bool{},
		}
	}
	q, err := openQueue(h)
	if err != nil {
		return nil, err
	}
	h.queue = q
	for _, f := range o.Functions {
		for _, schedule := range f.Schedules {
			go h.follow(f.Name, schedule)
		}
	}
	return h, nil
}

// Invoke calls a function and waits for its answer. If ctx ends first, Invoke returns its
// error, and the function continues, as in the service.
func (h *Host) Invoke(ctx context.Context, name string, payload []byte) (Result, error) {
	switch {
	case h.functions[name] == nil:
		return Result{}, fmt.Errorf("%w: %s", ErrNotFound, name)
	case len(payload) > MaxPayload:
		return Result{}, ErrTooLarge
	case !json.Valid(payload):
		return Result{}, ErrInvalid
	}
	return h.invoke(ctx, h.functions[name], newID(), payload)
}

func (h *Host) invoke(ctx context.Context, f *function, id string, payload []byte) (Result, error) {
	if !h.enter() {
		return Result{}, ErrClosed
	}
	select {
	case f.slots <- struct{}{}:
	case <-ctx.Done():
		h.running.Done()
		return Result{}, ctx.Err()
	case <-h.closing:
		h.running.Done()
		return Result{}, ErrClosed
	}
	type outcome struct {
		result Result
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		defer h.running.Done()
		defer func() { <-f.slots }()
		result, err := f.run(id, payload)
		select {
		case <-h.killing: // the host stopped it, so it is not a failure of the function
			err = ErrClosed
		default:
		}
		done <- outcome{result, err}
	}()
	select {
	case o := <-done:
		return o.result, o.err
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// enter adds to the work that Close waits for. It returns false if the host is closed.
func (h *Host) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.running.Add(1)
	}
	return !h.closed
}

// InvokeAsync stores a call, to be made when the concurrency allows, and returns its
// request id. If the error is nil, the call will be made at least once.
func (h *Host) InvokeAsync(name string, payload []byte) (string, error) {
	switch {
	case h.functions[name] == nil:
		return "", fmt.Errorf("%w: %s", ErrNotFound, name)
	case len(payload) > MaxAsyncPayload:
		return "", ErrTooLarge
	case !json.Valid(payload):
		return "", ErrInvalid
	}
	return h.queue.add(name, payload)
}

// Pending returns the number of asynchronous calls that have neither succeeded nor failed on
// every attempt.
func (h *Host) Pending() int { return h.queue.pending() }

// DeadLetters returns the failures of asynchronous calls, oldest first.
func (h *Host) DeadLetters() ([]DeadLetter, error) { return h.queue.deadLetters() }

// PIDs returns the process ids of a function's children.
func (h *Host) PIDs(name string) []int {
	f := h.functions[name]
	if f == nil {
		return nil
	}
	return f.pids()
}

// Kill kills all children of a function, to simulate crashes, and returns their number.
func (h *Host) Kill(name string) int {
	f := h.functions[name]
	if f == nil {
		return 0
	}
	return f.kill()
}

// Replace switches a function to another binary, as a deployment does: in-flight
// invocations finish with the old one, and later invocations use the new one.
func (h *Host) Replace(name, binary string) error {
	f := h.functions[name]
	if f == nil {
		return fmt.Errorf("%w: %s", ErrNotFound, name)
	}
	if _, err := os.Stat(binary); err != nil {
		return fmt.Errorf("the function %s is not built: %w", name, err)
	}
	f.replace(binary)
	return nil
}

// Close rejects new calls, waits for in-flight calls until ctx ends, and then kills the
// children. Asynchronous calls that have not ended are resumed at the next start.
func (h *Host) Close(ctx context.Context) {
	h.mu.Lock()
	again := h.closed
	h.closed = true
	h.mu.Unlock()
	if again {
		return
	}
	close(h.closing)
	ended := make(chan struct{})
	go func() { h.running.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	close(h.killing)
	<-ended
	for _, f := range h.functions {
		f.stop()
		f.log.Close()
	}
}
