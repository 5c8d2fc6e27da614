//go:build cdk

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/manifest"
)

// An alarm fires when the sum of its metrics is 1 or more in each of a number of
// consecutive five-minute periods.
type alarm struct {
	id          string
	description string // what happened, and where to look
	periods     int
	metrics     []metric
}

type metric struct {
	namespace, name, statistic string
	dimensions                 map[string]string
}

// newAlarms adds the alarms, and the topic that notifies the operator.
func newAlarms(stack awscdk.Stack, chosen settings, table awsdynamodb.ITable, letters awssqs.Queue, functions map[string]awslambda.Function, api awsapigatewayv2.CfnApi) {
	alarms := []alarm{
		{
			"DeadLettersAlarm", "An event could not be processed and is in the dead-letter queue. See Dead letters in deploying.md.", 1,
			[]metric{{"AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", map[string]string{"QueueName": *letters.QueueName()}}},
		},
		{
			"ApiErrorsAlarm", "The API returned a status of 500 or above. See the access log and the logs of the functions.", 1,
			[]metric{{"AWS/ApiGateway", "5xx", "Sum", map[string]string{"ApiId": *api.AttrApiId()}}},
		},
		{
			"TableThrottlesAlarm", "DynamoDB throttled requests to the table.", 1,
			throttles(*table.TableName(), ""),
		},
		{
			"TableErrorsAlarm", "DynamoDB returned internal errors for requests to the table.", 1,
			systemErrors(*table.TableName()),
		},
	}
	for _, index := range schema.Indexes {
		alarms = append(alarms, alarm{
			id(index.Name, "ThrottlesAlarm"), "DynamoDB throttled requests to the index " + index.Name + ".", 1,
			throttles(*table.TableName(), index.Name),
		})
	}
	for _, f := range manifest.Functions {
		of := func(name string) []metric {
			return []metric{{"AWS/Lambda", name, "Sum", map[string]string{"FunctionName": *functions[f.Name].FunctionName()}}}
		}
		alarms = append(alarms,
			alarm{id(f.Name, "ErrorsAlarm"), functionName(f.Name) + " failed. See its logs.", 1, of("Errors")},
			// Short throttling after a burst of uploads is by design: Lambda queues the events.
			alarm{id(f.Name, "ThrottlesAlarm"), "Lambda has throttled calls to " + functionName(f.Name) + " for 15 minutes, because no concurrency was available.", 3, of("Throttles")},
		)
		if f.Asynchronous() {
			alarms = append(alarms, alarm{
				id(f.Name, "LostAlarm"), functionName(f.Name) + " failed, and Lambda could not send the event to the dead-letter queue.", 1,
				of("DestinationDeliveryFailures"),
			})
		}
		if f.Nightly {
			logged := func(metricName string) []metric { // from the log line "refresh ended"
				return []metric{{name, metricName, "Sum", map[string]string{"function": f.Name}}}
			}
			alarms = append(alarms,
				alarm{
					id(f.Name, "NightLostAlarm"), functionName(f.Name) + " was not called at night, and the event could not be sent to the dead-letter queue.", 1,
					[]metric{{"AWS/Scheduler", "InvocationsFailedToBeSentToDeadLetterCount", "Sum", map[string]string{"ScheduleGroup": functionName(f.Name)}}},
				},
				alarm{id(f.Name, "FailedAlarm"), "A refresh failed. Earlier licence data is kept. GET /refreshes shows the reason.", 1, logged("run_failed")},
				alarm{id(f.Name, "HeldAlarm"), "A refresh holds back answers that reduce entitlements, until a user confirms them. See GET /refreshes.", 1, logged("run_held")},
			)
		}
	}

	topic := newTopic(stack, chosen)
	for _, a := range alarms {
		// All alarms use the same expression: the sum of the metrics, with missing data as 0.
		queries := []*awscloudwatch.CfnAlarm_MetricDataQueryProperty{{
			Id: jsii.String("total"), Expression: jsii.String("SUM(FILL(METRICS(), 0))"), ReturnData: jsii.Bool(true),
		}}
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
					Period: jsii.Number(300),
					Stat:   jsii.String(m.statistic),
				},
			})
		}
		awscloudwatch.NewCfnAlarm(stack, jsii.String(a.id), &awscloudwatch.CfnAlarmProps{
			AlarmDescription:   jsii.String(a.description),
			Metrics:            &queries,
			EvaluationPeriods:  jsii.Number(a.periods),
			ComparisonOperator: jsii.String("GreaterThanOrEqualToThreshold"),
			Threshold:          jsii.Number(1),
			TreatMissingData:   jsii.String("notBreaching"),
			AlarmActions:       &[]any{topic.TopicArn()},
			OkActions:          &[]any{topic.TopicArn()},
		})
	}
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

// newTopic adds the topic of the alarms. CloudWatch cannot use the AWS-managed key
// of SNS, so the topic has its own key.
func newTopic(stack awscdk.Stack, chosen settings) awssns.Topic {
	cloudwatch := awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)
	key := awskms.NewKey(stack, jsii.String("AlarmsKey"), &awskms.KeyProps{
		Description:       jsii.String("Encrypts the alarm messages of " + name + " in transit"),
		EnableKeyRotation: jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_DESTROY, // it encrypts only messages in transit
	})
	key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{cloudwatch},
		Actions:    jsii.Strings("kms:Decrypt", "kms:GenerateDataKey*"),
		Resources:  jsii.Strings("*"), // in a key policy, this means the key itself
	}), nil)

	topic := awssns.NewTopic(stack, jsii.String("Alarms"), &awssns.TopicProps{
		DisplayName: jsii.String(name + " alarms"),
		MasterKey:   key,
		EnforceSSL:  jsii.Bool(true),
	})
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{cloudwatch},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  jsii.Strings(*topic.TopicArn()),
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()}},
	}))
	if chosen.AlarmEmail != "" {
		awssns.NewSubscription(stack, jsii.String("AlarmsByEmail"), &awssns.SubscriptionProps{
			Topic:    topic,
			Protocol: awssns.SubscriptionProtocol_EMAIL,
			Endpoint: jsii.String(chosen.AlarmEmail),
		})
	}
	return topic
}
