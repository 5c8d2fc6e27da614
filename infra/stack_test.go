//go:build cdk

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
	"github.com/google/go-cmp/cmp"

	"trueup/internal/config"
	"trueup/internal/manifest"
	"trueup/internal/testkit/golden"
)

var (
	// code is a folder with a placeholder for each function's binary, so that the
	// golden template changes only with the infrastructure.
	code string
	// context is the context of cdk.json, which the cdk command passes.
	context map[string]any
)

func TestMain(m *testing.M) {
	status, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func run(m *testing.M) (status int, err error) {
	defer jsii.Close()
	if code, err = os.MkdirTemp("", "trueup-code-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(code)
	for _, f := range manifest.Functions {
		if err := os.Mkdir(filepath.Join(code, f.Name), 0o755); err != nil {
			return 0, err
		}
		if err := os.WriteFile(filepath.Join(code, f.Name, "bootstrap"), []byte(f.Name+"\n"), 0o755); err != nil {
			return 0, err
		}
	}
	source, err := os.ReadFile("../cdk.json")
	if err != nil {
		return 0, err
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(source, &file); err != nil {
		return 0, err
	}
	context = file.Context
	return m.Run(), nil
}

// synthesise returns the template of the stack with the given settings.
func synthesise(chosen settings) []byte {
	stack := newStack(newApp(context), chosen, code)
	source, err := json.MarshalIndent(assertions.Template_FromStack(stack, nil).ToJSON(), "", "  ")
	if err != nil {
		panic(err) // it came from JSON
	}
	return append(source, '\n')
}

// defaultTemplate returns the template with default settings. All tests share it,
// because synthesis takes seconds.
var defaultTemplate = sync.OnceValue(func() []byte { return synthesise(byDefault) })

// byDefault is what readSettings returns for an empty context.
var byDefault = func() settings {
	functions, err := config.Chosen(func(string) string { return "" })
	if err != nil {
		panic(err)
	}
	return settings{Functions: functions, RefreshAt: "04:15", StackName: "trueup"}
}()

var brussels = func() *time.Location {
	zone, err := time.LoadLocation("Europe/Brussels")
	if err != nil {
		panic(err)
	}
	return zone
}()

// zones compares time zones by name.
var zones = cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })

// everything has values other than the defaults.
var everything = func() settings {
	functions := byDefault.Functions
	functions.PairMaxChars, functions.ExpiringDays, functions.InventoryRequired, functions.InventoryMacOS, functions.RefreshTimeZone = 30, 60, false, true, brussels
	functions.VLSC = config.VLSC{Endpoint: "https://gateway.example.org/v1", TokenURL: "https://login.example.org/token", Secret: "licences/gateway"}
	return settings{
		AlarmEmail: "ops@example.org", NoticeEmail: "licences@example.org", ConsoleOrigin: "https://licences.example.org", Functions: functions,
		RefreshAt: "23:05", Table: "trueup-restored_1.a",
		StackName: "trueup-test", SignInPrefix: "licences-example", Protected: true, AllAlarms: true, ReservedConcurrency: true,
	}
}()

func TestTemplateIsGolden(t *testing.T) {
	golden.Equal(t, "testdata/template.json", defaultTemplate())
}

func TestSettings(t *testing.T) {
	for _, test := range []struct {
		name    string
		context map[string]string
		want    settings
		wrong   []string
	}{
		{
			name: "nothing chosen",
			want: byDefault,
		},
		{
			name: "everything chosen",
			context: map[string]string{
				alarmEmail: "ops@example.org", noticeEmail: "licences@example.org", consoleOrigin: "https://licences.example.org",
				"pairMaxChars": "30", "expiringDays": "60", "inventoryRequired": "false", "inventoryMacOS": "true",
				"refreshTimeZone": "Europe/Brussels", refreshAt: "23:05",
				"vlscEndpoint": "https://gateway.example.org/v1", "vlscTokenUrl": "https://login.example.org/token", "vlscSecret": "licences/gateway",
				tableName: "trueup-restored_1.a",
				stackName: "trueup-test", signInPrefix: "licences-example", protected: "true", allAlarms: "true", reserved: "true",
			},
			want: everything,
		},
		{
			name: "every mistake at once",
			context: map[string]string{
				alarmEmail: "Ops <ops@example.org>", noticeEmail: "licences", consoleOrigin: "http://licences.example.org/console",
				"pairMaxChars": "33", "expiringDays": "0", "inventoryRequired": "no", "inventoryMacOS": "no",
				"refreshTimeZone": "Brussels", refreshAt: "2:15",
				"vlscEndpoint": "http://gateway.example.org", "vlscTokenUrl": "https://me:key@login.example.org/", "vlscSecret": "any*",
				tableName: "table/*",
				stackName: "Trueup", signInPrefix: "my-aws-page", protected: "yes", allAlarms: "1", reserved: "on",
			},
			wrong: []string{
				alarmEmail, noticeEmail, consoleOrigin, "pairMaxChars", "expiringDays", "inventoryRequired", "inventoryMacOS",
				"refreshTimeZone", refreshAt, "vlscEndpoint", "vlscTokenUrl", "vlscSecret", tableName,
				stackName, signInPrefix, protected, allAlarms, reserved,
			},
		},
		{
			name:    "R16.1 a name that makes the names of buckets too long",
			context: map[string]string{stackName: "software-licences-test"},
			wrong:   []string{stackName},
		},
		{
			name:    "R7.1 an hour that no day has",
			context: map[string]string{refreshAt: "24:00"},
			wrong:   []string{refreshAt},
		},
		{
			name:    "R7.4 half a service",
			context: map[string]string{"vlscEndpoint": "https://gateway.example.org/v1", "vlscSecret": "licences/gateway"},
			wrong:   []string{"vlscTokenUrl"},
		},
		{
			name:    "R7.4 some secret of several",
			context: map[string]string{"vlscEndpoint": "https://g.example", "vlscTokenUrl": "https://l.example", "vlscSecret": "licences/gateway-??????"},
			wrong:   []string{"vlscSecret"},
		},
		{
			name:    "R7.4 half an ARN",
			context: map[string]string{"vlscEndpoint": "https://g.example", "vlscTokenUrl": "https://l.example", "vlscSecret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:gateway"},
			wrong:   []string{"vlscSecret"},
		},
		{
			name:    "origin with a slash",
			context: map[string]string{consoleOrigin: "https://licences.example.org/"},
			wrong:   []string{consoleOrigin},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := readSettings(func(name string) string { return test.context[name] })
			if test.wrong == nil {
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got, zones); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			for _, name := range test.wrong {
				if !strings.Contains(err.Error(), name) {
					t.Errorf("%q does not name %s", err, name)
				}
			}
		})
	}
}

func TestWhatAnOperatorChooses(t *testing.T) {
	origin := everything.ConsoleOrigin
	got := parseTemplate(t, synthesise(everything))

	for id, want := range map[string]struct{ address, topic string }{
		"AlarmsByEmail": {"ops@example.org", got.alarms().ID}, "NoticesByEmail": {"licences@example.org", got.notices().ID},
	} {
		if got := got.only("AWS::SNS::Subscription", id); got.text("Endpoint") != want.address || got.text("Protocol") != "email" || got.text("TopicArn") != "${"+want.topic+"}" {
			t.Errorf("%s is %v", id, got.Properties)
		}
	}
	for path, want := range map[string]string{
		"CorsConfiguration.AllowOrigins": `["` + origin + `"]`,
		"CorsConfiguration.AllowMethods": `["DELETE","GET","PATCH","POST","PUT"]`,
	} {
		if got := got.one("AWS::ApiGatewayV2::Api").text(path); got != want {
			t.Errorf("API: %s is %s, want %s", path, got, want)
		}
	}
	for _, prefix := range []string{"UsersClient", "UsersConsole"} {
		if got := got.client(prefix).list("CallbackURLs"); !cmp.Equal(got, []string{origin + "/signed-in"}) {
			t.Errorf("people return to %s after signing in", got)
		}
	}
	console := got.named("trueup-test", "console")
	if got := console.text("Environment.Variables." + config.ConsoleOrigin); got != origin {
		t.Errorf("the console is at %s", got)
	}
	if got, api := console.text("Environment.Variables."+config.API), "${"+got.one("AWS::ApiGatewayV2::Api").ID+".ApiEndpoint}"; got != api {
		t.Errorf("the console calls %s", got)
	}
	uploads := got.where("AWS::S3::Bucket", "BucketNamePrefix", "trueup-test-uploads")
	if len(uploads) != 1 || uploads[0].text("CorsConfiguration.CorsRules.0.AllowedOrigins") != `["`+origin+`"]` {
		t.Error("browsers at the console's origin cannot upload")
	}
	// A redirect from the API to S3 leaves the console's origin behind: the browser sends "null".
	reports := got.where("AWS::S3::Bucket", "BucketNamePrefix", "trueup-test-reports")
	if len(reports) != 1 || reports[0].text("CorsConfiguration.CorsRules.0.AllowedOrigins") != `["*"]` {
		t.Error("browsers at the console's origin cannot follow the redirect to a report")
	}
	for name, want := range map[string]string{config.PairMaxChars: "30", config.ExpiringDays: "60", config.InventoryRequired: "false"} {
		if got := got.named("trueup-test", "agreements").text("Environment.Variables." + name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestR16_1_StacksSideBySide: every name of a stack begins with the stack's name, and so does its
// namespace of metrics. A second stack in the account and region has no name in common with it.
func TestR16_1_StacksSideBySide(t *testing.T) {
	chosen := byDefault
	chosen.StackName = "second"
	first, second := string(defaultTemplate()), string(synthesise(chosen))
	rest := regexp.MustCompile(`trueup[a-zA-Z0-9./_-]*`).FindAllString(second, -1)
	for _, name := range rest {
		switch name {
		case "trueup", "trueup.schedule", "trueup.nightly": // the tag, and the sources of events
		default:
			t.Errorf("the second stack has the name %s of the first", name)
		}
	}
	if n := strings.Count(first, "trueup-"); n < 50 || strings.Count(second, "second-") != n {
		t.Errorf("%d names in the first, %d in the second", n, strings.Count(second, "second-"))
	}
	alarm := parseTemplate(t, []byte(second)).Resources["RefreshPartialAlarm"]
	if alarm == nil || alarm.text("Metrics.1.MetricStat.Metric.Namespace") != "second" {
		t.Error("the alarms of the second stack watch the first")
	}
}

// TestR16_1_ASecondStep: after the first deployment, the operator protects the stack.
func TestR16_1_ASecondStep(t *testing.T) {
	for _, chosen := range []settings{byDefault, everything} {
		stack := newStack(newApp(context), chosen, code)
		got := parseTemplate(t, synthesise(chosen))
		if on := *stack.TerminationProtection(); on != chosen.Protected {
			t.Errorf("termination protection is %v", on)
		}
		if on := got.table().text("DeletionProtectionEnabled"); on != fmt.Sprint(chosen.Protected) {
			t.Errorf("the table is protected: %s", on)
		}
		if on := got.one("AWS::Cognito::UserPool").text("DeletionProtection") == "ACTIVE"; on != chosen.Protected {
			t.Errorf("the users are protected: %v", on)
		}
		for _, f := range manifest.Functions {
			want := ""
			if chosen.ReservedConcurrency && f.Reserved > 0 {
				want = fmt.Sprint(f.Reserved)
			}
			if reserved := got.named(chosen.StackName, f.Name).text("ReservedConcurrentExecutions"); reserved != want {
				t.Errorf("%s: %q executions are reserved, want %q", f.Name, reserved, want)
			}
		}
	}
}

// nagFindings returns the findings of cdk-nag on an app, as "path: message".
func nagFindings(app awscdk.App, stack awscdk.Stack, ignored cdknag.INagSuppressionIgnore) []string {
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{
		Verbose: jsii.Bool(true), Reports: jsii.Bool(false), SuppressionIgnoreCondition: ignored,
	}), nil)
	read := assertions.Annotations_FromStack(stack)
	everywhere, whatever := jsii.String("*"), assertions.Match_StringLikeRegexp(jsii.String(".*"))
	var findings []string
	for _, message := range append(*read.FindError(everywhere, whatever), *read.FindWarning(everywhere, whatever)...) {
		findings = append(findings, *message.Id+": "+message.Entry.Data.(string)) //nolint:staticcheck // the type's new place has no Go package
	}
	return findings
}

func TestNagFindsNothingWithoutAReason(t *testing.T) {
	app := newApp(context)
	stack := newStack(app, byDefault, code)
	for _, finding := range nagFindings(app, stack, nil) {
		t.Error(finding)
	}
}

func TestNagWouldFind(t *testing.T) {
	app := newApp(context)
	stack := awscdk.NewStack(app, jsii.String("careless"), nil)
	awss3.NewBucket(stack, jsii.String("Bucket"), nil)
	findings := strings.Join(nagFindings(app, stack, nil), "\n")
	for _, rule := range []string{"AwsSolutions-S1", "AwsSolutions-S10"} {
		if !strings.Contains(findings, rule) {
			t.Errorf("%s is not among the findings on a bare bucket:\n%s", rule, findings)
		}
	}
}

// A suppression without a finding is obsolete.
func TestEveryReasonAnswersAFinding(t *testing.T) {
	app := newApp(context)
	stack := newStack(app, byDefault, code)
	findings := strings.Join(nagFindings(app, stack, cdknag.NewSuppressionIgnoreAlways(jsii.String("to see them all"))), "\n")

	reasons := 0
	for _, r := range parseTemplate(t, defaultTemplate()).Resources {
		source, err := json.Marshal(r.Metadata["cdk_nag"])
		if err != nil {
			t.Fatal(err)
		}
		var nag struct {
			Rules []struct {
				ID        string   `json:"id"`
				Reason    string   `json:"reason"`
				AppliesTo []string `json:"applies_to"`
			} `json:"rules_to_suppress"`
		}
		if err := json.Unmarshal(source, &nag); err != nil {
			t.Fatal(err)
		}
		for _, rule := range nag.Rules {
			reasons++
			want := rule.ID
			if rule.ID == "AwsSolutions-IAM5" {
				if len(rule.AppliesTo) != 1 {
					t.Errorf("%s: %s is accepted for any wildcard", r.ID, rule.ID)
					continue
				}
				want += "[" + rule.AppliesTo[0] + "]"
			}
			if !strings.Contains(findings, want) {
				t.Errorf("%s: %s is accepted but not found: %s", r.ID, want, rule.Reason)
			}
			if len(strings.Fields(rule.Reason)) < 8 {
				t.Errorf("%s: %s: %q is no reason", r.ID, rule.ID, rule.Reason)
			}
		}
	}
	if reasons == 0 {
		t.Error("no reasons at all: the template's metadata is not read")
	}
}

// R16.1: the template records every context value, also the unset ones, so that a later deployment can
// keep them.
func TestR16_1_TemplateRecordsTheContext(t *testing.T) {
	given := map[string]string{"refreshTimeZone": "Europe/Brussels", protected: "true", issuer: version2, audience: clientID, "signInRoles": someRoles}
	recorded := map[string]string{}
	chosen, err := readSettings(recording(recorded, func(name string) string { return given[name] }))
	if err != nil {
		t.Fatal(err)
	}
	stack := newStack(newApp(context), chosen, code)
	record(stack, recorded)
	source, err := json.Marshal(assertions.Template_FromStack(stack, nil).ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Metadata struct {
			Trueup struct{ Context map[string]string }
		}
	}
	if err := json.Unmarshal(source, &template); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, name := range []string{
		alarmEmail, noticeEmail, consoleOrigin, issuer, audience, scope, consoleClient, consoleScopes, consoleIssuer, refreshAt, stackName, signInPrefix, protected, allAlarms, reserved, tableName,
	} {
		want[name] = given[name]
	}
	for _, s := range config.Settings {
		if s.Context != "" {
			want[s.Context] = given[s.Context]
		}
	}
	if diff := cmp.Diff(want, template.Metadata.Trueup.Context); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
