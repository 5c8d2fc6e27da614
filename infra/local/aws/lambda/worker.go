package lambda

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// function is a function with its children.
type function struct {
	Function
	now   func() time.Time
	log   *logFile
	slots chan struct{} // one entry per in-flight invocation
	// deliveries has one entry per message in delivery; nil without a queue.
	deliveries chan struct{}
	killing    <-chan struct{} // closed when in-flight invocations must end

	mu      sync.Mutex
	binary  string    // the executable of new children
	idle    []*worker // a stack: the most recently used child is taken first
	workers map[*worker]bool
}

func (f *function) arn() string {
	return "arn:aws:lambda:" + region + ":" + account + ":function:" + f.Name
}

const (
	region  = "eu-west-1"
	account = "000000000000"
)

// run makes one invocation.
func (f *function) run(id string, payload []byte) (Result, error) {
	started := f.now()
	inv := &invocation{id: id, payload: payload, done: make(chan Result, 1)}
	for {
		w, used, err := f.take()
		if err != nil {
			return Result{}, err
		}
		result, delivered, alive := w.run(inv)
		if alive {
			f.giveBack(w)
		} else {
			f.forget(w)
		}
		if !delivered && used {
			continue // it died while idle and never received the invocation
		}
		f.log.report(id, f.now().Sub(started), result)
		return result, nil
	}
}

// take returns an idle child, or a new one.
func (f *function) take() (w *worker, used bool, err error) {
	for {
		f.mu.Lock()
		n := len(f.idle)
		if n == 0 {
			f.mu.Unlock()
			break
		}
		w = f.idle[n-1]
		f.idle = f.idle[:n-1]
		current := w.binary == f.binary
		f.mu.Unlock()
		if current && !w.killed.Load() {
			return w, true, nil
		}
		f.forget(w)
	}
	if w, err = f.start(); err != nil {
		return nil, false, fmt.Errorf("lambda: start %s: %w", f.Name, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.workers[w] = true
	return w, false, nil
}

func (f *function) giveBack(w *worker) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.idle = append(f.idle, w)
}

// forget ends a child that will not be used again.
func (f *function) forget(w *worker) {
	w.kill()
	<-w.exited
	_ = w.server.Close() // its only client has ended
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.workers, w)
}

func (f *function) pids() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	pids := []int{}
	for w := range f.workers {
		select {
		case <-w.exited:
		default:
			pids = append(pids, w.process.Pid)
		}
	}
	slices.Sort(pids)
	return pids
}

func (f *function) kill() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	for w := range f.workers {
		w.kill()
	}
	return len(f.workers)
}

// replace sets the binary of new children. Children with the old binary get no more
// invocations.
func (f *function) replace(binary string) {
	f.mu.Lock()
	f.binary = binary
	idle := f.idle
	f.idle = nil
	f.mu.Unlock()
	for _, w := range idle {
		f.forget(w)
	}
}

// stop ends all idle children. It must be called when no invocation is in flight.
func (f *function) stop() {
	f.mu.Lock()
	idle := f.idle
	f.idle = nil
	f.mu.Unlock()
	for _, w := range idle {
		f.forget(w)
	}
}

// invocation is one call handled by a child.
type invocation struct {
	id      string
	payload []byte
	done    chan Result // buffered: receives one result
}

// worker is a child process and the server of its Runtime API.
type worker struct {
	f       *function
	binary  string // the child's executable
	server  *http.Server
	process *os.Process
	next    chan *invocation // received by the child's request for the next invocation
	exited  chan struct{}
	exit    error       // why the child ended; valid when exited is closed
	killed  atomic.Bool // the child is ending, although its request may still be open

	mu        sync.Mutex
	current   *invocation
	initError []byte
}

func (f *function) start() (*worker, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	w := &worker{f: f, binary: f.binary, next: make(chan *invocation), exited: make(chan struct{})}
	f.mu.Unlock()
	w.server = &http.Server{Handler: w.routes()}
	go func() { _ = w.server.Serve(listener) }() // until it is closed

	cmd := exec.Command(w.binary)
	cmd.SysProcAttr = childAttributes()
	cmd.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + listener.Addr().String(),
		"AWS_LAMBDA_FUNCTION_NAME=" + f.Name,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(f.Memory),
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_FORMAT=JSON",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + f.Name,
		"AWS_REGION=" + region,
		"AWS_DEFAULT_REGION=" + region,
		"LANG=en_US.UTF-8",
		"TZ=:UTC",
		"PATH=" + os.Getenv("PATH"),
	}, f.Env...)
	output := f.log.lines()
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = time.Second

	started := make(chan error, 1)
	go func() {
		// The kernel kills the child when the thread that started it ends.
		runtime.LockOSThread()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		w.process = cmd.Process
		started <- nil
		w.exit = cmd.Wait()
		output.flush()
		close(w.exited)
	}()
	if err := <-started; err != nil {
		_ = w.server.Close() // no client is connected
		return nil, err
	}
	return w, nil
}

func (w *worker) kill() {
	w.killed.Store(true)
	_ = w.process.Kill() // fails only when the child has ended already
}

// run passes an invocation to the child and waits for the outcome. delivered is false if
// the child ended or timed out before it requested an invocation.
func (w *worker) run(inv *invocation) (r Result, delivered, alive bool) {
	start := time.NewTimer(initTimeout)
	defer start.Stop()
	select {
	case <-w.exited: // checked first, so that the invocation is not sent to a dead connection
		return w.ended(inv), false, false
	default:
	}
	select {
	case w.next <- inv:
	case <-w.exited:
		return w.ended(inv), false, false
	case <-w.f.killing:
		return failed(inv, "Runtime.ExitError", "the host stops"), true, false
	case <-start.C:
		return failed(inv, "Sandbox.Timedout", fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", inv.id, initTimeout.Seconds())), false, false
	}
	deadline := time.NewTimer(w.f.Timeout)
	defer deadline.Stop()
	select {
	case r := <-inv.done:
		return r, true, true
	case <-w.exited:
		select {
		case r := <-inv.done: // it answered and then ended, for example after a panic
			return r, true, false
		default:
			return w.ended(inv), true, false
		}
	case <-w.f.killing:
		return failed(inv, "Runtime.ExitError", "the host stops"), true, false
	case <-deadline.C:
		return failed(inv, "Sandbox.Timedout", fmt.Sprintf("RequestId: %s Error: Task timed out after %.2f seconds", inv.id, w.f.Timeout.Seconds())), true, false
	}
}

// ended returns the outcome of an invocation whose child has ended.
func (w *worker) ended(inv *invocation) Result {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.initError != nil {
		return Result{RequestID: inv.id, Payload: w.initError, FunctionError: "Unhandled"}
	}
	reason := "exit status 0"
	if w.exit != nil {
		reason = w.exit.Error()
	}
	return failed(inv, "Runtime.ExitError", fmt.Sprintf("RequestId: %s Error: Runtime exited with error: %s", inv.id, reason))
}

func failed(inv *invocation, kind, message string) Result {
	payload, _ := json.Marshal(map[string]string{"errorType": kind, "errorMessage": message}) // a map of strings always marshals
	return Result{RequestID: inv.id, Payload: payload, FunctionError: "Unhandled"}
}

// accepted is the Runtime API's response to a reported outcome.
const accepted = `{"status":"OK"}`

// routes returns the handler of the Runtime API.
func (w *worker) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", w.handleNext)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", w.handleResponse)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", w.handleError)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", w.handleInitError)
	return mux
}

func (w *worker) handleNext(rw http.ResponseWriter, r *http.Request) {
	select {
	case inv := <-w.next:
		w.mu.Lock()
		w.current = inv
		w.mu.Unlock()
		h := rw.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(w.f.now().Add(w.f.Timeout).UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", w.f.arn())
		h.Set("Lambda-Runtime-Trace-Id", newTrace(w.f.now()))
		_, _ = rw.Write(inv.payload) // fails only when the child has ended, which run notices
	case <-r.Context().Done():
	}
}

func (w *worker) handleResponse(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, MaxPayload))
	var tooLarge *http.MaxBytesError
	switch kind := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); {
	case errors.As(err, &tooLarge):
		w.settle(rw, r, func(inv *invocation) Result {
			return failed(inv, "Function.ResponseSizeTooLarge", fmt.Sprintf("Response payload size exceeded maximum allowed payload size (%d bytes).", MaxPayload))
		}, http.StatusRequestEntityTooLarge)
	case err != nil:
		return // the child died, which run notices
	case kind != "":
		w.settle(rw, r, func(inv *invocation) Result { return failed(inv, kind, "the response broke off") }, http.StatusAccepted)
	default:
		w.settle(rw, r, func(inv *invocation) Result { return Result{RequestID: inv.id, Payload: body} }, http.StatusAccepted)
	}
}

func (w *worker) handleError(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, MaxPayload))
	if err != nil {
		return
	}
	w.settle(rw, r, func(inv *invocation) Result {
		if !json.Valid(body) {
			return failed(inv, "Runtime.Unknown", string(body))
		}
		return Result{RequestID: inv.id, Payload: body, FunctionError: "Unhandled"}
	}, http.StatusAccepted)
}

// settle ends the in-flight invocation if the request has its id.
func (w *worker) settle(rw http.ResponseWriter, r *http.Request, result func(*invocation) Result, status int) {
	w.mu.Lock()
	inv := w.current
	if inv == nil || inv.id != r.PathValue("id") {
		w.mu.Unlock()
		http.Error(rw, `{"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}`, http.StatusBadRequest)
		return
	}
	w.current = nil
	w.mu.Unlock()
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, accepted)
	inv.done <- result(inv)
}

func (w *worker) handleInitError(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, MaxPayload))
	if err != nil {
		return
	}
	w.mu.Lock()
	w.initError = body
	w.mu.Unlock()
	rw.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(rw, accepted)
}

// newID returns a random request id in the form of a UUID.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func newTrace(now time.Time) string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("Root=1-%08x-%x;Parent=%x;Sampled=0", now.Unix(), b[:12], b[12:])
}
