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
//   - A function can have a queue, which delivers its messages as the event source of SQS does:
//     a limited number at once, hidden for a while after each delivery, and to the dead-letter
//     folder after a number of deliveries.
//   - An account can have a limit of executions. Beyond it, callers get ErrThrottled, and
//     asynchronous calls wait. A message waits until its visibility timeout has passed, and then
//     returns to its queue: it was delivered once more, as in the service.
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
	Concurrency int    // 0 for DefaultConcurrency
	Retries     int    // of an asynchronous call, after the first attempt
	Queue       *Queue // nil for a function without a queue
	Schedules   []Schedule
}

// Queue configures a function's queue and its event source. Each delivery has one message.
type Queue struct {
	AtOnce     int           // maximum concurrency of the event source
	Hidden     time.Duration // visibility timeout: from a delivery that failed to the next one
	Deliveries int           // the number after which a message goes to the dead-letter folder
}

// Options configures a Host.
type Options struct {
	Functions   []Function
	Dir         string          // folder of asynchronous calls (pending/) and their failures (dead-letters/)
	Logs        string          // folder of the logs, one file per function
	Console     io.Writer       // receives a short form of the logs; nil discards it
	RetryDelays []time.Duration // also of messages; the last one applies to all further retries; nil for DefaultRetryDelays and Queue.Hidden
	Executions  int             // limit of concurrent executions of all functions; 0 for none
	Now         func() time.Time
}

// Host runs functions.
type Host struct {
	options   Options
	hidden    []time.Duration // delays of messages instead of Queue.Hidden; nil for that
	account   chan struct{}   // one entry per execution; nil without a limit
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
	// ErrThrottled is returned to a caller beyond the account's limit.
	ErrThrottled = errors.New("lambda: rate exceeded")
)

// Start starts a host, which resumes pending asynchronous calls and follows the schedules.
// Children start on demand.
func Start(o Options) (*Host, error) {
	hidden := o.RetryDelays
	if o.RetryDelays == nil {
		o.RetryDelays = DefaultRetryDelays
	}
	if o.Console == nil {
		o.Console = io.Discard
	}
	if err := os.MkdirAll(o.Logs, 0o700); err != nil {
		return nil, err
	}
	h := &Host{options: o, hidden: hidden, functions: map[string]*function{}, closing: make(chan struct{}), killing: make(chan struct{})}
	if o.Executions > 0 {
		h.account = make(chan struct{}, o.Executions)
	}
	for _, f := range o.Functions {
		if _, err := os.Stat(f.Binary); err != nil {
			return nil, fmt.Errorf("the function %s is not built: %w", f.Name, err)
		}
		if f.Concurrency == 0 {
			f.Concurrency = max(DefaultConcurrency, o.Executions)
		}
		log, err := openLog(o.Logs, f.Name, o.Console, o.Now)
		if err != nil {
			return nil, err
		}
		h.functions[f.Name] = &function{
			Function: f, binary: f.Binary, now: o.Now, log: log, killing: h.killing,
			slots: make(chan struct{}, f.Concurrency), workers: map[*worker]bool{},
		}
		if f.Queue != nil {
			h.functions[f.Name].deliveries = make(chan struct{}, f.Queue.AtOnce)
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
	if h.account != nil {
		select {
		case h.account <- struct{}{}:
			defer func() { <-h.account }()
		default:
			return Result{}, ErrThrottled
		}
	}
	return h.invoke(ctx, h.functions[name], newID(), payload)
}

// invokeLater is like Invoke for an asynchronous call or a message, which waits until the account
// has an execution for it. It returns ErrThrottled when it has waited for the time within; 0 for
// no limit.
func (h *Host) invokeLater(f *function, id string, payload []byte, within time.Duration) (Result, error) {
	if h.account != nil {
		var late <-chan time.Time
		if within > 0 {
			limit := time.NewTimer(within)
			defer limit.Stop()
			late = limit.C
		}
		select {
		case h.account <- struct{}{}:
			defer func() { <-h.account }()
		case <-late:
			return Result{}, ErrThrottled
		case <-h.closing:
			return Result{}, ErrClosed
		}
	}
	return h.invoke(context.Background(), f, id, payload)
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

// Send stores a message in a function's queue. If the error is nil, the message will be delivered
// at least once.
func (h *Host) Send(name string, body []byte) (id string, err error) {
	if h.functions[name] == nil || h.functions[name].Queue == nil {
		return "", fmt.Errorf("%w with a queue: %s", ErrNotFound, name)
	}
	return h.queue.send(name, body)
}

// Pending returns the number of asynchronous calls and messages that have neither succeeded nor failed on
// every attempt.
func (h *Host) Pending() int { return h.queue.pending() }

// DeadLetters returns the failures of asynchronous calls and messages, oldest first. Of a message
// there is only the RequestPayload, its body.
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
