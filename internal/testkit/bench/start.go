package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"trueup/internal/config"
	"trueup/internal/manifest"
)

// starts measures each function from the start of its process to its first poll, which is
// Lambda's init time, against the minimal function.
func (b *bench) starts(ctx context.Context) error {
	runtime, err := newRuntime()
	if err != nil {
		return err
	}
	defer runtime.Close()
	things := []timed{runtime.start(b.bare)}
	for _, f := range manifest.Functions {
		things = append(things, runtime.start(filepath.Join(b.functions, f.Name, "bootstrap")))
	}
	if _, err := medians(ctx, 2, things...); err != nil { // loads the binaries into memory
		return fmt.Errorf("%w: run make local", err)
	}
	middle, err := medians(ctx, b.size(61, 1), things...)
	if err != nil {
		return err
	}
	for i, f := range manifest.Functions {
		b.table.add(row{
			what:  "process start to first poll, " + f.Name,
			value: show(middle[i+1]), floor: show(middle[0]), limits: []limit{ratio(middle[i+1], middle[0], 1.5)},
		})
	}
	return nil
}

// lambdaRuntime implements the part of the Lambda Runtime API that a first poll needs.
type lambdaRuntime struct {
	net.Listener
	polled chan time.Time
}

func newRuntime() (*lambdaRuntime, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &lambdaRuntime{listener, make(chan time.Time, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(_ http.ResponseWriter, request *http.Request) {
		r.polled <- time.Now()
		<-request.Context().Done() // there is no event, until the process is killed
	})
	go func() { _ = http.Serve(listener, mux) }() // until the listener is closed
	return r, nil
}

// start measures a binary from its start to its first poll.
func (r *lambdaRuntime) start(binary string) timed {
	return func(ctx context.Context) (time.Duration, error) {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		cmd := exec.CommandContext(ctx, binary)
		cmd.Stderr = os.Stderr
		// The whole environment: nothing is inherited from this process, such as a bundle of
		// certificates to parse.
		cmd.Env = []string{
			"AWS_LAMBDA_RUNTIME_API=" + r.Addr().String(),
			"AWS_LAMBDA_LOG_FORMAT=JSON",
			"AWS_REGION=eu-west-1",
			"AWS_ACCESS_KEY_ID=local",
			"AWS_SECRET_ACCESS_KEY=local",
			"AWS_CONFIG_FILE=" + os.DevNull,
			"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
			config.Table + "=trueup",
			config.UploadsBucket + "=trueup-uploads",
			config.ReportsBucket + "=trueup-reports",
			config.RefreshFunction + "=refresh",
			config.InventoryFunction + "=inventory",
			config.DirectoryFunction + "=directory", config.DeliveryFunction + "=delivery", config.NoticesTopic + "=arn:aws:sns:eu-west-1:000000000000:trueup-notices", config.Role + "=AROA",
			config.SessionsTable + "=trueup-sessions", config.API + "=https://api.example.org", config.ConsoleOrigin + "=https://api.example.org",
			config.ConsoleIssuer + "=https://issuer.example.org", config.ConsoleClient + "=console", config.ConsoleScopes + "=openid",
		}
		begin := time.Now()
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case at := <-r.polled:
			_ = cmd.Process.Kill() // it may have ended by itself
			<-ended                //nolint:errcheck // killed, which is no news
			return at.Sub(begin), nil
		case err := <-ended:
			return 0, errors.Join(fmt.Errorf("%s ended before its first poll", binary), err)
		}
	}
}
