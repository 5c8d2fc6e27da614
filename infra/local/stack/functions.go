package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"trueup/infra/local/aws/gateway"
	"trueup/infra/local/aws/issuer"
	"trueup/infra/local/aws/lambda"
	"trueup/infra/local/aws/s3"
	"trueup/internal/config"
	"trueup/internal/manifest"
)

func names() []string {
	names := make([]string, len(manifest.Functions))
	for i, f := range manifest.Functions {
		names[i] = f.Name
	}
	return names
}

// notified returns the functions that receive the events of a key.
func notified(key string) (names []string) {
	for _, f := range manifest.Functions {
		if f.Trigger == manifest.Objects && slices.ContainsFunc(f.Prefixes(), func(prefix string) bool { return strings.HasPrefix(key, prefix) }) {
			names = append(names, f.Name)
		}
	}
	return names
}

// functions returns the functions of the manifest, configured for the host.
func (s *Stack) functions(dir string, o Options) []lambda.Function {
	var functions []lambda.Function
	for _, f := range manifest.Functions {
		run := lambda.Function{
			Name: f.Name, Binary: binary(dir, f.Name), Env: s.environment(f, o),
			Memory: f.Memory, Timeout: f.Timeout, Concurrency: o.Concurrency, Retries: f.Retries,
		}
		if f.AtOnce > 0 {
			run.Queue = &lambda.Queue{AtOnce: f.AtOnce, Hidden: f.Hidden(), Deliveries: f.Deliveries()}
		}
		if !o.Unscheduled {
			run.Schedules = s.schedules(f)
		}
		functions = append(functions, run)
	}
	return functions
}

// Deploy switches functions of the running stack to the binaries in another folder. An
// unknown name is an error.
func (s *Stack) Deploy(dir string, names ...string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := s.Replace(name, binary(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// schedules returns the schedules of a function.
func (s *Stack) schedules(f manifest.Function) (all []lambda.Schedule) {
	if f.Every > 0 {
		all = append(all, lambda.Schedule{Next: lambda.Every(f.Every), Event: func(time.Time) []byte {
			return event(map[string]string{"source": manifest.ScheduleSource})
		}})
	}
	if f.Nightly {
		all = append(all, lambda.Schedule{Next: s.night, Event: NightlyEvent})
	}
	return all
}

// NightlyEvent returns the event of the nightly schedule that was due at the given time.
func NightlyEvent(due time.Time) []byte {
	return event(map[string]string{"source": manifest.NightlySource, "time": due.UTC().Format(time.RFC3339)})
}

func event(members map[string]string) []byte {
	data, _ := json.Marshal(members) // a map of strings always marshals
	return data
}

// environment returns the environment of a function: its settings, the addresses of the
// services, and credentials.
func (s *Stack) environment(f manifest.Function, o Options) []string {
	dynamo := s.DynamoDBEndpoint
	if o.FunctionsDynamoDB != "" {
		dynamo = o.FunctionsDynamoDB
	}
	key := s.keyOf(f.Name, o)
	env := []string{
		"AWS_ENDPOINT_URL_DYNAMODB=" + dynamo,
		"AWS_ENDPOINT_URL_S3=" + s.S3URL,
		"AWS_ENDPOINT_URL_LAMBDA=" + s.LambdaURL,
		"AWS_ENDPOINT_URL_SECRETS_MANAGER=" + s.secretsURL,
		"AWS_ENDPOINT_URL_SNS=" + s.noticesURL,
		"AWS_ACCESS_KEY_ID=" + key.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + key.SecretAccessKey,
		"AWS_RESPONSE_CHECKSUM_VALIDATION=when_required",
		// The functions must not use the AWS profile of the user.
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
	}
	for _, name := range f.Settings {
		if value := s.setting(f, name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	return append(env, o.Env...)
}

// keyOf returns the key of a function. Another S3 knows only the given key.
func (s *Stack) keyOf(function string, o Options) aws.Credentials {
	if s.files == nil {
		return o.Credentials
	}
	return keyOf(function, o).Credentials
}

// publishers returns the access keys of the functions that may publish notices.
func (s *Stack) publishers(o Options) (ids []string) {
	for _, f := range manifest.Functions {
		if slices.ContainsFunc(f.Grants, func(g manifest.Grant) bool { return g.Resource == manifest.Notices }) {
			ids = append(ids, s.keyOf(f.Name, o).AccessKeyID)
		}
	}
	return ids
}

// keyOf returns the key of the local S3 with which a function acts. Its principal has the form of a
// role's session, as on AWS.
func keyOf(function string, o Options) s3.Key {
	return s3.Key{
		Credentials: aws.Credentials{AccessKeyID: "ASIA" + roleOf(function), SecretAccessKey: o.Credentials.SecretAccessKey},
		Principal:   "AWS:AROA" + roleOf(function) + ":" + function,
	}
}

// roleOf returns the unique part of the id of a function's role.
func roleOf(function string) string { return strings.ToUpper("local" + function) }

// keys returns the keys that the local S3 knows: of the operator, and of each function.
func keys(o Options) []s3.Key {
	all := []s3.Key{{Credentials: o.Credentials, Principal: "AWS:" + o.Credentials.AccessKeyID}}
	for _, f := range manifest.Functions {
		all = append(all, keyOf(f.Name, o))
	}
	return all
}

// setting returns the value of a setting of a function; empty if it is not set.
func (s *Stack) setting(f manifest.Function, name string) string {
	setting, _ := config.Find(name)
	switch {
	case setting.Resource == string(manifest.Table):
		return s.Table
	case setting.Resource == string(manifest.Sessions):
		return s.Sessions
	case setting.Resource == string(manifest.Notices):
		return noticesTopic
	case setting.Deployed:
		return map[string]string{
			config.API: s.FrontURL, config.ConsoleOrigin: s.FrontURL, config.ConsoleIssuer: s.FrontURL + gateway.IssuerPath,
			config.ConsoleClient: issuer.ConsoleClientID, config.ConsoleScopes: "openid email",
		}[name]
	case name == config.Samples:
		return s.samples
	case setting.Resource != "":
		return bucketName(manifest.Resource(setting.Resource))
	case setting.Function != "": // functions are called by their names in the manifest
		return setting.Function
	case setting.Role:
		return "AROA" + roleOf(f.Name)
	case setting.Service:
		return s.service[name]
	default: // it has a default; take it from this process's environment
		return config.Environment(name)
	}
}

// Build builds every function for this machine into dir, as <name>/bootstrap, for tests
// that run without make. The current directory must be inside the module.
func Build(ctx context.Context, dir string) error {
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return err
	}
	arguments := []string{"build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-o", bin + string(filepath.Separator)}
	for _, name := range names() {
		arguments = append(arguments, "trueup/functions/"+name)
	}
	build := exec.CommandContext(ctx, "go", arguments...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the functions: %w: %s", err, out)
	}
	for _, name := range names() {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(bin, name), binary(dir, name)); err != nil {
			return err
		}
	}
	return nil
}
