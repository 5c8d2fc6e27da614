package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/stack"
)

// build builds the command and the functions into a folder.
func build(t *testing.T) (command, functions string) {
	t.Helper()
	dir := t.TempDir()
	command = filepath.Join(dir, "local")
	if out, err := exec.Command("go", "build", "-o", command, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := stack.Build(context.Background(), dir); err != nil {
		t.Fatal(err)
	}
	return command, dir
}

// running is a running command.
type running struct {
	*exec.Cmd
	front string
	rest  chan string // receives the output after it was ready, when it has ended
}

func launch(t *testing.T, command, functions, data string) *running {
	t.Helper()
	r := &running{
		Cmd:  exec.Command(command, "-port", "0", "-s3-port", "0", "-data", data, "-functions", functions),
		rest: make(chan string, 1),
	}
	out, err := r.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint strings.Builder
	r.Stderr = &complaint
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := regexp.MustCompile(`HTTP API +(\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			r.front = m[1]
		}
		if strings.HasPrefix(lines.Text(), "Ready") {
			go func() {
				var rest []string
				for lines.Scan() {
					rest = append(rest, lines.Text())
				}
				r.rest <- strings.Join(rest, "\n")
			}()
			return r
		}
	}
	r.Wait()
	if strings.Contains(complaint.String(), "missing:") && os.Getenv("TRUEUP_REQUIRE_DYNAMODB") != "1" {
		t.Skip(complaint.String())
	}
	t.Fatalf("it never got ready: %s", complaint.String())
	return nil
}

// children returns the ids of a process's child processes.
func children(t *testing.T, pid int) []int {
	t.Helper()
	entries, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(entries) == 0 {
		t.Skip("the processes are read from /proc")
	}
	var pids []int
	for _, entry := range entries {
		data, err := os.ReadFile(entry)
		if err != nil {
			continue // it ended
		}
		var child, parent int
		var state string
		text := string(data)
		fmt.Sscanf(text, "%d", &child)
		fmt.Sscanf(text[strings.LastIndex(text, ")")+1:], "%s %d", &state, &parent)
		if parent == pid {
			pids = append(pids, child)
		}
	}
	return pids
}

// gone waits until the processes have ended or are zombies.
func gone(t *testing.T, pids []int) {
	t.Helper()
	for range 500 {
		left := 0
		for _, pid := range pids {
			data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
			if err == nil && !strings.Contains(string(data), ") Z ") {
				left++
			}
		}
		if left == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("of the children %v some are still there", pids)
}

func TestTheCommand(t *testing.T) {
	command, functions := build(t)
	data := filepath.Join(t.TempDir(), "data")
	healthy := func(r *running) {
		t.Helper()
		response, err := http.Get(r.front + "/healthz")
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("healthz: %d", response.StatusCode)
		}
		response, err = http.Get(r.front + "/openapi.json") // starts a function
		if err != nil {
			t.Fatal(err)
		}
		served, err := io.ReadAll(response.Body)
		response.Body.Close()
		golden, goldenErr := os.ReadFile("../../internal/docs/openapi.json")
		var want bytes.Buffer // the API serves it without indentation
		if err := errors.Join(err, goldenErr, json.Compact(&want, golden)); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != http.StatusOK || !bytes.Equal(bytes.TrimSpace(served), want.Bytes()) {
			t.Errorf("openapi.json: status %d; %d bytes, %d in internal/docs", response.StatusCode, len(served), want.Len())
		}
	}

	for want, options := range map[string]struct{ variable, flag string }{
		`EXECUTIONS is "ten"; give a number`: {"EXECUTIONS=ten", ""}, `PORT is "808O"; give a number`: {"PORT=808O", ""},
		"there cannot be -1 executions; give 1 or more": {"EXECUTIONS=-1", ""}, "there cannot be -2 executions; give 1 or more": {"EXECUTIONS=10", "-executions=-2"},
	} {
		wrong := exec.Command(command, "-functions", functions, "-data", data)
		if options.flag != "" {
			wrong.Args = append(wrong.Args, options.flag)
		}
		wrong.Env = append(os.Environ(), options.variable)
		if out, err := wrong.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %v, want %q in %q", options, err, want, out)
		}
	}

	first := launch(t, command, functions, data)
	healthy(first)
	pids := children(t, first.Process.Pid)
	if len(pids) != 2 {
		t.Errorf("children %v: want the engine and one function", pids)
	}
	// A killed command leaves no processes.
	first.Process.Kill()
	first.Wait()
	gone(t, pids)

	// With existing data the command is ready in 6 s. Concurrent tests can slow it down, so
	// the limit is at least twice the start time of the engine, which is 2 s when idle.
	begin := time.Now()
	alone, err := engine.Start(context.Background(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	limit := max(6*time.Second, 2*time.Since(begin))
	alone.Stop()
	begin = time.Now()
	second := launch(t, command, functions, data)
	if took := time.Since(begin); took > limit {
		t.Errorf("the second start took %v, want at most %v", took, limit)
	}
	healthy(second)
	pids = children(t, second.Process.Pid)
	// A second command with the same data reports the conflict in one line.
	out, err := exec.Command(command, "-port", "0", "-s3-port", "0", "-data", data, "-functions", functions).CombinedOutput()
	if err == nil || strings.Count(string(out), "\n") != 1 || !strings.Contains(string(out), "in use by another run") {
		t.Errorf("a second run over the same data: %v %q", err, out)
	}
	// Ctrl-C ends it cleanly.
	if err := second.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if rest := <-second.rest; !strings.Contains(rest, "Stopping.") {
		t.Errorf("it said %q", rest)
	}
	if err := second.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
	gone(t, pids)
	if c, err := net.Dial("tcp", strings.TrimPrefix(second.front, "http://")); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("the gateway: %v %v", c, err)
	}
}
