//go:build cdk

package main

import (
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"trueup/internal/manifest"
)

// nightlyAttempts is how often the scheduler retries to deliver the nightly event to
// Lambda: the maximum it allows. Lambda itself retries failures of the function.
const nightlyAttempts = 185

// callNightly adds the schedule that calls the function once a night, at the time and
// in the time zone that the operator chose. The event contains the scheduled time, so
// that a late call counts for the night it was due. The schedule has its own group,
// because the trust policy of its role can be limited to a group.
func callNightly(stack awscdk.Stack, f manifest.Function, function awslambda.Function, chosen settings, letters awssqs.Queue) {
	group := awsscheduler.NewCfnScheduleGroup(stack, jsii.String(id(f.Name, "Nights")), &awsscheduler.CfnScheduleGroupProps{
		Name: jsii.String(functionName(stack, f.Name)),
	})
	source := map[string]any{"StringEquals": map[string]any{
		"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID(), "aws:SourceArn": group.AttrArn(),
	}}
	allow := func(action string, resource *string) awsiam.PolicyStatement {
		return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: jsii.Strings(action), Resources: &[]*string{resource}})
	}
	role := awsiam.NewRole(stack, jsii.String(id(f.Name, "NightlyRole")), &awsiam.RoleProps{
		Description: jsii.String("Permissions of the nightly schedule of " + functionName(stack, f.Name)),
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("scheduler.amazonaws.com"), &awsiam.ServicePrincipalOpts{Conditions: &source}),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"call": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &[]awsiam.PolicyStatement{
				allow("lambda:InvokeFunction", function.FunctionArn()), allow("sqs:SendMessage", letters.QueueArn()),
			}}),
		},
	})
	// Not json.Marshal: it would write the angle brackets as Unicode escapes.
	input := `{"source":"` + manifest.NightlySource + `","time":"<aws.scheduler.scheduled-time>"}`
	awsscheduler.NewCfnSchedule(stack, jsii.String(id(f.Name, "Nightly")), &awsscheduler.CfnScheduleProps{
		Description:                jsii.String("Calls " + functionName(stack, f.Name) + " once a night"),
		GroupName:                  group.Ref(),
		State:                      jsii.String("ENABLED"),
		ScheduleExpression:         jsii.String(nightly(chosen.RefreshAt)),
		ScheduleExpressionTimezone: jsii.String(chosen.Functions.RefreshTimeZone.String()),
		FlexibleTimeWindow:         &awsscheduler.CfnSchedule_FlexibleTimeWindowProperty{Mode: jsii.String("OFF")},
		Target: &awsscheduler.CfnSchedule_TargetProperty{
			Arn:     function.FunctionArn(),
			RoleArn: role.RoleArn(),
			Input:   jsii.String(input),
			RetryPolicy: &awsscheduler.CfnSchedule_RetryPolicyProperty{
				MaximumEventAgeInSeconds: jsii.Number(maxEventAge.Seconds()), MaximumRetryAttempts: jsii.Number(nightlyAttempts),
			},
			DeadLetterConfig: &awsscheduler.CfnSchedule_DeadLetterConfigProperty{Arn: letters.QueueArn()},
		},
	})
}

// nightly returns the scheduler's expression for a time of day that has been validated.
func nightly(at string) string {
	t, err := time.Parse(timeOfDay, at)
	if err != nil {
		panic(fmt.Sprintf("infra: %v", err))
	}
	return fmt.Sprintf("cron(%d %d * * ? *)", t.Minute(), t.Hour())
}
