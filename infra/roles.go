//go:build cdk

package main

import (
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/manifest"
)

// newRole adds the function's role. The role permits the grants of the manifest, writing
// to the function's log group, calling the functions in Calls, reading the secrets that
// the operator chose, receiving files from its queue and, for an asynchronous function,
// sending failed events to the dead-letter queue.
func newRole(stack awscdk.Stack, f manifest.Function, chosen settings, uses resources, logs awslogs.LogGroup) awsiam.Role {
	var statements []awsiam.PolicyStatement
	allow := func(actions []manifest.Action, resources ...string) {
		var names []string
		for _, a := range actions {
			names = append(names, string(a))
		}
		statements = append(statements, awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions: jsii.Strings(names...), Resources: jsii.Strings(resources...),
		}))
	}
	for _, grant := range f.Grants {
		if grant.Resource == manifest.Sessions {
			allow(grant.Actions, *uses.sessions.TableArn())
			continue
		}
		if grant.Resource == manifest.UserPool {
			if uses.pool != nil { // another issuer is not asked
				allow(grant.Actions, *uses.pool.UserPoolArn())
			}
			continue
		}
		if grant.Resource == manifest.Notices {
			allow(grant.Actions, *uses.notices.TopicArn())
			continue
		}
		if grant.Resource == manifest.Table {
			allow(grant.Actions, *uses.table.TableArn())
			if slices.Contains(grant.Actions, "dynamodb:Query") {
				allow([]manifest.Action{"dynamodb:Query"}, indexARNs(uses.table)...)
			}
			continue
		}
		onBucket, onObjects := split(grant.Actions)
		if onBucket != nil {
			allow(onBucket, bucketARN(stack, grant.Resource))
		}
		if onObjects != nil {
			allow(onObjects, objectsARN(stack, grant))
		}
	}
	allow([]manifest.Action{"logs:CreateLogStream", "logs:PutLogEvents"}, *logs.LogGroupArn())
	if f.Asynchronous() {
		allow([]manifest.Action{"sqs:SendMessage"}, *uses.letters.QueueArn())
	}
	if files, ok := uses.files[f.Name]; ok {
		allow([]manifest.Action{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}, *files.QueueArn())
	}
	if f.Calls != nil {
		var called []string
		for _, other := range f.Calls {
			called = append(called, functionARN(stack, other))
		}
		allow([]manifest.Action{"lambda:InvokeFunction"}, called...)
	}
	if f.ReadsSecret() && chosen.Functions.VLSC.Secret != "" {
		allow([]manifest.Action{"secretsmanager:GetSecretValue"}, secretARN(stack, chosen.Functions.VLSC.Secret))
	}

	if f.IsConsole() && chosen.Functions.Console.Secret != "" {
		allow([]manifest.Action{"secretsmanager:GetSecretValue"}, secretARN(stack, chosen.Functions.Console.Secret))
	}

	role := awsiam.NewRole(stack, jsii.String(id(f.Name, "Role")), &awsiam.RoleProps{
		Description: jsii.String("Permissions of the function " + functionName(stack, f.Name)),
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"manifest": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
		},
	})
	acceptKeys(stack, role, f)
	return role
}

func functionARN(stack awscdk.Stack, function string) string {
	return *stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("lambda"), Resource: jsii.String("function"), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
		ResourceName: jsii.String(functionName(stack, function)),
	})
}

// secretARN returns the ARN of a secret that is given by ARN or by name. Secrets Manager
// adds a hyphen and six random characters to a name; six question marks match them and
// do not match the names of other, longer secrets.
func secretARN(stack awscdk.Stack, secret string) string {
	if strings.HasPrefix(secret, "arn:") {
		return secret
	}
	return *stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("secretsmanager"), Resource: jsii.String("secret"), ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
		ResourceName: jsii.String(secret + "-??????"),
	})
}

// split separates actions on the bucket from actions on its objects: they need
// different resources in IAM.
func split(actions []manifest.Action) (onBucket, onObjects []manifest.Action) {
	for _, a := range actions {
		if a == "s3:ListBucket" {
			onBucket = append(onBucket, a)
		} else {
			onObjects = append(onObjects, a)
		}
	}
	return onBucket, onObjects
}

func objectsARN(stack awscdk.Stack, grant manifest.Grant) string {
	return bucketARN(stack, grant.Resource) + "/" + grant.Prefix + "*"
}

func indexARNs(table awsdynamodb.ITable) []string {
	var arns []string
	for _, index := range schema.Indexes {
		arns = append(arns, *table.TableArn()+"/index/"+index.Name)
	}
	return arns
}

// acceptKeys suppresses the findings about wildcards in a role. The only wildcards
// accepted stand for the rest of an object's key.
func acceptKeys(stack awscdk.Stack, role awsiam.Role, f manifest.Function) {
	asNagSpellsIt := strings.NewReplacer(
		*awscdk.Aws_PARTITION(), "<AWS::Partition>",
		*awscdk.Aws_ACCOUNT_ID(), "<AWS::AccountId>",
		*awscdk.Aws_REGION(), "<AWS::Region>")
	for _, grant := range f.Grants {
		if _, onObjects := split(grant.Actions); grant.Resource.IsBucket() && onObjects != nil {
			accept(role, "AwsSolutions-IAM5",
				"The wildcard stands for the rest of the object keys, which admins and imports choose; bucket, prefix and actions are those of the manifest.",
				"Resource::"+asNagSpellsIt.Replace(objectsARN(stack, grant)))
		}
	}
}
