//go:build cdk

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/config"
	"trueup/internal/manifest"
)

// nightChecks check the nightly schedules.
var nightChecks = []check{
	{
		name: "R7.1 functions of the night are called once in it, with the moment it was due",
		check: func(t template, c *failures) {
			want, got := map[string]string{}, map[string]string{}
			for _, f := range manifest.Functions {
				if f.Nightly {
					want["${"+t.function(f.Name).ID+".Arn}"] = `cron(15 4 * * ? *) UTC {"source":"trueup.nightly","time":"<aws.scheduler.scheduled-time>"}`
				}
			}
			for _, s := range t.of("AWS::Scheduler::Schedule") {
				c.want(s, "State", "ENABLED")
				c.want(s, "FlexibleTimeWindow", `{"Mode":"OFF"}`)
				c.want(s, "Target.RetryPolicy", `{"MaximumEventAgeInSeconds":21600,"MaximumRetryAttempts":185}`)
				c.want(s, "Target.DeadLetterConfig.Arn", "${"+t.letters().ID+".Arn}")
				got[s.text("Target.Arn")] = s.text("ScheduleExpression") + " " + s.text("ScheduleExpressionTimezone") + " " + s.text("Target.Input")
			}
			c.same("nights", want, got)
		},
		breaks: map[string]func(template){
			"another hour":       set("AWS::Scheduler::Schedule", "ScheduleExpression", "cron(15 2 * * ? *)"),
			"another time zone":  set("AWS::Scheduler::Schedule", "ScheduleExpressionTimezone", nil),
			"some time in it":    set("AWS::Scheduler::Schedule", "FlexibleTimeWindow", map[string]any{"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}),
			"switched off":       set("AWS::Scheduler::Schedule", "State", "DISABLED"),
			"nobody knows when":  set("AWS::Scheduler::Schedule", "Target.Input", `{"source":"trueup.nightly"}`),
			"lost when it fails": set("AWS::Scheduler::Schedule", "Target.DeadLetterConfig", nil),
			"tried once":         set("AWS::Scheduler::Schedule", "Target.RetryPolicy.MaximumRetryAttempts", 0),
			"another function":   set("AWS::Scheduler::Schedule", "Target.Arn", "elsewhere"),
			"another schedule":   func(t template) { t.Resources["Other"] = &resource{Type: "AWS::Scheduler::Schedule"} },
		},
	},
	{
		name: "a schedule of the night may call its function, keep what failed, and no more",
		check: func(t template, c *failures) {
			for _, s := range t.of("AWS::Scheduler::Schedule") {
				group := t.Resources[strings.TrimSuffix(strings.TrimPrefix(s.text("GroupName"), "${"), "}")]
				role := t.Resources[strings.TrimSuffix(strings.TrimPrefix(s.text("Target.RoleArn"), "${"), ".Arn}")]
				if group == nil || role == nil {
					c.addf("%s has no group or no role of its own", s.ID)
					continue
				}
				c.want(role, "AssumeRolePolicyDocument.Statement.0.Principal", `{"Service":"scheduler.amazonaws.com"}`)
				c.want(role, "AssumeRolePolicyDocument.Statement.0.Condition",
					`{"StringEquals":{"aws:SourceAccount":"${AWS::AccountId}","aws:SourceArn":"${`+group.ID+`.Arn}"}}`)
				c.want(role, "AssumeRolePolicyDocument.Statement.1", "")
				c.want(role, "ManagedPolicyArns", "")
				c.want(role, "Policies.1", "")
				c.same("role of "+s.ID, []statement{
					{Effect: "Allow", Actions: []string{"lambda:InvokeFunction"}, Resources: []string{s.text("Target.Arn")}},
					{Effect: "Allow", Actions: []string{"sqs:SendMessage"}, Resources: []string{s.text("Target.DeadLetterConfig.Arn")}},
				}, role.statements("Policies.0.PolicyDocument"))
			}
		},
		breaks: map[string]func(template){
			"any function": func(t template) {
				nightRole(t).set("Policies.0.PolicyDocument.Statement.0.Resource", "*")
			},
			"any queue": func(t template) {
				nightRole(t).set("Policies.0.PolicyDocument.Statement.1.Resource", "*")
			},
			"any account": func(t template) {
				nightRole(t).set("AssumeRolePolicyDocument.Statement.0.Condition", nil)
			},
			"the function's role": func(t template) {
				t.of("AWS::Scheduler::Schedule")[0].set("Target.RoleArn", t.function("import").text("Role"))
			},
			"no group": set("AWS::Scheduler::Schedule", "GroupName", nil),
		},
	},
}

// nightRole returns the role of the first nightly schedule.
func nightRole(t template) *resource {
	return t.Resources[strings.TrimSuffix(strings.TrimPrefix(t.of("AWS::Scheduler::Schedule")[0].text("Target.RoleArn"), "${"), ".Arn}")]
}

// R7.1, R7.4: the operator chooses the time, the time zone and the service.
func TestNightsAndTheServiceAreChosen(t *testing.T) {
	chosen, byDefault := parseTemplate(t, synthesise(everything)), parseTemplate(t, defaultTemplate())
	for _, s := range chosen.of("AWS::Scheduler::Schedule") {
		if at, zone := s.text("ScheduleExpression"), s.text("ScheduleExpressionTimezone"); at != "cron(5 23 * * ? *)" || zone != "Europe/Brussels" {
			t.Errorf("%s is due at %s in %s", s.ID, at, zone)
		}
	}
	secretOf := func(in template, stack string, f manifest.Function) (resources []string) {
		role := in.Resources[strings.TrimSuffix(strings.TrimPrefix(in.named(stack, f.Name).text("Role"), "${"), ".Arn}")]
		for _, s := range role.statements("Policies.0.PolicyDocument") {
			if slices.ContainsFunc(s.Actions, func(action string) bool { return strings.HasPrefix(action, "secretsmanager:") }) {
				resources = append(resources, strings.Join(s.Actions, " ")+" "+strings.Join(s.Resources, " "))
			}
		}
		return resources
	}
	readers := 0
	for _, f := range manifest.Functions {
		var want []string
		if f.ReadsSecret() {
			readers++
			want = []string{"secretsmanager:GetSecretValue arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:licences/gateway-??????"}
		}
		if diff := cmp.Diff(want, secretOf(chosen, everything.StackName, f)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.Name, diff)
		}
		if got := secretOf(byDefault, "trueup", f); got != nil {
			t.Errorf("%s reads %s, and nobody chose a service", f.Name, got)
		}
		for name, value := range map[string]string{
			config.VLSCEndpoint: everything.Functions.VLSC.Endpoint, config.VLSCTokenURL: everything.Functions.VLSC.TokenURL, config.VLSCSecret: everything.Functions.VLSC.Secret,
			config.RefreshTimeZone: "Europe/Brussels",
		} {
			if !slices.Contains(f.Settings, name) {
				value = ""
			}
			if got := chosen.named(everything.StackName, f.Name).text("Environment.Variables." + name); got != value {
				t.Errorf("%s: %s is %q, want %q", f.Name, name, got, value)
			}
		}
	}
	if readers == 0 {
		t.Error("no function reads the secret")
	}
}

// R7.4: an ARN is used unchanged.
func TestASecretByItsARN(t *testing.T) {
	const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:licences/gateway-a1B2c3"
	if got := secretARN(nil, arn); got != arn {
		t.Errorf("got %s", got)
	}
}
