//go:build cdk

package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"trueup/internal/config"
	"trueup/internal/manifest"
)

// keepData is the removal policy of what contains data: it outlives the stack. The deployment that
// creates it removes it when it fails, so that a failed first deployment can be repeated.
const keepData = awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE

// newStack adds the stack to app. The folder code has one subfolder with the binary of
// each function.
func newStack(app awscdk.App, chosen settings, code string) awscdk.Stack {
	stack := awscdk.NewStack(app, jsii.String(chosen.StackName), &awscdk.StackProps{
		Description:           jsii.String("Software licence agreements, entitlements and positions"),
		TerminationProtection: jsii.Bool(chosen.Protected),
	})
	awscdk.Tags_Of(stack).Add(jsii.String("application"), jsii.String(defaultName), nil)

	table := tableInUse(stack, newTable(stack, chosen), chosen)
	letters := newDeadLetters(stack)
	files := newFiles(stack, letters)
	api := newAPI(stack, chosen)
	origin := chosen.ConsoleOrigin
	if origin == "" {
		origin = *api.AttrApiEndpoint()
	}
	accepted := tokens{chosen.Issuer, chosen.Audience, chosen.Scope}
	deployed := map[string]string{
		config.API: *api.AttrApiEndpoint(), config.ConsoleOrigin: origin,
		config.ConsoleIssuer: chosen.ConsoleIssuer, config.ConsoleClient: chosen.ConsoleClient, config.ConsoleScopes: chosen.ConsoleScopes,
	}
	type output struct{ id, description, value string }
	var signIn []output
	var pool awscognito.IUserPool
	if chosen.Issuer == "" {
		// Only if its tokens are accepted: an unused pool would have users that no admin reviews.
		users := newUsers(stack, chosen, origin)
		accepted = tokens{issuer: *users.pool.UserPoolProviderUrl(), audience: []string{*users.client.UserPoolClientId(), *users.console.UserPoolClientId()}}
		deployed[config.ConsoleIssuer], deployed[config.ConsoleClient], deployed[config.ConsoleScopes] = accepted.issuer, *users.console.UserPoolClientId(), poolScopes
		pool, deployed[config.UserPool] = users.pool, *users.pool.UserPoolId()
		signIn = []output{
			{"SignInUrl", "Sign-in page", *users.domain.BaseUrl(nil)},
			{"SignInReturnUrl", "Redirect URL after sign-in, which receives the code", returnURL(origin)},
			{"UserPoolId", "Cognito user pool", *users.pool.UserPoolId()},
			{"UserPoolClientId", "Client id of scripts; the console has its own", *users.client.UserPoolClientId()},
		}
	}
	uses := resources{table: table, sessions: newSessions(stack), notices: newNotices(stack, chosen), pool: pool, letters: letters, files: files, deployed: deployed}
	functions := newFunctions(stack, chosen, code, uses)
	addRoutes(stack, api, accepted, functions)
	newBuckets(stack, functions, files, chosen, api)
	newAlarms(stack, chosen, uses, functions, api)

	for _, out := range append(signIn, []output{
		{"ConsoleUrl", "Address of the console", origin + "/"},
		{"ApiUrl", "Base URL of the HTTP API", *api.AttrApiEndpoint()},
		{"TableName", "DynamoDB table", *table.TableName()},
		{"UploadsBucket", "Bucket for uploads of admins", bucketName(stack, manifest.Uploads)},
		{"ReportsBucket", "Bucket for reports about imports, and for snapshots", bucketName(stack, manifest.Reports)},
		{"NoticesTopicArn", "Notification topic, to which people subscribe", *uses.notices.TopicArn()},
		{"DeadLettersUrl", "Dead-letter queue, with events that could not be processed", *letters.QueueUrl()},
	}...) {
		awscdk.NewCfnOutput(stack, jsii.String(out.id), &awscdk.CfnOutputProps{
			Description: jsii.String(out.description),
			Value:       jsii.String(out.value),
		})
	}
	return stack
}

// accept suppresses a finding of cdk-nag's AwsSolutions on one resource, and records the
// reason in the template. If details are given, only findings with those details are
// suppressed.
func accept(c constructs.IConstruct, rule, reason string, details ...string) {
	suppression := &cdknag.NagPackSuppression{Id: jsii.String(rule), Reason: jsii.String(reason)}
	if len(details) > 0 {
		var appliesTo []any
		for _, d := range details {
			appliesTo = append(appliesTo, d)
		}
		suppression.AppliesTo = &appliesTo
	}
	cdknag.NagSuppressions_AddResourceSuppressions(c, &[]*cdknag.NagPackSuppression{suppression}, nil)
}
