//go:build cdk

package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/config"
	"trueup/internal/httpapi/route"
	"trueup/internal/manifest"
)

// failures are the failures of a check.
type failures []string

func (c *failures) addf(format string, args ...any) { *c = append(*c, fmt.Sprintf(format, args...)) }

// want adds a failure unless the property has the given text.
func (c *failures) want(r *resource, path, text string) {
	if got := r.text(path); got != text {
		c.addf("%s: %s is %q, want %q", r.ID, path, got, text)
	}
}

// same adds a failure unless want and got are equal.
func (c *failures) same(what string, want, got any) {
	if diff := cmp.Diff(want, got); diff != "" {
		c.addf("%s (-want +got):\n%s", what, diff)
	}
}

// A check reads a template. Each of its breaks changes a template so that the check must
// complain.
type check struct {
	name   string
	check  func(template, *failures)
	breaks map[string]func(template)
}

func TestStack(t *testing.T) {
	for _, check := range slices.Concat(apiChecks, functionChecks, nightChecks, storageChecks, watchChecks) {
		t.Run(check.name, func(t *testing.T) {
			var found failures
			check.check(parseTemplate(t, defaultTemplate()), &found)
			for _, failure := range found {
				t.Error(failure)
			}
			if len(check.breaks) == 0 {
				t.Error("nothing shows that this check can fail")
			}
			for name, broken := range check.breaks {
				t.Run(name, func(t *testing.T) {
					template := parseTemplate(t, defaultTemplate())
					broken(template)
					var found failures
					check.check(template, &found)
					if len(found) == 0 {
						t.Error("the check does not see it")
					}
				})
			}
		})
	}
}

// set returns a break that sets a property of the first resource of a type; nil removes it.
func set(kind, path string, value any) func(template) {
	return func(t template) { t.of(kind)[0].set(path, value) }
}

func (r *resource) set(path string, value any) {
	at, last := r.Properties, path
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		at, last = r.get(path[:i]).(map[string]any), path[i+1:]
	}
	if value == nil {
		delete(at, last)
	} else {
		at[last] = value
	}
}

var apiChecks = []check{
	{
		name: "routes are those of the route table, with the authorizer but for anyone",
		check: func(t template, c *failures) {
			type served struct{ Authorization, Authorizer, Function, Payload string }
			want, got := map[string]served{}, map[string]served{}
			for _, r := range route.Table {
				s := served{"JWT", "${" + t.one("AWS::ApiGatewayV2::Authorizer").ID + "}", "${" + t.function(r.Function).ID + ".Arn}", "2.0"}
				if r.Permission == access.Anyone {
					s.Authorization, s.Authorizer = "NONE", ""
				}
				want[r.GatewayKey()] = s
			}
			for _, r := range t.of("AWS::ApiGatewayV2::Route") {
				s := served{Authorization: r.text("AuthorizationType"), Authorizer: r.text("AuthorizerId")}
				id := strings.TrimSuffix(strings.TrimPrefix(r.text("Target"), "integrations/${"), "}")
				if integration := t.Resources[id]; integration != nil {
					s.Function, s.Payload = integration.text("IntegrationUri"), integration.text("PayloadFormatVersion")
				}
				got[r.text("RouteKey")] = s
			}
			c.same("routes", want, got)
		},
		breaks: map[string]func(template){
			"a route without a token": func(t template) {
				t.where("AWS::ApiGatewayV2::Route", "RouteKey", "POST /imports")[0].set("AuthorizationType", "NONE")
			},
			"a route too many":      set("AWS::ApiGatewayV2::Route", "RouteKey", "DELETE /agreements"),
			"another function":      set("AWS::ApiGatewayV2::Integration", "IntegrationUri", "elsewhere"),
			"another payload":       set("AWS::ApiGatewayV2::Integration", "PayloadFormatVersion", "1.0"),
			"no authorizer at all":  func(t template) { delete(t.Resources, t.one("AWS::ApiGatewayV2::Authorizer").ID) },
			"another's integration": set("AWS::ApiGatewayV2::Route", "Target", "integrations/${GroupsIntegration}"),
		},
	},
	{
		name: "tokens are those of the user pool for its clients",
		check: func(t template, c *failures) {
			authorizer := t.one("AWS::ApiGatewayV2::Authorizer")
			c.want(authorizer, "AuthorizerType", "JWT")
			c.want(authorizer, "IdentitySource", `["$request.header.Authorization"]`)
			c.want(authorizer, "JwtConfiguration.Issuer", "${"+t.one("AWS::Cognito::UserPool").ID+".ProviderURL}")
			c.want(authorizer, "JwtConfiguration.Audience", `["${`+t.client("UsersClient").ID+`}","${`+t.client("UsersConsole").ID+`}"]`)
		},
		breaks: map[string]func(template){
			"another issuer":  set("AWS::ApiGatewayV2::Authorizer", "JwtConfiguration.Issuer", "https://example.org"),
			"another's token": set("AWS::ApiGatewayV2::Authorizer", "JwtConfiguration.Audience", []any{"other"}),
		},
	},
	{
		name: "the API is throttled, logged without tokens, and closed to other origins",
		check: func(t template, c *failures) {
			stage := t.one("AWS::ApiGatewayV2::Stage")
			c.want(stage, "StageName", "$default")
			c.want(stage, "DefaultRouteSettings.ThrottlingRateLimit", "100")
			c.want(stage, "DefaultRouteSettings.ThrottlingBurstLimit", "200")
			c.want(stage, "AccessLogSettings.DestinationArn", "${"+t.logs("/aws/vendedlogs/trueup-api").ID+".Arn}")
			format := strings.ToLower(stage.text("AccessLogSettings.Format"))
			if !strings.Contains(format, "$context.requestid") || strings.Contains(format, "header") || strings.Contains(format, "$context.path") {
				c.addf("access log is %s", format)
			}
			c.want(t.one("AWS::ApiGatewayV2::Api"), "CorsConfiguration", "")
			c.want(t.one("AWS::ApiGatewayV2::Api"), "ProtocolType", "HTTP")
		},
		breaks: map[string]func(template){
			"no throttling":  set("AWS::ApiGatewayV2::Stage", "DefaultRouteSettings", nil),
			"no access log":  set("AWS::ApiGatewayV2::Stage", "AccessLogSettings", nil),
			"tokens in logs": set("AWS::ApiGatewayV2::Stage", "AccessLogSettings.Format", "$context.requestId $request.header.Authorization"),
			"open to all":    set("AWS::ApiGatewayV2::Api", "CorsConfiguration", map[string]any{"AllowOrigins": []any{"*"}}),
		},
	},
	{
		name: "users are added by an administrator and sign in with a second factor, a code and no secret",
		check: func(t template, c *failures) {
			pool := t.one("AWS::Cognito::UserPool")
			c.want(pool, "AdminCreateUserConfig.AllowAdminCreateUserOnly", "true")
			c.want(pool, "MfaConfiguration", "ON")
			c.want(pool, "EnabledMfas", `["SOFTWARE_TOKEN_MFA"]`)
			c.want(pool, "DeletionProtection", "INACTIVE") // a failed first deployment must be able to remove it
			policy := "Policies.PasswordPolicy."
			c.want(pool, policy+"MinimumLength", "14")
			for _, kind := range []string{"Lowercase", "Uppercase", "Numbers", "Symbols"} {
				c.want(pool, policy+"Require"+kind, "true")
			}
			c.retained(pool)
			for _, client := range []*resource{t.client("UsersClient"), t.client("UsersConsole")} {
				c.want(client, "GenerateSecret", "false")
				c.want(client, "AllowedOAuthFlows", `["code"]`)
				c.want(client, "AllowedOAuthScopes", `["openid","email"]`)
				c.want(client, "ExplicitAuthFlows", `["ALLOW_REFRESH_TOKEN_AUTH"]`)
				c.want(client, "EnableTokenRevocation", "true")
				c.want(client, "PreventUserExistenceErrors", "ENABLED")
				api := "${" + t.one("AWS::ApiGatewayV2::Api").ID + ".ApiEndpoint}"
				c.want(client, "CallbackURLs", `["`+api+`/signed-in"]`)
				c.want(client, "LogoutURLs", `["`+api+`/"]`)
			}
		},
		breaks: map[string]func(template){
			"anyone signs up": set("AWS::Cognito::UserPool", "AdminCreateUserConfig.AllowAdminCreateUserOnly", false),
			"one factor":      set("AWS::Cognito::UserPool", "MfaConfiguration", "OPTIONAL"),
			"weak passwords":  set("AWS::Cognito::UserPool", "Policies.PasswordPolicy.MinimumLength", 8),
			"implicit flow":   set("AWS::Cognito::UserPoolClient", "AllowedOAuthFlows", []any{"code", "implicit"}),
			"password flow":   set("AWS::Cognito::UserPoolClient", "ExplicitAuthFlows", []any{"ALLOW_USER_PASSWORD_AUTH"}),
			"elsewhere":       func(t template) { t.client("UsersConsole").set("CallbackURLs", []any{"https://example.org/signed-in"}) },
			"one client":      func(t template) { delete(t.Resources, t.client("UsersConsole").ID) },
		},
	},
	{
		name: "the user pool has a group for each role",
		check: func(t template, c *failures) {
			var want, got []string
			for _, role := range access.Roles {
				want = append(want, string(role))
			}
			for _, group := range t.of("AWS::Cognito::UserPoolGroup") {
				got = append(got, group.text("GroupName"))
			}
			slices.Sort(want)
			slices.Sort(got)
			c.same("groups", want, got)
		},
		breaks: map[string]func(template){
			"a role missing": func(t template) { delete(t.Resources, t.of("AWS::Cognito::UserPoolGroup")[0].ID) },
		},
	},
}

var functionChecks = []check{
	{
		name: "functions are those of the manifest, with its sizes and settings",
		check: func(t template, c *failures) {
			if got := len(t.of("AWS::Lambda::Function")); got != len(manifest.Functions) {
				c.addf("%d functions, want %d", got, len(manifest.Functions))
			}
			for _, f := range manifest.Functions {
				function := t.function(f.Name)
				c.want(function, "Runtime", "provided.al2023")
				c.want(function, "Architectures", `["arm64"]`)
				c.want(function, "MemorySize", fmt.Sprint(f.Memory))
				c.want(function, "Timeout", fmt.Sprint(int(f.Timeout.Seconds())))
				c.want(function, "ReservedConcurrentExecutions", "") // a new account has none to reserve
				scratch := ""
				if f.Scratch > 0 {
					scratch = fmt.Sprint(f.Scratch)
				}
				c.want(function, "EphemeralStorage.Size", scratch)
				recursive := "" // the default of Lambda, which stops loops
				if f.Name == "refresh" {
					recursive = "Allow" // it calls itself to continue
				}
				c.want(function, "RecursiveLoop", recursive)
				settings := map[string]any{}
				for _, s := range f.Settings {
					setting, _ := config.Find(s)
					if setting.Service || setting.Default == "" && !setting.Required() && !setting.Deployed {
						continue // not set by default
					}
					settings[s] = setting.Default
					if setting.Required() || setting.Deployed {
						settings[s] = map[string]string{
							config.Table:         "${" + t.table().ID + "}",
							config.UploadsBucket: "trueup-uploads-${AWS::AccountId}-${AWS::Region}-an",
							config.ReportsBucket: "trueup-reports-${AWS::AccountId}-${AWS::Region}-an",

							config.RefreshFunction:   "trueup-refresh",
							config.InventoryFunction: "trueup-inventory",
							config.DirectoryFunction: "trueup-directory",
							config.DeliveryFunction:  "trueup-delivery",
							config.UserPool:          "${" + t.one("AWS::Cognito::UserPool").ID + "}",

							config.Role: strings.TrimSuffix(function.text("Role"), ".Arn}") + ".RoleId}",

							config.NoticesTopic:  "${" + t.notices().ID + "}",
							config.SessionsTable: "${" + t.sessions().ID + "}",
							config.API:           "${" + t.one("AWS::ApiGatewayV2::Api").ID + ".ApiEndpoint}",
							config.ConsoleOrigin: "${" + t.one("AWS::ApiGatewayV2::Api").ID + ".ApiEndpoint}",
							config.ConsoleIssuer: "${" + t.one("AWS::Cognito::UserPool").ID + ".ProviderURL}",
							config.ConsoleClient: "${" + t.client("UsersConsole").ID + "}",
							config.ConsoleScopes: "openid email",
						}[s]
					}
				}
				c.same("environment of "+f.Name, any(settings), function.get("Environment.Variables"))
			}
		},
		breaks: map[string]func(template){
			"a setting missing": set("AWS::Lambda::Function", "Environment.Variables."+config.Table, nil),
			"a setting of another function": func(t template) {
				t.function("groups").set("Environment.Variables."+config.UploadsBucket, "bucket")
			},
			"stopped as a loop": func(t template) { t.function("refresh").set("RecursiveLoop", nil) },
			"a reserve":         func(t template) { t.function("import").set("ReservedConcurrentExecutions", 3) },
			"a function unseen": func(t template) { t.Resources["Helper"] = &resource{Type: "AWS::Lambda::Function"} },
		},
	},
	{
		name: "a function's role allows what the manifest grants and no more",
		check: func(t template, c *failures) {
			roles := map[string]bool{}
			for _, f := range manifest.Functions {
				function := t.function(f.Name)
				id := strings.TrimSuffix(strings.TrimPrefix(function.text("Role"), "${"), ".Arn}")
				role := t.Resources[id]
				if role == nil || roles[id] {
					c.addf("%s has the role %q, of its own it has none", f.Name, id)
					continue
				}
				roles[id] = true
				c.want(role, "AssumeRolePolicyDocument.Statement.0.Principal", `{"Service":"lambda.amazonaws.com"}`)
				c.want(role, "AssumeRolePolicyDocument.Statement.1", "")
				c.want(role, "ManagedPolicyArns", "")
				c.want(role, "Policies.1", "")
				c.same("role of "+f.Name, granted(t, f), role.statements("Policies.0.PolicyDocument"))
			}
			for _, kind := range []string{"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"} {
				for _, policy := range t.of(kind) {
					c.addf("%s adds to a role", policy.ID)
				}
			}
			for _, schedule := range t.of("AWS::Scheduler::Schedule") {
				roles[strings.TrimSuffix(strings.TrimPrefix(schedule.text("Target.RoleArn"), "${"), ".Arn}")] = true // covered by another check
			}
			if got := len(t.of("AWS::IAM::Role")); got != len(roles) {
				c.addf("%d roles, and %d are known", got, len(roles))
			}
		},
		breaks: map[string]func(template){
			"any action": func(t template) { allow(t, "import", "dynamodb:*", "${Table.Arn}") },
			"one more": func(t template) {
				allow(t, "groups", "dynamodb:PutItem", "${"+t.table().ID+".Arn}")
			},
			"a managed policy": func(t template) {
				set("AWS::IAM::Role", "ManagedPolicyArns", []any{"arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"})(t)
			},
			"a policy beside": func(t template) { t.Resources["Beside"] = &resource{Type: "AWS::IAM::Policy"} },
			"a shared role":   func(t template) { t.function("groups").set("Role", t.function("import").text("Role")) },
		},
	},
	{
		name: "no role has a wildcard but at the end of an object's key",
		check: func(t template, c *failures) {
			for _, role := range t.of("AWS::IAM::Role") {
				for _, s := range role.statements("Policies.0.PolicyDocument") {
					for _, action := range s.Actions {
						if strings.Contains(action, "*") {
							c.addf("%s: action %s", role.ID, action)
						}
					}
					for _, r := range s.Resources {
						key := strings.HasPrefix(r, "arn:${AWS::Partition}:s3:::trueup-") && strings.Contains(r, "-an/")
						if rest, wild := strings.CutSuffix(r, "*"); strings.Contains(rest, "*") || wild && !key {
							c.addf("%s: resource %s", role.ID, r)
						}
					}
				}
			}
		},
		breaks: map[string]func(template){
			"any resource": func(t template) { allow(t, "import", "xray:PutTraceSegments", "*") },
			"any index":    func(t template) { allow(t, "import", "dynamodb:Query", "${Table.Arn}/index/*") },
			"any action":   func(t template) { allow(t, "import", "s3:Get*", "${Uploads.Arn}") },
			"any bucket":   func(t template) { allow(t, "import", "s3:GetObject", "arn:${AWS::Partition}:s3:::trueup-*/*") },
		},
	},
	{
		name: "who calls a function is one source of this account",
		check: func(t template, c *failures) {
			type permission struct{ Principal, Source, Account string }
			const uploadsARN = "arn:${AWS::Partition}:s3:::trueup-uploads-${AWS::AccountId}-${AWS::Region}-an"
			want, got := map[string][]permission{}, map[string][]permission{}
			for _, f := range manifest.Functions {
				arn := "${" + t.function(f.Name).ID + ".Arn}"
				if len(route.Of(f.Name)) > 0 {
					api := "${" + t.one("AWS::ApiGatewayV2::Api").ID + ".ApiId}"
					want[arn] = append(want[arn], permission{
						"apigateway.amazonaws.com", "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:" + api + "/*/*", "",
					})
				}
				if f.Every > 0 {
					want[arn] = append(want[arn], permission{"events.amazonaws.com", "${" + id(f.Name, "Schedule") + ".Arn}", ""})
				}
				if f.Trigger == manifest.Objects { // for stacks that are updated (ADR 0027)
					want[arn] = append(want[arn], permission{"s3.amazonaws.com", uploadsARN, "${AWS::AccountId}"})
				}
			}
			for _, p := range t.of("AWS::Lambda::Permission") {
				arn := p.text("FunctionName")
				got[arn] = append(got[arn], permission{p.text("Principal"), p.text("SourceArn"), p.text("SourceAccount")})
			}
			for _, list := range got {
				slices.SortFunc(list, func(a, b permission) int { return strings.Compare(a.Principal, b.Principal) })
			}
			c.same("permissions", want, got)
		},
		breaks: map[string]func(template){
			"any account": func(t template) { t.Resources["ImportFromSchedule"].set("Principal", "*") },
			"any rule":    func(t template) { t.Resources["ImportFromSchedule"].set("SourceArn", nil) },
			"any bucket":  func(t template) { t.Resources["ImportFromUploads"].set("SourceArn", nil) },
		},
	},
	{
		name: "R3.9 what fails for good goes to the dead-letter queue with its event",
		check: func(t template, c *failures) {
			queue := t.letters()
			for _, f := range manifest.Functions {
				if !unwaited(f) {
					continue
				}
				found := t.where("AWS::Lambda::EventInvokeConfig", "FunctionName", "${"+t.function(f.Name).ID+"}")
				if len(found) != 1 {
					c.addf("%s: %d asynchronous configurations", f.Name, len(found))
					continue
				}
				c.want(found[0], "Qualifier", "$LATEST")
				c.want(found[0], "MaximumRetryAttempts", fmt.Sprint(f.Retries))
				c.want(found[0], "MaximumEventAgeInSeconds", "21600")
				c.want(found[0], "DestinationConfig.OnFailure.Destination", "${"+queue.ID+".Arn}")
			}
			for _, queue := range t.of("AWS::SQS::Queue") {
				c.want(queue, "MessageRetentionPeriod", "1209600")
				c.want(queue, "SqsManagedSseEnabled", "true")
				c.deniesPlainText(t, "AWS::SQS::QueuePolicy", "Queues.0", queue)
			}
		},
		breaks: map[string]func(template){
			"no destination": set("AWS::Lambda::EventInvokeConfig", "DestinationConfig", nil),
			"no retries":     set("AWS::Lambda::EventInvokeConfig", "MaximumRetryAttempts", 0),
			"short lived":    set("AWS::SQS::Queue", "MessageRetentionPeriod", nil),
			"plain text":     func(t template) { delete(t.Resources, t.of("AWS::SQS::QueuePolicy")[0].ID) },
			"not encrypted":  set("AWS::SQS::Queue", "SqsManagedSseEnabled", nil),
		},
	},
	{
		name: "R16.1 files wait in a queue for each function, which takes a few at once and keeps what fails",
		check: func(t template, c *failures) {
			letters := "${" + t.letters().ID + ".Arn}"
			want, got := map[string]string{}, map[string]string{}
			for _, f := range manifest.Functions {
				if f.Trigger != manifest.Objects {
					continue
				}
				queue := t.files(f.Name)
				want["${"+t.function(f.Name).ID+"}"] = fmt.Sprintf("${%s.Arn} 1 %d", queue.ID, f.AtOnce)
				c.want(queue, "VisibilityTimeout", fmt.Sprint(f.Timeout.Seconds()+60))
				c.want(queue, "RedrivePolicy", fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, letters, f.Deliveries()))
				sent := false
				for _, policy := range t.where("AWS::SQS::QueuePolicy", "Queues.0", "${"+queue.ID+"}") {
					for _, s := range policy.statements("PolicyDocument") {
						if s.Effect != "Allow" {
							continue
						}
						sent = true
						c.same("who sends to "+queue.ID, statement{
							Effect: "Allow", Actions: []string{"sqs:SendMessage"}, Resources: []string{"${" + queue.ID + ".Arn}"}, Principal: `{"Service":"s3.amazonaws.com"}`,
							Condition: `{"ArnEquals":{"aws:SourceArn":"arn:${AWS::Partition}:s3:::trueup-uploads-${AWS::AccountId}-${AWS::Region}-an"},"StringEquals":{"aws:SourceAccount":"${AWS::AccountId}"}}`,
						}, s)
					}
				}
				if !sent {
					c.addf("S3 may not send to %s", queue.ID)
				}
			}
			for _, source := range t.of("AWS::Lambda::EventSourceMapping") {
				got[source.text("FunctionName")] = source.text("EventSourceArn") + " " + source.text("BatchSize") + " " + source.text("ScalingConfig.MaximumConcurrency")
			}
			c.same("event sources", want, got)
		},
		breaks: map[string]func(template){
			"all at once":     set("AWS::Lambda::EventSourceMapping", "ScalingConfig", nil),
			"in batches":      set("AWS::Lambda::EventSourceMapping", "BatchSize", 10),
			"lost":            func(t template) { t.files("import").set("RedrivePolicy", nil) },
			"delivered twice": func(t template) { t.files("refresh").set("VisibilityTimeout", 30) },
			"anyone sends": func(t template) {
				t.where("AWS::SQS::QueuePolicy", "Queues.0", "${"+t.files("import").ID+"}")[0].set("PolicyDocument.Statement", []any{})
			},
		},
	},
	{
		name: "functions with a schedule are called by it",
		check: func(t template, c *failures) {
			want, got := map[string]string{}, map[string]string{}
			for _, f := range manifest.Functions {
				if f.Every > 0 {
					rate := strings.Replace(fmt.Sprintf("rate(%d minutes)", int(f.Every.Minutes())), "60 minutes", "1 hour", 1) // as CDK writes it
					want["${"+t.function(f.Name).ID+".Arn}"] = rate + ` {"source":"trueup.schedule"}`
				}
			}
			for _, rule := range t.of("AWS::Events::Rule") {
				c.want(rule, "State", "ENABLED")
				got[rule.text("Targets.0.Arn")] = rule.text("ScheduleExpression") + " " + rule.text("Targets.0.Input")
			}
			c.same("schedules", want, got)
		},
		breaks: map[string]func(template){
			"another rate": set("AWS::Events::Rule", "ScheduleExpression", "rate(1 day)"),
			"switched off": set("AWS::Events::Rule", "State", "DISABLED"),
		},
	},
}

// granted returns the statements that a function's role must have, from the manifest.
func granted(t template, f manifest.Function) []statement {
	table := "${" + t.table().ID + ".Arn}"
	var want []statement
	add := func(actions []string, resources ...string) {
		slices.Sort(actions)
		slices.Sort(resources)
		s := statement{Effect: "Allow", Actions: actions, Resources: resources}
		if !slices.ContainsFunc(want, func(other statement) bool { return reflect.DeepEqual(s, other) }) { // the role has no duplicates
			want = append(want, s)
		}
	}
	for _, grant := range f.Grants {
		var onTable, onSessions, onTopic, onPool, onBucket, onObjects []string
		for _, a := range grant.Actions {
			switch {
			case grant.Resource == manifest.Sessions:
				onSessions = append(onSessions, string(a))
			case grant.Resource == manifest.Notices:
				onTopic = append(onTopic, string(a))
			case grant.Resource == manifest.UserPool:
				onPool = append(onPool, string(a))
			case grant.Resource == manifest.Table:
				onTable = append(onTable, string(a))
			case strings.HasPrefix(string(a), "s3:List"):
				onBucket = append(onBucket, string(a))
			default:
				onObjects = append(onObjects, string(a))
			}
		}
		bucket := "arn:${AWS::Partition}:s3:::trueup-" + string(grant.Resource) + "-${AWS::AccountId}-${AWS::Region}-an"
		if onTable != nil {
			add(onTable, table)
		}
		if onPool != nil {
			add(onPool, "${"+t.one("AWS::Cognito::UserPool").ID+".Arn}")
		}
		if onSessions != nil {
			add(onSessions, "${"+t.sessions().ID+".Arn}")
		}
		if onTopic != nil {
			add(onTopic, "${"+t.notices().ID+"}")
		}
		if slices.Contains(onTable, "dynamodb:Query") {
			var indexes []string
			for _, index := range schema.Indexes {
				indexes = append(indexes, table+"/index/"+index.Name)
			}
			add([]string{"dynamodb:Query"}, indexes...)
		}
		if onBucket != nil {
			add(onBucket, bucket)
		}
		if onObjects != nil {
			add(onObjects, bucket+"/"+grant.Prefix+"*")
		}
	}
	add([]string{"logs:CreateLogStream", "logs:PutLogEvents"}, "${"+t.logs("/aws/lambda/trueup-"+f.Name).ID+".Arn}")
	if unwaited(f) {
		add([]string{"sqs:SendMessage"}, "${"+t.letters().ID+".Arn}")
	}
	if f.Trigger == manifest.Objects {
		add([]string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}, "${"+t.files(f.Name).ID+".Arn}")
	}
	var called []string
	for _, other := range f.Calls {
		called = append(called, "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:trueup-"+other)
	}
	if called != nil {
		add([]string{"lambda:InvokeFunction"}, called...)
	}
	return want
}

// unwaited reports whether the function is called asynchronously.
func unwaited(f manifest.Function) bool {
	for _, other := range manifest.Functions {
		if slices.Contains(other.Calls, f.Name) {
			return true
		}
	}
	return f.Trigger == manifest.Objects || f.Every > 0 || f.Nightly
}

// allow adds a statement to a function's role.
func allow(t template, function, action, on string) {
	id := strings.TrimSuffix(strings.TrimPrefix(t.function(function).text("Role"), "${"), ".Arn}")
	document := t.Resources[id].get("Policies.0.PolicyDocument").(map[string]any)
	document["Statement"] = append(document["Statement"].([]any), map[string]any{"Effect": "Allow", "Action": action, "Resource": on})
}

// deniesPlainText adds a failure unless the policy of the resource denies all calls without TLS.
func (c *failures) deniesPlainText(t template, kind, property string, of *resource) {
	for _, policy := range t.where(kind, property, "${"+of.ID+"}") {
		for _, s := range policy.statements("PolicyDocument") {
			everyone := s.Principal == "*" || s.Principal == `{"AWS":"*"}`
			if s.Effect == "Deny" && everyone && s.Condition == `{"Bool":{"aws:SecureTransport":"false"}}` {
				return
			}
		}
	}
	c.addf("%s can be used without TLS", of.ID)
}
