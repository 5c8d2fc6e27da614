// Command local runs the whole system on this machine (`make run`): DynamoDB Local, S3, the
// functions and the HTTP API. Ctrl-C stops everything; the data is kept.
// AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_S3 select other engines, which are used
// with the credentials AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"text/template"
	"time"

	"trueup/infra/local/stack"
	"trueup/internal/manifest"
)

const (
	startTimeout = 90 * time.Second // for a slow machine
	stopTimeout  = 3 * time.Second
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "trueup:", err)
		os.Exit(1)
	}
}

func run() error {
	o := stack.Options{
		DynamoDBEndpoint: os.Getenv("AWS_ENDPOINT_URL_DYNAMODB"),
		S3Endpoint:       os.Getenv("AWS_ENDPOINT_URL_S3"),
		Console:          os.Stdout,
	}
	if o.DynamoDBEndpoint != "" || o.S3Endpoint != "" {
		o.Credentials.AccessKeyID, o.Credentials.SecretAccessKey = os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	}
	flag.IntVar(&o.Port, "port", 8080, "port of the HTTP API; 0 picks a free one")
	flag.IntVar(&o.S3Port, "s3-port", 9000, "port of S3; 0 picks a free one")
	flag.IntVar(&o.DynamoDBPort, "dynamodb-port", 0, "port of DynamoDB Local; 0 picks a free one")
	source := flag.String("vlsc", text("VLSC", "statements"), "where entitlements come from: statements, or service for the reference server")
	flag.IntVar(&o.VLSCPort, "vlsc-port", 9002, "port of the reference server; 0 picks a free one")
	flag.StringVar(&o.RefreshAt, "refresh-at", text("REFRESH_AT", manifest.NightlyAt), "when the nightly refresh begins, in the zone REFRESH_TIME_ZONE")
	flag.IntVar(&o.Executions, "executions", stack.NewAccount, "concurrent executions of the account; 0 for no limit")
	flag.StringVar(&o.Data, "data", text("DATA", ".local"), "folder of all data")
	flag.StringVar(&o.Samples, "samples", "events", "folder of files with made-up data that the console offers to try; empty for none")
	flag.StringVar(&o.Functions, "functions", "dist/local", "folder of the functions built for this machine")
	flag.Func("retry-delay", "wait before each retry of an asynchronous call (default 1m, then 2m)", func(value string) error {
		delay, err := time.ParseDuration(value)
		o.RetryDelays = []time.Duration{delay}
		return err
	})
	for name, variable := range numbers {
		if value := os.Getenv(variable); value != "" && flag.Set(name, value) != nil {
			return fmt.Errorf("%s is %q; give a number", variable, value)
		}
	}
	flag.Parse()
	if o.Executions < 0 {
		return fmt.Errorf("there cannot be %d executions; give 1 or more, or 0 for no limit (EXECUTIONS=…)", o.Executions)
	}
	if flag.NArg() > 0 {
		return fmt.Errorf("unknown argument %q; see -help", flag.Arg(0))
	}
	if o.Service = *source == "service"; !o.Service && *source != "statements" {
		return fmt.Errorf("entitlements come from statements or from a service, not from %q (VLSC=…)", *source)
	}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	begin := time.Now()
	s, err := stack.Start(starting, o)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil // Ctrl-C
	}
	if err != nil {
		return err
	}
	if err := startMessage.Execute(os.Stdout, s); err != nil {
		return err
	}
	fmt.Printf("\nReady after %.1f s. Ctrl-C stops everything; the data stays.\n", time.Since(begin).Seconds())

	select {
	case <-ctx.Done():
		stop() // the next Ctrl-C ends the process at once
		fmt.Println("\nStopping.")
	case <-s.Failed():
		err = errors.New("DynamoDB Local stopped unexpectedly; see dynamodb.log in the folder of the logs")
	}
	s.Stop(stopTimeout)
	return err
}

var startMessage = template.Must(template.New("startMessage").Parse(`
trueup runs on this machine.

  Open first {{.FrontURL}}/   (the console; choose a name and a role)

  HTTP API   {{.FrontURL}}
  S3         {{.S3URL}}   (buckets trueup-uploads and trueup-reports)
  DynamoDB   {{.DynamoDBEndpoint}}   (table {{.Table}}; this one listens on all interfaces)
{{- if .VLSCURL}}
  VLSC       {{.VLSCURL}}   (the reference server; every pair is valid)
{{- end}}
  Data       {{.DataDir}}   (logs/ has the functions' logs, dead-letters/ the calls that failed on every attempt)
  Notices    {{.NoticesDir}}   (what is sent to subscribers of the notification topic, a file for each message)
  Night      {{.NextNight.Format "2006-01-02 15:04 MST"}} is the time of the next nightly refresh
{{if .VLSCURL}}
Entitlements come from the reference server. Switch faults on and off:

  curl -s {{.VLSCURL}}/admin/faults
  curl -s -X PUT -d '{"mode":"truncated"}' {{.VLSCURL}}/admin/faults
  curl -s -X PUT -d '{}' {{.VLSCURL}}/admin/faults
{{end}}
To make a report of three files, run in another terminal:

  put() { curl -T "$1" --user any:key --aws-sigv4 aws:amz:eu-west-1:s3 "{{.S3URL}}/trueup-uploads/$2/"; }
  put events/first-import.csv agreements
  put events/statements/first-statement.csv entitlements
  put events/inventory/appinvrawdata.csv inventory
  TOKEN=$(curl -s '{{.FrontURL}}/dev/token?role=global-admin&sub=me')
  curl -s -H "Authorization: Bearer $TOKEN" {{.FrontURL}}/imports
  curl -s -H "Authorization: Bearer $TOKEN" -X POST -H 'Content-Type: application/json' -d '{}' {{.FrontURL}}/refreshes
  curl -s -H "Authorization: Bearer $TOKEN" {{.FrontURL}}/reports/license-installations.csv

make demo does the same with an organisation of 2,000 PCs, in an empty system.
`))

// numbers are the variables that set flags with a number, by the flag.
var numbers = map[string]string{
	"port": "PORT", "s3-port": "S3_PORT", "dynamodb-port": "DYNAMODB_PORT", "vlsc-port": "VLSC_PORT", "executions": "EXECUTIONS",
}

// text returns the default of a flag from the environment.
func text(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
