//go:build cdk

package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"

	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/manifest"
)

// An alarm fires when the sum of its metrics is 1 or more in each of a number of
// consecutive periods.
type alarm struct {
	id          string
	description string // what happened, and where to look
	periods     int
	of          int // number of latest periods, in which it may be any; 0 for consecutive ones
	metrics     []metric

	seconds    int    // length of a period; 0 for five minutes
	expression string // instead of the sum of the metrics, which are m0, m1, …
	below      bool   // fires when the value is below 1 instead
}

type metric struct {
	namespace, name, statistic string
	dimensions                 map[string]string
}

const (
	// A period without data counts as 0. AWS does not say what FILL makes of a metric that was never
	// published: zeros or nothing. It makes no difference for alarms that fire at 1 or more, because
	// missing data do not breach.
	sum = "SUM(FILL(METRICS(), 0))"

	hour, day = 3600, 86400 // in seconds
	overdue   = 26          // hours
)

// newAlarms adds the alarms, and the topic that notifies the operator. An alarm is billed by its
// metrics, and ten are free: those of the alarms that everyone needs. Whatever stops the main jobs
// for long raises one of them. The others tell the cause sooner, and are optional.
func newAlarms(stack awscdk.Stack, chosen settings, uses resources, functions map[string]awslambda.Function, api awsapigatewayv2.CfnApi) {
	alarms := []alarm{
		{
			id: "DeadLettersAlarm", description: "An event could not be processed and is in the dead-letter queue. See Dead letters in deploying.md.", periods: 1,
			metrics: []metric{{"AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", map[string]string{"QueueName": *uses.letters.QueueName()}}},
		},
		{
			id: "ApiErrorsAlarm", description: "The API returned a status of 500 or above. See the access log and the logs of the functions.", periods: 1,
			metrics: []metric{{"AWS/ApiGateway", "5xx", "Sum", map[string]string{"ApiId": *api.AttrApiId()}}},
		},
	}
	var failed []metric
	for _, f := range manifest.Functions {
		if f.Every > 0 && !isReplaceable(f) {
			failed = append(failed, uncalled(stack, f))
		}
		if f.Refreshes {
			alarms = append(alarms, nightAlarms(stack, f)...)
		}
	}
	alarms = append(alarms, alarm{
		id: "SchedulesAlarm", description: "EventBridge could not call a function on its schedule. Compare the permissions of the functions with the template: make diff.",
		periods: 1, metrics: failed,
	})
	if chosen.AllAlarms {
		alarms = append(alarms, optionalAlarms(stack, uses, functions)...)
	}

	topic := newTopic(stack, chosen)
	for _, a := range alarms {
		queries := []*awscloudwatch.CfnAlarm_MetricDataQueryProperty{{
			Id: jsii.String("total"), Expression: jsii.String(cmp.Or(a.expression, sum)), ReturnData: jsii.Bool(true),
		}}
		comparison := "GreaterThanOrEqualToThreshold"
		if a.below {
			comparison = "LessThanThreshold"
		}
		for i, m := range a.metrics {
			var dimensions []*awscloudwatch.CfnAlarm_DimensionProperty
			for _, key := range slices.Sorted(maps.Keys(m.dimensions)) {
				dimensions = append(dimensions, &awscloudwatch.CfnAlarm_DimensionProperty{
					Name: jsii.String(key), Value: jsii.String(m.dimensions[key]),
				})
			}
			queries = append(queries, &awscloudwatch.CfnAlarm_MetricDataQueryProperty{
				Id:         jsii.String(fmt.Sprintf("m%d", i)),
				ReturnData: jsii.Bool(false),
				MetricStat: &awscloudwatch.CfnAlarm_MetricStatProperty{
					Metric: &awscloudwatch.CfnAlarm_MetricProperty{
						Namespace: jsii.String(m.namespace), MetricName: jsii.String(m.name), Dimensions: &dimensions,
					},
					Period: jsii.Number(cmp.Or(a.seconds, 300)),
					Stat:   jsii.String(m.statistic),
				},
			})
		}
		awscloudwatch.NewCfnAlarm(stack, jsii.String(a.id), &awscloudwatch.CfnAlarmProps{
			AlarmDescription:   jsii.String(a.description),
			Metrics:            &queries,
			EvaluationPeriods:  jsii.Number(cmp.Or(a.of, a.periods)),
			DatapointsToAlarm:  jsii.Number(a.periods),
			ComparisonOperator: jsii.String(comparison),
			Threshold:          jsii.Number(1),
			TreatMissingData:   jsii.String("notBreaching"),
			AlarmActions:       &[]any{topic.TopicArn()},
			OkActions:          &[]any{topic.TopicArn()},
		})
	}
}

// isReplaceable reports whether the organisation can do without the function's schedule: every file that
// arrives does the work of the directory's, the console lists reminders, and people can download a report
// themselves. The alarm for such a schedule is optional, because only ten metrics of alarms are free.
func isReplaceable(f manifest.Function) bool {
	return slices.Contains([]string{"directory", "notices", "delivery"}, f.Name)
}

// uncalled returns the metric of calls that a schedule could not make.
func uncalled(stack awscdk.Stack, f manifest.Function) metric {
	return metric{"AWS/Events", "FailedInvocations", "Sum", map[string]string{"RuleName": *ruleOf(stack, f).Ref()}}
}

// nightAlarms returns the alarms of a function with a nightly refresh.
func nightAlarms(stack awscdk.Stack, f manifest.Function) []alarm {
	logged := func(metricName string) metric { // from the log line "refresh ended"
		return metric{*stack.StackName(), metricName, "Sum", map[string]string{"function": f.Name}}
	}
	return []alarm{
		{
			id: id(f.Name, "OverdueAlarm"), description: fmt.Sprintf("No refresh of the whole organisation that began in the last %d hours has completed. See GET /refreshes.", overdue),
			periods: overdue, seconds: hour, below: true,
			// IF has the value 0 where its second argument has none, so an hour without a refresh has the
			// value 0, also when no refresh has ever completed. Where the first argument has no value, IF
			// has none: an hour without a call of the schedule does not count, so that the hours before the
			// deployment do not raise the alarm. FILL cannot tell these hours apart, nor can a sum: both
			// take what is missing for 0.
			expression: "IF(m0, m1)",
			metrics: []metric{
				{"AWS/Events", "Invocations", "Sum", map[string]string{"RuleName": *ruleOf(stack, f).Ref()}},
				logged("run_completed"),
			},
		},
		{
			id: id(f.Name, "PartialAlarm"), description: "The nightly refresh was partial in three of the last four nights: some pairs have no answer. GET /refreshes shows the reason.",
			// FILL gives the day that has just begun 0 until its refresh has ended. With three of three, the
			// alarm would end at midnight and be raised again after each partial night.
			periods: 3, of: 4, seconds: day, metrics: []metric{logged("run_partial")},
		},
		{
			id: id(f.Name, "FailedAlarm"), description: "A refresh failed, or holds back answers that reduce entitlements until a user confirms them. Earlier licence data is kept. GET /refreshes shows the reason.",
			periods: 1, metrics: []metric{logged("run_failed"), logged("run_held")},
		},
	}
}

// ruleOf returns the rule that calls a function at its interval.
func ruleOf(stack awscdk.Stack, f manifest.Function) awsevents.CfnRule {
	return stack.Node().FindChild(jsii.String(id(f.Name, "Schedule"))).(awsevents.CfnRule)
}

// optionalAlarms returns the alarms that tell a cause before one of the others is raised.
func optionalAlarms(stack awscdk.Stack, uses resources, functions map[string]awslambda.Function) []alarm {
	table := uses.table
	alarms := []alarm{
		{id: "SessionsThrottlesAlarm", description: "DynamoDB throttled requests to the table of the console's sessions.", periods: 1, metrics: throttles(*uses.sessions.TableName(), "")},
		{id: "TableThrottlesAlarm", description: "DynamoDB throttled requests to the table.", periods: 1, metrics: throttles(*table.TableName(), "")},
		{id: "TableErrorsAlarm", description: "DynamoDB returned internal errors for requests to the table.", periods: 1, metrics: systemErrors(*table.TableName())},
	}
	for _, index := range schema.Indexes {
		alarms = append(alarms, alarm{
			id: id(index.Name, "ThrottlesAlarm"), description: "DynamoDB throttled requests to the index " + index.Name + ".", periods: 1,
			metrics: throttles(*table.TableName(), index.Name),
		})
	}
	for _, f := range manifest.Functions {
		of := func(name string) []metric {
			return []metric{{"AWS/Lambda", name, "Sum", map[string]string{"FunctionName": *functions[f.Name].FunctionName()}}}
		}
		name := functionName(stack, f.Name)
		alarms = append(alarms,
			alarm{id: id(f.Name, "ErrorsAlarm"), description: name + " failed. See its logs.", periods: 1, metrics: of("Errors")},
			// Short throttling is by design: Lambda queues the events.
			alarm{id: id(f.Name, "ThrottlesAlarm"), description: "Lambda has throttled calls to " + name + " for 15 minutes, because no concurrency was available.", periods: 3, metrics: of("Throttles")},
		)
		if f.Asynchronous() {
			alarms = append(alarms, alarm{
				id: id(f.Name, "LostAlarm"), description: name + " failed, and Lambda could not send the event to the dead-letter queue.", periods: 1,
				metrics: of("DestinationDeliveryFailures"),
			})
		}
		if f.Every > 0 && isReplaceable(f) {
			alarms = append(alarms, alarm{
				id: id(f.Name, "ScheduleAlarm"), description: "EventBridge could not call " + name + " on its schedule. Compare its permissions with the template: make diff.", periods: 1,
				metrics: []metric{uncalled(stack, f)},
			})
		}
		if f.Nightly {
			alarms = append(alarms, alarm{
				id: id(f.Name, "NightLostAlarm"), description: name + " was not called at night, and the event could not be sent to the dead-letter queue.", periods: 1,
				metrics: []metric{{"AWS/Scheduler", "InvocationsFailedToBeSentToDeadLetterCount", "Sum", map[string]string{"ScheduleGroup": name}}},
			})
		}
	}
	return alarms
}

// throttles returns the throttling metrics of the table, or of one of its indexes
// if index is not empty: an index without enough throughput throttles writes to the table.
func throttles(table, index string) []metric {
	dimensions := map[string]string{"TableName": table}
	if index != "" {
		dimensions["GlobalSecondaryIndexName"] = index
	}
	return []metric{
		{"AWS/DynamoDB", "ReadThrottleEvents", "Sum", dimensions},
		{"AWS/DynamoDB", "WriteThrottleEvents", "Sum", dimensions},
	}
}

// systemErrors returns one metric for each operation that functions are granted, and
// for transactions, which IAM grants as the operations inside them. There may be at
// most ten: one alarm cannot sum more.
func systemErrors(table string) []metric {
	operations := []string{"TransactGetItems", "TransactWriteItems"}
	for _, f := range manifest.Functions {
		for _, grant := range f.Grants {
			for _, action := range grant.Actions {
				if operation, ok := strings.CutPrefix(string(action), "dynamodb:"); ok && operation != "ConditionCheckItem" {
					operations = append(operations, operation)
				}
			}
		}
	}
	slices.Sort(operations)
	var metrics []metric
	for _, operation := range slices.Compact(operations) {
		metrics = append(metrics, metric{"AWS/DynamoDB", "SystemErrors", "Sum", map[string]string{"TableName": table, "Operation": operation}})
	}
	return metrics
}

// newTopic adds the topic of the alarms. It is not encrypted at rest: CloudWatch cannot use the
// AWS-managed key of SNS, a key of its own costs a dollar a month, and an alarm names only a metric.
func newTopic(stack awscdk.Stack, chosen settings) awssns.Topic {
	cloudwatch := awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)
	topic := awssns.NewTopic(stack, jsii.String("Alarms"), &awssns.TopicProps{
		DisplayName: jsii.String(*stack.StackName() + " alarms"),
		EnforceSSL:  jsii.Bool(true),
	})
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{cloudwatch},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  jsii.Strings(*topic.TopicArn()),
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()}},
	}))
	subscribe(stack, "AlarmsByEmail", topic, chosen.AlarmEmail)
	return topic
}
