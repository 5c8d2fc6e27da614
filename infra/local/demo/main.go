// Command demo loads a fictitious organisation into a running local stack, with users, subscriptions and groups
// of PCs, and prints the License installation report: `make demo`. If no stack is running, it starts one. It
// calculates the expected report itself, and fails if the actual report is different.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"trueup/infra/local/stack"
)

const (
	startTimeout = 90 * time.Second // for a slow machine
	stopTimeout  = 3 * time.Second
	loadTimeout  = 5 * time.Minute // for all processing by the functions
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run() error {
	api := flag.String("api", "http://127.0.0.1:8080", "the HTTP API of the stack")
	files := flag.String("s3", "http://127.0.0.1:9000", "S3 of the stack")
	port := flag.Int("port", 8080, "port of the HTTP API of a stack that has to be started")
	s3Port := flag.Int("s3-port", 9000, "port of its S3")
	data := flag.String("data", ".local-demo", "folder of its data")
	functions := flag.String("functions", "dist/local", "folder of the functions built for this machine")
	once := flag.Bool("once", false, "stop it again instead of waiting for Ctrl-C")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	started, err := startUnlessThere(ctx, api, files, stack.Options{Port: *port, S3Port: *s3Port, Data: *data, Functions: *functions, Executions: stack.NewAccount})
	if err != nil {
		return err
	}
	if started != nil {
		defer started.Stop(stopTimeout)
	}
	loading, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	if err := show(loading, client{*api, *files}, os.Stdout); err != nil {
		return err
	}
	if started != nil && !*once {
		fmt.Printf("\nThe system runs until Ctrl-C; make demo shows the report again. The data is in %s.\n", started.DataDir)
		<-ctx.Done()
	}
	return nil
}

// startUnlessThere starts a stack if no API answers, and sets api and files to its
// addresses. It returns nil if a stack is running already.
func startUnlessThere(ctx context.Context, api, files *string, o stack.Options) (*stack.Stack, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, *api+"/healthz", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("the server at %s is not a healthy local stack", *api)
		}
		fmt.Printf("Loading into the system at %s.\n", *api)
		return nil, nil
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return nil, err
	}
	fmt.Printf("No system runs at %s: starting one with separate data.\n", *api)
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s, err := stack.Start(starting, o)
	if err != nil {
		return nil, err
	}
	*api, *files = s.FrontURL, s.S3URL
	return s, nil
}
