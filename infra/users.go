//go:build cdk

package main

import (
	"cmp"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"trueup/internal/access"
)

// users holds the resources for sign-in.
type users struct {
	pool    awscognito.UserPool
	client  awscognito.UserPoolClient // of scripts
	console awscognito.UserPoolClient // of the console
	domain  awscognito.UserPoolDomain
}

// poolScopes are the scopes that the console asks the user pool for. The pool gives refresh tokens
// without offline_access, and refuses that scope.
const poolScopes = "openid email"

// tokens says which tokens the API accepts.
type tokens struct {
	issuer   string
	audience []string
	scope    string // empty for any
}

// newUsers adds the user pool, with a group for each role of package access. Only an
// administrator can add users. The clients have no secret: they sign in with an authorization
// code and PKCE, and return to origin. The console has a client of its own, by which audit events tell
// its users from scripts.
func newUsers(stack awscdk.Stack, chosen settings, origin string) users {
	pool := awscognito.NewUserPool(stack, jsii.String("Users"), &awscognito.UserPoolProps{
		UserPoolName:        stack.StackName(),
		SelfSignUpEnabled:   jsii.Bool(false),
		SignInAliases:       &awscognito.SignInAliases{Email: jsii.Bool(true)},
		SignInCaseSensitive: jsii.Bool(false),
		StandardAttributes: &awscognito.StandardAttributes{
			Email: &awscognito.StandardAttribute{Required: jsii.Bool(true), Mutable: jsii.Bool(true)},
		},
		AutoVerify:   &awscognito.AutoVerifiedAttrs{Email: jsii.Bool(true)},
		KeepOriginal: &awscognito.KeepOriginalAttrs{Email: jsii.Bool(true)},
		PasswordPolicy: &awscognito.PasswordPolicy{
			MinLength:            jsii.Number(14),
			RequireDigits:        jsii.Bool(true),
			RequireLowercase:     jsii.Bool(true),
			RequireUppercase:     jsii.Bool(true),
			RequireSymbols:       jsii.Bool(true),
			TempPasswordValidity: days(3),
		},
		Mfa:                awscognito.Mfa_REQUIRED,
		MfaSecondFactor:    &awscognito.MfaSecondFactor{Otp: jsii.Bool(true), Sms: jsii.Bool(false)},
		AccountRecovery:    awscognito.AccountRecovery_EMAIL_ONLY,
		DeletionProtection: jsii.Bool(chosen.Protected),
		RemovalPolicy:      keepData,
	})
	accept(pool, "AwsSolutions-COG3", "Threat protection needs the Plus plan, which is billed for every user. Sign-up is closed and a second factor is required, so a stolen password alone gives no access.")

	for i, role := range access.Roles {
		awscognito.NewCfnUserPoolGroup(stack, jsii.String("Role-"+string(role)), &awscognito.CfnUserPoolGroupProps{
			UserPoolId: pool.UserPoolId(),
			GroupName:  jsii.String(string(role)),
			Precedence: jsii.Number(i),
		})
	}

	client := pool.AddClient(jsii.String("Client"), clientOptions(*stack.StackName(), origin))
	console := pool.AddClient(jsii.String("Console"), clientOptions(*stack.StackName()+"-console", origin))
	domain := pool.AddDomain(jsii.String("Domain"), &awscognito.UserPoolDomainOptions{
		CognitoDomain: &awscognito.CognitoDomainOptions{
			DomainPrefix: jsii.String(cmp.Or(chosen.SignInPrefix, *stack.StackName()+"-"+*awscdk.Aws_ACCOUNT_ID())), // must be unique in the region over all accounts
		},
	})
	return users{pool, client, console, domain}
}

// clientOptions returns the options of a client that returns to origin.
func clientOptions(name, origin string) *awscognito.UserPoolClientOptions {
	return &awscognito.UserPoolClientOptions{
		UserPoolClientName: jsii.String(name),
		GenerateSecret:     jsii.Bool(false),
		OAuth: &awscognito.OAuthSettings{
			Flows:        &awscognito.OAuthFlows{AuthorizationCodeGrant: jsii.Bool(true)},
			Scopes:       &[]awscognito.OAuthScope{awscognito.OAuthScope_OPENID(), awscognito.OAuthScope_EMAIL()},
			CallbackUrls: jsii.Strings(returnURL(origin)),
			LogoutUrls:   jsii.Strings(origin + "/"),
		},
		// Set explicitly, so that the client gets refresh tokens but can sign in only
		// through the hosted pages.
		AuthFlows:                  &awscognito.AuthFlow{UserSrp: jsii.Bool(false)},
		SupportedIdentityProviders: &[]awscognito.UserPoolClientIdentityProvider{awscognito.UserPoolClientIdentityProvider_COGNITO()},
		AccessTokenValidity:        awscdk.Duration_Hours(jsii.Number(1)),
		IdTokenValidity:            awscdk.Duration_Hours(jsii.Number(1)),
		RefreshTokenValidity:       awscdk.Duration_Hours(jsii.Number(12)),
		EnableTokenRevocation:      jsii.Bool(true),
		PreventUserExistenceErrors: jsii.Bool(true),
	}
}

// returnURL returns the URL to which the browser returns with the code after sign-in.
func returnURL(origin string) string { return origin + "/signed-in" }
