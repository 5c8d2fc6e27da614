// Package lambda runs Lambda functions on this machine: the unmodified binaries
// of provided.al2023 as child processes, driven through the Lambda Runtime API
// (version 2018-06-01) as the service does.
//
//   - A child has one invocation at a time; more children start on demand up to
//     the function's concurrency, and idle ones are used again. Callers beyond
//     that wait (where the service would refuse and have asynchronous calls retried).
//   - A child that is over its time is killed. One that dies is an error of its
//     invocation; the next invocation gets a new child.
//   - An asynchronous call is kept in a file before it is accepted, retried with
//     the service's delays, and ends in the dead-letter folder as the record of
//     an on-failure destination. A restart loses none.
//   - No child outlives this process (on Linux also when it is killed).
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

// DefaultRetryDelays are the waits before the second and the third attempt of an asynchronous call.
var DefaultRetryDelays = []time.Duration{time.Minute, 2 * time.Minute}

// Function is one function to run.
type Function struct {
	Name        string
	Binary      string   // the executable, "bootstrap" in the cloud
	Env         []string // "NAME=value", besides what the service sets by itself
	Memory      int      // MB; told to the function, not enforced
	Timeout     time.Duration
	Concurrency int // 0 for DefaultConcurrency
	Retries     int // of an asynchronous call
	Schedules   []Schedule
}

// Options says what to run and where to keep it.
type Options struct {
	Functions   []Function
	Dir         string          // keeps asynchronous calls (pending/) and their failures (dead-letters/)
	Logs        string          // folder of one log per function
	Console     io.Writer       // gets a short form of the logs; nil for nothing
	RetryDelays []time.Duration // the last one counts for further retries; nil for DefaultRetryDelays
	Now         func() time.Time
}

// Host runs functions.
type Host struct {
	options   Options
	functions map[string]*function
	queue     *queue

	closing chan struct{} // no new invocations
	killing chan struct{} // no invocations at all

	mu      sync.Mutex // guards closed, and that nothing is added to running after it
	closed  bool
	running sync.WaitGroup // invocations and asynchronous calls
}

// Result is the outcome of an invocation that took place.
type Result struct {
	RequestID     string
	Payload       []byte // what the function answered, or the error as JSON
	FunctionError string // empty, or "Unhandled"
}

// The errors of Invoke and InvokeAsync, which are about calls that did not take place.
var (
	ErrNotFound = errors.New("lambda: no such function")
	ErrTooLarge = errors.New("lambda: the payload is too large")
	ErrInvalid  = errors.New("lambda: the payload is not JSON")
	ErrClosed   = errors.New("lambda: closed")
)

// Start starts the host: children on demand, the calls that are pending, the schedules.
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

// Invoke calls a function and waits for its answer. When ctx ends first the
// function goes on, as it would in the cloud, and ctx's error is returned.
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
		case <-h.killing: // not the function's fault
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

// enter counts something that Close waits for; false when it is too late.
func (h *Host) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.running.Add(1)
	}
	return !h.closed
}

// InvokeAsync keeps a call, to be made as soon as there is room, and returns
// its request id. When it returns nil the call will be made at least once.
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

// Pending returns how many asynchronous calls have neither succeeded nor failed for good.
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

// Kill kills a function's children, as a crash of each, and returns how many there were.
func (h *Host) Kill(name string) int {
	f := h.functions[name]
	if f == nil {
		return 0
	}
	return f.kill()
}

// Replace has a function run another binary, as a deployment does: invocations in
// progress end with the old one, and all that begin later get the new one.
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

// Close takes no more calls, lets those in progress end until ctx ends, and
// then kills the children. Asynchronous calls that did not end stay for the next start.
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
