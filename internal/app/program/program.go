// Package program is what every function needs to run: it reads the settings, creates the clients'
// configuration, and writes the log.
package program

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"trueup/internal/aws/trigger"
	"trueup/internal/config"
	"trueup/internal/manifest"
)

// Serve returns the Lambda handler of a function that serves HTTP.
func Serve(settings config.Config, handler http.Handler, log *slog.Logger) any {
	signIn := settings.SignIn
	signIn.Console = settings.Console.Client
	return trigger.HTTP(handler, signIn, log, time.Now)
}

// Run reads the settings that the manifest lists for the function and starts its handler. An
// invalid setting ends the process with one log line that names it.
func Run(name string, handler func(config.Config, aws.Config, *slog.Logger) any) {
	log := slog.New(metricsHandler{lambdacontext.NewLogHandler(), namespaceOf(config.Environment("AWS_LAMBDA_FUNCTION_NAME"), name)}).With("function", name)
	settings, c, err := load(name)
	if err != nil {
		log.Error("cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(handler(settings, c, log))
}

func load(name string) (config.Config, aws.Config, error) {
	function, ok := manifest.Find(name)
	if !ok {
		return config.Config{}, aws.Config{}, fmt.Errorf("program: no function %q in the manifest", name)
	}
	settings, err := config.Load(config.Environment, function.ToLoad(config.Environment)...)
	if err != nil {
		return config.Config{}, aws.Config{}, err
	}
	return settings, Environment(config.Environment), nil
}

// Environment returns the SDK's configuration from the variables that Lambda sets: a region and
// credentials. It replaces the SDK's own loader, which also supports profiles, single sign-on
// and metadata services that a function never has. The zip is a tenth smaller and starts sooner.
func Environment(lookup func(string) string) aws.Config {
	c := aws.Config{
		Region: lookup("AWS_REGION"),
		Credentials: credentials.NewStaticCredentialsProvider(
			lookup("AWS_ACCESS_KEY_ID"), lookup("AWS_SECRET_ACCESS_KEY"), lookup("AWS_SESSION_TOKEN")),
		ConfigSources: []any{endpoints(lookup)},
	}
	if lookup("AWS_RESPONSE_CHECKSUM_VALIDATION") == "when_required" {
		c.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	}
	return c
}

// endpoints returns the endpoints of services from the variables AWS_ENDPOINT_URL_<service>.
type endpoints func(string) string

// GetServiceBaseEndpoint implements the interface that the SDK's clients look for.
func (lookup endpoints) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	url := lookup("AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(service, " ", "_")))
	return url, url != "", nil
}

// Secret returns a function that reads the client ID and secret of a client from the secret with that
// name. It is passed in because a linked SDK client is initialised at every start, and most functions read
// no secrets.
type Secret func(c aws.Config, name string) func(context.Context) (id, secret string, err error)

// Retries makes the DynamoDB client attempt a call up to n times, with pauses of at most
// longest. The SDK's retry budget over all calls is disabled: it would fail calls that one more
// attempt saves.
func Retries(n int, longest time.Duration) func(*dynamodb.Options) {
	return func(o *dynamodb.Options) {
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts, r.MaxBackoff, r.RateLimiter = n, longest, ratelimit.None
		})
		// DynamoDB's CRC32 of a reply adds nothing over TLS, and the local engine computes a
		// wrong one.
		o.DisableValidateResponseChecksum = true
	}
}
