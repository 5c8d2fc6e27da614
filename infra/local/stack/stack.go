// Package stack runs the whole system on one machine: DynamoDB Local, S3, Secrets Manager,
// the function binaries with the Lambda Runtime API and their schedules, the HTTP API and,
// optionally, the reference server of the entitlement service. Package manifest defines how
// they are connected. `make run` is a thin command around this package; end-to-end tests
// and benchmarks start a stack in their own process.
//
// All data is in one folder and survives a restart, even if the stack was killed. All
// servers listen only on 127.0.0.1, except DynamoDB Local, which cannot be restricted.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/aws/gateway"
	"trueup/infra/local/aws/issuer"
	"trueup/infra/local/aws/lambda"
	"trueup/infra/local/aws/loopback"
	"trueup/infra/local/aws/s3"
	"trueup/infra/local/aws/secrets"
	"trueup/infra/local/aws/sns"
	"trueup/infra/local/vlsc"
	"trueup/internal/access"
	"trueup/internal/manifest"
)

// Names of resources.
const (
	Table         = "trueup"
	SessionsTable = "trueup-sessions"
	UploadsBucket = "trueup-uploads"
	ReportsBucket = "trueup-reports"

	noticesTopic = "arn:aws:sns:" + s3.Region + ":000000000000:trueup-notices"
)

// NewAccount is the limit of concurrent executions of a new AWS account.
const NewAccount = 10

// bucketName returns the name of a bucket of the manifest.
func bucketName(r manifest.Resource) string {
	return map[manifest.Resource]string{manifest.Uploads: UploadsBucket, manifest.Reports: ReportsBucket}[r]
}

// Credentials are the default credentials of the functions, and the only ones that can
// presign.
var Credentials = aws.Credentials{AccessKeyID: "local", SecretAccessKey: "local"}

// Options configures a stack. Port 0 picks a free port.
type Options struct {
	Functions string // folder of the built functions, <name>/bootstrap, for this machine
	Data      string // folder of all data, created if missing
	Samples   string // folder of files with made-up data that the console offers to try; empty for none

	Port         int // port of the HTTP API
	S3Port       int
	DynamoDBPort int

	// Existing engines to use instead of starting them, as http://host:port, and their
	// credentials; the default is Credentials. With another S3, there are no events.
	DynamoDBEndpoint string
	S3Endpoint       string
	Credentials      aws.Credentials

	// Service starts the reference server on VLSCPort and uses it as the source of
	// entitlements, instead of statements.
	Service  bool
	VLSCPort int

	// RefreshAt is the time of the nightly refresh, as "15:04" in the zone of the setting
	// REFRESH_TIME_ZONE; empty for the manifest's.
	RefreshAt string

	// Executions is the account's limit of concurrent executions, such as NewAccount; 0 for none.
	Executions int

	// For tests.
	FunctionsDynamoDB string          // endpoint that only the functions use, such as a fault proxy; empty for the engine's
	InMemory          bool            // keep the table in memory; it is lost at the end
	TableName         string          // empty for Table; the sessions are in <name>-sessions
	Env               []string        // added to the functions' environment, "NAME=value"
	RetryDelays       []time.Duration // of asynchronous calls; nil for the delays of the Lambda service
	Unscheduled       bool            // run no schedules
	Concurrency       int             // processes of a function; 0 for the host's default
	DirectFiles       bool            // S3 calls the functions without a queue, as in releases that had none

	Console io.Writer // receives a short form of the functions' logs; nil discards it
}

// Stack is a running system.
type Stack struct {
	FrontURL         string // address of the HTTP API
	S3URL            string
	LambdaURL        string // address of the Invoke API
	DynamoDBEndpoint string
	Table            string
	Sessions         string // table of the console's sessions
	DataDir          string
	NoticesDir       string       // folder of the messages that were published, each a file
	VLSCURL          string       // address of the reference server; empty without it
	VLSC             *vlsc.Server // for setting its faults; nil without it

	*lambda.Host // Invoke, InvokeAsync, Pending, DeadLetters, PIDs, Kill, Replace

	samples     string // Options.Samples as an absolute path; empty for none
	secretsURL  string
	noticesURL  string
	service     map[string]string               // settings of the reference server by name; empty without it
	night       func(after time.Time) time.Time // the time of the next nightly refresh
	credentials aws.CredentialsProvider
	issuer      *issuer.Issuer
	engine      *engine.Engine // nil with Options.DynamoDBEndpoint
	files       *s3.Server     // nil with Options.S3Endpoint
	servers     []*http.Server
	log         *os.File // errors of the HTTP servers
	once        sync.Once
}

// Start starts a stack and returns when it is healthy. ctx limits only the start. An error
// is one line of text for the user.
func Start(ctx context.Context, o Options) (_ *Stack, err error) {
	if o.Console == nil {
		o.Console = io.Discard
	}
	if o.TableName == "" {
		o.TableName = Table
	}
	if !o.Credentials.HasKeys() {
		o.Credentials = Credentials
	}
	s := &Stack{Table: o.TableName, Sessions: o.TableName + strings.TrimPrefix(SessionsTable, Table), credentials: credentials.StaticCredentialsProvider{Value: o.Credentials}}
	defer func() {
		if err != nil {
			s.Stop(0)
		}
	}()
	if s.DataDir, err = filepath.Abs(o.Data); err != nil {
		return nil, err
	}
	if o.Samples != "" {
		if s.samples, err = filepath.Abs(o.Samples); err != nil {
			return nil, err
		}
	}
	s.NoticesDir = filepath.Join(s.DataDir, "notices")
	logs := filepath.Join(s.DataDir, "logs")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return nil, fmt.Errorf("folder of the data: %w", err)
	}

	if s.log, err = openLog(logs, "servers.log"); err != nil {
		return nil, err
	}

	// Check the options before the steps that take time.
	if s.night, err = night(o.RefreshAt); err != nil {
		return nil, err
	}
	functions, err := built(o.Functions)
	if err != nil {
		return nil, err
	}
	ports, err := listen(o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			ports.close()
		}
	}()
	s.FrontURL, s.LambdaURL, s.S3URL = ports.front.url(), ports.lambda.url(), o.S3Endpoint
	if o.S3Endpoint == "" {
		s.S3URL = ports.s3.url()
		s.files, err = s3.New(s3.Options{
			Dir: filepath.Join(s.DataDir, "s3"), Buckets: []string{UploadsBucket, ReportsBucket},
			Keys: keys(o), CORS: corsRules(s.FrontURL), Now: time.Now,
			Notify: func(bucket, key string, event []byte) error { return notify(s.Host, o.DirectFiles, bucket, key, event) },
		})
		if err != nil {
			return nil, err
		}
	}

	known := map[string]string{} // values of secrets by name
	s.secretsURL, s.noticesURL = ports.secrets.url(), ports.notices.url()
	if o.Service {
		s.VLSCURL = ports.vlsc.url()
		known[vlscSecret] = s.newService()
	}

	group, starting := errgroup.WithContext(ctx)
	group.Go(func() error { return s.startTable(starting, o, logs) })
	group.Go(func() error { return s.startBuckets(starting) })
	group.Go(func() (err error) {
		s.issuer, err = issuer.Open(filepath.Join(s.DataDir, "issuer.pem"), s.FrontURL+gateway.IssuerPath, time.Now)
		if err == nil {
			s.issuer.Clients, s.issuer.Groups = signIns(s.FrontURL), groups(access.Roles)
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}

	s.Host, err = lambda.Start(lambda.Options{
		Functions: s.functions(functions, o), Dir: s.DataDir, Logs: logs, Console: o.Console, RetryDelays: o.RetryDelays, Executions: o.Executions, Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	if s.files != nil {
		if err := s.files.Redeliver(); err != nil {
			return nil, err
		}
		s.serve(ports.s3, s.files)
	}
	s.serve(ports.secrets, secrets.New(s3.Region, known))
	s.serve(ports.notices, sns.New(sns.Options{Dir: s.NoticesDir, Topics: []string{noticesTopic}, Keys: s.publishers(o), Now: time.Now}))
	if s.VLSC != nil {
		s.serve(ports.vlsc, s.VLSC)
	}
	s.serve(ports.lambda, s.Host.API())
	s.serve(ports.front, gateway.New(gateway.Options{
		Routes: Routes(), Groups: groups(access.Roles), Invoker: s.Host, Issuer: s.issuer, Healthy: s.Healthy, Lambda: s.LambdaURL, DynamoDB: s.DynamoDBEndpoint, Table: s.Table,
		Console: o.Console, Now: time.Now,
	}))
	return s, s.Healthy(ctx)
}

// startTable starts the engine, unless the options name one, and creates the tables.
func (s *Stack) startTable(ctx context.Context, o Options, logs string) error {
	if s.DynamoDBEndpoint = o.DynamoDBEndpoint; s.DynamoDBEndpoint == "" {
		log, err := openLog(logs, "dynamodb.log")
		if err != nil {
			return err
		}
		options := engine.Options{Port: o.DynamoDBPort, Dir: filepath.Join(s.DataDir, "dynamodb"), Log: log}
		if o.InMemory {
			options.Dir = ""
		}
		s.engine, err = engine.Start(ctx, options)
		if errors.Is(err, syscall.EADDRINUSE) {
			return fmt.Errorf("port %d is in use; stop the program that uses it, or choose another one (DYNAMODB_PORT=…)", o.DynamoDBPort)
		}
		if err != nil {
			return err
		}
		s.DynamoDBEndpoint = s.engine.URL
	}
	if err := CreateSessions(ctx, s.DynamoDB(), s.Sessions); err != nil {
		return err
	}
	return CreateTable(ctx, s.DynamoDB(), s.Table)
}

// startBuckets creates the buckets if the options name another S3.
func (s *Stack) startBuckets(ctx context.Context) error {
	if s.files != nil {
		return nil
	}
	for _, bucket := range []string{UploadsBucket, ReportsBucket} {
		_, err := s.S3().CreateBucket(ctx, &awss3.CreateBucketInput{
			Bucket: &bucket, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: s3.Region},
		})
		var ours *types.BucketAlreadyOwnedByYou
		var exists *types.BucketAlreadyExists
		if err != nil && !errors.As(err, &ours) && !errors.As(err, &exists) {
			return fmt.Errorf("create the bucket %s: %w", bucket, err)
		}
	}
	return nil
}

func openLog(dir, name string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

// sockets are the open listeners.
type sockets struct{ front, s3, lambda, secrets, notices, vlsc socket }

type socket struct{ net.Listener }

func (s socket) url() string { return "http://" + s.Addr().String() }

func listen(o Options) (p sockets, err error) {
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.front.Listener, err = loopback.Listen(o.Port, "PORT"); err != nil {
		return p, err
	}
	if o.S3Endpoint == "" {
		if p.s3.Listener, err = loopback.Listen(o.S3Port, "S3_PORT"); err != nil {
			return p, err
		}
	}
	if o.Service {
		if p.vlsc.Listener, err = loopback.Listen(o.VLSCPort, "VLSC_PORT"); err != nil {
			return p, err
		}
	}
	if p.secrets.Listener, err = loopback.Listen(0, ""); err != nil {
		return p, err
	}
	if p.notices.Listener, err = loopback.Listen(0, ""); err != nil {
		return p, err
	}
	p.lambda.Listener, err = loopback.Listen(0, "")
	return p, err
}

func (p sockets) close() {
	for _, s := range []socket{p.front, p.s3, p.lambda, p.secrets, p.notices, p.vlsc} {
		if s.Listener != nil {
			s.Close()
		}
	}
}

func (s *Stack) serve(on socket, h http.Handler) {
	server := loopback.Server(h, s.log)
	s.servers = append(s.servers, server)
	go func() { _ = server.Serve(on) }() // returns an error when the server is shut down
}

// Healthy returns nil if the table and the buckets can be accessed.
func (s *Stack) Healthy(ctx context.Context) error {
	if _, err := s.DynamoDB().DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &s.Table}); err != nil {
		return fmt.Errorf("the table does not respond: %w", err)
	}
	for _, bucket := range []string{UploadsBucket, ReportsBucket} {
		if _, err := s.S3().HeadBucket(ctx, &awss3.HeadBucketInput{Bucket: &bucket}); err != nil {
			return fmt.Errorf("the bucket %s does not respond: %w", bucket, err)
		}
	}
	return nil
}

// DynamoDB returns a client of the engine, which does not use FunctionsDynamoDB.
func (s *Stack) DynamoDB() *dynamodb.Client {
	return engine.NewClient(s.DynamoDBEndpoint, func(o *dynamodb.Options) { o.Credentials = s.credentials })
}

// S3 returns a client of S3 for the buckets.
func (s *Stack) S3() *awss3.Client {
	return awss3.New(awss3.Options{
		Region: s3.Region, BaseEndpoint: &s.S3URL, UsePathStyle: true,
		Credentials:                s.credentials,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	})
}

// Token returns a bearer token for a person with the given roles, valid for an hour.
func (s *Stack) Token(subject string, roles ...access.Role) (string, error) {
	return s.issuer.Token(subject, groups(roles), issuer.Life)
}

// Failed returns a channel that is closed when the engine has ended. The stack cannot work
// without it.
func (s *Stack) Failed() <-chan struct{} {
	if s.engine == nil {
		return nil
	}
	return s.engine.Exited()
}

// Stop stops everything. It waits up to grace for requests and calls to end;
// asynchronous calls that do not end are made again after the next start.
func (s *Stack) Stop(grace time.Duration) {
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		var ending sync.WaitGroup
		for _, server := range s.servers {
			ending.Go(func() {
				if server.Shutdown(ctx) != nil {
					_ = server.Close() // it did not end in time
				}
			})
		}
		if s.Host != nil {
			ending.Go(func() { s.Host.Close(ctx) })
		}
		ending.Wait()
		if s.files != nil {
			_ = s.files.Close() // all data is written already
		}
		if s.engine != nil {
			s.engine.Stop()
		}
		if s.log != nil {
			s.log.Close()
		}
	})
}

// notify sends the event of an object in the uploads bucket to the queues of the functions that
// process it, or to the functions themselves.
func notify(h *lambda.Host, direct bool, bucket, key string, event []byte) error {
	if bucket != UploadsBucket {
		return nil
	}
	var failures []error
	for _, name := range notified(key) {
		to := h.Send
		if direct {
			to = h.InvokeAsync
		}
		_, err := to(name, event)
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}

// built checks that every function is built, and returns the absolute path of dir.
func built(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	var missing []string
	for _, name := range names() {
		if _, err := os.Stat(binary(dir, name)); err != nil {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return "", fmt.Errorf("the functions %s are not built in %s: run make local", strings.Join(missing, ", "), dir)
	}
	return dir, nil
}

func binary(dir, name string) string { return filepath.Join(dir, name, "bootstrap") }
