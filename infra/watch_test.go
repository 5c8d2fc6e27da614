//go:build cdk

package main

import (
	"strings"

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
		name: "R3.9 an alarm watches the dead-letter queue, and all that can fail",
		check: func(t template, c *failures) {
			want := map[string]bool{
				"AWS/SQS ApproximateNumberOfMessagesVisible QueueName=${" + t.one("AWS::SQS::Queue").ID + ".QueueName}": true,
				"AWS/ApiGateway 5xx ApiId=${" + t.one("AWS::ApiGatewayV2::Api").ID + ".ApiId}":                          true,
			}
			table := "TableName=${" + t.one("AWS::DynamoDB::Table").ID + "}"
			for _, kind := range []string{"ReadThrottleEvents", "WriteThrottleEvents"} {
				want["AWS/DynamoDB "+kind+" "+table] = true
				for _, index := range schema.Indexes {
					want["AWS/DynamoDB "+kind+" GlobalSecondaryIndexName="+index.Name+" "+table] = true
				}
			}
			for _, operation := range []string{"GetItem", "Query", "PutItem", "TransactWriteItems"} {
				want["AWS/DynamoDB SystemErrors Operation="+operation+" "+table] = true
			}
			for _, f := range manifest.Functions {
				of := " FunctionName=${" + t.function(f.Name).ID + "}"
				want["AWS/Lambda Errors"+of] = true
				want["AWS/Lambda Throttles"+of] = true
				if f.Nightly {
					want["AWS/Scheduler InvocationsFailedToBeSentToDeadLetterCount ScheduleGroup=trueup-"+f.Name] = true
					want["trueup run_failed function="+f.Name] = true
					want["trueup run_held function="+f.Name] = true
				}
				if unwaited(f) {
					want["AWS/Lambda DestinationDeliveryFailures"+of] = true
				}
			}
			for _, alarm := range t.of("AWS::CloudWatch::Alarm") {
				if notifies(t, alarm, c) {
					for _, m := range watched(alarm) {
						delete(want, m)
					}
				}
			}
			for m := range want {
				c.addf("no alarm has the metric %s", m)
			}
		},
		breaks: map[string]func(template){
			"nobody is notified":   func(t template) { t.Resources["DeadLettersAlarm"].set("AlarmActions", nil) },
			"another queue":        func(t template) { t.Resources["DeadLettersAlarm"].set("Metrics.1.MetricStat.Metric.Dimensions", nil) },
			"notifies too late":    func(t template) { t.Resources["DeadLettersAlarm"].set("Threshold", 2) },
			"notifies for no data": func(t template) { t.Resources["DeadLettersAlarm"].set("TreatMissingData", "breaching") },
			"adds up nothing":      func(t template) { t.Resources["DeadLettersAlarm"].set("Metrics.0.ReturnData", false) },
			"a function alone":     func(t template) { delete(t.Resources, "GroupsErrorsAlarm") },
			"held in silence":      func(t template) { delete(t.Resources, "RefreshHeldAlarm") },
		},
	},
	{
		name: "alarms are encrypted on their way, and CloudWatch may send them",
		check: func(t template, c *failures) {
			key, topic := t.one("AWS::KMS::Key"), t.one("AWS::SNS::Topic")
			c.want(topic, "KmsMasterKeyId", "${"+key.ID+".Arn}")
			c.want(key, "EnableKeyRotation", "true")
			c.deniesPlainText(t, "AWS::SNS::TopicPolicy", "Topics.0", topic)
			const cloudwatch = `{"Service":"cloudwatch.amazonaws.com"}`
			may := func(r *resource, path, action string) {
				for _, s := range r.statements(path) {
					if s.Effect == "Allow" && s.Principal == cloudwatch && strings.Contains(strings.Join(s.Actions, " "), action) {
						return
					}
				}
				c.addf("%s: CloudWatch may not %s", r.ID, action)
			}
			may(key, "KeyPolicy", "kms:Decrypt")
			may(key, "KeyPolicy", "kms:GenerateDataKey*")
			may(t.one("AWS::SNS::TopicPolicy"), "PolicyDocument", "sns:Publish")
		},
		breaks: map[string]func(template){
			"plain":              set("AWS::SNS::Topic", "KmsMasterKeyId", nil),
			"the key stays":      set("AWS::KMS::Key", "EnableKeyRotation", nil),
			"the key is not its": func(t template) { t.one("AWS::KMS::Key").set("KeyPolicy.Statement", []any{}) },
			"it may not publish": func(t template) { t.one("AWS::SNS::TopicPolicy").set("PolicyDocument.Statement", []any{}) },
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
			for _, name := range []string{"ApiUrl", "SignInUrl", "UserPoolId", "UserPoolClientId", "UploadsBucket", "ReportsBucket", "DeadLettersUrl"} {
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

// notifies reports whether an alarm fires when the sum of its metrics is 1 or more, and
// complains if it does not.
func notifies(t template, alarm *resource, c *failures) bool {
	before := len(*c)
	c.want(alarm, "Metrics.0.Expression", "SUM(FILL(METRICS(), 0))")
	c.want(alarm, "Metrics.0.ReturnData", "true")
	c.want(alarm, "Metrics.11", "") // CloudWatch accepts at most ten metrics and their sum
	c.want(alarm, "Threshold", "1")
	c.want(alarm, "ComparisonOperator", "GreaterThanOrEqualToThreshold")
	c.want(alarm, "TreatMissingData", "notBreaching")
	c.want(alarm, "AlarmActions", `["${`+t.one("AWS::SNS::Topic").ID+`}"]`)
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
