//go:build cdk

package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"trueup/internal/config"
	"trueup/internal/manifest"
)

const (
	keepLogs    = awslogs.RetentionDays_THREE_MONTHS
	keepLetters = 14            // days; the maximum of SQS
	maxEventAge = 6 * time.Hour // the maximum of Lambda
)

// newDeadLetters adds the queue for events that could not be processed. A message
// contains the event, with bucket, key and version, and the last error.
func newDeadLetters(stack awscdk.Stack) awssqs.Queue {
	queue := awssqs.NewQueue(stack, jsii.String("DeadLetters"), &awssqs.QueueProps{
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: days(keepLetters),
	})
	accept(queue, "AwsSolutions-SQS3", "This is the dead-letter queue: Lambda sends to it after the last retry, and an alarm watches it.")
	return queue
}

// newFunctions adds every function of the manifest and returns them by name.
func newFunctions(stack awscdk.Stack, chosen settings, code string, table awsdynamodb.ITable, letters awssqs.Queue) map[string]awslambda.Function {
	functions := map[string]awslambda.Function{}
	for _, f := range manifest.Functions {
		environment := map[string]*string{}
		for _, name := range f.Settings {
			if value := valueOf(name, chosen, table); value != "" {
				environment[name] = jsii.String(value)
			}
		}
		logs := awslogs.NewLogGroup(stack, jsii.String(id(f.Name, "Logs")), &awslogs.LogGroupProps{
			LogGroupName:  jsii.String("/aws/lambda/" + functionName(f.Name)),
			Retention:     keepLogs,
			RemovalPolicy: awscdk.RemovalPolicy_DESTROY, // permanent records are in the audit events
		})
		props := &awslambda.FunctionProps{
			FunctionName:  jsii.String(functionName(f.Name)),
			Description:   jsii.String(f.Summary),
			Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
			Architecture:  awslambda.Architecture_ARM_64(),
			Handler:       jsii.String("bootstrap"),
			Code:          awslambda.Code_FromAsset(jsii.String(filepath.Join(code, f.Name)), nil),
			MemorySize:    jsii.Number(f.Memory),
			Timeout:       awscdk.Duration_Seconds(jsii.Number(f.Timeout.Seconds())),
			Environment:   &environment,
			LogGroup:      logs,
			LoggingFormat: awslambda.LoggingFormat_JSON,
			Role:          newRole(stack, f, chosen, table, logs, letters),
		}
		if f.Concurrency > 0 {
			props.ReservedConcurrentExecutions = jsii.Number(f.Concurrency)
		}
		if f.CallsItself() {
			// Otherwise Lambda stops the function after 16 calls in a row. A refresh ends after five
			// attempts without an answer, so its calls end, too.
			props.RecursiveLoop = awslambda.RecursiveLoop_ALLOW
		}
		if f.Scratch > 0 {
			props.EphemeralStorageSize = awscdk.Size_Mebibytes(jsii.Number(f.Scratch))
		}
		function := awslambda.NewFunction(stack, jsii.String(id(f.Name, "Function")), props)
		functions[f.Name] = function
		if f.Asynchronous() {
			awslambda.NewCfnEventInvokeConfig(stack, jsii.String(id(f.Name, "Asynchronous")), &awslambda.CfnEventInvokeConfigProps{
				FunctionName:             function.FunctionName(),
				Qualifier:                jsii.String("$LATEST"),
				MaximumRetryAttempts:     jsii.Number(f.Retries),
				MaximumEventAgeInSeconds: jsii.Number(maxEventAge.Seconds()),
				DestinationConfig: &awslambda.CfnEventInvokeConfig_DestinationConfigProperty{
					OnFailure: &awslambda.CfnEventInvokeConfig_OnFailureProperty{Destination: letters.QueueArn()},
				},
			})
		}
		if f.Every > 0 {
			repeat(stack, f, function)
		}
		if f.Nightly {
			callNightly(stack, f, function, chosen, letters)
		}
	}
	return functions
}

// valueOf returns the value of a setting; empty if it is not set.
func valueOf(name string, chosen settings, table awsdynamodb.ITable) string {
	setting, known := config.Find(name)
	switch {
	case !known:
		panic(fmt.Sprintf("infra: the manifest has the setting %s, which does not exist", name))
	case setting.Resource == string(manifest.Table):
		return *table.TableName()
	case setting.Resource != "":
		return bucketName(manifest.Resource(setting.Resource))
	case setting.Function != "":
		return functionName(setting.Function)
	default:
		return setting.Value(chosen.Functions)
	}
}

// repeat adds the rule that calls the function at its interval.
func repeat(stack awscdk.Stack, f manifest.Function, function awslambda.Function) {
	input, err := json.Marshal(map[string]string{"source": manifest.ScheduleSource})
	if err != nil {
		panic(err) // a map of strings always marshals
	}
	rule := awsevents.NewCfnRule(stack, jsii.String(id(f.Name, "Schedule")), &awsevents.CfnRuleProps{
		ScheduleExpression: awsevents.Schedule_Rate(awscdk.Duration_Minutes(jsii.Number(f.Every.Minutes()))).ExpressionString(),
		State:              jsii.String("ENABLED"),
		Targets: &[]*awsevents.CfnRule_TargetProperty{{
			Id:    jsii.String(f.Name),
			Arn:   function.FunctionArn(),
			Input: jsii.String(string(input)),
		}},
	})
	awslambda.NewCfnPermission(stack, jsii.String(id(f.Name, "FromSchedule")), &awslambda.CfnPermissionProps{
		Action:       jsii.String("lambda:InvokeFunction"),
		FunctionName: function.FunctionArn(),
		Principal:    jsii.String("events.amazonaws.com"),
		SourceArn:    rule.AttrArn(),
	})
}

// functionName returns the name on AWS of a function of the manifest. It does not
// depend on the function resource, so that functions can refer to each other.
func functionName(of string) string { return name + "-" + of }

// id returns the id of a construct: a name of the manifest, capitalised, and its kind.
func id(of, what string) string { return strings.ToUpper(of[:1]) + of[1:] + what }
