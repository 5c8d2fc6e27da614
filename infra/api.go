//go:build cdk

package main

import (
	"encoding/json"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigatewayv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"trueup/internal/access"
	"trueup/internal/httpapi/route"
	"trueup/internal/manifest"
)

// Throttling limits over all routes and callers. They limit costs rather than protect
// the functions.
const (
	requestsPerSecond = 100
	requestsAtOnce    = 200
)

// newAPI adds the HTTP API, without routes. Browsers may call it only from its own
// origin, unless the console is served from another one.
func newAPI(stack awscdk.Stack, chosen settings) awsapigatewayv2.CfnApi {
	props := &awsapigatewayv2.CfnApiProps{
		Name:         stack.StackName(),
		ProtocolType: jsii.String("HTTP"),
	}
	if chosen.ConsoleOrigin != "" {
		var methods []string
		for _, r := range route.Table {
			methods = append(methods, r.Method)
		}
		slices.Sort(methods)
		props.CorsConfiguration = &awsapigatewayv2.CfnApi_CorsProperty{
			AllowOrigins:  jsii.Strings(chosen.ConsoleOrigin),
			AllowMethods:  jsii.Strings(slices.Compact(methods)...),
			AllowHeaders:  jsii.Strings("accept-language", "authorization", "cache-control", "content-type", "idempotency-key", "if-match", "if-none-match"),
			ExposeHeaders: jsii.Strings("age", "content-disposition", "etag", "location", "retry-after"),
			MaxAge:        jsii.Number(3600),
		}
	}
	api := awsapigatewayv2.NewCfnApi(stack, jsii.String("Api"), props)

	logs := awslogs.NewLogGroup(stack, jsii.String("ApiLogs"), &awslogs.LogGroupProps{
		// With this prefix, API Gateway needs no entry in the account's log resource
		// policy, which is limited in size.
		LogGroupName:  jsii.String("/aws/vendedlogs/" + *stack.StackName() + "-api"),
		Retention:     keepLogs,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	awsapigatewayv2.NewCfnStage(stack, jsii.String("ApiStage"), &awsapigatewayv2.CfnStageProps{
		ApiId:      api.AttrApiId(),
		StageName:  jsii.String("$default"),
		AutoDeploy: jsii.Bool(true),
		AccessLogSettings: &awsapigatewayv2.CfnStage_AccessLogSettingsProperty{
			DestinationArn: logs.LogGroupArn(),
			Format:         jsii.String(accessLogFormat()),
		},
		DefaultRouteSettings: &awsapigatewayv2.CfnStage_RouteSettingsProperty{
			ThrottlingRateLimit:  jsii.Number(requestsPerSecond),
			ThrottlingBurstLimit: jsii.Number(requestsAtOnce),
		},
	})
	return api
}

// accessLogFormat returns the format of an access log line: one JSON object for each
// request. It has the route but not the path or query, and the caller but no token.
func accessLogFormat() string {
	format, err := json.Marshal(map[string]string{
		"time":             "$context.requestTimeEpoch",
		"requestId":        "$context.requestId",
		"ip":               "$context.identity.sourceIp",
		"route":            "$context.routeKey",
		"status":           "$context.status",
		"bytes":            "$context.responseLength",
		"milliseconds":     "$context.responseLatency",
		"subject":          "$context.authorizer.claims.sub",
		"object":           "$context.authorizer.claims.oid", // audit events have it instead, if a token of Entra ID does
		"authorizerError":  "$context.authorizer.error",
		"integrationError": "$context.integrationErrorMessage",
	})
	if err != nil {
		panic(err) // a map of strings always marshals
	}
	return string(format)
}

// addRoutes adds every route of package route to the API, and permits the API to call
// the functions that serve them.
func addRoutes(stack awscdk.Stack, api awsapigatewayv2.CfnApi, accepted tokens, functions map[string]awslambda.Function) {
	authorizer := awsapigatewayv2.NewCfnAuthorizer(stack, jsii.String("ApiAuthorizer"), &awsapigatewayv2.CfnAuthorizerProps{
		ApiId:          api.AttrApiId(),
		Name:           jsii.String("users"),
		AuthorizerType: jsii.String("JWT"),
		IdentitySource: jsii.Strings("$request.header.Authorization"),
		JwtConfiguration: &awsapigatewayv2.CfnAuthorizer_JWTConfigurationProperty{
			Issuer:   jsii.String(accepted.issuer),
			Audience: jsii.Strings(accepted.audience...),
		},
	})
	for _, f := range manifest.Functions {
		routes := route.Of(f.Name)
		if len(routes) == 0 {
			continue
		}
		function := functions[f.Name]
		integration := awsapigatewayv2.NewCfnIntegration(stack, jsii.String(id(f.Name, "Integration")), &awsapigatewayv2.CfnIntegrationProps{
			ApiId:                api.AttrApiId(),
			IntegrationType:      jsii.String("AWS_PROXY"),
			IntegrationUri:       function.FunctionArn(),
			PayloadFormatVersion: jsii.String("2.0"),
		})
		awslambda.NewCfnPermission(stack, jsii.String(id(f.Name, "FromApi")), &awslambda.CfnPermissionProps{
			Action:       jsii.String("lambda:InvokeFunction"),
			FunctionName: function.FunctionArn(),
			Principal:    jsii.String("apigateway.amazonaws.com"),
			SourceArn: stack.FormatArn(&awscdk.ArnComponents{
				Service:  jsii.String("execute-api"),
				Resource: api.AttrApiId(),
				// every stage, method and path of this API
				ResourceName: jsii.String("*/*"),
			}),
		})
		for _, r := range routes {
			props := &awsapigatewayv2.CfnRouteProps{
				ApiId:             api.AttrApiId(),
				RouteKey:          jsii.String(r.GatewayKey()),
				OperationName:     jsii.String(r.Operation),
				Target:            jsii.String("integrations/" + *integration.Ref()),
				AuthorizationType: jsii.String("NONE"),
			}
			if r.Permission != access.Anyone {
				props.AuthorizationType = jsii.String("JWT")
				props.AuthorizerId = authorizer.Ref()
				if accepted.scope != "" {
					props.AuthorizationScopes = jsii.Strings(accepted.scope)
				}
			}
			resource := awsapigatewayv2.NewCfnRoute(stack, jsii.String(id(r.Operation, "Route")), props)
			if r.Permission == access.Anyone {
				reason := "The route table declares this route public: it is called before users sign in, and returns no data of an organisation."
				if r.Operation == "readFeed" {
					reason = "Calendar programs send no token: the address has 256 random bits and is the secret. The function compares its hash, and the calendar has no personal data and no details."
				}
				if f.IsConsole() {
					reason = "Browsers send the console a cookie and no token: the console finds the session of the cookie, and calls the API with its token."
				}
				accept(resource, "AwsSolutions-APIG4", reason)
			}
		}
	}
}
