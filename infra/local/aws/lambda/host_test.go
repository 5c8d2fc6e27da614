package lambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/infra/local/aws/lambda"
)

var probe string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "probe")
	if err != nil {
		panic(err)
	}
	probe = filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", probe, "./testdata/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v: %s", err, out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// console collects the output of concurrent writers.
type console struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.Write(p)
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.String()
}

func start(t *testing.T, dir string, f lambda.Function) (*lambda.Host, *console) {
	t.Helper()
	f.Name = "probe"
	if f.Binary == "" {
		f.Binary = probe
	}
	if f.Timeout == 0 {
		f.Timeout = 30 * time.Second
	}
	c := &console{}
	h, err := lambda.Start(lambda.Options{
		Functions: []lambda.Function{f}, Dir: dir, Logs: filepath.Join(dir, "logs"), Console: c,
		RetryDelays: []time.Duration{10 * time.Millisecond, 20 * time.Millisecond}, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(h, 5*time.Second) })
	return h, c
}

func stop(h *lambda.Host, grace time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	h.Close(ctx)
}

type answer struct {
	PID      int
	Env      map[string]string
	Request  string
	ARN      string
	Deadline time.Time
	Trace    string
	Binary   string
}

func invoke(t *testing.T, h *lambda.Host, payload string) (answer, lambda.Result) {
	t.Helper()
	r, err := h.Invoke(context.Background(), "probe", []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if r.FunctionError == "" {
		if err := json.Unmarshal(r.Payload, &a); err != nil {
			t.Fatalf("%s: %v", r.Payload, err)
		}
	}
	return a, r
}

func TestInvocationLooksAsInTheCloud(t *testing.T) {
	t.Parallel()
	h, _ := start(t, t.TempDir(), lambda.Function{Memory: 512, Timeout: 20 * time.Second, Env: []string{"TRUEUP_TABLE=trueup"}})
	a, r := invoke(t, h, `{"do":"env"}`)
	if a.Request != r.RequestID || !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(a.Request) {
		t.Errorf("request id %q, %q", a.Request, r.RequestID)
	}
	if a.ARN != "arn:aws:lambda:eu-west-1:000000000000:function:probe" {
		t.Errorf("ARN %q", a.ARN)
	}
	if left := time.Until(a.Deadline); left < 15*time.Second || left > 20*time.Second {
		t.Errorf("deadline in %v", left)
	}
	if !regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$`).MatchString(a.Trace) {
		t.Errorf("trace %q", a.Trace)
	}
	for name, want := range map[string]string{
		"TRUEUP_TABLE": "trueup", "AWS_LAMBDA_FUNCTION_NAME": "probe", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
		"AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_REGION": "eu-west-1",
	} {
		if a.Env[name] != want {
			t.Errorf("%s=%q, want %q", name, a.Env[name], want)
		}
	}
	for _, name := range []string{"HOME", "AWS_CA_BUNDLE"} {
		if value, ok := a.Env[name]; ok {
			t.Errorf("the runner's own %s=%s got through", name, value)
		}
	}
}

func TestIdleChildrenAreUsedAgain(t *testing.T) {
	t.Parallel()
	h, _ := start(t, t.TempDir(), lambda.Function{Concurrency: 3})
	first, _ := invoke(t, h, `{}`)
	second, _ := invoke(t, h, `{}`)
	if first.PID != second.PID {
		t.Errorf("pids %d and %d", first.PID, second.PID)
	}
	var wg sync.WaitGroup
	for range 9 {
		wg.Go(func() { invoke(t, h, `{"do":"sleep","for":100}`) })
	}
	wg.Wait()
	if n := len(h.PIDs("probe")); n != 3 {
		t.Errorf("%d children for a concurrency of 3", n)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		payload   string
		function  lambda.Function
		kind      string
		message   string
		sameChild bool // the child survives the failure
	}{
		"error":      {payload: `{"do":"error"}`, kind: "errorString", message: "it did not work", sameChild: true},
		"panic":      {payload: `{"do":"panic"}`, kind: "string", message: "out of order"},
		"crash":      {payload: `{"do":"exit"}`, kind: "Runtime.ExitError", message: "exit status 3"},
		"timeout":    {payload: `{"do":"sleep","for":60000}`, function: lambda.Function{Timeout: time.Second}, kind: "Sandbox.Timedout", message: "timed out after 1.00 seconds"},
		"too large":  {payload: `{"do":"big","for":7000000}`, kind: "Function.ResponseSizeTooLarge", message: "maximum allowed payload size"},
		"wrong type": {payload: `{"do":7}`, kind: "UnmarshalTypeError", message: "cannot unmarshal number", sameChild: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := start(t, t.TempDir(), c.function)
			before, _ := invoke(t, h, `{}`)
			_, r := invoke(t, h, c.payload)
			var e struct{ ErrorType, ErrorMessage string }
			if err := json.Unmarshal(r.Payload, &e); err != nil {
				t.Fatalf("%s: %v", r.Payload, err)
			}
			if r.FunctionError != "Unhandled" || e.ErrorType != c.kind || !strings.Contains(e.ErrorMessage, c.message) {
				t.Errorf("%q %+v", r.FunctionError, e)
			}
			after, r := invoke(t, h, `{}`)
			if r.FunctionError != "" {
				t.Fatalf("the next invocation failed: %s", r.Payload)
			}
			if (after.PID == before.PID) != c.sameChild {
				t.Errorf("pid %d before, %d after", before.PID, after.PID)
			}
		})
	}
}

func TestFailingInit(t *testing.T) {
	t.Parallel()
	h, c := start(t, t.TempDir(), lambda.Function{Env: []string{"PROBE_INIT=fail"}})
	_, r := invoke(t, h, `{}`)
	if r.FunctionError == "" || !bytes.Contains(r.Payload, []byte("Runtime.ExitError")) {
		t.Errorf("%+v", r)
	}
	if !strings.Contains(c.String(), "probe: no settings") {
		t.Errorf("console: %s", c)
	}
}

func TestKilledChildren(t *testing.T) {
	t.Parallel()
	h, _ := start(t, t.TempDir(), lambda.Function{})
	// The death of an idle child has no effect on the next invocation.
	first, _ := invoke(t, h, `{}`)
	if n := h.Kill("probe"); n != 1 {
		t.Fatalf("killed %d", n)
	}
	second, r := invoke(t, h, `{}`)
	if r.FunctionError != "" || second.PID == first.PID {
		t.Errorf("after the death of an idle child: pid %d, %s", second.PID, r.Payload)
	}
	// The invocation of a busy child fails.
	file := filepath.Join(t.TempDir(), "calls")
	done := make(chan lambda.Result)
	go func() {
		_, r := invoke(t, h, fmt.Sprintf(`{"do":"sleep","for":60000,"file":%q}`, file))
		done <- r
	}()
	eventually(t, "it runs", func() bool { return len(calls(file)) == 1 })
	if n := h.Kill("probe"); n != 1 {
		t.Fatalf("killed %d", n)
	}
	if r := <-done; !bytes.Contains(r.Payload, []byte("signal: killed")) {
		t.Errorf("%s", r.Payload)
	}
}

func TestCallerThatLeaves(t *testing.T) {
	t.Parallel()
	h, _ := start(t, t.TempDir(), lambda.Function{})
	file := filepath.Join(t.TempDir(), "calls")
	ctx, cancel := context.WithCancel(context.Background())
	left := make(chan error)
	go func() {
		_, err := h.Invoke(ctx, "probe", fmt.Appendf(nil, `{"do":"sleep","for":500,"file":%q}`, file))
		left <- err
	}()
	eventually(t, "it runs", func() bool { return len(calls(file)) == 1 })
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	// The child continued, and handles the next invocation.
	pids := h.PIDs("probe")
	time.Sleep(time.Second)
	a, _ := invoke(t, h, `{}`)
	if len(pids) != 1 || a.PID != pids[0] {
		t.Errorf("children %v, then %d", pids, a.PID)
	}
}

func TestRefusedCalls(t *testing.T) {
	t.Parallel()
	h, _ := start(t, t.TempDir(), lambda.Function{})
	for name, c := range map[string]struct {
		function, payload string
		async             bool
		want              error
	}{
		"unknown":         {"other", `{}`, false, lambda.ErrNotFound},
		"unknown, async":  {"other", `{}`, true, lambda.ErrNotFound},
		"no JSON":         {"probe", `{`, false, lambda.ErrInvalid},
		"no JSON, async":  {"probe", ``, true, lambda.ErrInvalid},
		"over 6 MB":       {"probe", `"` + strings.Repeat("x", 6<<20) + `"`, false, lambda.ErrTooLarge},
		"over 1 MB async": {"probe", `"` + strings.Repeat("x", 1<<20) + `"`, true, lambda.ErrTooLarge},
	} {
		var err error
		if c.async {
			_, err = h.InvokeAsync(c.function, []byte(c.payload))
		} else {
			_, err = h.Invoke(context.Background(), c.function, []byte(c.payload))
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("not in 10 s: %s", what)
}

func calls(file string) []string {
	data, _ := os.ReadFile(file)
	return strings.Fields(string(data))
}

func TestR3_9_AsynchronousCallIsRetriedAndEndsAsADeadLetter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h, _ := start(t, dir, lambda.Function{Retries: 2})
	file := filepath.Join(dir, "calls")
	payload := fmt.Sprintf(`{"do":"error","file":%q}`, file)
	id, err := h.InvokeAsync("probe", []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the call ends", func() bool { return h.Pending() == 0 })
	if diff := cmp.Diff([]string{id, id, id}, calls(file)); diff != "" {
		t.Errorf("attempts: %s", diff)
	}
	letters, err := h.DeadLetters()
	if err != nil || len(letters) != 1 {
		t.Fatalf("%v, %v", letters, err)
	}
	got := letters[0]
	if _, err := time.Parse("2006-01-02T15:04:05.000Z", got.Timestamp); err != nil {
		t.Error(err)
	}
	want := lambda.DeadLetter{
		Version: "1.0", Timestamp: got.Timestamp,
		RequestContext: lambda.RequestContext{
			RequestID: id, FunctionARN: "arn:aws:lambda:eu-west-1:000000000000:function:probe:$LATEST",
			Condition: "RetriesExhausted", ApproximateInvokeCount: 3,
		},
		ResponseContext: lambda.ResponseContext{StatusCode: 200, ExecutedVersion: "$LATEST", FunctionError: "Unhandled"},
	}
	var request, response bytes.Buffer
	json.Compact(&request, got.RequestPayload)
	json.Compact(&response, got.ResponsePayload)
	got.RequestPayload, got.ResponsePayload = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if request.String() != payload || response.String() != `{"errorMessage":"it did not work","errorType":"errorString"}` {
		t.Errorf("payloads %s, %s", &request, &response)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "pending", "*")); len(left) != 0 {
		t.Errorf("left pending: %v", left)
	}
}

func TestAsynchronousCallThatSucceedsLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h, _ := start(t, dir, lambda.Function{Retries: 2})
	file := filepath.Join(dir, "calls")
	if _, err := h.InvokeAsync("probe", fmt.Appendf(nil, `{"file":%q}`, file)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the call ends", func() bool { return h.Pending() == 0 })
	letters, err := h.DeadLetters()
	if len(calls(file)) != 1 || len(letters) != 0 || err != nil {
		t.Errorf("%d calls, letters %v, %v", len(calls(file)), letters, err)
	}
}

func TestR3_9_ARestartLosesNoCall(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "calls")
	h, _ := start(t, dir, lambda.Function{Concurrency: 1, Retries: 2})
	for range 3 { // one call runs, two wait
		if _, err := h.InvokeAsync("probe", fmt.Appendf(nil, `{"do":"sleep","for":2000,"file":%q}`, file)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "one runs", func() bool { return len(calls(file)) == 1 })
	stop(h, 10*time.Millisecond)
	if _, err := h.InvokeAsync("probe", []byte(`{}`)); !errors.Is(err, lambda.ErrClosed) {
		t.Errorf("a closed host took a call: %v", err)
	}

	again, _ := start(t, dir, lambda.Function{Concurrency: 3, Retries: 2})
	eventually(t, "the calls end", func() bool { return again.Pending() == 0 })
	letters, _ := again.DeadLetters()
	distinct := map[string]int{}
	for _, id := range calls(file) {
		distinct[id]++
	}
	if len(distinct) != 3 || len(calls(file)) != 4 || len(letters) != 0 {
		t.Errorf("calls %v, letters %v", distinct, letters)
	}
}

func TestCloseLetsInvocationsEnd(t *testing.T) {
	t.Parallel()
	h, _ := start(t, t.TempDir(), lambda.Function{})
	done := make(chan lambda.Result)
	go func() {
		_, r := invoke(t, h, `{"do":"sleep","for":300}`)
		done <- r
	}()
	eventually(t, "it runs", func() bool { return len(h.PIDs("probe")) == 1 })
	pid := h.PIDs("probe")[0]
	time.Sleep(100 * time.Millisecond)
	stop(h, 5*time.Second)
	if r := <-done; r.FunctionError != "" {
		t.Errorf("%s", r.Payload)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the child is still there: %v", err)
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "calls")
	event := func(time.Time) []byte { return fmt.Appendf(nil, `{"file":%q}`, file) }
	start(t, t.TempDir(), lambda.Function{Schedules: []lambda.Schedule{{Next: lambda.Every(50 * time.Millisecond), Event: event}}})
	eventually(t, "it is called again and again", func() bool { return len(calls(file)) > 2 })
}

func TestLogs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h, c := start(t, dir, lambda.Function{})
	invoke(t, h, `{"do":"log"}`)
	stop(h, 5*time.Second)
	for _, want := range []string{"probe: INFO a structured line route=GET /x status=200\n", "probe: a plain line\n", "probe: and one without an end\n"} {
		if !strings.Contains(c.String(), want) {
			t.Errorf("the console lacks %q: %s", want, c)
		}
	}
	log, err := os.ReadFile(filepath.Join(dir, "logs", "probe.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"msg":"a structured line"`, "a plain line\n", "platform.report"} {
		if !strings.Contains(string(log), want) {
			t.Errorf("the log lacks %q: %s", want, log)
		}
	}
}

func TestInvokeAPI(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h, _ := start(t, dir, lambda.Function{})
	server := httptest.NewServer(h.API())
	defer server.Close()
	file := filepath.Join(dir, "calls")
	for name, c := range map[string]struct {
		function, kind, payload string
		status                  int
		failed                  bool
	}{
		"synchronous":  {"probe", "", `{}`, 200, false},
		"failing":      {"probe", "RequestResponse", `{"do":"error"}`, 200, true},
		"asynchronous": {"probe", "Event", fmt.Sprintf(`{"file":%q}`, file), 202, false},
		"dry run":      {"probe", "DryRun", `{}`, 204, false},
		"no payload":   {"probe", "", ``, 200, false},
		"unknown":      {"other", "", `{}`, 404, false},
		"unknown dry":  {"other", "DryRun", `{}`, 404, false},
		"bad payload":  {"probe", "Event", `{`, 400, false},
		"bad type":     {"probe", "Later", `{}`, 400, false},
		"large":        {"probe", "Event", `"` + strings.Repeat("x", 1<<20) + `"`, 413, false},
	} {
		r, _ := http.NewRequest("POST", server.URL+"/2015-03-31/functions/"+c.function+"/invocations", strings.NewReader(c.payload))
		if c.kind != "" {
			r.Header.Set("X-Amz-Invocation-Type", c.kind)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if response.StatusCode != c.status || (response.Header.Get("X-Amz-Function-Error") != "") != c.failed {
			t.Errorf("%s: %d %v %s", name, response.StatusCode, response.Header, body)
		}
	}
	eventually(t, "the asynchronous call is made", func() bool { return len(calls(file)) == 1 })
}

func TestMissingBinary(t *testing.T) {
	t.Parallel()
	_, err := lambda.Start(lambda.Options{
		Functions: []lambda.Function{{Name: "probe", Binary: "/nowhere/bootstrap"}}, Dir: t.TempDir(), Logs: t.TempDir(), Now: time.Now,
	})
	if err == nil || !strings.Contains(err.Error(), "probe is not built") {
		t.Errorf("%v", err)
	}
}
