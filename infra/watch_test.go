//go:build cdk

package main

import (
	"slices"
	"strings"
	"testing"

	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/manifest"
)

// watchChecks check logs and alarms.
var watchChecks = []check{
	{
		name: "logs are JSON and kept for 90 days, each function's in a group of its own",
		check: func(t template, c *failures) {
			for _, f := range manifest.Functions {
				function := t.function(f.Name)
				c.want(function, "LoggingConfig.LogFormat", "JSON")
				c.want(function, "LoggingConfig.LogGroup", "${"+t.logs("/aws/lambda/trueup-"+f.Name).ID+"}")
			}
			for _, logs := range t.of("AWS::Logs::LogGroup") {
				c.want(logs, "RetentionInDays", "90")
				if logs.DeletionPolicy != "Delete" {
					c.addf("%s stays behind and is in the way of the next deployment", logs.ID)
				}
			}
		},
		breaks: map[string]func(template){
			"kept for ever": set("AWS::Logs::LogGroup", "RetentionInDays", nil),
			"another's group": func(t template) {
				t.function("groups").set("LoggingConfig.LogGroup", t.function("import").text("LoggingConfig.LogGroup"))
			},
			"lines of no form": set("AWS::Lambda::Function", "LoggingConfig.LogFormat", "Text"),
		},
	},
	{
		name: "R3.9 an alarm watches the dead-letter queue, the API, the schedules and the refresh",
		check: func(t template, c *failures) {
			want := map[string]bool{
				"AWS/SQS ApproximateNumberOfMessagesVisible QueueName=${" + t.letters().ID + ".QueueName}": true,
				"AWS/ApiGateway 5xx ApiId=${" + t.one("AWS::ApiGatewayV2::Api").ID + ".ApiId}":             true,
			}
			for _, f := range manifest.Functions {
				if f.Every > 0 && !slices.Contains([]string{"directory", "notices", "delivery"}, f.Name) { // see isReplaceable
					want["AWS/Events FailedInvocations RuleName=${"+id(f.Name, "Schedule")+"}"] = true
				}
				if f.Refreshes {
					want["trueup run_failed function="+f.Name] = true
					want["trueup run_held function="+f.Name] = true
				}
			}
			metrics := 0
			for _, alarm := range t.of("AWS::CloudWatch::Alarm") {
				metrics += len(watched(alarm))
				if strings.HasSuffix(alarm.ID, "OverdueAlarm") || strings.HasSuffix(alarm.ID, "PartialAlarm") {
					continue // checked below
				}
				if notifies(t, alarm, c) {
					for _, m := range watched(alarm) {
						delete(want, m)
					}
				}
			}
			for m := range want {
				c.addf("no alarm has the metric %s", m)
			}
			if metrics > freeAlarmMetrics {
				c.addf("R16.5: the alarms have %d metrics, and %d are free", metrics, freeAlarmMetrics)
			}
		},
		breaks: map[string]func(template){
			"nobody is notified":   func(t template) { t.Resources["DeadLettersAlarm"].set("AlarmActions", nil) },
			"another queue":        func(t template) { t.Resources["DeadLettersAlarm"].set("Metrics.1.MetricStat.Metric.Dimensions", nil) },
			"notifies too late":    func(t template) { t.Resources["DeadLettersAlarm"].set("Threshold", 2) },
			"notifies for no data": func(t template) { t.Resources["DeadLettersAlarm"].set("TreatMissingData", "breaching") },
			"adds up nothing":      func(t template) { t.Resources["DeadLettersAlarm"].set("Metrics.0.ReturnData", false) },
			"a schedule unseen":    func(t template) { delete(t.Resources, "SchedulesAlarm") },
			"held in silence":      func(t template) { delete(t.Resources, "RefreshFailedAlarm") },
		},
	},
	{
		name: "R16.3 an alarm says when no refresh has completed for 26 hours, and when three nights were partial",
		check: func(t template, c *failures) {
			overdue, partial := t.Resources["RefreshOverdueAlarm"], t.Resources["RefreshPartialAlarm"]
			if overdue == nil || partial == nil {
				c.addf("an alarm is missing")
				return
			}
			// In each hour with a call of the schedule, the number of completed refreshes: 0 also if none was
			// ever published. FILL and sums would count the hours before the deployment, too.
			c.same("metrics", []string{"AWS/Events Invocations RuleName=${RefreshSchedule}", "trueup run_completed function=refresh"}, watched(overdue))
			c.want(overdue, "Metrics.0.Expression", "IF(m0, m1)")
			c.want(overdue, "Metrics.1.Id", "m0")
			c.want(overdue, "Metrics.2.Id", "m1")
			c.want(overdue, "ComparisonOperator", "LessThanThreshold")
			c.want(overdue, "EvaluationPeriods", "26")
			c.want(overdue, "DatapointsToAlarm", "26")
			c.want(overdue, "Metrics.1.MetricStat.Period", "3600")
			c.want(overdue, "Metrics.2.MetricStat.Period", "3600")
			c.same("metrics", []string{"trueup run_partial function=refresh"}, watched(partial))
			c.want(partial, "ComparisonOperator", "GreaterThanOrEqualToThreshold")
			c.want(partial, "Metrics.0.Expression", "SUM(FILL(METRICS(), 0))") // a night that was not partial is 0, also if none ever was
			c.want(partial, "EvaluationPeriods", "4")
			c.want(partial, "DatapointsToAlarm", "3")
			c.want(partial, "Metrics.1.MetricStat.Period", "86400")
			for _, alarm := range []*resource{overdue, partial} {
				c.want(alarm, "Threshold", "1")
				c.want(alarm, "TreatMissingData", "notBreaching") // a new stack has no data
				c.want(alarm, "AlarmActions", `["${`+t.alarms().ID+`}"]`)
			}
		},
		breaks: map[string]func(template){
			"never":              func(t template) { delete(t.Resources, "RefreshOverdueAlarm") },
			"a new stack alarms": func(t template) { t.Resources["RefreshOverdueAlarm"].set("TreatMissingData", "breaching") },
			"after an hour":      func(t template) { t.Resources["RefreshOverdueAlarm"].set("EvaluationPeriods", 1) },
			"the other way": func(t template) {
				t.Resources["RefreshOverdueAlarm"].set("ComparisonOperator", "GreaterThanOrEqualToThreshold")
			},
			"never without a refresh": func(t template) {
				t.Resources["RefreshOverdueAlarm"].set("Metrics.0.Expression", "FILL(m1, 0) + 0 * m0")
			},
			"the wrong way round": func(t template) { t.Resources["RefreshOverdueAlarm"].set("Metrics.1.Id", "m1") },
			"every night":         func(t template) { t.Resources["RefreshPartialAlarm"].set("DatapointsToAlarm", 1) },
			"ends at midnight":    func(t template) { t.Resources["RefreshPartialAlarm"].set("EvaluationPeriods", 3) },
		},
	},
	{
		name: "alarms cost nothing and are sent over TLS, and CloudWatch may send them",
		check: func(t template, c *failures) {
			for _, key := range t.of("AWS::KMS::Key") {
				c.addf("R16.5: %s costs a dollar a month", key.ID)
			}
			topic := t.alarms()
			c.deniesPlainText(t, "AWS::SNS::TopicPolicy", "Topics.0", topic)
			for _, s := range t.only("AWS::SNS::TopicPolicy", "Alarms").statements("PolicyDocument") {
				if s.Effect == "Allow" && s.Principal == `{"Service":"cloudwatch.amazonaws.com"}` && strings.Join(s.Actions, " ") == "sns:Publish" &&
					s.Condition == `{"StringEquals":{"aws:SourceAccount":"${AWS::AccountId}"}}` {
					return
				}
			}
			c.addf("CloudWatch may not publish")
		},
		breaks: map[string]func(template){
			"a key":              func(t template) { t.Resources["Key"] = &resource{ID: "Key", Type: "AWS::KMS::Key"} },
			"it may not publish": func(t template) { t.only("AWS::SNS::TopicPolicy", "Alarms").set("PolicyDocument.Statement", []any{}) },
		},
	},
	{
		name: "R8.9 notices are encrypted with the key of SNS, which has no price, and are sent over TLS",
		check: func(t template, c *failures) {
			topic := t.notices()
			c.want(topic, "KmsMasterKeyId", "alias/aws/sns")
			c.deniesPlainText(t, "AWS::SNS::TopicPolicy", "Topics.0", topic)
			for _, s := range t.only("AWS::SNS::TopicPolicy", "Notices").statements("PolicyDocument") {
				if s.Effect != "Deny" {
					c.addf("the policy of the topic lets others in: %+v", s)
				}
			}
			if subscriptions := t.of("AWS::SNS::Subscription"); len(subscriptions) > 0 {
				c.addf("%s was not chosen", subscriptions[0].ID)
			}
		},
		breaks: map[string]func(template){
			"not encrypted": func(t template) { t.notices().set("KmsMasterKeyId", nil) },
			"plain text":    func(t template) { delete(t.Resources, t.only("AWS::SNS::TopicPolicy", "Notices").ID) },
			"anyone publishes": func(t template) {
				policy := t.only("AWS::SNS::TopicPolicy", "Notices")
				document := policy.get("PolicyDocument").(map[string]any)
				document["Statement"] = append(document["Statement"].([]any), map[string]any{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "*"})
			},
		},
	},
	{
		name: "what is deployed tells its application, and where it is",
		check: func(t template, c *failures) {
			for _, kind := range []string{
				"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Lambda::Function", "AWS::SQS::Queue", "AWS::IAM::Role", "AWS::Logs::LogGroup",
			} {
				for _, r := range t.of(kind) {
					c.want(r, "Tags.0", `{"Key":"application","Value":"trueup"}`)
				}
			}
			for _, name := range []string{"ConsoleUrl", "ApiUrl", "SignInUrl", "UserPoolId", "UserPoolClientId", "UploadsBucket", "ReportsBucket", "NoticesTopicArn", "DeadLettersUrl"} {
				if t.Outputs[name].Value == "" {
					c.addf("the stack does not say %s", name)
				}
			}
		},
		breaks: map[string]func(template){
			"no tag":    set("AWS::Lambda::Function", "Tags", nil),
			"no output": func(t template) { delete(t.Outputs, "ApiUrl") },
		},
	},
}

// freeAlarmMetrics is the number of alarm metrics that CloudWatch does not bill.
const freeAlarmMetrics = 10

// TestAllAlarms: with the context allAlarms, an alarm watches all that can fail.
func TestAllAlarms(t *testing.T) {
	chosen := byDefault
	chosen.AllAlarms = true
	all := parseTemplate(t, synthesise(chosen))
	want := map[string]bool{}
	table := "TableName=${" + all.table().ID + "}"
	for _, kind := range []string{"ReadThrottleEvents", "WriteThrottleEvents"} {
		want["AWS/DynamoDB "+kind+" TableName=${"+all.sessions().ID+"}"] = true
		want["AWS/DynamoDB "+kind+" "+table] = true
		for _, index := range schema.Indexes {
			want["AWS/DynamoDB "+kind+" GlobalSecondaryIndexName="+index.Name+" "+table] = true
		}
	}
	for _, operation := range []string{"GetItem", "Query", "PutItem", "TransactWriteItems"} {
		want["AWS/DynamoDB SystemErrors Operation="+operation+" "+table] = true
	}
	for _, f := range manifest.Functions {
		of := " FunctionName=${" + all.function(f.Name).ID + "}"
		want["AWS/Lambda Errors"+of] = true
		want["AWS/Lambda Throttles"+of] = true
		if f.Name == "directory" || f.Name == "notices" {
			want["AWS/Events FailedInvocations RuleName=${"+id(f.Name, "Schedule")+"}"] = true
		}
		if f.Nightly {
			want["AWS/Scheduler InvocationsFailedToBeSentToDeadLetterCount ScheduleGroup=trueup-"+f.Name] = true
		}
		if unwaited(f) {
			want["AWS/Lambda DestinationDeliveryFailures"+of] = true
		}
	}
	var faults failures
	for _, alarm := range all.of("AWS::CloudWatch::Alarm") {
		if strings.HasSuffix(alarm.ID, "OverdueAlarm") || strings.HasSuffix(alarm.ID, "PartialAlarm") {
			continue // checked by watchChecks
		}
		if notifies(all, alarm, &faults) {
			for _, m := range watched(alarm) {
				delete(want, m)
			}
		}
	}
	for _, fault := range faults {
		t.Error(fault)
	}
	for m := range want {
		t.Errorf("no alarm has the metric %s", m)
	}
}

// notifies reports whether an alarm fires when the sum of its metrics is 1 or more, and
// complains if it does not.
func notifies(t template, alarm *resource, c *failures) bool {
	before := len(*c)
	c.want(alarm, "Metrics.0.Expression", "SUM(FILL(METRICS(), 0))")
	c.want(alarm, "Metrics.0.ReturnData", "true")
	c.want(alarm, "Metrics.11", "") // CloudWatch accepts at most ten metrics and their sum
	c.want(alarm, "Threshold", "1")
	c.want(alarm, "ComparisonOperator", "GreaterThanOrEqualToThreshold")
	c.want(alarm, "TreatMissingData", "notBreaching") // FILL may leave a metric empty that was never published
	c.want(alarm, "DatapointsToAlarm", alarm.text("EvaluationPeriods"))
	c.want(alarm, "AlarmActions", `["${`+t.alarms().ID+`}"]`)
	if alarm.text("AlarmDescription") == "" {
		c.addf("%s does not say what happened", alarm.ID)
	}
	return len(*c) == before
}

// watched returns the metrics of an alarm, as "namespace name dimension=value …".
func watched(alarm *resource) []string {
	var metrics []string
	for _, item := range alarm.get("Metrics").([]any)[1:] {
		m := &resource{Properties: item.(map[string]any)}
		text := m.text("MetricStat.Metric.Namespace") + " " + m.text("MetricStat.Metric.MetricName")
		if dimensions, ok := m.get("MetricStat.Metric.Dimensions").([]any); ok {
			for _, d := range dimensions {
				dimension := d.(map[string]any)
				text += " " + dimension["Name"].(string) + "=" + dimension["Value"].(string)
			}
		}
		metrics = append(metrics, text)
	}
	return metrics
}
