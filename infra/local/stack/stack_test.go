package stack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/stack"
	"trueup/internal/access"
	"trueup/internal/agreement"
	"trueup/internal/vlsc"
)

var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "functions")
	if err != nil {
		return "", err
	}
	return dir, stack.Build(context.Background(), dir)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := built(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

func functions(t *testing.T) string {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func start(t *testing.T, o stack.Options) *stack.Stack {
	t.Helper()
	o.Functions = functions(t)
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	s, err := stack.Start(context.Background(), o)
	if errors.Is(err, engine.ErrMissing) && os.Getenv("TRUEUP_REQUIRE_DYNAMODB") != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop(time.Second) })
	return s
}

// get reads a resource of the API as a global admin.
func get(t *testing.T, s *stack.Stack, path string, into any) {
	t.Helper()
	token, err := s.Token("jo", access.GlobalAdmin)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodGet, s.FrontURL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s %v", path, response.StatusCode, body, err)
	}
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
}

type imports struct {
	Items []struct {
		ID, FileName, State string
		Added               int
	}
}

func put(t *testing.T, s *stack.Stack, key, body string) {
	t.Helper()
	_, err := s.S3().PutObject(context.Background(), &awss3.PutObjectInput{
		Bucket: aws.String(stack.UploadsBucket), Key: aws.String(key), Body: strings.NewReader(body),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func settled(t *testing.T, s *stack.Stack) {
	t.Helper()
	const limit = 3 * time.Minute // a busy machine may need this long
	for begin := time.Now(); time.Since(begin) < limit; time.Sleep(10 * time.Millisecond) {
		if s.Pending() == 0 {
			return
		}
	}
	t.Fatalf("%d calls are pending after %v", s.Pending(), limit)
}

func TestR3_1_AFilePutInTheBucketIsReadBackAfterARestart(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := start(t, stack.Options{Data: data, Unscheduled: true})
	put(t, s, "agreements/my file+1.csv", "01-07001,01-07001,Office\n")
	put(t, s, "elsewhere/other.csv", "01-07002,01-07002,Office\n")
	settled(t, s)
	check := func() {
		t.Helper()
		var got imports
		get(t, s, "/imports", &got)
		if len(got.Items) != 1 || got.Items[0].FileName != "my file+1.csv" || got.Items[0].State != "succeeded" || got.Items[0].Added != 1 {
			t.Errorf("%+v", got)
		}
		if letters, err := s.DeadLetters(); err != nil || len(letters) != 0 {
			t.Errorf("%v, %v", letters, err)
		}
	}
	check()
	token, err := s.Token("jo", access.GlobalAdmin)
	if err != nil {
		t.Fatal(err)
	}

	// After the stop, the processes have ended and the ports are free.
	pids := append(s.PIDs("import"), s.PIDs("agreements")...)
	if len(pids) != 2 {
		t.Errorf("children: %v", pids)
	}
	s.Stop(time.Second)
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d is still there: %v", pid, err)
		}
	}
	address := strings.TrimPrefix(s.FrontURL, "http://")
	if c, err := net.Dial("tcp", address); err == nil {
		c.Close()
		t.Error("the gateway still answers")
	}

	port := 0
	fmt.Sscanf(address[strings.LastIndex(address, ":"):], ":%d", &port)
	s = start(t, stack.Options{Data: data, Port: port, Unscheduled: true})
	check()
	r, _ := http.NewRequest(http.MethodGet, s.FrontURL+"/imports", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("a token of before the restart: %d", response.StatusCode)
	}
	put(t, s, "agreements/second.csv", "01-07003,01-07003,Project\n")
	settled(t, s)
	var got imports
	get(t, s, "/imports", &got)
	if len(got.Items) != 2 {
		t.Errorf("after the restart: %+v", got)
	}
}

func TestR3_9_AnImportKilledIsFinishedByTheRetry(t *testing.T) {
	t.Parallel()
	s := start(t, stack.Options{
		InMemory: true, Unscheduled: true, RetryDelays: []time.Duration{200 * time.Millisecond}, Env: []string{"IMPORT_LEASE=1s"},
	})
	var rows strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&rows, "01-%05d,01-%05d,Agreement %d\n", i, i, i/10)
	}
	put(t, s, "agreements/big.csv", rows.String())
	killed := 0
	for range 1000 {
		if killed += s.Kill("import"); killed > 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	settled(t, s)
	var got imports
	get(t, s, "/imports", &got)
	if killed == 0 || len(got.Items) != 1 || got.Items[0].State != "succeeded" || got.Items[0].Added != 2000 {
		t.Errorf("killed %d, %+v", killed, got)
	}
}

func TestFunctionsCanGetAnEndpointOfTheirOwn(t *testing.T) {
	t.Parallel()
	refusing, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refusing.Close()
	s := start(t, stack.Options{
		InMemory: true, Unscheduled: true, RetryDelays: []time.Duration{time.Millisecond},
		FunctionsDynamoDB: "http://" + refusing.Addr().String(),
	})
	if err := s.Healthy(context.Background()); err != nil {
		t.Errorf("the stack itself uses the engine: %v", err)
	}
	token, err := s.Token("jo", access.GlobalAdmin)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := http.NewRequest(http.MethodGet, s.FrontURL+"/groups", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode < 500 {
		t.Errorf("the function reached the engine: %d", response.StatusCode)
	}
}

// R7.4: functions get the address of the reference server and the name of the secret in
// their settings, and the server accepts the credentials in the secret.
func TestR7_4_TheReferenceServerAndItsSecret(t *testing.T) {
	t.Parallel()
	s := start(t, stack.Options{InMemory: true, Unscheduled: true, Service: true})
	env := map[string]string{}
	for _, pair := range s.Environment("TRUEUP_REFRESH_FUNCTION", "TRUEUP_INVENTORY_FUNCTION", "VLSC_ENDPOINT", "VLSC_TOKEN_URL", "VLSC_SECRET") {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	if env["TRUEUP_REFRESH_FUNCTION"] != "refresh" || env["TRUEUP_INVENTORY_FUNCTION"] != "inventory" {
		t.Errorf("%v", env)
	}
	endpoint := env["AWS_ENDPOINT_URL_SECRETS_MANAGER"]
	secret, err := secretsmanager.New(secretsmanager.Options{
		Region: "eu-west-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}).GetSecretValue(context.Background(), &secretsmanager.GetSecretValueInput{SecretId: aws.String(env["VLSC_SECRET"])})
	if err != nil {
		t.Fatal(err)
	}
	var client struct{ ClientID, ClientSecret string }
	if err := json.Unmarshal([]byte(*secret.SecretString), &client); err != nil {
		t.Fatal(err)
	}
	service, err := vlsc.NewService(vlsc.Config{
		Endpoint: env["VLSC_ENDPOINT"], TokenURL: env["VLSC_TOKEN_URL"], Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Credentials: func(context.Context) (string, string, error) { return client.ClientID, client.ClientSecret, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	answers, err := service.Ask(context.Background(), []agreement.Pair{{Authorization: "01-07001", License: "01-07001"}})
	if err != nil || len(answers) != 1 || s.VLSC.Stats().Pairs != 1 {
		t.Errorf("%+v, %v", answers, err)
	}
}

func TestStatementsAreTheSourceUnlessTheServiceIsChosen(t *testing.T) {
	t.Parallel()
	s := start(t, stack.Options{InMemory: true, Unscheduled: true})
	for _, pair := range s.Environment("VLSC_ENDPOINT", "VLSC_TOKEN_URL", "VLSC_SECRET") {
		if strings.HasPrefix(pair, "VLSC_") {
			t.Errorf("a function is told %s", pair)
		}
	}
	if s.VLSC != nil || s.VLSCURL != "" {
		t.Error("the reference server was started")
	}
}

func TestOtherEngines(t *testing.T) {
	t.Parallel()
	ours := start(t, stack.Options{InMemory: true, Unscheduled: true})
	other := start(t, stack.Options{
		DynamoDBEndpoint: ours.DynamoDBEndpoint, S3Endpoint: ours.S3URL, TableName: "other", Unscheduled: true, Credentials: stack.Credentials,
	})
	if other.Table != "other" || other.S3URL != ours.S3URL || other.DynamoDBEndpoint != ours.DynamoDBEndpoint {
		t.Errorf("%+v", other)
	}
	put(t, other, "agreements/a.csv", "01-07001,01-07001,Office\n") // the S3 of ours handles it, so the functions of ours get the event
	settled(t, ours)
	var got imports
	get(t, other, "/imports", &got)
	if len(got.Items) != 0 {
		t.Errorf("tables are shared: %+v", got)
	}
	get(t, ours, "/imports", &got)
	if len(got.Items) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestStartSaysWhatToDo(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	missing := t.TempDir()
	for name, c := range map[string]struct {
		options stack.Options
		want    string
	}{
		"front's port": {stack.Options{Port: port}, "(PORT=…)"},
		"S3's port":    {stack.Options{S3Port: port}, "(S3_PORT=…)"},
		"VLSC's port":  {stack.Options{Service: true, VLSCPort: port}, "(VLSC_PORT=…)"},
		"no such hour": {stack.Options{RefreshAt: "25:00"}, "REFRESH_AT=04:15"},
		"not built":    {stack.Options{Functions: missing}, "run make local"},
	} {
		if c.options.Functions == "" {
			c.options.Functions = functions(t)
		}
		c.options.Data = filepath.Join(t.TempDir(), "data")
		_, err := stack.Start(context.Background(), c.options)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
