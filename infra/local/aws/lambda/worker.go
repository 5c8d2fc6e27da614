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
	now     func() time.Time
	log     *logFile
	slots   chan struct{}   // one per invocation in progress
	killing <-chan struct{} // closed when no invocation may go on

	mu      sync.Mutex
	binary  string    // what new children run
	idle    []*worker // the last used comes first, so that the others can be forgotten
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
			continue // it died while idle: nobody saw the invocation
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

// forget ends a child that is of no more use.
func (f *function) forget(w *worker) {
	w.kill()
	<-w.exited
	_ = w.server.Close() // its one client is gone
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

// replace has new children run another binary, and no child of an earlier one take
// another invocation.
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

// stop ends all children; none may be running an invocation.
func (f *function) stop() {
	f.mu.Lock()
	idle := f.idle
	f.idle = nil
	f.mu.Unlock()
	for _, w := range idle {
		f.forget(w)
	}
}

// invocation is one call on its way through a child.
type invocation struct {
	id      string
	payload []byte
	done    chan Result // takes one
}

// worker is a child process and the Runtime API that it talks to.
type worker struct {
	f       *function
	binary  string // what the child runs
	server  *http.Server
	process *os.Process
	next    chan *invocation // to the child's poll
	exited  chan struct{}
	exit    error       // why it ended, once exited is closed
	killed  atomic.Bool // will end; its poll may still look alive

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
		// The kernel ends the child with the thread that started it.
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
		_ = w.server.Close() // nobody is connected
		return nil, err
	}
	return w, nil
}

func (w *worker) kill() {
	w.killed.Store(true)
	_ = w.process.Kill() // an error means that it has ended already
}

// run hands the child an invocation and waits for the outcome. It was not
// delivered when the child ended before it asked for one.
func (w *worker) run(inv *invocation) (r Result, delivered, alive bool) {
	start := time.NewTimer(initTimeout)
	defer start.Stop()
	select {
	case <-w.exited: // rather than handing it to a dead connection
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
		case r := <-inv.done: // it answered and then ended, as after a panic
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

// ended is the outcome of an invocation whose child is no more.
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
	payload, _ := json.Marshal(map[string]string{"errorType": kind, "errorMessage": message}) // two strings
	return Result{RequestID: inv.id, Payload: payload, FunctionError: "Unhandled"}
}

// accepted is the Runtime API's answer to an outcome.
const accepted = `{"status":"OK"}`

// routes is the Runtime API.
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
		_, _ = rw.Write(inv.payload) // when the child is gone, its end tells
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
		return // the child died; the process's end tells
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

// settle ends the invocation in progress, when the id is its.
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
