//go:build cdk

package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"trueup/internal/config"
	"trueup/internal/manifest"
)

const (
	keepLogs    = awslogs.RetentionDays_THREE_MONTHS
	keepLetters = 14               // days; the maximum of SQS
	maxEventAge = manifest.MaxWait // the maximum of Lambda
)

// newDeadLetters adds the queue for events that could not be processed. A message
// contains the event, with bucket, key and version, and the last error.
func newDeadLetters(stack awscdk.Stack) awssqs.Queue {
	return awssqs.NewQueue(stack, jsii.String("DeadLetters"), &awssqs.QueueProps{
		Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
		EnforceSSL:      jsii.Bool(true),
		RetentionPeriod: days(keepLetters),
	})
}

// newFiles adds a queue of files for each function that receives them, and returns the queues by
// the function's name. S3 sends its notifications to them. The event source of a queue limits how
// many files are processed at once without reserving executions, which a new account does not have.
func newFiles(stack awscdk.Stack, letters awssqs.Queue) map[string]awssqs.Queue {
	queues := map[string]awssqs.Queue{}
	for _, f := range manifest.Functions {
		if f.Trigger != manifest.Objects {
			continue
		}
		queue := awssqs.NewQueue(stack, jsii.String(id(f.Name, "Files")), &awssqs.QueueProps{
			Encryption:        awssqs.QueueEncryption_SQS_MANAGED,
			EnforceSSL:        jsii.Bool(true),
			RetentionPeriod:   days(keepLetters),
			VisibilityTimeout: awscdk.Duration_Seconds(jsii.Number(f.Hidden().Seconds())),
			DeadLetterQueue:   &awssqs.DeadLetterQueue{Queue: letters, MaxReceiveCount: jsii.Number(f.Deliveries())},
		})
		queue.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("s3.amazonaws.com"), nil)},
			Actions:    jsii.Strings("sqs:SendMessage"),
			Resources:  jsii.Strings(*queue.QueueArn()),
			Conditions: &map[string]any{
				"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()},
				"ArnEquals":    map[string]any{"aws:SourceArn": bucketARN(stack, manifest.Uploads)},
			},
		}))
		queues[f.Name] = queue
	}
	return queues
}

// resources are what functions use.
type resources struct {
	table    awsdynamodb.ITable // the table in use
	sessions awsdynamodb.ITable
	notices  awssns.ITopic
	pool     awscognito.IUserPool // nil if another issuer signs people in
	letters  awssqs.Queue
	files    map[string]awssqs.Queue // by function
	deployed map[string]string       // values of the settings that are known only now, by name
}

// newFunctions adds every function of the manifest and returns them by name.
func newFunctions(stack awscdk.Stack, chosen settings, code string, uses resources) map[string]awslambda.Function {
	functions := map[string]awslambda.Function{}
	for _, f := range manifest.Functions {
		environment := map[string]*string{}
		logs := awslogs.NewLogGroup(stack, jsii.String(id(f.Name, "Logs")), &awslogs.LogGroupProps{
			LogGroupName:  jsii.String("/aws/lambda/" + functionName(stack, f.Name)),
			Retention:     keepLogs,
			RemovalPolicy: awscdk.RemovalPolicy_DESTROY, // permanent records are in the audit events
		})
		role := newRole(stack, f, chosen, uses, logs)
		for _, name := range f.Settings {
			if value := valueOf(stack, name, chosen, uses, role); value != "" {
				environment[name] = jsii.String(value)
			}
		}
		props := &awslambda.FunctionProps{
			FunctionName:  jsii.String(functionName(stack, f.Name)),
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
			Role:          role,
		}
		if chosen.ReservedConcurrency && f.Reserved > 0 {
			props.ReservedConcurrentExecutions = jsii.Number(f.Reserved)
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
		if queue, ok := uses.files[f.Name]; ok {
			awslambda.NewCfnEventSourceMapping(stack, jsii.String(id(f.Name, "FromFiles")), &awslambda.CfnEventSourceMappingProps{
				FunctionName:   function.FunctionName(),
				EventSourceArn: queue.QueueArn(),
				BatchSize:      jsii.Number(1), // a file that fails repeats no other
				ScalingConfig:  &awslambda.CfnEventSourceMapping_ScalingConfigProperty{MaximumConcurrency: jsii.Number(f.AtOnce)},
			})
		}
		if f.Asynchronous() {
			awslambda.NewCfnEventInvokeConfig(stack, jsii.String(id(f.Name, "Asynchronous")), &awslambda.CfnEventInvokeConfigProps{
				FunctionName:             function.FunctionName(),
				Qualifier:                jsii.String("$LATEST"),
				MaximumRetryAttempts:     jsii.Number(f.Retries),
				MaximumEventAgeInSeconds: jsii.Number(maxEventAge.Seconds()),
				DestinationConfig: &awslambda.CfnEventInvokeConfig_DestinationConfigProperty{
					OnFailure: &awslambda.CfnEventInvokeConfig_OnFailureProperty{Destination: uses.letters.QueueArn()},
				},
			})
		}
		if f.Every > 0 {
			repeat(stack, f, function)
		}
		if f.Nightly {
			callNightly(stack, f, function, chosen, uses.letters)
		}
	}
	return functions
}

// valueOf returns the value of a setting; empty if it is not set.
func valueOf(stack awscdk.Stack, name string, chosen settings, uses resources, role awsiam.Role) string {
	setting, known := config.Find(name)
	switch {
	case !known:
		panic(fmt.Sprintf("infra: the manifest has the setting %s, which does not exist", name))
	case setting.Resource == string(manifest.Table):
		return *uses.table.TableName()
	case setting.Resource == string(manifest.Sessions):
		return *uses.sessions.TableName()
	case setting.Resource == string(manifest.Notices):
		return *uses.notices.TopicArn()
	case setting.Deployed:
		return uses.deployed[name]
	case setting.Resource != "":
		return bucketName(stack, manifest.Resource(setting.Resource))
	case setting.Function != "":
		return functionName(stack, setting.Function)
	case setting.Role:
		return *role.RoleId()
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
func functionName(stack awscdk.Stack, of string) string { return *stack.StackName() + "-" + of }

// id returns the id of a construct: a name of the manifest, capitalised, and its kind.
func id(of, what string) string { return strings.ToUpper(of[:1]) + of[1:] + what }
