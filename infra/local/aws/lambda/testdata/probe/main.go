// Probe is a function whose behaviour is selected by its event.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do   string `json:"do"`
	For  int    `json:"for"`  // milliseconds or bytes
	File string `json:"file"` // file to which each call appends a line

	Records []struct {
		Body string `json:"body"` // the event, of a message in a queue
	} `json:"Records"`
}

type answer struct {
	PID      int               `json:"pid"`
	Env      map[string]string `json:"env,omitempty"`
	Request  string            `json:"request"`
	ARN      string            `json:"arn"`
	Deadline time.Time         `json:"deadline"`
	Trace    string            `json:"trace"`
	Binary   string            `json:"binary"`
	Big      string            `json:"big,omitempty"`
}

func handle(ctx context.Context, e event) (answer, error) {
	if len(e.Records) > 0 {
		body := e.Records[0].Body
		e = event{}
		if err := json.Unmarshal([]byte(body), &e); err != nil {
			return answer{}, err
		}
	}
	lc, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	binary, err := os.Executable()
	if err != nil {
		return answer{}, err
	}
	a := answer{PID: os.Getpid(), Binary: binary, Request: lc.AwsRequestID, ARN: lc.InvokedFunctionArn, Deadline: deadline, Trace: os.Getenv("_X_AMZN_TRACE_ID")}
	if e.File != "" {
		f, err := os.OpenFile(e.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return a, err
		}
		fmt.Fprintln(f, lc.AwsRequestID)
		f.Close()
	}
	switch e.Do {
	case "env":
		a.Env = map[string]string{}
		for _, pair := range os.Environ() {
			name, value, _ := strings.Cut(pair, "=")
			a.Env[name] = value
		}
	case "log":
		slog.New(slog.NewJSONHandler(os.Stdout, nil)).Info("a structured line", "route", "GET /x", "status", 200)
		fmt.Fprint(os.Stderr, "a plain line\nand one without an end")
	case "error":
		return a, errors.New("it did not work")
	case "panic":
		panic("out of order")
	case "exit":
		os.Exit(3)
	case "sleep":
		time.Sleep(time.Duration(e.For) * time.Millisecond)
	case "big":
		a.Big = strings.Repeat("x", e.For)
	}
	return a, nil
}

func main() {
	if os.Getenv("PROBE_INIT") == "fail" {
		fmt.Fprintln(os.Stderr, "no settings")
		os.Exit(1)
	}
	lambda.Start(handle)
}
